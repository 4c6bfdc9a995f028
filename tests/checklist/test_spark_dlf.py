"""What DLF refused a job: the right to act for others, RAM's right, and DLF's own data permission, told apart."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from rolemend.account.interface import Absent, Known, Unread
from rolemend.checklist.model import Advice
from tests.checklist.oss_cases import policy
from tests.checklist.spark_cases import (
    CREATOR,
    ROLE,
    ROOT,
    SUBMITTER,
    advice,
    answer,
    denial,
    diagnosed,
    finding,
    healthy,
)
from tests.fakes import FakeAccount

ON_BEHALF = "dlf-auth:ActOnBehalfOfAnotherUser"
RAM_SAYS = (
    "NoPermission: You are not authorized to do this action. Resource: acs:dlf:*:*:* Action: dlf:GetTable"
)
PAIMON_SAYS = "org.apache.paimon.catalog.Catalog$TableNoPermissionException: Table a.b has no permission."
LEGACY_SAYS = "NoPermission: User acs:ram::1:user/ada does not have data permission SELECT on table a.b"


def account(*allowed: str, **changes: Any) -> FakeAccount:
    """The role may act for others; the submitter is allowed some actions."""
    own = (policy(*allowed),) if allowed else ()
    parts = {"role_policies": Known((policy("oss:*", ON_BEHALF),)), "user_policies": Known(own)}
    return healthy(**(parts | changes))


def answers(fake: FakeAccount, **changes: Any) -> list[tuple[str, str | None]]:
    denied = denial("dlf", **changes)
    return [answer(fake, denied, check) for check in ("dlf-delegation", "dlf-right", "dlf-data")]


def test_a_submitter_without_the_ram_right_is_to_be_granted_it_and_not_the_role() -> None:
    found = diagnosed(account(), denial("dlf", message=RAM_SAYS))
    assert found.cause == "permission_missing"
    told = advice(found.remedy)
    assert "Attach AliyunDLFReadOnlyAccess to ada" in told.statement.render()
    assert "execution role spark-job does not help" in told.statement.render()
    assert json.loads(told.document)["Statement"][0]["Action"] == ["dlf:GetTable"]
    assert answers(account(), message=RAM_SAYS)[2] == ("not_applicable", None)


@pytest.mark.parametrize(
    ("action", "says"),
    [
        ("dlf:AlterTable", "AliyunDLFFullAccess"),
        ("dlf:ListTables", "AliyunDLFReadOnlyAccess"),
        ("dlfnext:GetTable", "Attach a policy to ada that allows dlfnext:GetTable"),
    ],
)
def test_the_advice_fits_the_action_and_the_generation(action: str, says: str) -> None:
    found = diagnosed(account(), denial("dlf", action=action))
    assert says in advice(found.remedy).statement.render()


@pytest.mark.parametrize("words", [PAIMON_SAYS, LEGACY_SAYS])
@pytest.mark.parametrize("allowed", [(), ("dlf:GetTable",)])
def test_dlfs_own_words_name_its_data_permission(words: str, allowed: tuple[str, ...]) -> None:
    found = diagnosed(account(*allowed), denial("dlf", message=words, resource="sales.orders"))
    assert found.cause == "dlf_data_permission_missing"
    assert "Grant ada the access in DLF itself" in advice(found.remedy).statement.render()
    assert "sales.orders" in advice(found.remedy).statement.render()


def test_the_cause_that_was_read_from_the_text_tells_the_layers_apart() -> None:
    own = denial("dlf", action="", cause="dlf_data_permission_missing", resource="sales.orders")
    assert diagnosed(account(), own).cause == "dlf_data_permission_missing"
    assert answer(account(), own, "dlf-right") == ("not_applicable", None)
    rams = denial("dlf", cause="permission_missing")
    assert answer(account("dlf:*"), rams, "dlf-data") == ("not_applicable", None)
    assert diagnosed(account(), rams).cause == "permission_missing"


def test_a_submitter_told_by_id_is_shown_by_name() -> None:
    by_id = msgspec.structs.replace(SUBMITTER, name="")
    denied = denial("dlf", principal=by_id, submitter=by_id)
    fake = account(user=Known("ada"))
    assert "to ada" in advice(diagnosed(fake, denied).remedy).statement.render()
    acting = finding(fake, denied, "acting-identity")
    assert acting.answer == "passed"
    assert "ada needs the rights" in acting.statement.render()
    nobody = account(user=Absent("EntityNotExist.User"))
    assert answer(nobody, denied, "dlf-right") == ("unknown", None)


def test_where_ram_allows_and_dlf_refuses_its_own_permission_is_missing() -> None:
    found = diagnosed(account("dlf:GetTable"), denial("dlf"))
    assert found.cause == "dlf_data_permission_missing"
    data = finding(account("dlf:GetTable"), denial("dlf"), "dlf-data")
    assert data.evidence[0].certainty == "inferred_from_text"


@pytest.mark.parametrize("allowed", [("dlf:*", "dlf-dss:DescribeTable"), ("dlf:*", "dlf-dss:*")])
def test_rams_coarse_data_permission_leaves_the_own_one_open(allowed: tuple[str, ...]) -> None:
    assert answers(account(*allowed)) == [("passed", None), ("passed", None), ("unknown", None)]
    assert answers(account(*allowed), action="dlf:CheckPermissions")[2][0] == "failed"


def test_a_right_granted_since_proves_nothing() -> None:
    newer = msgspec.structs.replace(policy("dlf:*"), updated=float(denial().time + 10))
    fake = account(user_policies=Known((newer,)))
    assert answers(fake) == [("passed", None), ("passed", None), ("unknown", None)]
    assert not diagnosed(fake, denial("dlf")).allowed_now


def test_the_right_to_act_for_others_is_the_roles() -> None:
    fake = account("dlf:*", role_policies=Known((policy("oss:*"),)))
    found = diagnosed(fake, denial("dlf"))
    assert found.cause == "permission_missing"
    told = advice(found.remedy)
    assert "Attach a policy to the execution role spark-job that allows dlf-auth" in told.statement.render()
    assert json.loads(told.document)["Statement"][0]["Action"] == [ON_BEHALF]
    refused = denial("dlf", principal=ROLE, action=ON_BEHALF, message=RAM_SAYS)
    found = diagnosed(fake, refused)
    assert (found.cause, advice(found.remedy).document) == ("permission_missing", told.document)
    assert answer(fake, refused, "dlf-right") == ("not_applicable", None)
    assert answer(fake, refused, "dlf-data") == ("not_applicable", None)


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        (Known((policy(ON_BEHALF),)), ("passed", None)),
        (Known((policy("dlf-auth:*"),)), ("passed", None)),
        (Known(()), ("failed", "permission_missing")),
        (Known((policy("*"), policy(ON_BEHALF, effect="Deny"))), ("failed", "identity_policy_deny")),
        (Known((policy(ON_BEHALF, Condition={"IpAddress": {"acs:SourceIp": "10.0.0.0/8"}}),)), ("unknown", None)),
        (Known((msgspec.structs.replace(policy("*"), document="{"),)), ("unknown", None)),
        (Unread("ListPoliciesForRole", "NoPermission"), ("unknown", None)),
    ],
)  # fmt: skip
def test_acting_for_others(policies: Any, expected: tuple[str, str | None]) -> None:
    assert answer(account(role_policies=policies), denial("dlf"), "dlf-delegation") == expected


@pytest.mark.parametrize(
    ("policies", "changes", "expected"),
    [
        (Known((policy("dlf:*"), policy("dlf:GetTable", effect="Deny"))), {}, ("failed", "identity_policy_deny")),
        (Known((policy("dlf:GetTable", on=("acs:dlf:*:*:catalog/x",)),)), {}, ("unknown", None)),
        (
            Known((policy("dlf:GetTable", on=("acs:dlf:*:*:catalog/x",)),)),
            {"resource": "acs:dlf:cn-hangzhou:1000000000000001:catalog/y"},
            ("failed", "permission_missing"),
        ),
        (
            Known((policy("dlf:GetTable", on=("acs:dlf:*:*:catalog/x",)),)),
            {"resource": "acs:dlf:cn-hangzhou:1000000000000001:catalog/x"},
            ("passed", None),
        ),
        (Known((msgspec.structs.replace(policy("*"), document="{"),)), {}, ("unknown", None)),
        (Unread("ListPoliciesForUser", "NoPermission"), {}, ("unknown", None)),
        (Absent("EntityNotExist.User"), {}, ("unknown", None)),
        (Known((policy("dlf:*"),)), {"action": ""}, ("unknown", None)),
        (Known((policy("dlf:*"),)), {"action": "SELECT"}, ("unknown", None)),
        (Known((policy("dlf:*"),)), {"submitter": None}, ("unknown", None)),
    ],
)  # fmt: skip
def test_the_ram_right_of_the_submitter(
    policies: Any, changes: dict[str, Any], expected: tuple[str, str | None]
) -> None:
    assert answer(account(user_policies=policies), denial("dlf", **changes), "dlf-right") == expected


def test_the_accounts_root_user_needs_no_policy() -> None:
    fake = account(user_policies=Unread("ListPoliciesForUser", "not asked"))
    denied = denial("dlf", principal=ROOT, submitter=ROOT)
    assert answer(fake, denied, "dlf-right") == ("passed", None)


def test_through_a_livy_gateway_the_creator_of_the_token_is_asked() -> None:
    through = {"gateway": "lc-1", "token_creator": CREATOR, "principal": CREATOR}
    found = diagnosed(account(), denial("dlf", **through))
    assert "to grace" in advice(found.remedy).statement.render()
    found = diagnosed(account("dlf:*"), denial("dlf", **through))
    said = advice(found.remedy).statement.render()
    assert "Grant grace, the creator of the token of Livy Gateway lc-1" in said
    assert "use a token of somebody who has it" in said


def test_where_nobody_knows_who_started_the_job_the_advice_says_whom_it_is_for() -> None:
    through = {"gateway": "lc-1", "submitter": None, "cause": "dlf_data_permission_missing", "action": ""}
    found = diagnosed(account(), denial("dlf", **through))
    assert found.cause == "dlf_data_permission_missing"
    assert "creator of the token with which it came" in advice(found.remedy).statement.render()


def test_without_access_control_the_role_itself_is_asked() -> None:
    fake = account("dlf:*", role_policies=Known((policy("oss:*"),)))
    denied = denial("dlf", principal=ROLE, message=RAM_SAYS)
    found = diagnosed(fake, denied)
    assert answer(fake, denied, "dlf-delegation") == ("not_applicable", None)
    assert found.cause == "permission_missing"
    assert "Attach a policy to the execution role spark-job" in advice(found.remedy).statement.render()
    allowed = account(role_policies=Known((policy("oss:*", "dlf:GetTable"),)))
    assert answer(allowed, denied, "dlf-right") == ("passed", None)
    untold = denial("dlf", principal=ROLE)
    assert answer(allowed, untold, "dlf-data") == ("unknown", None)
    assert diagnosed(allowed, untold).cause is None


def test_another_service_leaves_dlf_unasked_and_an_untold_one_leaves_it_open() -> None:
    for check in ("dlf-delegation", "dlf-right", "dlf-data"):
        assert answer(account(), denial("oss"), check) == ("not_applicable", None)
        assert answer(account(), denial(""), check) == ("unknown", None)


def test_nothing_of_dlf_is_granted_by_a_program() -> None:
    for fake in (account(), account("dlf:*"), account("dlf:*", role_policies=Known(()))):
        for denied in (denial("dlf"), denial("dlf", principal=ROLE), denial("dlf", message=PAIMON_SAYS)):
            assert isinstance(diagnosed(fake, denied).remedy, Advice)
