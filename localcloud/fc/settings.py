"""What a user of the local cloud may change about the function host."""

from __future__ import annotations

import importlib.util
import sys
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from localcloud.fc.process import Preloaded


def _library_layer() -> tuple[Path, ...]:
    """The folder of the package `rolemend` and the packages installed for this interpreter."""
    found = importlib.util.find_spec("rolemend")
    folders = [Path(place).parent for place in (found.submodule_search_locations or [])] if found else []
    paths = sysconfig.get_paths()
    return tuple(dict.fromkeys([*folders, Path(paths["purelib"]), Path(paths["platlib"])]))


@dataclass(slots=True)
class InstanceClock:
    """What instances take for the time: `time.time` is `ahead` seconds ahead of the cloud's, and `by_function` further
    ones for a function of that name; of each `time.sleep` only the share `pace` is waited, and the rest is skipped.

    Read anew at each invocation. What a program learns of the time elsewhere (`datetime.now`) is left alone.
    """

    ahead: float = 0.0
    by_function: dict[str, float] = field(default_factory=dict)
    pace: float = 1.0

    def header(self, function: str) -> dict[str, float]:
        """What an instance is told of it."""
        return {"ahead": self.ahead + self.by_function.get(function, 0.0), "pace": self.pace}


@dataclass(slots=True)
class HostSettings:
    """Settings of one function host; change them at any time, they hold from the next use on.

    All times are in seconds. Scales shorten the waiting that the real service documents.
    """

    interpreters: dict[str, str] = field(default_factory=dict)
    """Interpreter by runtime name such as `python3.10`; this process's own interpreter for all others."""
    layers: dict[str, tuple[Path, ...]] = field(
        default_factory=lambda: dict.fromkeys(("rolemend", "rolemend-fc2"), _library_layer())
    )
    """Folders (or one zip file) of a layer, by its ARN or its bare name."""
    preloaded: Preloaded | None = None
    """Where instances are forked from, to start quickly; None starts each from nothing, as the service does."""
    code: Path | None = None
    """Where code is read in the place of what `s.yaml` names: a folder of its name here, or that name with `.zip`."""
    max_instances: int = 10
    """Instances of one function; `concurrencyConfig.reservedConcurrency` of a function goes before it."""
    idle_seconds: float = 60.0
    """How long an unused instance stays warm."""
    start_seconds: float = 60.0
    """How long an instance may take to start, apart from its initializer."""
    credential_seconds: float = 36 * 3600.0
    """Life of the function role's credentials (documented: up to 36 hours)."""
    retry_scale: float = 0.05
    """Scales the back-off of asynchronous retries and of trigger retries (1 s, 2 s, 4 s … unscaled)."""
    interval_scale: float = 1 / 600
    """Scales the log trigger's interval: 60 s become 100 ms."""
    resend_failed_ranges: bool = False
    """Whether a log trigger sends a range again after all tries failed (not documented; counted if not)."""
    publish_failed_calls: bool = True
    """Whether EventBridge gets events of refused calls (not documented)."""
    duplicate_deliveries: bool = False
    """Deliver every trigger event twice."""
    simultaneous_deliveries: bool = False
    """Deliver every trigger event and every asynchronous message to two instances at once."""
    clock: InstanceClock | None = None
    """A clock of the instances' own; set it before functions are deployed, None is the machine's."""
    reverse_deliveries: bool = False
    """Hold log-trigger events and asynchronous messages back, and deliver the newest first on `drain`."""
    pause_triggers: bool = False
    """Let no log or timer trigger fire by itself and hold EventBridge events; `drain` and `fire_timer` still
    do.
    """
    keep_invocations: int = 1000
    keep_bytes: int = 64 * 1024
    """Bytes of payload, result and log (its end) kept of each invocation."""

    def interpreter(self, runtime: str) -> str:
        return self.interpreters.get(runtime, sys.executable)
