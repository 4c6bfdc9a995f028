"""Reads and refuses Serverless Spark's parameters; no list of this product's own error codes is published.

API: https://www.alibabacloud.com/help/en/emr/emr-serverless-spark/developer-reference/api-emr-serverless-spark-2023-08-08-overview
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localcloud.errors import CloudError

if TYPE_CHECKING:
    from localcloud.openapi import Invocation
    from localcloud.spark.state import Workspace

DEFAULT_PAGE = 20
MAX_PAGE = 100


def invalid(name: str) -> CloudError:
    return CloudError("InvalidParameter", f"The specified parameter {name} is not valid.", 400)


def not_found(what: str) -> CloudError:
    return CloudError("ResourceNotFound", f"The specified resource does not exist: {what}.", 404)


def mandatory(invocation: Invocation, name: str) -> str:
    value = invocation.params.get(name)
    if value is None or value == "":
        raise CloudError("MissingParameter", f"The input parameter {name} is mandatory.", 400)
    if not isinstance(value, str):
        raise invalid(name)
    return value


def find_workspace(invocation: Invocation) -> Workspace:
    """The workspace in the path, in the caller's account and the region; ResourceNotFound otherwise."""
    identifier = str(invocation.flat["workspaceId"])
    workspace = invocation.cloud.state.spark.workspaces.get(identifier)
    if workspace is None or (workspace.account, workspace.region) != (invocation.account, invocation.region):
        raise not_found(identifier)
    return workspace


def find_listed_workspace(invocation: Invocation) -> Workspace:
    """The same for List* calls, which answer an empty code when the workspace is not the caller's.

    Source: github.com/aliyun/alibabacloud-aiops-skills, alibabacloud-emr-spark-manage/SKILL.md. Its HTTP
    status is not told there; 403 is an assumption.
    """
    try:
        return find_workspace(invocation)
    except CloudError as error:
        raise CloudError("", "", 403) from error


def texts(invocation: Invocation, name: str) -> list[str]:
    """An array of texts, which the SDK sends as JSON text; empty if it was not given."""
    value = invocation.params.get(name) or []
    items = value if isinstance(value, list) else [value]
    if not all(isinstance(item, str) for item in items):
        raise invalid(name)
    return items


def tags(invocation: Invocation, name: str) -> list[tuple[str, str | None]]:
    """Tag filters: key, and value if one was given."""
    value = invocation.params.get(name) or []
    if not isinstance(value, list) or not all(isinstance(tag, dict) and tag.get("key") for tag in value):
        raise invalid(name)
    return [(str(tag["key"]), tag.get("value")) for tag in value]


def has_tags(have: list[dict[str, str]], wanted: list[tuple[str, str | None]]) -> bool:
    pairs = {tag["key"]: tag.get("value", "") for tag in have}
    return all(key in pairs and value in (None, pairs[key]) for key, value in wanted)


def whole(value: Any, name: str, least: int, most: int) -> int:
    """A whole number in a range; InvalidParameter otherwise."""
    try:
        number = int(value)
    except (TypeError, ValueError) as error:
        raise invalid(name) from error
    if not least <= number <= most:
        raise invalid(name)
    return number


def page(invocation: Invocation, found: list[Any]) -> tuple[list[Any], dict[str, Any]]:
    """The asked-for page of what was found, and the paging members of the answer."""
    size = whole(invocation.params.get("maxResults") or DEFAULT_PAGE, "maxResults", 1, MAX_PAGE)
    start = whole(invocation.params.get("nextToken") or 0, "nextToken", 0, 10**9)
    paging: dict[str, Any] = {"maxResults": size, "totalCount": len(found)}
    if start + size < len(found):
        paging["nextToken"] = str(start + size)
    return found[start : start + size], paging


def milliseconds(seconds: float) -> int:
    return int(seconds * 1000)
