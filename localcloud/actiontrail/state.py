"""What ActionTrail keeps: the trails and the event history of each account. Times are epoch seconds."""

from __future__ import annotations

import msgspec


class Trail(msgspec.Struct, kw_only=True):
    """A single-account trail. `started` and `stopped` are the last times of each, 0 for never."""

    name: str
    home_region: str
    event_rw: str
    trail_region: str
    sls_project_arn: str
    sls_write_role_arn: str
    created: float
    updated: float
    logging: bool = False
    started: float = 0.0
    stopped: float = 0.0
    delivered: float = 0.0
    delivery_error: str = ""


class KeptEvent(msgspec.Struct, array_like=True, gc=False):
    """One event of the history: its `number` in the account, what it is looked up by, and its JSON text.

    `resource_types` and `resource_names` are parallel lists joined with `;`, as in the event itself.
    """

    number: int
    time: float
    region: str
    service: str
    name: str
    user: str
    role: str
    principal_id: str
    id: str
    rw: str
    type: str
    access_key_id: str
    source_ip: str
    sensitive: str
    resource_types: str
    resource_names: str
    text: str


class AccountTrails(msgspec.Struct, kw_only=True):
    """`events` in the order of their arrival; `next_number` is never given twice."""

    trails: dict[str, Trail] = {}
    events: list[KeptEvent] = []
    next_number: int = 1


class TrailState(msgspec.Struct, kw_only=True):
    """By account id."""

    accounts: dict[str, AccountTrails] = {}
