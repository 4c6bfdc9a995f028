"""Which service a host name means: the real endpoint names, public and internal.

Endpoint patterns: https://help.aliyun.com/zh/oss/user-guide/regions-and-endpoints and each service's endpoint page.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from localcloud.oss.regions import REGIONS

DEFAULT_REGION = "cn-hangzhou"
_SUFFIX = ".aliyuncs.com"
_PLAIN = {
    "ram": "ram",
    "sts": "sts",
    "actiontrail": "actiontrail",
    "emr": "emr",
    "emr-serverless-spark": "spark",
    "openapi-mcp": "openapiexplorer",
    "metrics": "cms",
    "kms": "kms",
}
"""First labels of host names that hold nothing but the service and the region."""
_SIGN_IN = re.compile(r"(?:signin|oauth)\.(?:aliyun|alibabacloud)\.com")
"""Where people sign in, and where applications ask who did, on either site."""
_FUNCTION_SUFFIX = ".fcapp.run"
_OWN = re.compile(r"(?:(.+)\.)?(?:localhost|127(?:\.\d{1,3}){3})|::1|")


class Address(NamedTuple):
    """A service with the region and the label (bucket, project, account id) that stood in the host name."""

    service: str
    region: str
    label: str = ""


def locate(host: str) -> Address | None:
    """Read a host name such as `b.oss-cn-hangzhou-internal.aliyuncs.com`; None if no service has it."""
    if host == "100.100.100.200":
        return Address("metadata", "")
    if _SIGN_IN.fullmatch(host):
        return Address("oauth", "")
    if host.endswith(_FUNCTION_SUFFIX):
        return _function_url(host[: -len(_FUNCTION_SUFFIX)].split("."))
    if not host.endswith(_SUFFIX):
        return None
    parts = host[: -len(_SUFFIX)].split(".")
    return _plain(parts) or _oss(parts) or _sls(parts) or _fc(parts)


def own_label(host: str) -> str | None:
    """What stands before the local cloud's own address, as in `project.127.0.0.1` or `bucket.localhost`.

    "" for the bare address or no host at all, None for any other host.
    """
    match = _OWN.fullmatch(host)
    return (match.group(1) or "") if match else None


def host_of(authority: str) -> str:
    """The lower-case host of `host:port`, without a final dot and without the brackets of an IPv6 address."""
    if authority.startswith("["):
        return authority[1:].partition("]")[0].lower()
    return authority.partition(":")[0].lower().removesuffix(".")


def _plain(parts: list[str]) -> Address | None:
    """`ram`, `sts.cn-hangzhou`, `emr-vpc.cn-hangzhou`, `emr-serverless-spark.cn-hangzhou-vpc` and their like."""
    service = parts[0].removesuffix("-vpc").removesuffix("-share").removesuffix("-intl")
    if service not in _PLAIN or len(parts) > 2:
        return None
    region = parts[1].removesuffix("-vpc") if len(parts) == 2 else DEFAULT_REGION
    return Address(_PLAIN[service], region)


def _oss(parts: list[str]) -> Address | None:
    """`oss-cn-hangzhou`, `bucket.oss-cn-hangzhou-internal`, and the dual-stack form `bucket.cn-hangzhou.oss`.

    `oss` and `bucket.oss`, the oldest form, are Hangzhou's. Transfer acceleration is not there.
    """
    *before, last = parts
    if last == "oss" and before and (len(before) == 2 or before[-1] in REGIONS):
        return Address("oss", before[-1], before[0] if len(before) == 2 else "")
    if not (last == "oss" or last.startswith("oss-")) or len(before) > 1:
        return None
    region = last.removesuffix("-internal").removeprefix("oss").removeprefix("-")
    if region.startswith("accelerate"):
        return None
    return Address("oss", region or DEFAULT_REGION, before[0] if before else "")


def _sls(parts: list[str]) -> Address | None:
    """`cn-hangzhou.log` and `project.cn-hangzhou-intranet.log` (`-internal`, `-share` too)."""
    if parts[-1] != "log" or len(parts) not in (2, 3):
        return None
    region = parts[-2]
    for suffix in ("-intranet", "-internal", "-share", "-vpc"):
        region = region.removesuffix(suffix)
    return Address("sls", region, parts[0] if len(parts) == 3 else "")


def _fc(parts: list[str]) -> Address | None:
    """`<account>.cn-hangzhou.fc`, `<account>.cn-hangzhou-internal.fc`, `fcv3.cn-hangzhou`."""
    if parts[0] in ("fcv3", "fcv3-vpc") and len(parts) == 2:
        return Address("fc", parts[1].removesuffix("-internal"))
    if parts[-1] != "fc" or len(parts) != 3:
        return None
    return Address("fc", parts[1].removesuffix("-internal").removesuffix("-vpc"), parts[0])


def _function_url(parts: list[str]) -> Address | None:
    """`<function>-<random>.cn-hangzhou.fcapp.run`, the built-in domain of an HTTP trigger."""
    return Address("fc", parts[1], parts[0]) if len(parts) == 2 else None
