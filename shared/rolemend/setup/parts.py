"""What a setup works with: the account's services as it reads and writes them, and the names of this installation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from rolemend.account.interface import ObjectStore, Reading
from rolemend.naming import EVENT_LOGSTORE, TRAIL, log_project

State = dict[str, Any]
"""What is set on one thing, as a JSON value."""

MARK = "made by rolemend setup"
"""Begins the description of everything that was made here: what has it not is somebody else's."""

TAG = {"rolemend": "setup"}
"""Marks the ledger's bucket, which has no description."""


class Identities(Protocol):
    """RAM. Policies of a role are named `Custom:name` or `System:name`."""

    def role(self, name: str) -> Reading[State]: ...
    def policy(self, name: str) -> Reading[State]: ...
    def make_role(self, name: str, trust: Any, description: str) -> None: ...
    def set_trust(self, name: str, trust: Any) -> None: ...
    def attach(self, role: str, policy: str) -> None: ...
    def remove_role(self, name: str) -> None: ...
    def make_policy(self, name: str, document: Any, description: str) -> None: ...
    def set_policy(self, name: str, document: Any) -> None: ...
    def remove_policy(self, name: str) -> None: ...


class Buckets(Protocol):
    """OSS."""

    def bucket(self, name: str, region: str) -> Reading[State]: ...
    def is_empty(self, name: str, region: str) -> Reading[bool]: ...
    def make_bucket(self, name: str, region: str) -> None: ...
    def set_on_bucket(self, name: str, region: str, what: str, value: Any) -> None: ...
    def remove_bucket(self, name: str, region: str) -> None: ...


class Logs(Protocol):
    """Simple Log Service."""

    def project(self, name: str, region: str) -> Reading[State]: ...
    def make_project(self, name: str, region: str, description: str) -> None: ...
    def remove_project(self, name: str, region: str) -> None: ...
    def logstore(self, project: str, region: str, name: str) -> Reading[State]: ...
    def make_logstore(self, project: str, region: str, name: str, days: int) -> None: ...
    def set_days(self, project: str, region: str, name: str, days: int) -> None: ...
    def make_index(self, project: str, region: str, name: str) -> None: ...
    def collection_policy(self, name: str) -> Reading[State]: ...
    def put_collection_policy(self, policy: State) -> None: ...
    def remove_collection_policy(self, name: str) -> None: ...


class Trails(Protocol):
    """ActionTrail."""

    def trail(self, name: str) -> Reading[State]: ...
    def make_trail(self, name: str, project: str) -> None: ...
    def change_trail(self, name: str, project: str) -> None: ...
    def start(self, name: str) -> None: ...
    def remove_trail(self, name: str) -> None: ...


class EventRules(Protocol):
    """CloudMonitor."""

    def rule(self, name: str) -> Reading[State]: ...
    def put_rule(self, name: str, wanted: State) -> None: ...
    def remove_rule(self, name: str) -> None: ...


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """The account, service by service; `store` is the ledger's bucket."""

    identities: Identities
    buckets: Buckets
    logs: Logs
    trails: Trails
    events: EventRules
    store: ObjectStore


class Names(msgspec.Struct, frozen=True, kw_only=True):
    """What this installation's things are called.

    `region` is the home: the trail, the ledger unless it lies elsewhere, and all functions but further `watch`es.
    `regions` are those whose OSS access logs are read, the home among them. `policies` holds the text of each
    function's policy.json by the function's name.
    """

    account: str
    region: str
    regions: tuple[str, ...]
    ledger: str
    ledger_region: str
    trail_project: str
    policies: Mapping[str, str]
    trail: str = TRAIL
    event_logstore: str = EVENT_LOGSTORE

    def project(self, region: str) -> str:
        """The project for the logs of triggers and functions in a region; at home, the trail's."""
        return self.trail_project if region == self.region else log_project(self.account, region)

    def project_arn(self) -> str:
        return f"acs:log:{self.region}:{self.account}:project/{self.trail_project}"
