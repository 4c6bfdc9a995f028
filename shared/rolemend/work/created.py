"""Clusters that run although a like one was denied before: in ActionTrail's history, and by the clusters' states.

That the API accepted a creation proves nothing, as its cluster may fail later for the very same reason; so a cluster
counts that runs, or was ready once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from rolemend.account.interface import ClusterState
from rolemend.errors import RecordRejected
from rolemend.incident.life import Incident
from rolemend.naming import is_region
from rolemend.signals.actiontrail import StartedCreation, event_names, read_event
from rolemend.signals.denial import ClusterTarget, Denial, same_principal
from rolemend.work.pending import cluster_of, is_permission_reason
from rolemend.work.watch_parts import Parts

_MOST_LOOKED_AT = 1_000
"""Events of one name, the newest first: history answers fifty a call, and two calls a second."""
_MOST_ASKED = 100
"""Clusters that one ListClusters is asked for, those created last; by then older ones have been asked for before."""


def region_of(incident: Incident) -> str:
    """The region whose history may tell of a later creation; "" where no later one could be told to be the same."""
    denial = incident.denial
    if denial is None or not isinstance(denial.target, ClusterTarget):
        return ""
    known = denial.target.role and is_region(denial.region) and event_names(denial.action)
    return denial.region if known else ""


def succeeded(region: str, incidents: Sequence[Incident], parts: Parts) -> dict[str, int]:
    """The incidents, by id, after which the same was created and runs; with the time of that creation. Each event name
    is looked up once. Raises AccountError if any of it could not be read."""
    denials = {one.id: one.denial for one in incidents if one.denial is not None}
    names = sorted({name for denial in denials.values() for name in event_names(denial.action)})
    since, until = min(one.last for one in incidents), int(parts.now()) + 1
    last = {one.id: one.last for one in incidents}
    answering: dict[str, list[StartedCreation]] = {}
    for name in names:
        for made in _accepted(parts.trail.events("Emr", name, since, until, region)):
            for key, denial in denials.items():
                if made.denial.time > last[key] and _is_same(made.denial, denial):
                    answering.setdefault(key, []).append(made)
    running = _running(region, [made for each in answering.values() for made in each], parts)
    times = {
        key: [made.denial.time for made in each if made.denial.signal_id in running]
        for key, each in answering.items()
    }
    return {key: max(found) for key, found in times.items() if found}


def _accepted(events: Iterable[Mapping[str, Any]]) -> Iterator[StartedCreation]:
    """Creations without an error; what is no event of its kind tells nothing."""
    for event in islice(events, _MOST_LOOKED_AT):
        try:
            found = read_event(dict(event))
        except RecordRejected:
            continue
        if isinstance(found, StartedCreation):
            yield found


def _is_same(made: Denial, denied: Denial) -> bool:
    """The same call of the same principal in the same region, for a cluster with the same role."""
    one, other = made.target, denied.target
    return (
        isinstance(one, ClusterTarget)
        and isinstance(other, ClusterTarget)
        and (made.account, made.region, made.action) == (denied.account, denied.region, denied.action)
        and same_principal(made.principal, denied.principal)
        and one.role.lower() == other.role.lower()
        and _same_family(one.release, other.release)
    )


def _same_family(one: str, other: str) -> bool:
    """Whether both releases want the same trust policy of the role; which contested ones want is not known."""
    from rolemend.checklist.releases import parse_release, trust_rule

    if one and (one == other or (parse_release(one) or 0) == parse_release(other)):
        return True
    wanted = trust_rule(one)
    return wanted is not None and not wanted.contested and wanted == trust_rule(other)


def _running(region: str, creations: Sequence[StartedCreation], parts: Parts) -> set[str]:
    """The events, by id, whose cluster runs or did."""
    newest = sorted({one.denial.signal_id: one for one in creations}.values(), key=_time, reverse=True)
    asked = newest[:_MOST_ASKED]
    if not asked:
        return set()
    ids = [one.cluster for one in asked]
    found = parts.clusters.states(region, list(dict.fromkeys(ids)) if all(ids) else ())
    return {one.denial.signal_id for one in asked if _has_run(cluster_of(one, found))}


def _time(creation: StartedCreation) -> int:
    return creation.denial.time


def _has_run(cluster: ClusterState | None) -> bool:
    if cluster is None:
        return False
    if cluster.state == "RUNNING":
        return True
    return cluster.ready > 0 and not is_permission_reason(cluster.reason, cluster.message)
