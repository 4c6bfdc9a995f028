"""The deployed console: people sign in, decide and roll back, and its own role can do no more than that."""

from __future__ import annotations

import requests

from demo import clients
from demo.stage import LEDGER, Stage
from rolemend.audit.render import FORMATS
from tests.console.browser.stages import RUN, denied, keep_reports
from tests.e2e.signing_in import Person, open_console
from tests.e2e.watching import invocations


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
        assert ana.get(page).status_code == 200
    assert not [one for one in invocations(stage, "console") if one.error]


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
