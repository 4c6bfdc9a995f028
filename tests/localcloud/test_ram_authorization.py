"""On what RAM's own calls are authorised, and what a denial tells."""

from __future__ import annotations

import json
from typing import Any

import pytest
from alibabacloud_ram20150501 import models

from localcloud.accounts import open_account
from localcloud.server import LocalCloud
from tests import clients
from tests.clients import Keys
from tests.localcloud.identities import allow, make_policy, make_role, make_user, trusts
from tests.localcloud.refusals import Refusal, code_of, refusal


@pytest.fixture
def ram(root: Keys) -> Any:
    return clients.ram(root)


def decode(ram: Any, message: str) -> Any:
    request = models.DecodeDiagnosticMessageRequest(encoded_diagnostic_message=message)
    return ram.decode_diagnostic_message(request).body.decoded_diagnostic_message


def denied_update(keys: Keys, role: str = "etl") -> Refusal:
    request = models.UpdateRoleRequest(role_name=role, new_description="x")
    return refusal(clients.ram(keys).update_role, request)


def test_a_call_needs_its_own_action_on_the_named_entity(ram: Any, account: str) -> None:
    make_role(ram, "Etl-Role", trusts("ecs.aliyuncs.com"))
    make_role(ram, "other", trusts("ecs.aliyuncs.com"))
    keys = make_user(ram, "mender", allow("ram:UpdateRole", f"acs:ram:*:{account}:role/Etl-*"))
    mine = clients.ram(keys)
    mine.update_role(models.UpdateRoleRequest(role_name="etl-role", new_description="x"))
    text = denied_update(keys, "other").message
    assert "You are not authorized to do this action." in text
    assert f"Resource: acs:ram:*:{account}:role/other Action: ram:UpdateRole" in text
    assert code_of(mine.get_role, models.GetRoleRequest(role_name="Etl-Role")) == ("NoPermission", 403)


@pytest.mark.parametrize(
    ("resources", "allowed"),
    [
        (["acs:ram:*:{a}:role/etl", "acs:ram:*:{a}:policy/p"], True),
        (["acs:ram:*:{a}:role/etl"], False),
        (["acs:ram:*:{a}:policy/p"], False),
        (["acs:ram:*:{a}:role/etl", "acs:ram:*:system:policy/p"], False),
    ],
)
def test_attaching_needs_the_action_on_policy_and_role(
    ram: Any, account: str, resources: list[str], allowed: bool
) -> None:
    make_role(ram, "etl", trusts("ecs.aliyuncs.com"))
    make_policy(ram, "p", allow("oss:*"))
    keys = make_user(ram, "dev", allow("ram:AttachPolicyToRole", [r.format(a=account) for r in resources]))
    request = models.AttachPolicyToRoleRequest(policy_type="Custom", policy_name="p", role_name="etl")
    if allowed:
        clients.ram(keys).attach_policy_to_role(request)
    else:
        assert code_of(clients.ram(keys).attach_policy_to_role, request) == ("NoPermission", 403)


def test_system_policies_stand_under_system(ram: Any) -> None:
    keys = make_user(ram, "dev", allow("ram:GetPolicy", "acs:ram:*:system:policy/*"))
    request = models.GetPolicyRequest(policy_type="System", policy_name="aliyunossfullaccess")
    assert clients.ram(keys).get_policy(request).body.policy.policy_name == "AliyunOSSFullAccess"
    custom = models.GetPolicyRequest(policy_type="Custom", policy_name="dev-policy")
    assert code_of(clients.ram(keys).get_policy, custom) == ("NoPermission", 403)


def test_a_group_gives_its_policies_to_its_members(ram: Any) -> None:
    keys = make_user(ram, "dev")
    ram.create_group(models.CreateGroupRequest(group_name="team"))
    ram.attach_policy_to_group(
        models.AttachPolicyToGroupRequest(
            policy_type="System", policy_name="AliyunRAMReadOnlyAccess", group_name="team"
        )
    )
    assert code_of(clients.ram(keys).list_users, models.ListUsersRequest()) == ("NoPermission", 403)
    ram.add_user_to_group(models.AddUserToGroupRequest(user_name="dev", group_name="team"))
    assert clients.ram(keys).list_users(models.ListUsersRequest()).body.users.user


def test_another_account_is_out_of_sight(ram: Any, local: LocalCloud) -> None:
    key = local.call(lambda cloud: open_account(cloud.state, "2000000000000002"))
    make_role(ram, "etl", trusts("ecs.aliyuncs.com"))
    other = clients.ram(Keys(key.id, key.secret))
    assert code_of(other.get_role, models.GetRoleRequest(role_name="etl")) == ("EntityNotExist.Role", 404)


def test_a_denial_can_be_decoded_by_who_may(ram: Any, account: str) -> None:
    make_role(ram, "etl", trusts("ecs.aliyuncs.com"))
    keys = make_user(ram, "dev")
    detail = denied_update(keys).detail
    user_id = ram.get_user(models.GetUserRequest(user_name="dev")).body.user.user_id
    assert detail["AuthAction"] == "ram:UpdateRole"
    assert (detail["AuthPrincipalType"], detail["AuthPrincipalDisplayName"]) == ("SubUser", user_id)
    assert detail["NoPermissionType"] == "ImplicitDeny"
    decoded = decode(ram, detail["EncodedDiagnosticMessage"])
    assert decoded.explicit_deny is False
    assert decoded.auth_resource == f"acs:ram:*:{account}:role/etl"
    assert decoded.no_permission_policy_type == "AccountLevelIdentityBasedPolicy"
    assert decoded.auth_principal.auth_principal_display_name == user_id
    assert "acs:SourceIp" in {condition.condition_key for condition in decoded.auth_conditions}
    assert not decoded.matched_policies
    request = models.DecodeDiagnosticMessageRequest(
        encoded_diagnostic_message=detail["EncodedDiagnosticMessage"]
    )
    assert code_of(clients.ram(keys).decode_diagnostic_message, request) == ("NoPermission", 403)


def test_a_decoded_explicit_deny_names_the_policy_and_where_it_hangs(ram: Any) -> None:
    make_role(ram, "etl", trusts("ecs.aliyuncs.com"))
    document = allow("ram:*")
    document["Statement"].append({"Effect": "Deny", "Action": "ram:UpdateRole", "Resource": "*"})
    detail = denied_update(make_user(ram, "dev", document)).detail
    assert detail["NoPermissionType"] == "ExplicitDeny"
    decoded = decode(ram, detail["EncodedDiagnosticMessage"])
    assert decoded.explicit_deny is True
    [policy] = decoded.matched_policies
    assert (policy.policy_identifier, policy.policy_type, policy.policy_version) == (
        "dev-policy",
        "Custom",
        "v1",
    )
    assert (policy.effect, policy.attached_entity_type, policy.attached_scope) == (
        "Deny",
        "RamUser",
        "Account",
    )


def test_a_made_up_message_or_that_of_another_account_is_not_found(ram: Any, local: LocalCloud) -> None:
    make_role(ram, "etl", trusts("ecs.aliyuncs.com"))
    message = denied_update(make_user(ram, "dev")).detail["EncodedDiagnosticMessage"]
    key = local.call(lambda cloud: open_account(cloud.state, "2000000000000002"))
    for who, text in (
        (ram, "AQEAAAAA"),
        (ram, "?"),
        (ram, message[:-8] + "AAAAAAA="),
        (clients.ram(Keys(key.id, key.secret)), message),
    ):
        assert code_of(decode, who, text) == ("EntityNotExist", 404)


def test_a_message_expires(ram: Any, local: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    make_role(ram, "etl", trusts("ecs.aliyuncs.com"))
    with monkeypatch.context() as then:
        then.setattr("localcloud.authorize.time.time", lambda: 1.0)
        message = denied_update(make_user(ram, "dev")).detail["EncodedDiagnosticMessage"]
    assert code_of(decode, ram, message) == ("EncodedMessageExpire", 400)


def test_an_unknown_operation_is_answered_as_unsupported_and_counted(root: Keys, local: LocalCloud) -> None:
    request = models.GetLoginProfileRequest(user_name="dev")
    found = refusal(clients.ram(root).get_login_profile, request)
    assert (found.code, found.status) == ("InvalidAction.NotFound", 404)
    assert "GetLoginProfile of ram" in found.message
    assert local.call(lambda cloud: dict(cloud.unsupported)) == {("ram", "GetLoginProfile"): 1}


def test_denied_and_refused_calls_are_recorded_with_their_codes(ram: Any, local: LocalCloud) -> None:
    make_role(ram, "etl", trusts("ecs.aliyuncs.com"))
    denied_update(make_user(ram, "dev"))
    texts = local.call(
        lambda cloud: [e.text for a in cloud.state.actiontrail.accounts.values() for e in a.events]
    )
    event = json.loads(texts[-1])
    assert (event["serviceName"], event["eventName"], event["errorCode"]) == (
        "Ram",
        "UpdateRole",
        "NoPermission",
    )
    assert event["userIdentity"]["userName"] == "dev"
    assert event["isGlobal"] is True
