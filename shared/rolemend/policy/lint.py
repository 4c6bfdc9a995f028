"""Mistakes in a policy document that RAM accepts, or refuses only when it is too late.

What is never checked, can never match or changes nothing is found exactly, with `comparison` and `satisfy`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from rolemend.policy.actions import CHECKED_AS, ON_OBJECTS, ON_SERVICE
from rolemend.policy.comparison import difference
from rolemend.policy.condition import Condition
from rolemend.policy.document import Policy, PolicyError, Statement
from rolemend.policy.edit import Document
from rolemend.policy.grammar import nearest_name, repeated_names
from rolemend.policy.inclusion import Budget, BudgetError
from rolemend.policy.limits import TooLongError, check_size
from rolemend.policy.lookalike import odd_characters, skeleton
from rolemend.policy.oss_names import KNOWN
from rolemend.policy.parse import parse_policy
from rolemend.policy.pattern import compile_glob, has_variable, has_wildcard
from rolemend.policy.satisfy import escape_exists
from rolemend.text import Text, text

_MOST_COMPARED = 200  # statements; the size limit leaves room for about a hundred


class Mistake(msgspec.Struct, frozen=True):
    """One finding: `path` inside the document, `code` of the kind of mistake, `text` for a person.

    `refused`: RAM or OSS would not accept the document.
    """

    path: str
    code: str
    text: Text
    refused: bool = False


def lint(document: Document, kind: str = "identity") -> tuple[Mistake, ...]:
    """All mistakes of a document of `kind`, in reading order. A document that cannot be read has one."""
    try:
        policy = parse_policy(document, kind)
    except PolicyError as error:
        words = text("{problem}; expected {expected}", problem=error.message, expected=error.expected)
        return (Mistake(error.path, "refused", words, True),)
    return (*_of_document(document, policy), *_of_statements(policy), *_between_statements(policy))


def without_effect(policy: Policy) -> Iterator[Mistake]:
    """Of the mistakes of a policy that was parsed, those by which a statement, or a part of one, can match nothing.

    Actions that are granted on another form of Resource than theirs are not told here.
    """
    denies = any(statement.denies for statement in policy.statements)
    whole = list(range(len(policy.statements)))
    for number, statement in enumerate(policy.statements):
        path = f"Statement[{number}]"
        plain = all(value.isascii() for _, values in _lists(statement) for value in values)
        if not plain:
            yield from (each for each in _names(statement, path) if each.code == "look_alike")
        (_, actions), (name, resources) = _lists(statement)
        of_oss = (
            all(action.lower().startswith("oss:") for action in actions) and not statement.negated_actions
        )
        for resource in resources:
            found = _resource(resource, of_oss, f"{path}.{name}")
            yield from (each for each in found if each.code == "never_matches")
        if statement.conditions:
            yield from _conditions(statement, path)
        if denies and not statement.denies and len(whole) <= _MOST_COMPARED:
            idle = _idle(policy, number, whole)
            if idle is not None and idle.code == "denied":
                yield idle


def _of_document(document: Document, policy: Policy) -> Iterator[Mistake]:
    try:
        check_size(document, policy.kind)
    except TooLongError as error:
        words = text(_TOO_LONG[error.unit].template, size=error.size, limit=error.limit)
        yield Mistake(error.path, "too_long", words, True)
    if not isinstance(document, dict):
        for name in repeated_names(document):
            yield Mistake(name, "repeated", _REPEATED)


def _of_statements(policy: Policy) -> Iterator[Mistake]:
    for number, statement in enumerate(policy.statements):
        path = f"Statement[{number}]"
        yield from _undocumented(statement, path)
        yield from _names(statement, path)
        yield from _conditions(statement, path)
        yield from _forms(statement, path)
        if policy.kind == "bucket":
            yield from _bucket(statement, path)


def _lists(statement: Statement) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The statement's actions and resources under the names of their elements."""
    return (
        ("NotAction" if statement.negated_actions else "Action", statement.actions),
        ("NotResource" if statement.negated_resources else "Resource", statement.resources),
    )


def _undocumented(statement: Statement, path: str) -> Iterator[Mistake]:
    principals = statement.principals
    if statement.negated_resources:
        yield Mistake(f"{path}.NotResource", "undocumented", _UNDOCUMENTED)
    if principals is not None and principals.negated:
        yield Mistake(f"{path}.NotPrincipal", "undocumented", _UNDOCUMENTED)
    for name, values in _lists(statement):
        if any(has_variable(value) for value in values):
            yield Mistake(f"{path}.{name}", "undocumented", _UNDOCUMENTED)
    for condition in statement.conditions:
        if not condition.documented or any(has_variable(value) for value in condition.values):
            yield Mistake(_place(path, condition), "undocumented", _UNDOCUMENTED)


def _place(path: str, condition: Condition) -> str:
    operator = f"{condition.quantifier}:{condition.operator}".lstrip(":")
    return f"{path}.Condition.{operator}.{condition.key}"


def _names(statement: Statement, path: str) -> Iterator[Mistake]:
    (action_name, actions), (resource_name, resources) = _lists(statement)
    for name, value in (
        *((action_name, each) for each in actions),
        *((resource_name, each) for each in resources),
    ):
        marks = odd_characters(value)
        if marks and skeleton(value) != value:
            words = text(_LOOK_ALIKE.template, value=value, characters=marks)
            yield Mistake(f"{path}.{name}", "look_alike", words)
    for action in actions:
        yield from _action(action, f"{path}.{action_name}")
    of_oss = all(action.lower().startswith("oss:") for action in actions) and not statement.negated_actions
    for resource in resources:
        yield from _resource(resource, of_oss, f"{path}.{resource_name}")


def _action(action: str, path: str) -> Iterator[Mistake]:
    """A name of OSS under which nothing is ever checked."""
    name = action.lower()
    checked = CHECKED_AS.get(name)
    if checked:
        words = text(_NEVER_CHECKED.template, listed=action, checked=", ".join(checked))
        yield Mistake(path, "never_checked", words)
    elif name.startswith("oss:") and not has_variable(name) and not any(map(compile_glob(name), KNOWN)):
        near = None if has_wildcard(name) else nearest_name(action, KNOWN.values())
        words = text(_UNKNOWN_ACTION.template, listed=action)
        if near is not None:
            words = text(_MISSPELT_ACTION.template, listed=action, near=near)
        yield Mistake(path, "unknown_action", words)


def _resource(resource: str, of_oss: bool, path: str) -> Iterator[Mistake]:
    """What is no ARN, or no ARN of OSS beside actions of OSS alone, or names a region of OSS."""
    start = resource.partition("*")[0].partition("?")[0]
    start = start.partition("${")[0]
    for wanted, words in (("acs:", _NO_ARN), ("acs:oss:", _NOT_OSS)):
        if not (start.startswith(wanted) or wanted.startswith(start)) and (of_oss or wanted == "acs:"):
            yield Mistake(path, "never_matches", text(words.template, resource=resource))
            return
    parts = resource.split(":", 4)
    if len(parts) == 5 and parts[1] == "oss" and parts[2] not in ("*", "") and not has_wildcard(parts[2]):
        yield Mistake(path, "oss_region", text(_REGION.template, resource=resource))


def _conditions(statement: Statement, path: str) -> Iterator[Mistake]:
    for condition in statement.conditions:
        exact = condition.positive in ("StringEquals", "StringEqualsIgnoreCase")
        wild = [value for value in condition.values if exact and "*" in value]
        if wild:
            instead = condition.operator.replace("EqualsIgnoreCase", "Like").replace("Equals", "Like")
            words = text(_WILDCARD.template, operator=condition.operator, value=wild[0], instead=instead)
            yield Mistake(_place(path, condition), "equals_wildcard", words)
    try:
        possible = escape_exists(statement.conditions, (), Budget(2_000))
    except BudgetError:
        return
    if possible is False:
        yield Mistake(f"{path}.Condition", "never_matches", _CONTRADICTION)


def _forms(statement: Statement, path: str) -> Iterator[Mistake]:
    """OSS actions on a form of resource on which they are never checked."""
    if statement.negated_actions or statement.negated_resources or not statement.resources:
        return
    actions = [action for action in statement.actions if action.lower().startswith("oss:")]
    idle = [action for action in actions if not _may_be_checked(action, statement.resources)]
    if idle and len(idle) == len(statement.actions):
        yield Mistake(f"{path}.Resource", "never_matches", text(_FORMS_ALL.template, actions=", ".join(idle)))
    elif idle:
        yield Mistake(f"{path}.Resource", "idle_action", text(_FORMS.template, actions=", ".join(idle)))


def _may_be_checked(action: str, resources: tuple[str, ...]) -> bool:
    name = action.lower()
    if name not in KNOWN or name in ON_SERVICE:
        return True  # a pattern, or a name of which something else is said
    tails = [resource.split(":", 4)[-1] for resource in resources]
    if name in ON_OBJECTS:
        return any("/" in tail or has_wildcard(tail) for tail in tails)
    return any("/" not in tail or has_wildcard(tail.partition("/")[0]) for tail in tails)


def _bucket(statement: Statement, path: str) -> Iterator[Mistake]:
    """https://www.alibabacloud.com/help/en/oss/user-guide/oss-bucket-policy/"""
    for name in statement.principals.listed if statement.principals else ():
        if name.startswith("acs:ram:"):
            yield Mistake(f"{path}.Principal", "ram_arn", text(_RAM_ARN.template, name=name))
    # EC 0030-00000007: https://help.aliyun.com/zh/oss/support/0030-00000007
    if any("**" in resource for resource in statement.resources):
        yield Mistake(f"{path}.Resource", "two_stars", _TWO_STARS, True)
    for condition in statement.conditions:
        if any("**" in value for value in condition.values):
            yield Mistake(_place(path, condition), "two_stars", _TWO_STARS, True)
    keys = {condition.key.lower() for condition in statement.conditions}
    if "acs:sourceip" in keys and "acs:sourcevpc" not in keys:
        yield Mistake(f"{path}.Condition", "source_ip_alone", _SOURCE_IP, True)


def _between_statements(policy: Policy) -> Iterator[Mistake]:
    """Statements that change nothing. Of two that say the same the later one is told."""
    kept = list(range(len(policy.statements)))
    found: list[Mistake] = []
    if len(kept) > _MOST_COMPARED:
        yield Mistake("Statement", "not_compared", text(_NOT_COMPARED.template, most=_MOST_COMPARED))
        return
    for number in reversed(range(len(kept))):
        mistake = _idle(policy, number, kept)
        if mistake is not None:
            found.append(mistake)
            if mistake.code != "denied":  # without it the Deny would look dead
                kept.remove(number)
    yield from reversed(found)


def _idle(policy: Policy, number: int, kept: Sequence[int]) -> Mistake | None:
    """Whether a statement changes nothing, when of the others those in `kept` stay."""
    statement, path = policy.statements[number], f"Statement[{number}]"
    same = next((n for n in range(number) if policy.statements[n] == statement), None)
    if same is not None:
        return Mistake(path, "duplicate", text(_DUPLICATE.template, other=same))
    full, rest = (
        msgspec.structs.replace(policy, statements=tuple(policy.statements[n] for n in numbers))
        for numbers in (kept, [n for n in kept if n != number])
    )
    if not statement.denies:
        if not difference(rest, full).proven_empty:
            return None
        granting = (_without_denials(rest), _without_denials(full))
        if difference(*granting).proven_empty:
            return Mistake(path, "covered", _COVERED)
        return Mistake(path, "denied", _DENIED)
    allows = any(not each.denies for each in policy.statements)
    return Mistake(path, "dead_deny", _DEAD_DENY) if allows and difference(full, rest).proven_empty else None


def _without_denials(policy: Policy) -> Policy:
    allows = tuple(each for each in policy.statements if not each.denies)
    return msgspec.structs.replace(policy, statements=allows)


_TOO_LONG = {
    "characters": text("This has {size} characters; at most {limit} are accepted."),
    "bytes": text("This has {size} bytes; at most {limit} are accepted."),
}
_REPEATED = text("This name stands twice in one object; which of the two counts is not documented.")
_UNDOCUMENTED = text("No page documents what this does, so nobody can say what the statement covers.")
_LOOK_ALIKE = text("{value} holds a character that only looks right: {characters}.")
_NEVER_CHECKED = text("{listed} is a name that is never checked; the call is checked as {checked}.")
_UNKNOWN_ACTION = text("{listed}: the documentation of OSS lists no such action.")
_MISSPELT_ACTION = text("{listed}: the documentation of OSS lists no such action. Is {near} meant?")
_NO_ARN = text("{resource} is no ARN, so nothing matches it: acs:<service>:<region>:<account>:<resource>.")
_NOT_OSS = text(
    "{resource} is no resource of OSS (acs:oss:*:*:<bucket>/<object>), so actions of OSS never match it."
)
_REGION = text("{resource} names a region; in ARNs of OSS that part is to be written *.")
_WILDCARD = text("{operator} knows no wildcards, so {value} is taken literally. Use {instead}.")
_CONTRADICTION = text("No request can meet these conditions together, so the statement never matches.")
_FORMS_ALL = text(
    "{actions}: no entry of Resource has the form on which they are checked, so nothing matches."
)
_FORMS = text("{actions}: no entry of Resource has the form on which they are checked.")
_RAM_ARN = text(
    "{name} is the form of a trust policy. A bucket policy names ids, or "
    "arn:sts::<account>:assumed-role/<role>/<session>."
)
_TWO_STARS = text("OSS refuses two stars in a row.")
_SOURCE_IP = text("acs:SourceVpc should be set if acs:SourceIp is set.")
_DUPLICATE = text("The same as statement {other}.")
_DEAD_DENY = text("This Deny takes away nothing that the policy allows.")
_NOT_COMPARED = text("More than {most} statements: whether some change nothing was not looked into.")
_DENIED = text("Deny statements of the policy take away all that this statement allows.")
_COVERED = text("Other statements allow all of this already.")
