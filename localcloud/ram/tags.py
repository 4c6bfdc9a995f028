"""Tags of roles and policies.

API: https://www.alibabacloud.com/help/en/ram/developer-reference/api-ram-2015-05-01-tagresources
and its neighbours; limits: doc strings of TagResourcesRequest, ListTagResourcesRequest.
"""

from __future__ import annotations

from typing import Any

from localcloud.openapi import Answer, Invocation, Operation
from localcloud.ram.entities import ram_of
from localcloud.ram.refusals import invalid, refusal
from localcloud.ram.state import ManagedPolicy, Role
from localcloud.ram.wire import take_text

MOST_TAGS = 20
MOST_RESOURCES = 50


def tag_resources(invocation: Invocation) -> Answer:
    """Set tags on roles or policies; all of them or, beyond the limit, none."""
    tags = take_tags(invocation)
    if not tags:
        raise invalid("Tag")
    holders = _own_holders(invocation)
    for holder in holders:
        if len(holder.tags | tags) > MOST_TAGS:
            raise invalid("Tag", f"MUST NOT be more than {MOST_TAGS}.")
    for holder in holders:
        holder.tags.update(tags)
    return {}


def untag_resources(invocation: Invocation) -> Answer:
    """Take away the keys of `TagKeys`, or every tag with `All`."""
    keys = [str(key) for key in _listed(invocation, "TagKeys")]
    for holder in _own_holders(invocation):
        for key in list(holder.tags) if invocation.flag("All") else keys:
            holder.tags.pop(key, None)
    return {}


def list_tag_resources(invocation: Invocation) -> Answer:
    """Every tag of the named resources, or of all of the type; `NextToken` is the number of the next one."""
    kind, wanted = _kind(invocation), take_tags(invocation)
    named = _listed(invocation, "ResourceNames")
    holders: list[Role | ManagedPolicy] = _holders(invocation) if named else [*_all(invocation).values()]
    rows = [
        {"ResourceType": kind, "ResourceName": holder.name, "TagKey": key, "TagValue": value}
        for holder in sorted(holders, key=lambda holder: holder.name.lower())
        if matches(holder.tags, wanted)
        for key, value in holder.tags.items()
    ]
    size, start = invocation.number("PageSize", 20), invocation.number("NextToken", 0)
    if not 1 <= size <= 100:
        raise invalid("PageSize", "MUST be in the range of 1 and 100.")
    answer: Answer = {"TagResources": rows[start : start + size]}
    return answer | ({"NextToken": str(start + size)} if start + size < len(rows) else {})


def take_tags(invocation: Invocation) -> dict[str, str]:
    """`Tag.N.Key` and `Tag.N.Value` of a request."""
    tags = {}
    for item in _listed(invocation, "Tag"):
        tag = item if isinstance(item, dict) else {}
        key, value = str(tag.get("Key", "")), str(tag.get("Value", ""))
        if not 1 <= len(key) <= 128 or len(value) > 256:
            raise invalid("Tag")
        tags[key] = value
    return tags


def matches(have: dict[str, str], wanted: dict[str, str]) -> bool:
    """Whether all wanted tags are there; an empty value asks for the key alone."""
    return all(key in have and value in ("", have[key]) for key, value in wanted.items())


def tag_list(tags: dict[str, str]) -> Answer:
    """Tags as lists of roles and policies show them."""
    return {"Tag": [{"TagKey": key, "TagValue": value} for key, value in tags.items()]}


def _resource_arns(invocation: Invocation) -> list[str]:
    """What a tag call is authorised on: each named role or policy, or all of the type."""
    kind = take_text(invocation, "ResourceType")
    names = _listed(invocation, "ResourceNames") or ["*"]
    return [f"acs:ram:*:{invocation.account}:{kind}/{name}" for name in names]


def _kind(invocation: Invocation) -> str:
    kind = invocation.require_text("ResourceType")
    if kind not in ("role", "policy"):
        raise invalid("ResourceType")
    return kind


def _all(invocation: Invocation) -> dict[str, Role] | dict[str, ManagedPolicy]:
    ram = ram_of(invocation)
    return ram.roles if _kind(invocation) == "role" else ram.policies


def _holders(invocation: Invocation) -> list[Role | ManagedPolicy]:
    names = _listed(invocation, "ResourceNames")
    if not 1 <= len(names) <= MOST_RESOURCES:
        raise invalid("ResourceNames")
    known = _all(invocation)
    missing = "EntityNotExist.Role" if _kind(invocation) == "role" else "EntityNotExist.Policy"
    holders = []
    for name in names:
        holder = known.get(str(name).lower())
        if holder is None:
            raise refusal(missing)
        holders.append(holder)
    return holders


def _own_holders(invocation: Invocation) -> list[Role | ManagedPolicy]:
    """As `_holders`, for a change."""
    holders = _holders(invocation)
    if any(isinstance(holder, Role) and holder.service_linked for holder in holders):
        raise refusal("NotSupport.ServiceLinkedRole")
    return holders


def _listed(invocation: Invocation, parameter: str) -> list[Any]:
    value = invocation.params.get(parameter, [])
    return value if isinstance(value, list) else [value]


OPERATIONS = (
    Operation("TagResources", tag_resources, "ram:TagResources", "Write", _resource_arns),
    Operation("UntagResources", untag_resources, "ram:UntagResources", "Write", _resource_arns),
    Operation("ListTagResources", list_tag_resources, "ram:ListTagResources", "Read", _resource_arns),
)
