"""The operator's rules: which remedy may be applied to which role and bucket.

Patterns know `*` and `?` only, match the whole name, and compare letter by letter after the names are proved to be
plain: a name with other characters than RAM and OSS allow matches no pattern at all.

The most restrictive matching rule wins. What cannot be told (a tag that could not be read, a grant of which a rule
names only a part) restricts as if the rule matched, and permits nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

import msgspec

from rolemend.account.interface import Absent, Known, Reading, Unread
from rolemend.checklist.model import ListBucket
from rolemend.policy.actions import READ, WRITE, group_of
from rolemend.policy.edit import EXTENTS
from rolemend.policy.inclusion import Budget, BudgetError, intersect
from rolemend.remedy.hours import read_offset, within
from rolemend.remedy.model import TypedRemedy, Verdict
from rolemend.text import Text, text

OBSERVE, PROPOSE, APPROVE, AUTO = "observe", "propose", "approve", "auto"
MODES = (OBSERVE, PROPOSE, APPROVE, AUTO)
"""From the most restrictive to the least: where several rules match, the first in this order wins."""

YES, MAYBE, NO = "yes", "maybe", "no"

TRUST = ("sts:AssumeRole",)
ACTION_GROUPS: dict[str, tuple[str, ...]] = {"read": READ, "write": WRITE, "trust": TRUST}
"""What a rule may write in the place of single actions, and what one means that names none; with `buckets` it then
means read and write (`_ON_BUCKETS`)."""
_ON_BUCKETS = ("read", "write")

_STEPS = 10_000

_BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9\-]{1,61}[a-z0-9]", re.ASCII)
_ROLE_NAME = re.compile(r"[A-Za-z0-9.\-]{1,64}", re.ASCII)

Tags = Callable[[], Reading[Mapping[str, str]]]


def _no_tags() -> Reading[Mapping[str, str]]:
    return Absent("not asked for")


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """What is judged: a remedy, all actions that it would grant, in which account and when (epoch seconds).

    The tags are read only if the answer hangs on them.
    """

    remedy: TypedRemedy
    actions: tuple[str, ...] = ()
    account: str = ""
    now: float = 0.0
    role_tags: Tags = _no_tags
    bucket_tags: Tags = _no_tags

    def granted(self) -> tuple[str, ...]:
        """What would be granted, or what was denied while no plan tells more."""
        if not isinstance(self.remedy, ListBucket):
            return TRUST
        return self.actions or (self.remedy.action,)


class Match(msgspec.Struct, frozen=True):
    """Whether a rule matches: `yes`, `no`, or `maybe` where that could not be told; and why not."""

    answer: str
    why: Text | None = None
    transient: bool = False


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[rule]]`. It matches if all that it states holds.

    A rule without `buckets` speaks of trust policies only. `actions` are actions, patterns of them, or groups
    (`ACTION_GROUPS`); none means these groups, so that a right to administer a bucket is permitted by name only. A
    rule with `buckets` permits a change of a trust policy only where its `actions` name that too: whoever names
    buckets speaks of data, and a trust policy has no bucket to hold the rule to. A tag is `key=value`. `hours` are
    windows like `Mon-Fri 08:00-18:00`, `expires` is a time like `12h`; `changes_per_day` counts for each role, 0 is
    no limit.
    """

    name: str
    mode: str
    roles: tuple[str, ...]
    buckets: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    extent: str = "group"
    role_tag: str = ""
    bucket_tag: str = ""
    accounts: tuple[str, ...] = ()
    hours: tuple[str, ...] = ()
    changes_per_day: int = 0
    expires: str = ""


class Guardrails(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`guardrails.toml`. `trust_policy` is `add` (beside what is trusted) or `replace` (the FAQ's letter);
    `utc_offset` is the clock that `hours` mean."""

    default: str = PROPOSE
    trust_policy: str = "add"
    utc_offset: str = "+00:00"
    rule: tuple[Rule, ...] = ()

    def judge(self, case: Case) -> Verdict:
        """The most restrictive mode, extent, number of changes and expiry that any matching rule states."""
        matches = [(rule, self.match(rule, case)) for rule in self.rule]
        counting = [rule for answer in (YES, MAYBE) for rule, match in matches if match.answer == answer]
        if not any(match.answer == YES for _, match in matches):
            counting.append(Rule(name="", mode=self.default, roles=()))
        chosen = min(counting, key=lambda rule: MODES.index(rule.mode))
        return Verdict(
            mode=chosen.mode,
            rule=chosen.name,
            extent=min((rule.extent for rule in counting), key=_WIDTH.index),
            expires=_least(seconds_of(rule.expires) for rule in counting),
            changes_per_day=_least(rule.changes_per_day for rule in counting),
            transient=any(match.transient for _, match in matches),
        )

    def settle(self, case: Case, actions_at: Callable[[str], tuple[str, ...]]) -> Verdict:
        """The verdict on what a grant really holds: `actions_at` tells that for an extent.

        A wider grant may be named by more rules, and one of these may ask for a narrower extent; then that is taken.
        """
        extent = self.judge(case).extent
        while True:
            verdict = self.judge(msgspec.structs.replace(case, actions=actions_at(extent)))
            if _WIDTH.index(verdict.extent) >= _WIDTH.index(extent):
                return msgspec.structs.replace(verdict, extent=extent)
            extent = verdict.extent

    def match(self, rule: Rule, case: Case) -> Match:
        """Whether a rule speaks of this case. What is cheap is asked first, and tags last."""
        asked = (_names, _accounts, _actions, self._hours, _tags)
        answers: list[Match] = []
        for ask in asked:
            answers.append(ask(rule, case))
            if answers[-1].answer == NO:
                return answers[-1]
        return next((answer for answer in answers if answer.answer == MAYBE), answers[-1])

    def _hours(self, rule: Rule, case: Case) -> Match:
        moment = case.now + read_offset(self.utc_offset)
        if not rule.hours or any(within(window, moment) for window in rule.hours):
            return _MATCHES
        return Match(NO, text("It is not within the hours {hours}.", hours=", ".join(rule.hours)))


def expected_actions(remedy: TypedRemedy, extent: str) -> tuple[str, ...]:
    """What a grant of this extent holds at least; a statement may grant more on its other buckets."""
    if not isinstance(remedy, ListBucket):
        return TRUST
    return (remedy.action,) if extent == "exact" else group_of(remedy.action)


_MATCHES = Match(YES)
_WIDTH = ("exact", "group", "statement")
assert set(_WIDTH) == set(EXTENTS)


def _least(values: Iterable[int]) -> int:
    """The smallest limit; 0 is none."""
    return min((value for value in values if value), default=0)


def seconds_of(duration: str) -> int:
    """`30m`, `12h` or `7d` in seconds; 0 for ""."""
    return int(duration[:-1]) * {"m": 60, "h": 3_600, "d": 86_400}[duration[-1]] if duration else 0


def _names(rule: Rule, case: Case) -> Match:
    role = case.remedy.role
    if not _ROLE_NAME.fullmatch(role) or not any(like(p.lower(), role.lower()) for p in rule.roles):
        return Match(NO, text("No pattern of its roles matches {role}.", role=role))
    if not isinstance(case.remedy, ListBucket):
        return _MATCHES
    bucket = case.remedy.bucket
    if not _BUCKET_NAME.fullmatch(bucket) or not any(like(p, bucket) for p in rule.buckets):
        return Match(NO, text("No pattern of its buckets matches {bucket}.", bucket=bucket))
    return _MATCHES


def _accounts(rule: Rule, case: Case) -> Match:
    if rule.accounts and case.account not in rule.accounts:
        return Match(NO, text("It is for other accounts than {account}.", account=case.account or "-"))
    return _MATCHES


def _actions(rule: Rule, case: Case) -> Match:
    """A rule that names only a part of what would be granted may not permit it, and restricts it all the same. So does
    one that names no actions, where more than the groups would be granted, or a trust for a rule with `buckets`."""
    named = rule.actions or (_ON_BUCKETS if rule.buckets else tuple(ACTION_GROUPS))
    patterns = [one.lower() for name in named for one in ACTION_GROUPS.get(name, (name,))]
    granted = case.granted()
    missing = [action for action in granted if not any(like(pattern, action.lower()) for pattern in patterns)]
    if not missing:
        return _MATCHES
    why = text("It does not name {actions}.", actions=", ".join(missing))
    apart = len(missing) == len(granted) and not any(
        _meet(pattern, each) for pattern in patterns for each in missing
    )
    return Match(NO if rule.actions and apart else MAYBE, why)


def _meet(pattern: str, action: str) -> bool:
    """Whether a pattern and what is granted, which may be a pattern itself, have an action in common. What takes long
    to tell counts as yes."""
    try:
        return bool(intersect(pattern, action.lower(), Budget(_STEPS)))
    except BudgetError:
        return True


def _tags(rule: Rule, case: Case) -> Match:
    if rule.bucket_tag and not isinstance(case.remedy, ListBucket):
        return Match(NO, text("It asks for a tag of a bucket, and this is a trust policy."))
    asked = ((rule.role_tag, case.role_tags), (rule.bucket_tag, case.bucket_tags))
    answers = [_tagged(tag, read()) for tag, read in asked if tag]
    order = (NO, MAYBE, YES)
    return min(answers, key=lambda match: order.index(match.answer), default=_MATCHES)


def _tagged(tag: str, tags: Reading[Mapping[str, str]]) -> Match:
    key, _, value = tag.partition("=")
    if isinstance(tags, Unread):
        why = text("Whether the tag {tag} is there could not be read: {reason}", tag=tag, reason=tags.reason)
        return Match(MAYBE, why, tags.transient)
    if isinstance(tags, Known) and tags.value.get(key) == value:
        return _MATCHES
    return Match(NO, text("The tag {tag} is not there.", tag=tag))


def like(pattern: str, name: str) -> bool:
    """Whole-name match of `*` and `?`, in time linear in both lengths per star.

    What is granted may be a pattern of actions: only `*` covers a `*` of it.
    """
    position = at = mark = 0
    star = -1
    while at < len(name):
        if position < len(pattern) and _same(pattern[position], name[at]):
            position, at = position + 1, at + 1
        elif position < len(pattern) and pattern[position] == "*":
            star, mark, position = position, at, position + 1
        elif star >= 0:
            mark += 1
            position, at = star + 1, mark
        else:
            return False
    return all(char == "*" for char in pattern[position:])


def _same(mark: str, letter: str) -> bool:
    return letter != "*" and mark in ("?", letter) and mark != "*"
