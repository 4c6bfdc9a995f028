"""Whether a statement of a trust or bucket policy names the caller.

Trust policies: https://www.alibabacloud.com/help/en/resource-access-management/latest/edit-the-trust-policy-of-a-ram-role
Bucket policies: https://www.alibabacloud.com/help/en/oss/user-guide/oss-bucket-policy/
Answers are True, False, or None: not told by the request, or not documented.
"""

from __future__ import annotations

from collections.abc import Iterable

from rolemend.policy.document import Principals
from rolemend.policy.pattern import canonical_arn, glob_matches, has_wildcard
from rolemend.policy.request import Principal

RAM_CALLERS = ("ram_user", "assumed_role")


def any_of(answers: Iterable[bool | None]) -> bool | None:
    """True if any is True, else None if any is None, else False."""
    found: bool | None = False
    for answer in answers:
        if answer:
            return True
        if answer is None:
            found = None
    return found


def trusts(principals: Principals, caller: Principal) -> bool | None:
    """Whether the Principal of a trust policy names `caller`."""
    if principals.negated:
        return None
    if caller.type == "service":
        return any_of(_same(name, caller.service) for name in principals.service)
    if caller.type == "federated":
        provider = canonical_arn(caller.provider)
        return any_of(_same(canonical_arn(name), provider) for name in principals.federated)
    if caller.type in RAM_CALLERS:
        return any_of(_trusts_arn(canonical_arn(name), caller) for name in principals.ram)
    return False


def _same(name: str, own: str) -> bool | None:
    """Equality; a wildcard in a Principal is documented nowhere."""
    if name == own:
        return True
    return None if has_wildcard(name) and glob_matches(name, own) else False


def _trusts_arn(name: str, caller: Principal) -> bool | None:
    account = f"acs:ram:*:{caller.account}:"
    # `root` trusts every RAM user and RAM role of the account.
    whole = _same(name, account + "root")
    if whole:
        return True
    kind, own = ("user/", caller.name) if caller.type == "ram_user" else ("role/", caller.role)
    if not own:
        return None if name.startswith(account + kind) or whole is None else False
    return any_of((whole, _same(name, account + kind + own)))


def names_in_bucket_policy(
    principals: Principals, caller: Principal, owner: str, conditional: bool
) -> bool | None:
    """Whether the Principal of a bucket-policy statement covers `caller`.

    `owner` is the account that owns the bucket; `conditional`: the statement has conditions.
    """
    if principals.negated:
        return None
    return any_of(_covers(name, caller, owner, conditional) for name in principals.listed)


def _covers(name: str, caller: Principal, owner: str, conditional: bool) -> bool | None:
    if name == "*":
        return _everybody(caller, owner, conditional)
    if name.startswith("arn:sts::"):
        return _session(name, caller)
    if name.startswith("acs:ram:"):
        # Misuse of a RAM ARN; no page says what OSS makes of it.
        return None if caller.type in RAM_CALLERS and _trusts_arn(canonical_arn(name), caller) else False
    if caller.type == "root":
        return _same(name, caller.account)
    if caller.type not in RAM_CALLERS:
        return False
    if name == caller.account:
        return None  # whether an account's id stands for its users too is not said
    if caller.type == "assumed_role":
        return None if name == caller.uid else False  # a role's own id is no documented form
    if not caller.uid:
        return None if name.isdigit() else False
    return _same(name, caller.uid)


def _everybody(caller: Principal, owner: str, conditional: bool) -> bool | None:
    """`*` without a Condition spares the bucket owner, with one it affects everybody.

    Whether RAM users and roles of the owner's account count as the owner is not said.
    """
    if conditional or caller.type not in (*RAM_CALLERS, "root") or caller.account != owner:
        return True
    return False if caller.type == "root" else None


def _session(name: str, caller: Principal) -> bool | None:
    """`arn:sts::<uid>:assumed-role/<role>/<session>`, case-sensitive, wildcards allowed."""
    if caller.type != "assumed_role":
        return False
    role = f"arn:sts::{caller.account}:assumed-role/{caller.role}"
    if glob_matches(name, f"{role}/{caller.session}"):
        return True
    untold = not caller.session and glob_matches(name.rpartition("/")[0], role)
    return None if untold else False
