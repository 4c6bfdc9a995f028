"""Follows creations that the API accepted until their cluster runs or has failed.

Which permission errors come in the API's answer and which only in the cluster's state is documented nowhere, so both
are looked at. States and reasons:
https://www.alibabacloud.com/help/en/emr/emr-on-ecs/developer-reference/api-emr-2021-03-20-struct-cluster
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec

from rolemend.account.interface import ClusterState, ClusterStates
from rolemend.errors import AccountError, LedgerDamaged, NotThere
from rolemend.incident.pending import Pending, PendingCreations
from rolemend.signals.actiontrail import StartedCreation, is_permission_code
from rolemend.signals.denial import Denial

GIVE_UP_SECONDS = 7_200
"""For so long after its event a creation is followed. A cluster that starts does so within minutes."""

_APART_SECONDS = 120
"""How far the time of a cluster's creation may be from the time of its event, where the event names no cluster."""

_WELL = frozenset({"RUNNING", "TERMINATED", "TERMINATE_FAILED"})
_FAILED = frozenset({"START_FAILED", "TERMINATED_WITH_ERRORS"})
_WORD = re.compile(r"[A-Za-z]+(?:\.[A-Za-z]+)*")


class Fate(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one creation: `denial` if a permission was missing, else `reason` in a few words.

    `given_up` says that nothing was found out for too long.
    """

    pending: Pending
    denial: Denial | None = None
    reason: str = ""
    given_up: bool = False


class Followed(msgspec.Struct, frozen=True, kw_only=True):
    """The creations that are over, how many go on, and the first error met on the way."""

    over: tuple[Fate, ...] = ()
    waiting: int = 0
    error: AccountError | None = None


def follow(store: PendingCreations, clusters: ClusterStates, now: float) -> Followed:
    """Ask once for each region with something pending. An error in one region leaves the others their answer."""
    by_region: dict[str, list[Pending]] = {}
    for pending in store.all():
        by_region.setdefault(pending.region, []).append(pending)
    answers = [_follow_region(store, clusters, region, here, now) for region, here in by_region.items()]
    fates = [fate for found, _ in answers for fate in found]
    return Followed(
        over=tuple(fates),
        waiting=sum(map(len, by_region.values())) - len(fates),
        error=next((error for _, error in answers if error is not None), None),
    )


def _follow_region(
    store: PendingCreations, clusters: ClusterStates, region: str, here: Sequence[Pending], now: float
) -> tuple[list[Fate], AccountError | None]:
    """What is over in one region. One that does not answer is given up in time like any other."""
    try:
        found = _ask(clusters, region, here)
        return [fate for each in here if (fate := _fate(store, each, found, now)) is not None], None
    except AccountError as error:
        return [_give_up(each, str(error)) for each in here if _is_old(each, now)], error


def _ask(clusters: ClusterStates, region: str, here: Sequence[Pending]) -> tuple[ClusterState, ...]:
    """One ListClusters: for the clusters that are known by id, or for all if one of them is not."""
    ids = [pending.cluster for pending in here]
    return clusters.states(region, list(dict.fromkeys(ids)) if all(ids) else ())


def _fate(
    store: PendingCreations, pending: Pending, found: Iterable[ClusterState], now: float
) -> Fate | None:
    """What became of a creation; None while it goes on."""
    try:
        cluster = _find(store, pending, found)
        if cluster is not None and (fate := _of_cluster(store, pending, cluster)) is not None:
            return fate
    except NotThere:
        return Fate(pending=pending, reason="settled by another instance")
    except LedgerDamaged as error:
        return _give_up(pending, str(error))
    if not _is_old(pending, now):
        return None
    return _give_up(pending, f"the cluster is {cluster.state}" if cluster else "no such cluster was found")


def _find(store: PendingCreations, pending: Pending, found: Iterable[ClusterState]) -> ClusterState | None:
    """The cluster of a creation: by its id, else the one of its name and release made nearest to its time."""
    if pending.cluster:
        return next((one for one in found if one.id.lower() == pending.cluster.lower()), None)
    return cluster_of(store.read(pending), found)


def cluster_of(creation: StartedCreation, found: Iterable[ClusterState]) -> ClusterState | None:
    """The cluster that a creation's event names; else the one of its name and release made nearest to its time."""
    if creation.cluster:
        return next((one for one in found if one.id.lower() == creation.cluster.lower()), None)
    near = [one for one in found if _may_be(creation, one)]
    return min(near, key=lambda one: abs(one.created - creation.denial.time), default=None)


def _may_be(creation: StartedCreation, cluster: ClusterState) -> bool:
    wanted = getattr(creation.denial.target, "release", "")
    return (
        abs(cluster.created - creation.denial.time) <= _APART_SECONDS
        and creation.name in ("", cluster.name)
        and wanted in ("", cluster.release)
    )


def _of_cluster(store: PendingCreations, pending: Pending, cluster: ClusterState) -> Fate | None:
    """A failure without a reason is looked at again: the reason may come later than the state."""
    if cluster.state != "RUNNING" and is_permission_reason(cluster.reason, cluster.message):
        denial = store.read(pending).denial
        failed = msgspec.structs.replace(denial, code=cluster.reason, message=cluster.message)
        return Fate(pending=pending, denial=failed)
    if cluster.state in _WELL:
        return Fate(pending=pending, reason=f"cluster {cluster.state}")
    if cluster.state in _FAILED and cluster.reason:
        return Fate(pending=pending, reason=f"cluster failed: {cluster.reason}")
    return None


def is_permission_reason(code: str, message: str) -> bool:
    """Whether a StateChangeReason tells of a missing permission, by its code or by one that its message quotes."""
    quoted = (word for word in _WORD.findall(message[:4_000]) if "." in word or word == "NoPermission")
    return is_permission_code(code) or (bool(code) and any(map(is_permission_code, quoted)))


def _is_old(pending: Pending, now: float) -> bool:
    return now > pending.time + GIVE_UP_SECONDS


def _give_up(pending: Pending, reason: str) -> Fate:
    return Fate(pending=pending, reason=reason, given_up=True)
