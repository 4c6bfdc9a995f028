"""What Rolemend's own things in an account are called where nobody says otherwise, and what a region may be called.

`s.yaml`, `deploy/fc2/s.yaml` and `deploy/terraform` say the same names, and are held to it by tests.
"""

from __future__ import annotations

import re

_REGION = re.compile(r"[a-z]{2,8}(-[a-z0-9]{1,16}){1,4}", re.ASCII)

TRAIL = "rolemend"
TRAIL_LOGSTORE = f"actiontrail_{TRAIL}"
"""ActionTrail names a trail's logstore so:
https://www.alibabacloud.com/help/en/actiontrail/user-guide/deliver-events-to-log-service"""
EVENT_LOGSTORE = "cloudmonitor_spark"


def log_project(account: str, region: str) -> str:
    """The project for the logs of triggers and functions in a region; in the home region, for the trail too."""
    return f"rolemend-{account}-{region}"


def is_region(text: str) -> bool:
    """Whether a text can be a region's id. One becomes part of hosts that credentials are sent to, and of commands that
    people are told, while logs and jobs may tell any text for one."""
    return _REGION.fullmatch(text) is not None
