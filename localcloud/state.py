"""All the local cloud holds, in one value that is saved to and loaded from one JSON file.

Each service defines its own part beside its code; regions and accounts are keys inside the parts.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from localcloud.actiontrail.state import TrailState
from localcloud.emr.state import EmrState
from localcloud.oss.state import OssState
from localcloud.ram.state import RamAccount
from localcloud.sls.state import SlsState
from localcloud.spark.state import SparkState
from localcloud.sts.state import Session

SCHEMA_VERSION = 1


class Account(msgspec.Struct, kw_only=True):
    """One Alibaba Cloud account; `id` is its 16-digit id."""

    id: str
    alias: str = ""
    ram: RamAccount = msgspec.field(default_factory=RamAccount)


class State(msgspec.Struct, kw_only=True):
    schema: int = SCHEMA_VERSION
    accounts: dict[str, Account] = {}
    sessions: dict[str, Session] = {}
    oss: OssState = msgspec.field(default_factory=OssState)
    sls: SlsState = msgspec.field(default_factory=SlsState)
    actiontrail: TrailState = msgspec.field(default_factory=TrailState)
    emr: EmrState = msgspec.field(default_factory=EmrState)
    spark: SparkState = msgspec.field(default_factory=SparkState)


class StateFileError(Exception):
    """A state file that cannot be used, with its name and why."""


def load_state(path: Path) -> State:
    """Read a state file; raises StateFileError naming the file and the place inside it."""
    try:
        state = msgspec.json.decode(path.read_bytes(), type=State)
    except (OSError, msgspec.DecodeError) as error:
        raise StateFileError(f"{path}: not a state file of the local cloud: {error}") from error
    if state.schema > SCHEMA_VERSION:
        raise StateFileError(
            f"{path}: written by a newer version (schema {state.schema}, known {SCHEMA_VERSION})"
        )
    return state


def save_state(state: State, path: Path) -> None:
    """Write the state beside the file first, so that a stop half-way leaves the old file whole."""
    beside = path.with_name(path.name + ".new")
    beside.write_bytes(msgspec.json.encode(state))
    beside.replace(path)
