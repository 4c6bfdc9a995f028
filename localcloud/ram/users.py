"""RAM users.

API: https://www.alibabacloud.com/help/en/ram/developer-reference/api-ram-2015-05-01-createuser
and its neighbours.
"""

from __future__ import annotations

from localcloud.openapi import Answer, Invocation
from localcloud.ram import resources
from localcloud.ram.entities import find_user, ram_of
from localcloud.ram.paging import page
from localcloud.ram.refusals import refusal
from localcloud.ram.resources import operation, reading
from localcloud.ram.state import RamAccount, User
from localcloud.ram.wire import USER_NAME, iso_time, new_id, take_name, take_text

MOST_USERS = 1000


def create_user(invocation: Invocation) -> Answer:
    """A user without keys, groups and policies."""
    ram = ram_of(invocation)
    name = take_name(invocation, "UserName", USER_NAME)
    if name.lower() in ram.users:
        raise refusal("EntityAlreadyExists.User")
    if len(ram.users) >= MOST_USERS:
        raise refusal("LimitExceeded.User")
    now = invocation.call.received
    user = ram.users[name.lower()] = User(
        name=name,
        id=new_id("2"),
        display_name=take_text(invocation, "DisplayName", 128),
        comments=take_text(invocation, "Comments", 128),
        email=take_text(invocation, "Email"),
        mobile_phone=take_text(invocation, "MobilePhone"),
        created=now,
        updated=now,
    )
    return {"User": _described(user)}


def get_user(invocation: Invocation) -> Answer:
    """A user by its name, whatever its case."""
    user = find_user(invocation)
    return {"User": _described(user) | {"UpdateDate": iso_time(user.updated), "LastLoginDate": ""}}


def update_user(invocation: Invocation) -> Answer:
    """Change what is given; a new name keeps the id, the AccessKeys, the groups and the policies."""
    user = find_user(invocation)
    if "NewUserName" in invocation.flat:
        _rename(ram_of(invocation), user, take_name(invocation, "NewUserName", USER_NAME))
    changes = {
        "display_name": ("NewDisplayName", 128),
        "comments": ("NewComments", 128),
        "email": ("NewEmail", 0),
        "mobile_phone": ("NewMobilePhone", 0),
    }
    for member, (parameter, length) in changes.items():
        if parameter in invocation.flat:
            setattr(user, member, take_text(invocation, parameter, length))
    user.updated = invocation.call.received
    return {"User": _described(user) | {"UpdateDate": iso_time(user.updated)}}


def _rename(ram: RamAccount, user: User, name: str) -> None:
    before, after = user.name.lower(), name.lower()
    if after != before and after in ram.users:
        raise refusal("EntityAlreadyExists.User")
    for key in ram.access_keys.values():
        if key.user.lower() == before:
            key.user = name
    for group in ram.groups.values():
        if before in group.members:
            group.members[after] = group.members.pop(before)
    del ram.users[before]
    ram.users[after] = user
    user.name = name


def delete_user(invocation: Invocation) -> Answer:
    """Only a user without groups, policies and AccessKeys can go."""
    user, ram = find_user(invocation), ram_of(invocation)
    name = user.name.lower()
    if any(name in group.members for group in ram.groups.values()):
        raise refusal("DeleteConflict.User.Group")
    if user.attachments:
        raise refusal("DeleteConflict.User.Policy")
    if any(key.user.lower() == name for key in ram.access_keys.values()):
        raise refusal("DeleteConflict.User.AccessKey")
    del ram.users[name]
    return {}


def list_users(invocation: Invocation) -> Answer:
    """Users, page by page."""
    users, more = page(invocation, ram_of(invocation).users.values(), lambda user: user.name.lower())
    return {"Users": {"User": [_described(u) | {"UpdateDate": iso_time(u.updated)} for u in users]}} | more


def _described(user: User) -> Answer:
    return {
        "UserId": user.id,
        "UserName": user.name,
        "DisplayName": user.display_name,
        "MobilePhone": user.mobile_phone,
        "Email": user.email,
        "Comments": user.comments,
        "CreateDate": iso_time(user.created),
    }


OPERATIONS = (
    operation("CreateUser", create_user, resources.user),
    reading("GetUser", get_user, resources.user),
    operation("UpdateUser", update_user, resources.user),
    operation("DeleteUser", delete_user, resources.user),
    reading("ListUsers", list_users, resources.all_users),
)
