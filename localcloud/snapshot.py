"""A state file as a cloud to ask and not to change: read once, neither locked nor written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

Keys = dict[str, tuple[str, str]]
"""By account: id and secret of a key of its root user."""

_PROXIES = ("http_proxy", "HTTP_PROXY", "no_proxy", "NO_PROXY")


@contextmanager
def open_snapshot(path: Path) -> Iterator[Keys]:
    """Serve a copy of the state in this process, with this process's proxy variables leading there.

    Raises ValueError, naming the file, if it cannot be used.
    """
    from localcloud.accounts import open_account
    from localcloud.server import LocalCloud
    from localcloud.statefile import StateFileError, load_state

    try:
        state = load_state(path)
    except StateFileError as error:
        raise ValueError(str(error)) from error
    before = {name: os.environ.get(name) for name in _PROXIES}
    with LocalCloud(state=state) as local:
        os.environ |= {"http_proxy": local.proxy, "HTTP_PROXY": local.proxy, "no_proxy": "", "NO_PROXY": ""}
        try:
            keys = {account: open_account(state, account) for account in list(state.accounts)}
            yield {account: (key.id, key.secret) for account, key in keys.items()}
        finally:
            for name, value in before.items():
                os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)
