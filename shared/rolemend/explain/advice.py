"""What to do about an answer: what happened, the fix in four forms, its risk, and the command that verifies it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rolemend.fix.guidance import Guidance as Advice
from rolemend.fix.guidance import guidance, plain, say

if TYPE_CHECKING:
    from rolemend.explain.answer import Answer
    from rolemend.fix.names import Names

__all__ = ["Advice", "advise", "plain", "say"]

_ROLE_ARN = re.compile(r"acs:ram:\*?:(?:[0-9]{5,20}|\*):role/([A-Za-z0-9][A-Za-z0-9.\-_]{0,63})", re.ASCII)


def advise(answer: Answer) -> tuple[Advice, ...]:
    """The advice that an answer calls for."""
    from rolemend.fix.causes.rights import some_deny
    from rolemend.fix.causes.roles import look_at_role
    from rolemend.fix.causes.table import fix_for
    from rolemend.fix.own import changes_own_role, is_own_role

    fix = fix_for(answer.kind, answer.cause)
    if fix is None:
        return ()
    names = names_of(answer)
    case = fix(names)
    if is_own_role(names.role) or changes_own_role(case.fix):
        case = some_deny(names) if answer.kind == "oss_denied" else look_at_role(names)
    return (
        guidance(
            case.forms(),
            case.what,
            faq=case.faq,
            evidence=answer.because,
            verify=case.verify,
            source=answer.source,
        ),
    )


def names_of(answer: Answer) -> Names:
    """The names of an answer, each proved to be one."""
    from rolemend.fix.names import names_from

    principal = answer.principal or ""
    named = _ROLE_ARN.fullmatch(answer.resource or "")
    by_user = bool(principal) and not answer.by_role
    caller = principal.partition(":")[0] if answer.by_role else ""
    return names_from(
        bucket=answer.bucket,
        role=named[1] if named else caller,
        caller_role=caller,
        user=principal if by_user and not principal.isdigit() else "",
        by_user=by_user,
        action=answer.action,
        resource=answer.resource,
        region=answer.region,
        endpoint=answer.endpoint,
        right_endpoint=answer.right_endpoint,
        service=answer.service or "",
        ec=answer.ec or "",
        who=principal,
        kind=answer.kind,
    )
