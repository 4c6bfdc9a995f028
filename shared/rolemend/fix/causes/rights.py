"""Rights that are missing or denied.

https://www.alibabacloud.com/help/en/emr/emr-on-ecs/user-guide/grant-permissions-to-access-oss-or-oss-hdfs
"""

from __future__ import annotations

from rolemend.fix.causes.case import Case, call_again, holder, list_path, named, person
from rolemend.fix.documents import PLACEHOLDER, bucket_resources, compact, policy, statement
from rolemend.fix.model import AttachSystemPolicy, GrantData, GrantPolicy
from rolemend.fix.names import Names
from rolemend.fix.steps import Block, Call, Document, OssCall, Reference, ram
from rolemend.text import text

_READ = ["oss:GetObject", "oss:ListObjects", "oss:GetBucketInfo"]
_WRITE = [
    "oss:PutObject", "oss:DeleteObject", "oss:AbortMultipartUpload", "oss:ListMultipartUploads", "oss:ListParts",
    "oss:RestoreObject", "oss:ListObjectVersions", "oss:DeleteObjectVersion",
]  # fmt: skip
"""What Hive and Spark need in order to write, beside reading."""


def oss_right(names: Names) -> Case:
    """FAQ 2.2: the policy must list the bucket, for the action that was asked for."""
    if names.action in ("oss:ListBuckets", "oss:PutBucket"):
        document = policy(statement([names.action], ["*"]))
    else:
        actions = sorted({*_READ, *(_WRITE if names.action in _WRITE else ()), names.action})
        document = policy(statement(actions, bucket_resources(names.bucket)))
    return Case(
        what=text(
            "No policy allows {who} to do {action} on bucket {bucket}.",
            who=names.who,
            action=names.action,
            bucket=names.bucket,
        ),
        faq="2.2",
        console=(
            text(
                "In the RAM console, open Permissions > Policies, create a policy from this document and "
                "attach it to the role or user that made the call."
            ),
            text(
                "If the bucket belongs to another account, its owner must allow the call in the bucket "
                "policy as well."
            ),
        ),
        fix=GrantPolicy(holder=holder(names), policy=named(names, names.bucket), document=compact(document)),
        risk=text(
            "Whoever holds this identity can then use the bucket. Grant only the actions that the job "
            "needs, on this bucket alone."
        ),
        verify=list_path(names),
    )


def creation_right(names: Names) -> Case:
    """FAQ 1.1: who creates a cluster must have AliyunEMRFullAccess."""
    return Case(
        what=text(
            "{who} was not allowed to create the cluster: the right is missing, or the ECS "
            "application role cannot be used.",
            who=names.who,
        ),
        faq="1.1",
        console=(
            text(
                "In the RAM console, grant AliyunEMRFullAccess to the creator; AliyunEMRDevelopAccess is "
                "not enough."
            ),
            text(
                "Check that the ECS application role is spelled as in RAM, and that the creator may pass "
                "it (ram:PassRole)."
            ),
            text(
                "Check its trust policy: releases up to 3.32 and 4.5 need emr.aliyuncs.com, later ones "
                "ecs.aliyuncs.com."
            ),
        ),
        fix=AttachSystemPolicy(holder=person(names), policy="AliyunEMRFullAccess"),
        risk=text("AliyunEMRFullAccess allows everything in EMR, deleting clusters included."),
        verify="aliyun emr RunCluster",
    )


def _read_policy(names: Names) -> OssCall:
    return OssCall(command="get-bucket-policy", method="GET", subresource="policy", bucket=names.bucket)


def identity_deny(names: Names) -> Case:
    """An explicit Deny of a RAM policy: nothing that is added helps."""
    kind, who = ("User", names.user) if names.by_user else ("Role", names.caller_role)
    new = {"PolicyName": "YOUR_POLICY", "PolicyDocument": PLACEHOLDER, "SetAsDefault": True}
    listed = {f"{kind}Name": who}
    return Case(
        what=text(
            "A RAM policy of {who} denies {action} outright; granting more does not help.",
            who=names.who,
            action=names.action,
        ),
        faq="2.3",
        console=(
            text(
                "In the RAM console, open each policy of the role, of the user and of the user's groups, "
                "and look for a Deny statement that covers the action."
            ),
            text("Narrow or remove that statement, or except this bucket from it."),
        ),
        calls=(
            ram(f"ListPoliciesFor{kind}", **listed),
            ram("CreatePolicyVersion", **new),
        ),
        blocks=(Block(block="data", kind="alicloud_ram_policies", arguments={f"{kind.lower()}_name": who}),),
        risk=text("Somebody wrote the Deny on purpose: ask the owner before you narrow it."),
        verify=list_path(names) if names.service == "oss" else call_again(names),
    )


def bucket_deny(names: Names) -> Case:
    """A Deny statement of the bucket policy."""
    also = (
        (text("A RAM policy denies the call as well, so both must be changed."),)
        if names.ec == "0003-00000203"
        else ()
    )
    return Case(
        what=text(
            "The bucket policy of {bucket} denies the call; granting more does not help.", bucket=names.bucket
        ),
        faq="2.3",
        console=(
            text(
                "In the OSS console, open the bucket, Permission Control > Bucket Policy, and find the "
                "Deny statement that covers the caller, the action, the address or the scheme."
            ),
            text(
                "Remove it or except the role from it, and manage access through the Action field of the "
                "RAM policy."
            ),
            *also,
        ),
        calls=(
            _read_policy(names),
            OssCall(
                command="put-bucket-policy",
                method="PUT",
                subresource="policy",
                bucket=names.bucket,
                body=PLACEHOLDER,
            ),
        ),
        blocks=(
            Block(
                kind="alicloud_oss_bucket_policy",
                arguments={"bucket": names.bucket, "policy": Reference('file("policy.json")')},
            ),
        ),
        risk=text(
            "A Deny often enforces a rule of the company, such as a VPC or TLS: keep its condition, and "
            "except only this role."
        ),
        verify=list_path(names),
    )


def some_deny(names: Names) -> Case:
    """A denial that does not say by which policy: the sentence alone does not tell."""
    return Case(
        what=text(
            "OSS denied the call on bucket {bucket}, and the text does not say which rule did.",
            bucket=names.bucket,
        ),
        faq="2.3",
        console=(
            text(
                "Look for the EC in the answer's XML or in the OSS access log: 0003-00000101 is the "
                "bucket policy, 0003-00000201 a RAM policy, 0003-00000001 a missing right."
            ),
            text(
                "Check the bucket policy for a Deny statement, then the policies of the caller; a "
                "sentence about the bucket policy is answered to a Deny of a RAM policy as well."
            ),
        ),
        calls=(_read_policy(names),),
        blocks=(
            Block(
                block="data",
                kind="alicloud_oss_buckets",
                arguments={"name_regex": f"^{names.bucket}$"},
            ),
        ),
        risk=text("Reading changes nothing. Do not grant anything before the EC is known."),
        verify=list_path(names),
    )


def session_deny(names: Names) -> Case:
    """A session policy that does not cover the request."""
    wanted = compact(policy(statement([names.action], bucket_resources(names.bucket))))
    asked = {
        "RoleArn": f"acs:ram::YOUR_ACCOUNT:role/{names.role}",
        "RoleSessionName": "test",
        "Policy": wanted,
    }
    return Case(
        faq="2.2a",
        what=text(
            "The temporary credentials are limited by the policy that was given to AssumeRole, and it "
            "does not cover the call."
        ),
        console=(
            text(
                "Find where the token is made (AssumeRole with a Policy parameter) and let that policy "
                "cover the action and the bucket."
            ),
            text(
                "A token can do only what both the role's policies and this policy allow: check the "
                "role's policies too, then fetch a new token."
            ),
        ),
        calls=(Call("Sts", "2015-04-01", "AssumeRole", asked),),
        blocks=(
            Block(
                block="provider",
                kind="alicloud",
                nested=(("assume_role", {"role_arn": asked["RoleArn"], "policy": Document(wanted)}),),
            ),
        ),
        risk=text("The session policy keeps a token small. Add only the action that is missing."),
        verify=list_path(names),
    )


def vpc_endpoint_deny(names: Names) -> Case:
    """The policy of a VPC's gateway endpoint."""
    wanted = compact(policy(statement(["oss:*"], bucket_resources(names.bucket)) | {"Principal": "*"}))
    asked = {"RegionId": names.region, "EndpointId": "YOUR_ENDPOINT_ID", "PolicyDocument": wanted}
    return Case(
        faq="2.2a",
        what=text(
            "The policy of the VPC's gateway endpoint does not admit bucket {bucket}.", bucket=names.bucket
        ),
        console=(
            text(
                "In the VPC console, open Endpoints > Gateway Endpoint, and add the bucket to the "
                "endpoint policy."
            ),
        ),
        calls=(Call("Vpc", "2016-04-28", "UpdateVpcGatewayEndpointAttribute", asked),),
        blocks=(
            Block(
                kind="alicloud_vpc_gateway_endpoint",
                arguments={
                    "service_name": f"com.aliyun.{names.region}.oss",
                    "vpc_id": "YOUR_VPC",
                    "policy_document": Document(wanted),
                },
            ),
        ),
        risk=text(
            "The endpoint policy keeps data inside the company's buckets: add this bucket and no wildcard."
        ),
        verify=list_path(names),
    )


def control_deny(names: Names) -> Case:
    """A control policy of the resource directory."""
    return Case(
        faq="2.2a" if names.service == "oss" else "1.1" if names.service == "emr" else "",
        what=text(
            "A control policy of the resource directory denies {action} for the whole account.",
            action=names.action,
        ),
        console=(
            text(
                "Only the administrator of the resource directory can change it: Resource Management "
                "console, Resource Directory > Control Policies."
            ),
        ),
        calls=(Call("ResourceDirectoryMaster", "2022-04-19", "ListControlPolicies"),),
        blocks=(Block(block="data", kind="alicloud_resource_manager_control_policies"),),
        risk=text(
            "A control policy binds every identity of the account, and is changed for many accounts at once."
        ),
        verify=list_path(names) if names.service == "oss" else call_again(names),
    )


def kms_right(names: Names) -> Case:
    """A bucket encrypted with a KMS key that the caller may not use."""
    document = policy(
        statement(["kms:List*", "kms:DescribeKey", "kms:GenerateDataKey", "kms:Decrypt"], ["*"])
    )
    return Case(
        faq="2.3c",
        what=text(
            "The data is encrypted with a KMS key that {who} may not use, or the request was not signed.",
            who=names.who,
        ),
        console=(
            text(
                "Add these KMS actions to a policy of the role that reads or writes the bucket: the "
                "execution role of Serverless Spark, or the ECS application role."
            ),
            text("If the key has a policy of its own, let it admit the role."),
        ),
        fix=GrantPolicy(holder=holder(names), policy=named(names, "kms"), document=compact(document)),
        risk=text(
            "Whoever may decrypt with the key can read all that is encrypted with it: name the key in "
            "Resource where you can."
        ),
        verify=list_path(names),
    )


def dlf_data_right(names: Names) -> Case:
    """DLF's own data permissions, which no RAM policy grants."""
    return Case(
        faq="S1.2a",
        what=text("Data Lake Formation's own data permission is missing; a RAM policy cannot grant it."),
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
        fix=GrantData(
            principal="YOUR_PRINCIPAL", access="SELECT", database="YOUR_DATABASE", table="YOUR_TABLE"
        ),
        risk=text(
            "Data permissions are inherited from catalog to table: grant on the table that the job reads."
        ),
        verify="spark-sql -e 'SHOW TABLES'",
    )
