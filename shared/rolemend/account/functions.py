"""Function Compute: `fc2` for a 2.0 service, `alibabacloud-fc20230330` for 3.0 functions.

aliyun-fc2 can address a service's functions only, and the 3.0 API knows no services; FC_SERVICE_NAME tells where
this code runs.
"""

from __future__ import annotations

import io
import logging
from typing import Any

from rolemend.account.access import Access
from rolemend.account.calls import ask, classify, openapi_config, translate_openapi
from rolemend.account.interface import Functions
from rolemend.errors import AccountError, Unreachable


def open_functions(access: Access, service: str = "") -> Functions:
    """The gateway for the generation that this code runs in; `service` is the 2.0 service's name, "" for 3.0."""
    return Service2(access, service) if service else Functions3(access)


class Functions3:
    """`Functions` of FC 3.0."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def start(self, function: str, payload: bytes) -> None:
        from alibabacloud_fc20230330 import models
        from alibabacloud_fc20230330.client import Client
        from darabonba.runtime import RuntimeOptions

        client = Client(openapi_config(self._access, self._access.fc_endpoint()))
        headers = models.InvokeFunctionHeaders(x_fc_invocation_type="Async")

        def invoke() -> None:
            """The body is a stream, which a further try must read from its start again."""
            request = models.InvokeFunctionRequest(body=io.BytesIO(payload))
            client.invoke_function_with_options(function, request, headers, RuntimeOptions())

        ask(self._access, "InvokeFunction", translate_openapi, invoke)


class Service2:
    """`Functions` of FC 2.0. `service/function` names one of another service; roles belong to services there, so each
    function has a service of its own."""

    def __init__(self, access: Access, service: str) -> None:
        self._access = access
        self._service = service

    def start(self, function: str, payload: bytes) -> None:
        client = open_service(self._access)
        headers = {"x-fc-invocation-type": "Async"}
        service, _, name = function.rpartition("/")
        invoke = client.invoke_function
        ask(
            self._access,
            "InvokeFunction",
            translate_fc2,
            invoke,
            service or self._service,
            name,
            payload,
            headers=headers,
        )


def open_service(access: Access) -> Any:
    """A client for functions in services of FC 2.0."""
    import fc2

    _tame(fc2.client)
    keys = access.credentials
    return fc2.Client(
        endpoint=f"{access.scheme}://{access.fc_endpoint()}",
        accessKeyID=keys.key_id,
        accessKeySecret=keys.secret,
        securityToken=keys.token,
        Timeout=15,
    )


def _tame(module: Any) -> None:
    """fc2 logs each request that failed with all its headers, so with signature and security token.

    Where the connection breaks it tries five times more, pausing for half a minute, inside each of our own tries.
    """
    module.retries = 0
    module.logging = logging.getLogger("fc2")
    module.logging.setLevel(logging.CRITICAL + 1)


def translate_fc2(operation: str, error: Exception) -> AccountError:
    """FcError carries `status_code`, `err_code`, `message`; anything else is the network's."""
    status = int(getattr(error, "status_code", 0) or 0)
    if not status:
        return Unreachable(operation, type(error).__name__, str(error)[:300])
    message = str(getattr(error, "message", "") or error)[:300]
    return classify(operation, status, str(getattr(error, "err_code", "") or ""), message)
