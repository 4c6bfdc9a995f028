"""Simple Log Service: the way of a call, and what other services of the local cloud use in-process."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from localcloud.authorize import require
from localcloud.call import Call, Reply, new_hex_request_id
from localcloud.errors import AccessDenied, CloudError, Unsupported
from localcloud.identity import ANONYMOUS
from localcloud.record import base_event, session_parameters
from localcloud.signatures import sls as signature
from localcloud.sls.cursors import decode_cursor, encode_cursor, end_position
from localcloud.sls.logstores import add_logstore
from localcloud.sls.messages import encode_group
from localcloud.sls.projects import add_project
from localcloud.sls.request import SlsOperation, SlsRequest
from localcloud.sls.routes import find_route
from localcloud.sls.state import Logstore, Project, Shard
from localcloud.sls.storage import find_shard, write_group

if TYPE_CHECKING:
    from localcloud.cloud import Cloud

API_VERSION = "2020-12-30"


class SlsService:
    """Answers calls to `<project>.<region>.log.aliyuncs.com`.

    `on_append` are called with project and logstore after every write, from outside or inside; `dropped`
    counts what cloud services wrote to logstores that are gone, as (project, logstore).
    """

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.on_append: list[Callable[[str, str], None]] = []
        self.dropped: Counter[tuple[str, str]] = Counter()

    def operation_name(self, call: Call) -> str:
        route = find_route(call)
        return route.operation.name if route else f"{call.method} {call.path}"

    def handle(self, call: Call) -> Reply:
        call.request_id = new_hex_request_id()
        route = find_route(call)
        request = SlsRequest(self, call, ANONYMOUS, call.label)
        try:
            request.caller = signature.authenticate(call, self.cloud.state, call.received)
            self.cloud.note_caller(call, request.caller)
            if route is None:
                raise Unsupported("sls", f"{call.method} {call.path} (type={call.argument('type')})")
            request.logstore_name, request.part = route.logstore, route.part
            self._authorise(request, route.operation)
            reply = route.operation.run(request)
        except CloudError as error:
            if isinstance(error, Unsupported):
                self.cloud.count_unsupported(error.service, error.operation)
            reply = _refusal(error)
            self._record(request, route.operation if route else None, error)
        else:
            self._record(request, route.operation, None)
        reply.headers["x-log-requestid"] = call.request_id
        return reply

    def _authorise(self, request: SlsRequest, operation: SlsOperation) -> None:
        """Ask for the permission; another account's project is refused before any policy is asked.

        Source of the resources: https://help.aliyun.com/zh/sls/developer-reference/overview-5
        """
        caller, call = request.caller, request.call
        if operation.name == "CreateProject":
            request.project_name = str(request.json_object().get("projectName", ""))
        elif operation.scope not in ("projects", "policies") and request.project.owner != caller.account:
            raise CloudError("Unauthorized", "The project does not belong to you.", 401)
        resource = _resource(request, operation)
        try:
            require(self.cloud, caller, call, operation.action, resource, code="Unauthorized")
        except AccessDenied as error:
            raise _denied(operation.action, resource, error) from error
        if operation.name == "PutLogs" and request.logstore.owner_service:
            raise _denied(operation.action, resource, None)

    def _record(self, request: SlsRequest, operation: SlsOperation | None, error: CloudError | None) -> None:
        """Publish the event of a management call whose caller is known."""
        call, caller = request.call, request.caller
        if operation is None or not operation.recorded or caller is ANONYMOUS:
            return
        event = base_event(call, caller, "Sls", operation.name, API_VERSION, operation.rw)
        named = {
            "project": request.project_name,
            "logstore": request.logstore_name,
            "consumerGroup": request.part,
        }
        parameters: dict[str, Any] = {key: value for key, value in named.items() if value} | dict(call.query)
        parameters |= session_parameters(caller)
        with suppress(CloudError):
            parameters |= request.json_object() if call.body else {}
        event["requestParameters"] = parameters
        event["requestParameterJson"] = json.dumps(parameters, ensure_ascii=False)
        if error is not None:
            event["errorCode"], event["errorMessage"] = error.code, error.message
        self.cloud.publish(event, caller.account)

    def appended(self, project: str, logstore: str) -> None:
        """Tell everyone who waits for logs that there are new ones."""
        for listener in self.on_append:
            listener(project, logstore)

    def create_project(self, project: str, *, account: str, region: str) -> None:
        """For other services: make a project of an account unless it has that name already."""
        if project not in self.cloud.state.sls.projects:
            add_project(self.cloud.state.sls, project, account, region, self.cloud.clock())

    def create_logstore(self, project: str, logstore: str, *, owner_service: str = "", ttl: int = 30) -> None:
        """For other services: make a logstore or take over the one that is there; the project must exist.

        A logstore with an `owner_service` refuses logs of anyone else and has every field searchable.
        """
        found = self.cloud.state.sls.projects.get(project)
        if found is None:
            raise CloudError("ProjectNotExist", f"The Project does not exist : {project}", 404)
        there = found.logstores.get(logstore)
        if there is None:
            add_logstore(found, logstore, self.cloud.clock(), ttl=ttl, owner_service=owner_service)
        elif owner_service:
            there.owner_service = owner_service

    def has_logstore(self, project: str, logstore: str) -> bool:
        return self._find(project, logstore) is not None

    def append(
        self,
        *,
        project: str,
        logstore: str,
        logs: list[list[tuple[str, str]]],
        topic: str = "",
        source: str = "",
        time: int | None = None,
    ) -> None:
        """Write one group of logs, each a list of (field, value); `time` in epoch seconds, now by default.

        If the logstore is gone the logs are counted in `dropped` and lost, as a service's delivery would
        lose them.
        """
        found = self._find(project, logstore)
        if found is None:
            self.dropped[project, logstore] += len(logs)
            return
        now = self.cloud.clock()
        write_group(found, encode_group(logs, int(now) if time is None else time, topic, source), now)
        self.appended(project, logstore)

    def shards(self, project: str, logstore: str) -> list[int]:
        """The shard ids of a logstore; none if it is gone."""
        found = self._find(project, logstore)
        return [shard.id for shard in found.shards] if found else []

    def begin_cursor(self, project: str, logstore: str, shard: int) -> str:
        return encode_cursor(self._shard(project, logstore, shard).first)

    def end_cursor(self, project: str, logstore: str, shard: int) -> str:
        return encode_cursor(end_position(self._shard(project, logstore, shard)))

    def has_data(self, project: str, logstore: str, shard: int, begin_cursor: str) -> bool:
        """Whether there are logs at or after a cursor."""
        return decode_cursor(begin_cursor) < end_position(self._shard(project, logstore, shard))

    def _find(self, project: str, logstore: str) -> Logstore | None:
        found: Project | None = self.cloud.state.sls.projects.get(project)
        return found.logstores.get(logstore) if found else None

    def _shard(self, project: str, logstore: str, shard: int) -> Shard:
        found = self._find(project, logstore)
        if found is None:
            raise CloudError("LogStoreNotExist", f"logstore {logstore} does not exist", 404)
        return find_shard(found, str(shard), self.cloud.clock())


def _resource(request: SlsRequest, operation: SlsOperation) -> str:
    owner, region = request.caller.account, request.call.region
    project = f"acs:log:{region}:{owner}:project/{request.project_name or '*'}"
    logstore = f"{project}/logstore/{request.logstore_name}"
    match operation.scope:
        case "projects" | "project":
            return project
        case "logstores":
            return f"{project}/logstore/*"
        case "logstore":
            return logstore
        case "policies":
            return f"acs:log:{region}:{owner}:collectionpolicy/{request.part or '*'}"
        case "groups":
            return f"{logstore}/consumergroup/*"
        case "group":
            return f"{logstore}/consumergroup/{request.part}"


def _denied(action: str, resource: str, error: AccessDenied | None) -> AccessDenied:
    """SLS's own words for a refusal, seen in https://github.com/aliyun/aliyun-log-go-sdk/issues/38 ."""
    text = f"denied by sts or ram, action: {action}, resource: {resource}"
    decision = error.decision if error else None
    return AccessDenied("Unauthorized", text, 401, action=action, resource=resource, decision=decision)


def _refusal(error: CloudError) -> Reply:
    body = json.dumps({"errorCode": error.code, "errorMessage": error.message}, ensure_ascii=False).encode()
    return Reply(error.status, {"content-type": "application/json"}, body)
