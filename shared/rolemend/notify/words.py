"""The words for what stands as a code in the ledger."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rolemend.notify.message import ALERT, OVERWRITTEN, RECOVERED, REMEDIED, REPEATED
from rolemend.text import Text, text

KIND_NAMES = {
    ALERT: text("denied"),
    REPEATED: text("denied again"),
    REMEDIED: text("mended"),
    RECOVERED: text("over"),
    OVERWRITTEN: text("an edit may be overwritten"),
}
"""What a kind of message tells of an incident."""


def name_of(names: Mapping[str, Text], code: str, say: Callable[[Text], str]) -> str:
    """The name of a code in a language; the code itself where it has none."""
    found = names.get(code)
    return code if found is None else say(found)
