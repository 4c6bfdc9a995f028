"""What waits for a channel goes out when the channel may have it: one message as itself, several as one digest."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress

import msgspec

from rolemend.account.interface import ObjectStore
from rolemend.errors import AccountError, LedgerError
from rolemend.incident.channels import ChannelFact, Digested, Digesting, Reported, State, is_dead
from rolemend.incident.journal import Notified
from rolemend.incident.ledger import Ledger
from rolemend.incident.waiting import NOTICE, WaitingMessage, write_digest
from rolemend.notify.channel import CRITICAL, Channel, Matter, route
from rolemend.notify.digest import dead_channel_sheet, digest_content, waiting_sheet
from rolemend.notify.message import Message, compose
from rolemend.notify.others import is_mail
from rolemend.notify.sender import send_message
from rolemend.work.delivery import Delivery, attempt, side_by_side

LEASE_SECONDS = 90
TRIES_WITHOUT_ANSWER = 2
MOST_RECORDED = 50
"""For a digest of more messages, its own list is the record; the journals say that they wait for one."""


class Drained(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one channel's waiting messages: how many were told, or the error."""

    channel: str
    told: int = 0
    error: str = ""


def drain_all(delivery: Delivery, ledger: Ledger, store: ObjectStore) -> list[Drained]:
    """Tell what waits, channel by channel side by side, and report the dead ones. Raises LedgerError, AccountError."""
    drained = side_by_side(delivery.channels, lambda channel: _drain(channel, delivery, ledger, store))
    report_dead(delivery)
    for channel in delivery.channels:
        delivery.tokens.drop_old(channel.name)
    return drained


def _drain(channel: Channel, delivery: Delivery, ledger: Ledger, store: ObjectStore) -> Drained:
    state, now = delivery.state_of(channel), delivery.now()
    if _is_busy(state, now):
        return Drained(channel=channel.name)
    if not state.digest and not delivery.waiting.after(channel.name, state.told).lines:
        return Drained(channel=channel.name)
    claim = uuid.uuid4().hex
    if not delivery.take(channel, claim, channel.per_minute):
        return Drained(channel=channel.name)
    state = _claim(channel, delivery, claim)
    if state.claim != claim:
        return Drained(channel=channel.name)
    lines = delivery.waiting.between(state.told, state.ends).lines
    if state.unsure + (len(lines) == 1 and lines[0].unsure) >= TRIES_WITHOUT_ANSWER:
        return _done(channel, lines, state, delivery, ledger, confirmed=False)
    write_digest(store, state.digest, lines)
    error = attempt(
        lambda: _send(channel, state.digest, lines, delivery, ledger), channel, state, delivery, state.digest
    )
    if error is not None:
        return Drained(channel=channel.name, error=str(error))
    return _done(channel, lines, state, delivery, ledger)


def _is_busy(state: State, now: float) -> bool:
    """Whether it is to be left alone, or another invocation sends to it."""
    return now < state.until or (bool(state.claim) and now < state.at + LEASE_SECONDS)


def _claim(channel: Channel, delivery: Delivery, claim: str) -> State:
    """Bind all that waits to a digest; one that did not go out is sent again with the same messages."""

    def decide(known: State) -> list[ChannelFact]:
        if _is_busy(known, delivery.now()):
            return []
        if known.digest:
            return [Digesting(digest=known.digest, ends=known.ends, claim=claim)]
        batch = delivery.waiting.after(channel.name, known.told)
        name = f"{channel.name}-{known.digests + 1}"
        return [Digesting(digest=name, ends=batch.ends, claim=claim)] if batch.lines else []

    return delivery.states.extend(channel.name, decide)


def _send(
    channel: Channel, digest: str, lines: Sequence[WaitingMessage], delivery: Delivery, ledger: Ledger
) -> None:
    sender, language = delivery.open_sender(channel), delivery.language_of(channel)
    if len(lines) == 1 and (message := _whole(lines[0], channel, delivery, ledger)) is not None:
        send_message(sender, channel, message, language)
        return
    whole = channel.form == "long" or is_mail(channel.url)
    sheet = waiting_sheet(digest, lines, language, whole=whole)
    sender.send(digest, sheet, digest_content(digest, lines, sheet.title))


def _whole(line: WaitingMessage, channel: Channel, delivery: Delivery, ledger: Ledger) -> Message | None:
    """The message itself under the id that it was first sent with; None if its incident cannot be read, or if another
    version of Rolemend left it waiting."""
    try:
        if line.kind == NOTICE:
            return msgspec.convert(line.whole, Message)
        incident = ledger.load(line.incident)
    except (LedgerError, msgspec.ValidationError):
        return None
    language, links = delivery.language_of(channel), delivery.links_to(channel)
    return compose(incident, language, line.kind, links, line.message)


def _done(
    channel: Channel,
    lines: Sequence[WaitingMessage],
    state: State,
    delivery: Delivery,
    ledger: Ledger,
    *,
    confirmed: bool = True,
) -> Drained:
    """Note the digest in the channel's journal, then in the incidents' own. The first is what counts."""

    def decide(known: State) -> list[ChannelFact]:
        return [Digested(digest=state.digest, confirmed=confirmed)] if known.digest == state.digest else []

    delivery.states.extend(channel.name, decide)
    if len(lines) <= MOST_RECORDED:
        for line in lines:
            if line.kind != NOTICE:
                _record(line, channel, ledger, confirmed=confirmed)
    delivery.waiting.drop_told(state.ends)
    return Drained(channel=channel.name, told=len(lines))


def _record(line: WaitingMessage, channel: Channel, ledger: Ledger, *, confirmed: bool) -> None:
    fact = Notified(
        message=line.message, channel=channel.name, kind=line.kind, confirmed=confirmed, count=line.count
    )
    with suppress(LedgerError, AccountError):
        ledger.extend(line.incident, lambda known: [fact])


def report_dead(delivery: Delivery) -> None:
    """Tell people of each dead channel, once, through another one that works: the first that takes what is critical,
    or else any."""
    states, now = {channel.name: delivery.state_of(channel) for channel in delivery.channels}, delivery.now()
    well = [
        each
        for each in delivery.channels
        if not states[each.name].failures and states[each.name].until <= now
    ]
    meant = route(well, Matter(severity=CRITICAL))
    ways = [*meant, *(channel for channel in well if channel not in meant)]
    for channel in delivery.channels:
        state = states[channel.name]
        if not state.reported and is_dead(state, now):
            through = next((other for other in ways if _reported(channel, other, states, delivery)), None)
            if through is not None:
                delivery.states.extend(channel.name, _report(through.name))


def _report(through: str) -> Callable[[State], list[ChannelFact]]:
    return lambda known: [] if known.reported else [Reported(through=through)]


def _reported(channel: Channel, through: Channel, states: dict[str, State], delivery: Delivery) -> bool:
    state = states[channel.name]
    name = f"channel-{channel.name}-{int(state.failing_since)}"
    if not delivery.take(through, name, through.per_minute):
        return False
    waiting = len(delivery.waiting.after(channel.name, state.told).lines)
    sheet = dead_channel_sheet(
        channel.name, state.reason, state.failing_since, waiting, delivery.language_of(through)
    )
    content = {"id": name, "kind": "channel", "title": sheet.title, "text": sheet.title}
    content["text"] = "\n".join([sheet.title, *sheet.sections[0].lines])
    sender = delivery.open_sender(through)
    return attempt(lambda: sender.send(name, sheet, content), through, states[through.name], delivery) is None
