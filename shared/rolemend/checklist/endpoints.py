"""OSS endpoints: what a host name tells, and which endpoint serves a bucket from where. The regions are data.

Regions and endpoints: https://help.aliyun.com/zh/oss/user-guide/regions-and-endpoints . Paths and settings of EMR:
https://www.alibabacloud.com/help/en/emr/emr-on-ecs/user-guide/configure-an-endpoint-to-access-oss-hdfs .
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import msgspec

PUBLIC, INTERNAL, DUAL_STACK = "public", "internal", "dual_stack"
ACCELERATION, OSS_HDFS, OWN_DOMAIN = "acceleration", "oss_hdfs", "own_domain"

_REGION = re.compile(r"[a-z]{2}-[a-z0-9]+(?:-[a-z0-9]+){0,4}", re.ASCII)
_SUFFIX = ".aliyuncs.com"


class Endpoint(msgspec.Struct, frozen=True):
    """What a host name tells: its kind, and the region it serves, "" where the name tells none.

    `public`, `internal` (the same region's VPCs only), `dual_stack`, `acceleration` (buckets of every region),
    `oss_hdfs` (the same region's VPCs only), or `own_domain` for any other name.
    """

    kind: str
    region: str = ""


class _Row(msgspec.Struct, frozen=True):
    """A row of the endpoint table. A region of the finance cloud has two rows, and names that follow no pattern."""

    region: str
    public: str
    internal: tuple[str, ...]
    dual_stack: str
    oss_hdfs: bool


class _Table(msgspec.Struct, frozen=True):
    rows: tuple[_Row, ...]


def read_host(host: str) -> Endpoint:
    """Read the host of a request, with or without the bucket in front: `b.oss-cn-hangzhou-internal.aliyuncs.com`."""
    name = host.lower()
    if not name.endswith(_SUFFIX):
        return Endpoint(OWN_DOMAIN)
    *before, last = name.removesuffix(_SUFFIX).split(".")
    if last == "oss-dls" and before:
        return Endpoint(OSS_HDFS, _region(before[-1]))
    if last == "oss" and before and (len(before) > 1 or is_region(before[-1])):
        return Endpoint(DUAL_STACK, _region(before[-1]))
    if last == "oss":
        return Endpoint(PUBLIC, "cn-hangzhou")
    if last.startswith("oss-accelerate"):
        return Endpoint(ACCELERATION)
    if last.startswith("vpc100-oss-"):
        return Endpoint(INTERNAL, _region(last.removeprefix("vpc100-oss-")))
    if not last.startswith("oss-"):
        return Endpoint(OWN_DOMAIN)
    kind = INTERNAL if last.endswith("-internal") else PUBLIC
    return Endpoint(kind, _region(last.removeprefix("oss-").removesuffix("-internal")))


def is_region(name: str) -> bool:
    """Whether a text is one of OSS's regions, by its id or as its endpoint spells it."""
    return name in _known()


def same_region(one: str, other: str) -> bool:
    """Whether two names mean one region, however the endpoint spells it (`cn-hzfinance`, `cn-hangzhou-finance`)."""
    return _known().get(one, one) == _known().get(other, other)


def has_oss_hdfs(region: str) -> bool:
    """Whether OSS-HDFS is offered in a region."""
    return any(row.oss_hdfs and row.region == region for row in _rows())


def endpoint_of(region: str, *, internal: bool = False) -> str:
    """The endpoint of a region; "" for what can be no region and so must not stand in a path or a command."""
    if not _REGION.fullmatch(region):
        return ""
    row = _row(region)
    if row is None:
        return f"oss-{region}{'-internal' if internal else ''}{_SUFFIX}"
    return (row.internal[0] if row.internal else "") if internal else row.public


def path_of(bucket: str, endpoint: str) -> str:
    """The path form that names its endpoint, which JindoSDK takes before every setting."""
    return f"oss://{bucket}.{endpoint}/"


def _region(name: str) -> str:
    return name if _REGION.fullmatch(name) else ""


def _row(region: str) -> _Row | None:
    """The row whose endpoint spells the region like this, else the public one of the region."""
    rows = _rows()
    spelt = next((row for row in rows if row.public == f"oss-{region}{_SUFFIX}"), None)
    return spelt or next((row for row in reversed(rows) if row.region == region), None)


def region_ids() -> frozenset[str]:
    """Every region that OSS is in."""
    return frozenset(row.region for row in _rows())


@cache
def _known() -> dict[str, str]:
    """Every spelling of a region -> its id."""
    found = {row.region: row.region for row in _rows()}
    for row in _rows():
        for name in (row.public, *row.internal):
            if name:
                label = name.removesuffix(_SUFFIX).removeprefix("oss-").removesuffix("-internal")
                found.setdefault(label, row.region)
        if row.dual_stack:
            found.setdefault(row.dual_stack.partition(".")[0], row.region)
    return found


@cache
def _rows() -> tuple[_Row, ...]:
    content = Path(__file__).with_name("oss_regions.json").read_bytes()
    return msgspec.json.decode(content, type=_Table).rows
