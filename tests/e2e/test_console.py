"""The deployed console: people sign in, decide and roll back, and its own role can do no more than that."""

from __future__ import annotations

import time

import msgspec
import requests

from demo import clients
from demo.stage import LEDGER, Stage
from rolemend.audit.render import FORMATS
from rolemend.incident.channels import Failed
from rolemend.incident.failures import Failure
from rolemend.incident.journal import Lines, write_entries
from tests.console.browser.stages import RUN, denied, keep_reports
from tests.e2e.signing_in import Person, open_console
from tests.e2e.watching import invocations
from tests.work.test_channels import line


def version(stage: Stage) -> str:
    return stage.local.cloud.state.accounts[stage.account].ram.policies["emr-demo-reader"].default_version


def test_who_signed_in_approves_and_rolls_back_through_the_function(stage: Stage) -> None:
    console = open_console(stage)
    incident = denied(stage)
    ana = Person(stage, console, "ana")
    assert incident in ana.home.text
    answered = ana.press(f"/incidents/{incident}", f"/incidents/{incident}/approve")
    assert (answered.status_code, answered.headers["location"]) == (303, f"/incidents/{incident}?watch=1")
    stage.settle()
    assert version(stage) == "v2"
    (change,) = stage.incidents()[incident].changes
    assert change.approved_by.startswith("user 200000000000000002 of account")
    answered = ana.press(f"/changes/{change.id}", f"/changes/{change.id}/roll-back")
    assert answered.status_code == 303
    stage.settle()
    assert version(stage) == "v1"
    assert "taken back" in ana.get(f"/changes/{change.id}").text
    for page in ("/figures", "/health", "/reports", "/changes", "/what-if"):
        shown = ana.get(page)
        assert (shown.status_code, "This could not be read" in shown.text) == (200, False), page
    assert not [one for one in invocations(stage, "console") if one.error]


def test_what_notify_keeps_of_channels_and_failures_is_shown_by_the_function(stage: Stage) -> None:
    console = open_console(stage)
    ledger, now = clients.bucket(stage.root, LEDGER), time.time()
    failed = Failed(reason="310000: refused", until=now, refused=True)
    ledger.append_object(
        "channels/ops/0000.jsonl", 0, write_entries(Lines((), 0, ""), [failed], time=now, by="t")[0]
    )
    day = time.strftime("%Y-%m-%d", time.gmtime(now))
    ledger.append_object(f"waiting/ops/{day}/0.jsonl", 0, msgspec.json.encode(line()) + b"\n")
    failure = Failure(function="rolemend-diagnose", request="1-abc", at=now, error="Throttling")
    ledger.put_object(f"failures/{day}/000000-rolemend-diagnose-1-abc.json", msgspec.json.encode(failure))
    shown = Person(stage, console, "vera").get("/health").text
    assert "310000: refused</bdi></td><td>1</td>" in shown
    assert "<strong>rolemend-diagnose</strong>" in shown
    assert "This could not be read" not in shown


def test_a_report_is_read_and_given_out_by_the_function(stage: Stage) -> None:
    console = open_console(stage)
    keep_reports(stage)
    vera = Person(stage, console, "vera")
    assert RUN in vera.get("/reports").text
    page = vera.get(f"/reports/{RUN}")
    assert page.status_code == 200
    assert "emr-&lt;b&gt;etl&lt;/b&gt;" in page.text
    for form in FORMATS:
        answered = vera.get(f"/reports/{RUN}/download/{form}")
        assert (answered.status_code, "etl" in answered.text) == (200, True), form
    assert not [one for one in invocations(stage, "console") if one.error]


def test_who_may_only_look_and_who_did_not_sign_in_decide_nothing(stage: Stage) -> None:
    console = open_console(stage)
    incident = denied(stage)
    vera = Person(stage, console, "vera")
    assert "do not name you as an approver" in vera.get(f"/incidents/{incident}").text
    assert vera.press(f"/incidents/{incident}", f"/incidents/{incident}/approve").status_code == 403
    vera.session.cookies.clear()
    answered = vera.session.get(f"{console}/incidents/{incident}", allow_redirects=False, timeout=60)
    assert (answered.status_code, answered.text) == (303, "")
    stage.settle()
    assert version(stage) == "v1"


def test_a_console_that_is_not_set_up_says_so_in_its_log_and_shows_nothing(stage: Stage) -> None:
    address = stage.local.call(lambda cloud: cloud.services["fc"].http_url("rolemend-console"))  # type: ignore[attr-defined]
    answered = requests.get(address, proxies={"http": stage.local.proxy}, timeout=60)
    assert answered.status_code >= 500
    assert "ROLEMEND_CONSOLE_URL" in str(invocations(stage, "console")[-1].error)
    assert clients.bucket(stage.root, LEDGER).list_objects_v2("approvals/").object_list == []
