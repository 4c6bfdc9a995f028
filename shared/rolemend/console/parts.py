"""What the pages work with, and how a visitor's decision is carried out."""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec

from rolemend.account.interface import ObjectStore
from rolemend.console.access.identity import Access
from rolemend.incident.approvals import Approvals, RollBack
from rolemend.incident.index import Index
from rolemend.incident.ledger import Ledger
from rolemend.incident.life import ChangeNote, Incident

TakeBack = Callable[[Incident, ChangeNote, str], bool]
"""Takes a change back in the name of somebody; whether it is done already, or handed on to be done."""


class ConsoleParts(msgspec.Struct, frozen=True, kw_only=True):
    """`store` is the ledger's bucket, `approvals` opens the decisions in somebody's name, `start` lets `remediate` go
    on with an incident, `account` is what the pages are about. `https`: whether browsers come over TLS."""

    access: Access
    store: ObjectStore
    ledger: Ledger
    index: Index
    approvals: Callable[[str], Approvals]
    start: Callable[[str], None]
    take_back: TakeBack
    account: str = ""
    https: bool = True
    language: str = "en"
    now: Callable[[], float] = time.time


def ask_remediate(
    approvals: Callable[[str], Approvals], ledger: Ledger, start: Callable[[str], None]
) -> TakeBack:
    """Taking back where the console may not write RAM: `remediate` does it, in the name of who asked."""

    def ask(incident: Incident, note: ChangeNote, by: str) -> bool:
        wish = RollBack(change=note.id, plan=note.plan.hash, outcome=note.outcome)
        approvals(by).decide(incident, wish)
        ledger.mark_open(incident.id)
        start(incident.id)
        return False

    return ask


def open_parts(
    access: Access,
    store: ObjectStore,
    ledger: Ledger,
    start: Callable[[str], None],
    take_back: TakeBack | None = None,
    *,
    account: str,
    https: bool,
    language: str,
) -> ConsoleParts:
    """The parts over one ledger. Without `take_back`, `remediate` is asked to do it."""

    def approvals(by: str) -> Approvals:
        return Approvals(store, by, time.time)

    return ConsoleParts(
        access=access,
        store=store,
        ledger=ledger,
        index=Index(store),
        approvals=approvals,
        start=start,
        take_back=take_back or ask_remediate(approvals, ledger, start),
        account=account,
        https=https,
        language=language,
    )
