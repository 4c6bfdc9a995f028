"""AssumeRole and GetCallerIdentity, through the STS SDK."""

from __future__ import annotations

import json
from typing import Any

import pytest
from alibabacloud_ram20150501 import models as ram_models
from alibabacloud_sts20150401 import models

from localcloud.accounts import open_account
from localcloud.server import LocalCloud
from tests import clients
from tests.clients import Keys
from tests.localcloud.identities import allow, make_role, make_user
from tests.localcloud.refusals import code_of, refusal

OTHER_ACCOUNT = "2000000000000002"


@pytest.fixture
def ram(root: Keys) -> Any:
    return clients.ram(root)


def trusts_account(account: str, **condition: Any) -> str:
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"RAM": [f"acs:ram::{account}:root"]},
    }
    if condition:
        statement["Condition"] = condition
    return json.dumps({"Version": "1", "Statement": [statement]})


def assume(keys: Keys, account: str, role: str = "reader", **more: Any) -> Any:
    request = models.AssumeRoleRequest(
        role_arn=f"acs:ram::{account}:role/{role}", role_session_name=more.pop("session", "alice"), **more
    )
    return clients.sts(keys).assume_role(request).body


def keys_of(answer: Any) -> Keys:
    given = answer.credentials
    return Keys(given.access_key_id, given.access_key_secret, given.security_token)


def identity(keys: Keys) -> Any:
    return clients.sts(keys).get_caller_identity().body


def test_everyone_is_told_who_they_are(root: Keys, ram: Any, account: str) -> None:
    own = identity(root)
    assert (own.identity_type, own.account_id, own.arn) == ("Account", account, f"acs:ram::{account}:root")
    keys = make_user(ram, "Dev")
    user = identity(keys)
    user_id = ram.get_user(ram_models.GetUserRequest(user_name="dev")).body.user.user_id
    assert (user.identity_type, user.arn) == ("RAMUser", f"acs:ram::{account}:user/Dev")
    assert (user.user_id, user.principal_id) == (user_id, user_id)


def test_a_session_has_the_roles_rights_and_name(ram: Any, account: str) -> None:
    make_role(ram, "Reader", trusts_account(account), allow("ram:ListRoles"))
    keys = make_user(ram, "dev", allow("sts:AssumeRole", f"acs:ram:*:{account}:role/reader"))
    answer = assume(keys, account, "Reader")
    assert answer.assumed_role_user.arn == f"acs:ram::{account}:role/reader/alice"
    session = keys_of(answer)
    assert session.id.startswith("STS.")
    found = identity(session)
    assert found.identity_type == "AssumedRoleUser"
    assert found.arn == f"acs:ram::{account}:assumed-role/reader/alice"
    assert found.principal_id == f"{found.role_id}:alice" == answer.assumed_role_user.assumed_role_id
    assert clients.ram(session).list_roles(ram_models.ListRolesRequest()).body.roles.role
    assert code_of(clients.ram(session).list_users, ram_models.ListUsersRequest()) == ("NoPermission", 403)


@pytest.mark.parametrize(("identity_allows", "trust_allows"), [(True, False), (False, True), (False, False)])
def test_identity_and_trust_policy_must_both_allow(
    ram: Any, account: str, identity_allows: bool, trust_allows: bool
) -> None:
    make_role(ram, "reader", trusts_account(account if trust_allows else OTHER_ACCOUNT))
    keys = make_user(ram, "dev", allow("sts:AssumeRole" if identity_allows else "sts:Nothing"))
    found = refusal(assume, keys, account)
    assert (found.code, found.status) == ("NoPermission", 403)
    assert "You are not authorized to do this action. You should be authorized by RAM." in found.message
    assert found.detail["AuthAction"] == "sts:AssumeRole"


def test_a_role_that_trusts_a_service_is_not_for_users(ram: Any, account: str) -> None:
    service = json.loads(trusts_account(account))
    service["Statement"][0]["Principal"] = {"Service": ["ecs.aliyuncs.com"]}
    make_role(ram, "reader", json.dumps(service))
    keys = make_user(ram, "dev", allow("sts:AssumeRole"))
    assert code_of(assume, keys, account) == ("NoPermission", 403)


def test_the_root_user_cannot_assume_roles(root: Keys, ram: Any, account: str) -> None:
    make_role(ram, "reader", trusts_account(account))
    found = refusal(assume, root, account)
    assert (found.code, found.status) == ("NoPermission", 403)
    assert "Roles may not be assumed by root accounts." in found.message


def test_a_session_policy_narrows_the_session_down(ram: Any, account: str) -> None:
    make_role(ram, "reader", trusts_account(account), allow(["ram:ListRoles", "ram:ListUsers"]))
    keys = make_user(ram, "dev", allow("sts:AssumeRole"))
    policy = json.dumps(allow(["ram:ListRoles", "ram:ListGroups"]))
    session = clients.ram(keys_of(assume(keys, account, policy=policy)))
    assert session.list_roles(ram_models.ListRolesRequest()).body.roles.role
    denied = refusal(session.list_users, ram_models.ListUsersRequest())
    assert (denied.code, denied.detail["PolicyType"]) == ("NoPermission", "SessionPolicy")
    assert code_of(session.list_groups, ram_models.ListGroupsRequest()) == ("NoPermission", 403)


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"role": "nobody"}, ("EntityNotExist.Role", 404)),
        ({"role": "under_score"}, ("InvalidParameter.RoleArn", 400)),
        ({"session": "a"}, ("InvalidParameter.RoleSessionName", 400)),
        ({"session": "not a name"}, ("InvalidParameter.RoleSessionName", 400)),
        ({"duration_seconds": 899}, ("InvalidParameter.DurationSeconds", 400)),
        ({"duration_seconds": 3601}, ("InvalidParameter.DurationSeconds", 400)),
        ({"policy": "{"}, ("InvalidParameter.PolicyGrammar", 400)),
        ({"policy": "[]"}, ("InvalidParameter.PolicyGrammar", 400)),
        ({"policy": json.dumps(allow("oss:*", ["r" * 2048]))}, ("InvalidParameter.PolicySize", 400)),
        ({"external_id": "not allowed!"}, ("InvalidParameter.ExternalId", 400)),
    ],
)
def test_parameters_outside_the_rules_are_refused(
    ram: Any, account: str, parameters: dict[str, Any], expected: tuple[str, int]
) -> None:
    make_role(ram, "reader", trusts_account(account))
    keys = make_user(ram, "dev", allow("sts:AssumeRole"))
    assert code_of(lambda: assume(keys, account, **parameters)) == expected


def test_a_longer_session_needs_a_role_that_allows_it(ram: Any, account: str) -> None:
    make_role(ram, "reader", trusts_account(account))
    keys = make_user(ram, "dev", allow("sts:AssumeRole"))
    found = refusal(lambda: assume(keys, account, duration_seconds=7200))
    assert "The Min/Max value of DurationSeconds is 15min/1hr." in found.message
    ram.update_role(ram_models.UpdateRoleRequest(role_name="reader", new_max_session_duration=7200))
    assert assume(keys, account, duration_seconds=7200).credentials.expiration


def test_an_external_id_that_the_trust_policy_asks_for_must_be_right(ram: Any, account: str) -> None:
    condition = {"sts:ExternalId": "abcd1234"}
    make_role(ram, "reader", trusts_account(account, StringEquals=condition))
    keys = make_user(ram, "dev", allow("sts:AssumeRole"))
    assert code_of(assume, keys, account) == ("NoPermission", 403)
    assert code_of(lambda: assume(keys, account, external_id="other")) == ("NoPermission", 403)
    assert assume(keys, account, external_id="abcd1234").credentials


def test_a_role_of_another_account_can_be_assumed_if_it_trusts_this_one(
    local: LocalCloud, ram: Any, account: str
) -> None:
    key = local.call(lambda cloud: open_account(cloud.state, OTHER_ACCOUNT))
    make_role(
        clients.ram(Keys(key.id, key.secret)), "reader", trusts_account(account), allow("ram:ListRoles")
    )
    keys = make_user(ram, "dev", allow("sts:AssumeRole"))
    session = keys_of(assume(keys, OTHER_ACCOUNT))
    assert identity(session).account_id == OTHER_ACCOUNT
    roles = clients.ram(session).list_roles(ram_models.ListRolesRequest()).body.roles.role
    assert [role.role_name for role in roles] == ["reader"]


def test_a_session_can_assume_a_further_role(ram: Any, account: str) -> None:
    make_role(ram, "first", trusts_account(account), allow("sts:AssumeRole"))
    make_role(ram, "second", trusts_account(account))
    keys = make_user(ram, "dev", allow("sts:AssumeRole"))
    first = keys_of(assume(keys, account, "first"))
    assert identity(keys_of(assume(first, account, "second"))).arn.endswith("assumed-role/second/alice")


@pytest.mark.parametrize(
    ("token", "code"),
    [("", "MissingSecurityToken"), ("wrong", "InvalidSecurityToken.MismatchWithAccessKey")],
)
def test_session_keys_need_their_token(ram: Any, account: str, token: str, code: str) -> None:
    make_role(ram, "reader", trusts_account(account))
    session = keys_of(assume(make_user(ram, "dev", allow("sts:AssumeRole")), account))
    assert code_of(identity, Keys(session.id, session.secret, token)) == (code, 400)


def test_an_expired_session_is_refused(local: LocalCloud, ram: Any, account: str) -> None:
    make_role(ram, "reader", trusts_account(account))
    session = keys_of(assume(make_user(ram, "dev", allow("sts:AssumeRole")), account, duration_seconds=900))

    def expire(cloud: Any) -> None:
        cloud.state.sessions[session.id].expires -= 901

    assert identity(session).identity_type == "AssumedRoleUser"
    local.call(expire)
    assert code_of(identity, session) == ("InvalidSecurityToken.Expired", 400)


def test_a_deleted_role_leaves_its_sessions_without_rights(ram: Any, account: str) -> None:
    make_role(ram, "reader", trusts_account(account), allow("ram:ListRoles"))
    session = keys_of(assume(make_user(ram, "dev", allow("sts:AssumeRole")), account))
    policy = {"policy_type": "Custom", "policy_name": "reader-policy", "role_name": "reader"}
    ram.detach_policy_from_role(ram_models.DetachPolicyFromRoleRequest(**policy))
    ram.delete_role(ram_models.DeleteRoleRequest(role_name="reader"))
    assert code_of(clients.ram(session).list_roles, ram_models.ListRolesRequest()) == ("NoPermission", 403)


def test_sessions_by_single_sign_on_are_not_offered(root: Keys) -> None:
    request = models.AssumeRoleWithSAMLRequest(role_arn="a", samlassertion="b", samlprovider_arn="c")
    assert code_of(clients.sts(root).assume_role_with_saml, request) == ("MissingAccessKeyId", 400)


def test_a_role_made_anew_under_the_same_name_gives_old_sessions_nothing(ram: Any, account: str) -> None:
    keys = make_user(ram, "dev", allow("sts:AssumeRole"))
    make_role(ram, "reader", trusts_account(account))
    session = keys_of(assume(keys, account))
    ram.delete_role(ram_models.DeleteRoleRequest(role_name="reader"))
    make_role(ram, "reader", trusts_account(account), allow("ram:ListUsers"))
    assert code_of(clients.ram(session).list_users, ram_models.ListUsersRequest())[0] == "NoPermission"
    assert clients.ram(keys_of(assume(keys, account))).list_users(ram_models.ListUsersRequest()).body
