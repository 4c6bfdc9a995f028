"""The first decision of a policy: its statements read one by one, without an index.

Building an index costs more than reading the policy once; from the second decision on it pays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rolemend.policy.condition import holds
from rolemend.policy.pattern import canonical_arn, glob_matches

if TYPE_CHECKING:
    from rolemend.policy.condition import Condition, Keys
    from rolemend.policy.document import Statement

DENY = -(1 << 30)  # added to a statement's number in a rank: any Deny sorts before any Allow
NONE = 1 << 30  # the rank of no statement at all
ASSUME_ROLE = ("sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithoidc")

# The two usual entries that cover an ARN `acs:<service>:...`: itself and its bucket's or path's `.../*`; and the
# length of their beginning, `acs:<service>:*:*:`.
Forms = tuple[str, str, int]


class UnsureError(Exception):
    """The quick look-up met something three-valued; the full evaluation has to answer."""


def scan(statements: Sequence[Statement], action: str, resource: str, keys: Keys) -> int:
    """See Policy.find."""
    lowered = action.lower()
    if lowered[:4] == "sts:" and lowered in ASSUME_ROLE:
        raise UnsureError
    best, number = NONE, -1
    forms: Forms | None = None
    split = False
    for statement in statements:
        number += 1
        allows = statement.effect == "Allow"
        if allows and best != NONE:
            continue
        actions = statement.actions
        listed = action in actions or _lists(actions, lowered)
        if listed is statement.negated_actions:
            continue
        resources = statement.resources
        if statement.negated_resources:
            raise UnsureError
        if resources[0] != "*":
            if not split:
                split = True
                if resource.startswith("acs:ram::"):
                    resource = canonical_arn(resource)
                forms = _forms_of(resource)
            if forms is None:
                if not reaches(resources, resource):
                    continue
            elif (
                forms[0] not in resources
                and forms[1] not in resources
                and not _reaches(resources, resource, forms)
            ):
                continue
        if statement.conditions and not _met(statement.conditions, keys):
            continue
        if not allows:
            return number + DENY
        best = number
    return best


def _met(conditions: tuple[Condition, ...], keys: Keys) -> bool:
    unsure = False
    for condition in conditions:
        values = keys.get(condition.key)
        met = condition.test(values) if values else holds(condition, keys)
        if met is False:
            return False
        unsure = unsure or met is None
    if unsure:
        raise UnsureError
    return True


def _lists(actions: tuple[str, ...], action: str) -> bool:
    """Whether one of the patterns covers the lower-case `action`."""
    names = ("\n".join(actions) if len(actions) > 1 else actions[0]).lower()
    if action in names:
        for name in actions:
            if name.lower() == action:
                return True
    if "*" in names or "?" in names:
        first = action[:1] + "*?"
        for name in actions:
            if ("*" in name or "?" in name) and name[0].lower() in first and covers(name.lower(), action):
                return True
    return False


def reaches(resources: tuple[str, ...], resource: str) -> bool:
    """Whether one of the patterns covers the canonical `resource`."""
    for pattern in resources:  # noqa: SIM110 - a generator would double the time
        if covers(pattern, resource):
            return True
    return False


def _forms_of(resource: str) -> Forms | None:
    """None where wildcards of the usual entries could match across the segments of the ARN."""
    parts = resource.split(":", 4)
    if len(parts) < 5 or ":" in parts[4]:
        return None
    tail = parts[4]
    head = f"{parts[0]}:{parts[1]}:*:*:"
    exact = head + tail
    first, slash, _ = tail.partition("/")
    return exact, f"{head}{first}/*" if slash else exact, len(head)


def _reaches(resources: tuple[str, ...], resource: str, forms: Forms) -> bool:
    """`reaches`, when the usual entries are not among the patterns."""
    exact, _, size = forms
    head, tail = exact[:size], exact[size:]
    if len(resources) > 8:
        found = _stands_in(resources, head, tail)
        if found is not None:
            return found
    for pattern in resources:
        if pattern.startswith(head) and "?" not in pattern:
            start = pattern[size:-1]
            if "*" not in start:
                # One star at most, at the end of what follows the account.
                if pattern[-1] == "*" and len(pattern) > size and tail.startswith(start):
                    return True
                continue
        if covers(pattern, resource):
            return True
    return False


def _stands_in(resources: tuple[str, ...], head: str, tail: str) -> bool | None:
    """`reaches` for a long list of the usual entries, the stars all at the end of a path; None for any other.

    Such a list is searched as one text, since each way to match is one of a few lines in it.
    """
    head = "\n" + head
    lines, count = "\n" + "\n".join(resources) + "\n", len(resources)
    stars = 2 * count + lines.count("/*\n")
    if (
        lines.count(head) != count
        or lines.count("*") != stars
        or "?" in lines
        or lines.count("\n") > count + 1
    ):
        return None
    at = tail.find("/")
    if at < 0 or f"{head}{tail[:at]}/" not in lines:
        return False
    while at >= 0:
        if f"{head}{tail[:at]}/*\n" in lines:
            return True
        at = tail.find("/", at + 1)
    return False


def covers(pattern: str, text: str) -> bool:
    """Whether a pattern covers a text (of ARNs, one that has been made canonical), without preparation."""
    if pattern == "*":
        return True
    if pattern[:9] == "acs:ram::":
        pattern = canonical_arn(pattern)
    if "?" in pattern:
        return glob_matches(pattern, text)
    at = pattern.find("*")
    if at < 0:
        return pattern == text
    if pattern[:at] != text[:at]:
        return False
    pieces = pattern[at + 1 :].split("*")
    last = pieces.pop()
    end = len(text) - len(last)
    if end < at or not text.endswith(last):
        return False
    for piece in pieces:
        at = text.find(piece, at, end)
        if at < 0:
            return False
        at += len(piece)
    return True
