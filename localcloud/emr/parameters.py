"""Reads EMR's parameters; refuses them with EMR's published codes.

Error codes: https://www.alibabacloud.com/help/en/emr/emr-on-ecs/developer-reference/api-emr-2021-03-20-getoperation
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any

from localcloud.errors import CloudError

if TYPE_CHECKING:
    from localcloud.openapi import Invocation

DEFAULT_PAGE = 20
MAX_PAGE = 100


def invalid(name: str) -> CloudError:
    return CloudError("InvalidParameter", f"The specified parameter {name} is not valid.", 400)


def out_of_range(name: str) -> CloudError:
    return CloudError("InvalidParameterValue", f"The input parameter {name} is invalid or out of range.", 400)


def mandatory(invocation: Invocation, name: str) -> str:
    """A text that must be there; MissingParameter otherwise."""
    value = invocation.params.get(name)
    if value is None or value == "":
        message = f"The input parameter {name} that is mandatory for processing this request is not supplied."
        raise CloudError("MissingParameter", message, 400)
    if not isinstance(value, str):
        raise invalid(name)
    return value


def texts(invocation: Invocation, name: str) -> list[str]:
    """An array of texts (`Name.1=a`, or JSON text), empty if it was not given."""
    value = invocation.params.get(name, [])
    items = value if isinstance(value, list) else [value]
    if not all(isinstance(item, str) for item in items):
        raise invalid(name)
    return [item for item in items if item]


def objects(invocation: Invocation, name: str) -> list[dict[str, Any]]:
    """An array of objects (`Name.1.Key=a`, or JSON text), empty if it was not given."""
    value = invocation.params.get(name, [])
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise invalid(name)
    return value


def count(value: Any, name: str, least: int, most: int) -> int:
    """A whole number in a range; it comes as text in a query and as a number in JSON."""
    try:
        number = int(value)
    except (TypeError, ValueError) as error:
        raise invalid(name) from error
    if not least <= number <= most:
        raise out_of_range(name)
    return number


def one_of(value: str, known: tuple[str, ...], name: str) -> str:
    """A value of an enumeration; InvalidParameter otherwise."""
    if value not in known:
        raise invalid(name)
    return value


def flag(value: Any) -> bool:
    return str(value).lower() == "true"


def page(invocation: Invocation, found: list[Any]) -> tuple[list[Any], dict[str, Any]]:
    """The asked-for page of what was found, and the paging members of the answer."""
    size = count(invocation.params.get("MaxResults") or DEFAULT_PAGE, "MaxResults", 1, MAX_PAGE)
    start = _position(invocation.params.get("NextToken"))
    following = start + size
    paging: dict[str, Any] = {"MaxResults": size, "TotalCount": len(found)}
    if following < len(found):
        paging["NextToken"] = base64.b64encode(json.dumps({"start": following}).encode()).decode()
    return found[start:following], paging


def _position(token: Any) -> int:
    if not token:
        return 0
    try:
        return count(json.loads(base64.b64decode(str(token), validate=True))["start"], "NextToken", 0, 10**9)
    except (binascii.Error, ValueError, KeyError, TypeError) as error:
        raise invalid("NextToken") from error


def milliseconds(seconds: float) -> int:
    """Epoch seconds as the API tells times."""
    return int(seconds * 1000)
