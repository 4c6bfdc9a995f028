"""What is printed is taken by the cloud: every fix of RAM and OSS is read back from its forms and made."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from demo import clients
from demo.clients import Keys
from localcloud.server import LocalCloud
from rolemend.fix import model, spark
from rolemend.fix.documents import compact, policy, statement, trust
from rolemend.fix.model import Fix, Holder
from rolemend.fix.render import render
from rolemend.policy import Principal, Request, Source, decide, parse_policy
from tests.fix.reading import from_api, from_cli, make

FORMS: dict[str, Callable[[Any], Any]] = {
    "cli": lambda forms: from_cli(forms.cli),
    "api": lambda forms: from_api(forms.api),
}
ROLE = Holder(model.ROLE, "spark-job")
GRANT = compact(policy(statement(["oss:GetObject"], ["acs:oss:*:*:data/${x}%{y}'*"])))


@pytest.fixture
def ram(local: LocalCloud, root: Keys) -> Any:
    """RAM with a role, a user and a custom policy that the role holds."""
    from alibabacloud_ram20150501 import models

    client = clients.ram(root)
    client.create_role(
        models.CreateRoleRequest(role_name=ROLE.name, assume_role_policy_document=trust("ecs.aliyuncs.com"))
    )
    client.create_user(models.CreateUserRequest(user_name="dana"))
    client.create_policy(models.CreatePolicyRequest(policy_name="held", policy_document=GRANT))
    client.attach_policy_to_role(
        models.AttachPolicyToRoleRequest(policy_type="Custom", policy_name="held", role_name=ROLE.name)
    )
    return client


def run(fix: Fix, form: str, root: Keys) -> None:
    make(FORMS[form](render(fix)), root)


def policies_of(ram: Any, role: str = ROLE.name) -> dict[str, dict[str, Any]]:
    """The documents in force of a role's policies."""
    from alibabacloud_ram20150501 import models

    attached = ram.list_policies_for_role(
        models.ListPoliciesForRoleRequest(role_name=role)
    ).body.policies.policy
    found = {}
    for each in attached or []:
        asked = models.GetPolicyRequest(policy_type=each.policy_type, policy_name=each.policy_name)
        found[each.policy_name] = json.loads(
            ram.get_policy(asked).body.default_policy_version.policy_document
        )
    return found


def trusted_by(ram: Any, role: str) -> dict[str, Any]:
    from alibabacloud_ram20150501 import models

    body = ram.get_role(models.GetRoleRequest(role_name=role)).body
    document: dict[str, Any] = json.loads(body.role.assume_role_policy_document)
    return document


@pytest.mark.parametrize("form", FORMS)
def test_a_policy_is_made_and_attached(ram: Any, root: Keys, form: str) -> None:
    run(model.GrantPolicy(holder=ROLE, policy="made", document=GRANT), form, root)
    assert policies_of(ram)["made"] == json.loads(GRANT)


@pytest.mark.parametrize("form", FORMS)
def test_a_policy_gets_a_new_default_version(ram: Any, root: Keys, form: str) -> None:
    after = compact(policy(statement(["oss:PutObject"], ["*"])))
    run(model.ReplacePolicy(policy="held", document=after), form, root)
    assert policies_of(ram)["held"] == json.loads(after)


@pytest.mark.parametrize("form", FORMS)
def test_a_policy_is_taken_away(ram: Any, root: Keys, form: str) -> None:
    run(model.DetachPolicy(holder=ROLE, policy="held"), form, root)
    assert policies_of(ram) == {}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("service", ["emr.aliyuncs.com", "ecs.aliyuncs.com", spark.SERVICE])
def test_a_role_trusts_the_service(ram: Any, root: Keys, service: str, form: str) -> None:
    run(model.ReplaceTrust(role=ROLE.name, document=trust(service)), form, root)
    assert trusted_by(ram, ROLE.name) == json.loads(trust(service))


@pytest.mark.parametrize("form", FORMS)
def test_a_role_is_made_with_its_policies(ram: Any, root: Keys, form: str) -> None:
    run(
        model.CreateRole(role="made", services=("ecs.aliyuncs.com",), policies=("AliyunOSSReadOnlyAccess",)),
        form,
        root,
    )
    assert trusted_by(ram, "made") == json.loads(trust("ecs.aliyuncs.com"))
    assert list(policies_of(ram, "made")) == ["AliyunOSSReadOnlyAccess"]


@pytest.mark.parametrize("form", FORMS)
def test_a_bucket_policy_is_written_and_deleted(local: LocalCloud, root: Keys, form: str) -> None:
    bucket = clients.bucket(root, "data-lake")
    bucket.create_bucket("private")
    denied = statement(["oss:GetObject"], ["acs:oss:*:*:data-lake/*"], "Deny", Principal=["*"])
    document = compact(policy(denied))
    run(model.ReplaceBucketPolicy(bucket="data-lake", document=document, region="cn-hangzhou"), form, root)
    assert json.loads(bucket.get_bucket_policy().policy) == json.loads(document)
    run(model.ReplaceBucketPolicy(bucket="data-lake", document=""), form, root)
    with pytest.raises(Exception, match="NoSuchBucketPolicy"):
        bucket.get_bucket_policy()


SPARK: dict[str, tuple[Fix, str, str]] = {
    "maxcompute": (
        spark.act_in_maxcompute(ROLE.name),
        "odps:ActOnBehalfOfAnotherUser",
        "acs:odps:cn-hangzhou:1000000000000001:users/default/ramuser/dana",
    ),
    "dlf-auth": (spark.act_in_dlf(ROLE.name), "dlf-auth:ActOnBehalfOfAnotherUser", "*"),
    "dlf": (spark.use_dlf(ROLE, ["dlf:GetTable"]), "dlf:GetTable", "acs:dlf:*:*:catalog/sales"),
    "kms": (spark.use_key(ROLE), "kms:Decrypt", "acs:kms:cn-hangzhou:1000000000000001:key/k"),
    "one key": (
        spark.use_key(ROLE, "acs:kms:cn-hangzhou:1000000000000001:key/k"),
        "kms:GenerateDataKey",
        "acs:kms:cn-hangzhou:1000000000000001:key/k",
    ),
    "directory": (
        spark.use_workspace_directory(ROLE.name, "work-dir"),
        "oss:PutObject",
        "acs:oss:*:1000000000000001:work-dir/a",
    ),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", SPARK)
def test_an_execution_role_gets_what_it_lacked(ram: Any, root: Keys, name: str, form: str) -> None:
    fix, action, resource = SPARK[name]
    request = Request(action=action, resource=resource, principal=Principal(type="assumed_role"))

    def outcome() -> str:
        found = policies_of(ram).values()
        return decide(request, [Source(kind="identity", policy=parse_policy(each)) for each in found]).outcome

    assert outcome() == "implicit_deny"
    run(fix, form, root)
    assert outcome() == "allow"


def test_one_key_is_not_every_key() -> None:
    fix = spark.use_key(ROLE, "acs:kms:cn-hangzhou:1000000000000001:key/k")
    request = Request(
        action="kms:Decrypt",
        resource="acs:kms:cn-hangzhou:1000000000000001:key/other",
        principal=Principal(type="assumed_role"),
    )
    source = Source(kind="identity", policy=parse_policy(fix.document))
    assert decide(request, [source]).outcome == "implicit_deny"


@pytest.mark.parametrize("form", FORMS)
def test_the_default_execution_role_is_restored(local: LocalCloud, root: Keys, form: str) -> None:
    from alibabacloud_ram20150501 import models

    ram = clients.ram(root)
    held = models.DetachPolicyFromRoleRequest(
        policy_type="System", policy_name=spark.DEFAULT_POLICY, role_name=spark.DEFAULT_ROLE
    )
    run(spark.restore_default_role(spark.MISSING), form, root)
    ram.detach_policy_from_role(held)
    ram.update_role(
        models.UpdateRoleRequest(
            role_name=spark.DEFAULT_ROLE, new_assume_role_policy_document=trust("ecs.aliyuncs.com")
        )
    )
    run(spark.restore_default_role(spark.NOT_TRUSTED), form, root)
    run(spark.restore_default_role(spark.WITHOUT_POLICY), form, root)
    assert trusted_by(ram, spark.DEFAULT_ROLE) == json.loads(trust(spark.SERVICE))
    assert list(policies_of(ram, spark.DEFAULT_ROLE)) == [spark.DEFAULT_POLICY]
