"""Policies, their versions and who has them, through the RAM SDK."""

from __future__ import annotations

import json
from typing import Any

import pytest
from alibabacloud_ram20150501 import models

from localcloud.ram.policy_versions import ROTATE
from localcloud.ram.system_policies import policy_files
from localcloud.server import LocalCloud
from rolemend.policy import parse_policy
from tests import clients
from tests.clients import Keys
from tests.localcloud.identities import allow, make_policy, make_role, make_user, trusts
from tests.localcloud.refusals import code_of

READ = allow("oss:GetObject")
WRITE = allow("oss:PutObject")


@pytest.fixture
def ram(root: Keys) -> Any:
    return clients.ram(root)


def get(ram: Any, name: str, kind: str = "Custom") -> Any:
    return ram.get_policy(models.GetPolicyRequest(policy_name=name, policy_type=kind)).body


def add_version(ram: Any, name: str, document: dict[str, Any], **more: Any) -> Any:
    request = models.CreatePolicyVersionRequest(
        policy_name=name, policy_document=json.dumps(document), **more
    )
    return ram.create_policy_version(request).body.policy_version


def versions(ram: Any, name: str) -> list[str]:
    request = models.ListPolicyVersionsRequest(policy_name=name, policy_type="Custom")
    return [v.version_id for v in ram.list_policy_versions(request).body.policy_versions.policy_version]


def test_a_policy_is_made_and_read_back_with_its_document(ram: Any) -> None:
    request = models.CreatePolicyRequest(
        policy_name="Read-1", policy_document=json.dumps(READ), description="reading"
    )
    made = ram.create_policy(request).body.policy
    assert (made.policy_type, made.default_version) == ("Custom", "v1")
    found = get(ram, "read-1")
    assert (found.policy.policy_name, found.policy.description) == ("Read-1", "reading")
    assert found.policy.attachment_count == 0
    assert json.loads(found.default_policy_version.policy_document) == READ
    assert found.default_policy_version.is_default_version is True
    described = models.UpdatePolicyDescriptionRequest(policy_name="read-1", new_description="more")
    assert ram.update_policy_description(described).body.policy.description == "more"


@pytest.mark.parametrize(
    ("name", "document", "code"),
    [
        ("under_score", json.dumps(READ), "InvalidParameter.PolicyName.InvalidChars"),
        ("p" * 129, json.dumps(READ), "InvalidParameter.PolicyName.Length"),
        ("p", json.dumps(allow("oss:GetObject", ["r" * 6144])), "InvalidParameter.PolicyDocument.Length"),
        ("p", "not json", "MalformedPolicyDocument"),
        ("p", '{"Version":"1","Statement":[{"Effect":"Allow","Action":"oss:*"}]}', "MalformedPolicyDocument"),
        ("p", trusts("ecs.aliyuncs.com"), "MalformedPolicyDocument"),
    ],
)
def test_a_policy_outside_the_rules_is_refused(ram: Any, name: str, document: str, code: str) -> None:
    request = models.CreatePolicyRequest(policy_name=name, policy_document=document)
    assert code_of(ram.create_policy, request) == (code, 400)
    assert code_of(get, ram, "p") == ("EntityNotExist.Policy", 404)


def test_a_document_of_exactly_6144_characters_is_taken(ram: Any) -> None:
    document = allow("oss:GetObject", [""])
    document["Statement"][0]["Resource"] = ["r" * (6144 - len(json.dumps(document)))]
    assert len(json.dumps(document)) == 6144
    make_policy(ram, "full", document)
    assert json.loads(get(ram, "full").default_policy_version.policy_document) == document


def test_a_new_version_takes_force_only_when_it_is_said(ram: Any) -> None:
    make_policy(ram, "p", READ)
    assert add_version(ram, "P", WRITE).is_default_version is False
    assert json.loads(get(ram, "p").default_policy_version.policy_document) == READ
    assert add_version(ram, "p", WRITE, set_as_default=True).version_id == "v3"
    assert json.loads(get(ram, "p").default_policy_version.policy_document) == WRITE
    request = models.SetDefaultPolicyVersionRequest(policy_name="p", version_id="v1")
    ram.set_default_policy_version(request)
    assert get(ram, "p").policy.default_version == "v1"
    second = models.GetPolicyVersionRequest(policy_name="p", policy_type="Custom", version_id="v2")
    found = ram.get_policy_version(second).body.policy_version
    assert (json.loads(found.policy_document), found.is_default_version) == (WRITE, False)


def test_at_five_versions_only_a_rotation_adds_a_sixth(ram: Any) -> None:
    make_policy(ram, "p", READ)
    for _ in range(4):
        add_version(ram, "p", READ)
    assert code_of(add_version, ram, "p", WRITE) == ("LimitExceeded.Policy.Version", 409)
    assert code_of(lambda: add_version(ram, "p", WRITE, rotate_strategy="None"))[1] == 409
    assert versions(ram, "p") == ["v1", "v2", "v3", "v4", "v5"]
    assert add_version(ram, "p", WRITE, rotate_strategy=ROTATE).version_id == "v6"
    assert versions(ram, "p") == ["v1", "v3", "v4", "v5", "v6"]
    wrong = code_of(lambda: add_version(ram, "p", WRITE, rotate_strategy="Sometimes"))
    assert wrong == ("InvalidParameter.RotateStrategy", 400)


def test_a_version_number_is_never_given_twice(ram: Any) -> None:
    make_policy(ram, "p", READ)
    add_version(ram, "p", READ)
    ram.delete_policy_version(models.DeletePolicyVersionRequest(policy_name="p", version_id="v2"))
    assert add_version(ram, "p", READ).version_id == "v3"


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("v1", ("DeleteConflict.Policy.Version.Default", 409)),
        ("v9", ("EntityNotExist.Policy.Version", 404)),
        ("9", ("InvalidParameter.VersionId.Format", 400)),
    ],
)
def test_versions_that_cannot_be_deleted(ram: Any, version: str, expected: tuple[str, int]) -> None:
    make_policy(ram, "p", READ)
    request = models.DeletePolicyVersionRequest(policy_name="p", version_id=version)
    assert code_of(ram.delete_policy_version, request) == expected


def test_a_policy_goes_only_when_nobody_has_it_and_its_versions_are_gone(ram: Any) -> None:
    make_user(ram, "dev", READ)
    delete = models.DeletePolicyRequest(policy_name="dev-policy")
    assert code_of(ram.delete_policy, delete) == ("DeleteConflict.Policy.User", 409)
    ram.detach_policy_from_user(
        models.DetachPolicyFromUserRequest(policy_type="Custom", policy_name="dev-policy", user_name="dev")
    )
    add_version(ram, "dev-policy", WRITE)
    assert code_of(ram.delete_policy, delete) == ("DeleteConflict.Policy.Version", 409)
    ram.delete_policy(models.DeletePolicyRequest(policy_name="dev-policy", cascading_delete=True))
    assert code_of(get, ram, "dev-policy") == ("EntityNotExist.Policy", 404)
    make_role(ram, "etl", trusts("ecs.aliyuncs.com"), READ)
    of_role = models.DeletePolicyRequest(policy_name="etl-policy")
    assert code_of(ram.delete_policy, of_role) == ("DeleteConflict.Role.Policy", 409)


def test_system_policies_are_read_and_attached_but_never_changed(ram: Any) -> None:
    found = get(ram, "aliyunossfullaccess", "System")
    assert found.policy.policy_name == "AliyunOSSFullAccess"
    name = "AliyunOSSFullAccess"
    calls = (
        lambda: add_version(ram, name, READ),
        lambda: ram.delete_policy(models.DeletePolicyRequest(policy_name=name)),
        lambda: ram.delete_policy_version(
            models.DeletePolicyVersionRequest(policy_name=name, version_id="v1")
        ),
        lambda: ram.set_default_policy_version(
            models.SetDefaultPolicyVersionRequest(policy_name=name, version_id="v1")
        ),
        lambda: ram.update_policy_description(
            models.UpdatePolicyDescriptionRequest(policy_name=name, new_description="x")
        ),
    )
    assert {code_of(call) for call in calls} == {("EntityNotExist.Policy", 404)}
    assert code_of(get, ram, name, "Other") == ("InvalidParameter.PolicyType", 400)


def test_policies_are_attached_listed_and_detached_for_users_groups_and_roles(ram: Any) -> None:
    make_policy(ram, "Read", READ)
    ram.create_user(models.CreateUserRequest(user_name="dev"))
    ram.create_group(models.CreateGroupRequest(group_name="team"))
    make_role(ram, "etl", trusts("ecs.aliyuncs.com"))
    for kind, name in (("user", "dev"), ("group", "team"), ("role", "etl")):
        word = kind.capitalize()
        members = {"policy_type": "Custom", "policy_name": "read", f"{kind}_name": name}
        attach = getattr(models, f"AttachPolicyTo{word}Request")(**members)
        getattr(ram, f"attach_policy_to_{kind}")(attach)
        taken = code_of(getattr(ram, f"attach_policy_to_{kind}"), attach)
        assert taken == (f"EntityAlreadyExists.{word}.Policy", 409)
        listing = getattr(models, f"ListPoliciesFor{word}Request")(**{f"{kind}_name": name})
        listed = getattr(ram, f"list_policies_for_{kind}")(listing).body.policies.policy
        assert [(p.policy_name, p.policy_type, p.default_version) for p in listed] == [
            ("Read", "Custom", "v1")
        ]
    assert get(ram, "read").policy.attachment_count == 3
    entities = ram.list_entities_for_policy(
        models.ListEntitiesForPolicyRequest(policy_type="Custom", policy_name="read")
    ).body
    assert [user.user_name for user in entities.users.user] == ["dev"]
    assert [group.group_name for group in entities.groups.group] == ["team"]
    assert [role.role_name for role in entities.roles.role] == ["etl"]
    for kind, name in (("user", "dev"), ("group", "team"), ("role", "etl")):
        word = kind.capitalize()
        members = {"policy_type": "Custom", "policy_name": "READ", f"{kind}_name": name}
        detach = getattr(models, f"DetachPolicyFrom{word}Request")(**members)
        getattr(ram, f"detach_policy_from_{kind}")(detach)
        gone = code_of(getattr(ram, f"detach_policy_from_{kind}"), detach)
        assert gone == (f"EntityNotExist.{word}.Policy", 404)


def test_a_role_takes_ten_custom_and_twenty_system_policies(ram: Any) -> None:
    make_role(ram, "etl", trusts("ecs.aliyuncs.com"))
    for number in range(11):
        make_policy(ram, f"p{number}", READ)
    system = [("System", file.name) for file in policy_files()[:21]]
    custom = [("Custom", f"p{number}") for number in range(11)]
    for listed in (custom, system):
        requests = [
            models.AttachPolicyToRoleRequest(policy_type=kind, policy_name=name, role_name="etl")
            for kind, name in listed
        ]
        for request in requests[:-1]:
            ram.attach_policy_to_role(request)
        assert code_of(ram.attach_policy_to_role, requests[-1]) == ("LimitExceeded.Role.Policy", 409)


def test_attaching_within_a_resource_group_is_not_supported_and_says_so(ram: Any, local: LocalCloud) -> None:
    make_role(ram, "etl", trusts("ecs.aliyuncs.com"))
    request = models.AttachPolicyToRoleRequest(
        policy_type="System", policy_name="AliyunOSSFullAccess", role_name="etl", resource_group_id="rg-1"
    )
    assert code_of(ram.attach_policy_to_role, request) == ("InvalidAction.NotFound", 404)
    assert local.call(lambda cloud: sum(cloud.unsupported.values())) == 1


def test_policies_are_listed_by_type_and_in_pages(ram: Any) -> None:
    for name in ("b", "A"):
        make_policy(ram, name, READ)
    custom = ram.list_policies(models.ListPoliciesRequest(policy_type="Custom")).body
    assert [p.policy_name for p in custom.policies.policy] == ["A", "b"]
    names, marker = [], None
    while True:
        page = ram.list_policies(models.ListPoliciesRequest(max_items=7, marker=marker)).body
        names += [p.policy_name for p in page.policies.policy]
        marker = page.marker
        if not page.is_truncated:
            break
    assert len(names) == len(set(names)) == len(policy_files()) + 2


def test_every_system_policy_says_what_it_is_and_is_well_formed() -> None:
    for file in policy_files():
        assert parse_policy(file.document, "identity").statements
        assert file.source
        assert file.note or file.status == "published"
        assert "TRUNCATED" not in str(file.document)


def test_the_known_part_of_develop_access_runs_clusters_but_does_not_create_them(ram: Any) -> None:
    document = json.loads(get(ram, "AliyunEMRDevelopAccess", "System").default_policy_version.policy_document)
    actions = document["Statement"][0]["Action"]
    assert "emr:Run*" in actions
    assert not [a for a in actions if a.lower() in ("emr:createcluster", "emr:create*", "emr:createcluster*")]
