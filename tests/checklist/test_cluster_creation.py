"""The FAQ's checklist for a denied cluster creation: every check, in order, on every kind of answer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rolemend.account.interface import Absent, AttachedPolicy, Known, Role, Unread
from rolemend.checklist.diagnose import diagnose
from rolemend.checklist.facts import Account
from rolemend.checklist.model import Advice, Diagnosis, TrustService
from rolemend.signals.denial import ClusterTarget, Denial, DeniedPrincipal
from tests.fakes import FakeAccount
from tests.samples import ACCOUNT, CREATION, altered


def trust_policy(*services: str) -> str:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": list(services)}}
    return json.dumps({"Version": "1", "Statement": [statement]})


def policy(name: str, *actions: str, effect: str = "Allow", via: str = "") -> AttachedPolicy:
    document = {"Version": "1", "Statement": [{"Effect": effect, "Action": list(actions), "Resource": "*"}]}
    return AttachedPolicy(name=name, type="System", version="v1", document=json.dumps(document), via=via)


FULL = policy("AliyunEMRFullAccess", "emr:*")


def role(*services: str, name: str = "emr-role") -> Known[Role]:
    return Known(Role(name=name, arn=f"acs:ram::{ACCOUNT}:role/{name}", trust_policy=trust_policy(*services)))


def healthy(**changes: Any) -> FakeAccount:
    parts: dict[str, Any] = {
        "user_policies": Known((FULL,)),
        "the_role": role("ecs.aliyuncs.com", "emr.aliyuncs.com"),
    }
    return FakeAccount(**(parts | changes))


def diagnosed(fake: FakeAccount, denial: Denial = CREATION) -> Diagnosis:
    return diagnose(Account(identities=fake, buckets=fake, clusters=fake), denial)


def answers(diagnosis: Diagnosis) -> list[tuple[str, str, str]]:
    return [(finding.faq, finding.check, finding.answer) for finding in diagnosis.findings]


def release(text: str) -> Denial:
    return altered(CREATION, target=ClusterTarget(release=text, role="emr-role"))


def test_every_check_is_asked_in_the_order_of_the_faq() -> None:
    assert answers(diagnosed(healthy())) == [
        ("1.1", "creator-policy", "passed"),
        ("1.2", "role-name", "passed"),
        ("1.3", "trust-policy", "passed"),
    ]


def test_a_creator_without_the_right_is_told_to_get_full_access() -> None:
    diagnosis = diagnosed(healthy(user_policies=Known(())))
    assert diagnosis.cause == "permission_missing"
    assert isinstance(diagnosis.remedy, Advice)
    assert "AliyunEMRFullAccess" in diagnosis.remedy.statement.render()


def test_develop_access_is_to_be_changed_to_full_access() -> None:
    develop = policy("AliyunEMRDevelopAccess", "emr:Run*", "emr:List*")
    denial = altered(CREATION, action="emr:CreateCluster")
    diagnosis = diagnosed(healthy(user_policies=Known((develop,))), denial)
    assert diagnosis.cause == "permission_missing"
    assert isinstance(diagnosis.remedy, Advice)
    assert "in the place of AliyunEMRDevelopAccess" in diagnosis.remedy.statement.render()


def test_the_statement_that_lacks_the_action_is_evidence() -> None:
    finding = diagnosed(healthy(user_policies=Known((policy("corp-emr", "emr:List*"),)))).findings[0]
    assert "emr:RunCluster is not in its Action" in finding.evidence[1].statement.render()


def test_develop_access_allows_the_call_that_its_run_pattern_covers() -> None:
    develop = policy("AliyunEMRDevelopAccess", "emr:Run*", "emr:List*")
    assert answers(diagnosed(healthy(user_policies=Known((develop,)))))[0][2] == "passed"


def test_the_right_may_come_by_another_policy_or_through_a_group() -> None:
    for own in (policy("corp-emr", "emr:RunCluster"), policy("corp-emr", "*", via="data-team")):
        assert answers(diagnosed(healthy(user_policies=Known((own,)))))[0][2] == "passed"


def test_an_explicit_deny_is_a_cause_of_its_own() -> None:
    denies = policy("no-clusters", "emr:RunCluster", effect="Deny")
    assert diagnosed(healthy(user_policies=Known((FULL, denies)))).cause == "identity_policy_deny"


def test_the_root_user_needs_no_policy() -> None:
    root = altered(CREATION, principal=DeniedPrincipal(type="root", account=ACCOUNT, id=ACCOUNT))
    assert answers(diagnosed(healthy(), root))[0][2] == "passed"


def test_a_creator_that_is_a_role_is_judged_by_the_roles_policies() -> None:
    builder = altered(
        CREATION, principal=DeniedPrincipal(type="assumed_role", account=ACCOUNT, name="ci", session="s")
    )
    assert diagnosed(healthy(user_policies=Known((FULL,))), builder).cause == "permission_missing"
    assert diagnosed(healthy(role_policies=Known((FULL,))), builder).cause is None


def test_a_misspelt_role_is_answered_with_the_nearest_name() -> None:
    fake = healthy(the_role=Absent(), names=Known(("other", "EMR-Rolle", "zzz")))
    diagnosis = diagnosed(fake)
    assert diagnosis.cause == "role_not_found"
    assert isinstance(diagnosis.remedy, Advice)
    assert "EMR-Rolle" in diagnosis.remedy.statement.render()
    assert answers(diagnosis)[2] == ("1.3", "trust-policy", "not_applicable")


def test_a_role_like_no_other_gets_no_invented_name() -> None:
    diagnosis = diagnosed(healthy(the_role=Absent(), names=Known(("completely-different",))))
    assert isinstance(diagnosis.remedy, Advice)
    assert "completely-different" not in diagnosis.remedy.statement.render()


@pytest.mark.parametrize(
    ("text", "needs"),
    [
        ("EMR-3.30.0", "emr.aliyuncs.com"),
        ("EMR-3.31.9", "emr.aliyuncs.com"),
        ("EMR-3.32.1", "ecs.aliyuncs.com"),
        ("EMR-3.53.0", "ecs.aliyuncs.com"),
        ("EMR-4.0.0", "emr.aliyuncs.com"),
        ("EMR-4.4.1", "emr.aliyuncs.com"),
        ("EMR-4.5.1", "ecs.aliyuncs.com"),
        ("EMR-5.2.1", "ecs.aliyuncs.com"),
        ("EMR-6.0.0", "ecs.aliyuncs.com"),
        ("EMR V3.30.0", "emr.aliyuncs.com"),
        ("EMR 3.31", "emr.aliyuncs.com"),
        ("3.22.0", "emr.aliyuncs.com"),
        ("EMR-2.9.9", "emr.aliyuncs.com"),
    ],
)
def test_the_release_tells_which_service_must_be_trusted(text: str, needs: str) -> None:
    other = "ecs.aliyuncs.com" if needs.startswith("emr") else "emr.aliyuncs.com"
    assert diagnosed(healthy(the_role=role(needs)), release(text)).cause is None
    diagnosis = diagnosed(healthy(the_role=role(other)), release(text))
    assert diagnosis.cause == "role_not_trusted"
    assert diagnosis.remedy == TrustService(role="emr-role", service=needs)


@pytest.mark.parametrize("text", ["EMR-3.32.0", "EMR-4.5.0"])
def test_the_contested_releases_need_emr_and_the_finding_says_that_they_are_contested(text: str) -> None:
    diagnosis = diagnosed(healthy(the_role=role("ecs.aliyuncs.com")), release(text))
    assert diagnosis.remedy == TrustService(role="emr-role", service="emr.aliyuncs.com")
    assert any("do not agree" in evidence.statement.render() for evidence in diagnosis.findings[2].evidence)


@pytest.mark.parametrize("text", ["", "latest", "EMR-5", "EMR-5.x", "EMR-99999.1.1"])
def test_an_unknown_release_is_an_open_question_and_no_guess(text: str) -> None:
    assert answers(diagnosed(healthy(), release(text)))[2] == ("1.3", "trust-policy", "unknown")


@pytest.mark.parametrize("part", ["user_policies", "the_role"])
@pytest.mark.parametrize("transient", [True, False])
def test_what_could_not_be_read_is_unknown_and_never_passed(part: str, transient: bool) -> None:
    fake = healthy(**{part: Unread("GetRole", "refused", transient=transient)})
    diagnosis = diagnosed(fake)
    assert "unknown" in [answer for _, _, answer in answers(diagnosis)]
    assert diagnosis.is_waiting() is transient
    assert not diagnosis.is_complete()


def test_a_policy_that_does_not_parse_is_unknown() -> None:
    broken = AttachedPolicy(name="broken", type="Custom", version="v1", document="{half")
    assert answers(diagnosed(healthy(user_policies=Known((broken,)))))[0][2] == "unknown"
    odd = Known(Role(name="emr-role", arn="", trust_policy="[]"))
    assert answers(diagnosed(healthy(the_role=odd)))[2][2] == "unknown"


def test_a_condition_that_the_event_does_not_tell_makes_it_unknown() -> None:
    condition = {"StringEquals": {"acs:SourceVpc": "vpc-1"}}
    statement = {"Effect": "Allow", "Action": "emr:*", "Resource": "*", "Condition": condition}
    document = {"Version": "1", "Statement": [statement]}
    inside = AttachedPolicy(name="vpc-only", type="Custom", version="v1", document=json.dumps(document))
    denial = altered(CREATION, unknown_conditions=("acs:SourceVpc",))
    finding = diagnosed(healthy(user_policies=Known((inside,))), denial).findings[0]
    assert finding.answer == "unknown"
    assert "acs:SourceVpc" in finding.statement.render()


def test_a_right_given_after_the_denial_closes_the_question() -> None:
    later = Known(
        (
            AttachedPolicy(
                name="p", type="System", version="v1", document=FULL.document, updated=CREATION.time + 5.0
            ),
        )
    )
    assert diagnosed(healthy(user_policies=later)).allowed_now
    assert not diagnosed(healthy()).allowed_now
