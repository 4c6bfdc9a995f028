"""DLF of both generations as a job meets it: the RAM right, and DLF's own data permission.

RAM actions of the data plane: https://www.alibabacloud.com/help/en/dlf/dlf-2-0/user-guide/ram-permission-actions-for-dlf
(`dlf:` in both generations; `dlfnext:` are those of its management). Data permissions are independent of them:
https://www.alibabacloud.com/help/en/dlf/dlf-2-0/user-guide/manage-data-permissions ,
https://www.alibabacloud.com/help/en/dlf/dlf-1-0/user-guide/permission-description .
The sentence of the new generation is Paimon's (`TableNoPermissionException`), that of the legacy one is assumed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from localcloud.spark.failure import JobFailure

if TYPE_CHECKING:
    from localcloud.identity import Caller
    from localcloud.spark.acting import Acting
    from localcloud.spark.state import Catalog
    from localcloud.spark.tables import LakeTable

ON_BEHALF = "dlf-auth:ActOnBehalfOfAnotherUser"
_WRITES = {"legacy": "dlf:AlterTable", "next": "dlf:CommitTable"}
_FORMS = {
    "legacy": "org.apache.hadoop.hive.ql.metadata.HiveException: MetaException(message:"
    "com.aliyun.datalake.metastore.common.api.DataLakeException: NoPermission: {})",
    "next": "org.apache.paimon.rest.exceptions.ForbiddenException: {}",
}
_READING, _WRITING = "SELECT", "UPDATE"


def use_table(acting: Acting, table: LakeTable) -> str:
    """Read or write a table as the job; a line for its output. Raises JobFailure."""
    catalog = acting.cloud.state.spark.catalogs.get(f"{acting.account}/{table.catalog}")
    if catalog is None:
        raise JobFailure("NoSuchObject", f"NoSuchObjectException(message:Catalog {table.catalog} not found)")
    controlled = catalog.access_control or catalog.generation == "next"
    caller = _on_behalf(acting, catalog) if controlled else acting.role
    resource = (
        f"acs:dlf:{acting.region}:{acting.account}:"
        f"catalog/{table.catalog}/database/{table.database}/table/{table.table}"
    )
    for action in ("dlf:GetTable", *([_WRITES[catalog.generation]] if table.write else [])):
        acting.require(caller, action, resource, _FORMS[catalog.generation])
    if controlled:
        _require_data_permission(catalog, caller, table)
    return f"{'wrote' if table.write else 'read'} {table}"


def _on_behalf(acting: Acting, catalog: Catalog) -> Caller:
    """Whom the role asks for, which takes a right of its own."""
    acting.require(acting.role, ON_BEHALF, "*", _FORMS[catalog.generation])
    return acting.person(acting.token_creator or acting.submitter)


def _require_data_permission(catalog: Catalog, caller: Caller, table: LakeTable) -> None:
    uid = caller.principal_id.partition(":")[0]
    wanted = _WRITING if table.write else _READING
    if uid == catalog.account or any(
        grant.uid == uid and grant.on in ("*", table.name) and grant.privilege in (wanted, "ALL")
        for grant in catalog.grants
    ):
        return
    if catalog.generation == "next":
        text = f"org.apache.paimon.catalog.Catalog$TableNoPermissionException: Table {table.name} has no permission."
    else:
        sentence = f"User {caller.arn()} does not have data permission {wanted} on table {table.name}"
        text = _FORMS["legacy"].format(sentence)
    raise JobFailure("NoPermission", text)
