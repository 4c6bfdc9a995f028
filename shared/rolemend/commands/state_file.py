"""A state file of the local cloud in the place of an account, for commands that talk to one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from rolemend.errors import RolemendError, UnreadableInput

Keys = dict[str, tuple[str, str]]
Opener = Callable[[Path], AbstractContextManager[Keys]]
"""Serves a state file; gives the root user's key by account. Raises ValueError for a file that cannot be used."""


@contextmanager
def opened(path: Path, opener: Opener | None, option: str) -> Iterator[Keys]:
    """A state file while it is served.

    `opener` comes from the local cloud, which adds it to the command where it is installed. Raises UnreadableInput, or
    RolemendError if there is no local cloud.
    """
    needs_local = f"{option} needs the local cloud: pip install 'rolemend[local]'"
    if opener is None:
        raise RolemendError(needs_local)
    with ExitStack() as stack:
        try:
            keys = stack.enter_context(opener(path))
        except ImportError as error:
            raise RolemendError(f"{needs_local} ({error})") from error
        except ValueError as error:
            raise UnreadableInput(str(error)) from error
        yield keys


@contextmanager
def in_place_of_account(path: Path | None, opener: Opener | None, option: str) -> Iterator[None]:
    """With a path, this process's variables lead to that file's account, as its root user; otherwise nothing changes.

    Raises what `opened` does.
    """
    if path is None:
        yield
        return
    with opened(path, opener, option) as keys:
        if len(keys) != 1:
            raise UnreadableInput(f"{path}: one account is needed, and there are {len(keys)}")
        (key, secret) = next(iter(keys.values()))
        given = {"ALIBABA_CLOUD_ACCESS_KEY_ID": key, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": secret}
        with _set({**given, "ALIBABA_CLOUD_SECURITY_TOKEN": "", "ROLEMEND_SCHEME": "http"}):
            yield


@contextmanager
def _set(values: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)
