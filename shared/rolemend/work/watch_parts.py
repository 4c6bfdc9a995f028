"""What `watch` works with, and what one invocation of it answers."""

from __future__ import annotations

import time as clock
from collections import Counter
from collections.abc import Callable

import msgspec

from rolemend.account.interface import ClusterStates, Functions, Logs, Trail
from rolemend.incident.index import Index
from rolemend.incident.leases import Leases
from rolemend.incident.ledger import Ledger
from rolemend.incident.pending import PendingCreations
from rolemend.incident.pending_jobs import PendingJobs
from rolemend.incident.tally import Tally
from rolemend.work.failed_jobs import Reader


class Watched(msgspec.Struct, frozen=True, kw_only=True):
    """What one invocation saw: records read, denials, incidents touched, records kept aside, and what was passed over
    by reason. `pending` creations and jobs go on; of those `given_up` nothing was found out. `behind` are shards whose
    trigger fell silent or does not keep up."""

    read: int = 0
    denials: int = 0
    incidents: tuple[str, ...] = ()
    rejected: int = 0
    passed_over: dict[str, int] = {}
    pending: int = 0
    given_up: int = 0
    behind: tuple[str, ...] = ()


def joined(*seen: Watched) -> Watched:
    """What several readings of one invocation saw together."""
    passed_over: Counter[str] = Counter()
    for one in seen:
        passed_over.update(one.passed_over)
    return Watched(
        read=sum(one.read for one in seen),
        denials=sum(one.denials for one in seen),
        incidents=tuple(dict.fromkeys(name for one in seen for name in one.incidents)),
        rejected=sum(one.rejected for one in seen),
        passed_over=dict(passed_over),
        pending=sum(one.pending for one in seen),
        given_up=sum(one.given_up for one in seen),
        behind=tuple(name for one in seen for name in one.behind),
    )


class Standing(msgspec.Struct):
    """How a shard stands: read from `first` up to `cursor` ("" if nobody knows), the checkpoint written at `written`
    (epoch seconds), and the counts that were not worth a write yet."""

    first: str = ""
    cursor: str = ""
    written: float = 0.0
    carried: dict[str, Tally] = {}


class Memory:
    """What an instance remembers of shards and incidents from one invocation to the next.

    It saves reading and writing and nothing else: whoever does not have it begins at the checkpoint, which never lies
    behind a count that is only remembered.
    """

    def __init__(self) -> None:
        self.shards: dict[str, Standing] = {}
        self.met: set[str] = set()
        """Incidents that have a journal, which is then read before it is written."""


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """`account` is the one that `watch` works for, "" for any; `own_roles` begins the names of Rolemend's own roles. An
    open incident that nobody touched for `rest` seconds is taken up again; one that people were told of is closed after
    `quiet` seconds without a denial. `logstores` are those whose triggers are looked after: source, project, logstore.
    An invocation stops reading after `seconds`, so that what it read is kept before its time is over."""

    logs: Logs
    trail: Trail
    ledger: Ledger
    leases: Leases
    index: Index
    pending: PendingCreations
    clusters: ClusterStates
    jobs: Reader
    pending_jobs: PendingJobs
    functions: Functions
    diagnose: str
    notify: str
    account: str = ""
    own_roles: str = "rolemend-"
    propagation: int = 60
    rest: int = 120
    seconds: int = 80
    quiet: int = 604_800
    logstores: tuple[tuple[str, str, str], ...] = ()
    memory: Memory = msgspec.field(default_factory=Memory)
    now: Callable[[], float] = clock.time
