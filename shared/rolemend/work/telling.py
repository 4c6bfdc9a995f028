"""What the timer of `notify` does: what waits goes out, and what people were told of is looked at again."""

from __future__ import annotations

import msgspec

from rolemend.work.digests import Drained, drain_all
from rolemend.work.following import Followed, follow_up
from rolemend.work.notify import Parts


class Told(msgspec.Struct, frozen=True, kw_only=True):
    channels: tuple[Drained, ...]
    followed: Followed


def tell(parts: Parts) -> Told:
    """Raises LedgerError or AccountError; a channel that takes nothing is no error but stands in the answer."""
    drained = drain_all(parts.delivery, parts.ledger, parts.store)
    return Told(channels=tuple(drained), followed=follow_up(parts))
