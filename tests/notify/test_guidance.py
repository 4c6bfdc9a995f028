"""A message shows the plan's own documents, and never how to change what must stay as it is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rolemend.checklist.model import FAILED, Diagnosis, Finding, ListBucket, TrustService
from rolemend.fix.model import GrantPolicy, Holder, ReplaceTrust
from rolemend.incident.life import ALERTED, DIAGNOSED, VERIFIED, Incident
from rolemend.notify.guidance import guidance_of
from rolemend.notify.message import compose
from rolemend.notify.webhook import as_text
from rolemend.remedy.model import Change, Plan, TypedRemedy, Write
from rolemend.text import text
from tests.fix.reading import from_api
from tests.samples import CREATION, LISTING

TRUST = TrustService(role="emr-role", service="emr.aliyuncs.com")
LIST = ListBucket(role="emr-role", bucket="data", action="oss:ListObjects")
BEFORE, AFTER = '{"Version":"1","Statement":[]}', '{"Version":"1","Statement":[{"é":"${x}%{y}\'`"}]}'


def incident(remedy: TypedRemedy = TRUST, **changes: Any) -> Incident:
    trusting = isinstance(remedy, TrustService)
    finding = Finding(
        check="trust-policy" if trusting else "resource-list",
        faq="1.3" if trusting else "2.2",
        answer=FAILED,
        statement=text("It is so."),
        cause="role_not_trusted" if trusting else "permission_missing",
        remedy=remedy,
        fix=ReplaceTrust(role="emr-role", document=BEFORE)
        if trusting
        else GrantPolicy(holder=Holder("role", "emr-role"), policy="own", document=BEFORE),
    )
    diagnosis = Diagnosis(checklist="c", findings=(finding,), cause=finding.cause, remedy=remedy)
    parts: dict[str, Any] = {
        "state": DIAGNOSED,
        "denial": CREATION if trusting else LISTING,
        "diagnosis": diagnosis,
    }
    return Incident(id="inc-1", **(parts | changes))


def plan(kind: str = "trust_policy") -> Plan:
    write = Write(kind=kind, name="emr-role", before=BEFORE, after=AFTER, version="v1")
    remedy = TRUST if kind == "trust_policy" else LIST
    return Plan(remedy=remedy, write=write, gains=("all",), hash="h")


def calls(found: Incident) -> list[tuple[str, dict[str, Any]]]:
    made = guidance_of(found)
    assert made is not None
    return [(call.action, call.parameters) for call in from_api(made.api)]


@pytest.mark.parametrize(
    ("kind", "action", "parameter"),
    [
        ("trust_policy", "UpdateRole", "NewAssumeRolePolicyDocument"),
        ("policy", "CreatePolicyVersion", "PolicyDocument"),
    ],
)
def test_a_proposed_plan_is_shown_with_its_own_document(kind: str, action: str, parameter: str) -> None:
    remedy = TRUST if kind == "trust_policy" else LIST
    ((called, parameters),) = calls(incident(remedy, plan=plan(kind), state=ALERTED))
    assert called == action
    assert json.loads(parameters[parameter]) == json.loads(AFTER)


def test_what_could_not_be_taken_back_is_taken_back_by_the_document_before() -> None:
    change = Change(id="c", plan=plan())
    ((_, parameters),) = calls(incident(change=change, still_stands=True, rolled_back="edited"))
    assert json.loads(parameters["NewAssumeRolePolicyDocument"]) == json.loads(BEFORE)


def test_after_a_change_that_was_taken_back_people_only_look() -> None:
    assert [action for action, _ in calls(incident(rolled_back="still denied", plan=plan()))] == [
        "GetRole",
        "ListPoliciesForRole",
    ]


@pytest.mark.parametrize("remedy", [TRUST, LIST], ids=["trust", "list"])
@pytest.mark.parametrize("reason", ["default_role", "own_role", "service_linked_role"])
def test_a_role_that_must_stay_as_it_is_gets_another_beside_it(reason: str, remedy: TypedRemedy) -> None:
    ((action, parameters),) = calls(incident(remedy, no_plan=reason, no_plan_detail="emr-role"))
    assert (action, parameters["RoleName"]) == ("CreateRole", "YOUR_ROLE")


@pytest.mark.parametrize("reason", ["foreign_bucket", "bucket_name", "guardrails"])
def test_a_bucket_that_is_not_ours_is_granted_to_nobody(reason: str) -> None:
    assert [action for action, _ in calls(incident(LIST, no_plan=reason))] == ["GetBucketPolicy"]


@pytest.mark.parametrize("reason", ["shared_policy", "system_policy", "no_policy", "not_proved"])
def test_where_no_policy_may_be_extended_the_role_gets_one_of_its_own(reason: str) -> None:
    assert [action for action, _ in calls(incident(LIST, no_plan=reason))] == [
        "CreatePolicy",
        "AttachPolicyToRole",
    ]


@pytest.mark.parametrize("remedy", [TRUST, LIST])
@pytest.mark.parametrize("reason", ["under_condition", "conditional_statement"])
def test_a_grant_that_would_drop_a_condition_is_not_offered_to_be_pasted(
    reason: str, remedy: TypedRemedy
) -> None:
    writes = ("CreatePolicy", "CreatePolicyVersion", "UpdateRole", "AttachPolicyToRole")
    assert not [one for one in calls(incident(remedy, no_plan=reason)) if one[0] in writes]


def test_a_mended_incident_needs_no_fix_but_tells_how_to_verify_it() -> None:
    done = incident(state=VERIFIED, change=Change(id="c", plan=plan()))
    assert guidance_of(done) is None
    message = compose(done, "en")
    assert message.fix is None
    assert as_text(message).splitlines()[-1] == "RunCluster again"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_message_holds_what_the_advice_is_made_of_in_its_order(language: str) -> None:
    message = compose(incident(plan=plan()), language)
    assert message.fix is not None
    lines = as_text(message).splitlines()
    order = [
        lines.index(f"{message.faq} {message.happened}"),
        lines.index(message.advice[0]),
        lines.index(message.fix.risk),
        lines.index("aliyun CLI:"),
        lines.index("Terraform:"),
        lines.index("API:"),
        len(lines) - 1,
    ]
    assert order == sorted(order)
    assert lines[-1] == message.verify
