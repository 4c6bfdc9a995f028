"""Names in a text: OSS hosts, paths, resources and actions, each by its grammar.

https://help.aliyun.com/zh/oss/user-guide/regions-and-endpoints
https://help.aliyun.com/en/oss/user-guide/0015-00000001 (bucket names)
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

_BUCKET = r"[a-z0-9](?:[a-z0-9\-]{1,61})[a-z0-9]"
_REGION = r"(?:cn|ap|us|eu|me|na|sa|af|rg)-[a-z0-9]+(?:-[a-z0-9]+)*"
_HOST = re.compile(
    rf"(?<![A-Za-z0-9.\-_%])(?:(?P<bucket>{_BUCKET})\.)?"
    rf"(?P<endpoint>oss-(?:accelerate(?:-overseas)?|{_REGION})\.aliyuncs\.com"
    rf"|{_REGION}\.oss(?:-internal|-dls)?\.aliyuncs\.com)"
    r"(?![A-Za-z0-9\-]|\.[A-Za-z0-9])"
)
_PATH = re.compile(
    rf"oss://(?:[^\s/@\"'<>]{{1,200}}@)?(?P<bucket>{_BUCKET})(?:\.(?P<host>[a-z0-9.\-]+\.aliyuncs\.com))?"
    r"(?![A-Za-z0-9.\-_*])(?:/(?P<key>[^\s\"'<>`,;)\]}]{0,1024}))?"
)
_API_HOST = re.compile(
    rf"(?<![A-Za-z0-9.\-_])(?P<service>[a-z][a-z0-9]{{1,30}})(?:-(?:vpc|share))?(?:[.\-](?P<region>{_REGION}))?"
    r"\.aliyuncs\.com(?![A-Za-z0-9\-]|\.[A-Za-z0-9])"
)
BUCKET_NAME = re.compile(_BUCKET, re.ASCII)
REGION_NAME = re.compile(_REGION, re.ASCII)
ROLE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.\-_]{0,63}", re.ASCII)
ACTION_NAME = re.compile(r"[a-z][a-z0-9\-]{1,40}:[A-Za-z][A-Za-z0-9]{0,80}", re.ASCII)
OSS_ENDPOINT = re.compile(_HOST.pattern, re.ASCII)

_NO_REGION_IN_NAME = frozenset({"cn-hzfinance", "cn-szfinance", "cn-hzjbp-a", "cn-hzjbp-b"})
"""Endpoints of the finance cloud whose names are not those of their regions."""


class Host(msgspec.Struct, frozen=True):
    """An OSS host: bucket and region are "" where the name tells none."""

    bucket: str
    endpoint: str
    region: str
    internal: bool


def oss_hosts(text: str) -> Iterator[Host]:
    """Every OSS host in a text, in order."""
    if ".aliyuncs.com" not in text:
        return
    for found in _HOST.finditer(text):
        yield _host(found)


def oss_host(text: str) -> Host | None:
    """The OSS host that a text is, or None if it is anything else or cut off."""
    found = _HOST.fullmatch(text.strip())
    return _host(found) if found else None


def _host(found: re.Match[str]) -> Host:
    endpoint = found["endpoint"]
    first, _, second = endpoint.partition(".")
    name = first.removeprefix("oss-") if first.startswith("oss-") else first
    internal = name.endswith("-internal") or second.startswith("oss-internal")
    region = name.removesuffix("-internal").removesuffix("-pub")
    if region.startswith("accelerate") or region in _NO_REGION_IN_NAME:
        region = ""
    return Host(found["bucket"] or "", endpoint, region, internal)


class OssPath(msgspec.Struct, frozen=True):
    """`oss://bucket[.endpoint]/key`."""

    bucket: str
    endpoint: str
    key: str


def oss_paths(text: str) -> Iterator[OssPath]:
    """Every oss:// path in a text, in order."""
    for found in _PATH.finditer(text) if "oss://" in text else ():
        yield OssPath(found["bucket"], found["host"] or "", (found["key"] or "").rstrip(".:"))


def api_host(text: str) -> tuple[str, str]:
    """Service and region of a host like `ecs.cn-hangzhou.aliyuncs.com`; "" for what it does not tell."""
    found = _API_HOST.fullmatch(text.strip().lower())
    if found is None or found["service"] in ("oss", "www", "help"):
        return "", ""
    return SERVICES.get(found["service"], found["service"]), found["region"] or ""


SERVICES = {
    "sls": "log",
    "dlfnext": "dlf",
    "emapreduce": "emr",
    "maxcompute": "odps",
    "fnf": "fnf",
    "emr-serverless": "emr-serverless-spark",
}
"""Other names of services -> the one their RAM actions begin with."""


def service_of(action: str) -> str:
    """The service that an action belongs to."""
    service = action.partition(":")[0].lower()
    return SERVICES.get(service, service)


def is_bucket(name: str) -> bool:
    """Whether a name can be a bucket's: anything else never goes into an answer's `bucket` or a command."""
    return BUCKET_NAME.fullmatch(name) is not None
