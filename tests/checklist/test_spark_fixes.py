"""Every advice about a refused Serverless Spark job brings the exact fix, for the identity whose rights count."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from rolemend.account.interface import Absent, Bucket, Known
from rolemend.checklist.guide import failed_finding, guide
from rolemend.checklist.model import FAILED, Finding
from rolemend.fix.guidance import Guidance
from rolemend.fix.model import (
    AttachSystemPolicy,
    CreateRole,
    DetachPolicy,
    Fix,
    GrantData,
    GrantPolicy,
    GrantProject,
    Holder,
    ReplaceBucketPolicy,
    ReplaceTrust,
    SetJob,
)
from rolemend.signals.denial import Denial, DeniedPrincipal
from tests.checklist.oss_cases import OTHER, bucket_policy, policy
from tests.checklist.spark_cases import (
    BUCKET,
    CREATOR,
    DEFAULT,
    ROLE,
    ROOT,
    SPARK,
    SUBMITTER,
    WORKSPACE,
    advice,
    denial,
    diagnosed,
    healthy,
    trusting,
)
from tests.fakes import FakeAccount
from tests.fix.reading import from_api
from tests.samples import ACCOUNT

DEFAULT_POLICY = "AliyunEMRSparkJobRunDefaultRolePolicy"
AGAIN = AttachSystemPolicy(holder=Holder("role", DEFAULT), policy=DEFAULT_POLICY)
KEY = f"acs:kms:cn-hangzhou:{ACCOUNT}:key/key-1"
A_ROLE = DeniedPrincipal(type="assumed_role", account=ACCOUNT, name="analyst")
OWN_PERMISSION = "dlf_data_permission_missing"


def default(**changes: Any) -> FakeAccount:
    """The same account, whose workspace has the default role."""
    of_default = msgspec.structs.replace(WORKSPACE, role=DEFAULT)
    return healthy(
        **{"the_workspace": Known(of_default), "the_role": trusting(SPARK, name=DEFAULT), **changes}
    )


def failure(fake: FakeAccount, denied: Denial) -> Finding:
    found = failed_finding(diagnosed(fake, denied))
    assert found is not None
    return found


def fixed(fake: FakeAccount, denied: Denial) -> Fix | None:
    finding = failure(fake, denied)
    return finding.fix or (advice(finding.remedy).fix if finding.fix is None else None)


def guided(fake: FakeAccount, denied: Denial) -> Guidance:
    return guide(diagnosed(fake, denied), denied)


def granted(fix: Fix | None) -> tuple[Holder, list[str], list[str]]:
    """Who is granted what on what."""
    assert isinstance(fix, GrantPolicy)
    statements = json.loads(fix.document)["Statement"]
    actions = [action for each in statements for action in each["Action"]]
    return fix.holder, actions, [resource for each in statements for resource in each["Resource"]]


@pytest.mark.parametrize(
    ("denied", "holder", "action"),
    [
        (denial("dlf"), Holder("user", "ada"), "dlf:GetTable"),
        (denial("dlf", gateway="lc-1", token_creator=CREATOR), Holder("user", "grace"), "dlf:GetTable"),
        (denial("dlf", principal=ROLE), Holder("role", "spark-job"), "dlf:GetTable"),
        (
            denial("dlf", principal=ROLE, action="dlf-auth:ActOnBehalfOfAnotherUser"),
            Holder("role", "spark-job"),
            "dlf-auth:ActOnBehalfOfAnotherUser",
        ),
        (
            denial("maxcompute", principal=ROLE, action="odps:ActOnBehalfOfAnotherUser"),
            Holder("role", "spark-job"),
            "odps:ActOnBehalfOfAnotherUser",
        ),
        (denial("kms", resource=KEY), Holder("role", "spark-job"), "kms:Decrypt"),
    ],
    ids=["submitter", "creator of the token", "role at DLF", "for others at DLF", "at MaxCompute", "key"],
)
def test_the_right_goes_to_the_identity_that_is_asked(denied: Denial, holder: Holder, action: str) -> None:
    allowed = ("oss:*", "dlf-auth:*") if action == "dlf:GetTable" else ("oss:*",)
    fake = healthy(role_policies=Known((policy(*allowed),)), user_policies=Known(()))
    who, actions, _ = granted(fixed(fake, denied))
    assert (who, action in actions) == (holder, True)


def test_the_right_on_a_key_is_for_this_key_wherever_it_is() -> None:
    for told in (KEY, "key-1"):
        _, _, resources = granted(fixed(healthy(), denial("kms", resource=told)))
        assert "*" in resources  # for listing alone
        assert [each for each in resources if each != "*"] == [
            KEY.replace("cn-hangzhou", "*") if told == "key-1" else KEY
        ]


@pytest.mark.parametrize(
    "denied",
    [
        denial("dlf", principal=ROLE, action="dlf-auth:ActOnBehalfOfAnotherUser"),
        denial("maxcompute", principal=ROLE, action="odps:ActOnBehalfOfAnotherUser"),
        denial("kms", resource=KEY),
        denial(principal=msgspec.structs.replace(ROLE, name=DEFAULT)),
        denial("sts"),
    ],
    ids=["dlf", "maxcompute", "kms", "oss", "directory"],
)
@pytest.mark.parametrize("held", [(), (policy("oss:GetBucketInfo"),)], ids=["nothing", "something"])
def test_the_default_role_gets_its_own_policy_and_nothing_else(denied: Denial, held: Any) -> None:
    found = diagnosed(default(role_policies=Known(held)), denied)
    fixes = [
        advice(each.remedy).fix if each.fix is None else each.fix
        for each in found.findings
        if each.answer == FAILED
    ]
    assert fixes
    assert all(fix == AGAIN for fix in fixes)


def test_the_default_role_is_restored_and_a_custom_one_made_again_or_told_to_trust_spark() -> None:
    gone = healthy(the_role=Absent())
    assert fixed(default(the_role=Absent()), denial("sts")) == CreateRole(
        role=DEFAULT, services=(SPARK,), policies=(DEFAULT_POLICY,), default=True
    )
    assert fixed(gone, denial("sts")) == CreateRole(role="spark-job", services=(SPARK,))
    own = Known((msgspec.structs.replace(policy("oss:*"), name=DEFAULT_POLICY, type="System"),))
    for fake in (
        healthy(the_role=trusting("ecs.aliyuncs.com")),
        default(the_role=trusting("ecs.aliyuncs.com", name=DEFAULT), role_policies=own),
    ):
        fix = fixed(fake, denial("sts"))
        assert isinstance(fix, ReplaceTrust)
        assert SPARK in fix.document
        kept = fix.role != DEFAULT
        assert ("ecs.aliyuncs.com" in fix.document) is kept


def test_the_workspace_directory_is_granted_or_asked_of_its_owner() -> None:
    fake = healthy(role_policies=Known((policy("kms:*"),)))
    who, actions, resources = granted(fixed(fake, denial("sts")))
    assert (who.name, "oss:PutObject" in actions) == ("spark-job", True)
    assert resources == ["acs:oss:*:*:lab-files", "acs:oss:*:*:lab-files/*"]
    theirs = Known(Bucket(name="lab-files", region="cn-hangzhou", acl="private", owner=OTHER))
    kept = bucket_policy(Action=["oss:PutBucketAcl"])
    foreign = fixed(healthy(the_bucket=theirs, the_bucket_policy=kept), denial("sts"))
    assert isinstance(foreign, ReplaceBucketPolicy)
    first, added = json.loads(foreign.document)["Statement"]
    assert first == json.loads(kept.value)["Statement"][0]
    assert added["Principal"] == [f"arn:sts::{ACCOUNT}:assumed-role/spark-job/*"]


def test_no_grant_is_printed_for_a_directory_whose_account_nobody_told() -> None:
    nobodys = Known(Bucket(name="lab-files", region="cn-hangzhou", acl="private", owner=""))
    found = guided(healthy(the_bucket=nobodys, role_policies=Known(())), denial("sts"))
    assert [call.action for call in from_api(found.api)] == ["GetRole", "ListPoliciesForRole"]


@pytest.mark.parametrize(
    "denied",
    [
        denial("sts"),
        denial("kms"),
        denial("dlf"),
        denial("maxcompute", action="odps:ActOnBehalfOfAnotherUser"),
    ],
)
def test_a_deny_is_taken_out_of_its_policy(denied: Denial) -> None:
    deny = msgspec.structs.replace(policy("*", effect="Deny"), name="no")
    fake = healthy(role_policies=Known((deny, policy("*"))), user_policies=Known((deny,)))
    fix = fixed(fake, denied)
    assert isinstance(fix, DetachPolicy)
    assert fix.policy == "no"


def test_a_deny_of_the_directorys_bucket_policy_is_taken_out() -> None:
    named = bucket_policy(Principal=[f"arn:sts::{ACCOUNT}:assumed-role/spark-job/*"], Action=["oss:*"])
    document = json.loads(named.value)
    document["Statement"][0]["Resource"] = ["acs:oss:*:*:lab-files", "acs:oss:*:*:lab-files/*"]
    fix = fixed(healthy(the_bucket_policy=Known(json.dumps(document))), denial("sts"))
    assert fix == ReplaceBucketPolicy(bucket="lab-files", document="", region="cn-hangzhou")


@pytest.mark.parametrize(
    ("resource", "database", "table"),
    [
        ("sales.orders", "sales", "orders"),
        (f"acs:dlf:*:{ACCOUNT}:catalog/c/database/sales/table/orders", "sales", "orders"),
        ("acs:dlf:*:*:catalogs/c/databases/sales", "sales", "YOUR_TABLE"),
        ("", "", "YOUR_TABLE"),
        ("x'; drop", "", "YOUR_TABLE"),
    ],
)
def test_dlfs_own_permission_is_granted_on_what_the_error_names(
    resource: str, database: str, table: str
) -> None:
    denied = denial("dlf", action="", cause=OWN_PERMISSION, resource=resource)
    lake = Known(msgspec.structs.replace(WORKSPACE, catalog="lake", catalog_type="DLF 2.0"))
    assert fixed(healthy(the_workspace=lake), denied) == GrantData(
        principal=f"acs:ram::{ACCOUNT}:user/ada",
        access="SELECT",
        catalog="lake",
        database=database,
        table=table,
    )


def test_the_generation_and_the_access_follow_the_workspace_and_the_action() -> None:
    legacy = Known(msgspec.structs.replace(WORKSPACE, catalog_type="DLF1.0"))
    denied = denial("dlf", action="dlf:AlterTable", cause=OWN_PERMISSION, resource="sales.orders")
    fake = healthy(the_workspace=legacy, user_policies=Known((policy("*"),)))
    fix = fixed(fake, denied)
    assert isinstance(fix, GrantData)
    assert (fix.generation, fix.access) == (1, "ALTER")
    (call,) = from_api(guided(fake, denied).api)
    assert call.action == "GrantPermissions"


def test_where_nobody_knows_who_is_asked_no_name_is_made_up() -> None:
    denied = denial("dlf", action="", cause=OWN_PERMISSION, submitter=None)
    found = guided(healthy(), denied)
    assert "YOUR_PRINCIPAL" in found.api
    project = guided(healthy(), denial("maxcompute", submitter=None, code="ODPS-0420095"))
    assert "YOUR_USER" in project.cli


@pytest.mark.parametrize(
    ("who", "changes", "statement"),
    [
        (SUBMITTER, {}, f"grant Describe, Select on table YOUR_TABLE to user RAM${ACCOUNT}:{SUBMITTER.id};"),
        (ROOT, {"action": "odps:Select"}, f"grant Select on table YOUR_TABLE to user ALIYUN${ACCOUNT};"),
        (
            A_ROLE,
            {"action": "odps:CreateInstance", "resource": "acs:odps:*:projects/sales"},
            f"grant CreateInstance on project sales to user `RAM${ACCOUNT}:role/analyst`;",
        ),
        (
            SUBMITTER,
            {"action": "odps:Select", "resource": "acs:odps:*:projects/sales/tables/orders"},
            f"grant Select on table orders to user RAM${ACCOUNT}:{SUBMITTER.id};",
        ),
    ],
)
def test_the_project_grants_what_was_refused(
    who: DeniedPrincipal, changes: dict[str, Any], statement: str
) -> None:
    denied = denial("maxcompute", principal=who, submitter=who, code="ODPS-0420095", **changes)
    assert isinstance(fixed(healthy(), denied), GrantProject)
    found = guided(healthy(), denied)
    assert statement in found.cli
    assert "alicloud_max_compute_role_user_attachment" in found.terraform
    assert "UpdateUsersToRole" in found.api


def test_settings_are_those_of_the_job() -> None:
    user = DeniedPrincipal(type="ram_user", account=ACCOUNT, name="bob")
    assert fixed(healthy(), denial(principal=user)) == SetJob(
        removed=("spark.hadoop.fs.oss.accessKeyId", "spark.hadoop.fs.oss.accessKeySecret"),
        workspace="w-1",
        region="cn-hangzhou",
    )
    far = msgspec.structs.replace(BUCKET, host="data.oss-cn-shanghai.aliyuncs.com")
    found = guided(healthy(), denial(detail_code="0003-00001403", bucket=far))
    (call,) = from_api(found.api)
    (setting,) = call.parameters["body"]["configurationOverrides"]["configurations"]
    assert setting["configItemKey"] == "spark.hadoop.fs.oss.bucket.data.endpoint"
    assert setting["configItemValue"] == "oss-cn-hangzhou.aliyuncs.com"


@pytest.mark.parametrize("service", ["oss", "kms", "sts", "dlf", "maxcompute", ""])
def test_every_advice_ends_with_the_batch_job_again(service: str) -> None:
    found = guided(healthy(role_policies=Known(())), denial(service))
    assert found.verify.startswith("aliyun emr-serverless-spark StartJobRun --regionId cn-hangzhou")
    assert "--workspaceId w-1 " in found.verify
    assert all((found.console, found.cli, found.terraform, found.api, found.risk.render()))
