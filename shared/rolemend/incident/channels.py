"""The journal of a channel: the digests it was sent, how far it has told what waits, and whether it works.

Its entries are few, but for ever; so a journal that has grown long is followed by another, which begins with what
counts of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from rolemend.account.interface import ObjectStore
from rolemend.incident.book import Book
from rolemend.incident.journal import Line

MOST_ENTRIES = 500


class Digesting(msgspec.Struct, frozen=True, kw_only=True, tag="digesting"):
    """A digest of all that waits up to `ends` is about to be sent; `claim` is the one invocation that sends it."""

    digest: str
    ends: dict[str, int]
    claim: str


class Digested(msgspec.Struct, frozen=True, kw_only=True, tag="digested"):
    """A digest was delivered; `confirmed` is false where two tries had no answer."""

    digest: str
    confirmed: bool = True


class Failed(msgspec.Struct, frozen=True, kw_only=True, tag="failed"):
    """The channel took no message: not before `until` (epoch seconds) is it tried again. `refused` says that trying
    again does not help, `sure` that the message did not arrive, `digest` which digest it was, if one."""

    reason: str
    until: float
    refused: bool = False
    sure: bool = True
    digest: str = ""


class Works(msgspec.Struct, frozen=True, kw_only=True, tag="works"):
    """A channel that had failed takes messages again."""


class Reported(msgspec.Struct, frozen=True, kw_only=True, tag="reported"):
    """People were told through channel `through` that this one is dead."""

    through: str


class State(msgspec.Struct, frozen=True, kw_only=True):
    """What a journal amounts to.

    `told` says how far the waiting messages were told; `digest` with `ends` is the one that is on its way, `claim` who
    sends it, since `at`, `unsure` how many tries had no answer. `failures` in a row since `failing_since`, the last for
    `reason`; until `until` the channel is left alone.
    """

    told: dict[str, int] = {}
    digests: int = 0
    digest: str = ""
    ends: dict[str, int] = {}
    claim: str = ""
    at: float = 0.0
    unsure: int = 0
    failures: int = 0
    failing_since: float = 0.0
    until: float = 0.0
    reason: str = ""
    refused: bool = False
    reported: bool = False


class Carried(msgspec.Struct, frozen=True, kw_only=True, tag="carried"):
    """The first entry of a journal that follows another."""

    state: State


ChannelFact = Digesting | Digested | Failed | Works | Reported | Carried
_decoder = msgspec.json.Decoder(Line[ChannelFact])


def state_of(entries: Iterable[Line[ChannelFact]]) -> State:
    """Follow a channel's journal from its first entry to now."""
    state = State()
    for entry in entries:
        state = _step(state, entry.fact, entry.time)
    return state


def _step(state: State, fact: ChannelFact, time: float) -> State:
    become = msgspec.structs.replace
    match fact:
        case Carried():
            return fact.state
        case Digesting():
            again = fact.digest == state.digest
            unsure = state.unsure + bool(state.claim) if again else 0
            return become(state, digest=fact.digest, ends=fact.ends, claim=fact.claim, at=time, unsure=unsure)
        case Digested():
            if fact.digest != state.digest:
                return state
            # `ends` names every object there is: what was deleted is forgotten.
            digests = state.digests + 1
            return become(state, told=state.ends, digests=digests, digest="", ends={}, claim="", unsure=0)
        case Failed():
            return _failed(state, fact, time)
        case Works():
            return become(
                state, failures=0, failing_since=0.0, until=0.0, reason="", refused=False, reported=False
            )
        case Reported():
            return become(state, reported=True)


def _failed(state: State, fact: Failed, time: float) -> State:
    mine = bool(fact.digest) and fact.digest == state.digest
    return msgspec.structs.replace(
        state,
        failures=state.failures + 1,
        failing_since=state.failing_since or time,
        until=max(state.until, fact.until),
        reason=fact.reason,
        refused=fact.refused,
        claim="" if mine else state.claim,
        unsure=state.unsure + (mine and not fact.sure),
    )


DEAD_SECONDS, DEAD_FAILURES = 900, 3
"""A channel that failed so often for so long is dead; one that refuses a message at once."""


def is_dead(state: State, now: float) -> bool:
    """Whether a channel takes nothing any more, at `now` in epoch seconds."""
    lasting = state.failures >= DEAD_FAILURES and now >= state.failing_since + DEAD_SECONDS
    return bool(state.failures) and (state.refused or lasting)


class Channels:
    """Reads and extends the journals. All methods raise LedgerError or AccountError."""

    def __init__(self, store: ObjectStore, by: str, now: Callable[[], float]) -> None:
        self._store = store
        self._book = Book(store, _decoder, by, now)

    def names(self) -> frozenset[str]:
        """The channels that have a journal."""
        return frozenset(key.split("/")[1] for key in self._store.keys("channels/"))

    def load(self, channel: str) -> State:
        return state_of(self._book.read(self._newest(channel)).entries)

    def extend(self, channel: str, decide: Callable[[State], Iterable[ChannelFact]]) -> State:
        """Append what `decide` makes of the channel as it stands, or nothing."""
        key = self._newest(channel)
        entries = self._book.read(key).entries
        if len(entries) > MOST_ENTRIES:
            # Nobody extends a journal that is full: all who read it go on to the same next one.
            carried = Carried(state=state_of(entries))
            key = _key(channel, int(key[-10:-6]) + 1)
            self._book.extend(key, lambda known: [] if known else [carried])
        return state_of(self._book.extend(key, lambda known: tuple(decide(state_of(known)))))

    def _newest(self, channel: str) -> str:
        return max(self._store.keys(f"channels/{channel}/"), default=_key(channel, 0))


def _key(channel: str, number: int) -> str:
    return f"channels/{channel}/{number:04d}.jsonl"
