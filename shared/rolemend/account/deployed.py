"""What is deployed in Function Compute: functions and their triggers, of either generation.

https://www.alibabacloud.com/help/en/functioncompute/developer-reference/api-fc-2023-03-30-listtriggers
"""

from __future__ import annotations

import json
from typing import Any

from rolemend.account.access import Access
from rolemend.account.calls import ask, openapi_config, reading, translate_openapi
from rolemend.account.functions import open_service, translate_fc2
from rolemend.account.interface import Reading
from rolemend.account.surveyed import FunctionState, TriggerState
from rolemend.errors import Refused

_PAGE = 100


class Deployed:
    """Functions of FC 3.0, or of FC 2.0 services, whose role is the service's: "" where that may not be read.

    `service` is the service of whoever asks, "" in 3.0. `service/function` names a function of another one.
    """

    def __init__(self, access: Access, service: str = "") -> None:
        self._access, self._service = access, service

    def function(self, name: str) -> Reading[FunctionState]:
        return reading(lambda: self._function2(name) if self._service else self._function3(name))

    def triggers(self, function: str) -> Reading[tuple[TriggerState, ...]]:
        return reading(lambda: self._triggers2(function) if self._service else self._triggers3(function))

    def _function3(self, name: str) -> FunctionState:
        from alibabacloud_fc20230330 import models

        found = self._ask3("GetFunction", self._client().get_function, name, models.GetFunctionRequest()).body
        return FunctionState(name=name, role=_role_name(found.role), state=found.state or "")

    def _triggers3(self, function: str) -> tuple[TriggerState, ...]:
        from alibabacloud_fc20230330 import models

        found: list[TriggerState] = []
        token = None
        while True:
            request = models.ListTriggersRequest(limit=_PAGE, next_token=token)
            body = self._ask3("ListTriggers", self._client().list_triggers, function, request).body
            found += (
                _trigger(each.trigger_name, each.trigger_type, each.trigger_config, each.source_arn)
                for each in body.triggers or []
            )
            token = body.next_token
            if not token:
                return tuple(found)

    def _function2(self, name: str) -> FunctionState:
        client = open_service(self._access)
        service_name, function = self._place(name)
        self._ask2("GetFunction", client.get_function, service_name, function)
        try:
            service = self._ask2("GetService", client.get_service, service_name).data
        except Refused:
            return FunctionState(name=name, role="")
        return FunctionState(name=name, role=_role_name(service.get("role")))

    def _triggers2(self, function: str) -> tuple[TriggerState, ...]:
        list_triggers = open_service(self._access).list_triggers
        answer = self._ask2("ListTriggers", list_triggers, *self._place(function))
        return tuple(
            _trigger(
                each["triggerName"], each["triggerType"], each.get("triggerConfig"), each.get("sourceArn")
            )
            for each in answer.data.get("triggers") or []
        )

    def _place(self, name: str) -> tuple[str, str]:
        service, _, function = name.rpartition("/")
        return service or self._service, function

    def _client(self) -> Any:
        from alibabacloud_fc20230330.client import Client

        return Client(openapi_config(self._access, self._access.fc_endpoint()))

    def _ask3(self, operation: str, call: Any, *values: Any) -> Any:
        return ask(self._access, operation, translate_openapi, call, *values)

    def _ask2(self, operation: str, call: Any, *values: Any) -> Any:
        return ask(self._access, operation, translate_fc2, call, *values)


def _trigger(name: str, type: str, config: Any, source: str | None) -> TriggerState:
    """FC 3.0 gives the configuration as JSON text, FC 2.0 as an object."""
    told = json.loads(config) if isinstance(config, str) and config else config
    settings = told if isinstance(told, dict) else {}
    enabled = settings.get("enable", settings.get("triggerEnable", True))
    return TriggerState(
        name=name,
        type=type,
        enabled=enabled is not False,
        project=(source or "").rpartition("project/")[2] if type == "log" else "",
        logstore=str((settings.get("sourceConfig") or {}).get("logstore") or ""),
    )


def _role_name(arn: str | None) -> str:
    return (arn or "").rpartition("/")[2]
