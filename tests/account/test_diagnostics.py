"""What the services tell of a denied call, through the real SDKs."""

from __future__ import annotations

import time
from typing import Any

import pytest
from alibabacloud_ram20150501 import models

from localcloud.accounts import open_account
from localcloud.server import LocalCloud
from rolemend.account.diagnostics import LiveDiagnostics
from rolemend.account.interface import Absent, Known, Unread
from tests import clients
from tests.account.entry import PASSING, access, fault
from tests.clients import Keys
from tests.localcloud.identities import allow, make_role, make_user, trusts
from tests.localcloud.refusals import Refusal, refusal
from tests.samples import ACCOUNT

ROLE = f"acs:ram:*:{ACCOUNT}:role/etl"


@pytest.fixture
def ram(root: Keys) -> Any:
    sdk = clients.ram(root)
    make_role(sdk, "etl", trusts("ecs.aliyuncs.com"))
    return sdk


@pytest.fixture
def told(root: Keys) -> LiveDiagnostics:
    return LiveDiagnostics(access(root))


def denied(ram: Any, *statements: dict[str, Any]) -> Refusal:
    """What a user gets who changes a role without the right to."""
    keys = make_user(ram, "dev", {"Version": "1", "Statement": list(statements)} if statements else None)
    return refusal(clients.ram(keys).update_role, models.UpdateRoleRequest(role_name="etl"))


def request_id(local: LocalCloud) -> str:
    """The id of the last call, as its ActionTrail event has it."""
    return str(local.call(lambda cloud: cloud.state.actiontrail.accounts[ACCOUNT].events[-1].id))


def test_a_message_tells_action_resource_principal_and_that_nothing_allows(
    ram: Any, told: LiveDiagnostics
) -> None:
    found = told.decode(denied(ram).detail["EncodedDiagnosticMessage"])
    user = ram.get_user(models.GetUserRequest(user_name="dev")).body.user.user_id
    assert isinstance(found, Known)
    detail = found.value
    assert (detail.action, detail.resource) == ("ram:UpdateRole", ROLE)
    assert (detail.owner, detail.principal_type, detail.principal) == (ACCOUNT, "SubUser", user)
    assert (detail.explicit, detail.policy_type) == (False, "AccountLevelIdentityBasedPolicy")
    assert detail.matched == ()


def test_a_message_names_the_policy_that_denies(ram: Any, told: LiveDiagnostics) -> None:
    deny = {"Effect": "Deny", "Action": "ram:UpdateRole", "Resource": "*"}
    found = told.decode(denied(ram, *allow("ram:*")["Statement"], deny).detail["EncodedDiagnosticMessage"])
    assert isinstance(found, Known)
    assert (found.value.explicit, found.value.matched) == (True, ("dev-policy (RamUser)",))


def test_the_log_of_a_call_holds_its_detail_and_the_message(
    ram: Any, local: LocalCloud, told: LiveDiagnostics
) -> None:
    error = denied(ram)
    found = told.request_log(request_id(local))
    assert isinstance(found, Known)
    assert found.value.encoded == error.detail["EncodedDiagnosticMessage"]
    assert (found.value.action, found.value.explicit) == ("ram:UpdateRole", False)
    assert (found.value.owner, found.value.policy_type) == (ACCOUNT, "AccountLevelIdentityBasedPolicy")


def test_an_error_that_was_no_denial_has_no_detail(
    ram: Any, local: LocalCloud, told: LiveDiagnostics
) -> None:
    refusal(ram.get_role, models.GetRoleRequest(role_name="nobody"))
    found = told.request_log(request_id(local))
    assert isinstance(found, Absent)


def test_an_id_that_is_not_kept_is_absent(ram: Any, told: LiveDiagnostics) -> None:
    assert isinstance(told.request_log("123E4567-E89B-12D3-A456-426614174000"), Absent)
    assert isinstance(told.decode("AQEAAAAAmade-up"), Absent)


def test_another_account_sees_neither(ram: Any, local: LocalCloud) -> None:
    error = denied(ram)
    key = local.call(lambda cloud: open_account(cloud.state, "2000000000000002"))
    stranger = LiveDiagnostics(access(Keys(key.id, key.secret)))
    assert isinstance(stranger.request_log(request_id(local)), Absent)
    assert isinstance(stranger.decode(error.detail["EncodedDiagnosticMessage"]), Absent)


def test_an_old_log_is_gone(ram: Any, local: LocalCloud, told: LiveDiagnostics) -> None:
    from localcloud.openapiexplorer.service import KEPT_SECONDS

    denied(ram)
    kept = request_id(local)
    begun = local.cloud.clock()
    logs = local.cloud.services["openapiexplorer"]._logs  # type: ignore[attr-defined]
    logs[kept] = (begun - KEPT_SECONDS - 1, *logs[kept][1:])
    assert isinstance(told.request_log(kept), Absent)


def test_without_the_rights_both_are_unread_and_say_why(ram: Any, local: LocalCloud) -> None:
    error = denied(ram)
    kept = request_id(local)
    keys = make_user(ram, "reader", allow("ram:Get*"))
    reader = LiveDiagnostics(access(keys))
    for found in (reader.request_log(kept), reader.decode(error.detail["EncodedDiagnosticMessage"])):
        assert isinstance(found, Unread)
        assert "NoPermission" in found.reason
        assert not found.transient


@pytest.mark.parametrize("how", PASSING)
def test_a_fault_is_waited_for_once_and_no_longer(
    ram: Any, local: LocalCloud, told: LiveDiagnostics, how: dict[str, Any]
) -> None:
    fault(local, "openapiexplorer", "GetRequestLog", **how)
    fault(local, "ram", "DecodeDiagnosticMessage", **how)
    started = time.monotonic()
    for found in (told.request_log("123E4567-E89B-12D3-A456-426614174000"), told.decode("AQEAAAAA")):
        assert isinstance(found, Unread)
        assert found.transient
    assert time.monotonic() - started < 10
