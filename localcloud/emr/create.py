"""Creates clusters, or refuses to, in the order of the documentation's FAQ: creator, role name, trust policy.

API: https://www.alibabacloud.com/help/en/emr/emr-on-ecs/developer-reference/api-emr-2021-03-20-runcluster
FAQ: https://www.alibabacloud.com/help/en/emr/emr-on-ecs/user-guide/use-a-custom-ecs-application-role-to-access-other-cloud-resources-in-your-alibaba-cloud-account-19
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from localcloud.authorize import judge
from localcloud.emr.build import build_cluster
from localcloud.emr.parameters import invalid
from localcloud.emr.release import EMR_SERVICE, parse_release, trusted_service
from localcloud.emr.state import Cluster, Failure
from localcloud.errors import CloudError
from localcloud.sts.service import service_may_assume

if TYPE_CHECKING:
    from localcloud.emr.service import EmrService
    from localcloud.emr.wanted import Wanted
    from localcloud.openapi import Answer, Invocation

SERVICE_ROLE = "AliyunEMRDefaultRole"

NOT_AUTHORIZED = "You are not authorized to do this action. You should be authorized by RAM."
"""The same text for a wrong role name and a wrong trust policy: the answer does not tell the cause."""


def create_cluster(invocation: Invocation, service: EmrService, wanted: Wanted) -> Answer:
    """Check and create; the same ClientToken gives the same cluster again.

    Raises InvalidParameter (release) and, unless the service's `failure_mode` is "later", in this order:
    InvalidUser.PassRoleForbidden (if the service checks it), NoPermission (role name or trust policy),
    Cluster.Role.NotConfirm (if the service checks it).
    """
    state, token = invocation.cloud.state.emr, invocation.text("ClientToken")
    token_key = f"{invocation.account}/{invocation.region}/{token}"
    if token and token_key in state.tokens:
        return _answer(state.clusters[state.tokens[token_key]])
    cluster = build_cluster(invocation, service, wanted, _check(invocation, service, wanted))
    state.clusters[cluster.id] = cluster
    state.instances.update((node.id, cluster.id) for node in cluster.nodes)
    if token:
        state.tokens[token_key] = cluster.id
    return _answer(cluster)


def _check(invocation: Invocation, service: EmrService, wanted: Wanted) -> Failure | None:
    """Refuse the call, or say with which failure its cluster shall end if that comes later."""
    release = parse_release(wanted.release)
    if release is None:
        raise invalid("EmrVer" if wanted.old else "ReleaseVersion")
    refusal = _refusal(invocation, service, wanted.role, trusted_service(release))
    if refusal is None:
        return None
    if service.failure_mode == "answer":
        raise refusal
    return Failure(code="NotAuthorized", message=NOT_AUTHORIZED, state=service.failed_state)


def _refusal(invocation: Invocation, service: EmrService, role: str, trusted: str) -> CloudError | None:
    """The first thing that stands in the way, with the code of the service that would find it."""
    if service.check_pass_role and not _may_pass(invocation, role, trusted):
        message = "The RAM user does not have the privilege to pass a RAM role."
        return CloudError("InvalidUser.PassRoleForbidden", message, 403)
    if not _role_fits(invocation, role, trusted):
        return CloudError("NoPermission", NOT_AUTHORIZED, 403)
    if service.check_service_role and not _role_fits(invocation, SERVICE_ROLE, EMR_SERVICE):
        message = "The Role for EMR service to operate is Not confirmed!"
        return CloudError("Cluster.Role.NotConfirm", message, 403)
    return None


def _answer(cluster: Cluster) -> Answer:
    return {"ClusterId": cluster.id, "OperationId": cluster.operations[0].id}


def _may_pass(invocation: Invocation, role: str, service: str) -> bool:
    """Whether the caller may hand the role over to the service that is to assume it."""
    resource = f"acs:ram:*:{invocation.account}:role/{role}"
    extra = {"acs:Service": (service,)}
    decision = judge(invocation.cloud, invocation.caller, invocation.call, "ram:PassRole", resource, extra)
    return decision.outcome == "allow"


def _role_fits(invocation: Invocation, name: str, trusted: str) -> bool:
    """Whether the account has the role and lets the service assume it."""
    role = invocation.cloud.state.accounts[invocation.account].ram.roles.get(name.lower())
    return role is not None and service_may_assume(invocation.cloud, role, trusted)
