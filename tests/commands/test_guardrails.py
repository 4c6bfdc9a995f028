"""`rolemend guardrails`: mistakes with their places, and what would happen by which rule."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from demo.stage import LEDGER
from localcloud.server import LocalCloud
from tests import clients
from tests.clients import Keys
from tests.commands.shell import Done, rolemend, told_in_one_line

RULES = b"""
utc_offset = "+08:00"
[[rule]]
name = "data"
mode = "auto"
roles = ["emr-*"]
buckets = ["corp-data-*"]
actions = ["read"]
expires = "2h"
[[rule]]
name = "night"
mode = "observe"
roles = ["*"]
buckets = ["*"]
hours = ["22:00-06:00"]
[[rule]]
name = "tagged"
mode = "approve"
roles = ["*"]
buckets = ["*"]
changes_per_day = 3
bucket_tag = "owner=data"
"""
NOON = ("--at", "2026-01-05T12:00:00+08:00")
ASKED = ("test", "-", "--role", "emr-etl", "--bucket", "corp-data-a", *NOON)


def guardrails(*arguments: str, given: bytes = RULES, environment: dict[str, str] | None = None) -> Done:
    return rolemend("guardrails", *arguments, given=given, **(environment or {}))


def test_a_file_without_mistakes_is_said_to_have_none() -> None:
    assert guardrails("check", "-") == (0, "-: no mistakes; rules: 3\n", "")


def test_the_default_file_has_no_mistakes() -> None:
    assert guardrails("check", "guardrails.toml").code == 0


def test_every_mistake_is_told_with_its_place() -> None:
    done = guardrails("check", "-", given=b'default = "auto"\n[[rule]]\nname = "a"\nmode = "b"\n')
    assert done.code == 1
    assert [line.split(":")[1].strip() for line in done.lines] == ["rule 1.roles", "rule 1.mode", "default"]


def test_mistakes_are_told_to_programs() -> None:
    done = guardrails("check", "-", "--format", "json", given=b"x = 1")
    assert (done.code, json.loads(done.out)) == (1, {"mistakes": ["x: unknown setting"], "rules": 0})


def test_the_verdict_names_its_rule_and_why_the_others_do_not_match() -> None:
    assert guardrails(*ASKED).lines == [
        "Mode auto, by rule data.",
        "A grant of extent group: oss:GetObject, oss:ListObjects, oss:GetBucketInfo",
        "What is granted is taken back after 7200 seconds.",
        "Rule data (auto) matches.",
        "Rule night (observe) does not match. It is not within the hours 22:00-06:00.",
        "Rule tagged (approve) does not match. The tag owner=data is not there.",
    ]


def test_the_most_restrictive_matching_rule_decides() -> None:
    done = guardrails(*ASKED, "--bucket-tag", "owner=data")
    assert done.lines[0] == "Mode approve, by rule tagged."
    assert "At most 3 changes of this role a day." in done.lines
    assert guardrails(*ASKED[:-1], "2026-01-05T23:00:00+08:00").lines[0] == "Mode observe, by rule night."


def test_who_is_not_named_is_proposed_for() -> None:
    done = guardrails("test", "-", "--role", "other", "--trust", "emr.aliyuncs.com", *NOON)
    assert done.lines[0] == "Mode propose: no rule that matches allows more."
    assert "No pattern of its roles matches other." in done.out


def test_the_verdict_is_told_to_programs_and_in_chinese() -> None:
    told = json.loads(guardrails(*ASKED, "--format", "json").out)
    assert (told["verdict"]["mode"], told["verdict"]["rule"]) == ("auto", "data")
    assert [rule["matches"] for rule in told["rules"]] == ["yes", "no", "no"]
    assert "规则 data" in guardrails(*ASKED, "--lang", "zh").out


@pytest.mark.parametrize(
    "extra",
    [
        ("--trust", "emr.aliyuncs.com"),
        ("--at", "yesterday"),
        ("--bucket-tag", "owner"),
    ],
)
def test_what_cannot_be_asked_is_told_in_one_line(extra: tuple[str, ...]) -> None:
    done = guardrails(*ASKED, *extra)
    assert (done.code, done.out) == (2, "")
    assert told_in_one_line(done)


def test_a_file_that_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    done = guardrails("check", str(tmp_path / "none"))
    assert done.code == 2
    assert told_in_one_line(done)


def test_guardrails_with_mistakes_give_no_verdict() -> None:
    done = guardrails(*ASKED, given=b"x = 1")
    assert (done.code, done.out) == (1, "")
    assert told_in_one_line(done, "x: unknown setting")


@pytest.fixture
def operator(local: LocalCloud, root: Keys, account: str) -> dict[str, str]:
    """The environment of an operator, with a ledger that holds the rules."""
    bucket = clients.bucket(root, LEDGER)
    bucket.create_bucket("private")
    bucket.put_object("config/guardrails.toml", RULES)
    return {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": root.id,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": root.secret,
        "ROLEMEND_LEDGER_BUCKET": LEDGER,
        "ROLEMEND_SCHEME": "http",
    }


def test_without_a_file_the_rules_and_the_tags_are_those_of_the_account(
    operator: dict[str, str], root: Keys
) -> None:
    from oss2.models import Tagging

    bucket = clients.bucket(root, "corp-data-a")
    bucket.create_bucket("private")
    asked = ("test", "--role", "emr-etl", "--bucket", "corp-data-a", *NOON)
    assert guardrails(*asked, environment=operator).lines[0] == "Mode auto, by rule data."
    tagging = Tagging()
    tagging.tag_set.add("owner", "data")
    bucket.put_bucket_tagging(tagging)
    assert guardrails(*asked, environment=operator).lines[0] == "Mode approve, by rule tagged."
    assert guardrails("check", environment=operator).out == "config/guardrails.toml: no mistakes; rules: 3\n"


def test_a_ledger_without_the_file_has_the_default(operator: dict[str, str], root: Keys) -> None:
    clients.bucket(root, LEDGER).delete_object("config/guardrails.toml")
    asked = ("test", "--role", "emr-etl", "--bucket", "corp-data-a")
    assert (
        guardrails(*asked, environment=operator).lines[0] == "Mode propose: no rule that matches allows more."
    )


def test_what_is_missing_to_reach_the_account_is_told_in_one_line(operator: dict[str, str]) -> None:
    wrong = {**operator, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "not-the-secret"}
    for given, told in (
        (operator | {"ROLEMEND_LEDGER_BUCKET": ""}, "ROLEMEND_LEDGER_BUCKET: missing"),
        (wrong, "Sign"),
    ):
        done = guardrails("check", environment=given)
        assert (done.code, done.out) == (1, "")
        assert told_in_one_line(done, told)
        assert operator["ALIBABA_CLOUD_ACCESS_KEY_SECRET"] not in done.err
