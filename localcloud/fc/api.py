"""The HTTP side of Function Compute: both invoke paths, reading functions, and HTTP triggers.

APIs: https://www.alibabacloud.com/help/en/functioncompute/api-fc-2023-03-30-invokefunction and
https://www.alibabacloud.com/help/en/functioncompute/error-codes
"""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any

from localcloud.call import Call, Reply
from localcloud.errors import CloudError, Unauthenticated, Unsupported
from localcloud.fc import http_trigger
from localcloud.fc.access import require_caller
from localcloud.fc.asynchronous import PAYLOAD_LIMIT, AsyncQueue
from localcloud.fc.description import describe_function, describe_trigger
from localcloud.fc.host import FunctionHost
from localcloud.fc.outcome import Outcome, new_fc_request_id
from localcloud.fc.spec import FunctionKey, FunctionSpec, HttpTrigger
from localcloud.identity import Caller
from localcloud.signatures import fc as fc_signature
from localcloud.signatures import openapi as openapi_signature

if TYPE_CHECKING:
    from localcloud.cloud import Cloud

SYNC_LIMIT = 32 * 1024 * 1024
_LOG_TAIL = 4 * 1024
_ROUTES = (
    ("POST", re.compile(r"/2023-03-30/functions/(?P<function>[^/]+)/invocations"), "InvokeFunction"),
    ("GET", re.compile(r"/2023-03-30/functions/(?P<function>[^/]+)/triggers"), "ListTriggers"),
    ("GET", re.compile(r"/2023-03-30/functions/(?P<function>[^/]+)"), "GetFunction"),
    ("GET", re.compile(r"/2023-03-30/functions"), "ListFunctions"),
    (
        "POST",
        re.compile(r"/2016-08-15/services/(?P<service>[^/]+)/functions/(?P<function>[^/]+)/invocations"),
        "InvokeFunction",
    ),
    (
        "GET",
        re.compile(r"/2016-08-15/services/(?P<service>[^/]+)/functions/(?P<function>[^/]+)"),
        "GetFunction",
    ),
    (
        "GET",
        re.compile(r"/2016-08-15/services/(?P<service>[^/]+)/functions/(?P<function>[^/]+)/triggers"),
        "ListTriggers",
    ),
    ("GET", re.compile(r"/2016-08-15/services/(?P<service>[^/]+)/functions"), "ListFunctions"),
    ("GET", re.compile(r"/2016-08-15/services/(?P<service>[^/]+)"), "GetService"),
)


class FunctionApi:
    """Answers calls to `<account>.<region>.fc.aliyuncs.com` and to the built-in domains under `fcapp.run`."""

    def __init__(self, cloud: Cloud, host: FunctionHost, queue: AsyncQueue) -> None:
        self.cloud = cloud
        self.host = host
        self.queue = queue

    def operation_name(self, call: Call) -> str:
        if call.host.endswith(".fcapp.run"):
            return "HTTPTrigger"
        name, _ = _route(call)
        return name or f"{call.method} {call.path}"

    async def handle(self, call: Call) -> Reply:
        """Answer one call, refusals included, in the format of the API's version."""
        old = call.path.startswith("/2016-08-15/")
        call.request_id = new_fc_request_id("2.0" if old else "", call.received)
        try:
            if call.host.endswith(".fcapp.run"):
                reply = await self._http(call)
            else:
                reply = await self._api(call, old)
        except CloudError as error:
            if isinstance(error, Unsupported):
                self.cloud.count_unsupported(error.service, error.operation)
            reply = _refusal(call, error, old)
        reply.headers.setdefault("x-fc-request-id", call.request_id)
        return reply

    async def _api(self, call: Call, old: bool) -> Reply:
        name, values = _route(call)
        if not name:
            raise Unsupported("fc", f"{call.method} {call.path}")
        caller = self._authenticate(call, old)
        if call.label and call.label != caller.account:
            raise CloudError("AccessDenied", "The service or function doesn't belong to you.", 403)
        service, _, qualifier = values.get("service", "").partition(".")
        qualifier = qualifier or call.argument("qualifier")
        key = FunctionKey(caller.account, call.region, service, values.get("function", ""))
        if name == "ListFunctions":
            return self._list(call, caller, key)
        if name == "GetService":
            return self._service(call, caller, key)
        require_caller(self.cloud, caller, call, f"fc:{name}", _resource(key, qualifier, name))
        spec = self.host.require(key)
        _check_qualifier(key, qualifier)
        if name == "GetFunction":
            return _json(describe_function(spec))
        if name == "ListTriggers":
            return _json({"triggers": [describe_trigger(spec, trigger) for trigger in spec.triggers]})
        return await self._invoke(call, spec)

    def _authenticate(self, call: Call, old: bool) -> Caller:
        if "authorization" not in call.headers:
            raise Unauthenticated(
                "MissingRequiredHeader", "required HTTP header Authorization was not specified", 400
            )
        if old:
            caller = fc_signature.authenticate(call, self.cloud.state, call.received)
        else:
            caller = openapi_signature.authenticate(call, self.cloud.state, call.received)
        self.cloud.note_caller(call, caller)
        return caller

    async def _invoke(self, call: Call, spec: FunctionSpec) -> Reply:
        kind = call.headers.get("x-fc-invocation-type", "Sync")
        if kind not in ("Sync", "Async"):
            raise CloudError("InvalidArgument", f"invocation type must be Sync or Async, got '{kind}'", 400)
        limit = SYNC_LIMIT if kind == "Sync" else PAYLOAD_LIMIT
        if len(call.body) > limit:
            raise CloudError(
                "EntityTooLarge", f"payload size exceeds maximum allowed size ({limit} bytes)", 413
            )
        if kind == "Async":
            return self._queue(call, spec)
        outcome = await self.host.invoke(spec.key, call.body, "sync", call.request_id, wait=False)
        return _result(outcome, call.headers.get("x-fc-log-type", "None") == "Tail")

    def _queue(self, call: Call, spec: FunctionSpec) -> Reply:
        """202 with the request id; a task id that the caller chose is repeated."""
        self.queue.put(spec.key, call.body, "async", call.request_id)
        name = "x-fc-stateful-async-invocation-id" if spec.key.service else "x-fc-async-task-id"
        return Reply(202, {name: call.headers.get(name, call.request_id)})

    def _list(self, call: Call, caller: Caller, key: FunctionKey) -> Reply:
        place = f"services/{key.service}/" if key.service else ""
        resource = f"acs:fc:{key.region}:{key.account}:{place}functions/*"
        require_caller(self.cloud, caller, call, "fc:ListFunctions", resource)
        prefix, after = call.argument("prefix"), call.argument("nextToken")
        limit = call.argument("limit", "100")
        if not limit.isdecimal() or not 1 <= int(limit) <= 100:
            raise CloudError("InvalidArgument", f"limit must be from 1 to 100, got '{limit}'", 400)
        names = sorted(k.name for k in self.host.pools if k[:3] == key[:3] and k.name.startswith(prefix))
        names = [name for name in names if name >= after]
        page = names[: int(limit)]
        answer: dict[str, Any] = {
            "functions": [describe_function(self.host.require(key._replace(name=name))) for name in page]
        }
        if len(names) > len(page):
            answer["nextToken"] = names[len(page)]
        return _json(answer)

    def _service(self, call: Call, caller: Caller, key: FunctionKey) -> Reply:
        """An FC 2.0 service, whose functions share its role; it is there as long as it has functions."""
        resource = f"acs:fc:{key.region}:{key.account}:services/{key.service}"
        require_caller(self.cloud, caller, call, "fc:GetService", resource)
        found = next((pool.spec for known, pool in self.host.pools.items() if known[:3] == key[:3]), None)
        if found is None:
            raise CloudError("ServiceNotFound", f"service '{key.service}' does not exist", 404)
        return _json({"serviceName": key.service, "role": found.role})

    async def _http(self, call: Call) -> Reply:
        spec, trigger = self._trigger_at(call)
        http_trigger.check_request(call, trigger)
        if len(call.body) > SYNC_LIMIT:
            raise CloudError(
                "EntityTooLarge", f"payload size exceeds maximum allowed size ({SYNC_LIMIT} bytes)", 413
            )
        if trigger.auth == "function":
            self._require_signed(call, spec)
        event = http_trigger.request_event(call, spec.key, call.request_id)
        outcome = await self.host.invoke(spec.key, event, trigger.name, call.request_id, wait=False)
        if outcome.failed:
            headers = {"x-fc-error-type": outcome.error_type, "content-type": "application/json"}
            return Reply(502, headers | {"content-disposition": "attachment"}, outcome.body)
        return http_trigger.reply_of(outcome)

    def _trigger_at(self, call: Call) -> tuple[FunctionSpec, HttpTrigger]:
        for pool in self.host.pools.values():
            if http_trigger.domain(pool.spec.key) == call.host:
                for trigger in pool.spec.triggers:
                    if isinstance(trigger, HttpTrigger):
                        return pool.spec, trigger
        raise CloudError("DomainNameNotFound", f"domain name '{call.host}' does not exist", 404)

    def _require_signed(self, call: Call, spec: FunctionSpec) -> None:
        """Either signature is taken; the query is part of what is signed."""
        authorization = call.headers.get("authorization", "")
        if authorization.startswith("FC "):
            caller = fc_signature.authenticate(call, self.cloud.state, call.received, with_query=True)
        else:
            caller = self._authenticate(call, old=False)
        require_caller(self.cloud, caller, call, "fc:InvokeFunction", spec.key.arn)


def _route(call: Call) -> tuple[str, dict[str, str]]:
    for method, pattern, name in _ROUTES:
        if call.method == method and (match := pattern.fullmatch(call.path)):
            return name, match.groupdict()
    return "", {}


def _resource(key: FunctionKey, qualifier: str, name: str) -> str:
    """FC 2.0 policies name a qualifier with the service (`services/s.LATEST/functions/f`); 3.0 ones name none.

    Who lists triggers asks for all of a function's:
    https://www.alibabacloud.com/help/en/functioncompute/fc-2-0/user-guide/policies
    """
    if name == "ListTriggers":
        return f"{key.arn}/triggers/*"
    if key.service and qualifier:
        return f"acs:fc:{key.region}:{key.account}:services/{key.service}.{qualifier}/functions/{key.name}"
    return key.arn


def _check_qualifier(key: FunctionKey, qualifier: str) -> None:
    if qualifier in ("", "LATEST"):
        return
    owner = f"service '{key.service}'" if key.service else f"function '{key.name}'"
    kind = "Version" if qualifier.isdecimal() else "Alias"
    raise CloudError(f"{kind}NotFound", f"{kind.lower()} '{qualifier}' of {owner} does not exist", 404)


def _result(outcome: Outcome, with_log: bool) -> Reply:
    headers = {
        "content-type": "application/octet-stream",
        "x-fc-instance-id": outcome.instance,
        "x-fc-invocation-duration": f"{outcome.seconds * 1000:.0f}",
        "x-fc-max-memory-usage": f"{outcome.memory:.2f}",
    }
    if outcome.failed:
        headers |= {"x-fc-error-type": outcome.error_type, "content-type": "application/json"}
    if with_log:
        headers["x-fc-log-result"] = base64.b64encode(outcome.log[-_LOG_TAIL:]).decode()
    return Reply(200, headers, outcome.body)


def _json(answer: dict[str, Any]) -> Reply:
    return Reply(200, {"content-type": "application/json"}, json.dumps(answer).encode())


def _refusal(call: Call, error: CloudError, old: bool) -> Reply:
    """`ErrorCode` and `ErrorMessage` in FC 2.0; `Code`, `Message` and `RequestId` in FC 3.0."""
    if old:
        body = {"ErrorCode": error.code, "ErrorMessage": error.message}
    else:
        body = {"Code": error.code, "Message": error.message, "RequestId": call.request_id, **error.fields}
    return Reply(error.status, {"content-type": "application/json"}, json.dumps(body).encode())
