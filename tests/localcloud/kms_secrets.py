"""KMS as its clients see it: one call, and a secret that is kept there."""

from __future__ import annotations

from typing import Any

from alibabacloud_tea_openapi.client import Client as OpenApi
from alibabacloud_tea_openapi.models import OpenApiRequest, Params
from alibabacloud_tea_openapi.utils import Utils
from darabonba.runtime import RuntimeOptions

from tests import clients
from tests.clients import Keys


def kms(keys: Keys, action: str, region: str = "cn-hangzhou", **parameters: Any) -> dict[str, Any]:
    """One call, made the way the generated client makes it."""
    params = Params(
        action=action,
        version="2016-01-20",
        protocol="HTTP",
        pathname="/",
        method="POST",
        auth_type="AK",
        style="RPC",
        req_body_type="formData",
        body_type="json",
    )
    client = OpenApi(clients.config(keys, f"kms.{region}.aliyuncs.com"))
    request = OpenApiRequest(query=Utils.query(parameters))
    answer: dict[str, Any] = client.call_api(params, request, RuntimeOptions(autoretry=False))["body"]
    return answer


def keep(keys: Keys, name: str, value: str, version: str = "v1", **parameters: Any) -> None:
    """A secret with its first version."""
    kms(keys, "CreateSecret", SecretName=name, SecretData=value, VersionId=version, **parameters)


def rotate(keys: Keys, name: str, value: str, version: str) -> None:
    """A new version of a secret, which is the current one from now on."""
    kms(keys, "PutSecretValue", SecretName=name, SecretData=value, VersionId=version)
