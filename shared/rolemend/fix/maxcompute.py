"""Fixes in a MaxCompute project, worked out: it grants what no policy of RAM does.

Statements: https://help.aliyun.com/en/maxcompute/user-guide/add-user and
https://help.aliyun.com/en/maxcompute/user-guide/authorization-operations . API and Terraform
give a person a role of the project, no single privilege:
https://www.alibabacloud.com/help/en/maxcompute/user-guide/api-maxcompute-2022-01-04-updateuserstorole and
https://help.aliyun.com/zh/terraform/alicloud-max-compute-role-user-attachment .
"""

from __future__ import annotations

from rolemend.fix.model import GrantProject
from rolemend.fix.names import MEMBER, PRIVILEGE, TABLE, sound
from rolemend.fix.steps import Block, Call, Command, Steps
from rolemend.text import text

_ROLE = "YOUR_PROJECT_ROLE"


def grant_project(fix: GrantProject) -> Steps:
    """A member of the project, with privileges: in SQL, or by a role of the project that has them."""
    project, member = sound(TABLE, fix.project, "YOUR_PROJECT"), sound(MEMBER, fix.member, "YOUR_USER")
    add, grant = statements(fix)
    asked = {"projectName": project, "roleName": _ROLE, "body": {"add": [member]}}
    return Steps(
        console=(
            text(
                "In the MaxCompute console, open Projects, project {project}, Manage > Role Permissions, and add "
                "{member} to a role that has the privileges. Only the owner or an administrator of the project can.",
                project=project,
                member=member,
            ),
            text("Or run these statements in the project: {add} {grant}", add=add, grant=grant),
        ),
        calls=(Command(("odpscmd", f"--project={project}", "-e", f"{add} {grant}")),),
        api=(Call("MaxCompute", "2022-01-04", "UpdateUsersToRole", asked),),
        blocks=(
            Block(
                kind="alicloud_max_compute_role_user_attachment",
                arguments={"project_name": project, "role_name": _ROLE, "user": member},
            ),
        ),
        note="The provider gives a role of the project (from 1.242.0 on); it has no resource for a single privilege.",
        risk=text(
            "Whoever is added can do in the project what is granted here. Grant on the table that the job uses alone."
        ),
    )


def statements(fix: GrantProject) -> tuple[str, str]:
    """The two statements of MaxCompute: adding the member, and granting the privileges."""
    member = sound(MEMBER, fix.member, "YOUR_USER")
    who = f"`{member}`" if "role/" in member else member
    privileges = ", ".join(sound(PRIVILEGE, each, "YOUR_PRIVILEGE") for each in fix.privileges)
    project = sound(TABLE, fix.project, "YOUR_PROJECT")
    on = f"table {sound(TABLE, fix.table, 'YOUR_TABLE')}" if fix.table else f"project {project}"
    return f"add user {who};", f"grant {privileges or 'YOUR_PRIVILEGE'} on {on} to user {who};"
