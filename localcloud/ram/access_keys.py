"""AccessKeys of RAM users, and of the caller itself where no user is named.

API: https://www.alibabacloud.com/help/en/ram/developer-reference/api-ram-2015-05-01-createaccesskey
and its neighbours.
"""

from __future__ import annotations

import secrets
import string

from localcloud.openapi import Answer, Invocation
from localcloud.ram import resources
from localcloud.ram.entities import find_user, ram_of
from localcloud.ram.refusals import invalid, refusal
from localcloud.ram.resources import operation, reading
from localcloud.ram.state import AccessKey
from localcloud.ram.wire import iso_time, take_text

MOST_KEYS = 2
"""AccessKeys a user may have (https://www.alibabacloud.com/help/en/ram/product-overview/limits)."""

_LETTERS = string.ascii_letters + string.digits


def create_access_key(invocation: Invocation) -> Answer:
    """A new pair; the secret is never told again."""
    owner = _owner(invocation)
    if len(_keys_of(invocation, owner)) >= MOST_KEYS:
        raise refusal("LimitExceeded.User.AccessKey")
    key = AccessKey(
        id="LTAI5t" + _random(18),
        secret=_random(30),
        account=invocation.account,
        user=owner,
        created=invocation.call.received,
    )
    ram_of(invocation).access_keys[key.id] = key
    return {"AccessKey": _described(key) | {"AccessKeySecret": key.secret}}


def list_access_keys(invocation: Invocation) -> Answer:
    """The keys without their secrets."""
    return {"AccessKeys": {"AccessKey": [_described(k) for k in _keys_of(invocation, _owner(invocation))]}}


def update_access_key(invocation: Invocation) -> Answer:
    """Switch a key on or off: `Status` is Active or Inactive."""
    key = _find(invocation)
    status = invocation.require_text("Status")
    if status not in ("Active", "Inactive"):
        raise invalid("Status")
    key.status = status
    return {}


def delete_access_key(invocation: Invocation) -> Answer:
    """Calls signed with the key are refused from now on."""
    del ram_of(invocation).access_keys[_find(invocation).id]
    return {}


def _owner(invocation: Invocation) -> str:
    """The user's name; "" stands for the account itself."""
    if take_text(invocation, "UserName"):
        return find_user(invocation).name
    return "" if invocation.caller.type == "root-account" else invocation.caller.name


def _keys_of(invocation: Invocation, owner: str) -> list[AccessKey]:
    return [key for key in ram_of(invocation).access_keys.values() if key.user.lower() == owner.lower()]


def _find(invocation: Invocation) -> AccessKey:
    wanted = invocation.require_text("UserAccessKeyId")
    for key in _keys_of(invocation, _owner(invocation)):
        if key.id == wanted:
            return key
    raise refusal("EntityNotExist.User.AccessKey")


def _described(key: AccessKey) -> Answer:
    return {"AccessKeyId": key.id, "Status": key.status, "CreateDate": iso_time(key.created)}


def _random(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


OPERATIONS = (
    operation("CreateAccessKey", create_access_key, resources.key_owner),
    reading("ListAccessKeys", list_access_keys, resources.key_owner),
    operation("UpdateAccessKey", update_access_key, resources.key_owner),
    operation("DeleteAccessKey", delete_access_key, resources.key_owner),
)
