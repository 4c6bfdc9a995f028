"""The common way of every OpenAPI call: authenticate, authorise, run, record, answer."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from localcloud.authorize import access_denied_detail, require
from localcloud.call import Call, Reply, new_request_id
from localcloud.errors import AccessDenied, CloudError, Unsupported
from localcloud.identity import ANONYMOUS, Caller
from localcloud.record import record_api_call
from localcloud.signatures import openapi as signature

if TYPE_CHECKING:
    from localcloud.cloud import Cloud

Answer = dict[str, Any]

MOST_LEVELS = 32
"""Dots of a parameter's name that nest; what follows is part of the last name."""


@dataclass(slots=True)
class Invocation:
    """One authenticated call. `flat` are the parameters as they came, `params` the same nested.

    `A.B=1&C.1=x` becomes `{"A": {"B": "1"}, "C": ["x"]}`; a JSON object or list given as text is decoded in `params`.
    ROA calls put path variables and the JSON body in both.
    """

    cloud: Cloud
    call: Call
    caller: Caller
    flat: dict[str, Any]
    params: dict[str, Any]
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def account(self) -> str:
        return self.caller.account

    @property
    def region(self) -> str:
        return str(self.flat.get("RegionId") or self.flat.get("regionId") or self.call.region)

    def text(self, name: str, default: str = "") -> str:
        value = self.params.get(name, default)
        return value if isinstance(value, str) else str(value)

    def require_text(self, name: str) -> str:
        """A parameter that must be there; `Missing<name>` otherwise, as the services answer."""
        value = self.text(name)
        if not value:
            raise CloudError(f"Missing{name}", f"{name} is mandatory for this action.", 400)
        return value

    def flag(self, name: str) -> bool:
        return self.text(name).lower() == "true"

    def number(self, name: str, default: int) -> int:
        value = self.text(name)
        if not value:
            return default
        try:
            return int(value)
        except ValueError as error:
            raise CloudError(f"InvalidParameter.{name}", f"{name} is not a number: {value}", 400) from error


Run = Callable[[Invocation], Answer | Awaitable[Answer]]
Resources = Callable[[Invocation], list[str]]


@dataclass(frozen=True, slots=True)
class Operation:
    """One API. `action` is the RAM action ("" if it needs none), `route` the ROA method and path pattern."""

    name: str
    run: Run
    action: str = ""
    rw: Literal["Read", "Write"] = "Read"
    resources: Resources = lambda invocation: ["*"]
    route: tuple[str, str] | None = None
    context: Callable[[Invocation], Mapping[str, tuple[str, ...]]] | None = None


class OpenApiService:
    """An OpenAPI product: its name for events, its API version and its table of operations."""

    name = ""
    """Key in `localcloud.hosts`."""
    event_name = ""
    """ActionTrail's serviceName."""
    version = ""
    older_versions: tuple[str, ...] = ()
    """Other API versions of which an operation or two are there."""
    denial_code = "NoPermission"

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.operations = {operation.name: operation for operation in self.table()}
        self._routes = [
            (operation.route[0], _route_pattern(operation.route[1]), operation)
            for operation in self.operations.values()
            if operation.route
        ]

    def table(self) -> tuple[Operation, ...]:
        raise NotImplementedError

    def operation_name(self, call: Call) -> str:
        """The API's name, for faults and counts; ROA calls are found by their route."""
        if self._routes:
            operation, _ = self._route(call)
            return operation.name if operation else f"{call.method} {call.path}"
        return _named(call, "Action") or call.headers.get("x-acs-action", "")

    async def handle(self, call: Call) -> Reply:
        call.request_id = new_request_id()
        name = self.operation_name(call)
        caller = ANONYMOUS
        invocation: Invocation | None = None
        operation: Operation | None = None
        try:
            caller = signature.authenticate(call, self.cloud.state, call.received)
            self.cloud.note_caller(call, caller)
            operation, path_values = self._find(call, name)
            flat = (roa_parameters(call) if self._routes else rpc_parameters(call)) | path_values
            invocation = Invocation(self.cloud, call, caller, flat, nest(flat))
            self._authorise(invocation, operation)
            outcome = operation.run(invocation)
            answer = await outcome if inspect.isawaitable(outcome) else outcome
        except CloudError as error:
            if invocation is not None and operation is not None:
                record_api_call(self.cloud, self, operation, invocation, error=error)
            return self._refuse(call, caller, error, invocation, operation)
        record_api_call(self.cloud, self, operation, invocation, answer=answer)
        return self._reply(call, 200, answer)

    def _find(self, call: Call, name: str) -> tuple[Operation, dict[str, str]]:
        version = call.headers.get("x-acs-version") or _named(call, "Version")
        if version not in ("", self.version, *self.older_versions):
            raise Unsupported(self.name, f"{name} of API version {version}")
        if self._routes:
            operation, values = self._route(call)
        else:
            operation, values = self.operations.get(name), {}
        if operation is None:
            raise Unsupported(self.name, name or f"{call.method} {call.path}")
        return operation, values

    def _route(self, call: Call) -> tuple[Operation | None, dict[str, str]]:
        for method, pattern, operation in self._routes:
            if method == call.method and (match := pattern.fullmatch(call.path)):
                return operation, match.groupdict()
        return None, {}

    def _authorise(self, invocation: Invocation, operation: Operation) -> None:
        if not operation.action:
            return
        extra = operation.context(invocation) if operation.context else None
        for resource in operation.resources(invocation):
            require(
                self.cloud,
                invocation.caller,
                invocation.call,
                operation.action,
                resource,
                extra,
                self.denial_code,
            )

    def _refuse(
        self,
        call: Call,
        caller: Caller,
        error: CloudError,
        invocation: Invocation | None,
        operation: Operation | None,
    ) -> Reply:
        if isinstance(error, Unsupported):
            self.cloud.count_unsupported(error.service, error.operation)
        body: Answer = {
            "RequestId": call.request_id,
            "HostId": call.host,
            "Code": error.code,
            "Message": error.message,
            "Recommend": f"https://api.aliyun.com/troubleshoot?q={error.code}",
            **error.fields,
        }
        if isinstance(error, AccessDenied):
            body["AccessDeniedDetail"] = access_denied_detail(error, caller)
        if invocation is not None and operation is not None:
            self.cloud.services["openapiexplorer"].take(self, operation, invocation, body)  # type: ignore[attr-defined]
        return self._reply(call, error.status, body)

    def _reply(self, call: Call, status: int, answer: Answer) -> Reply:
        answer.setdefault("RequestId", call.request_id)
        headers = {"x-acs-request-id": call.request_id}
        if not self._routes and _named(call, "Format").upper() == "XML":
            name = "Error" if status >= 300 else f"{self.operation_name(call)}Response"
            headers["content-type"] = "text/xml;charset=utf-8"
            return Reply(status, headers, xml_document(name, answer))
        headers["content-type"] = "application/json;charset=utf-8"
        return Reply(status, headers, json.dumps(answer, ensure_ascii=False).encode())


def rpc_parameters(call: Call) -> dict[str, Any]:
    """Query and form parameters of an RPC call, or the members of its JSON body."""
    flat: dict[str, Any] = dict(call.query)
    content_type = call.headers.get("content-type", "")
    if content_type.startswith("application/json"):
        flat.update(_json_object(call.body))
    elif call.body:
        flat.update(parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True))
    return flat


def roa_parameters(call: Call) -> dict[str, Any]:
    """Query parameters and the members of the JSON body of a ROA call."""
    return dict(call.query) | (_json_object(call.body) if call.body else {})


def _named(call: Call, name: str) -> str:
    """One text parameter of a call that may turn out to be malformed; "" if it is not there."""
    value = None
    with suppress(CloudError):
        value = rpc_parameters(call).get(name)
    return value if isinstance(value, str) else ""


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        value = _whole_characters(json.loads(body))
    except (ValueError, RecursionError) as error:
        raise CloudError("InvalidJSON", f"The request body is not JSON: {error}", 400) from error
    if not isinstance(value, dict):
        raise CloudError("InvalidJSON", "The request body is not a JSON object.", 400)
    return value


def _whole_characters(value: Any) -> Any:
    """The same value without half surrogate pairs, which JSON can escape and nothing can store."""
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.loads(text.encode("utf-8", "replace"))
    return value


def nest(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Turn `A.B=1`, `C.1=x` into nested objects and lists; decode JSON objects and lists given as text."""
    tree: dict[str, Any] = {}
    for key, value in flat.items():
        at = tree
        *parents, last = key.split(".", MOST_LEVELS)
        for part in parents:
            following = at.setdefault(part, {})
            at = following if isinstance(following, dict) else {}
        at[last] = _decoded(value)
    try:
        return {key: _as_lists(value) for key, value in tree.items()}
    except RecursionError as error:
        raise CloudError("InvalidParameter", "A parameter is nested too deeply.", 400) from error


def _decoded(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return _whole_characters(json.loads(value))
        except (ValueError, RecursionError):
            return value
    return value


def _as_lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(key.isdecimal() for key in value):
        return [_as_lists(value[key]) for key in sorted(value, key=int)]
    return {key: _as_lists(item) for key, item in value.items()}


def _route_pattern(path: str) -> re.Pattern[str]:
    """`/api/v1/workspaces/{id}` as an expression; the fixed parts are escaped."""
    pieces = re.split(r"\{(\w+)\}", path)
    return re.compile("".join(f"(?P<{p}>[^/]+)" if i % 2 else re.escape(p) for i, p in enumerate(pieces)))


def xml_document(name: str, value: Any) -> bytes:
    """An answer as XML, which older clients ask for with `Format=XML`."""
    return ('<?xml version="1.0" encoding="UTF-8"?>' + _xml(name, value)).encode()


def _xml(name: str, value: Any) -> str:
    if isinstance(value, dict):
        return f"<{name}>" + "".join(_xml(k, v) for k, v in value.items()) + f"</{name}>"
    if isinstance(value, list):
        return "".join(_xml(name, item) for item in value)
    text = json.dumps(value) if isinstance(value, bool) else str(value)
    return f"<{name}>{escape(text)}</{name}>"
