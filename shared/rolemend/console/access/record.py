"""How the journals name whoever acted: who, and from where."""

from __future__ import annotations

import unicodedata

from rolemend.console.access.identity import Visitor

LONGEST_NAME = 128


def recorded(visitor: Visitor) -> str:
    """Who acted through the console: the ids first, as the name comes from outside."""
    ids = f"{visitor.user} of account {visitor.account}"
    return f"user {ids} ({one_line(visitor.name)}) in the console, from {_place(visitor.address)}"


def recorded_link(channel: str, address: str) -> str:
    """Who acted through a link: nobody signed in, so it is the channel that counts."""
    return f"through a link sent to {one_line(channel)}, from {_place(address)}"


def one_line(name: str) -> str:
    """A name without what would break a line, hide, or turn the direction of what follows."""
    kept = (c if unicodedata.category(c)[0] not in "CZ" or c == " " else " " for c in name[:LONGEST_NAME])
    return " ".join("".join(kept).split())


def _place(address: str) -> str:
    return one_line(address) or "an unknown address"
