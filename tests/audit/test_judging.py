"""Judging is pure: from answers to findings, without an account."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from rolemend.account.interface import Absent, Bucket, Cluster, Known, Role, Unread, Workspace
from rolemend.account.surveyed import BucketSettings, PolicyName, PolicyText
from rolemend.audit import guides
from rolemend.audit.accounts import Member, parse_accounts, parts_of
from rolemend.audit.join import join_reports
from rolemend.audit.judge import report
from rolemend.audit.model import Report
from rolemend.audit.reads import Reads
from rolemend.audit.scope import Scope
from rolemend.checklist.model import FAILED, NOT_APPLICABLE, PASSED, UNKNOWN
from rolemend.errors import SettingsError
from rolemend.fix.model import GrantPolicy
from tests.audit.stage import ECS, EMR, allow, document, trust, whole, writing

ACCOUNT, HOME = "1234567890123456", "cn-hangzhou"
SCOPE = Scope(account=ACCOUNT, regions=(HOME,), home=HOME)


def read(policy: str = "", service: str = ECS, release: str = "EMR-5.16.0", **buckets: Any) -> Reads:
    """A cluster whose role `Etl` has one policy, and the buckets that are there."""
    reads = Reads()
    reads.put(("bucket_regions",), Known(dict.fromkeys(buckets, HOME)))
    reads.put(("logstore_days", f"oss-log-{ACCOUNT}-{HOME}", "oss-log-store", HOME), Absent())
    reads.put(("clusters", HOME), Known(("c-1",)))
    reads.put(("workspaces", HOME), Known(()))
    found = Cluster(id="c-1", name="etl", region=HOME, release=release, role="Etl", state="RUNNING")
    reads.put(("cluster", "c-1", HOME), Known(found))
    for name, trusted in (("Etl", service), ("AliyunEMRDefaultRole", EMR)):
        made = Role(name=name, arn="", trust_policy=json.dumps(trust(trusted)))
        reads.put(("role", name), Known(made))
    reads.put(("attached", "role", "Etl"), Known((PolicyName("Custom", "etl"),) if policy else ()))
    reads.put(
        ("attached", "role", "AliyunEMRDefaultRole"), Known((PolicyName("System", "AliyunEMRRolePolicy"),))
    )
    reads.put(
        ("document", "System", "AliyunEMRRolePolicy"), Known(PolicyText("v1", document(allow("oss:*"))))
    )
    reads.put(("document", "Custom", "etl"), Known(PolicyText("v1", policy)))
    for name, settings in buckets.items():
        made_bucket = Bucket(name=name, region=HOME, acl="private", owner=ACCOUNT)
        reads.put(("bucket_settings", name, HOME), Known(BucketSettings(bucket=made_bucket, **settings)))
        reads.put(("bucket_policy", name, HOME), Absent())
    return reads


def judged(reads: Reads, scope: Scope = SCOPE) -> Report:
    return report(reads, scope, started=1.0, ended=2.0, calls={})


def answers(found: Report, check: str) -> set[str]:
    return {each.answer for each in found.findings if each.check == check}


def test_nothing_fails_where_nothing_is_wrong() -> None:
    found = judged(read(writing("data"), data={}))
    assert not found.failed()
    assert found.is_complete()


@pytest.mark.parametrize(
    ("statements", "lacking"),
    [
        ([allow("oss:GetObject", on=("acs:oss:*:*:data",))], True),
        ([allow("oss:ListObjects", on=("acs:oss:*:*:data/*",))], True),
        ([allow("oss:*", on=("acs:oss:*:*:data/*",))], True),
        ([allow("oss:GetObject", on=("acs:oss:*:*:data/*",))], False),
        ([allow("oss:ListObjects", on=("acs:oss:*:*:data",))], False),
        (
            [
                allow("oss:GetObject", "oss:ListObjects", on=("acs:oss:*:*:data/*",)),
                allow("oss:ListObjects", on=("acs:oss:*:*:data",)),
            ],
            False,
        ),
        ([allow("oss:GetObject", on=("acs:oss:*:*:data",)), allow("oss:Get*")], False),
        ([allow("oss:GetObject", on=("acs:oss:*:*:da*",))], False),
        ([allow("oss:GetObject", on=("acs:oss:*:*:data",), effect="Deny")], False),
        ([allow("oss:GetObject", "oss:ListObjects", on=whole("data"))], False),
        (
            [
                allow("oss:List*", on=("acs:oss:*:*:data",)),
                allow("oss:GetObject", on=("acs:oss:*:*:data/*",)),
            ],
            False,
        ),
        (
            [
                allow("oss:Get*", on=("acs:oss:*:*:data/*",)),
                allow("oss:ListObjects", on=("acs:oss:*:*:data",)),
            ],
            False,
        ),
        ([allow("oss:Get*", on=("acs:oss:*:*:data",))], True),
        ([allow("oss:List*", on=("acs:oss:*:*:data/*",))], True),
        ([allow("oss:ListParts", on=("acs:oss:*:*:data",))], True),
    ],
)
def test_a_form_is_missed_only_where_an_action_needs_it_and_no_statement_grants_it(
    statements: list[dict[str, Any]], lacking: bool
) -> None:
    found = judged(read(document(*statements), data={}))
    assert (FAILED in answers(found, guides.RESOURCE_FORMS)) is lacking


@pytest.mark.parametrize(
    ("service", "releases", "answer"),
    [
        (ECS, "EMR-5.16.0", PASSED),
        (EMR, "EMR-5.16.0", FAILED),
        (EMR, "EMR-3.30.0", PASSED),
        (ECS, "EMR-3.30.0", FAILED),
        (ECS, "", UNKNOWN),
    ],
)
def test_trust_follows_the_release(service: str, releases: str, answer: str) -> None:
    assert answers(judged(read(service=service, release=releases)), guides.TRUST) == {answer}


def test_an_answer_nobody_gave_is_unknown() -> None:
    reads = read(writing("data"), data={})
    reads.put(("document", "Custom", "etl"), Unread("GetPolicy", "NoPermission"))
    found = judged(reads)
    assert answers(found, guides.WRITE_SET) == answers(found, guides.RESOURCE_FORMS) == {UNKNOWN}
    assert not found.is_complete()
    assert [each.values["operation"] for each in found.incomplete] == ["GetPolicy"]


def test_an_id_stays_the_same_whatever_the_statement_says() -> None:
    lacking = document(allow("oss:PutObject", "oss:GetObject", "oss:ListObjects", on=whole("data")))
    less = document(allow("oss:PutObject", "oss:ListObjects", on=whole("data")))
    first, second = (judged(read(each, data={})) for each in (lacking, less))
    ids = [{each.id for each in found.failed()} for found in (first, second)]
    assert ids[0] == ids[1]
    assert [each.statement for each in first.failed()] != [each.statement for each in second.failed()]


def test_a_key_may_be_used_or_the_role_is_told() -> None:
    encrypted = {"algorithm": "KMS", "key": "key-1"}
    found = judged(read(writing("data"), data=encrypted))
    assert answers(found, guides.KMS) == {FAILED}
    own = judged(read(writing("data"), data={"algorithm": "KMS"}))
    assert answers(own, guides.KMS) == {PASSED}


DEPENDENT = (guides.KMS, guides.BUCKET_REGION, guides.UNUSED_GRANT)
"""What is judged bucket by bucket, for each role."""


def test_a_bucket_that_could_not_be_read_passes_nothing_that_hangs_on_it() -> None:
    reads = read(writing("secret"), secret={"algorithm": "KMS", "key": "key-1"})
    reads.put(("bucket_settings", "secret", HOME), Unread("GetBucketInfo", "AccessDenied"))
    found = judged(reads)
    for check in DEPENDENT:
        assert answers(found, check) == {UNKNOWN}, check


def test_a_policy_that_does_not_parse_passes_nothing_that_hangs_on_it() -> None:
    found = judged(read("no policy", data={}))
    for check in (*DEPENDENT, guides.RESOURCE_FORMS, guides.WRITE_SET, guides.NEVER_MATCHES):
        assert answers(found, check) == {UNKNOWN}, check


def test_a_key_that_is_denied_to_some_requests_is_unknown() -> None:
    deny = allow("kms:*", effect="Deny") | {"Condition": {"StringNotEquals": {"acs:SourceVpc": "vpc-1"}}}
    policy = document(allow("oss:*", on=whole("data")), allow("kms:*"), deny)
    assert answers(judged(read(policy, data={"algorithm": "KMS", "key": "key-1"})), guides.KMS) == {UNKNOWN}


@pytest.mark.parametrize(
    ("resource", "actions", "answer"),
    [
        ("acs:oss:*:*:data/*", ("oss:PutObject", "oss:GetObject"), FAILED),
        ("acs:oss:*:*:data/warehouse/*", ("oss:PutObject", "oss:GetObject"), NOT_APPLICABLE),
        ("*", ("oss:PutObject",), NOT_APPLICABLE),
        ("*", ("oss:*",), PASSED),
        ("*", ("oss:GetObject",), PASSED),
    ],
)
def test_writes_that_are_not_judged_are_not_said_to_be(
    resource: str, actions: tuple[str, ...], answer: str
) -> None:
    found = judged(read(document(allow(*actions, on=(resource,))), data={}))
    assert answers(found, guides.WRITE_SET) == {answer}


DEFAULT = document(
    allow("oss:GetObject", "oss:PutObject", "oss:DeleteObject", "dlf:*", "dlf-auth:ActOnBehalfOfAnotherUser")
)


def spark(policy: str, catalog: str = "") -> Report:
    """A workspace whose execution role `Etl` has one policy."""
    reads = read(policy, data={})
    reads.put(("clusters", HOME), Known(()))
    reads.put(("workspaces", HOME), Known(("w-1",)))
    found = Workspace(id="w-1", region=HOME, role="Etl", directory="oss://data/", catalog=catalog)
    reads.put(("workspace", "w-1", HOME), Known(found))
    reads.put(
        ("document", "System", "AliyunEMRSparkJobRunDefaultRolePolicy"), Known(PolicyText("v1", DEFAULT))
    )
    return judged(reads)


OF_OSS = allow("oss:GetObject", "oss:PutObject", "oss:DeleteObject", on=whole("data"))
OF_DLF = allow("dlf:*", "dlf-auth:*")


@pytest.mark.parametrize(
    ("statements", "catalog", "answer"),
    [
        ([OF_OSS], "", PASSED),
        ([OF_OSS], "main", FAILED),
        ([OF_OSS, OF_DLF], "main", PASSED),
        ([OF_OSS, allow("dlf:*")], "main", FAILED),
        ([OF_OSS, allow("oss:GetObject", effect="Deny")], "", FAILED),
        ([OF_OSS, allow("oss:GetObject", effect="Deny", on=("acs:oss:*:*:data/*",))], "", PASSED),
        ([OF_OSS, allow("oss:GetObject", effect="Deny", on=("acs:oss:*:*:other/*",))], "", PASSED),
        ([OF_OSS, {"Effect": "Deny", "NotAction": ["ecs:*"], "Resource": ["*"]}], "", FAILED),
        ([{"Effect": "Allow", "NotAction": ["oss:DeleteObject"], "Resource": ["*"]}], "", FAILED),
        ([{"Effect": "Allow", "NotAction": ["ram:*"], "Resource": ["*"]}], "main", PASSED),
    ],
)
def test_an_execution_role_has_what_its_services_need_or_is_told(
    statements: list[dict[str, Any]], catalog: str, answer: str
) -> None:
    assert answers(spark(document(*statements), catalog), guides.EXECUTION_RIGHTS) == {answer}


def test_what_an_execution_role_lacks_of_oss_is_granted_on_its_buckets_alone() -> None:
    found = spark(document(allow("oss:GetObject", "oss:PutObject", on=whole("data"))), "main")
    (finding,) = [each for each in found.failed() if each.check == guides.EXECUTION_RIGHTS]
    assert isinstance(finding.fix, GrantPolicy)
    of_oss, of_dlf = json.loads(finding.fix.document)["Statement"]
    assert (of_oss["Action"], of_oss["Resource"]) == (["oss:DeleteObject"], [*whole("data")])
    assert of_dlf["Resource"] == ["*"]


def test_what_a_deny_takes_away_is_granted_by_nothing() -> None:
    found = spark(document(OF_OSS, allow("oss:GetObject", effect="Deny")))
    (finding,) = [each for each in found.failed() if each.check == guides.EXECUTION_RIGHTS]
    assert finding.fix is None


def test_reports_survive_their_json() -> None:
    found = judged(read(document(allow("oss:GetObject", on=("acs:oss:*:*:gone-data",))), data={}))
    assert msgspec.json.decode(msgspec.json.encode(found), type=Report) == found


def test_answers_survive_their_bytes_but_passing_failures_are_asked_again() -> None:
    reads = read(writing("data"), data={})
    reads.put(("workspace", "w-1", HOME), Known(Workspace(id="w-1")))
    reads.put(("role", "x"), Unread("GetRole", "NoPermission"))
    reads.put(("role", "y"), Unread("GetRole", "Throttling", transient=True))
    again = Reads.decode(reads.encode())
    assert ("role", "Y") not in again
    assert {key: value for key, value in reads if key != ("role", "y")} == dict(again)


def test_of_two_answers_to_one_question_the_worse_one_is_kept() -> None:
    good = judged(read(writing("data"), data={}))
    bad = judged(read(writing("data"), service=EMR, data={}))
    joined = join_reports((good, bad), account=ACCOUNT, run="r")
    assert answers(joined, guides.TRUST) == {FAILED}
    assert len(joined.findings) == len({each.id for each in (*good.findings, *bad.findings)})


def test_the_accounts_of_a_file_are_parts_by_region() -> None:
    data = b"""
    regions = ["cn-hangzhou", "cn-shanghai"]
    [[accounts]]
    id = "6543210987654321"
    [[accounts]]
    id = "7777777777777777"
    role = "auditor"
    regions = ["ap-southeast-1"]
    """
    members = parse_accounts(data, ACCOUNT, (HOME,))
    assert members[0] == Member(id=ACCOUNT, regions=("cn-hangzhou", "cn-shanghai"))
    assert [each.role for each in members] == ["", "ResourceDirectoryAccountAccessRole", "auditor"]
    assert [(each.account[:1], each.region, each.whole) for each in parts_of(members)] == [
        ("1", "cn-hangzhou", True),
        ("1", "cn-shanghai", False),
        ("6", "cn-hangzhou", True),
        ("6", "cn-shanghai", False),
        ("7", "ap-southeast-1", True),
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"\xff",
        b"[[accounts]]",
        b"x = 1",
        b'[[accounts]]\nid = "me"',
        b'regions = ["over there"]',
        b"role = 1",
    ],
)
def test_a_wrong_accounts_file_is_told(data: bytes) -> None:
    with pytest.raises(SettingsError, match="accounts file"):
        parse_accounts(data, ACCOUNT, (HOME,))


def test_a_throttled_call_widens_the_space_between_calls() -> None:
    from rolemend.account.pace import Count, Spaced

    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    pace = Spaced(50, Count(), clock=lambda: now[0], sleep=sleep)
    for _ in range(51):
        pace.before("GetRole")
    assert now[0] == pytest.approx(1.0)
    pace.throttled("GetRole")
    before = now[0]
    for _ in range(2):
        pace.before("GetRole")
    assert now[0] - before > 1.0
