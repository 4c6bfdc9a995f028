"""Where the account's services answer, and with whose credentials they are asked."""

from __future__ import annotations

from typing import Protocol

import msgspec

from rolemend.errors import AccountError
from rolemend.naming import is_region


def region_name(region: str) -> str:
    """The region, if it is the name of one: it becomes part of the host that credentials are sent to.

    A region may come from a log. Raises AccountError.
    """
    if not is_region(region):
        raise AccountError("endpoint", "NoRegion", f"{region[:40]!r} is no region")
    return region


class Credentials(msgspec.Struct, frozen=True):
    """Temporary credentials of the function's own role. They never enter a log, a message or the ledger."""

    key_id: str
    secret: str
    token: str = ""

    def __repr__(self) -> str:
        return f"Credentials({self.key_id[:8]}…)"


class Pace(Protocol):
    """Says when a call may be made, and is told of what came of it."""

    def before(self, operation: str) -> None:
        """Wait until this call may be made; called before each try."""

    def throttled(self, operation: str) -> None:
        """The service refused a call because there are too many."""


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """How to reach an account: `scheme` is https, `internal` prefers the region's internal endpoints."""

    account: str
    region: str
    credentials: Credentials
    scheme: str = "https"
    internal: bool = False
    tries: int = 4
    """How often a throttled or failed call is tried in all."""
    pause: float = 0.2
    """Seconds before the second try; doubled for each further one."""
    pace: Pace | None = None
    """What calls wait for; None for no waiting."""

    def oss_endpoint(self, region: str) -> str:
        """OSS of a region; another region than one's own has only the public endpoint. Raises AccountError."""
        suffix = "-internal" if self.internal and region == self.region else ""
        return f"{self.scheme}://oss-{region_name(region)}{suffix}.aliyuncs.com"

    def fc_endpoint(self) -> str:
        suffix = "-internal" if self.internal else ""
        return f"{self.account}.{self.region}{suffix}.fc.aliyuncs.com"
