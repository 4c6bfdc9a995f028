"""A deployed function and its triggers, as typed values.

Properties and their limits: schema of the Serverless Devs component fc3,
https://github.com/devsapp/fc3/blob/4ca1c1b8c33e654438bb73b64cfc95a5c9d94f5a/src/schema.json .
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple


class FunctionKey(NamedTuple):
    """What tells functions apart. `service` is "" for FC 3.0 functions."""

    account: str
    region: str
    service: str
    name: str

    @property
    def arn(self) -> str:
        service = f"services/{self.service}/" if self.service else ""
        return f"acs:fc:{self.region}:{self.account}:{service}functions/{self.name}"

    def __str__(self) -> str:
        return f"{self.service}/{self.name}" if self.service else self.name


@dataclass(frozen=True, slots=True)
class Hook:
    """A lifecycle hook: `file.function` and its time limit in seconds."""

    handler: str = ""
    timeout: float = 3.0


@dataclass(frozen=True, slots=True)
class AsyncConfig:
    """How asynchronous invocations are retried and where their results go (ARNs, "" for nowhere)."""

    retries: int = 3
    max_age: float = 18_000.0
    on_success: str = ""
    on_failure: str = ""


@dataclass(frozen=True, slots=True)
class LogTrigger:
    """Fires on new records of a logstore. `interval` in seconds; `start` an epoch time, 0 for "from now"."""

    name: str
    project: str
    logstore: str
    interval: float = 60.0
    retries: int = 3
    start: float = 0.0
    parameter: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TimerTrigger:
    """Fires at the times of `schedule`: six cron fields, or `@every 4m`."""

    name: str
    schedule: str
    payload: str = ""


@dataclass(frozen=True, slots=True)
class EventTrigger:
    """Fires on EventBridge events that match `pattern`. `streaming` hands over a list of events."""

    name: str
    pattern: dict[str, Any]
    streaming: bool = False
    asynchronous: bool = False
    retries: int = 3
    """Further tries after a failed one: 3 with the back-off policy, 176 with the exponential one."""


@dataclass(frozen=True, slots=True)
class HttpTrigger:
    """Serves HTTP requests. `auth` is "anonymous" or "function" (signed requests only)."""

    name: str
    auth: str
    methods: tuple[str, ...]
    intranet_only: bool = False


Trigger = LogTrigger | TimerTrigger | EventTrigger | HttpTrigger


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """Everything the host needs to run a function. `code` is a folder or a zip file, `timeout` in seconds."""

    key: FunctionKey
    runtime: str
    handler: str
    code: Path
    memory: int = 512
    timeout: float = 3.0
    role: str = ""
    """ARN of the execution role, "" for none."""
    environment: dict[str, str] = field(default_factory=dict)
    layers: tuple[str, ...] = ()
    log_project: str = ""
    log_store: str = ""
    log_begin: str = "None"
    """What begins a log: "None", each line, or "DefaultRegex", a line that begins with a date."""
    asynchronous: AsyncConfig = AsyncConfig()
    initializer: Hook = Hook()
    pre_stop: Hook = Hook()
    max_instances: int | None = None
    triggers: tuple[Trigger, ...] = ()
    description: str = ""

    @property
    def old_context(self) -> bool:
        """Whether the handler's context carries credentials and a service: FC 2.0, and the older 3.0
        runtimes.
        """
        return bool(self.key.service) or self.runtime != "python3.12"

    @property
    def wsgi(self) -> bool:
        """Whether the handler is called as a WSGI application: HTTP functions of FC 2.0."""
        return bool(self.key.service) and any(isinstance(trigger, HttpTrigger) for trigger in self.triggers)


def parse_function_arn(arn: str) -> FunctionKey | None:
    """`acs:fc:<region>:<account>:functions/<f>[/<qualifier>]` or
    `…:services/<s>[.<qualifier>]/functions/<f>`.
    """
    parts = arn.split(":", 4)
    if len(parts) != 5 or parts[:2] != ["acs", "fc"]:
        return None
    match parts[4].split("/"):
        case ["functions", name] | ["functions", name, _]:
            return FunctionKey(parts[3], parts[2], "", name)
        case ["services", service, "functions", name]:
            return FunctionKey(parts[3], parts[2], service.partition(".")[0], name)
        case _:
            return None
