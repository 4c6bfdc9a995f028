"""Gateways of the running local cloud, and faults put in their way."""

from __future__ import annotations

from typing import Any

from localcloud.faults import Fault
from localcloud.server import LocalCloud
from rolemend.account.access import Access, Credentials
from tests.clients import Keys
from tests.samples import ACCOUNT

REGION = "cn-hangzhou"


def access(keys: Keys, **changes: Any) -> Access:
    """How to reach the local cloud as the owner of these keys, without long pauses between tries."""
    parts: dict[str, Any] = {"region": REGION, "scheme": "http", "pause": 0.001}
    return Access(
        account=ACCOUNT, credentials=Credentials(keys.id, keys.secret, keys.token), **(parts | changes)
    )


def fault(local: LocalCloud, service: str, operation: str, **how: Any) -> Fault:
    """Put one fault into the cloud."""
    found = Fault(service=service, operation=operation, **how)
    local.call(lambda cloud: cloud.faults.append(found))
    return found


PASSING: tuple[dict[str, Any], ...] = (
    {"kind": "throttle"},
    {"kind": "error", "status": 500},
    {"kind": "error", "status": 503, "code": "ServiceUnavailable"},
    {"kind": "reset"},
    {"kind": "reset", "when": "after"},
)
"""Faults that a later try gets over."""
