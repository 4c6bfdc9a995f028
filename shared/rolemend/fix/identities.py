"""Fixes of RAM, worked out: policies, attachments, roles.

API: https://www.alibabacloud.com/help/en/ram/developer-reference/api-ram-2015-05-01-overview . Terraform:
https://registry.terraform.io/providers/aliyun/alicloud/latest/docs/resources/ram_policy and its neighbours.
"""

from __future__ import annotations

from rolemend.fix.documents import pasted, trust
from rolemend.fix.model import (
    USER,
    AttachSystemPolicy,
    CreateRole,
    DetachPolicy,
    GrantPolicy,
    Holder,
    ReplacePolicy,
    ReplaceTrust,
)
from rolemend.fix.names import POLICY, ROLE, SERVICE, sound
from rolemend.fix.steps import Block, Call, Document, Reference, Steps, imported, ram
from rolemend.text import text

_ATTACHMENT = "alicloud_ram_{kind}_policy_attachment"


def grant_policy(fix: GrantPolicy) -> Steps:
    """A custom policy that is made and attached."""
    kind, who = _holder(fix.holder)
    name, document = sound(POLICY, fix.policy, "rolemend-fix"), pasted(fix.document)
    made = Block(
        kind="alicloud_ram_policy",
        arguments={"policy_name": name, "policy_document": Document(document)},
    )
    attached = {"policy_name": Reference("alicloud_ram_policy.fix.policy_name"), "policy_type": "Custom"}
    return Steps(
        console=(
            text(
                "In the RAM console, open Permissions > Policies, create a policy from this document and "
                "attach it to the role or user that made the call."
            ),
        ),
        calls=(
            ram("CreatePolicy", PolicyName=name, PolicyDocument=document),
            _attach("AttachPolicyTo", kind, who, "Custom", name),
        ),
        blocks=(
            made,
            Block(kind=_ATTACHMENT.format(kind=kind), arguments={**attached, f"{kind}_name": who}),
        ),
        risk=text(
            "Whoever holds this identity then has these rights. Grant only the actions that the job needs, on these "
            "resources alone."
        ),
    )


def attach_system_policy(fix: AttachSystemPolicy) -> Steps:
    """A system policy that is attached."""
    kind, who = _holder(fix.holder)
    name = sound(POLICY, fix.policy, "YOUR_POLICY")
    arguments = {"policy_name": name, "policy_type": "System", f"{kind}_name": who}
    return Steps(
        console=(
            text(
                "In the RAM console, open Identities, choose {who}, Permissions > Grant Permission, and add the system "
                "policy {policy}.",
                who=who,
                policy=name,
            ),
        ),
        calls=(_attach("AttachPolicyTo", kind, who, "System", name),),
        blocks=(Block(kind=_ATTACHMENT.format(kind=kind), arguments=arguments),),
        risk=text(
            "System policies are broad: {policy} allows more than the call that was denied.", policy=name
        ),
    )


def replace_policy(fix: ReplacePolicy) -> Steps:
    """A new default version. Rotation removes the oldest version, so that the one before it stays to go back to."""
    name, document = sound(POLICY, fix.policy, "YOUR_POLICY"), pasted(fix.document)
    rotate = "DeleteOldestNonDefaultVersionWhenLimitExceeded"
    arguments = {"policy_name": name, "policy_document": Document(document), "rotate_strategy": rotate}
    call = ram(
        "CreatePolicyVersion",
        PolicyName=name,
        PolicyDocument=document,
        SetAsDefault=True,
        RotateStrategy=rotate,
    )
    return Steps(
        console=(
            text(
                "In the RAM console, open Permissions > Policies, choose {policy}, Modify Policy Document, put this "
                "document in its place and save it.",
                policy=name,
            ),
        ),
        calls=(call,),
        blocks=imported(Block(kind="alicloud_ram_policy", arguments=arguments), name),
        risk=text(
            "The new version counts for everybody who holds the policy. The version before it is kept: make it the "
            "default again to go back."
        ),
    )


def detach_policy(fix: DetachPolicy) -> Steps:
    """A custom policy that is taken away."""
    kind, who = _holder(fix.holder)
    name = sound(POLICY, fix.policy, "YOUR_POLICY")
    return Steps(
        console=(
            text(
                "In the RAM console, open Identities, choose {who}, Permissions, and revoke policy {policy}.",
                who=who,
                policy=name,
            ),
        ),
        calls=(_attach("DetachPolicyFrom", kind, who, "Custom", name),),
        note=f"Take the {_ATTACHMENT.format(kind=kind)} of policy {name} and {kind} {who} out of the configuration.",
        risk=text("Somebody wrote the Deny on purpose: ask the owner before you narrow it."),
    )


def replace_trust(fix: ReplaceTrust) -> Steps:
    """The whole trust policy of a role."""
    name, document = sound(ROLE, fix.role, "YOUR_ROLE"), pasted(fix.document)
    role = Block(
        kind="alicloud_ram_role",
        arguments={"role_name": name, "assume_role_policy_document": Document(document)},
    )
    return Steps(
        console=(
            text(
                "In the RAM console, open Identities > Roles, choose {role}, Trust Policy > Edit Trust Policy, put "
                "this document in its place and save it.",
                role=name,
            ),
        ),
        calls=(ram("UpdateRole", RoleName=name, NewAssumeRolePolicyDocument=document),),
        blocks=imported(role, name),
        risk=text(
            "The document is replaced as a whole: leave in it what the role trusts today, and never edit "
            "a default role of EMR."
        ),
    )


def create_role(fix: CreateRole) -> Steps:
    """A role for services. A default role is made by confirming the authorization that the console asks for."""
    name = sound(ROLE, fix.role, "YOUR_ROLE")
    services = [sound(SERVICE, service, "YOUR_SERVICE.aliyuncs.com") for service in fix.services]
    document = trust(*services)
    policies = [sound(POLICY, policy, "YOUR_POLICY") for policy in fix.policies]
    role = Block(
        kind="alicloud_ram_role",
        arguments={"role_name": name, "assume_role_policy_document": Document(document)},
    )
    attached = [
        Block(
            kind="alicloud_ram_role_policy_attachment",
            name="fix" if number == 0 else f"fix_{number + 1}",
            arguments={
                "policy_name": policy,
                "policy_type": "System",
                "role_name": Reference("alicloud_ram_role.fix.role_name"),
            },
        )
        for number, policy in enumerate(policies)
    ]
    console = (
        text(
            "Log on with the Alibaba Cloud account, open the EMR console, and confirm the authorization that it asks "
            "for: it makes {role} with its system policy.",
            role=name,
        )
        if fix.default
        else text(
            "In the RAM console, open Identities > Roles > Create Role, choose Cloud Service as principal and "
            "{services}, name it {role}, and attach its policies.",
            services=", ".join(services),
            role=name,
        )
    )
    return Steps(
        console=(console,),
        calls=(
            ram("CreateRole", RoleName=name, AssumeRolePolicyDocument=document),
            *(_attach("AttachPolicyTo", "role", name, "System", policy) for policy in policies),
        ),
        blocks=(role, *attached),
        risk=text("A default role must not be edited or deleted: clusters cannot be created without it.")
        if fix.default
        else text(
            "A new role can do nothing until policies are attached to it; attach only what the cluster needs."
        ),
    )


def _holder(holder: Holder) -> tuple[str, str]:
    kind = holder.kind if holder.kind in ("role", "user", "group") else USER
    return kind, sound(ROLE, holder.name, f"YOUR_{kind.upper()}")


def _attach(action: str, kind: str, who: str, policy_type: str, policy: str) -> Call:
    of_kind = kind.capitalize()
    attached = {"PolicyType": policy_type, "PolicyName": policy, f"{of_kind}Name": who}
    return ram(f"{action}{of_kind}", **attached)
