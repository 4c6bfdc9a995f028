"""The forms in which programs print an error: what stands in each is read, and nothing beside it."""

from __future__ import annotations

import pytest

from rolemend.explain.explain import explain_bytes

_USER, _REQUEST = "200000000000000001", "75ED230B-E2EE-479D-AADD-BB84B906716F"

FORMS: dict[str, tuple[str, dict[str, str | None]]] = {
    "OSS SDKs of the second generation: sentences": (
        (
            "operation error PutObject: Error returned by Service. \n\tHttp Status Code: 403. "
            "\n\tError Code: AccessDenied. \n"
            f"\tRequest Id: {_REQUEST}. \n\tMessage: Access denied by bucket policy.. \n\tEC: 0003-00000201. \n"
            "\tRequest Endpoint: PUT https://bucket-v2.oss-cn-hangzhou.aliyuncs.com/key."
        ),
        {
            "cause": "identity_policy_deny",
            "ec": "0003-00000201",
            "request_id": _REQUEST,
            "bucket": "bucket-v2",
        },
    ),
    "aliyun CLI: a Go map": (
        (
            f"ERROR: SDK.ServerError\nErrorCode: NoPermission\nRequestId: {_REQUEST}\n"
            "Message: You are not authorized to perform the operation.\nRespHeaders: map[]\n"
            f"AccessDeniedDetail: map[AuthAction:emr:RunCluster AuthPrincipalDisplayName:{_USER} "
            f"AuthPrincipalType:SubUser "
            "NoPermissionType:ImplicitDeny PolicyType:AccountLevelIdentityBasedPolicy]"
        ),
        {
            "cause": "permission_missing",
            "action": "emr:RunCluster",
            "principal": _USER,
            "request_id": _REQUEST,
        },
    ),
    "Tea for Python: a dict": (
        (
            "Tea.exceptions.TeaException: Error: NoPermission code: 403, You are not authorized to "
            "do this action. request id: "
            f"{_REQUEST} Response: {{'RequestId': '{_REQUEST}', 'HostId': 'sts.cn-hangzhou.aliyuncs.com', "
            "'Code': 'NoPermission', 'AccessDeniedDetail': {'AuthAction': 'sts:AssumeRole', "
            "'AuthPrincipalType': 'SubUser', "
            f"'AuthPrincipalDisplayName': '{_USER}', 'PolicyType': 'AssumeRolePolicy', "
            f"'NoPermissionType': 'ImplicitDeny'}}}}"
        ),
        {"cause": "role_not_trusted", "action": "sts:AssumeRole", "principal": _USER, "service": "sts"},
    ),
    "Java: code, message and request id on two lines": (
        (
            "com.aliyuncs.exceptions.ClientException: Forbidden.RAM : User not authorized to "
            "operate on the specified resource, "
            f"or this API doesn't support RAM.\nRequestId : {_REQUEST}"
        ),
        {"cause": "permission_missing", "request_id": _REQUEST, "principal": None},
    ),
    "OpenAPI's log of requests": (
        (
            f'{{"logInfo":{{"basicInfo":{{"api":"RunCluster","product":"Emr",'
            f'"logRequestId":"{_REQUEST}","errorCode":"NoPermission",'
            '"accessDeniedDetail":{"authAction":"emr:RunCluster","authPrincipalDisplayName":"1","policyType":'
            '"AccountLevelIdentityBasedPolicy","noPermissionType":"ImplicitDeny"}}}}'
        ),
        {"cause": "permission_missing", "action": "emr:RunCluster", "request_id": _REQUEST},
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_read(form: str) -> None:
    text, expected = FORMS[form]
    (answer,) = explain_bytes(text.encode())
    assert {name: getattr(answer, name) or None for name in expected} == expected
