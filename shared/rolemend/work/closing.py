"""Closing incidents that people were told of: the same principal has succeeded since, or nothing was denied for long.
`notify` then tells them that it is over.

`watch` pulls denied lines only, so a success is asked for: of the incidents that wait for a person, one query of OSS's
access log for each bucket, and for clusters ActionTrail's history, once for each name of a creation and region. Names
come from logs: one that is no name of its kind becomes part of no query.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from random import Random
from typing import Any

from rolemend.errors import AccountError, LedgerDamaged, NotThere, RolemendError, UnknownIncident
from rolemend.incident.journal import Closed, Fact
from rolemend.incident.life import Incident
from rolemend.incident.next_step import is_unmended
from rolemend.incident.wording import CREATED, QUIET, SUCCEEDED, stored
from rolemend.naming import is_region
from rolemend.signals.denial import BucketTarget, DeniedPrincipal, JobTarget, same_principal
from rolemend.signals.oss_access_log import Success, operations_of, read_success
from rolemend.work import created
from rolemend.work.events import incident_event
from rolemend.work.watch_parts import Parts, Watched

SILENT = "a region that did not answer"
"""Counted, and no error but in the home region: the name of another one is what a caller wrote into a request, and may
be that of none."""

_BUCKET = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9.@_-]{1,64}", re.ASCII)
_ID = re.compile(r"[0-9]{1,32}", re.ASCII)
_DAY = 86_400
_MOST_NAMED = 50
"""How many principals one query names."""
_MOST_BATCHES = 4
"""Of more principals than these queries name, another part is asked for each time, as many may never succeed again."""
_PAGE = 100
_MOST_PAGES = 5
"""One query answers the newest 100 records, and a busy principal makes more than these elsewhere in the bucket."""


def close(parts: Parts) -> Watched:
    """Close what has ended by itself. Raises the first AccountError or LedgerDamaged, after the rest was looked at."""
    trouble: RolemendError | None = None
    waiting: dict[tuple[str, str], list[Incident]] = {}
    creating: dict[str, list[Incident]] = {}
    closed: list[str] = []
    for key in list(parts.ledger.unmended_ids()):
        try:
            incident = parts.ledger.load(key)
        except (UnknownIncident, LedgerDamaged) as error:
            trouble = trouble or (error if isinstance(error, LedgerDamaged) else None)
            continue
        if not is_unmended(incident):
            _hand_on(incident, parts)
        elif parts.now() > incident.last + parts.quiet:
            closed += _closed(incident, stored(QUIET, days=parts.quiet // _DAY), int(parts.now()), parts)
        elif incident.last >= parts.now():  # told by a clock ahead of ours: nothing can have come after it
            continue
        elif place := _place(incident, parts):
            waiting.setdefault(place, []).append(incident)
        elif region := _region(incident, parts):
            creating.setdefault(region, []).append(incident)
    for (region, bucket), incidents in waiting.items():
        try:
            closed += _close_bucket(region, bucket, incidents, parts)
        except NotThere:  # noqa: PERF203  no log tells of successes there
            continue
        except AccountError as error:
            trouble = trouble or error
    silent = 0
    for region, incidents in creating.items():
        try:
            closed += _close_created(region, incidents, parts)
        except AccountError as error:  # noqa: PERF203
            silent += 1
            trouble = trouble or (error if region == parts.jobs.home else None)
    if trouble is not None:
        raise trouble
    return Watched(incidents=tuple(closed), passed_over={SILENT: silent} if silent else {})


def _target(incident: Incident) -> BucketTarget | None:
    target = incident.denial.target if incident.denial else None
    if isinstance(target, JobTarget):
        return target.bucket
    return target if isinstance(target, BucketTarget) else None


def _place(incident: Incident, parts: Parts) -> tuple[str, str] | None:
    """Region and bucket, where the account's own log may tell of it."""
    target, denial = _target(incident), incident.denial
    if target is None or denial is None or denial.account != parts.jobs.account:
        return None
    if not (is_region(target.region) and _BUCKET.fullmatch(target.bucket) and _who(denial.principal)):
        return None
    return target.region, target.bucket


def _region(incident: Incident, parts: Parts) -> str:
    """The region where a cluster was to be created, if the account's own history may tell of it."""
    own = incident.denial is not None and incident.denial.account == parts.jobs.account
    return created.region_of(incident) if own else ""


def _close_created(region: str, incidents: Sequence[Incident], parts: Parts) -> list[str]:
    since = created.succeeded(region, incidents, parts)
    return [
        key
        for one in incidents
        if one.id in since
        for key in _closed(one, stored(CREATED), since[one.id], parts)
    ]


def _who(principal: DeniedPrincipal) -> str:
    """The condition on a line that it is this principal's; "" if there is none."""
    if principal.type == "assumed_role" and _NAME.fullmatch(principal.name):
        return f"extend_information like '%,{principal.name},%'"
    if principal.type == "ram_user" and _ID.fullmatch(principal.id):
        return f"requester_id = '{principal.id}'"
    return ""


def _close_bucket(region: str, bucket: str, incidents: Sequence[Incident], parts: Parts) -> list[str]:
    """One query for each batch of principals, with the pages that it takes."""
    return [
        key
        for batch in _batches(incidents, parts.now())
        for key in _close_batch(region, bucket, batch, parts)
    ]


def _batches(incidents: Sequence[Incident], now: float) -> list[list[Incident]]:
    """The incidents by principals, as many as one query names; of very many batches those whose turn it is."""
    by_who: dict[str, list[Incident]] = {}
    for one in incidents:
        if one.denial is not None and operations_of(one.denial.action):
            by_who.setdefault(_who(one.denial.principal), []).append(one)
    people = sorted(by_who)
    named = [people[at : at + _MOST_NAMED] for at in range(0, len(people), _MOST_NAMED)]
    # Drawn by the second, as timers come at even distances, which could meet the same batches each time.
    first = Random(int(now)).randrange(len(named)) if len(named) > _MOST_BATCHES else 0  # noqa: S311
    turn = [*named[first:], *named[:first]][:_MOST_BATCHES]
    return [[one for who in batch for one in by_who[who]] for batch in turn]


def _close_batch(region: str, bucket: str, incidents: Sequence[Incident], parts: Parts) -> list[str]:
    """From the earliest of the last denials on."""
    denials = [one.denial for one in incidents if one.denial is not None]
    operations = sorted({name for denial in denials for name in operations_of(denial.action)})
    people = sorted({_who(denial.principal) for denial in denials})
    query = (
        f'__topic__: oss_access_log and bucket: "{bucket}" and http_status in [200 299] and '
        f"({' or '.join(f'operation: {name}' for name in operations)}) | where {' or '.join(people)}"
    )
    closed: list[str] = []
    left = list(incidents)
    since, until = min(one.last for one in incidents), int(parts.now()) + 1
    for _ in range(_MOST_PAGES):
        records = parts.logs.search(
            region, f"oss-log-{parts.jobs.account}-{region}", "oss-log-store", query, since, until
        )
        successes = [found for record in records if (found := read_success(record)) is not None]
        closed += [key for one in left for key in _close_if_mended(one, successes, parts)]
        left = [one for one in left if one.id not in closed]
        until = _before(records, until)
        if not left or until <= since:
            break
    return closed


def _before(records: Sequence[Mapping[str, Any]], until: int) -> int:
    """Up to which time (itself left out) the next page is asked for; 0 if there is none.

    Pages go by time: in a scan, an offset counts records that the condition left out too. Of a second that fills a page
    the rest is passed over.
    """
    times = [int(told) for record in records if (told := str(record.get("__time__", ""))).isdecimal()]
    if len(records) < _PAGE or not times:
        return 0
    return min(times) + 1 if min(times) + 1 < until else min(times)


def _close_if_mended(incident: Incident, successes: Iterable[Success], parts: Parts) -> list[str]:
    times = [success.time for success in successes if _answers(success, incident)]
    return _closed(incident, stored(SUCCEEDED), max(times), parts) if times else []


def _answers(success: Success, incident: Incident) -> bool:
    """Whether what was denied is allowed by now: the same call of the same principal on the bucket, for an object on
    one beside it, as a policy may let a role into one folder and not into another."""
    denial, target = incident.denial, _target(incident)
    assert denial is not None
    assert target is not None
    return (
        success.time > incident.last
        and success.bucket == target.bucket
        and success.action == denial.action
        and same_principal(success.principal, denial.principal)
        and success.key.rpartition("/")[0] == target.key.rpartition("/")[0]
    )


def _closed(incident: Incident, reason: str, since: int, parts: Parts) -> list[str]:
    """Close it, unless it was denied again or goes on otherwise by now."""
    facts: list[Fact] = []

    def decide(known: Incident) -> list[Fact]:
        still = is_unmended(known) and known.last == incident.last and known.round == incident.round
        facts[:] = [Closed(reason=reason, since=since)] if still else []
        return facts

    now = parts.ledger.extend(incident.id, decide)
    if not facts:
        return []
    parts.index.add([now], parts.now())
    _hand_on(now, parts)
    return [incident.id]


def _hand_on(incident: Incident, parts: Parts) -> None:
    """Have people told if it is over, and then look after it no more. After a stop in between the next timer does it
    again; `notify` sends nothing twice."""
    if incident.ended:
        parts.functions.start(parts.notify, incident_event(incident.id))
    parts.ledger.drop_unmended(incident.id)
