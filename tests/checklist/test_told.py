"""What RAM itself tells of a denial comes before every inference, and only where it speaks of that denial."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest

from rolemend.account.interface import Absent, AttachedPolicy, Known, Reading, Role, Unread
from rolemend.checklist.diagnose import diagnose
from rolemend.checklist.facts import Account
from rolemend.checklist.model import REPORTED, Diagnosis
from rolemend.signals.actiontrail import read_event
from rolemend.signals.denial import Denial, DeniedDetail
from tests.fakes import FakeAccount
from tests.localcloud.identities import allow
from tests.samples import ACCOUNT, CREATION, LISTING, altered, denied_creation

UUID = "11111111-2222-5333-9444-55555555ABCD"
USER = CREATION.principal.id
FULL = AttachedPolicy(
    name="AliyunEMRFullAccess",
    type="System",
    version="v1",
    document=json.dumps(allow(["emr:*", "ram:PassRole"])),
)
UNTRUSTING = Known(
    Role(
        name="emr-role",
        arn=f"acs:ram::{ACCOUNT}:role/emr-role",
        trust_policy='{"Version": "1", "Statement": []}',
    )
)


def detail(**changes: Any) -> DeniedDetail:
    known: dict[str, Any] = {
        "action": "emr:RunCluster", "resource": "*", "owner": ACCOUNT, "principal_type": "SubUser", "principal": USER,
        "explicit": False, "policy_type": "AccountLevelIdentityBasedPolicy",
    }  # fmt: skip
    return DeniedDetail(**(known | changes))


@dataclass
class Telling:
    """Answers by EncodedDiagnosticMessage and by request id."""

    messages: Mapping[str, Reading[DeniedDetail]] = field(default_factory=dict)
    logs: Mapping[str, Reading[DeniedDetail]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def decode(self, encoded: str) -> Reading[DeniedDetail]:
        self.asked.append(encoded)
        return self.messages.get(encoded, Absent())

    def request_log(self, request_id: str) -> Reading[DeniedDetail]:
        self.asked.append(request_id)
        return self.logs.get(request_id, Absent())


def diagnosed(denial: Denial, telling: Telling | None, **live: Any) -> Diagnosis:
    """On an account whose creator may create clusters and whose role trusts nobody."""
    parts: dict[str, Any] = {"user_policies": Known((FULL,)), "the_role": UNTRUSTING} | live
    account = FakeAccount(**parts)
    return diagnose(
        Account(
            identities=account, buckets=account, clusters=account, workspaces=account, diagnostics=telling
        ),
        denial,
    )


def reported_in(diagnosis: Diagnosis) -> set[str]:
    return {
        finding.check
        for finding in diagnosis.findings
        for evidence in finding.evidence
        if evidence.certainty == REPORTED and evidence.statement.template.startswith("RAM reported")
    }


LOGGED = altered(CREATION, request_id=UUID)
ENCODED = altered(CREATION, diagnostic="AQEAAAAAencoded")


def test_without_a_report_the_first_failed_check_is_the_cause() -> None:
    assert diagnosed(LOGGED, Telling()).cause == "role_not_trusted"
    assert diagnosed(LOGGED, None).cause == "role_not_trusted"


@pytest.mark.parametrize(
    ("policy_type", "cause"),
    [("ControlPolicy", "control_policy_deny"), ("SessionPolicy", "session_policy_deny")],
)
def test_a_layer_that_cannot_be_read_is_the_cause_where_ram_names_it(policy_type: str, cause: str) -> None:
    telling = Telling(messages={"AQEAAAAAencoded": Known(detail(explicit=True, policy_type=policy_type))})
    found = diagnosed(ENCODED, telling)
    assert found.cause == cause
    assert reported_in(found) == {"creator-policy"}
    assert found.remedy is not None


def test_the_check_that_ram_points_at_goes_before_an_earlier_one_that_failed_too() -> None:
    telling = Telling(messages={"AQEAAAAAencoded": Known(detail(action="ram:PassRole"))})
    release = msgspec.structs.replace(ENCODED.target, release="EMR-5.16.0")
    only_emr = msgspec.structs.replace(
        FULL,
        document='{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "emr:*", "Resource": "*"}]}',
    )
    live = {"user_policies": Known((only_emr,))}
    assert diagnosed(altered(ENCODED, target=release), None, **live).cause == "role_not_trusted"
    assert diagnosed(altered(ENCODED, target=release), telling, **live).cause == "pass_role_missing"


def test_an_event_without_a_message_is_asked_for_by_its_request_id_and_then_decoded() -> None:
    logged = detail(policy_type="ControlPolicy", explicit=True, resource="", encoded="AQEAAAAAfrom-log")
    told = Known(
        detail(policy_type="ControlPolicy", explicit=True, matched=("cp-1 (ResourceDirectoryTarget)",))
    )
    telling = Telling(logs={UUID: Known(logged)}, messages={"AQEAAAAAfrom-log": told})
    found = diagnosed(altered(CREATION, request_id=UUID.lower()), telling)
    assert telling.asked == [UUID, "AQEAAAAAfrom-log"]
    assert found.cause == "control_policy_deny"
    assert "cp-1" in str(found.findings[0].evidence)


def test_the_log_alone_counts_where_the_message_is_not_opened() -> None:
    logged = detail(policy_type="ControlPolicy", explicit=True, encoded="AQEAAAAAfrom-log")
    refused = Unread("DecodeDiagnosticMessage", "NoPermission: no")
    found = diagnosed(LOGGED, Telling({"AQEAAAAAfrom-log": refused}, {UUID: Known(logged)}))
    assert found.cause == "control_policy_deny"
    assert "DecodeDiagnosticMessage" in str(found.findings[0].evidence)


@pytest.mark.parametrize("transient", [False, True])
def test_a_refused_call_falls_back_to_inference_and_says_so(transient: bool) -> None:
    refused = Unread("GetRequestLog", "NoPermission: not yours", transient=transient)
    found = diagnosed(LOGGED, Telling(logs={UUID: refused}))
    assert found.cause == "role_not_trusted"
    assert not found.is_waiting()
    [failed] = [finding for finding in found.findings if finding.cause]
    assert "GetRequestLog" in str(failed.evidence)


@pytest.mark.parametrize(
    "denial",
    [
        altered(LOGGED, code="InvalidRamRole.NotEcsRole"),
        altered(LOGGED, request_id="65AF5037000000000000ABCD"),
        altered(LOGGED, request_id=""),
        LISTING,
    ],
    ids=["a code that says it all", "an id of OSS", "no id", "an access log"],
)
def test_nobody_is_asked_where_nothing_can_be_told(denial: Denial) -> None:
    telling = Telling()
    diagnosed(denial, telling)
    assert telling.asked == []


@pytest.mark.parametrize("stranger", ["200000000000000099", "emr-role:session"])
def test_the_message_of_another_denial_counts_for_nothing(stranger: str) -> None:
    """Whoever can write into a message can quote a denial of his own there."""
    told = detail(policy_type="ControlPolicy", explicit=True, principal=stranger)
    found = diagnosed(ENCODED, Telling({"AQEAAAAAencoded": Known(told)}))
    assert found.cause == "role_not_trusted"
    assert reported_in(found) == set()


@pytest.mark.parametrize("stranger", ["emr-role2:vm-ram-i-1", "emr-role:other", "emr-role"])
def test_a_message_of_another_role_or_session_counts_for_nothing(stranger: str) -> None:
    told = detail(principal=stranger, policy_type="ControlPolicy", explicit=True)
    denial = altered(LISTING, diagnostic="AQEAAAAAencoded")
    found = diagnosed(denial, Telling({"AQEAAAAAencoded": Known(told)}))
    assert found.cause != "control_policy_deny"


def test_a_deny_that_ram_reports_outranks_the_order_of_the_oss_checks() -> None:
    told = detail(
        action="oss:ListObjects",
        principal="emr-role:vm-ram-i-1",
        explicit=True,
        matched=("no-lists (RamRole)",),
    )
    deny = AttachedPolicy(
        name="no-lists",
        type="Custom",
        version="v1",
        document='{"Version": "1", "Statement": [{"Effect": "Deny", "Action": "oss:ListObjects", "Resource": "*"}]}',
    )
    denial = altered(LISTING, detail_code="", diagnostic="AQEAAAAAencoded")
    found = diagnosed(denial, Telling({"AQEAAAAAencoded": Known(told)}), role_policies=Known((deny,)))
    assert found.cause == "identity_policy_deny"
    assert "no-lists (RamRole)" in str(found.findings)


@pytest.mark.parametrize(
    "members",
    [
        {"accessDeniedDetail": {"encodedDiagnosticMessage": "AQEAAAAAabcdefghijklmnop=="}},
        {"AccessDeniedDetail": '{"EncodedDiagnosticMessage":"AQEAAAAAabcdefghijklmnop=="}'},
        {"errorMessage": "no: EncodedDiagnosticMessage: AQEAAAAAabcdefghijklmnop=="},
        {
            "responseElements": {
                "AccessDeniedDetail": {"EncodedDiagnosticMessage": "AQEAAAAAabcdefghijklmnop=="}
            }
        },
    ],
)
def test_a_message_is_taken_from_wherever_it_stands_in_an_event(members: dict[str, Any]) -> None:
    denial = read_event(denied_creation(**members))
    assert isinstance(denial, Denial)
    assert denial.diagnostic == "AQEAAAAAabcdefghijklmnop=="


@pytest.mark.parametrize(
    "value", [7, [], {}, "", None, {"EncodedDiagnosticMessage": 3}, "EncodedDiagnosticMessage: ****"]
)
def test_a_detail_that_is_none_leaves_the_denial_without_one(value: Any) -> None:
    denial = read_event(denied_creation(accessDeniedDetail=value))
    assert isinstance(denial, Denial)
    assert denial.diagnostic == ""
