"""What stands around an error in a text: hosts, paths, operations, and whose error it is."""

from __future__ import annotations

import re

import msgspec

from rolemend.explain import codes, operations
from rolemend.explain.names import (
    ACTION_NAME,
    REGION_NAME,
    api_host,
    is_bucket,
    oss_host,
    oss_hosts,
    oss_paths,
    service_of,
)
from rolemend.explain.phrases import BY_ID
from rolemend.explain.sighting import Sighting

_BEFORE, _BEHIND = 2_000, 3_000
RECORD = re.compile(r"\n(?:[^\S\n]*\n|(?=\[?\d{2,4}[\-/:.]|\{|[A-Z]\d{4} ))")
"""Where a text goes on with something else: a blank line, the head of a log line, JSON."""
_ACTION = re.compile(r"\b[Aa]ction ?: ?[\"']?([a-z][a-z0-9\-]+:[A-Za-z*]+)")
_RESOURCE = re.compile(r"\b[Rr]esource ?: ?[\"']?(acs:[^\s,;'\"}\]<>]+)")
_ROLE_NAMED = re.compile(r"(acs:ram::[0-9*x]+:role/[^\s,;'\"}\]<>]+)")
_CALL = re.compile(r"\bResource (?:alicloud_)?\w+ ([A-Z]\w{2,60}) Failed!!!")
_PRODUCT = re.compile(r"[?&]product=([A-Za-z][A-Za-z\-]{1,30})")
_USER = re.compile(r"\bPri(?:n)?cipal: ?((?:ALIYUN|RAM)\$[^\s;,'\"]{1,128})")

_OSS_WORDS = (
    "oss://",
    ".oss-",
    "OSSException",
    "x-oss-",
    "AliyunOSS",
    "indo",
    "ossutil",
    "aliyun.oss",
    "aliyun-oss",
    "AliOSS",
)
_OSS = re.compile(r"\boss-[a-z]{2}-|\boss2?\b", re.ASCII)
_FOREIGN = (
    "amazonaws.com", "AmazonS3Exception", "Amazon S3", "Amazon.S3", "software.amazon.awssdk", "arn:aws:",
    "botocore", "myqcloud.com", "myhuaweicloud", "googleapis.com", "obs.services.", "ObsException", "aws-sdk",
    "windows.net", "S3Exception", "AWSAccessKeyId", "AWS Access Key", "Google Cloud Storage", "storage.objects.",
    "TencentCloud", "tencentcloudapi", "huaweicloud", "HuaweiCloud", "key vault", "Microsoft.",
)  # fmt: skip
_ALIBABA = (
    "liyun", "libaba", "alicloud", "acs:", "SDK.ServerError", "SDKError", "SLS", "LogException", "Recommend",
    "RequestId", "requestId", "requestID",
)  # fmt: skip
_DLF = ("dlf", "DLF", "aimon", "DataLake", "datalake", "data lake formation", "Data Lake Formation")
_KMS = ("kms:", "kms.", "KMS")
_CREATION = ("RunCluster", "CreateCluster")
_EMR = re.compile(r"\bemr\b|\bEMR\b|emapreduce|E-MapReduce", re.ASCII)
_ALIYUN_HOST = re.compile(r"(?<![A-Za-z0-9.\-_])[a-z][a-z0-9.\-]{1,100}\.aliyuncs\.com(?![A-Za-z0-9\-])")
_MARKUP = re.compile(r"<Error\b|<Code>", re.ASCII)
_S3_HOST_ID = re.compile(r"[A-Za-z0-9+/]{40,}={0,2}", re.ASCII)


def complete(error: Sighting, text: str, before: int, start: int, end: int, behind: int) -> Sighting:
    """Add what the surroundings tell. `start` to `end` is the error, `before` and `behind` end where others are."""
    lead = _lead(text, before, start)
    tail = text[end : min(behind, end + _BEHIND)]
    if blank := RECORD.search(tail):
        tail = tail[: blank.start()]
    around = lead + text[start:end] + tail
    if "hdfs" in error.phrases:  # the file system of the cluster says no: what stands around is not about OSS
        return msgspec.structs.replace(error, service="", host="")
    places = _places(error, around)
    action, guessed = _action(error, around)
    service, region = _service(error, action, around)
    return msgspec.structs.replace(
        error,
        nested="Caused by:" in lead.rpartition("\n")[2] + text[start : start + 40],
        bucket=places.bucket,
        object=places.object,
        host=places.host or error.host,
        others=places.others,
        region=places.region or region,
        action=action,
        guessed=guessed,
        resource=error.resource or _first(_RESOURCE, around) or _role_resource(error, around),
        principal=error.principal or _first(_USER, around),
        service=service,
        signs=error.signs | _signs(error, around),
    )


def _lead(text: str, before: int, start: int) -> str:
    """The lines just before an error, back to where its record begins or the error before it."""
    lead = text[max(before, start - _BEFORE) : start]
    blanks = list(RECORD.finditer(lead))
    return lead[blanks[-1].end() :] if blanks else lead


_NEEDLES = {
    _ACTION: "ction",
    _RESOURCE: "acs:",
    _ROLE_NAMED: "acs:ram::",
    _CALL: " Failed!!!",
    _PRODUCT: "product=",
    _USER: "cipal:",
}
"""What stands in everything that a pattern finds: to look for that is far quicker."""


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text) if _NEEDLES[pattern] in text else None
    return found[1].rstrip(".:") if found else ""


def _role_resource(error: Sighting, around: str) -> str:
    return _first(_ROLE_NAMED, around) if _is_about_roles(error) else ""


def _is_about_roles(error: Sighting) -> bool:
    causes = {BY_ID[phrase].cause for phrase in error.phrases} | {codes.cause_of_code(error.code)}
    return bool(causes & {"role_not_found", "role_not_trusted", "pass_role_missing", "service_role_missing"})


def _action(error: Sighting, around: str) -> tuple[str, bool]:
    if error.action:
        return error.action, False
    if stated := _first(_ACTION, around):
        return stated, False
    call, product = _first(_CALL, around), _first(_PRODUCT, around)
    if call and product:
        return f"{product.lower()}:{call}", True
    guess = operations.action_in(around)
    return guess, bool(guess)


class _Places(msgspec.Struct, frozen=True):
    bucket: str = ""
    object: str = ""
    host: str = ""
    region: str = ""
    others: tuple[str, ...] = ()


def _places(error: Sighting, around: str) -> _Places:
    """Host and bucket of the request. A bucket is named only if the text names one and no other.

    `HostId` is the host that was asked and goes before `<Bucket>`: the sample of the page on 0003-00000201 has a
    `<Bucket>` that is not the one of its request.
    """
    asked = oss_host(error.host)
    hosts = list(dict.fromkeys(oss_hosts(around)))
    paths = list(dict.fromkeys(oss_paths(around)))
    buckets = {host.bucket for host in hosts if host.bucket} | {path.bucket for path in paths}
    stated = error.bucket if is_bucket(error.bucket) else ""
    bucket = (asked.bucket if asked else "") or stated or (next(iter(buckets)) if len(buckets) == 1 else "")
    keys = {path.key for path in paths if path.key and path.bucket == bucket}
    if asked is None and oss_host(error.endpoint) is None:
        endpoints = {host.endpoint: host for host in hosts}
        asked = next(iter(endpoints.values())) if len(endpoints) == 1 else None
    return _Places(
        bucket=bucket,
        object=error.object or (next(iter(keys)) if len(keys) == 1 else ""),
        host=asked.endpoint if asked else "",
        region=asked.region if asked else "",
        others=tuple(dict.fromkeys(host.endpoint for host in hosts)),
    )


def _service(error: Sighting, action: str, around: str) -> tuple[str, str]:
    """Service and region, as far as the error or what stands around it names one."""
    by_host, region = api_host(error.host)
    if not by_host:
        hosts = {api_host(name) for name in _aliyun_hosts(around)} - {("", "")}
        by_host, region = next(iter(hosts)) if len(hosts) == 1 else ("", "")
    stated = next((BY_ID[phrase].service for phrase in error.phrases if BY_ID[phrase].service), "")
    asked = service_of(action) if ACTION_NAME.fullmatch(action) else ""
    product = _first(_PRODUCT, around).lower()
    if action == "ram:PassRole":  # the service that was to get the role answers
        asked = codes.SERVICE_OF.get(error.code, "") or by_host or product or asked
    named = stated or asked
    found = named or codes.SERVICE_OF.get(error.code, "") or ("oss" if error.ec else "") or by_host or product
    if not found and _is_oss(around):
        found = "oss"
    return found, region if REGION_NAME.fullmatch(region) else ""


def _aliyun_hosts(around: str) -> list[str]:
    return _ALIYUN_HOST.findall(around) if ".aliyuncs.com" in around else []


def _has(around: str, words: tuple[str, ...]) -> bool:
    return any(word in around for word in words)


def _speaks_of_oss(around: str) -> bool:
    return _has(around, _OSS_WORDS) or _OSS.search(around) is not None


def _is_oss(around: str) -> bool:
    return not _has(around, _FOREIGN) and (_speaks_of_oss(around) or _MARKUP.search(around) is not None)


def _signs(error: Sighting, around: str) -> set[str]:
    foreign = _has(around, _FOREIGN) or _S3_HOST_ID.fullmatch(error.host) is not None
    signs = {
        "oss": _speaks_of_oss(around),
        "s3": foreign and not _aliyun_hosts(around),
        "alibaba": bool(_aliyun_hosts(around)) or _has(around, _ALIBABA) or _speaks_of_oss(around),
        "dlf": _has(around, _DLF),
        "kms": _has(around, _KMS),
        "creation": _has(around, _CREATION) and _EMR.search(around) is not None,
    }
    return {sign for sign, found in signs.items() if found}
