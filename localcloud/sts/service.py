"""STS: AssumeRole and GetCallerIdentity.

API: https://www.alibabacloud.com/help/en/ram/developer-reference/api-sts-2015-04-01-assumerole
"""

from __future__ import annotations

import json
import re
import secrets
import time
from typing import TYPE_CHECKING, Any

from localcloud.authorize import context_of, denied, identity_sources, matched_policies
from localcloud.errors import CloudError
from localcloud.identity import Caller
from localcloud.openapi import Answer, Invocation, OpenApiService, Operation
from localcloud.sts.state import Session
from rolemend.policy import Request, Source, decide

if TYPE_CHECKING:
    from localcloud.cloud import Cloud
    from localcloud.ram.state import Role

_ROLE_ARN = re.compile(r"acs:ram:\*?:(\d+):role/([A-Za-z0-9.\-]{1,64})")
_SESSION_NAME = re.compile(r"[\w.@\-]{2,64}", re.ASCII)
_EXTERNAL_ID = re.compile(r"[\w+=,.@:/\-]{2,1224}", re.ASCII)
_REMEMBERED = 24 * 60 * 60
MOST_POLICY_CHARACTERS = 2048


class StsService(OpenApiService):
    """A global service that answers the same at every endpoint; single sign-on is not offered."""

    name = "sts"
    event_name = "Sts"
    version = "2015-04-01"

    def table(self) -> tuple[Operation, ...]:
        return (
            Operation("AssumeRole", assume_role, rw="Write"),
            Operation("GetCallerIdentity", get_caller_identity),
        )


def get_caller_identity(invocation: Invocation) -> Answer:
    """Who makes the call; this needs no permission."""
    caller = invocation.caller
    kinds = {"root-account": "Account", "ram-user": "RAMUser", "assumed-role": "AssumedRoleUser"}
    answer: Answer = {
        "IdentityType": kinds[caller.type],
        "AccountId": caller.account,
        "PrincipalId": caller.principal_id,
        "Arn": caller.arn(),
    }
    if caller.type == "ram-user":
        answer["UserId"] = caller.principal_id
    if caller.type == "assumed-role":
        answer["RoleId"] = caller.principal_id.partition(":")[0]
    return answer


def assume_role(invocation: Invocation) -> Answer:
    """A session of a role, if the caller's own policies and the role's trust policy both allow it."""
    cloud, caller = invocation.cloud, invocation.caller
    account, name = _parse_role_arn(invocation.require_text("RoleArn"))
    session_name = invocation.require_text("RoleSessionName")
    if not _SESSION_NAME.fullmatch(session_name):
        raise CloudError(
            "InvalidParameter.RoleSessionName", "The parameter RoleSessionName is wrongly formed.", 400
        )
    if caller.type == "root-account":
        raise CloudError("NoPermission", "Roles may not be assumed by root accounts.", 403)
    owner = cloud.state.accounts.get(account)
    role = owner.ram.roles.get(name.lower()) if owner else None
    if role is None:
        raise CloudError("EntityNotExist.Role", f"The role not exists: acs:ram::{account}:role/{name}", 404)
    seconds = _duration(invocation.number("DurationSeconds", 3600), role)
    _check_trust(invocation, role, account)
    policy = _session_policy(invocation)
    session = open_session(cloud, account, role, session_name, caller.account, seconds, policy)
    return {
        "Credentials": {
            "AccessKeyId": session.access_key_id,
            "AccessKeySecret": session.secret,
            "SecurityToken": session.token,
            "Expiration": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(session.expires)),
        },
        "AssumedRoleUser": {
            "Arn": f"acs:ram::{account}:role/{role.name.lower()}/{session_name}",
            "AssumedRoleId": f"{role.id}:{session_name}",
        },
    }


def _parse_role_arn(arn: str) -> tuple[str, str]:
    match = _ROLE_ARN.fullmatch(arn)
    if match is None:
        raise CloudError("InvalidParameter.RoleArn", "The parameter RoleArn is wrongly formed.", 400)
    return match.group(1), match.group(2)


def _duration(seconds: int, role: Role) -> int:
    """Between a quarter of an hour and the role's own MaxSessionDuration."""
    if not 900 <= seconds <= role.max_session_duration:
        longest = f"{role.max_session_duration / 3600:g}hr"
        text = f"The Min/Max value of DurationSeconds is 15min/{longest}."
        raise CloudError("InvalidParameter.DurationSeconds", text, 400)
    return seconds


def _session_policy(invocation: Invocation) -> dict[str, Any] | None:
    """The `Policy` parameter: it narrows the session down to what it allows too."""
    text = str(invocation.flat.get("Policy", ""))
    if not text:
        return None
    if len(text) > MOST_POLICY_CHARACTERS:
        raise CloudError(
            "InvalidParameter.PolicySize", "The size of Policy must be smaller than 2048 bytes.", 400
        )
    try:
        invocation.cloud.shelf.take(text, "session")
        policy: dict[str, Any] = json.loads(text)
    except ValueError as error:
        text = "The parameter Policy has not passed grammar check."
        raise CloudError("InvalidParameter.PolicyGrammar", text, 400) from error
    return policy


def _external_id(invocation: Invocation) -> dict[str, tuple[str, ...]]:
    value = str(invocation.flat.get("ExternalId", ""))
    if not value:
        return {}
    if not _EXTERNAL_ID.fullmatch(value):
        raise CloudError("InvalidParameter.ExternalId", "The parameter ExternalId is wrongly formed.", 400)
    return {"sts:ExternalId": (value,)}


def _check_trust(invocation: Invocation, role: Role, account: str) -> None:
    """Identity and trust policy must both allow.

    Source: https://www.alibabacloud.com/help/en/ram/policy-evaluation-process and its page on assuming roles.
    """
    caller, cloud = invocation.caller, invocation.cloud
    arn = f"acs:ram:*:{account}:role/{role.name.lower()}"
    conditions = context_of(invocation.call, _external_id(invocation))
    request = Request(
        action="sts:AssumeRole", resource=arn, principal=caller.principal(), conditions=conditions
    )
    decision = decide(request, [*identity_sources(cloud, caller), trust_source(cloud, role)])
    if decision.outcome != "allow":
        error = denied(caller, "sts:AssumeRole", arn, decision)
        error.message = "You are not authorized to do this action. You should be authorized by RAM."
        error.conditions, error.matched = conditions, matched_policies(cloud, caller, decision)
        raise error


def trust_source(cloud: Cloud, role: Role) -> Source:
    """A role's trust policy for a decision."""
    return Source(kind="trust", policy=cloud.shelf.take(role.trust_policy, "trust"), name=role.name)


def service_may_assume(cloud: Cloud, role: Role, service: str) -> bool:
    """Whether the role's trust policy lets a cloud service such as `ecs.aliyuncs.com` assume it."""
    caller = Caller(type="system", service=service)
    arn = f"acs:ram:*:*:role/{role.name.lower()}"
    request = Request(action="sts:AssumeRole", resource=arn, principal=caller.principal())
    return decide(request, [trust_source(cloud, role)]).outcome == "allow"


def open_session(
    cloud: Cloud,
    account: str,
    role: Role,
    name: str,
    player: str,
    seconds: float,
    policy: dict[str, Any] | None = None,
) -> Session:
    """Give out temporary credentials that last `seconds`; the caller has checked the right to them."""
    now = cloud.clock()
    session = Session(
        access_key_id="STS.N" + secrets.token_hex(12).upper(),
        secret=secrets.token_urlsafe(33),
        token=secrets.token_urlsafe(96),
        account=account,
        role=role.name,
        role_id=role.id,
        name=name,
        player=player,
        issued=now,
        expires=now + seconds,
        policy=policy,
    )
    _forget_old(cloud.state.sessions, now)
    cloud.state.sessions[session.access_key_id] = session
    return session


def _forget_old(sessions: dict[str, Session], now: float) -> None:
    """Now and then, drop sessions that ended more than a day ago; until then they are refused as expired."""
    if len(sessions) % 256 == 255:
        for key in [key for key, session in sessions.items() if session.expires + _REMEMBERED < now]:
            del sessions[key]
