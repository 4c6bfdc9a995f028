"""LookupEvents: the history of one region, page by page.

API: https://alibabacloud.com/help/en/actiontrail/developer-reference/api-actiontrail-2020-07-06-lookupevents ;
which attributes go together: https://www.alibabacloud.com/help/en/actiontrail/support/how-to-set-the-lookupattribute-parameter
"""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from operator import attrgetter

import msgspec

from localcloud.actiontrail.history import as_looked_up
from localcloud.actiontrail.refusals import refusal
from localcloud.actiontrail.state import AccountTrails, KeptEvent
from localcloud.openapi import Answer, Invocation

DEFAULT_RESULTS = 20
MOST_RESULTS = 50
DEFAULT_RANGE = 7 * 24 * 60 * 60
"""Seconds that are searched where no times are given."""

_KEYS = {
    "ServiceName": attrgetter("service"),
    "EventName": attrgetter("name"),
    "User": attrgetter("user"),
    "EventId": attrgetter("id"),
    "ResourceType": attrgetter("resource_types"),
    "ResourceName": attrgetter("resource_names"),
    "EventRW": attrgetter("rw"),
    "EventAccessKeyId": attrgetter("access_key_id"),
    "SensitiveAction": attrgetter("sensitive"),
    "SourceIpAddress": attrgetter("source_ip"),
    "EventType": attrgetter("type"),
    "RoleName": attrgetter("role"),
    "PrincipalId": attrgetter("principal_id"),
}

_PAIRS = {
    "ServiceName": {
        "EventName", "User", "PrincipalId", "RoleName", "ResourceName", "EventRW", "SensitiveAction",
        "EventType",
    },
    "ResourceName": {"ResourceType", "EventName", "User", "RoleName", "ServiceName"},
    "EventType": {"EventName"},
}  # fmt: skip


class Search(msgspec.Struct, frozen=True, array_like=True):
    """What is looked for. The next page's token carries it, so that a request for other things is noticed."""

    region: str
    start: float
    end: float
    forward: bool
    wanted: dict[str, str]


class Token(msgspec.Struct, frozen=True, array_like=True):
    """`after` is the number of the last event that was given out."""

    after: int
    search: Search


def lookup_events(invocation: Invocation) -> Answer:
    """At most 50 events; `NextToken` is there while older (or, forward, later) ones match."""
    size = _take_size(invocation)
    token = _read_token(invocation.text("NextToken"))
    search = _take_search(invocation, token)
    trails = invocation.cloud.state.actiontrail.accounts.get(invocation.account) or AccountTrails()
    found = _matching(trails.events, search, token.after if token else None)
    events = list(islice(found, size))
    answer: Answer = {
        "StartTime": _write_time(search.start),
        "EndTime": _write_time(search.end),
        "Events": [as_looked_up(kept) for kept in events],
    }
    if len(events) == size and next(found, None) is not None:
        answer["NextToken"] = _write_token(Token(events[-1].number, search))
    return answer


def _matching(events: list[KeptEvent], search: Search, after: int | None) -> Iterator[KeptEvent]:
    """Events of the search in its direction, from the one behind `after` on. Numbers have no gaps."""
    first = events[0].number if events else 0
    candidates: Iterator[KeptEvent]
    if search.forward:
        start = 0 if after is None else max(0, after + 1 - first)
        candidates = islice(events, start, None)
    else:
        end = len(events) if after is None else max(0, after - first)
        candidates = islice(reversed(events), len(events) - end, None)
    for key, value in search.wanted.items():
        candidates = _having(candidates, key, value)
    for kept in candidates:
        if kept.region == search.region and search.start <= kept.time <= search.end:
            yield kept


def _having(candidates: Iterator[KeptEvent], key: str, value: str) -> Iterator[KeptEvent]:
    """Those with the value, which for resources is one of a list. Kept quick: a history can be long."""
    read = _KEYS[key]
    if key in ("ResourceType", "ResourceName"):
        return (kept for kept in candidates if value in read(kept).split(";"))
    return (kept for kept in candidates if read(kept) == value)


def _take_search(invocation: Invocation, token: Token | None) -> Search:
    """The search of this request; with a token, times that were left out are those of the first page."""
    direction = invocation.text("Direction") or "BACKWARD"
    if direction not in ("FORWARD", "BACKWARD"):
        raise refusal("InvalidQueryParameter")
    start_text, end_text = invocation.text("StartTime"), invocation.text("EndTime")
    now = int(invocation.call.received)
    if not start_text and not end_text:
        start, end = (token.search.start, token.search.end) if token else (now - DEFAULT_RANGE, now)
    else:
        start = _read_time(start_text, "InvalidParameterStartTime")
        end = _read_time(end_text, "InvalidParameterEndTime")
    if end <= start:
        raise refusal("InvalidParameterCombination")
    search = Search(invocation.call.region, start, end, direction == "FORWARD", _take_attributes(invocation))
    if token is not None and token.search != search:
        raise refusal("InvalidQueryParameter")
    return search


def _take_attributes(invocation: Invocation) -> dict[str, str]:
    """One attribute, or two of a permitted pair; the second of a key wins, a third attribute is ignored."""
    given = invocation.params.get("LookupAttribute", [])
    wanted: dict[str, str] = {}
    for attribute in given[:2] if isinstance(given, list) else [given]:
        if not isinstance(attribute, dict) or attribute.get("Key") not in _KEYS:
            raise refusal("InvalidQueryParameter")
        wanted[str(attribute["Key"])] = str(attribute.get("Value", ""))
    if len(wanted) == 2:
        one, other = wanted
        if other not in _PAIRS.get(one, ()) and one not in _PAIRS.get(other, ()):
            raise refusal("InvalidQueryParameter")
    return wanted


def _take_size(invocation: Invocation) -> int:
    text = invocation.text("MaxResults") or str(DEFAULT_RESULTS)
    if not text.isdecimal() or not 1 <= int(text) <= MOST_RESULTS:
        raise refusal("InvalidQueryParameter")
    return int(text)


def _read_time(text: str, code: str) -> float:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError as error:
        raise refusal(code) from error


def _write_time(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def _write_token(token: Token) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(token)).decode()


def _read_token(text: str) -> Token | None:
    if not text:
        return None
    try:
        return msgspec.json.decode(base64.b64decode(text.encode(), b"-_", validate=True), type=Token)
    except (binascii.Error, UnicodeError, msgspec.MsgspecError) as error:
        raise refusal("InvalidQueryParameter") from error
