"""Trails: where the events of an account are delivered to, off until StartLogging.

API: https://alibabacloud.com/help/en/actiontrail/developer-reference/api-actiontrail-2020-07-06-createtrail
and its neighbours.
"""

from __future__ import annotations

import re
import time

import msgspec

from localcloud.actiontrail.refusals import refusal
from localcloud.actiontrail.state import AccountTrails, Trail
from localcloud.actiontrail.targets import (
    find_project,
    logstore_name,
    make_logstore,
    read_project_arn,
    take_write_role,
)
from localcloud.errors import Unsupported
from localcloud.openapi import Answer, Invocation

MOST_TRAILS = 5
"""Single-account trails of a region (https://help.aliyun.com/en/actiontrail/product-overview/limits)."""

_NAME = re.compile(r"[a-z][a-z0-9_-]{5,35}")


def create_trail(invocation: Invocation) -> Answer:
    """A trail and its logstore `actiontrail_<name>`; it delivers nothing yet."""
    _refuse_unsupported(invocation)
    if not invocation.text("SlsProjectArn"):
        raise refusal("InvalidDeliveryConfigurationException")
    trails, name = trails_of(invocation), _take_name(invocation)
    if name in trails.trails:
        raise refusal("TrailAlreadyExistsException")
    region = invocation.call.region
    if sum(trail.home_region == region for trail in trails.trails.values()) >= MOST_TRAILS:
        raise refusal("MaximumNumberOfTrailsExceededException")
    project = find_project(invocation, invocation.text("SlsProjectArn"))
    now = invocation.call.received
    trail = Trail(
        name=name,
        home_region=region,
        event_rw=_take_event_rw(invocation, "Write"),
        trail_region=invocation.text("TrailRegion") or "All",
        sls_project_arn=invocation.text("SlsProjectArn"),
        sls_write_role_arn=take_write_role(invocation, project),
        created=now,
        updated=now,
    )
    make_logstore(invocation, trail)
    trails.trails[name] = trail
    return _described(trail)


def update_trail(invocation: Invocation) -> Answer:
    """Change what is given; a new project gets the trail's logstore."""
    _refuse_unsupported(invocation)
    trail = find_trail(invocation)
    arn = invocation.text("SlsProjectArn") or trail.sls_project_arn
    changed = msgspec.structs.replace(
        trail,
        event_rw=_take_event_rw(invocation, trail.event_rw),
        trail_region=invocation.text("TrailRegion") or trail.trail_region,
        sls_project_arn=arn,
        sls_write_role_arn=take_write_role(invocation, read_project_arn(arn), trail.sls_write_role_arn),
        updated=invocation.call.received,
    )
    if changed.sls_project_arn != trail.sls_project_arn:
        make_logstore(invocation, changed)
    trails_of(invocation).trails[trail.name] = changed
    return _described(changed)


def delete_trail(invocation: Invocation) -> Answer:
    """The logstore stays, with the events in it."""
    del trails_of(invocation).trails[find_trail(invocation).name]
    return {}


def start_logging(invocation: Invocation) -> Answer:
    """Events are delivered from now on."""
    trail = find_trail(invocation)
    trail.logging, trail.started = True, invocation.call.received
    return {}


def stop_logging(invocation: Invocation) -> Answer:
    """Events are delivered no longer; the history goes on."""
    trail = find_trail(invocation)
    trail.logging, trail.stopped = False, invocation.call.received
    return {}


def get_trail_status(invocation: Invocation) -> Answer:
    """Whether it delivers, since when, and what went wrong last."""
    trail = find_trail(invocation)
    project = read_project_arn(trail.sls_project_arn)
    known = invocation.cloud.state.sls.projects.get(project.name)
    answer: Answer = {
        "IsLogging": trail.logging,
        "SlsLogStoreStatus": known is not None and logstore_name(trail.name) in known.logstores,
        "OssBucketStatus": False,
        "StartLoggingTime": _write_time(trail.started),
        "StopLoggingTime": _write_time(trail.stopped),
        "LatestDeliveryTime": _write_time(trail.delivered),
        "LatestDeliveryLogServiceTime": _write_time(trail.delivered),
        "LatestDeliveryError": trail.delivery_error,
        "LatestDeliveryLogServiceError": trail.delivery_error,
    }
    return {name: value for name, value in answer.items() if value != ""}


def describe_trails(invocation: Invocation) -> Answer:
    """The region's own trails; with `IncludeShadowTrails` also others' that take the region's events."""
    names = [name for name in invocation.text("NameList").split(",") if name]
    region, shadows = invocation.call.region, invocation.flag("IncludeShadowTrails")
    listed = [
        trail
        for trail in trails_of(invocation).trails.values()
        if (not names or trail.name in names)
        and (trail.home_region == region or (shadows and covers(trail, region)))
    ]
    return {"TrailList": [_in_full(trail, invocation) for trail in listed]}


def trails_of(invocation: Invocation) -> AccountTrails:
    """The caller's account's trails and history."""
    return invocation.cloud.state.actiontrail.accounts.setdefault(invocation.account, AccountTrails())


def find_trail(invocation: Invocation) -> Trail:
    """The trail that `Name` names, or TrailNotFoundException. Names are unique in an account."""
    trail = trails_of(invocation).trails.get(invocation.require_text("Name"))
    if trail is None:
        raise refusal("TrailNotFoundException")
    return trail


def covers(trail: Trail, region: str) -> bool:
    """Whether the trail takes the events of a region."""
    return trail.trail_region == "All" or region in trail.trail_region.split(",")


def _take_name(invocation: Invocation) -> str:
    name = invocation.require_text("Name")
    if not _NAME.fullmatch(name):
        raise refusal("InvalidTrailNameException")
    return name


def _take_event_rw(invocation: Invocation, default: str) -> str:
    event_rw = invocation.text("EventRW") or default
    if event_rw not in ("Write", "Read", "All"):
        raise refusal("InvalidQueryParameter")
    return event_rw


def _refuse_unsupported(invocation: Invocation) -> None:
    if invocation.flag("IsOrganizationTrail"):
        raise refusal("NotAllowCreateOrganizationTrail")
    for parameter in ("OssBucketName", "MaxComputeProjectArn"):
        if invocation.text(parameter):
            raise Unsupported(
                "actiontrail", f"trails that deliver to anything but Simple Log Service ({parameter})"
            )


def _described(trail: Trail) -> Answer:
    return {
        "Name": trail.name,
        "HomeRegion": trail.home_region,
        "EventRW": trail.event_rw,
        "TrailRegion": trail.trail_region,
        "SlsProjectArn": trail.sls_project_arn,
        "SlsWriteRoleArn": trail.sls_write_role_arn,
    }


def _in_full(trail: Trail, invocation: Invocation) -> Answer:
    status = "Enable" if trail.logging else "Disable" if trail.started else "Fresh"
    return _described(trail) | {
        "Status": status,
        "Region": trail.home_region,
        "TrailArn": f"acs:actiontrail:{trail.home_region}:{invocation.account}:trail/{trail.name}",
        "CreateTime": _write_time(trail.created),
        "UpdateTime": _write_time(trail.updated),
        "StartLoggingTime": _write_time(trail.started),
        "StopLoggingTime": _write_time(trail.stopped),
        "IsOrganizationTrail": False,
    }


def _write_time(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds)) if seconds else ""
