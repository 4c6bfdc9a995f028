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


FULL = policy("AliyunEMRFullAccess", "emr:*", "ram:PassRole")


def role(*services: str, name: str = "emr-role") -> Known[Role]:
    return Known(Role(name=name, arn=f"acs:ram::{ACCOUNT}:role/{name}", trust_policy=trust_policy(*services)))


def healthy(**changes: Any) -> FakeAccount:
    parts: dict[str, Any] = {
        "user_policies": Known((FULL,)),
        "the_role": role("ecs.aliyuncs.com", "emr.aliyuncs.com"),
    }
    return FakeAccount(**(parts | changes))


def diagnosed(fake: FakeAccount, denial: Denial = CREATION) -> Diagnosis:
    return diagnose(Account(identities=fake, buckets=fake, clusters=fake, workspaces=fake), denial)


def answers(diagnosis: Diagnosis) -> list[tuple[str, str, str]]:
    return [(finding.faq, finding.check, finding.answer) for finding in diagnosis.findings]


def release(text: str) -> Denial:
    return altered(CREATION, target=ClusterTarget(release=text, role="emr-role"))


def test_every_check_is_asked_in_the_order_of_the_faq() -> None:
    assert answers(diagnosed(healthy())) == [
        ("1.1", "creator-policy", "passed"),
        ("1.2", "role-name", "passed"),
        ("1.3", "trust-policy", "passed"),
        ("1.3+", "pass-role", "not_applicable"),
        ("1.3+", "service-role", "passed"),
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


def evidence(diagnosis: Diagnosis, check: str) -> str:
    (finding,) = [finding for finding in diagnosis.findings if finding.check == check]
    return "\n".join(f"{one.certainty}: {one.statement.render()}" for one in finding.evidence)


def answer(diagnosis: Diagnosis, check: str) -> str:
    return next(finding.answer for finding in diagnosis.findings if finding.check == check)


NEW = altered(CREATION, target=ClusterTarget(release="EMR-5.16.0", role="emr-role"))
EMR_ONLY = policy("corp-emr", "emr:*")


def test_the_action_that_no_statement_of_develop_access_matches_is_named() -> None:
    develop = policy("AliyunEMRDevelopAccess", "emr:Run*", "emr:CreateClusterScript")
    denial = altered(CREATION, action="emr:CreateCluster")
    shown = evidence(diagnosed(healthy(user_policies=Known((develop,))), denial), "creator-policy")
    assert "AliyunEMRDevelopAccess v1 matches emr:CreateCluster" in shown
    assert "the nearest that it lists is emr:CreateClusterScript" in shown
    ran = evidence(diagnosed(healthy(user_policies=Known((develop,))), CREATION), "creator-policy")
    assert "matches" not in ran


def test_a_right_through_a_group_names_the_group_and_the_policy() -> None:
    diagnosis = diagnosed(healthy(user_policies=Known((policy("corp-emr", "emr:*", via="data-team"),))))
    assert "corp-emr (group data-team)" in evidence(diagnosis, "creator-policy")
    assert "by policy corp-emr" in diagnosis.findings[0].statement.render()


def test_a_creator_who_may_not_hand_the_role_over_gets_the_statement_to_paste() -> None:
    diagnosis = diagnosed(healthy(user_policies=Known((EMR_ONLY,))), NEW)
    assert diagnosis.cause == "pass_role_missing"
    assert isinstance(diagnosis.remedy, Advice)
    (statement,) = json.loads(diagnosis.remedy.document)["Statement"]
    assert statement["Action"] == "ram:PassRole"
    assert statement["Resource"] == f"acs:ram:*:{ACCOUNT}:role/emr-role"
    assert statement["Condition"] == {
        "StringEquals": {"acs:Service": ["ecs.aliyuncs.com", "emr.aliyuncs.com"]}
    }
    assert "EMR's pages do not" in evidence(diagnosis, "pass-role")


def test_a_developer_who_may_run_but_not_hand_over_gets_full_access_in_the_place_of_develop_access() -> None:
    develop = policy("AliyunEMRDevelopAccess", "emr:Run*")
    diagnosis = diagnosed(healthy(user_policies=Known((develop,))), NEW)
    assert diagnosis.cause == "pass_role_missing"
    assert isinstance(diagnosis.remedy, Advice)
    assert "in the place of AliyunEMRDevelopAccess" in diagnosis.remedy.statement.render()
    assert "AliyunEMRDevelopAccess v1 matches ram:PassRole" in evidence(diagnosis, "pass-role")


@pytest.mark.parametrize(
    ("services", "expected"),
    [
        (["ecs.aliyuncs.com", "emr.aliyuncs.com"], "passed"),
        (["ecs.aliyuncs.com"], "unknown"),
        (["emr.aliyuncs.com"], "unknown"),
        (["fc.aliyuncs.com"], "failed"),
    ],
)
def test_the_service_that_the_role_may_be_handed_to_counts(services: list[str], expected: str) -> None:
    statement = {
        "Effect": "Allow",
        "Action": "ram:PassRole",
        "Resource": f"acs:ram:*:{ACCOUNT}:role/emr-*",
        "Condition": {"StringEquals": {"acs:Service": services}},
    }
    document = json.dumps({"Version": "1", "Statement": [statement]})
    passes = AttachedPolicy(name="pass", type="Custom", version="v1", document=document)
    assert answer(diagnosed(healthy(user_policies=Known((EMR_ONLY, passes))), NEW), "pass-role") == expected


@pytest.mark.parametrize(
    "denial",
    [
        CREATION,
        altered(CREATION, target=ClusterTarget(release="EMR-5.16.0", role="AliyunECSInstanceForEMRRole")),
    ],
    ids=["old release", "default role"],
)
def test_nobody_is_asked_to_hand_over_a_default_role_or_the_role_of_an_old_release(denial: Denial) -> None:
    diagnosis = diagnosed(healthy(user_policies=Known((EMR_ONLY,))), denial)
    assert answer(diagnosis, "pass-role") == "not_applicable"
    assert diagnosis.cause is None


def test_the_faq_s_own_items_give_the_cause_before_the_added_checks() -> None:
    fake = healthy(user_policies=Known((EMR_ONLY,)), the_role=role("emr.aliyuncs.com"), service_role=Absent())
    diagnosis = diagnosed(fake, NEW)
    assert diagnosis.cause == "role_not_trusted"
    assert (answer(diagnosis, "pass-role"), answer(diagnosis, "service-role")) == ("failed", "failed")


REPORTED: dict[str, tuple[str, str, dict[str, Any]]] = {
    "InvalidUser.PassRoleForbidden": ("pass-role", "pass_role_missing", {"user_policies": Known((EMR_ONLY,))}),
    "InvalidRamRole.NotEcsRole": (
        "trust-policy", "role_not_trusted", {"the_role": role("emr.aliyuncs.com")},
    ),
    "InvalidRamRole.NotFound": ("role-name", "role_not_found", {"the_role": Absent()}),
    "Cluster.Role.NotConfirm": ("service-role", "service_role_missing", {"service_role": Absent()}),
}  # fmt: skip


@pytest.mark.parametrize("code", REPORTED)
@pytest.mark.parametrize("later", [False, True])
def test_a_cause_that_the_service_reported_comes_before_all_others(code: str, later: bool) -> None:
    check, cause, wrong = REPORTED[code]
    parts: dict[str, Any] = {"user_policies": Known((policy("none", "oss:*"),)), **wrong}
    told = {"code": "NotAuthorized", "message": f"Failed: {code}, see ECS."} if later else {"code": code}
    diagnosis = diagnosed(healthy(**parts), altered(CREATION, **told))
    assert diagnosis.cause == cause
    assert "reported_by_service: " in evidence(diagnosis, check)
    assert code in evidence(diagnosis, check)


def test_what_was_reported_and_mended_since_is_no_cause() -> None:
    diagnosis = diagnosed(healthy(), altered(NEW, code="InvalidUser.PassRoleForbidden"))
    assert (diagnosis.cause, answer(diagnosis, "pass-role")) == (None, "passed")


def test_a_release_whose_role_ecs_refused_needs_ecs_whatever_the_pages_say() -> None:
    denial = altered(
        CREATION,
        code="InvalidRamRole.NotEcsRole",
        target=ClusterTarget(release="EMR-3.32.0", role="emr-role"),
    )
    diagnosis = diagnosed(healthy(the_role=role("emr.aliyuncs.com")), denial)
    assert diagnosis.remedy == TrustService(role="emr-role", service="ecs.aliyuncs.com")


@pytest.mark.parametrize("reading", [Absent(), role("ecs.aliyuncs.com", name="AliyunEMRDefaultRole")])
def test_a_service_role_that_is_not_authorised_is_for_a_person(reading: Any) -> None:
    diagnosis = diagnosed(healthy(service_role=reading))
    assert diagnosis.cause == "service_role_missing"
    assert isinstance(diagnosis.remedy, Advice)
    assert "AliyunEMRDefaultRole" in diagnosis.remedy.statement.render()


def test_a_missing_default_role_is_authorised_and_not_created_by_hand() -> None:
    target = ClusterTarget(release="EMR-5.16.0", role="AliyunECSInstanceForEMRRole")
    diagnosis = diagnosed(healthy(the_role=Absent()), altered(CREATION, target=target))
    assert isinstance(diagnosis.remedy, Advice)
    assert diagnosis.remedy.statement.render().startswith("Authorise EMR's default roles")


@pytest.mark.parametrize("name", ["emr\u2011role", "\u0435mr-role", "emr-role\u200b", " emr-role"])
def test_characters_that_look_like_others_are_named_with_the_role_that_was_meant(name: str) -> None:
    denial = altered(CREATION, target=ClusterTarget(release="EMR-5.16.0", role=name))
    diagnosis = diagnosed(healthy(the_role=Absent(), names=Known(("emr-rule", "emr-role"))), denial)
    assert diagnosis.cause == "role_not_found"
    assert isinstance(diagnosis.remedy, Advice)
    assert diagnosis.remedy.statement.render() == "Create the cluster with the role emr-role."
    assert "U+" in evidence(diagnosis, "role-name")


def test_a_role_given_as_its_arn_is_recognised_by_its_last_part() -> None:
    arn = altered(CREATION, target=ClusterTarget(role=f"acs:ram::{ACCOUNT}:role/emr-role"))
    diagnosis = diagnosed(healthy(the_role=Absent(), names=Known(("emr-role",))), arn)
    assert isinstance(diagnosis.remedy, Advice)
    assert diagnosis.remedy.statement.render() == "Create the cluster with the role emr-role."


def test_a_role_in_other_letter_case_exists_unless_the_service_found_none() -> None:
    denial = altered(CREATION, target=ClusterTarget(release="EMR-3.30.0", role="EMR-Role"))
    assert answer(diagnosed(healthy(), denial), "role-name") == "passed"
    assert "is spelled emr-role" in evidence(diagnosed(healthy(), denial), "role-name")
    told = diagnosed(healthy(), altered(denial, code="InvalidRamRole.NotFound"))
    assert told.cause == "role_not_found"


def test_a_role_that_a_template_holds_is_an_open_question() -> None:
    diagnosis = diagnosed(healthy(), altered(CREATION, target=ClusterTarget(release="EMR-3.30.0")))
    assert (answer(diagnosis, "role-name"), diagnosis.cause) == ("unknown", None)
