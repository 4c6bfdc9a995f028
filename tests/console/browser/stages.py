"""A console on a stage of the local cloud, and incidents to look at there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from demo import clients
from demo.scenarios import GUARDRAILS, SCENARIOS
from demo.stage import HOME, LEDGER, Stage
from rolemend.bootstrap import Operator
from rolemend.commands.console import serving
from rolemend.settings import read_operator_settings
from tests.e2e.watching import attempt


def operator(stage: Stage) -> Operator:
    """The account's root user at a shell."""
    environment = {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": stage.root.id,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": stage.root.secret,
        "ROLEMEND_LEDGER_BUCKET": LEDGER,
        "ROLEMEND_REGION": HOME,
        "ROLEMEND_SCHEME": "http",
        "http_proxy": stage.local.proxy,
    }
    return Operator(read_operator_settings(environment), environment, Path("/nowhere"))


@contextmanager
def console(stage: Stage) -> Iterator[str]:
    """The address that opens the console, once."""
    with serving(operator(stage), 0, "en") as (_, address):
        yield address


def denied(stage: Stage, name: str = "resource-list", mode: str = "approve") -> str:
    """Play a scenario of the demo under one mode; the id of its incident, of several of one that waits for people."""
    rules = GUARDRAILS.replace('mode = "auto"', f'mode = "{mode}"')
    clients.bucket(stage.root, LEDGER).put_object("config/guardrails.toml", rules.encode())
    known = set(stage.incidents())
    attempt(stage, next(one for one in SCENARIOS if one.name == name))
    opened = {key: one for key, one in sorted(stage.incidents().items()) if key not in known}
    return next((key for key, one in opened.items() if one.state == "awaiting approval"), next(iter(opened)))
