"""EMR releases: how their names read, and which service their ECS application role must trust.

In old releases the nodes get the role's credentials from MetaService, which belongs to EMR; in new ones the
role is attached to the ECS instances:
https://alibabacloud.com/help/en/emr/emr-on-ecs/user-guide/ecs-application-roles-for-a-minor-version-later-than-emr-v3-32-or-emr-v4-5-and-emr-v5-x-series
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import msgspec

EMR_SERVICE = "emr.aliyuncs.com"
ECS_SERVICE = "ecs.aliyuncs.com"

Release = tuple[int, int, int]
"""Major, minor and bug-fix number of `EMR-a.b.c`."""

_NAME = re.compile(r"EMR-(\d{1,3})\.(\d{1,3})\.(\d{1,3})", re.ASCII)


class ReleaseTable(msgspec.Struct, frozen=True):
    """The file `releases.json` beside this module."""

    majors: list[int]
    emr_trust_through: dict[str, str]
    releases: list[str]


@cache
def release_table() -> ReleaseTable:
    return msgspec.json.decode(Path(__file__).with_name("releases.json").read_bytes(), type=ReleaseTable)


def parse_release(name: str) -> Release | None:
    """Read `EMR-5.16.0`, the form the API takes; None for another form or an unknown major version."""
    match = _NAME.fullmatch(name)
    if match is None or int(match.group(1)) not in release_table().majors:
        return None
    return int(match.group(1)), int(match.group(2)), int(match.group(3))


def trusted_service(release: Release) -> str:
    """The service that must be allowed to assume the ECS application role of a cluster of this release."""
    last = release_table().emr_trust_through.get(str(release[0]))
    if last is None:
        return ECS_SERVICE
    through = parse_release(f"EMR-{last}")
    return EMR_SERVICE if through is not None and release <= through else ECS_SERVICE
