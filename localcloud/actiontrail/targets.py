"""Where a trail delivers to: its own logstore in a project, written with a role that trusts ActionTrail.

Source: https://alibabacloud.com/help/en/actiontrail/developer-reference/api-actiontrail-2020-07-06-createtrail
"""

from __future__ import annotations

import re
from typing import NamedTuple

from localcloud.actiontrail.refusals import refusal
from localcloud.actiontrail.state import Trail
from localcloud.openapi import Invocation
from localcloud.ram.roles import role_arn
from localcloud.ram.service_linked_roles import ensure_service_linked_role
from localcloud.sls.state import FOREVER
from localcloud.sts.service import service_may_assume

SERVICE = "actiontrail.aliyuncs.com"

_PROJECT_ARN = re.compile(r"acs:log:([a-z0-9-]+):(\d+):project/([a-z0-9-]{3,63})")
_ROLE_ARN = re.compile(r"acs:ram:\*?:(\d+):role/([A-Za-z0-9.-]{1,64})")


class Project(NamedTuple):
    """A project of Simple Log Service, as an ARN names it."""

    region: str
    account: str
    name: str


def logstore_name(trail: str) -> str:
    """The logstore of a trail, in every project it may deliver to."""
    return f"actiontrail_{trail}"


def read_project_arn(arn: str) -> Project:
    """`acs:log:<region>:<account>:project/<name>`; SlsProjectDoesNotExistException for anything else."""
    match = _PROJECT_ARN.fullmatch(arn)
    if match is None:
        raise refusal("SlsProjectDoesNotExistException")
    return Project(*match.groups())


def find_project(invocation: Invocation, arn: str) -> Project:
    """The project that an ARN names, if its account has it in its region."""
    wanted = read_project_arn(arn)
    known = invocation.cloud.state.sls.projects.get(wanted.name)
    if known is None or (known.owner, known.region) != (wanted.account, wanted.region):
        raise refusal("SlsProjectDoesNotExistException")
    return wanted


def make_logstore(invocation: Invocation, trail: Trail) -> None:
    """Make the trail's logstore in its project: kept for ever, and ActionTrail alone may write to it."""
    project = find_project(invocation, trail.sls_project_arn)
    sls = invocation.cloud.services["sls"]
    sls.create_logstore(  # type: ignore[attr-defined]
        project.name, logstore_name(trail.name), owner_service="actiontrail", ttl=FOREVER
    )


def take_write_role(invocation: Invocation, project: Project, default: str = "") -> str:
    """The ARN of the role that ActionTrail writes with: the named one, or the service-linked one.

    InsufficientSlsPolicyException if it is not of the project's account, is not there, or does not trust ActionTrail:
    for a trail of another account `<account id>@actiontrail.aliyuncs.com`, so that nobody fills a stranger's logs.
    https://www.alibabacloud.com/help/en/actiontrail/user-guide/aggregate-events-across-alibaba-cloud-accounts
    """
    state = invocation.cloud.state
    arn = invocation.text("SlsWriteRoleArn") or default
    if not arn and project.account == invocation.account:
        role = ensure_service_linked_role(
            state.accounts[invocation.account].ram, SERVICE, invocation.call.received
        )
        return role_arn(invocation.account, role.name)
    match = _ROLE_ARN.fullmatch(arn)
    owner = state.accounts.get(match.group(1)) if match else None
    named = owner.ram.roles.get(match.group(2).lower()) if match and owner else None
    service = SERVICE if project.account == invocation.account else f"{invocation.account}@{SERVICE}"
    if (
        named is None
        or owner is None
        or owner.id != project.account
        or not service_may_assume(invocation.cloud, named, service)
    ):
        raise refusal("InsufficientSlsPolicyException")
    return arn
