"""History that is asked of the account at hand: ActionTrail's last 90 days, and logstores that SLS aggregates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from rehearsal.history import ACCESS_LOG, TRAIL, History, Record, Trouble, add_events
from rolemend.account.access import Access
from rolemend.account.actiontrail import ActionTrail
from rolemend.account.history import COUNT, EVENTS_QUERY, LAST, LINES_QUERY, aggregated
from rolemend.errors import AccountError, UnreadableInput
from rolemend.signals.actiontrail import CREATION_EVENTS, ROLE_EVENT

_LOOKED_UP = (*(("Emr", name) for name in sorted(CREATION_EVENTS)), ("Ram", ROLE_EVENT))


def look_up(
    access: Access, regions: Sequence[str], start: int, end: int, history: History, whole: bool = False
) -> None:
    """Ask each region for what `watch` would be sent, by name: the API knows no error code to ask for.

    A region that does not answer is told in `troubles`.
    """
    for region in regions:
        trail = ActionTrail(msgspec.structs.replace(access, region=region))
        try:
            events = [one for service, name in _LOOKED_UP for one in trail.events(service, name, start, end)]
        except AccountError as error:
            history.troubles.append(Trouble(f"LookupEvents in {region}", str(error)))
        else:
            add_events(events, history, whole=whole)


def aggregate(access: Access, place: str, start: int, end: int, history: History) -> None:
    """Have SLS aggregate `[REGION:]PROJECT/LOGSTORE`, as a trail's or as OSS's access log by its name.

    Raises UnreadableInput for what names no logstore; what SLS does not answer is told in `troubles`.
    """
    region, _, name = place.rpartition(":")
    project, slash, logstore = name.partition("/")
    if not (project and slash and logstore):
        raise UnreadableInput(f"--aggregate: {place!r} is not PROJECT/LOGSTORE")
    is_access_log = project.startswith("oss-log-")
    query = LINES_QUERY if is_access_log else EVENTS_QUERY
    try:
        rows = list(aggregated(access, region or access.region, project, logstore, query, start, end))
        add_rows(rows, history, access_log=is_access_log)
    except (AccountError, ValueError) as error:
        history.troubles.append(Trouble(place, str(error)))


def add_rows(rows: Iterable[Mapping[str, Any]], history: History, *, access_log: bool) -> None:
    """Each row of the access log becomes its newest line, which stands for as many as were counted.

    Raises ValueError for a row without its columns, with nothing taken.
    """
    records, counted = [], {}
    for row in rows:
        try:
            count, last = int(row[COUNT]), int(row[LAST])
            contents = {
                key: str(value) for key, value in row.items() if not key.startswith(("__", "rolemend_"))
            }
            records.append(Record(ACCESS_LOG if access_log else TRAIL, last, contents))
            if access_log:
                counted[contents["request_id"]] = count
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"a row of the answer cannot be read: {error!r}") from error
    history.records = sorted([*history.records, *records], key=lambda record: record.time)
    history.counted |= counted
    history.events += 0 if access_log else len(records)
    history.lines += sum(counted.values())
