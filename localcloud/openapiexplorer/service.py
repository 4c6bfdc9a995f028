"""OpenAPI Explorer 2024-11-30: what is kept of a call that ended in an error, by its request id.

API: https://help.aliyun.com/en/openapi/developer-reference/api-openapiexplorer-2024-11-30-getrequestlog
"""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from localcloud.errors import CloudError
from localcloud.openapi import Answer, Invocation, OpenApiService, Operation

if TYPE_CHECKING:
    from localcloud.cloud import Cloud

KEPT_SECONDS = 3 * 24 * 60 * 60
"""How long a log can be asked for. The page does not say; Alibaba Cloud's own troubleshooting skill says three days."""
MOST_LOGS = 10_000
_CALLER_TYPES = {"root-account": "customer", "ram-user": "sub", "assumed-role": "AssumedRoleUser"}


class OpenApiExplorerService(OpenApiService):
    """Logs are in memory only, as the key of the diagnostic messages in them is: they end with the process."""

    name = "openapiexplorer"
    event_name = "OpenAPIExplorer"
    version = "2024-11-30"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._logs: OrderedDict[str, tuple[float, str, Answer]] = OrderedDict()

    def table(self) -> tuple[Operation, ...]:
        return (
            Operation(
                "GetRequestLog",
                self._get_request_log,
                "openapiexplorer:GetRequestLog",
                route=("GET", "/getRequestLog"),
            ),
        )

    def take(
        self, service: OpenApiService, operation: Operation, invocation: Invocation, body: Answer
    ) -> None:
        """Keep the log of a call that was answered with an error; `body` is that answer."""
        call = invocation.call
        log = _log(service, operation, invocation, body)
        self._logs[call.request_id] = (call.received, invocation.account, log)
        while len(self._logs) > MOST_LOGS:
            self._logs.popitem(last=False)

    def _get_request_log(self, invocation: Invocation) -> Answer:
        """A log of the caller's own account; 404 for any other, and for one that is too old."""
        received, account, log = self._logs.get(invocation.require_text("logRequestId"), (0.0, "", {}))
        if account != invocation.account or invocation.call.received - received > KEPT_SECONDS:
            raise CloudError("NotFound.RequestLog", "The request log is not found.", 404)
        return {"logInfo": log}


def _log(service: OpenApiService, operation: Operation, invocation: Invocation, body: Answer) -> Answer:
    call, caller = invocation.call, invocation.caller
    basic: dict[str, Any] = {
        "api": operation.name,
        "apiVersion": service.version,
        "apiStyle": "roa" if operation.route else "rpc",
        "product": service.event_name,
        "logRequestId": call.request_id,
        "httpMethod": call.method,
        "errorCode": body["Code"],
        "errorMessage": body["Message"],
        "regionId": invocation.region,
        "endpoint": call.host,
        "gatewayProcessTime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(call.received)),
    }
    if detail := body.get("AccessDeniedDetail"):
        basic["accessDeniedDetail"] = {name[0].lower() + name[1:]: value for name, value in detail.items()}
    return {
        "basicInfo": basic,
        "callerInfo": {
            "callerAccountId": caller.principal_id,
            "callerType": _CALLER_TYPES.get(caller.type, ""),
            "masterAccountId": caller.account,
            "callerIp": call.source_ip,
            "userAgent": call.user_agent,
        },
    }
