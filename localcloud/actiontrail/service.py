"""ActionTrail 2020-07-06: takes every event of the cloud into the history and to the trails.

API overview: https://www.alibabacloud.com/help/en/actiontrail/developer-reference/api-actiontrail-2020-07-06-overview
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from localcloud.actiontrail import trails
from localcloud.actiontrail.history import keep
from localcloud.actiontrail.lookup import lookup_events
from localcloud.actiontrail.state import AccountTrails, Trail
from localcloud.actiontrail.targets import logstore_name, read_project_arn
from localcloud.openapi import OpenApiService, Operation, Run

TOPIC = "actiontrail_audit_event"
"""`__topic__` of a trail's logs (https://www.alibabacloud.com/help/en/sls/log-fields-25)."""

SOURCE = "actiontrail_internal"


class ActionTrailService(OpenApiService):
    """Each region has a history and trails of its own; events of global services are in cn-hangzhou."""

    name = "actiontrail"
    event_name = "Actiontrail"
    version = "2020-07-06"

    def table(self) -> tuple[Operation, ...]:
        return (
            _operation("CreateTrail", trails.create_trail, "Write"),
            _operation("UpdateTrail", trails.update_trail, "Write"),
            _operation("DeleteTrail", trails.delete_trail, "Write"),
            _operation("StartLogging", trails.start_logging, "Write"),
            _operation("StopLogging", trails.stop_logging, "Write"),
            _operation("GetTrailStatus", trails.get_trail_status, "Read"),
            _operation("DescribeTrails", trails.describe_trails, "Read"),
            _operation("LookupEvents", lookup_events, "Read"),
        )

    def take(self, event: dict[str, Any], account: str) -> None:
        """Keep a management event in the account's history and deliver it to the trails that want it.

        Data events need a selector on the trail, which the local cloud does not have: they are passed over.
        """
        if event.get("eventCategory") == "Data":
            return
        text = msgspec.json.encode(event).decode()
        known = self.cloud.state.actiontrail.accounts.setdefault(account, AccountTrails())
        now = self.cloud.clock()
        keep(known, event, text, now)
        for trail in known.trails.values():
            if trail.logging and _wants(trail, event):
                self._deliver(trail, text, now)

    def _deliver(self, trail: Trail, text: str, now: float) -> None:
        """One log with the one field `event`; what cannot be delivered is lost, and the status says why."""
        sls: Any = self.cloud.services["sls"]
        project, logstore = (
            read_project_arn(trail.sls_project_arn).name,
            logstore_name(trail.name),
        )
        if not sls.has_logstore(project, logstore):
            trail.delivery_error = (
                f"write sls failed, exception: logstore {logstore} does not exist, itemscount: 1"
            )
            return
        sls.append(
            project=project,
            logstore=logstore,
            logs=[[("event", text)]],
            topic=TOPIC,
            source=SOURCE,
            time=int(now),
        )
        trail.delivered, trail.delivery_error = now, ""


def _wants(trail: Trail, event: dict[str, Any]) -> bool:
    """Whether the trail takes events of this kind and region."""
    kind = event.get("eventRW", "Write")
    return trail.event_rw in ("All", kind) and trails.covers(trail, str(event.get("acsRegion", "")))


def _operation(name: str, run: Run, rw: Literal["Read", "Write"]) -> Operation:
    """ActionTrail's calls are authorised on `*`: none of them knows permissions on single trails."""
    return Operation(name, run, f"actiontrail:{name}", rw)
