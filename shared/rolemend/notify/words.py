"""The words for the kinds of messages."""

from __future__ import annotations

from rolemend.notify.message import ALERT, OVERWRITTEN, RECOVERED, REMEDIED, REPEATED
from rolemend.text import text

KIND_NAMES = {
    ALERT: text("denied"),
    REPEATED: text("denied again"),
    REMEDIED: text("mended"),
    RECOVERED: text("over"),
    OVERWRITTEN: text("an edit may be overwritten"),
}
"""What a kind of message tells of an incident."""
