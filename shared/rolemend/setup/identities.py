"""The functions' roles with their policies, and the role that starts functions for Simple Log Service."""

from __future__ import annotations

from typing import Any

import msgspec

from rolemend.account.interface import Reading
from rolemend.setup.model import Right
from rolemend.setup.parts import MARK, Parts, State
from rolemend.text import Text, text

_SOMEBODY_ELSES = text(
    "It exists, and rolemend setup did not make it: rename it or remove it, then run this again."
)


def trust_of(service: str) -> Any:
    """The trust policy of a role that one service may take on."""
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": [service]}}
    return {"Version": "1", "Statement": [statement]}


class FunctionPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """A custom policy that is exactly a function's policy.json."""

    account: str
    function: str
    document: Any
    kind: str = "policy"
    part: bool = False

    @property
    def name(self) -> str:
        return f"rolemend-{self.function}"

    def read(self, parts: Parts) -> Reading[State]:
        return parts.identities.policy(self.name)

    def wanted(self, now: State | None) -> State:
        return {"document": self.document}

    def foreign(self, now: State) -> Text | None:
        return None if now["description"].startswith(MARK) else _SOMEBODY_ELSES

    def make(self, parts: Parts) -> None:
        description = f"{MARK}: the rights of the function rolemend-{self.function}"
        parts.identities.make_policy(self.name, self.document, description)

    def change(self, parts: Parts, now: State) -> None:
        parts.identities.set_policy(self.name, self.document)

    def remove(self, parts: Parts) -> None:
        parts.identities.remove_policy(self.name)

    def rights(self, verb: str) -> list[Right]:
        actions = {
            "plan": ("GetPolicy",),
            "apply": ("GetPolicy", "CreatePolicy", "CreatePolicyVersion"),
            "destroy": ("GetPolicy", "ListPolicyVersions", "DeletePolicyVersion", "DeletePolicy"),
        }[verb]
        return [(f"ram:{action}", f"acs:ram:*:{self.account}:policy/{self.name}") for action in actions]


class ServiceRole(msgspec.Struct, frozen=True, kw_only=True):
    """A role that one service takes on, with one policy. A `shared` one may have been made by anybody.

    The invocation role of log triggers: https://www.alibabacloud.com/help/en/functioncompute/fc/configure-a-log-service-trigger
    """

    account: str
    name: str
    service: str
    policy: str
    purpose: str
    shared: bool = False
    kind: str = "role"
    part: bool = False

    def read(self, parts: Parts) -> Reading[State]:
        return parts.identities.role(self.name)

    def wanted(self, now: State | None) -> State:
        attached = set(now["policies"]) if now else set()
        trust = now["trust"] if now and self.is_kept(now) else trust_of(self.service)
        return {"trust": trust, "policies": sorted(attached | {self.policy})}

    def foreign(self, now: State) -> Text | None:
        """A role of a function has the rights of its policy.json and no others, whoever gave it more."""
        if not (now["description"].startswith(MARK) or self.is_kept(now)):
            return _SOMEBODY_ELSES
        more = [policy for policy in now["policies"] if policy != self.policy]
        if more and not self.shared:
            return text(
                "It has more than its own policy: {policies}. Detach them, then run this again.",
                policies=", ".join(more),
            )
        return None

    def is_kept(self, now: State) -> bool:
        """Whether it is a role of the account's own that does already what it is wanted for."""
        ours = now["description"].startswith(MARK)
        return self.shared and not ours and self.policy in now["policies"] and _trusts(now, self.service)

    def make(self, parts: Parts) -> None:
        parts.identities.make_role(self.name, trust_of(self.service), f"{MARK}: {self.purpose}")
        parts.identities.attach(self.name, self.policy)

    def change(self, parts: Parts, now: State) -> None:
        if now["trust"] != trust_of(self.service):
            parts.identities.set_trust(self.name, trust_of(self.service))
        if self.policy not in now["policies"]:
            parts.identities.attach(self.name, self.policy)

    def remove(self, parts: Parts) -> None:
        parts.identities.remove_role(self.name)

    def rights(self, verb: str) -> list[Right]:
        policy = f"acs:ram:*:{self._policy_owner()}:policy/{self.policy.partition(':')[2]}"
        role = f"acs:ram:*:{self.account}:role/{self.name}"
        read = [("ram:GetRole", role), ("ram:ListPoliciesForRole", role)]
        if verb == "apply":
            attach = [("ram:AttachPolicyToRole", resource) for resource in (role, policy)]
            return [*read, ("ram:CreateRole", role), ("ram:UpdateRole", role), *attach]
        if verb == "destroy":
            detach = [("ram:DetachPolicyFromRole", resource) for resource in (role, policy)]
            return [*read, *detach, ("ram:DeleteRole", role)]
        return read

    def _policy_owner(self) -> str:
        return "system" if self.policy.startswith("System:") else self.account


def _trusts(now: State, service: str) -> bool:
    """Whether a statement of the trust policy names exactly the service."""
    statements = now["trust"].get("Statement") or []
    for statement in statements if isinstance(statements, list) else [statements]:
        named = (statement.get("Principal") or {}).get("Service") or []
        if statement.get("Effect") == "Allow" and service in ([named] if isinstance(named, str) else named):
            return True
    return False
