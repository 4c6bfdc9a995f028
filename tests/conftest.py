"""Parts that all tests share: a running local cloud and the root user's keys of a fresh account in it."""

from __future__ import annotations

import os
import pkgutil
from collections.abc import Iterator

import pytest

import rolemend
from localcloud.accounts import DEMO_ACCOUNT, open_account
from localcloud.fc.process import Preloaded
from localcloud.server import LocalCloud
from localcloud.state import State
from tests.clients import SDKS, Keys
from tests.matrix import table

COMMAND_LINE = {"__main__", "cli", "commands", "installer", "operator", "probe", "setup"}
"""What no function imports."""


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


@pytest.fixture(scope="session")
def preloaded() -> Iterator[Preloaded | None]:
    """What the functions import, imported once for all tests that ask for it; None where the system cannot do that."""
    own = sorted(name for _, name, _ in pkgutil.walk_packages(rolemend.__path__, "rolemend."))
    deployed = [name for name in own if name.split(".")[1] not in COMMAND_LINE]
    with Preloaded(*SDKS, *deployed) as preloaded:
        yield preloaded if Preloaded.available else None


@pytest.fixture
def quick(running: LocalCloud, preloaded: Preloaded | None) -> Iterator[LocalCloud]:
    """The local cloud, emptied, whose function host starts instances quickly, whenever it is emptied again too."""
    running.cloud.preloaded = preloaded
    running.reset()
    yield running
    running.cloud.preloaded = None


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


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--archives",
        choices=("some", "all"),
        default="some",
        help="run some or all end-to-end tests from the built archives",
    )
    parser.addoption("--fc2", action="store_true", help="run the end-to-end tests as services of FC 2.0")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """The table of the faults that were played, by whichever process; and what interpreters the archives ran under."""
    reports = [one for kind in ("passed", "failed") for one in terminalreporter.getreports(kind)]
    told = [value for one in reports for name, value in one.user_properties if name == table.PROPERTY]
    if told:
        terminalreporter.section("faults")
        terminalreporter.write("\n".join([*table.lines(cell for cells in told for cell in cells), ""]))
    ran = [test.nodeid for test in terminalreporter.stats.get("passed", [])]
    if config.getoption("--archives") == "all" or any("test_packaged" in name for name in ran):
        from tests import archives

        for line in archives.summary():
            terminalreporter.write_line(line)
