"""RAM as `rolemend setup` needs it: roles and custom policies with their descriptions, made, changed and removed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from rolemend.account.access import Access
from rolemend.account.calls import ask, openapi_config, reading, translate_openapi
from rolemend.account.interface import Reading


class RamSetup:
    """Documents go in and come out as JSON values."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._made: Any = None

    @property
    def _client(self) -> Any:
        if self._made is None:
            from alibabacloud_ram20150501.client import Client

            self._made = Client(openapi_config(self._access, "ram.aliyuncs.com"))
        return self._made

    def _do(self, operation: str, **named: Any) -> Any:
        """Make the call `operation` with a request of these fields."""
        from alibabacloud_ram20150501 import models

        request = getattr(models, f"{operation}Request")(**named)
        call: Callable[[Any], Any] = getattr(self._client, _snake(operation))
        return ask(self._access, operation, translate_openapi, call, request).body

    def role(self, name: str) -> Reading[dict[str, Any]]:
        """`{"description", "trust", "policies": ["Custom:name", ...]}`."""
        return reading(lambda: self._role(name))

    def _role(self, name: str) -> dict[str, Any]:
        role = self._do("GetRole", role_name=name).role
        attached = self._do("ListPoliciesForRole", role_name=name).policies.policy or []
        return {
            "description": role.description or "",
            "trust": _document(role.assume_role_policy_document),
            "policies": sorted(f"{policy.policy_type}:{policy.policy_name}" for policy in attached),
        }

    def policy(self, name: str) -> Reading[dict[str, Any]]:
        """`{"description", "document"}` of a custom policy."""
        return reading(lambda: self._policy(name))

    def _policy(self, name: str) -> dict[str, Any]:
        body = self._do("GetPolicy", policy_type="Custom", policy_name=name)
        return {
            "description": body.policy.description or "",
            "document": _document(body.default_policy_version.policy_document),
        }

    def make_role(self, name: str, trust: Any, description: str) -> None:
        document = json.dumps(trust)
        self._do("CreateRole", role_name=name, assume_role_policy_document=document, description=description)

    def set_trust(self, name: str, trust: Any) -> None:
        self._do("UpdateRole", role_name=name, new_assume_role_policy_document=json.dumps(trust))

    def attach(self, role: str, policy: str) -> None:
        """`policy` as `Custom:name` or `System:name`."""
        kind, _, name = policy.partition(":")
        self._do("AttachPolicyToRole", policy_type=kind, policy_name=name, role_name=role)

    def remove_role(self, name: str) -> None:
        """The role, after what is attached to it was taken off."""
        for policy in self._role(name)["policies"]:
            kind, _, policy_name = policy.partition(":")
            self._do("DetachPolicyFromRole", policy_type=kind, policy_name=policy_name, role_name=name)
        self._do("DeleteRole", role_name=name)

    def make_policy(self, name: str, document: Any, description: str) -> None:
        text = json.dumps(document)
        self._do("CreatePolicy", policy_name=name, policy_document=text, description=description)

    def set_policy(self, name: str, document: Any) -> None:
        """A new version in force; the oldest that is not goes where there are five."""
        self._do(
            "CreatePolicyVersion",
            policy_name=name,
            policy_document=json.dumps(document),
            set_as_default=True,
            rotate_strategy="DeleteOldestNonDefaultVersionWhenLimitExceeded",
        )

    def remove_policy(self, name: str) -> None:
        """The policy with its versions. A policy that is attached to something is refused by RAM."""
        listed = self._do("ListPolicyVersions", policy_type="Custom", policy_name=name).policy_versions
        for version in listed.policy_version or []:
            if not version.is_default_version:
                self._do("DeletePolicyVersion", policy_name=name, version_id=version.version_id)
        self._do("DeletePolicy", policy_name=name)


def _document(text: str) -> Any:
    return json.loads(unquote(text) if text.startswith("%7B") else text)


def _snake(operation: str) -> str:
    return "".join(f"_{mark.lower()}" if mark.isupper() else mark for mark in operation).lstrip("_")
