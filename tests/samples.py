"""The one set of sample events that all tests use, and denials made from them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from rolemend.signals.denial import BucketTarget, ClusterTarget, Denial, DeniedPrincipal

EVENTS = Path(__file__).parent / "events"
ACCOUNT = "1000000000000001"


def sample(name: str) -> dict[str, Any]:
    """The event of one sample file."""
    content = json.loads((EVENTS / name).read_text("utf-8"))
    return dict(content.get("event", content))


def denied_creation(**changes: Any) -> dict[str, Any]:
    """A RunCluster event that ended with NoPermission, with some members changed (None takes one away)."""
    event = sample("actiontrail-emr-RunCluster-NoPermission.CONSTRUCTED.json")
    event["requestParameters"] |= {"ReleaseVersion": "EMR-3.30.0", "NodeAttributes.RamRole": "emr-role"}
    return _changed(event, changes)


def denied_line(**changes: Any) -> dict[str, Any]:
    """An access-log line of a refused GetObject, with some members changed (None takes one away)."""
    content = json.loads((EVENTS / "oss-access-log-record-AccessDenied.CONSTRUCTED.json").read_text("utf-8"))
    return _changed(content["log"], changes)


def _changed(record: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in (record | changes).items() if value is not None}


CREATION = Denial(
    signal_id="event-1",
    source="actiontrail",
    account=ACCOUNT,
    region="cn-hangzhou",
    principal=DeniedPrincipal(type="ram_user", account=ACCOUNT, id="200000000000000001", name="emr-dev"),
    action="emr:RunCluster",
    target=ClusterTarget(release="EMR-3.30.0", role="emr-role"),
    code="NoPermission",
    time=1_767_225_600,
)
LISTING = Denial(
    signal_id="request-1",
    source="oss_access_log",
    account=ACCOUNT,
    region="cn-hangzhou",
    principal=DeniedPrincipal(
        type="assumed_role", account=ACCOUNT, id="300000000000000001", name="emr-role", session="vm-ram-i-1"
    ),
    action="oss:ListObjects",
    target=BucketTarget(
        bucket="data", region="cn-hangzhou", host="data.oss-cn-hangzhou-internal.aliyuncs.com", owner=ACCOUNT
    ),
    code="AccessDenied",
    detail_code="0003-00000001",
    time=1_767_225_600,
    conditions={"acs:SourceIp": "192.0.2.13"},
    unknown_conditions=("acs:SourceVpc",),
)


def altered(denial: Denial, **changes: Any) -> Denial:
    return msgspec.structs.replace(denial, **changes)
