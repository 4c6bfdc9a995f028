"""One authenticated call to SLS with what it addresses, and the answers operations give."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from localcloud.call import Call, Reply
from localcloud.errors import CloudError
from localcloud.sls.state import ConsumerGroup, Logstore, Project

if TYPE_CHECKING:
    from localcloud.cloud import Cloud
    from localcloud.identity import Caller
    from localcloud.sls.service import SlsService


@dataclass(slots=True)
class SlsRequest:
    """`project_name` is from the host name; `logstore_name` and `part` (shard or group) from the path."""

    service: SlsService
    call: Call
    caller: Caller
    project_name: str
    logstore_name: str = ""
    part: str = ""
    _json: Any = None

    @property
    def cloud(self) -> Cloud:
        return self.service.cloud

    @property
    def now(self) -> float:
        return self.call.received

    @property
    def project(self) -> Project:
        """The addressed project; `ProjectNotExist` if it is not in this region."""
        project = self.cloud.state.sls.projects.get(self.project_name)
        if project is None or project.region != self.call.region:
            raise CloudError("ProjectNotExist", f"The Project does not exist : {self.project_name}", 404)
        return project

    @property
    def logstore(self) -> Logstore:
        logstore = self.project.logstores.get(self.logstore_name)
        if logstore is None:
            raise CloudError("LogStoreNotExist", f"logstore {self.logstore_name} does not exist", 404)
        return logstore

    @property
    def consumer_group(self) -> ConsumerGroup:
        group = self.logstore.groups.get(self.part)
        if group is None:
            raise CloudError("ConsumerGroupNotExist", "consumer group not exist", 404)
        return group

    def json_body(self) -> Any:
        """The body as JSON; `PostBodyInvalid` if it is none."""
        if self._json is None:
            try:
                self._json = json.loads(self.call.body)
            except (ValueError, RecursionError) as error:
                raise CloudError(
                    "PostBodyInvalid", "The request body is not valid JSON object.", 400
                ) from error
        return self._json

    def json_object(self) -> dict[str, Any]:
        body = self.json_body()
        if not isinstance(body, dict):
            raise CloudError("PostBodyInvalid", "The request body is not valid JSON object.", 400)
        return body

    def required(self, name: str) -> str:
        """A query parameter that must be there."""
        if not self.call.has_argument(name):
            raise CloudError("MissingParameter", f"Missing query key : {name}.", 400)
        return self.call.argument(name)

    def number(self, name: str, default: int, most: int) -> int:
        """A query parameter from 0 to `most`; absent or empty means the default."""
        text = self.call.argument(name) or str(default)
        if not (text.isascii() and text.isdigit()) or int(text) > most:
            raise CloudError("ParameterInvalid", f"{name} : {text} pair is invalid", 400)
        return int(text)


Run = Callable[[SlsRequest], Reply]
Scope = Literal["projects", "project", "logstores", "logstore", "groups", "group", "policies"]


@dataclass(frozen=True, slots=True)
class SlsOperation:
    """One API. `scope` is what its permission is asked on: the project, all or one logstore, all or one
    consumer group, the collection policies.

    `recorded` calls are written as ActionTrail events; those that move data are not, as they would feed
    themselves.
    """

    name: str
    run: Run
    action: str
    scope: Scope
    rw: Literal["Read", "Write"] = "Read"
    recorded: bool = True


def json_reply(value: Any, headers: dict[str, str] | None = None) -> Reply:
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return Reply(200, {"content-type": "application/json", **(headers or {})}, body)


def done() -> Reply:
    """Success without a body."""
    return Reply(200)
