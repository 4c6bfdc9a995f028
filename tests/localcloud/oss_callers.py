"""The callers that OSS's tests act as: users and role sessions, made through the real RAM and STS SDKs."""

from __future__ import annotations

import json
from typing import Any

import oss2
from alibabacloud_ram20150501 import models as ram_models
from alibabacloud_sts20150401 import models

from tests import clients
from tests.clients import Keys
from tests.localcloud.identities import make_role, make_user

ACCOUNT = "1000000000000001"


def statement(
    effect: str, actions: str | list[str], resources: str | list[str], **more: Any
) -> dict[str, Any]:
    """One statement, with `Condition` or `Principal` as further members."""
    return {"Effect": effect, "Action": actions, "Resource": resources, **more}


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "1", "Statement": list(statements)}


def user(root: Keys, name: str, *statements: dict[str, Any]) -> Keys:
    """A RAM user with the given statements as its only policy."""
    return make_user(clients.ram(root), name, document(*statements) if statements else None)


def user_id(root: Keys, name: str) -> str:
    return str(clients.ram(root).get_user(ram_models.GetUserRequest(user_name=name)).body.user.user_id)


def session(
    root: Keys,
    role: str,
    *statements: dict[str, Any],
    name: str = "job-1",
    policy: dict[str, Any] | None = None,
) -> Keys:
    """A session of a new role with the given statements; `policy` narrows it. A new user assumes the role."""
    trust = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"RAM": [f"acs:ram::{ACCOUNT}:root"]},
    }
    make_role(
        clients.ram(root), role, json.dumps(document(trust)), document(*statements) if statements else None
    )
    assumer = user(root, f"{role}-assumer", statement("Allow", "sts:AssumeRole", "*"))
    answer = clients.sts(assumer).assume_role(
        models.AssumeRoleRequest(
            role_arn=f"acs:ram::{ACCOUNT}:role/{role}",
            role_session_name=name,
            policy=json.dumps(policy) if policy else None,
        )
    )
    credentials = answer.body.credentials
    return Keys(credentials.access_key_id, credentials.access_key_secret, credentials.security_token)


def anonymous(name: str, region: str = "cn-hangzhou") -> oss2.Bucket:
    return oss2.Bucket(oss2.AnonymousAuth(), f"http://oss-{region}.aliyuncs.com", name, enable_crc=True)


def error_of(error: Any) -> dict[str, str]:
    """The members of an error body, with `status` and the header `x-oss-ec`."""
    return {
        **error.value.details,
        "status": str(error.value.status),
        "header": error.value.headers.get("x-oss-ec", ""),
    }
