"""The most restrictive matching rule wins; who is not named is never changed; every mistake is named at once."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolemend.account.interface import Absent, Known, Unread
from rolemend.checklist.model import ListBucket, TrustService
from rolemend.errors import GuardrailsError
from rolemend.remedy.guardrails import MODES, Case, Guardrails, Rule, seconds_of
from rolemend.remedy.guardrails_file import parse_guardrails
from rolemend.remedy.model import Verdict


def rules(*parts: str, default: str = "propose") -> Guardrails:
    text = f'default = "{default}"\n' + "\n".join(f"[[rule]]\n{part}" for part in parts)
    return parse_guardrails(text.encode())


def grant(role: str = "emr-etl", bucket: str = "corp-data-a", **values: Any) -> Case:
    return Case(remedy=ListBucket(role=role, bucket=bucket, action="oss:GetObject"), **values)


TRUST = Case(remedy=TrustService(role="emr-etl", service="emr.aliyuncs.com"))


AUTO = 'name = "auto"\nmode = "auto"\nroles = ["emr-*"]\nbuckets = ["corp-data-*"]'


def test_the_file_in_the_repository_changes_nothing() -> None:
    with open("guardrails.toml", "rb") as file:
        guardrails = parse_guardrails(file.read())
    assert guardrails.judge(grant()) == Verdict("propose")
    assert guardrails.judge(TRUST) == Verdict("propose")


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
    assert trust_only.judge(TRUST).mode == "auto"


def test_the_default_may_be_observe_but_never_auto() -> None:
    assert rules(default="observe").judge(grant()).mode == "observe"
    with pytest.raises(GuardrailsError, match="default"):
        rules(default="auto")


def test_every_mistake_is_named_with_its_place() -> None:
    with pytest.raises(GuardrailsError) as caught:
        parse_guardrails(b"""
            trust_policy = "widen"
            utc_offset = "Asia/Shanghai"
            mistake = 1
            [[rule]]
            mode = "always"
            roles = []
            buckets = ["a b"]
            colour = "red"
            actions = ["oss:GetObject", "reading"]
            extent = "all"
            role_tag = "owner"
            accounts = ["mine"]
            hours = ["Mon-Fri 08:00-18:00", "08:00", "Fun 08:00-09:00", "25:00-26:00", 3]
            changes_per_day = true
            expires = "soon"
            [[rule]]
            name = "twice"
            mode = "auto"
            roles = ["*"]
            [[rule]]
            name = "twice"
            mode = "auto"
            roles = ["*"]
            changes_per_day = 0
        """)
    assert [problem.partition(":")[0] for problem in caught.value.problems] == [
        "mistake",
        "rule 1.colour",
        "rule 1.name",
        "rule 1.mode",
        "rule 1.roles",
        "rule 1.buckets[0]",
        "rule 1.actions[1]",
        "rule 1.extent",
        "rule 1.role_tag",
        "rule 1.accounts[0]",
        "rule 1.hours[1]",
        "rule 1.hours[2]",
        "rule 1.hours[3]",
        "rule 1.hours[4]",
        "rule 1.changes_per_day",
        "rule 1.expires",
        "rule 3.changes_per_day",
        "rule 3.name",
        "trust_policy",
        "utc_offset",
    ]


@pytest.mark.parametrize("setting", ["roles", "buckets", "actions", "accounts", "hours"])
def test_an_empty_list_is_a_mistake_as_it_could_mean_all_or_none(setting: str) -> None:
    given = {"name": '"r"', "mode": '"auto"', "roles": '["*"]', "buckets": '["*"]', setting: "[]"}
    with pytest.raises(GuardrailsError, match=f"{setting}: .*at least one"):
        rules("\n".join(f"{name} = {value}" for name, value in given.items()))


@pytest.mark.parametrize("pattern", ["Corp-*", "corp.secret", "CORP-?"])
def test_a_pattern_that_can_match_no_bucket_is_a_mistake(pattern: str) -> None:
    """A rule that is to restrict would restrict nothing, unseen."""
    with pytest.raises(GuardrailsError, match=r"rule 1.buckets\[0\]"):
        rules(f'name = "r"\nmode = "observe"\nroles = ["*"]\nbuckets = ["{pattern}"]')


@pytest.mark.parametrize(
    "content", [b"[[rule", b"\xff", b"rule = 3", b"rule = [1]", b"a = " + b"[" * 9_000, b" " * (1 << 21)]
)
def test_what_is_no_guardrails_file_is_an_error(content: bytes) -> None:
    with pytest.raises(GuardrailsError):
        parse_guardrails(content)


READ = ("oss:GetObject", "oss:ListObjects", "oss:GetBucketInfo")
OTHERS = {
    "mode": st.sampled_from(MODES),
    "extent": st.sampled_from(["exact", "group", "statement"]),
    "changes_per_day": st.integers(0, 3),
    "expires": st.sampled_from(["", "30m", "2h", "1d"]),
}


@given(st.lists(st.fixed_dictionaries(OTHERS), max_size=4), st.randoms())
def test_of_several_matching_rules_each_setting_is_the_most_restrictive_in_any_order(
    stated: list[dict[str, Any]], order: random.Random
) -> None:
    matching = [Rule(name=str(n), roles=("emr-*",), buckets=("*",), **one) for n, one in enumerate(stated)]
    other = Rule(name="other", mode="observe", roles=("x",), buckets=("*",), expires="1m", changes_per_day=1)
    shuffled = [*matching, other]
    order.shuffle(shuffled)
    verdict = Guardrails(rule=tuple(shuffled)).judge(grant())
    modes = [MODES.index(rule.mode) for rule in matching]
    assert MODES.index(verdict.mode) == min(modes, default=MODES.index("propose"))
    extents = ["exact", "group", "statement"]
    widths = [extents.index(rule.extent) for rule in matching]
    assert extents.index(verdict.extent) == min(widths, default=1)
    assert verdict.changes_per_day == min(
        (r.changes_per_day for r in matching if r.changes_per_day), default=0
    )
    ends = [seconds_of(rule.expires) for rule in matching if rule.expires]
    assert verdict.expires == min(ends, default=0)


def test_a_rule_for_some_actions_permits_a_grant_of_these_only() -> None:
    some = rules(AUTO + '\nactions = ["oss:Get*"]')
    assert some.judge(grant(actions=("oss:GetObject",))).mode == "auto"
    assert some.judge(grant(actions=READ)) == Verdict("propose")
    assert some.judge(grant(actions=("oss:PutObject",))).mode == "propose"
    assert rules(AUTO + '\nactions = ["read"]').judge(grant(actions=READ)).mode == "auto"
    assert (
        rules(AUTO + '\nactions = ["OSS:getobject", "oss:List*", "oss:*Info"]')
        .judge(grant(actions=READ))
        .mode
        == "auto"
    )


def test_a_rule_that_names_a_part_of_a_grant_restricts_all_of_it() -> None:
    never_list = 'name = "n"\nmode = "observe"\nroles = ["*"]\nbuckets = ["*"]\nactions = ["oss:ListObjects"]'
    assert rules(AUTO, never_list).judge(grant(actions=READ)) == Verdict("observe", "n")
    assert rules(AUTO, never_list).judge(grant(actions=("oss:GetObject",))).mode == "auto"


@pytest.mark.parametrize("granted", ["oss:*", "*", "oss:Delete*", "oss:?eleteObject", "OSS:*Object"])
def test_a_rule_that_names_an_action_of_a_granted_pattern_restricts_it(granted: str) -> None:
    """The extent `statement` grants what stands in a statement, and that may be a pattern."""
    never = 'name = "n"\nmode = "observe"\nroles = ["*"]\nbuckets = ["*"]\nactions = ["oss:DeleteObject"]'
    wide = AUTO + '\nactions = ["oss:*"]\nextent = "statement"'
    assert rules(wide, never).judge(grant(actions=(granted,))).mode == "observe"
    assert rules(wide, never).judge(grant(actions=("oss:Get*",))).mode == "auto"


@pytest.mark.parametrize("pattern", ["oss:?", "oss:??", "oss:Get?", "oss:?*?"])
def test_a_question_mark_names_no_pattern_of_what_is_granted(pattern: str) -> None:
    rule = rules(AUTO + f'\nactions = ["{pattern}"]\nextent = "statement"')
    assert [rule.judge(grant(actions=(one,))).mode for one in ("oss:*", "oss:Get*")] == ["propose", "propose"]


def test_trust_is_an_action_that_a_rule_may_name() -> None:
    assert rules('name = "t"\nmode = "auto"\nroles = ["*"]\nactions = ["trust"]').judge(TRUST).mode == "auto"
    assert (
        rules('name = "t"\nmode = "auto"\nroles = ["*"]\nactions = ["read"]').judge(TRUST).mode == "propose"
    )


ON_BUCKETS = 'name = "b"\nmode = "{mode}"\nroles = ["*"]\nbuckets = ["corp-data-*"]'


@pytest.mark.parametrize("mode", ["approve", "auto"])
def test_a_rule_about_buckets_permits_no_change_of_a_trust_policy(mode: str) -> None:
    """Who names buckets speaks of data; a trust policy has no bucket that could hold the rule to them."""
    on_buckets = ON_BUCKETS.format(mode=mode)
    assert rules(on_buckets).judge(grant(actions=READ)).mode == mode
    assert rules(on_buckets).judge(TRUST) == Verdict("propose")
    assert rules(on_buckets, default="observe").judge(TRUST) == Verdict("observe")
    for some in ('["read"]', '["write"]', '["oss:*"]'):
        assert rules(f"{on_buckets}\nactions = {some}").judge(TRUST) == Verdict("propose")


@pytest.mark.parametrize("named", ['["trust"]', '["read", "trust"]', '["sts:AssumeRole"]'])
def test_a_rule_about_buckets_permits_a_trust_that_it_names(named: str) -> None:
    assert rules(f"{ON_BUCKETS.format(mode='auto')}\nactions = {named}").judge(TRUST).mode == "auto"


@pytest.mark.parametrize("mode", ["observe", "propose", "approve"])
def test_a_rule_about_buckets_restricts_a_trust_that_another_rule_permits(mode: str) -> None:
    trust = 'name = "t"\nmode = "auto"\nroles = ["*"]'
    on_buckets = ON_BUCKETS.format(mode=mode)
    assert rules(trust, on_buckets).judge(TRUST).mode == mode
    assert rules(on_buckets, trust).judge(TRUST).mode == mode
    assert rules(trust, f'{on_buckets}\nactions = ["read"]').judge(TRUST).mode == "auto"


def test_a_rule_about_buckets_that_may_do_as_much_takes_nothing_from_one_about_trust() -> None:
    trust = 'name = "t"\nmode = "auto"\nroles = ["*"]'
    for order in (1, -1):
        both = (trust, ON_BUCKETS.format(mode="auto"))[::order]
        assert rules(*both).judge(TRUST) == Verdict("auto", "t")


def test_a_narrower_extent_that_a_wider_grant_calls_for_is_taken() -> None:
    """The rule on ListObjects speaks only where the whole group would be granted, and asks for the exact action."""
    exact = 'name = "e"\nmode = "auto"\nroles = ["*"]\nbuckets = ["*"]\nactions = ["oss:ListObjects"]\nextent = "exact"'
    asked: list[str] = []

    def actions_at(extent: str) -> tuple[str, ...]:
        asked.append(extent)
        return ("oss:GetObject",) if extent == "exact" else READ

    assert rules(AUTO, exact).settle(grant(), actions_at) == Verdict("auto", "auto", extent="exact")
    assert asked == ["group", "exact"]


@pytest.mark.parametrize("setting", ["role_tag", "bucket_tag"])
@pytest.mark.parametrize(
    ("tags", "mode"),
    [
        (Known({"owner": "data"}), "auto"),
        (Known({"owner": "Data"}), "propose"),
        (Known({"Owner": "data"}), "propose"),
        (Known({}), "propose"),
        (Absent(), "propose"),
        (Unread("GetX", "refused"), "propose"),
    ],
)
def test_a_tag_must_be_there_as_it_is_written(setting: str, tags: Any, mode: str) -> None:
    given: dict[str, Any] = {f"{setting}s": lambda: tags}
    case = grant(**given)
    assert rules(AUTO + f'\n{setting} = "owner=data"').judge(case).mode == mode


def test_a_tag_that_cannot_be_read_permits_nothing_and_restricts_as_if_it_were_there() -> None:
    asks = 'name = "asks"\nmode = "approve"\nroles = ["*"]\nbuckets = ["*"]\nrole_tag = "owner=data"'
    busy = grant(role_tags=lambda: Unread("ListTagResources", "throttled", transient=True))
    assert rules(AUTO, asks).judge(busy) == Verdict("approve", "asks", transient=True)
    assert rules(AUTO, asks).judge(grant()) == Verdict("auto", "auto")


def test_tags_are_read_only_where_the_answer_hangs_on_them() -> None:
    def never() -> Any:
        raise AssertionError("read")

    asking = rules(AUTO + '\nrole_tag = "owner=data"')
    assert asking.judge(grant(role="other", role_tags=never)).mode == "propose"
    assert rules(AUTO).judge(grant(role_tags=never, bucket_tags=never)).mode == "auto"


def test_a_bucket_s_tag_says_nothing_of_a_trust_policy() -> None:
    tagged = rules('name = "t"\nmode = "auto"\nroles = ["*"]\nbucket_tag = "a=b"')
    assert tagged.judge(TRUST).mode == "propose"


def test_a_rule_may_be_for_some_accounts() -> None:
    some = rules(AUTO + '\naccounts = ["1000000000000001"]')
    assert some.judge(grant(account="1000000000000001")).mode == "auto"
    assert some.judge(grant(account="2000000000000002")).mode == "propose"
    assert some.judge(grant()).mode == "propose"


MONDAY_NOON_UTC = 1_767_614_400.0
"""2026-01-05 12:00 UTC."""


@pytest.mark.parametrize(
    ("hours", "later", "mode"),
    [
        ("08:00-18:00", 0, "propose"),
        ("08:00-20:01", 0, "auto"),
        ("08:00-20:00", 0, "propose"),
        ("20:00-21:00", 0, "auto"),
        ("Mon 20:00-21:00", 0, "auto"),
        ("Tue-Sun 20:00-21:00", 0, "propose"),
        ("Sat-Mon 20:00-21:00", 0, "auto"),
        ("Mon 19:00-06:00", 8, "auto"),
        ("Tue 19:00-06:00", 8, "propose"),
        ("Mon 19:00-06:00", 10, "propose"),
        ("Sat,Mon-Tue 00:00-24:00", 23, "auto"),
    ],
)
def test_hours_are_those_of_the_clock_that_the_file_names(hours: str, later: int, mode: str) -> None:
    """It is 20:00 on a Monday at +08:00."""
    case = grant(now=MONDAY_NOON_UTC + later * 3_600)
    eight = f'utc_offset = "+08:00"\n[[rule]]\n{AUTO}\nhours = ["{hours}"]'
    assert parse_guardrails(eight.encode()).judge(case).mode == mode


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
