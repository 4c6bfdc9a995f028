"""The advice on a diagnosis is whole, uses what the checks read, and prints no grant that none of them proved."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from rolemend.account.interface import Absent, Bucket, Known, Unread
from rolemend.checklist.diagnose import diagnose
from rolemend.checklist.facts import Account
from rolemend.checklist.guide import LOOK, guide, names_of
from rolemend.checklist.model import FAILED, Advice, Diagnosis, Finding, TrustService
from rolemend.fix.guidance import Guidance
from rolemend.fix.model import ReplaceTrust
from rolemend.signals.denial import BucketTarget, Denial, DeniedPrincipal, JobTarget
from rolemend.text import text
from tests.checklist.oss_cases import BUCKET, OTHER, bucket_policy, denial, healthy, policy
from tests.fakes import FakeAccount
from tests.fix.reading import from_api, from_cli
from tests.samples import ACCOUNT, CREATION, LISTING, altered

JOB = altered(
    LISTING,
    action="odps:ActOnBehalfOfAnotherUser",
    target=JobTarget(workspace="w-1", service="maxcompute", role="spark-job"),
)


def guided(account: FakeAccount, denied: Denial) -> Guidance:
    return guide(walked(account, denied), denied)


def walked(account: FakeAccount, denied: Denial) -> Diagnosis:
    parts = Account(identities=account, buckets=account, clusters=account, workspaces=account)
    return diagnose(parts, denied)


def actions(found: Guidance) -> list[str]:
    return [call.action for call in from_api(found.api)]


def test_the_sentence_the_item_and_the_evidence_are_those_of_the_failed_check() -> None:
    named = bucket_policy(Principal=[f"arn:sts::{ACCOUNT}:assumed-role/emr-role/*"])
    account = healthy(the_bucket_policy=named)
    found = guided(account, denial(ec="0003-00000101"))
    assert found.faq == "2.3"
    assert "denies" in found.what.render()
    assert any("The statement is" in line.render() for line in found.evidence)
    assert found.verify == "hdfs dfs -ls oss://data/"


def test_what_a_bucket_policy_holds_besides_the_deny_stays() -> None:
    document = json.loads(bucket_policy().value)
    other = {**document["Statement"][0], "Effect": "Allow", "Principal": ["1"]}
    document["Statement"].append(other)
    found = guided(healthy(the_bucket_policy=Known(json.dumps(document))), denial(ec="0003-00000101"))
    (call,) = from_cli(found.cli)
    assert (call.action, json.loads(call.parameters["body"])["Statement"]) == ("PutBucketPolicy", [other])
    assert "Deny often enforces" in found.risk.render()


def test_a_policy_of_its_own_is_shown_where_a_plan_was_not_made() -> None:
    found = guided(healthy(role_policies=Known(())), denial())
    assert actions(found) == ["CreatePolicy", "AttachPolicyToRole"]
    assert "acs:oss:*:*:data/*" in found.cli


@pytest.mark.parametrize(
    "bucket",
    [
        Unread("GetBucketInfo", "refused"),
        Absent("no such bucket"),
        Known(msgspec.structs.replace(BUCKET, owner="")),
    ],
    ids=["unread", "absent", "no owner"],
)
def test_no_grant_is_printed_for_a_bucket_that_is_not_proved_to_be_ours(bucket: Any) -> None:
    found = guided(healthy(role_policies=Known(()), the_bucket=bucket), denial())
    assert actions(found) == ["GetBucketPolicy"]


def test_the_owner_adds_to_what_the_bucket_policy_says_today() -> None:
    foreign = Known(Bucket(name="data", region="cn-hangzhou", acl="private", owner=OTHER))
    kept = bucket_policy(Action=["oss:PutBucketAcl"])
    found = guided(healthy(the_bucket=foreign, the_bucket_policy=kept), denial())
    (call,) = from_api(found.api)
    first, added = call.parameters["body"]["Statement"]
    assert first == json.loads(kept.value)["Statement"][0]
    assert added["Principal"] == [f"arn:sts::{ACCOUNT}:assumed-role/emr-role/*"]


def test_an_unread_bucket_policy_is_read_before_it_is_replaced() -> None:
    foreign = Known(Bucket(name="data", region="cn-hangzhou", acl="private", owner=OTHER))
    unread = Unread("GetBucketPolicy", "refused")
    found = guided(healthy(the_bucket=foreign, the_bucket_policy=unread), denial())
    assert actions(found) == ["GetBucketPolicy", "PutBucketPolicy"]
    assert "takes the place of the whole" in found.risk.render()


def test_a_deny_of_a_custom_policy_is_taken_out_and_one_of_a_system_policy_is_looked_for() -> None:
    denying = policy("oss:ListObjects", effect="Deny")
    both = (policy("oss:*"), msgspec.structs.replace(denying, name="no-lists"))
    mine = guided(healthy(role_policies=Known(both)), denial(ec="0003-00000201"))
    assert actions(mine) == ["DetachPolicyFromRole"]
    system = (both[0], msgspec.structs.replace(both[1], type="System"))
    theirs = guided(healthy(role_policies=Known(system)), denial(ec="0003-00000201"))
    assert "ListPoliciesForRole" in actions(theirs)


@pytest.mark.parametrize(
    "service", ["emr.aliyuncs.com", "ecs.aliyuncs.com", "spark.emr-serverless.aliyuncs.com"]
)
def test_the_fix_of_a_plan_takes_the_place_of_every_other(service: str) -> None:
    finding = Finding(
        check="trust-policy",
        faq="1.3",
        answer=FAILED,
        statement=text("The role does not trust."),
        cause="role_not_trusted",
        remedy=TrustService(role="emr-role", service=service),
    )
    diagnosis = Diagnosis(checklist="c", findings=(finding,), cause="role_not_trusted", remedy=finding.remedy)
    found = guide(
        diagnosis, CREATION, ReplaceTrust(role="emr-role", document='{"Version":"1","Statement":[]}')
    )
    (call,) = from_api(found.api)
    assert call.parameters["NewAssumeRolePolicyDocument"] == '{"Version":"1","Statement":[]}'
    assert found.verify == "RunCluster again"


@pytest.mark.parametrize("denied", [LISTING, CREATION, JOB], ids=["bucket", "cluster", "job"])
def test_where_nothing_is_certain_people_only_look(denied: Denial) -> None:
    for diagnosis, fix in ((Diagnosis(checklist="c", findings=()), None), (walked(healthy(), denied), LOOK)):
        found = guide(diagnosis, denied, fix)
        assert all(action.startswith(("Get", "List")) for action in actions(found))
        assert found.verify


def test_an_advice_without_a_fix_gets_the_one_of_its_cause() -> None:
    remedy = Advice(statement=text("Ask the submitter."))
    finding = Finding(
        check="dlf",
        faq="3.4",
        answer=FAILED,
        statement=text("DLF refused."),
        cause="dlf_data_permission_missing",
        remedy=remedy,
    )
    found = guide(Diagnosis(checklist="c", findings=(finding,), cause=finding.cause, remedy=remedy), JOB)
    assert actions(found) == ["BatchGrantPermissions"]
    assert found.verify.startswith("aliyun emr-serverless-spark StartJobRun ")
    assert "--workspaceId w-1 " in found.verify


def test_an_advice_may_bring_its_own_check() -> None:
    remedy = Advice(statement=text("Do."), verify="hdfs dfs -ls oss://data.oss-cn-beijing.aliyuncs.com/")
    finding = Finding(
        check="x", faq="2.1", answer=FAILED, statement=text("No."), cause="clock_skew", remedy=remedy
    )
    found = guide(Diagnosis(checklist="c", findings=(finding,), cause="clock_skew", remedy=remedy), LISTING)
    assert found.verify == remedy.verify


@pytest.mark.parametrize("hostile", ["$(id)", "a\nb", "'; rm", "${x}", "é", "--x", ""])
def test_no_hostile_name_of_a_denial_gets_into_a_command(hostile: str) -> None:
    who = DeniedPrincipal(type="assumed_role", account=ACCOUNT, name=hostile)
    target = BucketTarget(bucket=hostile, key=hostile, region=hostile, host=hostile)
    denied = altered(LISTING, principal=who, target=target, action=hostile, region=hostile)
    names = names_of(denied)
    shown = (names.bucket, names.role, names.user, names.action, names.region, names.endpoint)
    assert hostile == "" or hostile not in shown
    found = guide(Diagnosis(checklist="c", findings=()), denied)
    assert not hostile or hostile not in found.cli + found.terraform + found.api + found.verify


def test_only_the_statement_that_denies_goes() -> None:
    allow = {"Effect": "Allow", "Action": ["oss:*"], "Resource": ["*"]}
    deny = {"Effect": "Deny", "Action": ["oss:List*"], "Resource": ["*"]}
    other = {"Effect": "Deny", "Action": ["oss:DeleteBucket"], "Resource": ["*"]}
    document = json.dumps({"Version": "1", "Statement": [allow, other, deny]})
    mixed = msgspec.structs.replace(policy("oss:*"), document=document)
    found = guided(healthy(role_policies=Known((mixed,))), denial(ec="0003-00000201"))
    (call,) = from_api(found.api)
    assert call.action == "CreatePolicyVersion"
    assert json.loads(call.parameters["PolicyDocument"])["Statement"] == [allow, other]


def test_a_default_role_gets_no_policy_of_its_own() -> None:
    who = DeniedPrincipal(type="assumed_role", account=ACCOUNT, name="AliyunECSInstanceForEMRRole")
    found = guided(healthy(role_policies=Known(())), denial(principal=who))
    assert actions(found) == ["GetBucketPolicy"]


def test_a_cause_that_no_table_knows_still_gets_the_whole_advice() -> None:
    remedy = Advice(statement=text("Do."))
    finding = Finding(
        check="new", faq="9.9", answer=FAILED, statement=text("No."), cause="new_cause", remedy=remedy
    )
    diagnosis = Diagnosis(checklist="c", findings=(finding,), cause="new_cause", remedy=finding.remedy)
    for denied in (LISTING, CREATION, JOB):
        found = guide(diagnosis, denied)
        assert all((found.console, found.cli, found.terraform, found.api, found.verify))
