"""The real SDK clients, as a user's program builds them: real endpoint names, scheme http, a proxy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Keys:
    """Credentials of one caller; `token` is "" for long-lived keys."""

    id: str
    secret: str
    token: str = ""


def config(keys: Keys, endpoint: str, region: str = "cn-hangzhou") -> Any:
    from alibabacloud_tea_openapi.models import Config

    return Config(
        access_key_id=keys.id,
        access_key_secret=keys.secret,
        security_token=keys.token or None,
        protocol="http",
        endpoint=endpoint,
        region_id=region,
    )


def ram(keys: Keys) -> Any:
    from alibabacloud_ram20150501.client import Client

    return Client(config(keys, "ram.aliyuncs.com"))


def sts(keys: Keys) -> Any:
    from alibabacloud_sts20150401.client import Client

    return Client(config(keys, "sts.aliyuncs.com"))


def actiontrail(keys: Keys, region: str = "cn-hangzhou") -> Any:
    from alibabacloud_actiontrail20200706.client import Client

    return Client(config(keys, f"actiontrail.{region}.aliyuncs.com", region))


def emr(keys: Keys, region: str = "cn-hangzhou") -> Any:
    from alibabacloud_emr20210320.client import Client

    return Client(config(keys, f"emr.{region}.aliyuncs.com", region))


def spark(keys: Keys, region: str = "cn-hangzhou") -> Any:
    from alibabacloud_emr_serverless_spark20230808.client import Client

    return Client(config(keys, f"emr-serverless-spark.{region}.aliyuncs.com", region))


def bucket(keys: Keys, name: str, region: str = "cn-hangzhou", *, version: str = "v1") -> Any:
    """An OSS bucket client signing with V1 or V4."""
    import oss2

    if keys.token:
        auth = oss2.StsAuth(keys.id, keys.secret, keys.token, auth_version=version)
    else:
        auth = oss2.make_auth(keys.id, keys.secret, version)
    return oss2.Bucket(auth, f"http://oss-{region}.aliyuncs.com", name, region=region)


def log(keys: Keys, region: str = "cn-hangzhou") -> Any:
    from aliyun.log import LogClient

    # Without `source` the SDK looks the endpoint's name up in DNS, which takes seconds where there is none.
    return LogClient(
        f"http://{region}.log.aliyuncs.com",
        keys.id,
        keys.secret,
        securityToken=keys.token or None,
        source="10.0.0.9",
    )
