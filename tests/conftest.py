"""Parts that all tests share: a running local cloud and the root user's keys of a fresh account in it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from localcloud.accounts import DEMO_ACCOUNT, open_account
from localcloud.server import LocalCloud
from localcloud.state import State
from tests.clients import Keys


@pytest.fixture(scope="session")
def running() -> Iterator[LocalCloud]:
    """One server for the whole run; `local` gives each test an empty cloud in it."""
    with LocalCloud() as cloud:
        before = {name: os.environ.get(name) for name in ("http_proxy", "HTTP_PROXY", "no_proxy", "NO_PROXY")}
        os.environ |= {
            "http_proxy": cloud.proxy,
            "HTTP_PROXY": cloud.proxy,
            "no_proxy": "127.0.0.1,localhost",
        }
        os.environ["NO_PROXY"] = os.environ["no_proxy"]
        yield cloud
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)


@pytest.fixture
def local(running: LocalCloud) -> LocalCloud:
    """The local cloud, emptied."""
    running.reset()
    return running


@pytest.fixture
def account() -> str:
    return DEMO_ACCOUNT


@pytest.fixture
def root(local: LocalCloud, account: str) -> Keys:
    """Keys of the root user of the test's account."""
    key = local.call(lambda cloud: open_account(cloud.state, account))
    return Keys(key.id, key.secret)


@pytest.fixture
def state(local: LocalCloud) -> State:
    return local.cloud.state
