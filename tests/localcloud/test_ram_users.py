"""Users, their AccessKeys and their groups, through the RAM SDK."""

from __future__ import annotations

import json
from typing import Any

import pytest
from alibabacloud_ram20150501 import models

from localcloud.server import LocalCloud
from tests import clients
from tests.clients import Keys
from tests.localcloud.identities import allow, make_user
from tests.localcloud.refusals import code_of, refusal


@pytest.fixture
def ram(root: Keys) -> Any:
    return clients.ram(root)


def create(ram: Any, name: str, **more: str) -> Any:
    return ram.create_user(models.CreateUserRequest(user_name=name, **more)).body.user


def get(ram: Any, name: str) -> Any:
    return ram.get_user(models.GetUserRequest(user_name=name)).body.user


def test_a_user_is_made_read_changed_and_deleted(ram: Any) -> None:
    made = create(ram, "etl.Dev_1", display_name="ETL", comments="made by hand", email="a@b.c")
    assert len(made.user_id) == 18
    assert made.create_date.endswith("Z")
    found = get(ram, "ETL.DEV_1")
    assert (found.user_id, found.user_name, found.display_name) == (made.user_id, "etl.Dev_1", "ETL")
    assert found.comments == "made by hand"
    ram.update_user(models.UpdateUserRequest(user_name="etl.dev_1", new_display_name="Jobs"))
    assert get(ram, "etl.Dev_1").display_name == "Jobs"
    assert get(ram, "etl.Dev_1").email == "a@b.c"
    ram.delete_user(models.DeleteUserRequest(user_name="etl.Dev_1"))
    assert code_of(get, ram, "etl.Dev_1") == ("EntityNotExist.User", 404)


def test_a_text_that_looks_like_json_stays_as_it_was_sent(ram: Any) -> None:
    create(ram, "dev", comments='{"team": "data"}')
    assert get(ram, "dev").comments == '{"team": "data"}'


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("white space", "InvalidParameter.UserName.InvalidChars"),
        ("a/b", "InvalidParameter.UserName.InvalidChars"),
        ("ü", "InvalidParameter.UserName.InvalidChars"),
        ("x" * 65, "InvalidParameter.UserName.Length"),
    ],
)
def test_a_name_outside_the_rules_is_refused(ram: Any, name: str, code: str) -> None:
    assert code_of(create, ram, name) == (code, 400)


def test_a_name_can_be_used_once_whatever_its_case(ram: Any) -> None:
    create(ram, "Dev")
    found = refusal(create, ram, "dEV")
    assert (found.code, found.status) == ("EntityAlreadyExists.User", 409)
    assert "The user does already EXIST." in found.message


def test_what_a_user_still_has_stands_in_the_way_of_deleting_it(ram: Any) -> None:
    keys = make_user(ram, "dev", allow("oss:*"))
    ram.create_group(models.CreateGroupRequest(group_name="team"))
    member = {"user_name": "DEV", "group_name": "TEAM"}
    ram.add_user_to_group(models.AddUserToGroupRequest(**member))
    delete = models.DeleteUserRequest(user_name="dev")
    assert code_of(ram.delete_user, delete) == ("DeleteConflict.User.Group", 409)
    ram.remove_user_from_group(models.RemoveUserFromGroupRequest(**member))
    assert code_of(ram.delete_user, delete) == ("DeleteConflict.User.Policy", 409)
    ram.detach_policy_from_user(
        models.DetachPolicyFromUserRequest(policy_type="Custom", policy_name="dev-policy", user_name="dev")
    )
    assert code_of(ram.delete_user, delete) == ("DeleteConflict.User.AccessKey", 409)
    ram.delete_access_key(models.DeleteAccessKeyRequest(user_name="dev", user_access_key_id=keys.id))
    ram.delete_user(delete)
    assert (
        code_of(clients.ram(keys).list_users, models.ListUsersRequest())[0] == "InvalidAccessKeyId.NotFound"
    )


def test_a_renamed_user_keeps_id_keys_groups_and_policies(ram: Any) -> None:
    keys = make_user(ram, "old", allow("ram:GetUser"))
    ram.create_group(models.CreateGroupRequest(group_name="team"))
    ram.add_user_to_group(models.AddUserToGroupRequest(user_name="old", group_name="team"))
    before = get(ram, "old").user_id
    ram.update_user(models.UpdateUserRequest(user_name="old", new_user_name="New"))
    assert get(clients.ram(keys), "new").user_id == before
    groups = ram.list_groups_for_user(models.ListGroupsForUserRequest(user_name="new")).body.groups.group
    assert [group.group_name for group in groups] == ["team"]
    create(ram, "taken")
    rename = models.UpdateUserRequest(user_name="taken", new_user_name="NEW")
    assert code_of(ram.update_user, rename) == ("EntityAlreadyExists.User", 409)


def test_a_user_has_at_most_two_keys_and_a_disabled_one_is_refused(ram: Any) -> None:
    keys = make_user(ram, "dev", allow("ram:ListUsers"))
    ram.create_access_key(models.CreateAccessKeyRequest(user_name="dev"))
    third = models.CreateAccessKeyRequest(user_name="dev")
    assert code_of(ram.create_access_key, third) == ("LimitExceeded.User.AccessKey", 409)
    listed = ram.list_access_keys(models.ListAccessKeysRequest(user_name="dev")).body.access_keys.access_key
    assert [key.status for key in listed] == ["Active", "Active"]
    assert clients.ram(keys).list_users(models.ListUsersRequest()).body.users.user
    switch = {"user_name": "dev", "user_access_key_id": keys.id}
    ram.update_access_key(models.UpdateAccessKeyRequest(status="Inactive", **switch))
    assert code_of(clients.ram(keys).list_users, models.ListUsersRequest()) == (
        "InvalidAccessKeyId.Inactive",
        403,
    )
    ram.update_access_key(models.UpdateAccessKeyRequest(status="Active", **switch))
    assert clients.ram(keys).list_users(models.ListUsersRequest()).body.users.user
    wrong = models.UpdateAccessKeyRequest(status="Sometimes", **switch)
    assert code_of(ram.update_access_key, wrong) == ("InvalidParameter.Status", 400)


def test_a_key_of_someone_else_is_not_found(ram: Any, root: Keys) -> None:
    create(ram, "dev")
    delete = models.DeleteAccessKeyRequest(user_name="dev", user_access_key_id=root.id)
    assert code_of(ram.delete_access_key, delete) == ("EntityNotExist.User.AccessKey", 404)


def test_without_a_name_key_calls_are_about_the_caller(ram: Any, root: Keys, account: str) -> None:
    own = ram.list_access_keys(models.ListAccessKeysRequest()).body.access_keys.access_key
    assert [key.access_key_id for key in own] == [root.id]
    keys = make_user(ram, "dev", allow("ram:ListAccessKeys", f"acs:ram:*:{account}:user/dev"))
    listed = clients.ram(keys).list_access_keys(models.ListAccessKeysRequest()).body.access_keys.access_key
    assert [key.access_key_id for key in listed] == [keys.id]
    others = models.ListAccessKeysRequest(user_name="other")
    assert code_of(clients.ram(keys).list_access_keys, others) == ("NoPermission", 403)


def test_the_secret_of_a_new_key_is_told_once_and_kept_out_of_the_event(ram: Any, local: LocalCloud) -> None:
    create(ram, "dev")
    made = ram.create_access_key(models.CreateAccessKeyRequest(user_name="dev")).body.access_key
    kept = local.call(
        lambda cloud: json.dumps(
            [e.text for a in cloud.state.actiontrail.accounts.values() for e in a.events]
        )
    )
    assert made.access_key_id in kept
    assert made.access_key_secret not in kept


def test_groups_know_their_users_and_users_their_groups(ram: Any) -> None:
    for name in ("ann", "bob"):
        create(ram, name)
    made = ram.create_group(models.CreateGroupRequest(group_name="Team", comments="c")).body.group
    assert made.group_id.startswith("g-")
    for name in ("ann", "bob"):
        ram.add_user_to_group(models.AddUserToGroupRequest(user_name=name, group_name="team"))
    again = models.AddUserToGroupRequest(user_name="ann", group_name="team")
    assert code_of(ram.add_user_to_group, again) == ("EntityAlreadyExists.User.Group", 409)
    listed = ram.list_users_for_group(models.ListUsersForGroupRequest(group_name="team")).body
    assert [user.user_name for user in listed.users.user] == ["ann", "bob"]
    assert listed.is_truncated is False
    ram.remove_user_from_group(models.RemoveUserFromGroupRequest(user_name="ann", group_name="team"))
    absent = models.RemoveUserFromGroupRequest(user_name="ann", group_name="team")
    assert code_of(ram.remove_user_from_group, absent) == ("EntityNotExist.User.Group", 404)
    joined = ram.list_groups_for_user(models.ListGroupsForUserRequest(user_name="bob")).body.groups.group
    assert [(group.group_name, group.comments) for group in joined] == [("Team", "c")]


def test_a_group_is_renamed_and_deleted_only_when_it_is_empty(ram: Any) -> None:
    create(ram, "ann")
    ram.create_group(models.CreateGroupRequest(group_name="team"))
    ram.add_user_to_group(models.AddUserToGroupRequest(user_name="ann", group_name="team"))
    ram.update_group(models.UpdateGroupRequest(group_name="team", new_group_name="crew", new_comments="c"))
    found = ram.get_group(models.GetGroupRequest(group_name="crew")).body.group
    assert (found.group_name, found.comments) == ("crew", "c")
    delete = models.DeleteGroupRequest(group_name="crew")
    assert code_of(ram.delete_group, delete) == ("DeleteConflict.Group.User", 409)
    ram.remove_user_from_group(models.RemoveUserFromGroupRequest(user_name="ann", group_name="crew"))
    ram.delete_group(delete)
    assert code_of(ram.get_group, models.GetGroupRequest(group_name="crew")) == ("EntityNotExist.Group", 404)


def test_lists_come_in_pages(ram: Any) -> None:
    for number in range(105):
        create(ram, f"user-{number:03}")
    first = ram.list_users(models.ListUsersRequest()).body
    assert len(first.users.user) == 100
    assert first.is_truncated is True
    ram.delete_user(models.DeleteUserRequest(user_name="user-000"))
    second = ram.list_users(models.ListUsersRequest(marker=first.marker)).body
    assert [user.user_name for user in second.users.user] == [f"user-{n:03}" for n in range(100, 105)]
    assert (second.is_truncated, second.marker) == (False, None)
    assert len(ram.list_users(models.ListUsersRequest(max_items=1000)).body.users.user) == 104


@pytest.mark.parametrize("request_", [{"max_items": 0}, {"max_items": 1001}, {"marker": "no marker!"}])
def test_a_page_that_cannot_be_is_refused(ram: Any, request_: dict[str, Any]) -> None:
    assert code_of(ram.list_users, models.ListUsersRequest(**request_))[1] == 400


def test_groups_come_in_pages_of_at_most_a_hundred(ram: Any) -> None:
    too_many = models.ListGroupsRequest(max_items=101)
    assert code_of(ram.list_groups, too_many) == ("InvalidParameter.MaxItems", 400)
    for name in ("b", "A", "c"):
        ram.create_group(models.CreateGroupRequest(group_name=name))
    page = ram.list_groups(models.ListGroupsRequest(max_items=2)).body
    assert [group.group_name for group in page.groups.group] == ["A", "b"]
    rest = ram.list_groups(models.ListGroupsRequest(max_items=2, marker=page.marker)).body
    assert [group.group_name for group in rest.groups.group] == ["c"]
