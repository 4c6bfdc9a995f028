"""Roles, their trust policies and service-linked roles, through the RAM SDK."""

from __future__ import annotations

import json
from typing import Any

import pytest
from alibabacloud_ram20150501 import models

from localcloud.faults import Fault
from localcloud.ram.default_roles import DEFAULT_ROLES, grant_default_roles
from localcloud.server import LocalCloud
from tests import clients
from tests.clients import Keys
from tests.localcloud.identities import allow, make_role, make_user, trusts
from tests.localcloud.refusals import code_of, refusal


@pytest.fixture
def ram(root: Keys) -> Any:
    return clients.ram(root)


def create(ram: Any, name: str, document: str | None = None, **more: Any) -> Any:
    document = trusts("ecs.aliyuncs.com") if document is None else document
    request = models.CreateRoleRequest(role_name=name, assume_role_policy_document=document, **more)
    return ram.create_role(request).body.role


def get(ram: Any, name: str) -> Any:
    return ram.get_role(models.GetRoleRequest(role_name=name)).body.role


def update(ram: Any, name: str, **changes: Any) -> Any:
    return ram.update_role(models.UpdateRoleRequest(role_name=name, **changes)).body.role


def test_a_role_is_made_and_read_back(ram: Any, account: str) -> None:
    made = create(ram, "ETL.Role-1", description="jobs", max_session_duration=7200)
    found = get(ram, "etl.role-1")
    assert found.role_id == made.role_id
    assert found.arn == f"acs:ram::{account}:role/etl.role-1"
    assert (found.role_name, found.description, found.max_session_duration) == ("ETL.Role-1", "jobs", 7200)
    assert json.loads(found.assume_role_policy_document) == json.loads(trusts("ecs.aliyuncs.com"))
    assert found.is_service_linked_role is False
    assert found.role_principal_name == f"ETL.Role-1@role.{account}.onaliyunservice.com"


def test_an_update_changes_only_what_it_names(ram: Any) -> None:
    create(ram, "etl", description="jobs")
    both = trusts("ecs.aliyuncs.com", "emr.aliyuncs.com")
    changed = update(ram, "ETL", new_assume_role_policy_document=both)
    assert changed.assume_role_policy_document == both
    update(ram, "etl", new_description="more jobs")
    update(ram, "etl", new_max_session_duration=43200)
    found = get(ram, "etl")
    assert (found.assume_role_policy_document, found.description) == (both, "more jobs")
    assert found.max_session_duration == 43200


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("{", "MalformedPolicyDocument"),
        ("[]", "MalformedPolicyDocument"),
        ('{"Version":"2","Statement":[]}', "MalformedPolicyDocument"),
        (json.dumps(allow("sts:AssumeRole")), "MalformedPolicyDocument"),
        (trusts("x" * 6200), "InvalidParameter.{}.Length"),
    ],
)
def test_a_trust_policy_outside_the_grammar_is_refused_and_changes_nothing(
    ram: Any, document: str, code: str
) -> None:
    made = code_of(lambda: create(ram, "etl", document))
    assert made == (code.format("AssumeRolePolicyDocument"), 400)
    create(ram, "etl", description="jobs")
    changed = code_of(
        lambda: update(ram, "etl", new_assume_role_policy_document=document, new_description="other")
    )
    assert changed == (code.format("NewAssumeRolePolicyDocument"), 400)
    assert get(ram, "etl").description == "jobs"
    assert get(ram, "etl").assume_role_policy_document == trusts("ecs.aliyuncs.com")


def test_a_malformed_document_is_answered_with_the_place_of_the_mistake(ram: Any) -> None:
    document = trusts("ecs.aliyuncs.com").replace("Allow", "Maybe")
    assert "Statement[0].Effect" in refusal(create, ram, "etl", document).message


@pytest.mark.parametrize("seconds", [3599, 43201])
def test_a_session_duration_outside_the_range_is_refused(ram: Any, seconds: int) -> None:
    request = models.CreateRoleRequest(
        role_name="etl", assume_role_policy_document=trusts("a.aliyuncs.com"), max_session_duration=seconds
    )
    assert code_of(ram.create_role, request) == ("InvalidParameter.MaxSessionDuration", 400)


def test_names_are_checked_and_unique(ram: Any) -> None:
    create(ram, "etl")
    assert code_of(create, ram, "ETL") == ("EntityAlreadyExists.Role", 409)
    assert code_of(create, ram, "under_score") == ("InvalidParameter.RoleName.InvalidChars", 400)
    assert code_of(create, ram, "r" * 65) == ("InvalidParameter.RoleName.Length", 400)
    assert code_of(get, ram, "other") == ("EntityNotExist.Role", 404)


def test_a_role_with_policies_is_not_deleted(ram: Any) -> None:
    make_role(ram, "etl", trusts("ecs.aliyuncs.com"), allow("oss:*"))
    delete = models.DeleteRoleRequest(role_name="etl")
    assert code_of(ram.delete_role, delete) == ("DeleteConflict.Role.Policy", 409)
    ram.detach_policy_from_role(
        models.DetachPolicyFromRoleRequest(policy_type="Custom", policy_name="etl-policy", role_name="etl")
    )
    ram.delete_role(delete)
    assert code_of(get, ram, "etl") == ("EntityNotExist.Role", 404)


def test_roles_are_listed_in_pages(ram: Any) -> None:
    for name in ("c", "B", "a"):
        create(ram, name)
    first = ram.list_roles(models.ListRolesRequest(max_items=2)).body
    assert [role.role_name for role in first.roles.role] == ["a", "B"]
    second = ram.list_roles(models.ListRolesRequest(max_items=2, marker=first.marker)).body
    assert [role.role_name for role in second.roles.role] == ["c"]


def test_a_service_linked_role_refuses_every_change(ram: Any) -> None:
    service = "spark.emr-serverless.aliyuncs.com"
    made = ram.create_service_linked_role(
        models.CreateServiceLinkedRoleRequest(service_name=service)
    ).body.role
    assert (made.role_name, made.is_service_linked_role) == ("AliyunServiceRoleForEMRServerlessSpark", True)
    name = made.role_name
    assert get(ram, name).is_service_linked_role is True
    attach = {"policy_type": "System", "policy_name": "AliyunOSSFullAccess", "role_name": name}
    calls = (
        lambda: update(ram, name, new_description="x"),
        lambda: update(ram, name, new_assume_role_policy_document=trusts("ecs.aliyuncs.com")),
        lambda: ram.delete_role(models.DeleteRoleRequest(role_name=name)),
        lambda: ram.attach_policy_to_role(models.AttachPolicyToRoleRequest(**attach)),
        lambda: ram.detach_policy_from_role(models.DetachPolicyFromRoleRequest(**attach)),
        lambda: ram.tag_resources(
            models.TagResourcesRequest(
                resource_type="role",
                resource_names=[name],
                tag=[models.TagResourcesRequestTag(key="k", value="v")],
            )
        ),
    )
    assert {code_of(call) for call in calls} == {("NotSupport.ServiceLinkedRole", 403)}
    again = models.CreateServiceLinkedRoleRequest(service_name=service)
    assert code_of(ram.create_service_linked_role, again) == ("EntityAlreadyExists.Role", 409)
    other = models.CreateServiceLinkedRoleRequest(service_name="nobody.aliyuncs.com")
    assert code_of(ram.create_service_linked_role, other) == ("EntityNotExist.Service", 404)


def test_making_roles_can_be_limited_by_the_service_they_trust(ram: Any) -> None:
    document = allow("ram:CreateRole")
    document["Statement"][0]["Condition"] = {"StringEquals": {"ram:ServiceNames": ["ecs.aliyuncs.com"]}}
    keys = make_user(ram, "dev", document)
    assert create(clients.ram(keys), "nodes").role_name == "nodes"
    assert code_of(create, clients.ram(keys), "fc", trusts("fc.aliyuncs.com")) == ("NoPermission", 403)


def test_the_default_roles_of_emr_have_their_documented_trust(
    ram: Any, local: LocalCloud, account: str
) -> None:
    create(ram, "AliyunEMRDefaultRole", trusts("ecs.aliyuncs.com"))
    local.call(lambda cloud: grant_default_roles(cloud.state, account))
    for default in DEFAULT_ROLES[1:]:
        trust = json.loads(get(ram, default.name).assume_role_policy_document)
        assert trust["Statement"][0]["Principal"] == {"Service": [default.service]}
        listed = ram.list_policies_for_role(models.ListPoliciesForRoleRequest(role_name=default.name))
        assert [p.policy_name for p in listed.body.policies.policy] == [default.policy]
    assert "ecs" in get(ram, "AliyunEMRDefaultRole").assume_role_policy_document


def test_a_write_whose_answer_was_lost_has_happened(ram: Any, local: LocalCloud) -> None:
    create(ram, "etl", description="jobs")
    fault = Fault(service="ram", operation="UpdateRole", when="after", status=500)
    local.call(lambda cloud: cloud.faults.append(fault))
    found = code_of(lambda: update(ram, "etl", new_description="more jobs"))
    assert found == ("InternalError", 500)
    assert get(ram, "etl").description == "more jobs"


def test_a_throttled_call_is_told_so_and_changes_nothing(ram: Any, local: LocalCloud) -> None:
    fault = Fault(service="ram", operation="CreateRole", kind="throttle", times=1)
    local.call(lambda cloud: cloud.faults.append(fault))
    assert code_of(create, ram, "etl") == ("Throttling.User", 429)
    assert create(ram, "etl").role_name == "etl"


def test_tags_of_roles_can_be_set_listed_filtered_and_taken_away(ram: Any) -> None:
    create(ram, "etl", tag=[models.CreateRoleRequestTag(key="team", value="data")])
    create(ram, "web")
    of_role = {"resource_type": "role", "resource_names": ["ETL"]}
    ram.tag_resources(
        models.TagResourcesRequest(tag=[models.TagResourcesRequestTag(key="stage", value="prod")], **of_role)
    )
    rows = ram.list_tag_resources(models.ListTagResourcesRequest(resource_type="role")).body.tag_resources
    found = {(row.resource_name, row.tag_key, row.tag_value) for row in rows}
    assert found == {("etl", "team", "data"), ("etl", "stage", "prod")}
    wanted = models.ListRolesRequest(tag=[models.ListRolesRequestTag(key="stage", value="prod")])
    assert [role.role_name for role in ram.list_roles(wanted).body.roles.role] == ["etl"]
    ram.untag_resources(models.UntagResourcesRequest(tag_keys=["team"], **of_role))
    rows = ram.list_tag_resources(models.ListTagResourcesRequest(**of_role)).body.tag_resources
    assert [row.tag_key for row in rows] == ["stage"]
    missing = models.UntagResourcesRequest(resource_type="role", resource_names=["no"], all=True)
    assert code_of(ram.untag_resources, missing) == ("EntityNotExist.Role", 404)
    wrong = models.ListTagResourcesRequest(resource_type="user")
    assert code_of(ram.list_tag_resources, wrong) == ("InvalidParameter.ResourceType", 400)
