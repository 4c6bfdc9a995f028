"""Roles that are not there, not trusted, or may not be passed on.

https://www.alibabacloud.com/help/en/emr/emr-on-ecs/user-guide/use-a-custom-ecs-application-role-to-access-other-cloud-resources-in-your-alibaba-cloud-account-19
"""

from __future__ import annotations

from rolemend.fix.causes.case import Case, person
from rolemend.fix.documents import compact, policy, statement, trust
from rolemend.fix.model import CreateRole, GrantPolicy, ReplaceTrust
from rolemend.fix.names import Names, policy_name
from rolemend.fix.steps import Block, ram
from rolemend.text import text

_AGAIN = "aliyun emr RunCluster"


_USERS = {
    "emr": ("emr.aliyuncs.com", "ecs.aliyuncs.com"),
    "fc": ("fc.aliyuncs.com",),
    "emr-serverless-spark": ("spark.emr-serverless.aliyuncs.com",),
}
"""Service that was called -> who must be trusted; both of EMR's serve every release."""


def services_of(names: Names) -> tuple[str, ...]:
    """Whom the role is for."""
    return _USERS.get(names.service, ("ecs.aliyuncs.com",))


def role_not_found(names: Names) -> Case:
    """FAQ 1.2: the role must exist, spelled like that."""
    return Case(
        what=text(
            "The role {role} does not exist in this account, or is spelled differently.", role=names.role
        ),
        faq="1.2",
        console=(
            text(
                "In the RAM console, open Identities > Roles and compare the name letter by letter; "
                "look-alike hyphens and spaces count."
            ),
            text(
                "Use the name as it stands there, or create the role for Elastic Compute Service and "
                "attach its policies."
            ),
        ),
        fix=CreateRole(role=names.role, services=services_of(names)),
        risk=text(
            "A new role can do nothing until policies are attached to it; attach only what the cluster needs."
        ),
        verify=f"aliyun ram GetRole --RoleName {names.role}",
    )


def role_not_trusted(names: Names) -> Case:
    """FAQ 1.3: the role's trust policy must name the service that uses it."""
    return Case(
        what=text(
            "The trust policy of role {role} does not let the service, or the caller, assume it.",
            role=names.role,
        ),
        faq="1.3",
        console=(
            text(
                "In the RAM console, open the role, Trust Policy > Edit Trust Policy, and add the "
                "service: ecs.aliyuncs.com for a cluster's nodes, emr.aliyuncs.com for EMR up to 3.32 "
                "and 4.5, spark.emr-serverless.aliyuncs.com for Serverless Spark."
            ),
            text(
                "Keep the services that it already trusts. A role that a person assumes needs that "
                "person's account or user under RAM."
            ),
        ),
        fix=ReplaceTrust(role=names.role, document=trust(*services_of(names))),
        risk=text(
            "The document is replaced as a whole: leave in it what the role trusts today, and never edit "
            "a default role of EMR."
        ),
        verify=f"aliyun ram GetRole --RoleName {names.role}",
    )


def pass_role(names: Names) -> Case:
    """FAQ 1.1: who creates the cluster must be allowed to pass its role."""
    document = policy(statement(["ram:PassRole"], [f"acs:ram:*:*:role/{names.role}"]))
    return Case(
        what=text("{who} may not hand a role to a service: ram:PassRole is missing.", who=names.who),
        faq="1.1",
        console=(
            text(
                "In the RAM console, attach a policy with ram:PassRole on this role to the user or role "
                "that made the call."
            ),
        ),
        fix=GrantPolicy(
            holder=person(names), policy=policy_name("pass-role", names.role), document=compact(document)
        ),
        risk=text(
            "Whoever may pass a role can use all its rights through the service: name the role in "
            "Resource, never a wildcard."
        ),
        verify=_AGAIN,
    )


def look_at_role(names: Names) -> Case:
    """Where nothing is certain: what the role trusts and may do, and nothing is changed."""
    return Case(
        what=text("What stands in the way of {who} is not known.", who=names.who),
        console=(
            text(
                "In the RAM console, open Identities > Roles, choose {role}, and read its trust policy and the "
                "policies that are attached to it.",
                role=names.role,
            ),
        ),
        calls=(ram("GetRole", RoleName=names.role), ram("ListPoliciesForRole", RoleName=names.role)),
        blocks=(Block(block="data", kind="alicloud_ram_roles", arguments={"name_regex": f"^{names.role}$"}),),
        risk=text("Reading changes nothing. Do not grant anything before the cause is known."),
        verify=f"aliyun ram GetRole --RoleName {names.role}",
    )


def service_role(names: Names) -> Case:
    """The role that a service itself needs was never authorized."""
    return Case(
        what=text(
            "The role that the service itself works with was not authorized in this account, or was deleted."
        ),
        faq="1.1",
        console=(
            text(
                "Log on with the Alibaba Cloud account, open the EMR console, and confirm the "
                "authorization that it asks for (AliyunEMRDefaultRole and AliyunECSInstanceForEMRRole)."
            ),
            text("For another service, open its console once and confirm its service role there."),
        ),
        fix=CreateRole(
            role="AliyunEMRDefaultRole",
            services=("emr.aliyuncs.com",),
            policies=("AliyunEMRRolePolicy",),
            default=True,
        ),
        risk=text("A default role must not be edited or deleted: clusters cannot be created without it."),
        verify=_AGAIN,
    )
