"""What the ledger notes of a setup because it cannot carry a mark: the log projects that OSS made because of us."""

from __future__ import annotations

import msgspec

from rolemend.errors import AccountError, NotThere
from rolemend.setup.model import Right
from rolemend.setup.parts import Parts

RECORD_KEY = "config/setup.json"
"""Where in the ledger's bucket."""


class Record(msgspec.Struct, frozen=True):
    """`log_projects`: region by name of each project that was not there before."""

    log_projects: dict[str, str] = {}

    def in_regions(self) -> set[str]:
        """Every region in which something was made."""
        return set(self.log_projects.values())


def read_record(parts: Parts) -> Record:
    """What was noted; nothing if there is no record. Raises AccountError."""
    try:
        return msgspec.json.decode(parts.store.read(RECORD_KEY), type=Record)
    except NotThere:
        return Record()
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
