"""RAM over HTTP: lists to their last page, absent told apart from refused, and writes that are not repeated blindly."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from alibabacloud_ram20150501 import models

from localcloud.server import LocalCloud
from rolemend.account.interface import Absent, Known, PolicyUsers, Unread
from rolemend.account.ram import Ram
from rolemend.errors import AccountError, NotThere, Refused, Unreachable
from rolemend.remedy.apply import apply_plan, roll_back
from rolemend.remedy.model import Plan
from rolemend.remedy.plan import plan_remedy
from tests import clients
from tests.account.entry import PASSING, access, fault
from tests.clients import Keys
from tests.localcloud.identities import allow, make_policy, make_role, make_user, trusts
from tests.remedy.test_plan import LIST_DATA, reading
from tests.samples import ACCOUNT

DOCUMENT = {"Version": "1", "Statement": [reading("other")]}
OTHER = json.dumps(allow("oss:GetObject", "acs:oss:*:*:third/*"))


@pytest.fixture
def sdk(root: Keys) -> Any:
    return clients.ram(root)


@pytest.fixture
def ram(root: Keys) -> Ram:
    return Ram(access(root))


@pytest.fixture
def role(sdk: Any) -> str:
    """A role with the policy `emr-role-policy`."""
    make_role(sdk, "emr-role", trusts("ecs.aliyuncs.com"), DOCUMENT)
    return "emr-role"


def known(reading: Any) -> Any:
    assert isinstance(reading, Known), reading
    return reading.value


def versions(sdk: Any, name: str = "emr-role-policy") -> list[str]:
    request = models.ListPolicyVersionsRequest(policy_type="Custom", policy_name=name)
    listed = sdk.list_policy_versions(request).body.policy_versions.policy_version
    return sorted(version.version_id for version in listed)


def test_a_role_is_read_with_its_trust_policy(ram: Ram, role: str) -> None:
    found = known(ram.role("EMR-Role"))
    assert (found.name, found.arn, found.service_linked) == (role, f"acs:ram::{ACCOUNT}:role/emr-role", False)
    assert json.loads(found.trust_policy) == json.loads(trusts("ecs.aliyuncs.com"))
    assert abs(found.updated - time.time()) < 60


@pytest.mark.parametrize("name", ["emr\u2011role", "emr role", "emr_role", "r" * 65])
def test_a_name_that_ram_gives_no_role_is_that_of_no_role(ram: Ram, role: str, name: str) -> None:
    assert isinstance(ram.role(name), Absent)


def test_a_role_s_policies_come_with_the_documents_in_force(ram: Ram, sdk: Any, role: str) -> None:
    ram.add_policy_version("emr-role-policy", OTHER)
    (policy,) = known(ram.policies_of_role(role))
    assert (policy.name, policy.type, policy.version, policy.via) == ("emr-role-policy", "Custom", "v2", "")
    assert json.loads(policy.document) == json.loads(OTHER)
    assert abs(policy.updated - time.time()) < 60


def test_a_user_s_policies_come_directly_and_through_every_group(ram: Ram, sdk: Any) -> None:
    make_user(sdk, "ana", allow("oss:*"))
    for number in range(3):
        group = f"team-{number}"
        sdk.create_group(models.CreateGroupRequest(group_name=group))
        sdk.add_user_to_group(models.AddUserToGroupRequest(user_name="ana", group_name=group))
        policy = make_policy(sdk, f"{group}-policy", allow("emr:*"))
        attach = models.AttachPolicyToGroupRequest(policy_type="Custom", policy_name=policy, group_name=group)
        sdk.attach_policy_to_group(attach)
    found = known(ram.policies_of_user("ana"))
    assert sorted((policy.via, policy.name) for policy in found) == [
        ("", "ana-policy"),
        ("team-0", "team-0-policy"),
        ("team-1", "team-1-policy"),
        ("team-2", "team-2-policy"),
    ]


def test_a_system_policy_is_read_like_any_other(ram: Ram, sdk: Any, role: str) -> None:
    attach = models.AttachPolicyToRoleRequest(
        policy_type="System", policy_name="AliyunEMRFullAccess", role_name=role
    )
    sdk.attach_policy_to_role(attach)
    system = [policy for policy in known(ram.policies_of_role(role)) if policy.type == "System"]
    assert "emr:" in system[0].document


def test_principals_without_policies_have_none(ram: Ram, sdk: Any) -> None:
    make_user(sdk, "ana")
    make_role(sdk, "bare", trusts("ecs.aliyuncs.com"))
    assert ram.policies_of_user("ana") == Known(())
    assert ram.policies_of_role("bare") == Known(())


def test_lists_are_read_over_all_their_pages(ram: Ram, sdk: Any) -> None:
    for number in range(120):
        make_role(sdk, f"role-{number:03}", trusts("ecs.aliyuncs.com"))
    assert known(ram.role_names()) == tuple(f"role-{number:03}" for number in range(120))


def test_a_list_longer_than_the_largest_page_is_read_to_its_end(
    ram: Ram, sdk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RAM answers 1,000 entries at most; pages of 50 show the same without a thousand roles."""
    for number in range(120):
        make_role(sdk, f"role-{number:03}", trusts("ecs.aliyuncs.com"))
    full = models.ListRolesRequest.__init__

    def shorter(self: Any, marker: str | None = None, max_items: int | None = None, **rest: Any) -> None:
        full(self, marker=marker, max_items=50, **rest)

    monkeypatch.setattr(models.ListRolesRequest, "__init__", shorter)
    assert len(known(ram.role_names())) == 120


def test_a_user_is_found_by_id_behind_the_first_hundred(ram: Ram, sdk: Any) -> None:
    ids = []
    for number in range(105):
        made = sdk.create_user(models.CreateUserRequest(user_name=f"user-{number:03}"))
        ids.append(made.body.user.user_id)
    assert ram.user_name(ids[-1]) == Known("user-104")
    assert isinstance(ram.user_name("299999999999999999"), Absent)


def test_a_policy_attached_to_more_than_a_hundred_principals_is_counted_whole(
    ram: Ram, sdk: Any, role: str
) -> None:
    for number in range(101):
        sdk.create_user(models.CreateUserRequest(user_name=f"user-{number:03}"))
        attach = models.AttachPolicyToUserRequest(
            policy_type="Custom", policy_name="emr-role-policy", user_name=f"user-{number:03}"
        )
        sdk.attach_policy_to_user(attach)
    users = known(ram.users_of_policy("emr-role-policy"))
    assert (users.count(), users.roles) == (102, ("emr-role",))


def test_a_policy_knows_who_uses_it(ram: Ram, sdk: Any, role: str) -> None:
    assert ram.users_of_policy("emr-role-policy") == Known(PolicyUsers(roles=("emr-role",)))
    make_policy(sdk, "loose", allow("oss:*"))
    assert ram.users_of_policy("loose") == Known(PolicyUsers())


READS = {
    "role": "emr-role",
    "policies_of_role": "emr-role",
    "policies_of_user": "ana",
    "users_of_policy": "emr-role-policy",
    "policy_versions": "emr-role-policy",
    "user_name": "200000000000000001",
}


@pytest.mark.parametrize("read", READS)
def test_what_is_not_there_is_absent(ram: Ram, read: str) -> None:
    assert isinstance(getattr(ram, read)(READS[read]), Absent)


@pytest.mark.parametrize("read", [*READS, "role_names"])
def test_a_read_that_is_refused_is_unread_and_never_empty_or_absent(sdk: Any, role: str, read: str) -> None:
    keys = make_user(sdk, "ana")
    values = [READS[read]] if read in READS else []
    answer = getattr(Ram(access(keys)), read)(*values)
    assert isinstance(answer, Unread)
    assert not answer.transient
    assert "NoPermission" in answer.reason


@pytest.mark.parametrize(
    "refused", ["ListPoliciesForUser", "ListGroupsForUser", "ListPoliciesForGroup", "GetPolicy"]
)
def test_a_refusal_half_way_through_a_user_s_policies_leaves_none_of_them(
    ram: Ram, sdk: Any, local: LocalCloud, refused: str
) -> None:
    make_user(sdk, "ana", allow("oss:*"))
    sdk.create_group(models.CreateGroupRequest(group_name="team"))
    sdk.add_user_to_group(models.AddUserToGroupRequest(user_name="ana", group_name="team"))
    fault(local, "ram", refused, status=403, code="NoPermission", times=None)
    assert isinstance(ram.policies_of_user("ana"), Unread)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (404, "InvalidAccessKeyId.NotFound"),
        (404, "InvalidAction.NotFound"),
        (404, "InvalidApi.NotFound"),
        (400, "InvalidSecurityToken.Expired"),
        (403, "Forbidden.RAM"),
    ],
)
def test_an_answer_about_the_caller_or_the_api_makes_nothing_absent(
    ram: Ram, role: str, local: LocalCloud, status: int, code: str
) -> None:
    fault(local, "ram", "GetRole", status=status, code=code, times=None)
    answer = ram.role(role)
    assert isinstance(answer, Unread)
    assert code in answer.reason


@pytest.mark.parametrize("how", PASSING)
def test_a_passing_fault_is_got_over(ram: Ram, role: str, local: LocalCloud, how: dict[str, Any]) -> None:
    hit = fault(local, "ram", "GetRole", times=3, **how)
    assert isinstance(ram.role(role), Known)
    assert hit.hits == 3


@pytest.mark.parametrize("how", PASSING)
def test_a_fault_that_does_not_pass_is_unread_for_now(
    ram: Ram, role: str, local: LocalCloud, how: dict[str, Any]
) -> None:
    hit = fault(local, "ram", "ListPoliciesForRole", times=None, **how)
    answer = ram.policies_of_role(role)
    assert isinstance(answer, Unread)
    assert answer.transient
    assert hit.hits == 4


def test_a_fault_on_a_later_page_is_no_shorter_list(ram: Ram, sdk: Any, local: LocalCloud) -> None:
    for number in range(3):
        make_user(sdk, f"user-{number}", allow("oss:*"))
        sdk.create_group(models.CreateGroupRequest(group_name=f"team-{number}"))
        sdk.add_user_to_group(models.AddUserToGroupRequest(user_name="user-0", group_name=f"team-{number}"))
    fault(local, "ram", "ListPoliciesForGroup", status=500, skip=2, times=None)
    assert isinstance(ram.policies_of_user("user-0"), Unread)


def test_versions_are_read_live_before_and_after_a_write(ram: Ram, role: str) -> None:
    before = known(ram.policy_versions("emr-role-policy"))
    assert (before.default, before.ids, before.attachments) == ("v1", ("v1",), 1)
    assert ram.add_policy_version("emr-role-policy", OTHER) == "v2"
    after = known(ram.policy_versions("emr-role-policy"))
    assert (after.default, sorted(after.ids)) == ("v2", ["v1", "v2"])
    assert json.loads(after.document) == json.loads(OTHER)
    ram.set_default_version("emr-role-policy", "v1")
    assert known(ram.policy_versions("emr-role-policy")).default == "v1"


def test_a_sixth_version_takes_the_place_of_the_oldest_that_is_not_in_force(
    ram: Ram, sdk: Any, role: str
) -> None:
    for _ in range(4):
        ram.add_policy_version("emr-role-policy", OTHER)
    ram.set_default_version("emr-role-policy", "v1")
    assert ram.add_policy_version("emr-role-policy", OTHER) == "v6"
    assert versions(sdk) == ["v1", "v3", "v4", "v5", "v6"]


def test_a_trust_policy_is_written(ram: Ram, role: str) -> None:
    ram.set_trust_policy(role, trusts("ecs.aliyuncs.com", "emr.aliyuncs.com"))
    assert "emr.aliyuncs.com" in known(ram.role(role)).trust_policy


@pytest.mark.parametrize("how", [{"kind": "reset", "when": "after"}, {"status": 503, "when": "after"}])
def test_a_version_whose_answer_was_lost_is_not_created_a_second_time(
    ram: Ram, sdk: Any, role: str, local: LocalCloud, how: dict[str, Any]
) -> None:
    hit = fault(local, "ram", "CreatePolicyVersion", times=None, **how)
    with pytest.raises(Unreachable):
        ram.add_policy_version("emr-role-policy", OTHER)
    assert hit.hits == 1
    assert versions(sdk) == ["v1", "v2"]


def plan(ram: Ram) -> Plan:
    found = plan_remedy(LIST_DATA, ram)
    assert isinstance(found, Plan), found
    return found


def test_a_plan_whose_answer_was_lost_is_found_applied(
    ram: Ram, sdk: Any, role: str, local: LocalCloud
) -> None:
    wanted = plan(ram)
    fault(local, "ram", "CreatePolicyVersion", kind="reset", when="after")
    change = apply_plan("chg-1", wanted, ram)
    assert change.version == "v2"
    assert apply_plan("chg-1", wanted, ram) == change
    assert versions(sdk) == ["v1", "v2"]
    roll_back(change, ram)
    roll_back(change, ram)
    assert known(ram.policy_versions("emr-role-policy")).document == wanted.write.before


def test_a_plan_that_ram_never_got_is_not_applied(ram: Ram, sdk: Any, role: str, local: LocalCloud) -> None:
    wanted = plan(ram)
    fault(local, "ram", "CreatePolicyVersion", kind="throttle")
    with pytest.raises(Unreachable):
        apply_plan("chg-1", wanted, ram)
    assert versions(sdk) == ["v1"]


def test_writes_say_what_was_wrong(ram: Ram, sdk: Any, role: str) -> None:
    keys = make_user(sdk, "ana")
    with pytest.raises(Refused):
        Ram(access(keys)).add_policy_version("emr-role-policy", OTHER)
    with pytest.raises(Refused):
        Ram(access(keys)).set_trust_policy(role, trusts("evil.example.com"))
    with pytest.raises(NotThere):
        ram.add_policy_version("no-such-policy", OTHER)
    with pytest.raises(NotThere):
        ram.set_default_version("emr-role-policy", "v7")
    with pytest.raises(NotThere):
        ram.set_trust_policy("no-such-role", trusts("ecs.aliyuncs.com"))
    with pytest.raises(AccountError) as caught:
        ram.add_policy_version("emr-role-policy", "{half")
    assert type(caught.value) is AccountError
