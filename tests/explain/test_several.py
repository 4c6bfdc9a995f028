"""Several errors in one text, the same one again, and texts that lie."""

from __future__ import annotations

import json

import pytest

from rolemend.explain.explain import explain_bytes

DENIED = """com.aliyun.oss.OSSException: You have no right to access this object because of bucket acl.
[ErrorCode]: AccessDenied
[RequestId]: {id}
[HostId]: {bucket}.oss-cn-hangzhou.aliyuncs.com
[ResponseError]:
<?xml version="1.0" encoding="UTF-8"?>
<Error>
  <Code>AccessDenied</Code>
  <Message>You have no right to access this object because of bucket acl.</Message>
  <RequestId>{id}</RequestId>
  <HostId>{bucket}.oss-cn-hangzhou.aliyuncs.com</HostId>
</Error>
"""
SIGNATURE = "oss: service returned error: StatusCode=403, ErrorCode=SignatureDoesNotMatch, RequestId={id}\n"


def detail(policy: str, kind: str) -> str:
    members = f"<PolicyType>{policy}</PolicyType><NoPermissionType>{kind}</NoPermissionType>"
    return f"<AccessDeniedDetail>{members}</AccessDeniedDetail>"


def denied(number: int, bucket: str = "data") -> str:
    return DENIED.format(id=f"65AF5037{number:016d}", bucket=bucket)


def causes(text: str) -> list[tuple[str, int]]:
    return [(answer.cause, answer.count) for answer in explain_bytes(text.encode())]


@pytest.mark.parametrize("between", ["", "\n", "\n\n", "2026-01-01 12:00:00 INFO nothing\n"])
def test_the_same_error_is_answered_once_with_its_count(between: str) -> None:
    assert causes(between.join([denied(1)] * 3)) == [("permission_missing", 3)]
    assert causes(between.join(denied(number) for number in range(5))) == [("permission_missing", 5)]


def test_different_errors_are_all_answered_the_surest_first() -> None:
    text = (
        denied(1)
        + SIGNATURE.format(id="65AF50370000000000000009")
        + denied(2)
        + "\nInvalidRamRole.NotFound: no\n"
    )
    assert causes(text) == [("signature_mismatch", 1), ("role_not_found", 1), ("permission_missing", 2)]


def test_buckets_are_told_apart() -> None:
    answers = explain_bytes(
        (denied(1, "one-bucket") + denied(2, "two-bucket") + denied(3, "one-bucket")).encode()
    )
    assert [(answer.bucket, answer.count) for answer in answers] == [("one-bucket", 2), ("two-bucket", 1)]


def test_an_exception_that_is_printed_as_its_own_cause_is_one_error() -> None:
    once = denied(1)
    assert causes(
        f"Exception in thread main java.io.IOException: {once}\tat x.Y(Y.java:1)\nCaused by: {once}"
    ) == [("permission_missing", 1)]


def test_an_object_is_named_only_while_it_is_the_same() -> None:
    line = {
        "operation": "GetObject",
        "http_status": "403",
        "error_code": "AccessDenied",
        "ec": "0003-00000201",
        "bucket": "data",
    }
    lines = "\n".join(json.dumps(line | {"object": name}) for name in ("a", "b"))
    answer = explain_bytes(lines.encode())[0]
    assert (answer.count, answer.object, answer.bucket) == (2, None, "data")
    assert explain_bytes(json.dumps(line | {"object": "a"}).encode())[0].object == "a"


def test_successful_events_and_requests_are_no_errors() -> None:
    line = {"operation": "GetObject", "http_status": "200", "error_code": "-", "ec": "-", "bucket": "data"}
    event = {"eventName": "RunCluster", "eventId": "e", "serviceName": "Emr", "errorCode": None}
    text = json.dumps(line) + "\n" + json.dumps(event) + "\n"
    assert [(answer.kind, answer.cause) for answer in explain_bytes(text.encode())] == [
        ("not_a_permission_problem", "unknown")
    ]
    assert causes(text + denied(1)) == [("permission_missing", 1)]


@pytest.mark.parametrize(
    ("members", "cause", "confidence"),
    [
        ("", "permission_missing", "likely"),
        ("<EC>0003-00000001</EC>", "permission_missing", "likely"),
        ("<EC>0003-00000101</EC>", "bucket_policy_deny", "certain"),
        ("<EC>0003-00000201</EC>", "identity_policy_deny", "certain"),
        ("<EC>0003-00000301</EC>", "session_policy_deny", "certain"),
        ("<EC>0003-00001403</EC>", "wrong_endpoint", "certain"),
        ("<EC>0002-00000201</EC>", "signature_mismatch", "certain"),
        ("<EC>0099-00000001</EC>", "permission_missing", "likely"),
        (
            detail("ControlPolicy", "ExplicitDeny") + "<EC>0003-00000201</EC>",
            "control_policy_deny",
            "certain",
        ),
        (detail("AccountLevelIdentityBasedPolicy", "ExplicitDeny"), "identity_policy_deny", "certain"),
        (detail("AccountLevelIdentityBasedPolicy", "ImplicitDeny"), "permission_missing", "certain"),
    ],
)
def test_ec_and_detail_win_over_the_sentence(members: str, cause: str, confidence: str) -> None:
    sentence = "You have no right to access this object because of bucket acl."
    text = f"<Error><Code>AccessDenied</Code><Message>{sentence}</Message>{members}</Error>"
    answers = explain_bytes(text.encode())
    assert [(answer.cause, answer.confidence) for answer in answers] == [(cause, confidence)]


@pytest.mark.parametrize(
    ("asked", "named", "right"),
    [
        ("b-1.oss-cn-hangzhou.aliyuncs.com", "oss-cn-beijing.aliyuncs.com", "oss-cn-beijing.aliyuncs.com"),
        (
            "b-1.oss-cn-hangzhou-internal.aliyuncs.com",
            "oss-cn-beijing.aliyuncs.com",
            "oss-cn-beijing.aliyuncs.com",
        ),
        ("b-1.oss-cn-beijing.aliyuncs.com", "oss-cn-beijing.aliyuncs.com", None),
        ("cdn.example.com", "oss-cn-beijing.aliyuncs.com", "oss-cn-beijing.aliyuncs.com"),
        ("b-1.oss-cn-hangzhou.aliyuncs.com", "oss-cn-bei", None),
        ("b-1.oss-cn-hangzhou.aliyuncs.com", "", None),
    ],
)
def test_the_right_endpoint_is_the_one_that_was_not_asked(asked: str, named: str, right: str | None) -> None:
    members = f"<HostId>{asked}</HostId><Endpoint>{named}</Endpoint><EC>0003-00001403</EC>"
    text = f"<Error><Code>AccessDenied</Code>{members}</Error>"
    assert [(answer.cause, answer.right_endpoint) for answer in explain_bytes(text.encode())] == [
        ("wrong_endpoint", right)
    ]


def test_the_place_of_an_error_stays_with_it_where_the_next_one_is_printed_alike() -> None:
    form = (
        "{head}\n[ErrorCode]: {code}\n[RequestId]: 65D6F979231683313600000{n}\n"
        "[HostId]: bucket-{n}.oss-cn-hangzhou.aliyuncs.com\n\tat x\n"
    )
    text = form.format(head="OSSException: no such key", code="NoSuchKey", n=1)
    text += form.format(
        head="OSSException: You have no right to access this object.", code="AccessDenied", n=2
    )
    text += form.format(head="OSSException: no such key", code="NoSuchKey", n=3)
    found = {answer.bucket: answer.cause for answer in explain_bytes(text.encode())}
    assert found == {"bucket-1": "unknown", "bucket-2": "permission_missing", "bucket-3": "unknown"}


def test_an_error_with_an_empty_line_between_all_its_lines_is_one() -> None:
    (answer,) = explain_bytes(denied(1, "wide-data").replace("\n", "\n\n").encode())
    assert (answer.bucket, answer.count, answer.request_id) == ("wide-data", 1, "65AF50370000000000000001")


def test_two_errors_of_two_programs_are_two() -> None:
    one = "oss: service returned error: StatusCode=403, ErrorCode=AccessDenied, RequestId=65AF50370000000000000001, "
    one += 'ErrorMessage="You have no right to access this object.", Bucket=bucket-1'
    other = (
        '{"Code":"Forbbiden","HostId":"emr.aliyuncs.com","Message":"You are not authorized to perform the '
    )
    other += 'operation.","RequestId":"1549175A-6D14-4C8A-89F9-5E28300F6D7E"}'
    for text in (f"{one}\n{other}", f"{one}\n\n{other}\n\n{one}"):
        found = {(answer.service, answer.bucket, answer.endpoint) for answer in explain_bytes(text.encode())}
        assert found == {("oss", "bucket-1", None), ("emr", None, "emr.aliyuncs.com")}
