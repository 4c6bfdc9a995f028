"""ActionTrail as `rolemend setup` needs it: one trail."""

from __future__ import annotations

from typing import Any

from rolemend.account.access import Access
from rolemend.account.calls import ask, openapi_config, reading, translate_openapi
from rolemend.account.interface import Reading
from rolemend.errors import NotThere


class TrailSetup:
    """Trails whose home is the region of `access`."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._made: Any = None

    @property
    def _client(self) -> Any:
        if self._made is None:
            from alibabacloud_actiontrail20200706.client import Client

            endpoint = f"actiontrail.{self._access.region}.aliyuncs.com"
            self._made = Client(openapi_config(self._access, endpoint))
        return self._made

    def trail(self, name: str) -> Reading[dict[str, Any]]:
        """`{"events", "regions", "project", "logging"}`; `project` as an ARN."""
        return reading(lambda: self._trail(name))

    def _trail(self, name: str) -> dict[str, Any]:
        from alibabacloud_actiontrail20200706 import models

        wanted = models.DescribeTrailsRequest(name_list=name)
        listed = self._ask("DescribeTrails", self._client.describe_trails, wanted).body.trail_list or []
        for trail in listed:
            if trail.name == name:
                return {
                    "events": trail.event_rw,
                    "regions": trail.trail_region,
                    "project": trail.sls_project_arn or "",
                    "logging": trail.status == "Enable",
                }
        raise NotThere("DescribeTrails", "TrailNotFoundException", f"no trail is named {name}")

    def make_trail(self, name: str, project: str) -> None:
        """A trail of every event of every region; it stays off until `start`."""
        from alibabacloud_actiontrail20200706 import models

        request = models.CreateTrailRequest(
            name=name, event_rw="All", trail_region="All", sls_project_arn=project
        )
        self._ask("CreateTrail", self._client.create_trail, request)

    def change_trail(self, name: str, project: str) -> None:
        from alibabacloud_actiontrail20200706 import models

        request = models.UpdateTrailRequest(
            name=name, event_rw="All", trail_region="All", sls_project_arn=project
        )
        self._ask("UpdateTrail", self._client.update_trail, request)

    def start(self, name: str) -> None:
        from alibabacloud_actiontrail20200706 import models

        self._ask("StartLogging", self._client.start_logging, models.StartLoggingRequest(name=name))

    def remove_trail(self, name: str) -> None:
        from alibabacloud_actiontrail20200706 import models

        self._ask("DeleteTrail", self._client.delete_trail, models.DeleteTrailRequest(name=name))

    def _ask(self, operation: str, call: Any, request: Any) -> Any:
        return ask(self._access, operation, translate_openapi, call, request)
