"""The real SDK clients: those of the demo, and the generic one that all OpenAPI SDKs are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from demo.clients import Keys, actiontrail, bucket, config, emr, log, ram, spark, sts

__all__ = ["SDKS", "Keys", "actiontrail", "bucket", "config", "emr", "log", "ram", "rpc", "spark", "sts"]

SDKS = (
    "alibabacloud_actiontrail20200706.client",
    "alibabacloud_emr20210320.client",
    "alibabacloud_emr_serverless_spark20230808.client",
    "alibabacloud_fc20230330.client",
    "alibabacloud_ram20150501.client",
    "alibabacloud_sts20150401.client",
    "aliyun.log",
    "fc2",
    "oss2",
)
"""The modules of the SDKs that functions import."""


def rpc(
    keys: Keys,
    endpoint: str,
    version: str,
    action: str,
    parameters: Mapping[str, Any],
    protocol: str = "HTTP",
) -> dict[str, Any]:
    """One call of any RPC API, once; the answer's body."""
    from alibabacloud_tea_openapi.client import Client
    from alibabacloud_tea_openapi.models import OpenApiRequest, Params
    from alibabacloud_tea_openapi.utils import Utils
    from darabonba.runtime import RuntimeOptions

    params = Params(
        action=action,
        version=version,
        protocol=protocol,
        pathname="/",
        method="POST",
        auth_type="AK",
        style="RPC",
        req_body_type="formData",
        body_type="json",
    )
    request = OpenApiRequest(query=Utils.query(dict(parameters)))
    answer = Client(config(keys, endpoint)).call_api(params, request, RuntimeOptions(autoretry=False))
    body: dict[str, Any] = answer["body"]
    return body
