"""The one file that the state is kept in between two runs: JSON, written whole, used by one local cloud at a time."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Any

import msgspec

from localcloud.state import SCHEMA_VERSION, State


class StateFileError(Exception):
    """A state file that cannot be used, with its name and why."""


class _Head(msgspec.Struct):
    """The one member that state files of every version have."""

    schema: int


def load_state(path: Path) -> State:
    """Read a state file; raises StateFileError naming the file and the place inside it."""
    try:
        text = path.read_bytes()
        schema = msgspec.json.decode(text, type=_Head).schema
        if schema > SCHEMA_VERSION:
            raise StateFileError(
                f"{path}: written by a newer version (schema {schema}, known {SCHEMA_VERSION})"
            )
        return msgspec.json.decode(text, type=State)
    except (OSError, msgspec.DecodeError) as error:
        raise StateFileError(f"{path}: not a state file of the local cloud: {error}") from error


def save_state(state: State, path: Path) -> None:
    """Write the state beside the file first, so that a stop half-way leaves the old file whole.

    Raises StateFileError if the file cannot be written. Only its owner may read it: it holds secrets.
    """
    beside = path.with_name(path.name + ".new")
    try:
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(_encoded(state))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise StateFileError(f"{path}: the state could not be saved: {error}") from error


def _encoded(state: State) -> bytes:
    try:
        return msgspec.json.encode(state)
    except (
        UnicodeEncodeError
    ):  # bytes of a client that are no UTF-8: one of them must not cost the whole state
        return msgspec.json.encode(_printable(msgspec.to_builtins(state)))


def _printable(value: Any) -> Any:
    """The same value without half surrogate pairs, which UTF-8 cannot hold."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_printable(key): _printable(item) for key, item in value.items()}
    return [_printable(item) for item in value] if isinstance(value, list | tuple) else value


class StateFile:
    """A state file that is taken by this process until `close`; a lock file beside it says so.

    Raises StateFileError if another local cloud has it or if nothing can be written there: better before the work
    than after it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock_path = path.with_name(path.name + ".lock")
        self._lock = self._take()

    def load(self) -> State | None:
        """The state, None if the file is not there yet; the file is given free if it cannot be used."""
        if not self.path.exists():
            return None
        try:
            return load_state(self.path)
        except StateFileError:
            self._release()
            raise

    def close(self, state: State) -> None:
        """Save, and let others have the file."""
        try:
            save_state(state, self.path)
        finally:
            self._release()

    def _take(self) -> int:
        try:
            while True:
                lock = os.open(self._lock_path, os.O_RDWR | os.O_CREAT, 0o600)
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if self._is_current(lock):
                    return lock
                os.close(lock)
        except BlockingIOError as error:
            os.close(lock)
            raise StateFileError(f"{self.path}: another local cloud is using this state file") from error
        except OSError as error:
            raise StateFileError(f"{self.path}: nothing can be written there: {error}") from error

    def _is_current(self, lock: int) -> bool:
        """Whether the locked file is still the one of that name: its last owner removes it."""
        try:
            return os.path.samestat(os.fstat(lock), os.stat(self._lock_path))
        except FileNotFoundError:
            return False

    def _release(self) -> None:
        self._lock_path.unlink(missing_ok=True)
        os.close(self._lock)
