"""What CloudMonitor keeps: event rules with the logstores that they send events to."""

from __future__ import annotations

import msgspec


class Target(msgspec.Struct, kw_only=True):
    """A logstore; `id` is the caller's own name for it within the rule."""

    id: str
    region: str
    project: str
    logstore: str


class Rule(msgspec.Struct, kw_only=True):
    """An event rule. Empty lists and `*` mean everything."""

    name: str
    product: str
    names: list[str] = []
    levels: list[str] = []
    types: list[str] = []
    description: str = ""
    state: str = "ENABLED"
    silence: int = 0
    targets: list[Target] = []


class CmsState(msgspec.Struct, kw_only=True):
    """Rules by account and name: CloudMonitor's names are unique in an account, whatever region is asked."""

    rules: dict[str, dict[str, Rule]] = {}
