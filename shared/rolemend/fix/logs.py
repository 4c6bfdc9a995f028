"""What Simple Log Service needs to be granted together, and on what.

https://help.aliyun.com/zh/sls/developer-reference/overview-8 (actions and resources)
"""

from __future__ import annotations

import re

_WRITE = ("log:PostLogStoreLogs", "log:GetLogStore")
_READ = ("log:GetLogStore", "log:GetCursorOrData", "log:GetLogStoreLogs", "log:ListShards")
_PLACE = re.compile(
    r"acs:log:[^:]*:[^:]*:project/(?P<project>[a-z0-9][a-z0-9\-_]{1,126}[a-z0-9])"
    r"(?:/logstore/(?P<logstore>[A-Za-z0-9\-_]{1,128})(?P<inside>/.*)?)?",
    re.ASCII,
)


def group_of_log_action(action: str) -> tuple[str, ...]:
    """The actions that are granted together: writing needs to see the logstore, reading also its shards and cursors."""
    if action in _WRITE[:1]:
        return _WRITE
    return _READ if action in _READ else (action,)


def log_resources(resource: str) -> list[str]:
    """Both forms that a policy needs: the logstore, and what is in it."""
    found = _PLACE.fullmatch(resource)
    in_it = found and found["logstore"] and not found["inside"]
    return [resource, f"{resource}/*"] if in_it else [resource]


def log_place(resource: str) -> tuple[str, str]:
    """The project and the logstore that a resource is in, "" for what it does not name."""
    found = _PLACE.fullmatch(resource)
    return (found["project"], found["logstore"] or "") if found else ("", "")
