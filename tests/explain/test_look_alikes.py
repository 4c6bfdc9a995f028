"""Errors that only look like those of Alibaba Cloud, and errors of it that nothing but their place explains.

The texts are written in the forms in which the programs print them.
"""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from rolemend.explain.explain import explain_bytes
from tests.explain.cases import CORPUS

FOREIGN = {
    "Azure Key Vault": '{"error":{"code":"Forbidden","message":"The user or application \'appid=x;oid=y\' does not'
    ' have secrets get permission on key vault \'kv1\'.","innererror":{"code":"AccessDenied"}}}',
    "Tencent Cloud": "[TencentCloudSDKException] code:UnauthorizedOperation message:You are not authorized to perform"
    " this operation. requestId:f3c1",
    "Google Cloud Storage": "<Error><Code>AccessDenied</Code><Message>Access denied.</Message><Details>"
    "Anonymous caller does not have storage.objects.get access to the Google Cloud Storage object.</Details></Error>",
    "Amazon S3, a key": "<Error><Code>InvalidAccessKeyId</Code><Message>The AWS Access Key Id you provided does not"
    " exist in our records.</Message><AWSAccessKeyId>AKIA</AWSAccessKeyId><RequestId>ABC12345</RequestId></Error>",
    "Amazon S3, an endpoint": "<Error><Code>PermanentRedirect</Code><Message>The bucket you are attempting to access"
    " must be addressed using the specified endpoint. Please send all future requests to this endpoint.</Message>"
    "<Endpoint>s3-eu-west-1.amazonaws.com</Endpoint><Bucket>some-bucket</Bucket></Error>",
    "a web application": '{"status":403,"error":"Forbidden","message":"Access Denied","path":"/api/v1/users"}',
    "npm": "npm ERR! 403 Forbidden - PUT https://registry.npmjs.org/foo - You do not have permission to publish this.",
    "a name that is not found": "ssh: Could not resolve hostname build-1: Name or service not known",
    "a directory": "mkdir: Permission denied",
}
OTHER_PROBLEMS = {
    "an object that is not there": "[ErrorCode]: NoSuchKey\n[RequestId]: 65D6F9792316833136BB3609\n[HostId]: null",
    "a connection": "com.aliyun.oss.ClientException: timed out\n[ErrorCode]: ConnectionTimeout\n[RequestId]: Unknown",
    "a project of SLS": '{"errorCode":"ProjectNotExist","errorMessage":"The Project does not exist : emr-logs"}',
    "a key of KMS": "SDK.ServerError\nErrorCode: Forbidden.KeyNotFound\nMessage: The specified Key is not found.",
    "a role that exists": "ErrorCode: EntityAlreadyExists.Role\nMessage: The role test already exists.",
    "too many calls": '{"Code":"Throttling.User","Message":"Request was denied due to user flow control."}',
    "HDFS": 'Permission denied: user=root, access=WRITE, inode="/":hdfs:supergroup:drwxr-xr-x\n'
    "\tat org.apache.hadoop.fs.aliyun.oss.AliyunOSSFileSystem.create(AliyunOSSFileSystem.java:100)",
}
NAMED = {
    "SLS, an old token": (
        '{"errorCode":"Unauthorized","errorMessage":"The security token you provided has expired","httpCode":401}',
        {"cause": "token_invalid"},
    ),
    "SLS, the message first": (
        '{"errorMessage":"AccessKeyId not found: LTAI****","errorCode":"Unauthorized"}',
        {"cause": "access_key_invalid"},
    ),
    "SLS, no right": (
        ('{"errorCode":"Unauthorized","errorMessage":"denied by sts or ram, action: log:PostLogStoreLogs, resource: '
        'acs:log:cn-hangzhou:1234567890123456:project/emr-logs/logstore/app","requestID":"5D4BD78964ED3D851E02493F"}'),
        {"cause": "permission_missing", "action": "log:PostLogStoreLogs", "region": "cn-hangzhou"},
    ),
    "MaxCompute": (
        "com.aliyun.odps.OdpsException: ODPS-0410051:Invalid credentials - accessKeyId not found",
        {"cause": "access_key_invalid"},
    ),
    "Go, second generation": (
        ("operation error PutObject: Error returned by Service.\nHttp Status Code: 403.\nError Code: AccessDenied.\n"
        "Request Id: 66E2B1B7B1B2C3343212AB45.\nMessage: Access denied by bucket policy.\nEC: 0003-00000101.\n"
        "Request Endpoint: PUT https://my-dst.oss-cn-shenzhen.aliyuncs.com/a/b.txt."),
        {"cause": "bucket_policy_deny", "action": "oss:PutObject", "bucket": "my-dst", "region": "cn-shenzhen"},
    ),
    "wide colons": (
        "ErrorCode\uff1aAccessDenied ErrorMessage\uff1aThis request is forbidden by kms Bucket\uff1aenc-bkt",
        {"cause": "kms_permission_missing", "bucket": "enc-bkt"},
    ),
    "EMR, a role that may not be passed": (
        ('{"HostId":"emr.cn-hangzhou.aliyuncs.com","Code":"NoPermission","Message":"You are not authorized to do this '
        'action. Resource: acs:ram:*:1234567890123456:role/test-emr Action: ram:PassRole"}'),
        {"kind": "emr_creation_denied", "cause": "pass_role_missing", "service": "emr"},
    ),
    "STS": (
        ("ErrorCode: NoPermission\nMessage: No permission perform sts:AssumeRole on this Role. Maybe you are not "
        "authorized to perform sts:AssumeRole or the specified role does not trust you"),
        {"cause": "unknown", "service": "sts", "action": "sts:AssumeRole"},
    ),
    "a default role": (
        '{"Code":"EntityNotExist.Role","Message":"The role not exists: AliyunEMRDefaultRole."}',
        {"cause": "service_role_missing"},
    ),
    "an own role": (
        '{"Code":"EntityNotExist.Role","Message":"The role not exists: my-role."}',
        {"cause": "role_not_found"},
    ),
    "a sentence that is cut off": (
        "OSSException: The bucket you are attempting to access must be addressed using the spec",
        {"cause": "wrong_endpoint", "right_endpoint": None},
    ),
    "a host without an address": (
        "Caused by: java.net.UnknownHostException: mybucket.oss-cn-hangzhou-internal.aliyuncs.com",
        {"cause": "client_configuration", "bucket": "mybucket"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("text", FOREIGN.values(), ids=FOREIGN)
def test_what_is_not_of_alibaba_cloud_is_not_recognised(text: str) -> None:
    (answer,) = explain_bytes(text.encode())
    assert (answer.kind, answer.cause, answer.service) == ("not_recognised", "unknown", None)
    assert answer.advice == ()


@pytest.mark.parametrize("text", OTHER_PROBLEMS.values(), ids=OTHER_PROBLEMS)
def test_what_has_nothing_to_do_with_permissions_gets_no_cause(text: str) -> None:
    (answer,) = explain_bytes(text.encode())
    assert (answer.kind, answer.cause, answer.bucket) == ("not_a_permission_problem", "unknown", None)


def test_the_files_of_the_cluster_itself_are_not_taken_for_oss() -> None:
    (answer,) = explain_bytes(OTHER_PROBLEMS["HDFS"].encode())
    assert (answer.service, answer.action) == (None, None)


@pytest.mark.parametrize(("text", "want"), NAMED.values(), ids=NAMED)
def test_the_message_and_the_place_tell_what_the_code_does_not(text: str, want: dict[str, Any]) -> None:
    (answer,) = explain_bytes(text.encode())
    assert {name: getattr(answer, name) for name in want} == want


def told(text: str) -> set[tuple[str | None, ...]]:
    return {
        (
            answer.kind,
            answer.cause,
            answer.ec,
            answer.service,
            answer.bucket,
            answer.endpoint,
            answer.principal,
        )
        for answer in explain_bytes(text.encode())
        if answer.kind != "not_recognised"
    }


_ALONE = [case for case in CORPUS if case["cause"] not in ("unknown", "wrong_endpoint")][::6]


@pytest.mark.parametrize("between", ["\n\n", "\n2026-01-01 12:00:00,000 ERROR next one\n"])
def test_records_lend_each_other_neither_causes_nor_names(between: str) -> None:
    pairs = list(itertools.permutations(_ALONE, 2))
    mixed = [
        (one["id"], other["id"])
        for one, other in pairs
        if told(one["text"].rstrip("\n") + between + other["text"]) != told(one["text"]) | told(other["text"])
    ]
    assert len(mixed) <= len(pairs) // 33, mixed  # records so bare that they may be one error
