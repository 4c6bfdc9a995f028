"""Decides every call with the policy engine of Rolemend, over the policies that the account holds."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from localcloud.errors import AccessDenied
from localcloud.ram.diagnostic_message import Diagnostic, MatchedPolicy, encode
from rolemend.policy import Decision, Policy, Request, Source, decide, parse_policy

if TYPE_CHECKING:
    from localcloud.call import Call
    from localcloud.cloud import Cloud
    from localcloud.identity import Caller
    from localcloud.ram.state import Attachment, RamAccount


class PolicyShelf:
    """Compiled policies by their text, so that a call compiles none that was seen before."""

    def __init__(self) -> None:
        self._compiled: dict[tuple[str, str], Policy] = {}

    def take(self, document: str | dict[str, Any], kind: str) -> Policy:
        text = document if isinstance(document, str) else msgspec.json.encode(document).decode()
        policy = self._compiled.get((kind, text))
        if policy is None:
            if len(self._compiled) > 20_000:
                self._compiled.clear()
            policy = self._compiled[kind, text] = parse_policy(text, kind)
        return policy


def context_of(call: Call, extra: Mapping[str, tuple[str, ...]] | None = None) -> dict[str, tuple[str, ...]]:
    """The condition keys that every call carries.

    `acs:SecureTransport` is "true": the local cloud speaks plain HTTP in the place of HTTPS, unless a client
    says `x-localcloud-scheme: http`.
    """
    now = datetime.fromtimestamp(call.received, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    secure = call.headers.get("x-localcloud-scheme", "https") == "https"
    context: dict[str, tuple[str, ...]] = {
        "acs:CurrentTime": (now,),
        "acs:SourceIp": (call.source_ip,),
        "acs:SecureTransport": ("true" if secure else "false",),
        "acs:UserAgent": (call.user_agent,),
    }
    if vpc := call.headers.get("x-localcloud-vpc"):
        context["acs:SourceVpc"] = (vpc,)
    if extra:
        context.update(extra)
    return context


def identity_sources(cloud: Cloud, caller: Caller) -> list[Source]:
    """The policies bound to a caller: control, session and identity policies, named as RAM names them."""
    account = cloud.state.accounts.get(caller.account)
    if account is None:
        return []
    ram = account.ram
    sources = []
    if caller.type != "root-account":
        sources += [
            Source(kind="control", policy=cloud.shelf.take(c.document, "control"), name=c.name, level=c.level)
            for c in ram.control_policies
        ]
    if caller.session_policy is not None:
        sources.append(Source(kind="session", policy=cloud.shelf.take(caller.session_policy, "session")))
    for attachment in _attachments(ram, caller):
        policy = cloud.find_policy(caller.account, attachment.type, attachment.name)
        if policy is not None:
            compiled = cloud.shelf.take(policy.document, "identity")
            sources.append(Source(kind="identity", policy=compiled, name=policy.name))
    return sources


def _attachments(ram: RamAccount, caller: Caller) -> list[Attachment]:
    if caller.type == "ram-user":
        user = ram.users.get(caller.name.lower())
        groups = [group for group in ram.groups.values() if caller.name.lower() in group.members]
        return [*(user.attachments if user else []), *(a for group in groups for a in group.attachments)]
    if caller.type == "assumed-role":
        role = ram.roles.get(caller.role.lower())
        # A session has nothing of a role that was made anew under the name of its own.
        return role.attachments if role and caller.principal_id.partition(":")[0] in ("", role.id) else []
    return []


def judge(
    cloud: Cloud,
    caller: Caller,
    call: Call,
    action: str,
    resource: str,
    extra: Mapping[str, tuple[str, ...]] | None = None,
) -> Decision:
    """Decide one action on one resource with the caller's own policies, so without a bucket's or its ACL."""
    request = Request(
        action=action, resource=resource, principal=caller.principal(), conditions=context_of(call, extra)
    )
    return decide(request, identity_sources(cloud, caller))


def require(
    cloud: Cloud,
    caller: Caller,
    call: Call,
    action: str,
    resource: str,
    extra: Mapping[str, tuple[str, ...]] | None = None,
    code: str = "NoPermission",
) -> None:
    """Raise AccessDenied unless the decision is `allow`; an `unknown` one denies, as nothing is guessed."""
    decision = judge(cloud, caller, call, action, resource, extra)
    if decision.outcome != "allow":
        error = denied(caller, action, resource, decision, code)
        error.conditions, error.matched = context_of(call, extra), matched_policies(cloud, caller, decision)
        raise error


def denied(
    caller: Caller, action: str, resource: str, decision: Decision, code: str = "NoPermission"
) -> AccessDenied:
    message = f"You are not authorized to do this action. Resource: {resource} Action: {action}"
    return AccessDenied(code, message, 403, action=action, resource=resource, decision=decision)


def matched_policies(cloud: Cloud, caller: Caller, decision: Decision) -> tuple[MatchedPolicy, ...]:
    """The policy whose Deny decided, once for each entity that it hangs on; none where no policy matched."""
    by = decision.decided_by
    if decision.outcome != "explicit_deny" or by is None:
        return ()
    if by.kind == "control":
        return (MatchedPolicy("Deny", str(by.policy), "Custom", "", "ResourceDirectoryTarget"),)
    found = []
    for attachment, entity in _attached_to(cloud, caller):
        policy = cloud.find_policy(caller.account, attachment.type, attachment.name)
        if policy is not None and policy.name == by.policy:
            version = policy.default_version if policy.type == "Custom" else ""
            found.append(MatchedPolicy("Deny", policy.name, policy.type, version, entity))
    return tuple(found)


def _attached_to(cloud: Cloud, caller: Caller) -> Iterator[tuple[Attachment, str]]:
    """The caller's policies with the kind of entity each hangs on, in DecodeDiagnosticMessage's words."""
    ram = cloud.state.accounts[caller.account].ram
    user = ram.users.get(caller.name.lower()) if caller.type == "ram-user" else None
    for attachment in _attachments(ram, caller):
        if caller.type == "assumed-role":
            yield attachment, "RamRole"
        else:
            yield attachment, "RamUser" if user is not None and attachment in user.attachments else "RamGroup"


_PRINCIPAL_TYPE = {"ram-user": "SubUser", "assumed-role": "AssumedRoleUser", "root-account": "RootUser"}


def access_denied_detail(error: AccessDenied, caller: Caller) -> dict[str, str]:
    """The `AccessDeniedDetail` of a denial, as OpenAPI and OSS answer it.

    Source: https://www.alibabacloud.com/help/en/ram/support/how-to-troubleshoot-an-access-denied-error
    """
    decision = error.decision
    explicit = decision is not None and decision.outcome == "explicit_deny"
    diagnostic = Diagnostic(
        issued=time.time(),
        owner=caller.account,
        action=error.action,
        resource=error.resource,
        principal_type=_PRINCIPAL_TYPE.get(caller.type, ""),
        principal_name=f"{caller.role}:{caller.session}"
        if caller.type == "assumed-role"
        else caller.principal_id,
        explicit=explicit,
        layer=(decision.layer if decision else "") or "AccountLevelIdentityBasedPolicy",
        conditions=dict(error.conditions),
        matched=error.matched,
    )
    return {
        "AuthAction": diagnostic.action,
        "AuthPrincipalType": diagnostic.principal_type,
        "AuthPrincipalDisplayName": diagnostic.principal_name,
        "AuthPrincipalOwnerId": diagnostic.owner,
        "NoPermissionType": "ExplicitDeny" if explicit else "ImplicitDeny",
        "PolicyType": diagnostic.layer,
        "EncodedDiagnosticMessage": encode(diagnostic),
    }
