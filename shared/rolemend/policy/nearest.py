"""Why a request was not allowed: the statements that come nearest, and the one thing each lacks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from rolemend.policy.actions import CHECKED_AS
from rolemend.policy.condition import Condition, values_of
from rolemend.policy.context import Context
from rolemend.policy.document import Statement
from rolemend.policy.lookalike import odd_characters, skeleton
from rolemend.policy.matching import Case, case_of, covers_action, covers_resource, names_caller
from rolemend.policy.pattern import canonical_arn, glob_matches
from rolemend.policy.principal import RAM_CALLERS
from rolemend.policy.request import Decision, Request, Source
from rolemend.policy.scan import covers
from rolemend.text import Text, text

_KINDS = {
    "ControlPolicy": ("control",),
    "SessionPolicy": ("session",),
    "AssumeRolePolicy": ("trust",),
}
_MOST = 5


class NearMiss(msgspec.Struct, frozen=True):
    """A statement that would allow the request but for one thing.

    `code` names what it lacks, `text` says it to a person. `policy` is the policy's name or its place among
    the sources, `statement` counts from 0.
    """

    code: str
    kind: str
    policy: str | int
    statement: int
    text: Text


def explain(request: Request, sources: Sequence[Source], decision: Decision) -> tuple[NearMiss, ...]:
    """The statements nearest to allowing `request`, the most telling first; none for an allow or a Deny.

    `decision` is what `decide` answered for the same request and sources.
    """
    if decision.outcome not in ("implicit_deny", "unknown"):
        return ()
    case = case_of(request, sources, None, None, False)
    context = Context(request)
    kinds = _KINDS.get(decision.layer) or _granting(case)
    found: list[tuple[int, NearMiss]] = []
    for number, source in enumerate(sources):
        if source.kind in kinds and not (source.kind == "control" and _level_allows(case, context, source)):
            found.extend(_of_source(case, context, number, source))
    found.sort(key=lambda ranked: ranked[0])
    return tuple(miss for _, miss in found[:_MOST])


def _granting(case: Case) -> tuple[str, ...]:
    """The kinds of policy that can allow the request: RAM policies are worth nothing on a foreign bucket."""
    if case.action.startswith("oss:") and not (case.own and case.caller.type in RAM_CALLERS):
        return ("bucket",)
    return ("identity", "resource_group", "bucket")


def _level_allows(case: Case, context: Context, source: Source) -> bool:
    """Whether the level of a control policy is not what stands in the way."""
    level = [each for _, each in case.by_kind["control"] if (each.level or 0) == (source.level or 0)]
    return any(
        not statement.denies
        and covers_action(statement, case.action)
        and covers_resource(statement, case.resource)
        and context.holds(statement.conditions)
        for each in level
        for statement in each.policy.statements
    )


def _of_source(case: Case, context: Context, number: int, source: Source) -> Iterator[tuple[int, NearMiss]]:
    name = number if source.name is None else source.name
    for place, statement in enumerate(source.policy.statements):
        if statement.denies or statement.negated_resources:
            continue
        lack = _one_lack(case, context, source.kind, statement)
        if lack is not None:
            code, template, values = lack
            rank = _RANKS.index(code)
            values = {"policy": _label(name, source.kind), "statement": str(place), **values}
            yield rank, NearMiss(code, source.kind, name, place, Text(template.template, values))


def _label(name: str | int, kind: str) -> str:
    label = name if isinstance(name, str) else f"#{name}"
    return label if kind == "identity" else f"{label} ({kind})"


Lack = tuple[str, Text, dict[str, str]]


def _one_lack(case: Case, context: Context, kind: str, statement: Statement) -> Lack | None:
    """The one thing that the statement lacks; None where it lacks nothing or more than one thing."""
    unmet = [each for each in statement.conditions if context.holds((each,)) is not True]
    parts = (
        covers_action(statement, case.action) is not False,
        covers_resource(statement, case.resource) is not False,
        names_caller(case, kind, statement) is not False,
    )
    if parts.count(False) + len(unmet) != 1:
        return None
    if unmet:
        return _condition(context, unmet[0])
    if not parts[2]:
        return "principal", _PRINCIPAL, {"caller": _caller(case)}
    if not parts[1]:
        return _resource(case, statement)
    return _action(case, statement)


def _condition(context: Context, condition: Condition) -> Lack:
    values = {
        "operator": f"{condition.quantifier}:{condition.operator}".lstrip(":"),
        "key": condition.key,
        "values": ", ".join(condition.values),
    }
    if condition.key.lower() in context.unknown:
        return "condition_unknown", _RULES_OUT_UNKNOWN if condition.negated else _CONDITION_UNKNOWN, values
    given, _ = values_of(context.keys, condition.key)
    if given is None:
        return "condition_absent", _CONDITION_ABSENT, values
    values["given"] = ", ".join(given)
    return "condition", _RULES_OUT if condition.negated else _CONDITION, values


def _caller(case: Case) -> str:
    caller = case.caller
    own = caller.name or caller.uid or caller.role or caller.service or caller.provider
    return f"{caller.account}:{own}".strip(":") or caller.type


def _action(case: Case, statement: Statement) -> Lack | None:
    """A statement of the same service whose Action leaves out the request's."""
    service = case.action.partition(":")[0] + ":"
    asked = case.request.action
    same = [action for action in statement.actions if action.lower().startswith(service)]
    for action in statement.actions:
        if action.lower() in CHECKED_AS and case.action in map(str.lower, CHECKED_AS[action.lower()]):
            return "action_checked_as", _ACTION_CHECKED_AS, {"listed": action, "action": asked}
        if skeleton(action) != action and glob_matches(skeleton(action).lower(), case.action):
            values = {"listed": action, "action": asked, "characters": odd_characters(action)}
            return "action_look_alike", _ACTION_LOOK_ALIKE, values
    if statement.negated_actions:
        return "action_excepted", _ACTION_EXCEPTED, {"action": asked}
    if not same:
        return None
    return "action", _ACTION, {"action": asked, "resource": case.request.resource}


def _resource(case: Case, statement: Statement) -> Lack:
    asked = case.resource
    patterns = [canonical_arn(pattern) for pattern in statement.resources]
    values = {"resource": case.request.resource, "action": case.request.action}
    for pattern in patterns:
        plain = skeleton(pattern)
        if plain != pattern and covers(plain, asked):
            return (
                "resource_look_alike",
                _LOOK_ALIKE,
                {**values, "listed": pattern, "characters": odd_characters(pattern)},
            )
        if skeleton(asked) != asked and covers(pattern, skeleton(asked)):
            marks = odd_characters(asked)
            return (
                "resource_look_alike",
                _LOOK_ALIKE_ASKED,
                {**values, "listed": pattern, "characters": marks},
            )
    return (
        _form(asked, patterns, values) or _segment(asked, patterns, values) or _other(asked, patterns, values)
    )


def _form(asked: str, patterns: Sequence[str], values: dict[str, str]) -> Lack | None:
    """Only the bucket, or only its objects, are listed."""
    if not asked.startswith("acs:oss:"):
        return None
    head, _, tail = asked.rpartition(":")
    bucket, slash, _ = tail.partition("/")
    for pattern in patterns:
        if slash and covers(pattern, f"{head}:{bucket}"):
            missing = f"acs:oss:*:*:{bucket}/*"
            return "object_form", _OBJECT_FORM, {**values, "listed": pattern, "missing": missing}
        if not slash and covers(pattern, f"{head}:{bucket}/"):
            missing = f"acs:oss:*:*:{bucket}"
            return "bucket_form", _BUCKET_FORM, {**values, "listed": pattern, "missing": missing}
    return None


def _segment(asked: str, patterns: Sequence[str], values: dict[str, str]) -> Lack | None:
    """An entry that differs in case, in the account or in the region alone."""
    parts = asked.split(":", 4)
    for pattern in patterns:
        if covers(pattern.lower(), asked.lower()):
            return "resource_case", _CASE, {**values, "listed": pattern}
        named = pattern.split(":", 4)
        if len(parts) < 5 or len(named) < 5:
            continue
        if parts[3] != "*" and covers(pattern, ":".join((*parts[:3], named[3], parts[4]))):
            return "resource_account", _ACCOUNT, {**values, "listed": pattern, "owner": parts[3]}
        if covers(pattern, ":".join((*parts[:2], named[2], *parts[3:]))):
            return "resource_region", _REGION, {**values, "listed": pattern}
    return None


def _other(asked: str, patterns: Sequence[str], values: dict[str, str]) -> Lack:
    """Nothing like it is listed; name the entry that is spelt most like it."""
    import difflib

    nearest = difflib.get_close_matches(asked[:256], [each[:256] for each in patterns[:200]], n=1, cutoff=0.0)
    listed = nearest[0] if nearest else ""
    bucket = asked.rpartition(":")[2].partition("/")[0]
    if not asked.startswith("acs:oss:") or not bucket:
        return "resource", _RESOURCE, {**values, "nearest": listed}
    if any(f":{bucket}/" in pattern for pattern in patterns):
        inside = next(pattern for pattern in patterns if f":{bucket}/" in pattern)
        return "resource_path", _PATH, {**values, "bucket": bucket, "listed": inside}
    return "resource_bucket", _BUCKET, {**values, "bucket": bucket, "nearest": listed}


_RANKS = (
    "resource_look_alike",
    "action_look_alike",
    "object_form",
    "bucket_form",
    "action_checked_as",
    "resource_case",
    "resource_account",
    "resource_region",
    "resource_path",
    "condition_unknown",
    "condition_absent",
    "condition",
    "principal",
    "resource_bucket",
    "resource",
    "action_excepted",
    "action",
)

_LOOK_ALIKE = text(
    "Statement {statement} of policy {policy} would allow it, but the entry {listed} holds a "
    "character that only looks right ({characters}). Type the name again."
)
_LOOK_ALIKE_ASKED = text(
    "Statement {statement} of policy {policy} covers {listed}, but the name that was asked "
    "for holds a character that only looks the same ({characters}). Type the name again where"
    " the job is configured."
)
_ACTION_LOOK_ALIKE = text(
    "Statement {statement} of policy {policy} lists {listed}, which looks like {action} but "
    "holds another character ({characters}). Type the name again."
)
_OBJECT_FORM = text(
    "Statement {statement} of policy {policy} lists the bucket itself ({listed}) but not the "
    "objects in it. Add {missing}."
)
_BUCKET_FORM = text(
    "Statement {statement} of policy {policy} lists the objects ({listed}) but not the bucket"
    " itself, on which {action} is checked. Add {missing}."
)
_ACTION_CHECKED_AS = text(
    "Statement {statement} of policy {policy} lists {listed}, a name that is never checked: "
    "the call is checked as {action}. List that."
)
_CASE = text(
    "Statement {statement} of policy {policy} lists {listed}, which differs from {resource} "
    "only in upper and lower case. Names of resources are case-sensitive."
)
_ACCOUNT = text(
    "Statement {statement} of policy {policy} lists {listed}, but the resource belongs to account {owner}."
)
_REGION = text(
    "Statement {statement} of policy {policy} lists {listed}, but the resource is in another "
    "region ({resource})."
)
_PATH = text(
    "Statement {statement} of policy {policy} covers other paths of bucket {bucket} "
    "({listed}) but not {resource}."
)
_BUCKET = text(
    "Statement {statement} of policy {policy} lists {action}, but bucket {bucket} is not in "
    "its Resource. The nearest entry is {nearest}."
)
_RESOURCE = text(
    "Statement {statement} of policy {policy} lists {action}, but {resource} is not in its "
    "Resource. The nearest entry is {nearest}."
)
_CONDITION = text(
    "Statement {statement} of policy {policy} would allow it, but its condition is not met: "
    "{operator} {key} asks for {values}, the request has {given}."
)
_CONDITION_ABSENT = text(
    "Statement {statement} of policy {policy} would allow it, but its condition is not met: "
    "{operator} {key} asks for {values}, and the request carries no {key}."
)
_RULES_OUT = text(
    "Statement {statement} of policy {policy} would allow it, but its condition is not met: "
    "{operator} {key} rules out {values}, and the request has {given}."
)
_CONDITION_UNKNOWN = text(
    "Whether statement {statement} of policy {policy} allows it depends on {key}, which is not "
    "known: {operator} asks for {values}."
)
_RULES_OUT_UNKNOWN = text(
    "Whether statement {statement} of policy {policy} allows it depends on {key}, which is not "
    "known: {operator} rules out {values}."
)
_PRINCIPAL = text(
    "Statement {statement} of policy {policy} would allow it, but its Principal does not name {caller}."
)
_ACTION_EXCEPTED = text(
    "Statement {statement} of policy {policy} allows everything but {action} and others: it "
    "stands in NotAction."
)
_ACTION = text(
    "Statement {statement} of policy {policy} covers {resource}, but {action} is not in its Action."
)
