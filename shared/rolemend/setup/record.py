"""What the ledger notes of a setup: in which regions things are, and the log projects that OSS made because of us."""

from __future__ import annotations

import msgspec

from rolemend.account.interface import Absent, Known, Reading, Unread
from rolemend.errors import AccountError, NotThere
from rolemend.setup.model import Right
from rolemend.setup.parts import Parts, State
from rolemend.text import Text

RECORD_KEY = "config/setup.json"
"""Where in the ledger's bucket."""


class Record(msgspec.Struct, frozen=True):
    """`log_projects`: region by name of each project that was not there before; `regions`: those of every `apply`.

    An older record has no `regions`.
    """

    log_projects: dict[str, str] = {}
    regions: tuple[str, ...] = ()

    def in_regions(self) -> set[str]:
        """Every region in which something may have been made."""
        return {*self.regions, *self.log_projects.values()}


def find_record(parts: Parts) -> Reading[Record]:
    """The record, if there is one and it can be read."""
    try:
        return Known(_record(parts))
    except NotThere as error:
        return Absent(f"{error.operation}: {error.code}")
    except AccountError as error:
        return Unread(error.operation, f"{error.code}: {error.message}")


def read_record(parts: Parts) -> Record:
    """What was noted; nothing if there is no record. Raises AccountError."""
    try:
        return _record(parts)
    except NotThere:
        return Record()


def _record(parts: Parts) -> Record:
    try:
        return msgspec.json.decode(parts.store.read(RECORD_KEY), type=Record)
    except msgspec.DecodeError as error:
        raise AccountError(
            "GetObject", "BadRecord", f"{RECORD_KEY} in the ledger cannot be read: {error}"
        ) from error


def write_record(parts: Parts, record: Record) -> None:
    """Raises AccountError."""
    parts.store.put(RECORD_KEY, msgspec.json.encode(record))


def record_rights(account: str, ledger: str, verb: str) -> list[Right]:
    """To read it, and to write it where a verb changes what it notes."""
    actions = ["GetObject"] if verb == "plan" else ["GetObject", "PutObject"]
    return [(f"oss:{action}", f"acs:oss:*:{account}:{ledger}/{RECORD_KEY}") for action in actions]


class NotedRegions(msgspec.Struct, frozen=True, kw_only=True):
    """The regions in the record: there before anything is made in them, so that `destroy` looks everywhere.

    It goes with the ledger: a region that holds nothing any more costs a few reads.
    """

    account: str
    ledger: str
    regions: tuple[str, ...]
    name: str = RECORD_KEY
    kind: str = "record"
    part: bool = True

    def read(self, parts: Parts) -> Reading[State]:
        found = find_record(parts)
        return Known({"regions": list(found.value.regions)}) if isinstance(found, Known) else found

    def wanted(self, now: State | None) -> State:
        """Those of an `apply` before this one stay: what was made there is still there."""
        return {"regions": sorted({*self.regions, *(now["regions"] if now else ())})}

    def foreign(self, now: State) -> Text | None:
        return None

    def make(self, parts: Parts) -> None:
        self.change(parts, {"regions": []})

    def change(self, parts: Parts, now: State) -> None:
        regions = tuple(self.wanted(now)["regions"])
        write_record(parts, msgspec.structs.replace(read_record(parts), regions=regions))

    def remove(self, parts: Parts) -> None:
        """It goes with the ledger."""

    def rights(self, verb: str) -> list[Right]:
        return [] if verb == "destroy" else record_rights(self.account, self.ledger, verb)
