"""Makes the RAM users and roles that tests act as, through the real RAM SDK."""

from __future__ import annotations

import json
from typing import Any

from alibabacloud_ram20150501 import models

from tests.clients import Keys


def allow(actions: str | list[str], resources: str | list[str] = "*") -> dict[str, Any]:
    """A policy document with one Allow statement."""
    return {"Version": "1", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": resources}]}


def trusts(*services: str) -> str:
    """The text of a trust policy that lets cloud services assume the role."""
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": list(services)}}
    return json.dumps({"Version": "1", "Statement": [statement]})


def make_user(ram: Any, name: str, document: dict[str, Any] | None = None) -> Keys:
    """A RAM user with an AccessKey, and a policy of its own if a document is given."""
    ram.create_user(models.CreateUserRequest(user_name=name))
    key = ram.create_access_key(models.CreateAccessKeyRequest(user_name=name)).body.access_key
    if document is not None:
        policy = make_policy(ram, f"{name}-policy", document)
        ram.attach_policy_to_user(
            models.AttachPolicyToUserRequest(policy_type="Custom", policy_name=policy, user_name=name)
        )
    return Keys(key.access_key_id, key.access_key_secret)


def make_role(ram: Any, name: str, trust_policy: str, document: dict[str, Any] | None = None) -> None:
    """A role, with a policy of its own if a document is given."""
    ram.create_role(models.CreateRoleRequest(role_name=name, assume_role_policy_document=trust_policy))
    if document is not None:
        policy = make_policy(ram, f"{name}-policy", document)
        ram.attach_policy_to_role(
            models.AttachPolicyToRoleRequest(policy_type="Custom", policy_name=policy, role_name=name)
        )


def make_policy(ram: Any, name: str, document: dict[str, Any]) -> str:
    ram.create_policy(models.CreatePolicyRequest(policy_name=name, policy_document=json.dumps(document)))
    return name
