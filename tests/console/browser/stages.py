"""Incidents to look at in the console."""

from __future__ import annotations

from demo import clients
from demo.scenarios import GUARDRAILS, SCENARIOS
from demo.stage import LEDGER, Stage
from tests.e2e.watching import attempt


def denied(stage: Stage, name: str = "resource-list", mode: str = "approve") -> str:
    """Play a scenario of the demo under one mode; the id of its incident, of several of one that waits for people."""
    rules = GUARDRAILS.replace('mode = "auto"', f'mode = "{mode}"')
    clients.bucket(stage.root, LEDGER).put_object("config/guardrails.toml", rules.encode())
    known = set(stage.incidents())
    attempt(stage, next(one for one in SCENARIOS if one.name == name))
    opened = {key: one for key, one in sorted(stage.incidents().items()) if key not in known}
    return next((key for key, one in opened.items() if one.state == "awaiting approval"), next(iter(opened)))
