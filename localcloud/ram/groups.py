"""Groups of RAM users.

API: https://www.alibabacloud.com/help/en/ram/developer-reference/api-ram-2015-05-01-creategroup
and its neighbours.
"""

from __future__ import annotations

import secrets

from localcloud.openapi import Answer, Invocation
from localcloud.ram import resources
from localcloud.ram.entities import find_group, find_user, ram_of
from localcloud.ram.paging import page
from localcloud.ram.refusals import refusal
from localcloud.ram.resources import operation, reading
from localcloud.ram.state import Group, RamAccount
from localcloud.ram.wire import GROUP_NAME, iso_time, take_name, take_text

MOST_GROUPS = 50
MOST_GROUPS_OF_A_USER = 50


def create_group(invocation: Invocation) -> Answer:
    """A group without users."""
    ram = ram_of(invocation)
    name = take_name(invocation, "GroupName", GROUP_NAME)
    if name.lower() in ram.groups:
        raise refusal("EntityAlreadyExists.Group")
    if len(ram.groups) >= MOST_GROUPS:
        raise refusal("LimitExceeded.Group")
    now = invocation.call.received
    group = ram.groups[name.lower()] = Group(
        name=name,
        id="g-" + secrets.token_hex(8),
        comments=take_text(invocation, "Comments", 128),
        created=now,
        updated=now,
    )
    return {"Group": _described(group)}


def get_group(invocation: Invocation) -> Answer:
    """A group by its name, whatever its case."""
    return {"Group": _in_full(find_group(invocation))}


def update_group(invocation: Invocation) -> Answer:
    """Change what is given; a new name keeps members and policies."""
    group = find_group(invocation)
    if "NewGroupName" in invocation.flat:
        _rename(ram_of(invocation), group, take_name(invocation, "NewGroupName", GROUP_NAME))
    if "NewComments" in invocation.flat:
        group.comments = take_text(invocation, "NewComments", 128)
    group.updated = invocation.call.received
    return {"Group": _in_full(group)}


def _rename(ram: RamAccount, group: Group, name: str) -> None:
    before, after = group.name.lower(), name.lower()
    if after != before and after in ram.groups:
        raise refusal("EntityAlreadyExists.Group")
    del ram.groups[before]
    ram.groups[after] = group
    group.name = name


def delete_group(invocation: Invocation) -> Answer:
    """Only a group without users and policies can go."""
    group = find_group(invocation)
    if group.members:
        raise refusal("DeleteConflict.Group.User")
    if group.attachments:
        raise refusal("DeleteConflict.Group.Policy")
    del ram_of(invocation).groups[group.name.lower()]
    return {}


def list_groups(invocation: Invocation) -> Answer:
    """At most 100 a page, unlike RAM's other lists (doc string of ListGroupsRequest)."""
    groups, more = page(
        invocation, ram_of(invocation).groups.values(), lambda group: group.name.lower(), most=100
    )
    return {"Groups": {"Group": [_in_full(group) for group in groups]}} | more


def add_user_to_group(invocation: Invocation) -> Answer:
    """The user has the group's policies from now on."""
    name, group = find_user(invocation).name.lower(), find_group(invocation)
    if name in group.members:
        raise refusal("EntityAlreadyExists.User.Group")
    if sum(name in other.members for other in ram_of(invocation).groups.values()) >= MOST_GROUPS_OF_A_USER:
        raise refusal("LimitExceeded.User.Group")
    group.members[name] = invocation.call.received
    return {}


def remove_user_from_group(invocation: Invocation) -> Answer:
    """EntityNotExist.User.Group if the user is not in the group."""
    name, group = find_user(invocation).name.lower(), find_group(invocation)
    if name not in group.members:
        raise refusal("EntityNotExist.User.Group")
    del group.members[name]
    return {}


def list_groups_for_user(invocation: Invocation) -> Answer:
    """All groups of a user, on one page."""
    name = find_user(invocation).name.lower()
    joined = [
        {
            "GroupId": group.id,
            "GroupName": group.name,
            "Comments": group.comments,
            "JoinDate": iso_time(group.members[name]),
        }
        for group in ram_of(invocation).groups.values()
        if name in group.members
    ]
    return {"Groups": {"Group": joined}}


def list_users_for_group(invocation: Invocation) -> Answer:
    """The users of a group, page by page."""
    group, users = find_group(invocation), ram_of(invocation).users
    names, more = page(invocation, group.members, str)
    members = [
        {
            "UserName": users[name].name,
            "DisplayName": users[name].display_name,
            "JoinDate": iso_time(group.members[name]),
        }
        for name in names
    ]
    return {"Users": {"User": members}} | more


def _described(group: Group) -> Answer:
    return {
        "GroupId": group.id,
        "GroupName": group.name,
        "Comments": group.comments,
        "CreateDate": iso_time(group.created),
    }


def _in_full(group: Group) -> Answer:
    return _described(group) | {"UpdateDate": iso_time(group.updated)}


OPERATIONS = (
    operation("CreateGroup", create_group, resources.group),
    reading("GetGroup", get_group, resources.group),
    operation("UpdateGroup", update_group, resources.group),
    operation("DeleteGroup", delete_group, resources.group),
    reading("ListGroups", list_groups, resources.all_groups),
    operation("AddUserToGroup", add_user_to_group, resources.user, resources.group),
    operation("RemoveUserFromGroup", remove_user_from_group, resources.user, resources.group),
    reading("ListGroupsForUser", list_groups_for_user, resources.user),
    reading("ListUsersForGroup", list_users_for_group, resources.group),
)
