"""Mistakes in a policy document that RAM accepts, or refuses only when it is too late.

What is never checked, can never match or changes nothing is found exactly, with `comparison` and `satisfy`.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from rolemend.policy.actions import CHECKED_AS, ON_OBJECTS, ON_SERVICE
from rolemend.policy.comparison import difference
from rolemend.policy.document import Policy, PolicyError, Statement
from rolemend.policy.edit import Document
from rolemend.policy.grammar import repeated_names
from rolemend.policy.inclusion import Budget, BudgetError
from rolemend.policy.limits import check_size
from rolemend.policy.lookalike import odd_characters, skeleton
from rolemend.policy.parse import parse_policy
from rolemend.policy.pattern import has_variable, has_wildcard
from rolemend.policy.satisfy import escape_exists
from rolemend.text import Text, text


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


def _of_document(document: Document, policy: Policy) -> Iterator[Mistake]:
    try:
        check_size(document, policy.kind)
    except PolicyError as error:
        yield Mistake(
            "", "too_long", text(_TOO_LONG.template, size=error.message, limit=error.expected), True
        )
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


def _undocumented(statement: Statement, path: str) -> Iterator[Mistake]:
    principals = statement.principals
    if statement.negated_resources:
        yield Mistake(f"{path}.NotResource", "undocumented", _UNDOCUMENTED)
    if principals is not None and principals.negated:
        yield Mistake(f"{path}.NotPrincipal", "undocumented", _UNDOCUMENTED)
    for name, values in (("Action", statement.actions), ("Resource", statement.resources)):
        if any(has_variable(value) for value in values):
            yield Mistake(f"{path}.{name}", "undocumented", _UNDOCUMENTED)
    for condition in statement.conditions:
        if not condition.documented or any(has_variable(value) for value in condition.values):
            yield Mistake(f"{path}.Condition.{condition.operator}", "undocumented", _UNDOCUMENTED)


def _names(statement: Statement, path: str) -> Iterator[Mistake]:
    for name, values in (("Action", statement.actions), ("Resource", statement.resources)):
        for value in values:
            marks = odd_characters(value)
            if marks and skeleton(value) != value:
                words = text(_LOOK_ALIKE.template, value=value, characters=marks)
                yield Mistake(f"{path}.{name}", "look_alike", words)
    for action in statement.actions:
        checked = CHECKED_AS.get(action.lower())
        if checked:
            words = text(_NEVER_CHECKED.template, listed=action, checked=", ".join(checked))
            yield Mistake(f"{path}.Action", "never_checked", words)
    for resource in statement.resources:
        parts = resource.split(":", 4)
        if len(parts) == 5 and parts[1] == "oss" and parts[2] not in ("*", "") and not has_wildcard(parts[2]):
            yield Mistake(f"{path}.Resource", "oss_region", text(_REGION.template, resource=resource))


def _conditions(statement: Statement, path: str) -> Iterator[Mistake]:
    for condition in statement.conditions:
        exact = condition.positive in ("StringEquals", "StringEqualsIgnoreCase")
        wild = [value for value in condition.values if exact and "*" in value]
        if wild:
            instead = condition.operator.replace("EqualsIgnoreCase", "Like").replace("Equals", "Like")
            words = text(_WILDCARD.template, operator=condition.operator, value=wild[0], instead=instead)
            yield Mistake(f"{path}.Condition.{condition.operator}.{condition.key}", "equals_wildcard", words)
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
    if has_wildcard(name) or name in CHECKED_AS or name in ON_SERVICE:
        return True
    tails = [resource.split(":", 4)[-1] for resource in resources]
    if name in ON_OBJECTS:
        return any("/" in tail or has_wildcard(tail) for tail in tails)
    return any("/" not in tail or has_wildcard(tail.partition("/")[0]) for tail in tails)


def _bucket(statement: Statement, path: str) -> Iterator[Mistake]:
    """https://www.alibabacloud.com/help/en/oss/user-guide/oss-bucket-policy/"""
    for name in statement.principals.listed if statement.principals else ():
        if name.startswith("acs:ram:"):
            yield Mistake(f"{path}.Principal", "ram_arn", text(_RAM_ARN.template, name=name))
    for resource in statement.resources:
        if "**" in resource:
            yield Mistake(f"{path}.Resource", "two_stars", _TWO_STARS, True)
    keys = {condition.key.lower() for condition in statement.conditions}
    if "acs:sourceip" in keys and "acs:sourcevpc" not in keys:
        yield Mistake(f"{path}.Condition", "source_ip_alone", _SOURCE_IP, True)


def _between_statements(policy: Policy) -> Iterator[Mistake]:
    allows = any(not statement.denies for statement in policy.statements)
    for number, statement in enumerate(policy.statements):
        path = f"Statement[{number}]"
        same = next((n for n in range(number) if policy.statements[n] == statement), None)
        if same is not None:
            yield Mistake(path, "duplicate", text(_DUPLICATE.template, other=same))
            continue
        rest = tuple(each for each in policy.statements if each is not statement)
        without = msgspec.structs.replace(policy, statements=rest)
        if statement.denies:
            if allows and difference(policy, without).proven_empty:
                yield Mistake(path, "dead_deny", _DEAD_DENY)
        elif difference(without, policy).proven_empty:
            yield Mistake(path, "covered", _COVERED)


_TOO_LONG = text("The document {size}; {limit} are allowed.")
_REPEATED = text("This name stands twice in one object; which of the two counts is not documented.")
_UNDOCUMENTED = text("No page documents what this does, so nobody can say what the statement covers.")
_LOOK_ALIKE = text("{value} holds a character that only looks right: {characters}.")
_NEVER_CHECKED = text("{listed} is a name that is never checked; the call is checked as {checked}.")
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
_COVERED = text("Other statements allow all of this already.")
