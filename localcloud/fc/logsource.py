"""What the function host asks of Simple Log Service."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from localcloud.sls.cursors import encode_cursor, locate_cursor

if TYPE_CHECKING:
    from localcloud.cloud import Cloud
    from localcloud.sls.service import SlsService


def log_service(cloud: Cloud) -> SlsService:
    return cast("SlsService", cloud.services["sls"])


class LogSource:
    """The cursors of one logstore. A logstore that is missing or was removed has no shards."""

    def __init__(self, cloud: Cloud, project: str, logstore: str) -> None:
        self._cloud = cloud
        self._service = log_service(cloud)
        self.project = project
        self.logstore = logstore

    def shards(self) -> list[int]:
        return self._service.shards(self.project, self.logstore)

    def end_cursor(self, shard: int) -> str:
        return self._service.end_cursor(self.project, self.logstore, shard)

    def begin_cursor(self, shard: int) -> str:
        return self._service.begin_cursor(self.project, self.logstore, shard)

    def cursor_at(self, shard: int, when: float) -> str:
        """The first group received at or after an epoch second."""
        found = self._cloud.state.sls.projects[self.project].logstores[self.logstore]
        held = next(one for one in found.shards if one.id == shard)
        return encode_cursor(locate_cursor(held, str(int(when))))

    def has_data(self, shard: int, cursor: str) -> bool:
        return self._service.has_data(self.project, self.logstore, shard, cursor)
