"""Error texts of jobs become denials of whoever acts for the service, as the service names them and no text does."""

from __future__ import annotations

import json

import pytest

from rolemend.account.interface import JobRun
from rolemend.explain.explain import explain_bytes
from rolemend.signals.denial import BucketTarget, Denial, DeniedPrincipal, JobTarget, PassedOver
from rolemend.work.job_denial import People, denial_of, is_complete, most_telling
from tests.samples import ACCOUNT

REGION = "cn-hangzhou"
UID, ROLE_UID = "200000000000000001", "300000000000000001"
RUN = JobRun(id="jr-1", workspace="w-1", state="Failed", ended=1_764_000_000.5)
ROLE = DeniedPrincipal(type="assumed_role", account=ACCOUNT, name="job-role")
ANA = DeniedPrincipal(type="ram_user", account=ACCOUNT, id=UID)
SOMEBODY = DeniedPrincipal(type="ram_user", account=ACCOUNT)

SENTENCE = "You are not authorized to do this action. Resource: {} Action: {}"
OSS = (
    "com.aliyun.oss.OSSException: You have no right to access this object because of bucket acl.\n"
    "[ErrorCode]: AccessDenied\n[RequestId]: 5F3B0C1A2B3C4D5E6F708192\n"
    "[HostId]: {bucket}.oss-cn-hangzhou-internal.aliyuncs.com\n[ResponseError]:\n<Error><Code>AccessDenied</Code>"
    "<Message>You have no right to access this object because of bucket acl.</Message>"
    "<RequestId>5F3B0C1A2B3C4D5E6F708192</RequestId><HostId>{bucket}.oss-cn-hangzhou-internal.aliyuncs.com</HostId>"
    "<EC>0003-00000001</EC>{detail}</Error>"
)
DETAIL = (
    "<AccessDeniedDetail><AuthAction>oss:GetObject</AuthAction><AuthPrincipalType>AssumedRoleUser"
    "</AuthPrincipalType><AuthPrincipalDisplayName>{}</AuthPrincipalDisplayName>"
    "<NoPermissionType>ImplicitDeny</NoPermissionType></AccessDeniedDetail>"
)
DLF = "org.apache.paimon.rest.exceptions.ForbiddenException: " + SENTENCE.format(
    "acs:dlf:cn-hangzhou:1:catalog/lake", "dlf:GetTable"
)
DLF_DATA = (
    "org.apache.paimon.catalog.Catalog$TableNoPermissionException: Table sales.orders has no permission."
)
ODPS = "com.aliyun.odps.OdpsException: ODPS-0420095: Access Denied - You don't exist in project sales_dw."


def oss(detail: str = "", bucket: str = "job-data") -> str:
    return OSS.format(bucket=bucket, detail=detail)


def outcome(text: str, **people: object) -> Denial | PassedOver:
    answer = most_telling(explain_bytes(text.encode()))
    assert answer is not None
    parts: dict[str, object] = {"account": ACCOUNT, "role": "job-role", "submitter": UID}
    return denial_of(RUN, answer, People(**(parts | people)), REGION)  # type: ignore[arg-type]


def denial(text: str, **people: object) -> Denial:
    found = outcome(text, **people)
    assert isinstance(found, Denial)
    return found


def target(found: Denial) -> JobTarget:
    assert isinstance(found.target, JobTarget)
    return found.target


def test_a_bucket_was_denied_to_the_execution_role() -> None:
    found = denial(oss(DETAIL.format("job-role:spark-jr-1")))
    assert (found.principal, found.action) == (ROLE, "oss:GetObject")
    assert (found.code, found.detail_code) == ("AccessDenied", "0003-00000001")
    assert (found.signal_id, found.time, found.request_id) == (
        "jr-1",
        1_764_000_000,
        "5F3B0C1A2B3C4D5E6F708192",
    )
    assert target(found) == JobTarget(
        workspace="w-1",
        job_run="jr-1",
        service="oss",
        bucket=BucketTarget(
            bucket="job-data",
            region="cn-hangzhou",
            host="job-data.oss-cn-hangzhou-internal.aliyuncs.com",
        ),
        role="job-role",
        submitter=ANA,
        cause="permission_missing",
    )


@pytest.mark.parametrize("stranger", ["other-role:x", "admin", UID, "emr-ecs-role:vm-ram-i-1"])
def test_a_job_that_signed_as_somebody_else_is_not_its_roles_matter(stranger: str) -> None:
    """Nor is that somebody's right ever widened by what a job prints."""
    assert isinstance(outcome(oss(DETAIL.format(stranger))), PassedOver)


@pytest.mark.parametrize("shown", ["JOB-ROLE:session", "job-role", "****"])
def test_the_role_itself_or_a_masked_name_is_no_stranger(shown: str) -> None:
    assert denial(oss(DETAIL.format(shown))).principal == ROLE


def test_an_unknown_role_stays_unknown_and_is_not_taken_from_the_text() -> None:
    found = denial(oss(DETAIL.format("other-role:x")), role="")
    assert found.principal == DeniedPrincipal(type="assumed_role", account=ACCOUNT)


def test_a_bucket_in_another_region_is_a_denial_with_the_right_region() -> None:
    text = (
        "<Error><Code>AccessDenied</Code><Message>The bucket you are attempting to access must be addressed using the "
        "specified endpoint. Please send all future requests to this endpoint.</Message>"
        "<HostId>far.oss-cn-hangzhou.aliyuncs.com</HostId><Bucket>far</Bucket>"
        "<Endpoint>oss-cn-shanghai.aliyuncs.com</Endpoint><EC>0003-00001403</EC></Error>"
    )
    found = target(denial(text))
    assert found.cause == "wrong_endpoint"
    assert found.bucket is not None
    assert (found.bucket.bucket, found.bucket.region) == ("far", "cn-shanghai")


@pytest.mark.parametrize(
    ("submitter", "who"),
    [
        (UID, ANA),
        (ACCOUNT, DeniedPrincipal(type="root", account=ACCOUNT, id=ACCOUNT)),
        (ROLE_UID, DeniedPrincipal(type="assumed_role", account=ACCOUNT, id=ROLE_UID)),
        ("ana@corp.onaliyun.com", DeniedPrincipal(type="ram_user", account=ACCOUNT, name="ana")),
        ("", SOMEBODY),
    ],
)
def test_tables_were_denied_to_the_submitter(submitter: str, who: DeniedPrincipal) -> None:
    for text in (DLF, DLF_DATA, ODPS):
        assert denial(text, submitter=submitter).principal == who


def test_behind_livy_dlf_was_denied_to_the_tokens_creator_and_maxcompute_to_the_submitter() -> None:
    bob = DeniedPrincipal(type="ram_user", account=ACCOUNT, name="bob")
    for text, who in ((DLF, bob), (DLF_DATA, bob), (ODPS, ANA), (oss(), ROLE)):
        found = denial(text, gateway="lc-1", creators=("bob",))
        assert found.principal == who
        assert (target(found).gateway, target(found).token_creator) == ("lc-1", bob)


def test_of_several_token_creators_nobody_is_picked() -> None:
    for creators in ((), ("bob", "eve")):
        found = denial(DLF, gateway="lc-1", creators=creators)
        assert (found.principal, target(found).token_creator) == (SOMEBODY, None)


@pytest.mark.parametrize("action", ["dlf-auth:ActOnBehalfOfAnotherUser", "odps:ActOnBehalfOfAnotherUser"])
def test_acting_for_others_is_a_right_of_the_role(action: str) -> None:
    found = denial("ForbiddenException: " + SENTENCE.format("acs:x:*:1:users/default/ramuser/2", action))
    assert (found.principal, found.action) == (ROLE, action)
    assert target(found).service == {"d": "dlf", "o": "maxcompute"}[action[0]]


def test_a_catalog_that_asked_the_role_itself_denied_the_role() -> None:
    text = (
        '{"Code":"NoPermission","Message":"You are not authorized to do this action.","AccessDeniedDetail":'
        '{"AuthAction":"dlf:GetTable","AuthPrincipalType":"AssumedRoleUser","AuthPrincipalDisplayName":"job-role:x"}}'
    )
    assert denial(text).principal == ROLE
    assert denial(text.replace("job-role", "other")).principal == ANA


def test_rams_sentence_behind_paimons_exception_counts_as_the_ram_right() -> None:
    wrapped = (
        f"{DLF_DATA}\n\tat org.apache.paimon.rest.RESTCatalog.getTable(RESTCatalog.java)\nCaused by: {DLF}"
    )
    assert target(denial(wrapped)).cause == "permission_missing"
    assert denial(wrapped).action == "dlf:GetTable"
    assert target(denial(DLF_DATA)).cause == "dlf_data_permission_missing"
    assert target(denial(DLF_DATA)).resource == "sales.orders"


def test_a_key_was_denied_to_the_role_with_the_bucket_it_protects() -> None:
    sentence = "<Message>This request is forbidden by kms</Message>"
    text = f"<Error><Code>AccessDenied</Code>{sentence}<HostId>{{}}</HostId></Error>"
    found = denial(text.format("job-data.oss-cn-hangzhou.aliyuncs.com"))
    assert (target(found).service, found.principal) == ("kms", ROLE)
    assert target(found).bucket is not None


@pytest.mark.parametrize(
    "text",
    [
        "EntityNotExist.Role: The role not exists: acs:ram::1000000000000001:role/job-role.",
        "NoPermission: "
        + SENTENCE.format("acs:ram::1000000000000001:role/job-role", "sts:AssumeRole").replace(
            "action.", "action. You should be authorized by RAM."
        ),
    ],
)
def test_a_role_that_cannot_be_assumed_is_its_own_matter(text: str) -> None:
    found = denial(text)
    assert (target(found).service, found.principal, found.action) == ("sts", ROLE, "sts:AssumeRole")
    assert isinstance(outcome(text, role="another"), PassedOver)
    assert isinstance(outcome(text, role=""), Denial)


@pytest.mark.parametrize(
    "text",
    [
        "", "org.apache.spark.sql.AnalysisException: [PATH_NOT_FOUND]", "java.lang.OutOfMemoryError",
        "<Error><Code>NoSuchBucket</Code><Message>The specified bucket does not exist.</Message></Error>",
        "<Error><Code>SignatureDoesNotMatch</Code><HostId>bucket.oss-cn-hangzhou.aliyuncs.com</HostId></Error>",
        "software.amazon.awssdk.services.s3.model.S3Exception: Access Denied (Service: S3, Status Code: 403)",
    ],
)  # fmt: skip
def test_what_is_no_refusal_is_no_denial(text: str) -> None:
    assert most_telling(explain_bytes(text.encode())) is None


def test_a_text_that_names_nothing_leaves_more_to_be_read() -> None:
    for text, complete in (
        (oss(), True),
        (DLF, True),
        (DLF_DATA, True),
        ("Forbidden.RAM: no", False),
        ("", False),
    ):
        assert is_complete(most_telling(explain_bytes(text.encode()))) is complete


def test_nothing_of_a_text_but_known_sentences_enters_the_message() -> None:
    secret = oss() + "\naccess_key_secret = verysecretverysecret"
    assert "verysecret" not in str(denial(secret))
    assert len(denial(oss("x" * 50_000)).message) <= 1_000


@pytest.mark.parametrize("location", ["oss-evil.example/", "evil.example:443/#", "oss-CN-HANGZHOU"])
def test_a_made_up_line_of_a_log_in_a_job_s_text_names_no_region_that_is_none(location: str) -> None:
    line = {
        "__topic__": "oss_access_log", "__time__": "1", "http_status": "403", "error_code": "AccessDenied",
        "ec": "0003-00000001", "bucket": "job-data", "operation": "GetObject", "object": "part-0",
        "request_id": "5F3B0C1A2B3C4D5E6F708192", "host": "h", "bucket_location": location,
    }  # fmt: skip
    bucket = target(denial(json.dumps(line))).bucket
    assert bucket is not None
    assert (bucket.bucket, bucket.region) == ("job-data", "")
