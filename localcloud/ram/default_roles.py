"""The roles that EMR's one-click authorisation makes in an account, with their documented trust policies.

Which service each one trusts: a public Terraform list of Alibaba Cloud's service roles; what they are for:
https://www.alibabacloud.com/help/en/emr/emr-on-ecs/user-guide/emr-service-role-19 ,
https://alibabacloud.com/help/en/emr/emr-on-ecs/user-guide/ecs-application-roles-for-a-minor-version-later-than-emr-v3-32-or-emr-v4-5-and-emr-v5-x-series
https://www.alibabacloud.com/help/en/emr/emr-serverless-spark/user-guide/executive-role .
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, NamedTuple

from localcloud.ram.state import Attachment, Role
from localcloud.ram.wire import new_id

if TYPE_CHECKING:
    from localcloud.state import State


class DefaultRole(NamedTuple):
    """One of them: the service that its trust policy names, and the system policy it has."""

    name: str
    service: str
    policy: str
    description: str = ""


DEFAULT_ROLES = (
    DefaultRole(
        "AliyunEMRDefaultRole",
        "emr.aliyuncs.com",
        "AliyunEMRRolePolicy",
        "The EMR service will use this role to access ECS resources.",
    ),
    DefaultRole(
        "AliyunECSInstanceForEMRRole",
        "ecs.aliyuncs.com",
        "AliyunECSInstanceForEMRRolePolicy",
        "Jobs running on E-MapReduce will use this role to access your resources in other services.",
    ),
    DefaultRole(
        "AliyunEMRECSDefaultRole",
        "emr.aliyuncs.com",
        "AliyunEMRECSRolePolicy",
        "The tasks of EMR service will use this role to access OSS resources.",
    ),
    DefaultRole(
        "AliyunEMRSparkJobRunDefaultRole",
        "spark.emr-serverless.aliyuncs.com",
        "AliyunEMRSparkJobRunDefaultRolePolicy",
    ),
)


def grant_default_roles(state: State, account: str) -> None:
    """Make the default roles that the account does not have yet; those it has stay as they are."""
    roles = state.accounts[account].ram.roles
    for default in DEFAULT_ROLES:
        roles.setdefault(default.name.lower(), _role(default, time.time()))


def service_trust(*services: str) -> str:
    """A trust policy for cloud services, as the RAM console writes it."""
    statement = {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": list(services)}}
    return json.dumps({"Statement": [statement], "Version": "1"})


def _role(default: DefaultRole, now: float) -> Role:
    return Role(
        name=default.name,
        id=new_id("3"),
        trust_policy=service_trust(default.service),
        description=default.description,
        attachments=[Attachment(type="System", name=default.policy, attached=now)],
        created=now,
        updated=now,
    )
