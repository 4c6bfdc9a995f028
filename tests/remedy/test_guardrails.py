"""The most restrictive matching rule wins; who is not named is never changed; every mistake is named at once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolemend.checklist.model import ListBucket, TrustService
from rolemend.errors import GuardrailsError
from rolemend.remedy.guardrails import Guardrails, parse_guardrails
from rolemend.remedy.model import Verdict


def rules(*parts: str, default: str = "propose") -> Guardrails:
    text = f'default = "{default}"\n' + "\n".join(f"[[rule]]\n{part}" for part in parts)
    return parse_guardrails(text.encode())


def grant(role: str = "emr-etl", bucket: str = "corp-data-a") -> ListBucket:
    return ListBucket(role=role, bucket=bucket, action="oss:GetObject")


AUTO = 'name = "auto"\nmode = "auto"\nroles = ["emr-*"]\nbuckets = ["corp-data-*"]'


def test_the_file_in_the_repository_changes_nothing() -> None:
    with open("guardrails.toml", "rb") as file:
        guardrails = parse_guardrails(file.read())
    assert guardrails.judge(grant()) == Verdict("propose")
    assert guardrails.judge(TrustService(role="emr-etl", service="emr.aliyuncs.com")) == Verdict("propose")


def test_a_role_and_bucket_that_a_rule_names_get_its_mode() -> None:
    assert rules(AUTO).judge(grant()) == Verdict("auto", "auto")
    assert rules(AUTO).judge(grant(role="EMR-ETL")).mode == "auto"


@pytest.mark.parametrize(
    ("role", "bucket"),
    [
        ("other-role", "corp-data-a"),
        ("emr-etl", "corp-logs"),
        ("emr-etl", "corp-data-.evil"),
        ("emr-etl", "CORP-DATA-a"),
        ("emr-etl", "corp-data-%61"),
        ("emr-etl", "corp-data-а"),  # noqa: RUF001
        ("emr-etl", "corp-data-a\n"),
        ("emr-etl", "corp-data-a/../b"),
        ("emr-etl\n", "corp-data-a"),
        ("emr-*", "corp-data-a"),
        ("emr‐etl", "corp-data-a"),  # noqa: RUF001
    ],
)
def test_names_made_to_look_like_a_match_get_the_default(role: str, bucket: str) -> None:
    assert rules(AUTO).judge(grant(role, bucket)) == Verdict("propose")


def test_the_most_restrictive_matching_rule_wins_wherever_it_stands() -> None:
    observe = 'name = "watch only"\nmode = "observe"\nroles = ["emr-etl"]\nbuckets = ["*"]'
    assert (
        rules(AUTO, observe).judge(grant())
        == rules(observe, AUTO).judge(grant())
        == Verdict("observe", "watch only")
    )


def test_a_rule_without_buckets_never_grants_a_bucket() -> None:
    trust_only = rules('name = "t"\nmode = "auto"\nroles = ["*"]')
    assert trust_only.judge(grant()).mode == "propose"
    assert trust_only.judge(TrustService(role="emr-etl", service="emr.aliyuncs.com")).mode == "auto"


def test_the_default_may_be_observe_but_never_auto() -> None:
    assert rules(default="observe").judge(grant()).mode == "observe"
    with pytest.raises(GuardrailsError, match="default"):
        rules(default="auto")


def test_every_mistake_is_named_with_its_place() -> None:
    with pytest.raises(GuardrailsError) as caught:
        parse_guardrails(b"""
            trust_policy = "widen"
            mistake = 1
            [[rule]]
            mode = "always"
            roles = []
            buckets = ["a b"]
            colour = "red"
        """)
    assert caught.value.problems == [
        "mistake: unknown setting",
        "rule 1.colour: unknown setting",
        "rule 1.name: missing",
        "rule 1.mode: must be one of observe, propose, approve, auto",
        "rule 1.roles: must be a list of patterns with at least one",
        "rule 1.buckets[0]: 'a b' is no pattern of letters, digits, '-', '.', '*' and '?'",
        "trust_policy: must be add or replace",
    ]


@pytest.mark.parametrize("content", [b"[[rule", b"\xff", b"rule = 3", b"rule = [1]"])
def test_what_is_no_guardrails_file_is_an_error(content: bytes) -> None:
    with pytest.raises(GuardrailsError):
        parse_guardrails(content)


NAMES = st.text("ab-", min_size=3, max_size=8).filter(lambda name: name[0] != "-" != name[-1])


@given(st.text("ab-*?", min_size=1, max_size=6), NAMES)
def test_a_pattern_matches_as_a_plain_recursive_reading_says(pattern: str, name: str) -> None:
    def like(p: str, n: str) -> bool:
        if not p:
            return not n
        if p[0] == "*":
            return like(p[1:], n) or (bool(n) and like(p, n[1:]))
        return bool(n) and p[0] in ("?", n[0]) and like(p[1:], n[1:])

    rule = f'name = "r"\nmode = "auto"\nroles = ["*"]\nbuckets = ["{pattern}"]'
    assert (rules(rule).judge(grant(bucket=name)).mode == "auto") == like(pattern, name)
