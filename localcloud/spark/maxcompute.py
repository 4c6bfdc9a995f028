"""MaxCompute as a job meets it: the role acts for the submitter, who needs rights in the project.

The role's right: https://www.alibabacloud.com/help/en/emr/emr-serverless-spark/user-guide/executive-role . The texts of
the refusals: https://www.alibabacloud.com/help/en/maxcompute/user-guide/odps-0420095 ; that of the missing RAM right is
RAM's own sentence, as none is published.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from localcloud.spark.failure import JobFailure

if TYPE_CHECKING:
    from localcloud.identity import Caller
    from localcloud.spark.acting import Acting
    from localcloud.spark.tables import ProjectTable

ON_BEHALF = "odps:ActOnBehalfOfAnotherUser"
CODE = "ODPS-0420095"
_KINDS = {"root-account": "aliyun", "ram-user": "ramuser", "assumed-role": "ramrole"}
_REFUSED = "com.aliyun.odps.OdpsException: {}"


def use_table(acting: Acting, table: ProjectTable) -> str:
    """Read or write a table as the submitter; a line for the job's output. Raises JobFailure."""
    submitter = acting.person(acting.submitter)
    uid = submitter.principal_id.partition(":")[0]
    resource = f"acs:odps:*:{acting.account}:users/default/{_KINDS[submitter.type]}/{uid}"
    acting.require(acting.role, ON_BEHALF, resource, _REFUSED.format("NoPermission: {}"))
    project = acting.cloud.state.spark.projects.get(f"{acting.account}/{table.project}")
    if project is None:
        raise JobFailure("ODPS-0420111", f"ODPS-0420111: Project not found - '{table.project}'.")
    if uid == project.account:
        return _line(table)
    if uid not in project.members:
        raise _denied(f"You don't exist in project {table.project}.")
    privilege = "Update" if table.write else "Select"
    if not any(
        grant.uid == uid and grant.on in ("*", table.table) and grant.privilege in (privilege, "All")
        for grant in project.grants
    ):
        name = f"acs:odps:*:projects/{table.project}/tables/{table.table}"
        raise _denied(
            f"Authorization Failed [4019], You have NO privilege 'odps:{privilege}' on {{{name}}}. "
            f"--->Tips: CurrentProject:{table.project}; Pricipal:{_named(submitter, acting.account)};"
        )
    return _line(table)


def _line(table: ProjectTable) -> str:
    return f"{'wrote' if table.write else 'read'} {table}"


def _named(submitter: Caller, account: str) -> str:
    return f"RAM${account}:{submitter.role or submitter.name}"


def _denied(why: str) -> JobFailure:
    return JobFailure(CODE, _REFUSED.format(f"{CODE}: Access Denied - {why}"))
