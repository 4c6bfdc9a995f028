"""A stage with Rolemend deployed, driven over HTTP by the real SDKs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from demo.receiver import Receiver
from demo.scenarios import GUARDRAILS
from demo.stage import Stage, set_stage
from localcloud.fc.process import Preloaded
from localcloud.server import LocalCloud


@pytest.fixture
def local(running: LocalCloud, preloaded: Preloaded | None) -> LocalCloud:
    """The local cloud, emptied. Its function host starts instances quickly: imports would be most of these tests' time.

    The tests of the function host and of the demo start each instance from nothing.
    """
    running.reset()
    running.cloud.services["fc"].settings.preloaded = preloaded  # type: ignore[attr-defined]
    return running


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def stage(local: LocalCloud, receiver: Receiver) -> Stage:
    """A fresh account with everything deployed and the demo's guardrails."""
    return set_stage(local, receiver.url, GUARDRAILS)
