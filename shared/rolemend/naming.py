"""What Rolemend's own things in an account are called where nobody says otherwise.

`s.yaml`, `deploy/fc2/s.yaml` and `deploy/terraform` say the same, and are held to it by tests.
"""

from __future__ import annotations

TRAIL = "rolemend"
TRAIL_LOGSTORE = f"actiontrail_{TRAIL}"
"""ActionTrail names a trail's logstore so:
https://www.alibabacloud.com/help/en/actiontrail/user-guide/deliver-events-to-log-service"""
EVENT_LOGSTORE = "cloudmonitor_spark"


def log_project(account: str, region: str) -> str:
    """The project for the logs of triggers and functions in a region; in the home region, for the trail too."""
    return f"rolemend-{account}-{region}"
