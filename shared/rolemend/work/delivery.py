"""Delivering a message to the channels it is for, none of which waits for another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeVar

import msgspec

from rolemend.errors import (
    AccountError,
    AnswerLost,
    LedgerError,
    Refused,
    RolemendError,
    Throttled,
    Unreachable,
)
from rolemend.incident.channels import ChannelFact, Channels, Failed, State, Works
from rolemend.incident.journal import Fact, Notified, Queued
from rolemend.incident.life import Incident
from rolemend.incident.tokens import WINDOW, Tokens
from rolemend.incident.waiting import WaitingMessages, waiting_message, waiting_notice
from rolemend.notify.channel import SECONDS_APART, Channel, matter_of, robot_of, route
from rolemend.notify.links import Links
from rolemend.notify.message import NO_LINKS, Message, compose
from rolemend.notify.sender import Sender, send_message

RESERVED = 2
"""Of a channel's messages a minute, so many are left to digests, so that a storm does not keep these back."""
DELIVERED = "delivered"
_LONGEST_PAUSE, _LONGEST_REFUSED = 3_600.0, 21_600.0
"""A channel that refuses for good is asked four times a day."""

T = TypeVar("T")


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """What messages are delivered with. `open_sender` makes a channel's sender; `language` is for channels that name
    none; `pause` is how many seconds one that fails is left alone for at first; `now` gives epoch seconds."""

    channels: tuple[Channel, ...]
    open_sender: Callable[[Channel], Sender]
    tokens: Tokens
    waiting: WaitingMessages
    states: Channels
    now: Callable[[], float]
    language: str = "en"
    links: Links = NO_LINKS
    pause: float = 60.0

    def take(self, channel: Channel, message: str, limit: int) -> bool:
        """Whether a message may be sent to the channel's robot now; if so, it is counted. In a burst it waits for its
        turn, a few seconds at most. Raises AccountError."""
        apart = SECONDS_APART.get(channel.type, 0.0)
        return self.tokens.take(robot_of(channel, self.channels), message, limit, apart)

    def state_of(self, channel: Channel) -> State:
        """As its journal tells. It is left alone for as long as its robot is in any other channel, but not for a
        refusal there: that may be for a wrong secret. Raises LedgerError or AccountError."""
        state, robot = self.states.load(channel.name), robot_of(channel, self.channels)
        for other in self.channels:
            if other.name != channel.name and robot_of(other, self.channels) == robot:
                known = self.states.load(other.name)
                if not known.refused and known.until > state.until:
                    state = msgspec.structs.replace(state, until=known.until)
        return state

    def links_to(self, channel: Channel) -> Links:
        return msgspec.structs.replace(self.links, channel=channel.name)

    def language_of(self, channel: Channel) -> str:
        return channel.language or self.language


def deliver(incident: Incident, kind: str, name: str, delivery: Delivery) -> tuple[Fact, ...]:
    """Send the message `name` to every channel that it is for, or leave it waiting there. What became of it.

    Raises LedgerError or AccountError only where the ledger itself could not be used.
    """
    channels = route(delivery.channels, matter_of(incident, kind))
    if not channels:
        return (Notified(message=name, channel="", kind=kind, confirmed=False, count=incident.count),)
    return tuple(side_by_side(channels, lambda channel: _deliver_to(incident, kind, name, channel, delivery)))


def side_by_side(channels: Sequence[Channel], do: Callable[[Channel], T]) -> list[T]:
    """The answer for each channel. All are done at once; an error of one is raised when the others are through."""
    if len(channels) < 2:
        return [do(channel) for channel in channels]
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(len(channels)) as pool:
        futures = [pool.submit(do, channel) for channel in channels]
    return [future.result() for future in futures]


def _deliver_to(incident: Incident, kind: str, name: str, channel: Channel, delivery: Delivery) -> Fact:
    """Send now, or leave the message waiting. What became of it."""

    def composed() -> Message:
        return compose(incident, delivery.language_of(channel), kind, delivery.links_to(channel), name)

    if (error := _offer(name, composed, channel, delivery, (Refused,))) is None:
        return Notified(message=name, channel=channel.name, kind=kind, count=incident.count)
    unsure = isinstance(error, AnswerLost)
    return _queue(incident, kind, name, channel, delivery, str(error), unsure=unsure)


def tell_all(
    message_in: Callable[[str], Message], channels: Sequence[Channel], delivery: Delivery
) -> dict[str, str]:
    """Send what is about no denial, composed in each channel's language, or leave it waiting there. What became of it:
    DELIVERED, or the error for which it waits.

    What it tells of may be that the ledger fails, so it is sent even where nobody can tell how a channel fared. Raises
    the first AccountError if it was neither sent to a channel nor waits for one.
    """

    def tell(channel: Channel) -> tuple[AccountError | None, bool]:
        message = message_in(delivery.language_of(channel))
        error = _offer(message.id, lambda: message, channel, delivery, (AccountError, LedgerError))
        return error, error is None or _left_waiting(message, channel, delivery, error)

    found = side_by_side(channels, tell)
    lost = [error for error, safe in found if error is not None and not safe]
    if lost and len(lost) == len(channels):
        raise lost[0]
    pairs = zip(channels, found, strict=True)
    return {channel.name: str(error) if error else DELIVERED for channel, (error, _) in pairs}


def _left_waiting(message: Message, channel: Channel, delivery: Delivery, error: AccountError) -> bool:
    """Whether the ledger took it."""
    line = waiting_notice(
        message.id,
        message.incident,
        message.severity,
        msgspec.to_builtins(message),
        delivery.now(),
        unsure=isinstance(error, AnswerLost),
    )
    try:
        delivery.waiting.add(channel.name, line)
    except AccountError:
        return False
    return True


def _offer(
    name: str,
    composed: Callable[[], Message],
    channel: Channel,
    delivery: Delivery,
    despite: tuple[type[RolemendError], ...],
) -> AccountError | None:
    """Send a message, if the channel works and has not had too many; why it was not sent, or None.

    `despite` are errors with which the ledger tells neither, and in spite of which it is sent: that people hear of it
    counts for more than a robot's limit, and a control policy may refuse these reads for good.
    """
    try:
        state = delivery.state_of(channel)
        if state.until > (now := delivery.now()):
            return Throttled(channel.name, "paused", "the channel is left alone for now", state.until - now)
        if not delivery.take(channel, name, max(1, channel.per_minute - RESERVED)):
            return Throttled(channel.name, "limit", "over the channel's limit", WINDOW)
    except despite:
        state = State()
    message, language = composed(), delivery.language_of(channel)
    return attempt(
        lambda: send_message(delivery.open_sender(channel), channel, message, language),
        channel,
        state,
        delivery,
    )


def attempt(
    send: Callable[[], None], channel: Channel, state: State, delivery: Delivery, digest: str = ""
) -> AccountError | None:
    """Send something, and note in the channel's journal what that tells about the channel."""
    try:
        send()
    except AccountError as error:
        note_failure(channel, error, delivery, digest)
        return error
    if state.failures:
        _note(channel, delivery, lambda known: [Works()] if known.failures else [])
    return None


def note_failure(channel: Channel, error: AccountError, delivery: Delivery, digest: str = "") -> None:
    """Leave the channel alone for a while, longer each time. Of several instances that meet it at once one writes."""
    now = delivery.now()

    def decide(known: State) -> list[ChannelFact]:
        if known.until > now and not digest:
            return []
        return [
            Failed(
                reason=str(error),
                until=now + _pause(error, known.failures, delivery.pause),
                refused=not isinstance(error, Unreachable),
                sure=not isinstance(error, AnswerLost),
                digest=digest,
            )
        ]

    _note(channel, delivery, decide)


def _pause(error: AccountError, failures: int, first: float) -> float:
    longest = _LONGEST_PAUSE if isinstance(error, Unreachable) else _LONGEST_REFUSED
    grown: float = min(first * 2 ** min(failures, 10), longest)
    return max(error.seconds, grown if failures else 0.0) if isinstance(error, Throttled) else grown


def _note(channel: Channel, delivery: Delivery, decide: Callable[[State], list[ChannelFact]]) -> None:
    """The message itself is safe; where too many write about the channel at once, one of them is enough."""
    with suppress(LedgerError, AccountError):
        delivery.states.extend(channel.name, decide)


def _queue(
    incident: Incident,
    kind: str,
    name: str,
    channel: Channel,
    delivery: Delivery,
    reason: str,
    *,
    unsure: bool = False,
) -> Fact:
    severity = matter_of(incident, kind).severity
    delivery.waiting.add(channel.name, waiting_message(incident, name, kind, severity, unsure=unsure))
    return Queued(message=name, channel=channel.name, kind=kind, reason=reason, count=incident.count)
