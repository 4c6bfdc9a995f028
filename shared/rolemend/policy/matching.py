"""Whether one statement applies to one request: its action, its resource, its principals, its conditions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from rolemend.policy.acl import is_public
from rolemend.policy.context import Context
from rolemend.policy.document import Statement
from rolemend.policy.pattern import canonical_arn, glob_matches, has_variable, variable_as_wildcard
from rolemend.policy.principal import RAM_CALLERS, any_of, names_in_bucket_policy, trusts
from rolemend.policy.request import Principal, Request, Source
from rolemend.policy.scan import covers

Numbered = tuple[int, Source]


class Case(msgspec.Struct, frozen=True):
    """One request with all that bears on it; `owner` owns the resource, "" where the ARN names nobody."""

    request: Request
    action: str
    resource: str
    caller: Principal
    owner: str
    by_kind: Mapping[str, Sequence[Numbered]]
    bucket_acl: str | None
    object_acl: str | None
    blocked: bool

    @property
    def own(self) -> bool:
        """Whether the caller belongs to the account that owns the resource."""
        return not self.owner or self.caller.account == self.owner


def owner_of(resource: str) -> str:
    """The account in an ARN, or "" where it names none."""
    parts = resource.split(":", 4)
    account = parts[3] if len(parts) == 5 else ""
    return "" if account in ("*", "system") else account


def case_of(
    request: Request,
    sources: Sequence[Source],
    bucket_acl: str | None,
    object_acl: str | None,
    blocked: bool,
) -> Case:
    resource = canonical_arn(request.resource)
    owner = owner_of(resource)
    caller = request.principal or Principal("ram_user")
    if not caller.account and caller.type in (*RAM_CALLERS, "root"):
        caller = msgspec.structs.replace(caller, account=owner)
    by_kind: dict[str, list[Numbered]] = {}
    for number, source in enumerate(sources):
        by_kind.setdefault(source.kind, []).append((number, source))
    action = request.action.lower()
    return Case(request, action, resource, caller, owner, by_kind, bucket_acl, object_acl, blocked)


def applies(case: Case, context: Context, kind: str, statement: Statement) -> bool | None:
    """Whether a statement whose Action may cover the request's applies to the request."""
    answers = [covers_resource(statement, case.resource)]
    if statement.odd:
        answers.append(covers_action(statement, case.action))
        answers.append(names_caller(case, kind, statement))
    if False in answers:
        return False
    answers.append(context.holds(statement.conditions))
    if False in answers:
        return False
    return None if None in answers else True


def covers_action(statement: Statement, action: str) -> bool | None:
    covered = any_of(_glob(pattern.lower(), action) for pattern in statement.actions)
    return covered if covered is None else covered is not statement.negated_actions


def covers_resource(statement: Statement, resource: str) -> bool | None:
    if not statement.resources:  # a trust policy speaks of its own role
        return True
    if statement.negated_resources:
        return None
    if not statement.odd:
        return any(covers(pattern, resource) for pattern in statement.resources)
    return any_of(_glob(canonical_arn(pattern), resource) for pattern in statement.resources)


def _glob(pattern: str, text: str) -> bool | None:
    """A match; None where it hangs on what a `${...}` stands for."""
    if has_variable(pattern):
        return None if glob_matches(variable_as_wildcard(pattern), text) else False
    return glob_matches(pattern, text)


def names_caller(case: Case, kind: str, statement: Statement) -> bool | None:
    principals = statement.principals
    if principals is None:
        return True
    if kind == "trust":
        return trusts(principals, case.caller)
    named = names_in_bucket_policy(principals, case.caller, case.owner, bool(statement.conditions))
    if named is False or not case.blocked:
        return named
    public = is_public(statement)
    if public:
        return False
    return None if public is None else named
