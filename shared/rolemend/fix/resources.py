"""Fixes outside RAM, worked out: bucket policies, key policies, DLF's own permissions.

Terraform: https://registry.terraform.io/providers/aliyun/alicloud/latest/docs/resources/oss_bucket_policy and its
neighbours.
"""

from __future__ import annotations

from typing import Any

from rolemend.fix.documents import pasted
from rolemend.fix.model import GrantData, ReplaceBucketPolicy, ReplaceKeyPolicy
from rolemend.fix.names import BUCKET, ID, KEY, PRINCIPAL, REGION, TABLE, sound
from rolemend.fix.steps import Block, Call, Document, OssCall, Steps, imported
from rolemend.text import text

_REPLACES = text(
    "The document takes the place of the whole bucket policy: what stands in it today and is not in this document is "
    "lost."
)


def replace_bucket_policy(fix: ReplaceBucketPolicy) -> Steps:
    """The bucket policy as a whole; where today's is not known, reading it comes first."""
    bucket = sound(BUCKET, fix.bucket, "YOUR_BUCKET")
    region = sound(REGION, fix.region, "") if fix.region else ""
    if not fix.document:
        return _delete_bucket_policy(bucket, region)
    document = pasted(fix.document)
    place = Block(
        kind="alicloud_oss_bucket_policy", arguments={"bucket": bucket, "policy": Document(document)}
    )
    put = OssCall(
        command="put-bucket-policy",
        method="PUT",
        subresource="policy",
        bucket=bucket,
        region=region,
        body=document,
    )
    calls = (put,) if fix.whole else (_get(bucket, region), put)
    console = (
        text(
            "In the OSS console, open bucket {bucket}, Permission Control > Bucket Policy > Add by Syntax, put this "
            "document in the place of what stands there, and save it.",
            bucket=bucket,
        )
        if fix.whole
        else text(
            "In the OSS console, open bucket {bucket}, Permission Control > Bucket Policy > Add by Syntax, and add the "
            "statement of this document to what stands there.",
            bucket=bucket,
        )
    )
    return Steps(
        console=(console,),
        calls=calls,
        blocks=imported(place, bucket) if fix.whole else (place,),
        risk=text(
            "Whoever the statement names can then use the bucket; a Deny that goes often enforces a rule of the "
            "company."
        )
        if fix.whole
        else _REPLACES,
    )


def _get(bucket: str, region: str) -> OssCall:
    return OssCall(
        command="get-bucket-policy", method="GET", subresource="policy", bucket=bucket, region=region
    )


def _delete_bucket_policy(bucket: str, region: str) -> Steps:
    """For a bucket policy of which nothing would be left."""
    delete = OssCall(
        command="delete-bucket-policy", method="DELETE", subresource="policy", bucket=bucket, region=region
    )
    return Steps(
        console=(
            text(
                "In the OSS console, open bucket {bucket}, Permission Control > Bucket Policy, and delete its only "
                "statement.",
                bucket=bucket,
            ),
        ),
        calls=(delete,),
        note=f"Take the alicloud_oss_bucket_policy of bucket {bucket} out of the configuration.",
        risk=text(
            "A Deny often enforces a rule of the company, such as a VPC or TLS: keep its condition, and "
            "except only this role."
        ),
    )


def replace_key_policy(fix: ReplaceKeyPolicy) -> Steps:
    """The policy of a KMS key: https://www.alibabacloud.com/help/en/kms/developer-reference/api-setkeypolicy ."""
    key, region = sound(KEY, fix.key, "YOUR_KEY"), sound(REGION, fix.region, "YOUR_REGION")
    document = pasted(fix.document)
    named = {"RegionId": region, "KeyId": key, "PolicyName": "default"}
    return Steps(
        console=(
            text(
                "In the KMS console, open key {key}, Key Policy, and add the statement of this document to what stands "
                "there.",
                key=key,
            ),
        ),
        calls=(
            Call("Kms", "2016-01-20", "GetKeyPolicy", named),
            Call("Kms", "2016-01-20", "SetKeyPolicy", {**named, "Policy": document}),
        ),
        blocks=imported(Block(kind="alicloud_kms_key", arguments={"policy": Document(document)}), key),
        risk=text(
            "Whoever may decrypt with the key can read all that is encrypted with it: name the key in "
            "Resource where you can."
        ),
    )


def grant_data(fix: GrantData) -> Steps:
    """DLF's own permissions.

    https://www.alibabacloud.com/help/en/dlf/dlf-2-0/developer-reference/api-dlfnext-2025-03-10-batchgrantpermissions ;
    https://www.alibabacloud.com/help/en/dlf/dlf-1-0/developer-reference/api-datalake-2020-07-10-grantpermissions .
    """
    catalog = sound(ID, fix.catalog, "YOUR_CATALOG")
    database = sound(TABLE, fix.database, "") or ("YOUR_DATABASE" if fix.table else "")
    table = sound(TABLE, fix.table, "YOUR_TABLE") if fix.table else ""
    principal = sound(PRINCIPAL, fix.principal, "YOUR_PRINCIPAL")
    access = fix.access if fix.access.isascii() and fix.access.isalpha() else "SELECT"
    make = _second_generation if fix.generation == 2 else _first_generation
    return Steps(
        console=(
            text(
                "In the DLF console, open the catalog, database or table, Permissions > Grant "
                "Permissions, and grant the access that the job needs."
            ),
            text(
                "Grant it to who submitted the job (for Livy Gateway: to the creator of the token), not "
                "to the execution role."
            ),
        ),
        calls=(make(catalog, database, table, principal, access),),
        note="The provider has no resource for data permissions of DLF: use the console or the API.",
        risk=text(
            "Data permissions are inherited from catalog to table: grant on the table that the job reads."
        ),
    )


def _second_generation(catalog: str, database: str, table: str, principal: str, access: str) -> Call:
    wanted: dict[str, Any] = {"principal": principal, "access": access}
    wanted["resourceType"] = "TABLE" if table else "DATABASE" if database else "CATALOG"
    wanted |= {"database": database} if database else {}
    wanted |= {"table": table} if table else {}
    parameters = {"catalogId": catalog, "body": {"permissions": [wanted]}}
    return Call("DlfNext", "2025-03-10", "BatchGrantPermissions", parameters)


def _first_generation(catalog: str, database: str, table: str, principal: str, access: str) -> Call:
    resource: dict[str, Any] = {"Catalog": {"CatalogId": catalog}}
    if table:
        resource = {"Table": {"DatabaseName": database, "TableName": table}}
    elif database:
        resource = {"Database": {"DatabaseName": database}}
    body = {
        "CatalogId": catalog,
        "Principal": {"PrincipalArn": principal},
        "MetaResource": resource,
        "Accesses": [access],
    }
    return Call("DataLake", "2020-07-10", "GrantPermissions", {"body": body})
