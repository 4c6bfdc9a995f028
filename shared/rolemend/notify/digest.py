"""A digest: many messages in one. It counts all of them, names as many as there is room for, and leads to the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from rolemend.explain.wording import CAUSE_NAMES, name_of
from rolemend.incident.waiting import NOTICE, WaitingMessage
from rolemend.notify.channel import CRITICAL, INFO, WARNING
from rolemend.notify.message import ALERT, REPEATED, Speaker
from rolemend.notify.render import Sheet
from rolemend.notify.sections import Section
from rolemend.notify.words import KIND_NAMES
from rolemend.text import Text, text

_LISTED, _CHUNK, _WHOLE_CHUNK, _GROUPS = 100, 5, 50, 5
_ORDER = (CRITICAL, WARNING, INFO)


def folded(lines: Iterable[WaitingMessage]) -> tuple[WaitingMessage, ...]:
    """One line for each incident, the last and the highest count; the gravest and most frequent first.

    What is critical keeps a line of its own: a document of a person that may be overwritten, or a change that could not
    be taken back, is settled by nothing that is told later.
    """
    messages: dict[str, WaitingMessage] = {}
    counts = Counter[str]()
    for line in lines:
        messages[line.message if line.severity == CRITICAL else line.incident] = line
        counts[line.incident] = max(line.count, counts[line.incident])
    told = [msgspec.structs.replace(line, count=counts[line.incident]) for line in messages.values()]
    return tuple(sorted(told, key=lambda line: (_ORDER.index(line.severity), -line.count, line.incident)))


def digest_sheet(digest: str, lines: Sequence[WaitingMessage], language: str, *, whole: bool) -> Sheet:
    """The digest as it is shown; `whole` names every incident that the channel has room for, otherwise the first
    hundred at most."""
    say, shown = Speaker(language), folded(lines)
    incidents = tuple({line.incident: line for line in reversed(shown)}.values())
    span = text(
        "Seen between {first} and {last}; too many for a message each.",
        first=_moment(min(line.first for line in shown)),
        last=_moment(max(line.last for line in shown)),
    )
    command = f"rolemend incidents digest {digest}"
    return Sheet(
        title=_title(shown, incidents, say),
        severity=shown[0].severity,
        sections=(
            Section(heading="", lines=(say(span),)),
            *_groups(incidents, say),
            Section(heading=say(text("Each of them, on the command line")), lines=(command,), code=True),
            *_listed(shown, say, whole=whole),
        ),
    )


def waiting_sheet(digest: str, lines: Sequence[WaitingMessage], language: str, *, whole: bool) -> Sheet:
    """A digest of incidents and of notices, which are told by their titles, or with `whole` line by line."""
    notices = sorted((line for line in lines if line.kind == NOTICE), key=_gravity)
    about = [line for line in lines if line.kind != NOTICE]
    if not notices:
        return digest_sheet(digest, about, language, whole=whole)
    say, shown = Speaker(language), tuple(_noticed(notices, Speaker(language), whole=whole))
    if not about:
        command = f"rolemend incidents digest {digest}"
        heading = say(text("Each of them, on the command line"))
        return Sheet(
            title=say(text("{count} messages that waited", count=len(notices))),
            severity=notices[0].severity,
            sections=(*shown, Section(heading=heading, lines=(command,), code=True)),
        )
    sheet = digest_sheet(digest, about, language, whole=whole)
    return msgspec.structs.replace(
        sheet,
        title=say(text("{title}; {count} other messages", title=sheet.title, count=len(notices))),
        severity=min(sheet.severity, notices[0].severity, key=_ORDER.index),
        sections=(*sheet.sections[:1], *shown, *sheet.sections[1:]),
    )


def _gravity(line: WaitingMessage) -> int:
    return _ORDER.index(line.severity)


def _noticed(notices: Sequence[WaitingMessage], say: Speaker, *, whole: bool) -> Iterable[Section]:
    """The first few always have room."""
    heading = say(text("Other messages"))
    for start in range(0, len(notices) if whole else min(len(notices), _LISTED), _CHUNK):
        rows = [row for line in notices[start : start + _CHUNK] for row in notice_rows(line, whole=whole)]
        rank = 3 + start // _CHUNK if start else 0
        yield Section(heading=heading if not start else "", lines=tuple(rows), rank=rank)


def notice_rows(line: WaitingMessage, *, whole: bool) -> tuple[str, ...]:
    """Title and severity of a notice, with `whole` its lines too; they were made harmless when it was composed."""
    rows = line.whole.get("lines", ()) if whole else ()
    return (f"{line.whole.get('title', line.message)} ({line.severity})", *map(str, rows))


def _title(shown: Sequence[WaitingMessage], incidents: Sequence[WaitingMessage], say: Speaker) -> str:
    """How many incidents; where not all are denials, how many of each kind."""
    kinds = Counter(line.kind for line in shown)
    if not set(kinds) - {ALERT, REPEATED}:
        denials = sum(line.count for line in incidents)
        return say(
            text("{incidents} incidents with {denials} denials", incidents=len(incidents), denials=denials)
        )
    told = [
        say(text("{count} {kind}", count=count, kind=name_of(KIND_NAMES, kind, say)))
        for kind, count in kinds.most_common()
    ]
    return say(text("{incidents} incidents: {kinds}", incidents=len(incidents), kinds=", ".join(told)))


def _groups(lines: Sequence[WaitingMessage], say: Speaker) -> Iterable[Section]:
    """Three ways to count them; each adds up to all of them."""
    ways: tuple[tuple[Text, Callable[[WaitingMessage], str]], ...] = (
        (text("By cause"), lambda line: name_of(CAUSE_NAMES, line.cause or "unknown", say)),
        (text("By role or user"), lambda line: line.role or line.who),
        (text("By target"), _place),
    )
    for rank, (heading, key) in enumerate(ways):
        yield Section(heading=say(heading), lines=_counted(lines, key, say), rank=rank)


def _place(line: WaitingMessage) -> str:
    """The bucket, without the object."""
    return "/".join(line.target.split("/")[:3]) if line.target.startswith("oss://") else line.target


def _counted(
    lines: Sequence[WaitingMessage], key: Callable[[WaitingMessage], str], say: Speaker
) -> tuple[str, ...]:
    incidents, denials = Counter(map(key, lines)), Counter[str]()
    for line in lines:
        denials[key(line)] += line.count
    most = [name for name, _ in incidents.most_common(_GROUPS)]
    shown = [_group(name[:200], incidents[name], denials[name]) for name in most]
    if len(incidents) > _GROUPS:
        rest = incidents.total() - sum(incidents[name] for name in most)
        others = denials.total() - sum(denials[name] for name in most)
        shown.append(
            text(
                "{groups} others: {incidents} incidents, {denials} denials",
                groups=len(incidents) - _GROUPS,
                incidents=rest,
                denials=others,
            )
        )
    return tuple(map(say, shown))


def _group(name: str, incidents: int, denials: int) -> Text:
    return text(
        "{name}: {incidents} incidents, {denials} denials", name=name, incidents=incidents, denials=denials
    )


def _listed(lines: Sequence[WaitingMessage], say: Speaker, *, whole: bool) -> Iterable[Section]:
    """The incidents themselves, a few to a section, so that as many stay as there is room for."""
    heading = say(text("Incidents"))
    most, chunk = (len(lines), _WHOLE_CHUNK) if whole else (_LISTED, _CHUNK)
    for start in range(0, min(len(lines), most), chunk):
        rows = tuple(say(_row(line, say)) for line in lines[start : start + chunk])
        yield Section(heading=heading if not start else "", lines=rows, rank=3 + start // chunk)


def _row(line: WaitingMessage, say: Speaker) -> Text:
    return text(
        "{kind}, {incident}: {count} times, {who} {action} {target}, {cause}",
        kind=name_of(KIND_NAMES, line.kind, say),
        incident=line.incident,
        count=line.count,
        who=line.who[:200],
        action=line.action[:100],
        target=line.target[:300],
        cause=name_of(CAUSE_NAMES, line.cause or "unknown", say),
    )


def digest_content(digest: str, lines: Sequence[WaitingMessage], title: str) -> dict[str, Any]:
    """The digest for a program: every message of it."""
    return {"id": digest, "kind": "digest", "title": title, "text": title, "messages": list(lines)}


def dead_channel_sheet(name: str, reason: str, since: float, waiting: int, language: str) -> Sheet:
    """What another channel tells of one that takes no messages."""
    say = Speaker(language)
    lines = (
        text("It has taken no message since {since}: {reason}", since=_moment(int(since)), reason=reason),
        text("{waiting} messages wait for it; nothing is lost.", waiting=waiting),
        text("Correct its entry in ROLEMEND_CHANNELS, or mend the robot; it is tried again by itself."),
    )
    return Sheet(
        title=say(text("Rolemend's channel {name} is dead", name=name)),
        severity=CRITICAL,
        sections=(Section(heading="", lines=tuple(map(say, lines))),),
    )


def _moment(seconds: int) -> str:
    import time

    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))
