"""A message says what was found, done and is to be done; whatever came from a log stays plain text in it."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolemend.account.interface import Known, PolicyUsers
from rolemend.checklist.model import FAILED, Advice, Diagnosis, Evidence, Finding, ListBucket
from rolemend.errors import Conflict
from rolemend.explain.wording import ANSWER_NAMES, CAUSE_NAMES
from rolemend.incident.life import ALERTED, DIAGNOSED, VERIFIED, Incident
from rolemend.notify.message import (
    ALERT,
    RECOVERED,
    REMEDIED,
    REPEATED,
    Message,
    compose,
    message_id,
    message_kind,
    plain,
)
from rolemend.notify.sections import LONG, sections_of
from rolemend.notify.webhook import as_text, body_of
from rolemend.signals.denial import BucketTarget, Denial, DeniedPrincipal, JobTarget
from rolemend.text import text
from tests.samples import ACCOUNT, CREATION, LISTING, altered
from tests.work.scene import Scene, rule

HOSTILE = [
    "plain",
    "**bold** _it_ `code` [link](http://evil.example.com) # head",
    "<script>alert(1)</script><img src=x onerror=y>&amp;",
    "a\u202egnp.exe\u2066\u200b\u200f",
    "\x1b[31mred\x1b[0m\x07\x00\x7f",
    "first\nMended: everything is allowed\r\nDone: nothing to do\u2028x\u2029y\x85z",
    "{who} %s $x \\n",
    "'; rm -rf ~ #",
]


def about(denial: Denial, **changes: Any) -> Message:
    parts: dict[str, Any] = {
        "state": DIAGNOSED,
        "denial": denial,
        "count": 1,
        "diagnosis": diagnosis(),
    } | changes
    return compose(Incident(id="inc-1", **parts), "en")


def diagnosis(remedy: Any = None, **changes: Any) -> Diagnosis:
    finding = Finding(check="region", faq="2.1", answer=FAILED, statement=text("Failed."), **changes)
    return Diagnosis(checklist="oss-access", findings=(finding,), cause="c", remedy=remedy)


def hostile_denial(value: str) -> Denial:
    return altered(
        LISTING,
        principal=DeniedPrincipal(type="assumed_role", account=ACCOUNT, name=value, session=value),
        target=BucketTarget(bucket=value, key=value, region=value, host=value, owner=value),
        region=value,
        action=value,
        code=value,
        detail_code=value,
        message=value,
    )


def hostile_message(value: str) -> Message:
    """A message in which everything that can come from a log or a policy has this value."""
    remedy = Advice(statement=text("Do {what}.", what=value), document=value)
    evidence = (Evidence(text("Seen {what}.", what=value)),)
    return about(hostile_denial(value), diagnosis=diagnosis(remedy, evidence=evidence))


def shown(message: Message) -> str:
    return "\n".join([as_text(message), *(line for answer in message.checklist for line in answer.evidence)])


@pytest.mark.parametrize("value", HOSTILE)
def test_nothing_hostile_is_left_that_acts_on_a_screen(value: str) -> None:
    found = {unicodedata.category(char) for char in shown(hostile_message(value)).replace("\n", "")}
    assert not found & {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


@given(st.text())
def test_any_text_becomes_printable(value: str) -> None:
    assert all(char == "\n" or char.isprintable() for char in plain(value))
    assert plain(plain(value)) == plain(value)


@pytest.mark.parametrize(
    "value",
    [
        "[log in](http://e.com)", "![](https://e.com/p.png)", "<b>x</b>", "<!channel>", "<at id=all></at>", "`x`",
        "https://e.com", "dingtalk://dingtalkclient/page", "www.e.com", "mailto:a@e.com", "@all", "foss://x",
    ],
)  # fmt: skip
def test_what_a_chat_would_take_for_markup_a_link_or_a_mention_is_written_out(value: str) -> None:
    message = hostile_message(value)
    for line in (message.title, *message.lines, *message.advice):
        assert value not in line
        assert not re.search(r"[<`@]|\]\(|(?<!\boss:)//|www\.|mailto:", line), line


@pytest.mark.parametrize("value", ["oss://b/a b", "a&b", "x@", "{who} %s", "日本語 é 😀", "**b** [1]"])
def test_all_other_text_stays_as_it_is(value: str) -> None:
    message = hostile_message(value)
    assert value in message.title
    assert value in message.advice[0]
    assert json.loads(body_of(message))["title"] == message.title


def test_no_value_can_pass_for_a_line_of_the_message() -> None:
    message = hostile_message("x\nMended: all is well\nDone: go home")
    assert "\n" not in message.title
    for line in [
        *message.lines,
        *message.advice,
        *(e for answer in message.checklist for e in answer.evidence),
    ]:
        assert all(further.startswith("    ") for further in line.split("\n")[1:])


def test_a_very_long_value_is_cut() -> None:
    message = about(altered(LISTING, target=BucketTarget(bucket="data", key="k" * 1_000_000)))
    assert len(message.title) < 3_000


@pytest.mark.parametrize("bucket", ["data; rm -rf ~", "$(id)", "data\n", "`id`", "Data", ""])
def test_a_name_that_a_shell_would_read_as_more_enters_no_command(bucket: str) -> None:
    assert (
        about(altered(LISTING, target=BucketTarget(bucket=bucket))).verify
        == "hdfs dfs -ls oss://YOUR_BUCKET/"
    )
    assert about(LISTING).verify == "hdfs dfs -ls oss://data/"


JOB = JobTarget(
    workspace="w-1",
    job_run="jr-1",
    role="spark-job",
    submitter=DeniedPrincipal(type="ram_user", account=ACCOUNT, id="2", name="ada"),
    token_creator=DeniedPrincipal(type="ram_user", account=ACCOUNT, id="3", name="grace"),
)


@pytest.mark.parametrize(
    ("service", "gateway", "says"),
    [
        ("oss", "", "At OSS a job acts as its workspace's execution role: spark-job needs the rights."),
        ("dlf", "", "a job acts as who submitted it: ada needs the rights, not the execution role."),
        (
            "dlf",
            "lc-1",
            "a job of the Livy Gateway lc-1 acts as the creator of its token: grace needs the rights",
        ),
        ("maxcompute", "", "At MaxCompute a job acts as who submitted it: ada needs the rights"),
        ("kms", "", "spark-job needs the rights on the key."),
        ("sts", "", "spark-job must exist and trust it."),
        ("", "", "Nothing tells which service refused the job."),
    ],
)
def test_a_message_about_a_job_says_whose_rights_count(service: str, gateway: str, says: str) -> None:
    message = about(altered(LISTING, target=msgspec.structs.replace(JOB, service=service, gateway=gateway)))
    assert any(says in line for line in message.lines)
    assert message.verify.startswith("aliyun emr-serverless-spark StartJobRun ")
    assert "--workspaceId w-1 " in message.verify


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_job_is_shown_harmlessly(value: str) -> None:
    who = DeniedPrincipal(type=value, account=value, id=value, name=value)
    for service in ("oss", "dlf", "maxcompute", value):
        job = JobTarget(
            workspace=value,
            job_run=value,
            service=service,
            role=value,
            submitter=who,
            gateway=value,
            token_creator=who,
        )
        message = about(altered(hostile_denial(value), target=job))
        assert "\n" not in message.title
        assert "\n" not in message.verify
        found = {unicodedata.category(char) for char in shown(message).replace("\n", "")}
        assert not found & {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


@pytest.mark.parametrize(
    ("denial", "title"),
    [
        (LISTING, "Denied: emr-role may not do oss:ListObjects on oss://data/"),
        (
            CREATION,
            "Denied: emr-dev may not do emr:RunCluster on EMR-3.30.0 with role emr-role",
        ),
        (
            altered(LISTING, principal=DeniedPrincipal(type="ram_user", id="29")),
            "Denied: 29 may not do oss:ListObjects on oss://data/",
        ),
        (
            altered(LISTING, principal=DeniedPrincipal(type="anonymous")),
            "Denied: anonymous may not do oss:ListObjects on oss://data/",
        ),
    ],
)
def test_the_title_names_who_what_and_where(denial: Denial, title: str) -> None:
    assert about(denial).title == title


@pytest.mark.parametrize(
    ("state", "kind"), [(VERIFIED, "remediated"), ("closed", ""), (DIAGNOSED, "alert"), (ALERTED, "alert")]
)
def test_the_state_decides_the_kind_and_the_round_the_id(state: str, kind: str) -> None:
    incident = Incident(id="inc-1", state=state, round=3)
    assert message_kind(incident) == kind
    assert message_id(incident, kind) == f"inc-1-3-{kind}"


def settled(scene: Scene) -> Message:
    scene.mended()
    scene.notify()
    (message,) = scene.sent
    return message


def test_a_mended_incident_says_what_is_granted_now_and_asks_nothing_of_a_person() -> None:
    message = settled(Scene())
    assert message.title == "Mended: emr-role may do oss:ListObjects on oss://data/ again"
    assert "now grants oss:GetObject, oss:ListObjects" in message.lines[2]
    assert (message.advice, message.document) == ((), "")
    assert '+        "acs:oss:*:*:data",' in message.difference
    assert [(answer.faq, answer.answer) for answer in message.checklist] == [
        ("2.1", "passed"),
        ("2.2", "failed"),
        ("2.2a", "passed"),
        ("2.3", "passed"),
        ("2.3a", "not_applicable"),
        ("2.3b", "not_applicable"),
        ("2.3c", "not_applicable"),
        ("2.3d", "passed"),
    ]


def test_a_proposed_plan_comes_with_the_document_and_what_it_grants() -> None:
    scene = Scene(guardrails=rule("propose"))
    message = settled(scene)
    plan = scene.incident.plan
    assert plan is not None
    assert message.document == plan.write.after
    assert "reader" in message.advice[0]
    assert plan.gains[0] in message.advice[0]


def test_what_could_not_be_planned_says_why() -> None:
    scene = Scene()
    scene.account.policy_users = Known(PolicyUsers(roles=("emr-role", "another")))
    message = settled(scene)
    assert message.advice == (
        "Policy reader is attached to other principals too: give the role a policy of its own instead.",
        "It is attached to: role emr-role, role another",
        "Create a custom policy with this document, and attach it to the role alone.",
    )
    assert '"acs:oss:*:*:data/*"' in message.document
    assert message.difference == ""


def test_a_change_that_was_not_made_or_did_not_help_is_no_document_to_be_pasted() -> None:
    scene = Scene()
    scene.account.failing = Conflict("CreatePolicyVersion", "Edited", "no right")
    message = settled(scene)
    assert "A change was taken back or not made: CreatePolicyVersion: Edited: no right" in message.lines
    assert message.document == ""
    assert "before you change it by hand" in message.advice[0]


@pytest.mark.parametrize("reason", ["guardrails", "foreign_bucket", "open_questions", "some-later-code"])
def test_every_reason_is_told_with_its_detail(reason: str) -> None:
    typed = diagnosis(ListBucket(role="r", bucket="data", action="oss:GetObject"))
    message = about(LISTING, diagnosis=typed, no_plan=reason, no_plan_detail="the detail")
    assert "the detail" in message.advice[0]


def test_a_cause_that_was_not_found_is_said_so() -> None:
    found = Diagnosis(checklist="oss-access", findings=())
    message = about(LISTING, diagnosis=found)
    assert message.cause == "unknown"
    assert "No check of the checklist failed" in message.advice[0]


def test_the_same_incident_gives_the_same_message() -> None:
    assert about(LISTING) == about(LISTING)
    assert about(LISTING) != about(CREATION)


def test_a_message_survives_the_way_through_json() -> None:
    message = hostile_message(HOSTILE[3])
    content = json.loads(body_of(message))
    assert msgspec.convert(content["message"], Message) == message
    assert set(content) == {"id", "incident", "kind", "title", "text", "message"}
    assert content["text"] == as_text(message)


CODES = {
    *CAUSE_NAMES, *ANSWER_NAMES, "trust_policy", "policy", "the call is allowed now", "observed only", " on acs:",
}  # fmt: skip


@pytest.mark.parametrize("mode", ["auto", "propose", "observe"])
def test_a_whole_message_in_chinese_holds_no_code_and_no_english_fact(mode: str) -> None:
    scene = Scene(guardrails=rule(mode))
    scene.mended()
    for kind in (ALERT, REPEATED, REMEDIED, RECOVERED):
        message = compose(scene.incident, "zh", kind)
        sections = [each for each in sections_of(message, LONG, "zh") if not each.code]
        shown = "\n".join(line for each in sections for line in each.lines)
        whole = as_text(msgspec.structs.replace(message, document="", difference="", fix=None), "zh")
        for words in (shown, whole.split("rolemend incidents")[0]):
            found = {code for code in CODES if re.search(rf"(?<![\w:]){code}(?![\w-])", words)}
            assert not found, words
        assert "没有权限策略允许" in shown
        assert ("不适用" in shown, "不适用" in whole) == (True, True)


def test_a_program_reads_the_codes_whatever_the_language() -> None:
    scene = Scene()
    scene.mended()
    message = compose(scene.incident, "zh")
    assert message.cause == "permission_missing"
    assert {answer.answer for answer in message.checklist} == {"passed", "failed", "not_applicable"}
