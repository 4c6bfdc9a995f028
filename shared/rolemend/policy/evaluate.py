"""The order of evaluation: from a request and the policies around it to a decision.

RAM: https://www.alibabacloud.com/help/en/ram/policy-evaluation-process . OSS:
https://www.alibabacloud.com/help/en/oss/user-guide/authentication . Control policies:
https://help.aliyun.com/en/resource-management/resource-directory/user-guide/control-policy-overview

Each step answers with the set of results that are possible (a bit mask); one bit is a certain result.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from rolemend.policy.acl import BUCKET_ACLS, OBJECT_ACLS, acl_allows
from rolemend.policy.condition import Atom
from rolemend.policy.context import Context, is_possible, next_question
from rolemend.policy.matching import Case, Numbered, applies, case_of, owner_of
from rolemend.policy.principal import RAM_CALLERS
from rolemend.policy.request import DecidedBy, Decision, Principal, Reason, Request, Source
from rolemend.policy.scan import ASSUME_ROLE, NONE, UnsureError
from rolemend.policy.scan import DENY as DENY_RANK

ALLOW, DENY, IMPLICIT = 1, 2, 4
_OUTCOME = {ALLOW: "allow", DENY: "explicit_deny", IMPLICIT: "implicit_deny"}
SERVICE_LINKED = "aliyunservicerolefor"  # role names are given in lower case in ARNs
ACCOUNT_LEVEL, GROUP_LEVEL = "AccountLevelIdentityBasedPolicy", "ResourceGroupLevelIdentityBasedPolicy"
_EVALUATIONS = 256  # how often one decision may be repeated under assumed answers


class Result(msgspec.Struct, frozen=True):
    """What a step may come to: `mask` of possible results, and what decided a certain one."""

    mask: int
    layer: str = ""
    by: DecidedBy | None = None
    reasons: tuple[Reason, ...] = ()


def decide(
    request: Request,
    sources: Sequence[Source],
    *,
    bucket_acl: str | None = None,
    object_acl: str | None = None,
    block_public_access: bool = False,
) -> Decision:
    """Decide `request` under `sources`; a kind of policy that is not among them does not exist.

    `bucket_acl` (None: private) and `object_acl` (None: default) may be "unknown" where they could not
    be read. Raises ValueError for another ACL.
    """
    caller = request.principal
    if (
        bucket_acl is not None
        or object_acl is not None
        or request.unknown_conditions
        or not (caller is None or _is_own(caller, request))
    ):
        return _decide_fully(request, sources, bucket_acl, object_acl, block_public_access)
    # Plain identity policies of the owner's own account are looked up; whatever takes more is evaluated.
    action, resource, keys = request.action, request.resource, request.conditions
    best, place, number = NONE, 0, 0
    try:
        for source in sources:
            policy = source.policy
            if source.kind != "identity" or not (policy.plain or not policy.odd):
                return _decide_fully(request, sources, None, None, block_public_access)
            rank = policy.find(action, resource, keys)
            if rank != NONE and (best == NONE or rank < 0 <= best):
                best, place = rank, number
            number += 1
    except UnsureError:
        return _decide_fully(request, sources, None, None, block_public_access)
    if best == NONE:
        return Decision("implicit_deny", None, (Reason("nothing_allows"),), ACCOUNT_LEVEL)
    name = sources[place].name
    label = place if name is None else name
    outcome, code = "allow", "allowed_by"
    if best < 0:
        outcome, code, best = "explicit_deny", "denied_by", best - DENY_RANK
    by, reason = DecidedBy("identity", label, best), Reason(code, "identity", label, best)
    return Decision(outcome, by, (reason,), ACCOUNT_LEVEL)


def _is_own(caller: Principal, request: Request) -> bool:
    """Whether the caller is a RAM user or role of the account that owns the resource."""
    return caller.type in RAM_CALLERS and owner_of(request.resource) == caller.account


def _decide_fully(
    request: Request,
    sources: Sequence[Source],
    bucket_acl: str | None,
    object_acl: str | None,
    blocked: bool,
) -> Decision:
    """The whole order of evaluation, repeated under assumed answers where a key is unknown."""
    if (bucket_acl or "private") not in BUCKET_ACLS or (object_acl or "default") not in OBJECT_ACLS:
        raise ValueError(f"unknown ACL: {bucket_acl}, {object_acl}")
    case = case_of(request, sources, bucket_acl, object_acl, blocked)
    result, keys = _resolve(case, {}, [_EVALUATIONS])
    outcome = _OUTCOME.get(result.mask, "unknown")
    if outcome != "unknown":
        return Decision(outcome, result.by, result.reasons, result.layer)
    names = {key.lower(): key for key in request.unknown_conditions}
    return Decision(outcome, None, result.reasons, result.layer, tuple(sorted(names[key] for key in keys)))


def _reason(code: str, by: DecidedBy) -> Reason:
    return Reason(code, by.kind, by.policy, by.statement)


def _resolve(case: Case, assumed: dict[Atom, bool], left: list[int]) -> tuple[Result, set[str]]:
    """The result under `assumed` answers, and the unknown keys that would decide it."""
    left[0] -= 1
    context = Context(case.request, assumed)
    result = _evaluate(case, context)
    if result.mask in _OUTCOME or not context.open:
        return result, set()
    if left[0] < 2:
        return result, {atom.key for atom in context.open}
    question = next_question(context.open)
    branches = [{**assumed, question: answer} for answer in (True, False)]
    answers = [_resolve(case, branch, left) for branch in branches if is_possible(branch)]
    first, keys = answers[0]
    if len(answers) == 1:
        return first, keys
    other, more = answers[1]
    keys |= more
    if first.mask == other.mask:
        return first, keys
    keys.add(question.key)
    return Result(first.mask | other.mask, result.layer, None, result.reasons), keys


def _evaluate(case: Case, context: Context) -> Result:
    """The steps in their order; a gate that cannot allow ends the evaluation."""
    mask, unsure = 0, None
    for gate in _gates(case, context):
        if not gate.mask & ALLOW:
            return Result(mask | gate.mask, gate.layer, gate.by, gate.reasons)
        if gate.mask != ALLOW:
            unsure = unsure or gate
        mask |= gate.mask & ~ALLOW
    last = _rights(case, context)
    if unsure is not None and (mask | last.mask) not in _OUTCOME:
        return Result(mask | last.mask, unsure.layer, None, unsure.reasons)
    return Result(mask | last.mask, last.layer, last.by, last.reasons)


def _gates(case: Case, context: Context) -> Iterator[Result]:
    """Control policies from the account's level up to the root, then the session policy."""
    control = case.by_kind.get("control", ())
    caller = case.caller
    bound = caller.type in (*RAM_CALLERS, "federated") and not caller.role.lower().startswith(SERVICE_LINKED)
    if bound:
        for level in sorted({source.level or 0 for _, source in control}):
            here = [each for each in control if (each[1].level or 0) == level]
            result = _judge(case, context, here, "ControlPolicy")
            if caller.type == "federated":  # whether single sign-on is bound by control policies is not said
                result = Result(result.mask | ALLOW, result.layer, result.by, result.reasons)
            yield result
    session = case.by_kind.get("session")
    if session:
        yield _judge(case, context, session, "SessionPolicy")


def _rights(case: Case, context: Context) -> Result:
    """The step behind the gates: who grants the right."""
    if case.action in ASSUME_ROLE:
        return _assume_role(case, context)
    if case.action.startswith("oss:"):
        return _oss(case, context)
    if case.caller.type == "root" and case.own:
        return Result(ALLOW, "Owner", None, (Reason("owner"),))
    identity = _identity(case, context)
    if not case.own and identity.mask & ALLOW:
        # Only OSS documents what an identity policy is worth on another account's resource.
        reasons = (*identity.reasons, Reason("cross_account"))
        return Result(identity.mask | IMPLICIT, identity.layer, None, reasons)
    return identity


def _identity(case: Case, context: Context) -> Result:
    """Account level; only an implicit denial there goes on to the resource group."""
    if case.caller.type not in RAM_CALLERS:
        return Result(IMPLICIT, ACCOUNT_LEVEL, None, (Reason("nothing_allows"),))
    account = _judge(case, context, case.by_kind.get("identity", ()), ACCOUNT_LEVEL)
    groups = case.by_kind.get("resource_group", ())
    if not groups or not account.mask & IMPLICIT:
        return account
    group = _judge(case, context, groups, GROUP_LEVEL)
    mask = account.mask & ~IMPLICIT | group.mask
    return Result(mask, GROUP_LEVEL, group.by, group.reasons)


def _assume_role(case: Case, context: Context) -> Result:
    """AssumeRole takes the caller's identity policies and the role's trust policy; services only trust.

    github.com/AlibabaCloudDocs/ram `Policy evaluation process of assuming a RAM role.md`
    """
    if case.caller.type in ("root", "anonymous"):
        # "Roles may not be assumed by root accounts.": https://www.alibabacloud.com/help/doc-detail/42775.htm
        code = "root_cannot_assume" if case.caller.type == "root" else "nothing_allows"
        return Result(IMPLICIT, "AssumeRolePolicy", None, (Reason(code),))
    trust = _trust(case, context)
    if case.caller.type not in RAM_CALLERS:
        return trust
    identity = _identity(case, context)
    mask = _combine(identity.mask, trust.mask, need_both=True)
    if mask == ALLOW:
        return trust
    decisive = identity if identity.mask & ~ALLOW == mask else trust
    if mask == DENY:
        decisive = identity if identity.mask == DENY else trust
    return Result(mask, decisive.layer, decisive.by, decisive.reasons)


def _trust(case: Case, context: Context) -> Result:
    """The role's trust policy, which says sts:AssumeRole for single sign-on too.

    Whether one that says sts:AssumeRoleWithSAML or ...WithOIDC means anything is not documented.
    """
    sources = case.by_kind.get("trust", ())
    assuming = msgspec.structs.replace(case, action=ASSUME_ROLE[0])
    trust = _judge(assuming, context, sources, "AssumeRolePolicy")
    if case.action != ASSUME_ROLE[0] and trust.mask != DENY:
        literally = _judge(case, context, sources, "AssumeRolePolicy")
        if literally.mask & ~trust.mask & ~IMPLICIT:
            return Result(trust.mask | literally.mask, trust.layer, None, _unsure(trust, literally))
    return trust


def _unsure(trust: Result, literally: Result) -> tuple[Reason, ...]:
    by = literally.by
    told = literally.reasons if by is None else (_reason("statement_unsure", by),)
    return (*(each for each in trust.reasons if each.code != "nothing_allows"), *told)


def _oss(case: Case, context: Context) -> Result:
    """RAM policies and bucket policy side by side, then the owner's own right, then the ACLs."""
    bucket = _judge(case, context, case.by_kind.get("bucket", ()), "BucketPolicy")
    if case.caller.type == "root" or not case.own:
        # For the account's own key and for callers of other accounts RAM's result is an implicit denial.
        identity = Result(IMPLICIT, ACCOUNT_LEVEL, None, (Reason("nothing_allows"),))
    else:
        identity = _identity(case, context)
    mask = _combine(identity.mask, bucket.mask, need_both=False)
    if not mask & IMPLICIT:
        if mask in (ALLOW, DENY):
            return identity if identity.mask == mask else bucket
        return Result(mask, bucket.layer, None, (*identity.reasons, *bucket.reasons))
    rest = _without_grant(case, identity)
    mask = mask & ~IMPLICIT | rest.mask
    if mask in _OUTCOME:
        return Result(mask, rest.layer, None, rest.reasons)
    return Result(mask, rest.layer, None, (*identity.reasons, *bucket.reasons, *rest.reasons))


def _without_grant(case: Case, identity: Result) -> Result:
    """What is left when no policy says anything: the owner's right and the ACLs."""
    if case.caller.type == "root" and case.own:
        return Result(ALLOW, "Owner", None, (Reason("owner"),))
    allows = _acl(case)
    if allows:
        return Result(ALLOW, "ACL", None, (Reason("acl_allows"),))
    if allows is None:
        return Result(ALLOW | IMPLICIT, "ACL", None, (Reason("acl_unsure"),))
    layer = identity.layer if case.own and case.caller.type in RAM_CALLERS else "ACL"
    reasons = identity.reasons
    if not case.own and case.caller.type in (*RAM_CALLERS, "root"):
        reasons = (*reasons, Reason("other_account"))
    return Result(IMPLICIT, layer, None, (*reasons, *_voided(case)))


def _acl(case: Case) -> bool | None:
    return acl_allows(case.action, "/" in case.resource, case.bucket_acl, case.object_acl, case.blocked)


def _voided(case: Case) -> Iterator[Reason]:
    """What would have allowed it, had Block Public Access not voided it."""
    if not case.blocked:
        return
    public = msgspec.structs.replace(case, blocked=False)
    bucket = _judge(public, Context(case.request, {}), case.by_kind.get("bucket", ()), "BucketPolicy")
    if bucket.mask == ALLOW and bucket.by is not None:
        yield _reason("statement_blocked", bucket.by)
    elif _acl(public):
        yield Reason("acl_blocked")


def _combine(one: int, other: int, need_both: bool) -> int:
    """The possible results of two policies evaluated side by side: any Deny denies."""
    mask = 0
    for first in _bits(one):
        for second in _bits(other):
            if DENY in (first, second):
                mask |= DENY
            elif (first == second == ALLOW) if need_both else ALLOW in (first, second):
                mask |= ALLOW
            else:
                mask |= IMPLICIT
    return mask


def _bits(mask: int) -> Iterator[int]:
    return (bit for bit in (ALLOW, DENY, IMPLICIT) if mask & bit)


def _judge(case: Case, context: Context, sources: Sequence[Numbered], layer: str) -> Result:
    """The basic unit: a Deny that matches, else an Allow that matches, else an implicit denial."""
    denied = allowed = None
    unsure: list[Reason] = []
    mask = 0
    for number, source in sources:
        name = number if source.name is None else source.name
        for place in source.policy.index.numbers(case.action):
            statement = source.policy.statements[place]
            met = applies(case, context, source.kind, statement)
            if met is False:
                continue
            by = DecidedBy(source.kind, name, place)
            if met is None:
                mask |= DENY if statement.denies else ALLOW
                unsure.append(_reason("statement_unsure", by))
            elif statement.denies:
                denied = denied or by
            else:
                allowed = allowed or by
    if denied is not None:
        return Result(DENY, layer, denied, (_reason("denied_by", denied),))
    if allowed is not None:
        mask |= ALLOW
        reason = _reason("allowed_by", allowed)
        return Result(mask, layer, allowed, (reason,) if mask == ALLOW else (*unsure, reason))
    nothing = Reason("nothing_allows", sources[0][1].kind if sources else "")
    return Result(mask | IMPLICIT, layer, None, (*unsure, nothing))
