"""A stage with Rolemend deployed, driven over HTTP by the real SDKs."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from demo.receiver import Receiver
from demo.scenarios import GUARDRAILS
from demo.stage import Stage, set_stage
from localcloud.fc.settings import InstanceClock
from localcloud.server import LocalCloud
from tests.archives import runnable, unpacked


@pytest.fixture(scope="session", autouse=True)
def as_packaged(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """With --archives=all, every stage runs the built archives; with --fc2, as services of FC 2.0."""
    with pytest.MonkeyPatch.context() as patch:
        if request.config.getoption("--archives") == "all":
            place = tmp_path_factory.mktemp("archives")
            for name in ("fc3", "fc2"):
                unpacked(runnable(name), place / name)
            patch.setenv("ROLEMEND_ARCHIVES", str(place))
        if request.config.getoption("--fc2"):
            patch.setenv("ROLEMEND_GENERATION", "fc2")
        yield


@pytest.fixture
def local(quick: LocalCloud) -> LocalCloud:
    """The local cloud, emptied. Its function host starts instances quickly, and of what a function waits it skips most:
    imports and pauses would be most of these tests' time.

    The tests of the function host, of the archives and of the demo start each instance from nothing.
    """
    if "ROLEMEND_ARCHIVES" in os.environ:
        quick.cloud.preloaded = None
        quick.reset()
    quick.cloud.services["fc"].settings.clock = InstanceClock(pace=0.1)  # type: ignore[attr-defined]
    return quick


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def stage(local: LocalCloud, receiver: Receiver) -> Stage:
    """A fresh account with everything deployed and the demo's guardrails."""
    return set_stage(local, receiver.url, GUARDRAILS)
