"""One way for every call: try again what may pass, and turn each SDK's errors into the project's own.

OpenAPI SDKs raise `Tea`/`darabonba` exceptions with `code`, `status_code` and `message`; OSS, SLS and FC 2.0 have
their own, which are read in their modules.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from rolemend.account.access import Access
from rolemend.account.interface import Absent, Known, Reading, Unread
from rolemend.errors import THROTTLED, AccountError, Conflict, NotThere, Refused, Unreachable

T = TypeVar("T")
Translate = Callable[[str, Exception], AccountError]

_REFUSED = ("nopermission", "forbidden", "accessdenied", "notauthorized", "unauthorized", "denied")

_CALLER_OR_API = (
    "invalidaccesskeyid",
    "invalidsecuritytoken",
    "invalidaction",
    "invalidapi",
    "invalidversion",
)
"""Codes of answers that speak of the caller's key or of the API, some with status 404: nothing is absent by them."""


def classify(operation: str, status: int, code: str, message: str, request_id: str = "") -> AccountError:
    """The project's error for a service's answer."""
    lower = code.lower()
    if status >= 500 or status == 429 or any(word in lower for word in THROTTLED):
        return Unreachable(operation, code or str(status), message, request_id)
    if lower.startswith(_CALLER_OR_API):
        return AccountError(operation, code, message, request_id)
    if lower.startswith(("entitynotexist", "nosuch", "invalidparameter.notfound")) or status == 404:
        return NotThere(operation, code, message, request_id)
    if any(word in lower for word in _REFUSED):
        return Refused(operation, code, message, request_id)
    if status == 409:
        return Conflict(operation, code, message, request_id)
    return AccountError(operation, code or str(status), message, request_id)


def ask(
    access: Access, operation: str, translate: Translate, call: Callable[..., T], *values: Any, **named: Any
) -> T:
    """Make one call, again with growing pauses while it is `Unreachable`. Raises AccountError."""
    for attempt in range(access.tries):
        if access.pace is not None:
            access.pace.before(operation)
        try:
            return call(*values, **named)
        except Exception as error:
            known = translate(operation, error)
            if access.pace is not None and isinstance(known, Unreachable) and known.throttled:
                access.pace.throttled(operation)
            if not isinstance(known, Unreachable) or attempt + 1 == access.tries:
                raise known from error
            time.sleep(access.pause * 2**attempt * (0.5 + random.random()))  # noqa: S311
    raise AssertionError("tries must be at least 1")


def once(operation: str, translate: Translate, call: Callable[..., T], *values: Any, **named: Any) -> T:
    """Make a write that is not the same twice: never tried again, as whoever lost the answer must read back first."""
    try:
        return call(*values, **named)
    except Exception as error:
        raise translate(operation, error) from error


def reading(read: Callable[[], T]) -> Reading[T]:
    """Make a read a value: what was read, absent, or unread with the reason."""
    try:
        return Known(read())
    except NotThere as error:
        return Absent(f"{error.operation}: {error.code}")
    except Unreachable as error:
        return Unread(error.operation, f"{error.code}: {error.message}"[:300], transient=True)
    except AccountError as error:
        return Unread(error.operation, f"{error.code}: {error.message}"[:300])


def translate_openapi(operation: str, error: Exception) -> AccountError:
    """Errors of the OpenAPI SDKs; anything without a status is the network's."""
    status = _number(getattr(error, "status_code", None) or getattr(error, "statusCode", None))
    code = str(getattr(error, "code", "") or "")
    message = str(getattr(error, "message", "") or error)
    if not status:
        return Unreachable(operation, type(error).__name__, message[:300])
    return classify(operation, status, code, message[:300], str(getattr(error, "request_id", "") or ""))


def _number(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        return 0


def openapi_config(access: Access, endpoint: str, region: str = "") -> Any:
    """The configuration that every OpenAPI SDK client takes."""
    from alibabacloud_tea_openapi.models import Config

    return Config(
        access_key_id=access.credentials.key_id,
        access_key_secret=access.credentials.secret,
        security_token=access.credentials.token or None,
        protocol=access.scheme,
        endpoint=endpoint,
        region_id=region or access.region,
        connect_timeout=5_000,
        read_timeout=15_000,
    )


def call_rpc(
    access: Access,
    endpoint: str,
    version: str,
    action: str,
    parameters: Mapping[str, Any],
    *,
    read_seconds: int = 15,
) -> dict[str, Any]:
    """One call of an RPC API with the client that all OpenAPI SDKs are made of; the answer's body. Raises AccountError.

    For services of which a few calls are made, as those are not worth a package of their own:
    https://www.alibabacloud.com/help/en/sdk/developer-reference/generalized-call-python
    """
    from alibabacloud_tea_openapi.client import Client
    from alibabacloud_tea_openapi.models import OpenApiRequest, Params
    from alibabacloud_tea_openapi.utils import Utils
    from darabonba.runtime import RuntimeOptions

    params = Params(
        action=action,
        version=version,
        protocol=access.scheme.upper(),
        pathname="/",
        method="POST",
        auth_type="AK",
        style="RPC",
        req_body_type="formData",
        body_type="json",
    )
    config = openapi_config(access, endpoint)
    config.read_timeout = read_seconds * 1000
    request = OpenApiRequest(query=Utils.query(dict(parameters)))
    answer = ask(
        access, action, translate_openapi, Client(config).call_api, params, request, RuntimeOptions()
    )
    body: dict[str, Any] = answer["body"]
    return body
