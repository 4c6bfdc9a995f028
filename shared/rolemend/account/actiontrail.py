"""ActionTrail 2020-07-06, with the SDK `alibabacloud-actiontrail20200706`: the events of the last 90 days."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from rolemend.account.access import Access, region_name
from rolemend.account.calls import ask, openapi_config, reading, translate_openapi
from rolemend.account.interface import Reading
from rolemend.account.surveyed import TrailState


class ActionTrail:
    """`Trail` on the live account. Each region has a history of its own, and shows no other."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def events(
        self, service: str, name: str, start: int, end: int, region: str = ""
    ) -> Iterator[dict[str, Any]]:
        """All pages of 50; the API has no key for the error code and allows two calls a second."""
        from alibabacloud_actiontrail20200706 import models
        from alibabacloud_actiontrail20200706.client import Client

        place = region_name(region or self._access.region)
        client = Client(openapi_config(self._access, f"actiontrail.{place}.aliyuncs.com", place))
        attributes = [
            models.LookupEventsRequestLookupAttribute(key="ServiceName", value=service),
            models.LookupEventsRequestLookupAttribute(key="EventName", value=name),
        ]
        token = None
        while True:
            request = models.LookupEventsRequest(
                start_time=_utc(start),
                end_time=_utc(end),
                max_results="50",
                lookup_attribute=attributes,
                next_token=token,
            )
            body = ask(self._access, "LookupEvents", translate_openapi, client.lookup_events, request).body
            yield from (event for event in body.events or [] if isinstance(event, dict))
            token = body.next_token
            if not token:
                return


class Trails:
    """The trails of the live account."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def trails(self, region: str) -> Reading[tuple[TrailState, ...]]:
        return reading(lambda: self._trails(region))

    def _trails(self, region: str) -> tuple[TrailState, ...]:
        """DescribeTrails, and GetTrailStatus in the home region of each trail: only that tells of deliveries."""
        from alibabacloud_actiontrail20200706 import models

        request = models.DescribeTrailsRequest(include_shadow_trails=True)
        call = self._client(region).describe_trails
        found = ask(self._access, "DescribeTrails", translate_openapi, call, request).body.trail_list or []
        return tuple(self._state(item, region) for item in found)

    def _state(self, item: Any, region: str) -> TrailState:
        from alibabacloud_actiontrail20200706 import models

        home = item.home_region or region
        request = models.GetTrailStatusRequest(name=item.name)
        call = self._client(home).get_trail_status
        status = ask(self._access, "GetTrailStatus", translate_openapi, call, request).body
        return TrailState(
            name=item.name,
            region=home,
            events=item.event_rw or "",
            regions=item.trail_region or "",
            project=item.sls_project_arn or "",
            is_logging=bool(status.is_logging),
            error=status.latest_delivery_log_service_error or "",
        )

    def _client(self, region: str) -> Any:
        from alibabacloud_actiontrail20200706.client import Client

        return Client(openapi_config(self._access, f"actiontrail.{region_name(region)}.aliyuncs.com", region))


def _utc(moment: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))
