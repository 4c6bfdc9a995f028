"""Which accounts and regions are audited, from a TOML file: the members of a resource directory, each by its role.

https://www.alibabacloud.com/help/en/resource-management/resource-directory/user-guide/access-the-member
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from rolemend.errors import SettingsError
from rolemend.naming import is_region

ACCESS_ROLE = "ResourceDirectoryAccountAccessRole"
"""The role that a resource directory makes in each member, for its management account."""

_ACCOUNT = re.compile(r"[0-9]{5,30}", re.ASCII)
_ROLE = re.compile(r"[A-Za-z0-9.\-]{1,64}", re.ASCII)


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """An account to be audited; `role` is assumed in it, "" for one's own. `regions` are those of its clusters."""

    id: str
    role: str = ""
    regions: tuple[str, ...] = ()


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One account in one region: what one invocation audits. `whole` as in `Scope`."""

    account: str
    region: str
    role: str = ""
    whole: bool = True

    @property
    def name(self) -> str:
        return f"{self.account}-{self.region}"


class _File(msgspec.Struct, forbid_unknown_fields=True):
    role: str = ACCESS_ROLE
    regions: tuple[str, ...] = ()
    accounts: tuple[_Listed, ...] = ()


class _Listed(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    role: str = ""
    regions: tuple[str, ...] = ()


def parse_accounts(data: bytes, own: str, regions: tuple[str, ...]) -> tuple[Member, ...]:
    """The accounts of a file, one's `own` with its `regions` before all. Raises SettingsError with every mistake."""
    try:
        given = msgspec.convert(_toml(data), _File)
    except (ValueError, msgspec.MsgspecError) as error:
        raise SettingsError([f"accounts file: {error}"]) from error
    members = [Member(id=own, regions=given.regions or regions)]
    for each in given.accounts:
        if each.id == own:
            members[0] = Member(id=own, regions=each.regions or members[0].regions)
            continue
        role = each.role or given.role
        members.append(Member(id=each.id, role=role, regions=each.regions or given.regions or regions))
    problems = [problem for member in members for problem in _problems(member)]
    if problems:
        raise SettingsError([f"accounts file: {problem}" for problem in problems])
    return tuple({member.id: member for member in members}.values())


def _problems(member: Member) -> list[str]:
    found = [] if _ACCOUNT.fullmatch(member.id) else [f"{member.id[:40]!r} is no account id"]
    if member.role and not _ROLE.fullmatch(member.role):
        found.append(f"{member.role[:80]!r} is no name of a role")
    return found + [f"{each[:40]!r} is no region" for each in member.regions if not is_region(each)]


def _toml(data: bytes) -> Any:
    import sys

    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return tomllib.loads(data.decode())


def parts_of(members: tuple[Member, ...]) -> tuple[Part, ...]:
    """One part for each account and region; the first region of an account answers for what no region has."""
    return tuple(
        Part(account=member.id, region=region, role=member.role, whole=not number)
        for member in members
        for number, region in enumerate(member.regions)
    )
