"""CloudMonitor's system event of a failed job run of EMR Serverless Spark, in each envelope it may come in.

Name of the event:
https://www.alibabacloud.com/help/en/emr/emr-serverless-spark/user-guide/subscribe-to-system-event-notifications . What
its `content` holds is published nowhere, so the ids are taken from wherever they stand. None of them is believed: a run
counts once the service itself says that it failed.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import msgspec

from rolemend.errors import RecordRejected
from rolemend.naming import is_region
from rolemend.signals.denial import PassedOver

MOST_IDS = 5
"""How many ids of a kind one event may name. One that names more tells nothing: the failed runs are listed then."""

_MOST_TEXTS, _LONGEST_TEXT, _DEEPEST = 2_000, 100_000, 16
"""How much of an event is looked at: texts, characters of one, levels."""

_FAILED = re.compile(r"emr[a-z0-9_.\- ]{0,40}:job_?run:failed", re.ASCII | re.IGNORECASE)
_ANY = re.compile(r"emr[\-_ ]?(?:serverless[\-_ ]?)?spark\b.*", re.ASCII | re.IGNORECASE | re.DOTALL)
_NAMES = frozenset({"name", "eventname", "type", "product", "servicetype"})
_WORD = r"(?<![A-Za-z0-9\-_])({}-[0-9A-Za-z]{{6,40}})(?![A-Za-z0-9\-_])"
_WORKSPACE, _RUN, _GATEWAY = (re.compile(_WORD.format(prefix), re.ASCII) for prefix in ("w", "jr", "lc"))


class FailedJob(msgspec.Struct, frozen=True, kw_only=True):
    """What an event tells: ids that may be those of the failed run, `region` ("" if not told), `time` in epoch seconds.

    Without ids the failed runs of the workspace, or of the region, have to be listed. `gateways` are Livy gateways.
    """

    workspaces: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    gateways: tuple[str, ...] = ()
    region: str = ""
    time: int = 0


def is_system_event(value: Any) -> bool:
    """Whether a record, or an event in an envelope, is one of CloudMonitor's on Serverless Spark."""
    return (
        isinstance(value, Mapping)
        and not _is_of_actiontrail(value)
        and any(
            key in _NAMES and (_FAILED.fullmatch(text) or _ANY.fullmatch(text)) for key, text in _texts(value)
        )
    )


def _is_of_actiontrail(value: Mapping[str, Any]) -> bool:
    """ActionTrail's events repeat names that the caller chose."""
    return any(isinstance(one, Mapping) and "userIdentity" in one for one in (value, value.get("data")))


def read_event(value: Any) -> FailedJob | PassedOver:
    """Read an event: a record of SLS, CloudMonitor's envelope, or a CloudEvents envelope around either.

    Members may be objects or JSON text. Raises RecordRejected if it is no object.
    """
    if not isinstance(value, Mapping):
        raise RecordRejected("a system event that is no object")
    texts = list(_texts(value))
    if not any(key in _NAMES and _FAILED.fullmatch(text) for key, text in texts):
        return PassedOver("other system event")
    return FailedJob(
        workspaces=_ids(texts, _WORKSPACE, lambda key: key == "workspaceid"),
        runs=_ids(texts, _RUN, lambda key: key in ("jobrunid", "runid")),
        gateways=_ids(texts, _GATEWAY, lambda key: key in ("livycomputeid", "computeid"), anywhere=False),
        region=_region(texts),
        time=_time(value),
    )


def _ids(
    texts: Sequence[tuple[str, str]],
    pattern: re.Pattern[str],
    is_key: Callable[[str], bool],
    *,
    anywhere: bool = True,
) -> tuple[str, ...]:
    """The ids of a kind where they are certain to be meant: by the member's name, in a resource's name, anywhere.

    A job's own name may hold any text, so it counts only if nothing else names one.
    """
    places: tuple[Callable[[str], bool], ...] = (
        is_key,
        lambda key: key in ("resourceid", "resource", "subject", "instanceid"),
        lambda key: "name" not in key,
        lambda key: True,
    )
    for place in places if anywhere else places[:2]:
        named = (text for key, text in texts if place(key))
        found = dict.fromkeys(match for text in named for match in pattern.findall(text))
        if found:
            return tuple(found) if len(found) <= MOST_IDS else ()
    return ()


def _region(texts: Sequence[tuple[str, str]]) -> str:
    """The one region that the event names; "" for none, and for several."""
    named = {text for key, text in texts if key in ("regionid", "aliyunregionid") and is_region(text)}
    return named.pop() if len(named) == 1 else ""


def _time(value: Mapping[str, Any]) -> int:
    """Epoch seconds of the record (`__time__`), or of the event if it tells its time in milliseconds; else 0."""
    told = str(value.get("__time__", ""))
    if re.fullmatch(r"[0-9]{1,10}", told):
        return int(told)
    data = value.get("data")
    for one in (value, data if isinstance(data, Mapping) else {}):
        if re.fullmatch(r"[0-9]{13}", told := str(one.get("time", ""))):
            return int(told) // 1_000
    return 0


def _texts(value: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every text with the lower-case name of its member, outer ones first, JSON text opened too, within the bounds."""
    waiting: deque[tuple[str, Any, int]] = deque([("", value, 0)])
    for _ in range(_MOST_TEXTS):
        if not waiting:
            return
        key, one, depth = waiting.popleft()
        if isinstance(one, str):
            text = one[:_LONGEST_TEXT]
            yield key, text
            one = _opened(text)
        elif isinstance(one, int) and not isinstance(one, bool):
            yield key, str(one) if abs(one) < 10**20 else ""
        if depth < _DEEPEST and isinstance(one, (Mapping, list, tuple)):
            free = max(0, _MOST_TEXTS - len(waiting))
            waiting += [(name, part, depth + 1) for name, part in _members(key, one, free)]


def _members(key: str, value: Mapping[Any, Any] | Sequence[Any], most: int) -> list[tuple[str, Any]]:
    """Members by their names in lower case, without `_` and `-`; items of a list go by the list's own name."""
    if isinstance(value, Mapping):
        named = islice(value.items(), most)
        return [(re.sub(r"[_\-]", "", str(name)[:200]).lower(), part) for name, part in named]
    return [(key, part) for part in value[:most]]


def _opened(text: str) -> Any:
    """What a JSON text holds, None if it is none."""
    if text[:1] not in ("{", "["):
        return None
    try:
        return msgspec.json.decode(text.encode())
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
