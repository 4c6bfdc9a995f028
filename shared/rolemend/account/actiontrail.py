"""ActionTrail 2020-07-06, with the SDK `alibabacloud-actiontrail20200706`: the events of the last 90 days."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from rolemend.account.access import Access
from rolemend.account.calls import ask, openapi_config, translate_openapi


class ActionTrail:
    """`Trail` on the live account, one region's history."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def events(self, service: str, name: str, start: int, end: int) -> Iterator[dict[str, Any]]:
        """All pages of 50; the API has no key for the error code and allows two calls a second."""
        from alibabacloud_actiontrail20200706 import models
        from alibabacloud_actiontrail20200706.client import Client

        client = Client(openapi_config(self._access, f"actiontrail.{self._access.region}.aliyuncs.com"))
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


def _utc(moment: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))
