"""Callers that stand for whom a Principal names, so that two policies' principals can be compared."""

from __future__ import annotations

from collections.abc import Iterator

from rolemend.policy.document import Principals
from rolemend.policy.pattern import canonical_arn, has_wildcard
from rolemend.policy.principal import names_in_bucket_policy, trusts
from rolemend.policy.request import Principal

OWNER = "\ue000owner"  # an account of which a document says nothing
_OTHER = "\ue000other"


class UnreadableError(Exception):
    """A name whose meaning no page tells."""


def single_names(principals: Principals | None) -> list[Principals | None]:
    """One `Principals` for each name, or [None] where the policy has no Principal."""
    if principals is None:
        return [None]
    if principals.negated:
        raise UnreadableError
    return [
        *(Principals(ram=(name,)) for name in principals.ram),
        *(Principals(service=(name,)) for name in principals.service),
        *(Principals(federated=(name,)) for name in principals.federated),
        *(Principals(listed=(name,)) for name in principals.listed),
    ]


def callers(name: Principals | None, conditional: bool) -> list[Principal | None]:
    """Callers such that whoever names all of them names everybody that `name` (one name) does.

    Raises UnreadableError for a name that no page explains.
    """
    if name is None:
        return [None]
    if name.listed:
        return list(_bucket_callers(name.listed[0], conditional))
    if name.service:
        return [Principal("service", service=_plain(name.service[0]))]
    if name.federated:
        return [Principal("federated", provider=_plain(name.federated[0]))]
    return list(_trusted_callers(canonical_arn(_plain(name.ram[0]))))


def includes(principals: Principals | None, caller: Principal | None, conditional: bool) -> bool | None:
    """Whether the Principal of a statement covers one of `callers`."""
    if principals is None or caller is None:
        return True
    if principals.listed:
        return names_in_bucket_policy(principals, caller, OWNER, conditional)
    return trusts(principals, caller)


def _plain(name: str) -> str:
    if has_wildcard(name) and not name.startswith("acs:ram:*:"):
        raise UnreadableError
    return name


def _trusted_callers(arn: str) -> Iterator[Principal]:
    *_, account, own = arn.split(":", 4) if arn.count(":") >= 4 else ("", "", "")
    kind, _, name = own.partition("/")
    if not arn.startswith("acs:ram:*:") or has_wildcard(account + own):
        raise UnreadableError
    if own == "root":
        yield Principal("ram_user", account, name=_OTHER)
        yield Principal("assumed_role", account, role=_OTHER, session=_OTHER)
    elif kind == "user" and name:
        yield Principal("ram_user", account, name=name)
    elif kind == "role" and name:
        yield Principal("assumed_role", account, role=name, session=_OTHER)
    else:
        raise UnreadableError


def _bucket_callers(name: str, conditional: bool) -> Iterator[Principal]:
    if name == "*":
        yield Principal("anonymous")
        for account in (_OTHER, OWNER) if conditional else (_OTHER,):
            yield Principal("ram_user", account, uid=_OTHER)
            yield Principal("assumed_role", account, role=_OTHER, session=_OTHER)
            yield Principal("root", account)
    elif name.startswith("arn:sts::") and "?" not in name and "/" in name:
        account, _, role = name[9:].partition(":assumed-role/")
        role, _, session = role.replace("*", _OTHER).partition("/")
        yield Principal("assumed_role", account.replace("*", _OTHER), role=role, session=session)
    elif name.isdigit():
        yield Principal("ram_user", _OTHER, uid=name)
        yield Principal("root", name)
    else:
        raise UnreadableError
