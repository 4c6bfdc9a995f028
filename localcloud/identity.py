"""Who makes a call: from an AccessKey id to a caller with the policies that bind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from localcloud.errors import Unauthenticated
from rolemend.policy import Principal

if TYPE_CHECKING:
    from localcloud.state import State


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller. `type` is ActionTrail's word: root-account, ram-user, assumed-role, system, anonymous.

    `principal_id` is the account id, the RAM user's id, or `<role id>:<session>`. `player` is the account that
    assumed the role. `service` is the service's host name for type `system`.
    """

    type: str
    account: str = ""
    principal_id: str = ""
    name: str = ""
    role: str = ""
    session: str = ""
    access_key_id: str = ""
    player: str = ""
    service: str = ""
    session_policy: dict[str, Any] | None = None

    def principal(self) -> Principal:
        """The caller in the policy engine's words."""
        match self.type:
            case "root-account":
                return Principal(type="root", account=self.account)
            case "ram-user":
                return Principal(type="ram_user", account=self.account, uid=self.principal_id, name=self.name)
            case "assumed-role":
                return Principal(
                    type="assumed_role", account=self.account, role=self.role.lower(), session=self.session
                )
            case "system":
                return Principal(type="service", service=self.service)
            case _:
                return Principal(type="anonymous")

    def arn(self) -> str:
        """As GetCallerIdentity prints it."""
        match self.type:
            case "root-account":
                return f"acs:ram::{self.account}:root"
            case "ram-user":
                return f"acs:ram::{self.account}:user/{self.name}"
            case _:
                return f"acs:ram::{self.account}:assumed-role/{self.role.lower()}/{self.session}"


ANONYMOUS = Caller(type="anonymous")


@dataclass(frozen=True, slots=True)
class Credential:
    """The secret that a signature is checked with, and whom it stands for."""

    secret: str
    caller: Caller


def find_credential(state: State, access_key_id: str, token: str, now: float) -> Credential:
    """Look up an AccessKey id, with the security token for `STS.` keys.

    Raises Unauthenticated with RAM's codes; services translate them (OSS says InvalidAccessKeyId, for example).
    """
    session = state.sessions.get(access_key_id)
    if session is not None:
        return _session_credential(session, token, now)
    for account in state.accounts.values():
        key = account.ram.access_keys.get(access_key_id)
        if key is None:
            continue
        if key.status != "Active":
            raise Unauthenticated("InvalidAccessKeyId.Inactive", "Specified access key is disabled.", 403)
        if token:
            raise _other_token()
        if not key.user:
            return Credential(
                key.secret, Caller("root-account", account.id, account.id, "root", access_key_id=key.id)
            )
        user = account.ram.users[key.user.lower()]
        return Credential(
            key.secret, Caller("ram-user", account.id, user.id, user.name, access_key_id=key.id)
        )
    raise Unauthenticated("InvalidAccessKeyId.NotFound", "Specified access key is not found.", 404)


def _other_token() -> Unauthenticated:
    """A token that was not given out with this key; a long-lived key has none."""
    return Unauthenticated(
        "InvalidSecurityToken.MismatchWithAccessKey", "Specified SecurityToken is malformed.", 400
    )


def _session_credential(session: Any, token: str, now: float) -> Credential:
    if not token:
        raise Unauthenticated("MissingSecurityToken", "SecurityToken is mandatory for this action.", 400)
    if token != session.token:
        raise _other_token()
    if now >= session.expires:
        raise Unauthenticated("InvalidSecurityToken.Expired", "Specified SecurityToken is expired.", 400)
    caller = Caller(
        type="assumed-role",
        account=session.account,
        principal_id=f"{session.role_id}:{session.name}",
        name=f"{session.role.lower()}:{session.name}",
        role=session.role,
        session=session.name,
        access_key_id=session.access_key_id,
        player=session.player,
        session_policy=session.policy,
    )
    return Credential(session.secret, caller)
