"""Reads an account: each answer leads to further questions, and no question is asked twice.

What follows from an answer is pure (`followers`), so that a sweep that was stopped goes on from its answers alone.
"""

from __future__ import annotations

import queue
import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from rolemend.account.interface import Absent, Cluster, Known, Reading, Unread, Workspace
from rolemend.account.surveyed import BucketSettings, PolicyText, Survey
from rolemend.audit.reads import Question, Reads, ask, key_of
from rolemend.audit.scope import EMR_POLICIES, Scope
from rolemend.checklist.facts import EMR_SERVICE_ROLE
from rolemend.checklist.spark_facts import DEFAULT_POLICY, DEFAULT_ROLE
from rolemend.naming import TRAIL_LOGSTORE
from rolemend.policy import Policy, PolicyError, parse_policy

_DIRECTORY = re.compile(r"oss://([a-z0-9][a-z0-9\-]{1,61}[a-z0-9])(?:\.[a-z0-9.\-]+)?(?:/|$)")
_NAMED = re.compile(r"acs:oss:[^:]*:[^:]*:([a-z0-9][a-z0-9\-]{1,61}[a-z0-9])(/.*)?", re.DOTALL)
_RAM = ("role", "role_names", "attached", "document", "holders", "listed", "members", "role_tags")
RAM_WORKERS, WORKERS = 16, 16
"""Threads that ask RAM, which the rate holds back, and those that ask everybody else."""


def seeds(scope: Scope) -> Iterator[Question]:
    """The questions that nothing leads to."""
    for region in scope.regions:
        yield ("clusters", region)
        yield ("workspaces", region)
    if scope.whole and not scope.every:
        yield from (("holders", "System", policy) for policy in EMR_POLICIES)
    if scope.every:
        yield from (("listed", kind) for kind in ("user", "group", "role", "policy"))
    installed = scope.installation
    if installed is None:
        return
    yield from (("trails", region) for region in scope.trail_regions())
    yield ("logstore_days", installed.trail_project, TRAIL_LOGSTORE, installed.region)
    if not scope.whole:
        return
    yield ("bucket_settings", installed.ledger_bucket, installed.ledger_region)
    yield ("bucket_policy", installed.ledger_bucket, installed.ledger_region)
    yield ("public_access_blocked", installed.ledger_bucket, installed.ledger_region)
    for function in installed.functions.values():
        yield ("function", function)
        yield ("triggers", function)
    yield ("logstore_days", installed.trail_project, installed.event_logstore, installed.region)


def followers(
    question: Question, answer: Reading[Any], scope: Scope, regions: dict[str, str]
) -> Iterator[Question]:
    """What an answer makes one ask next. `regions` are those of the account's buckets."""
    if isinstance(answer, Absent) and question[0] == "role":
        yield ("role_names",)
    if not isinstance(answer, Known):
        return
    follow = _FOLLOW.get(question[0])
    if follow is not None:
        yield from follow(question, answer.value, scope, regions)


def _of_clusters(question: Question, ids: Any, scope: Scope, regions: dict[str, str]) -> Iterator[Question]:
    yield from (("cluster", each, question[1]) for each in ids)
    if ids:
        yield ("role", EMR_SERVICE_ROLE)


def _of_cluster(
    question: Question, cluster: Any, scope: Scope, regions: dict[str, str]
) -> Iterator[Question]:
    if cluster.role:
        yield ("role", cluster.role)


def _of_workspaces(question: Question, ids: Any, scope: Scope, regions: dict[str, str]) -> Iterator[Question]:
    yield from (("workspace", each, question[1]) for each in ids)
    if ids:
        yield ("document", "System", DEFAULT_POLICY)


def _of_workspace(
    question: Question, workspace: Workspace, scope: Scope, regions: dict[str, str]
) -> Iterator[Question]:
    yield ("role", workspace.role or DEFAULT_ROLE)
    bucket = directory_bucket(workspace)
    if bucket:
        yield ("bucket_settings", bucket, regions.get(bucket, question[2]))


def _of_role(question: Question, role: Any, scope: Scope, regions: dict[str, str]) -> Iterator[Question]:
    yield ("attached", "role", question[1])
    if scope.tags:
        yield ("role_tags", question[1])


def _of_listed(question: Question, found: Any, scope: Scope, regions: dict[str, str]) -> Iterator[Question]:
    kind = question[1]
    for each in found:
        if kind == "policy":
            yield ("document", "Custom", each.name)
        else:
            yield ("role", each.name) if kind == "role" else ("attached", kind, each.name)
        if kind == "group":
            yield ("members", each.name)


def _of_attached(
    question: Question, policies: Any, scope: Scope, regions: dict[str, str]
) -> Iterator[Question]:
    yield from (("document", each.type, each.name) for each in policies)


def _of_holders(question: Question, users: Any, scope: Scope, regions: dict[str, str]) -> Iterator[Question]:
    yield from (("attached", "user", name) for name in users.users)
    yield from (("attached", "group", name) for name in users.groups)


def _of_document(
    question: Question, text: PolicyText, scope: Scope, regions: dict[str, str]
) -> Iterator[Question]:
    if question[1].lower() == "system":
        return
    try:
        policy = parse_policy(text.document, "identity")
    except PolicyError:
        return
    for bucket in named_buckets(policy):
        yield ("bucket_settings", bucket, regions.get(bucket, scope.home))


def _of_settings(
    question: Question, settings: BucketSettings, scope: Scope, regions: dict[str, str]
) -> Iterator[Question]:
    yield ("bucket_policy", question[1], question[2])
    region = settings.bucket.region
    if scope.every:
        yield ("public_access_blocked", question[1], question[2])
        if scope.tags:
            yield ("bucket_tags", question[1], question[2])
        return
    if settings.bucket.acl != "private":
        yield ("public_access_blocked", question[1], question[2])
    if settings.bucket.owner in ("", scope.account):
        yield ("logstore_days", f"oss-log-{scope.account}-{region}", "oss-log-store", region)


def _of_logstore(question: Question, days: int, scope: Scope, regions: dict[str, str]) -> Iterator[Question]:
    if question[2] == "oss-log-store" and days >= scope.days:
        yield ("bucket_use", question[3], str(scope.days))


def _of_function(
    question: Question, function: Any, scope: Scope, regions: dict[str, str]
) -> Iterator[Question]:
    if function.role:
        yield ("role", function.role)


_FOLLOW: dict[str, Callable[[Question, Any, Scope, dict[str, str]], Iterator[Question]]] = {
    "clusters": _of_clusters,
    "cluster": _of_cluster,
    "workspaces": _of_workspaces,
    "workspace": _of_workspace,
    "role": _of_role,
    "listed": _of_listed,
    "attached": _of_attached,
    "holders": _of_holders,
    "document": _of_document,
    "bucket_settings": _of_settings,
    "logstore_days": _of_logstore,
    "function": _of_function,
}


def directory_bucket(workspace: Workspace) -> str:
    """The bucket of a workspace's directory, "" if it names none."""
    found = _DIRECTORY.match(workspace.directory)
    return found.group(1) if found else ""


def named_buckets(policy: Policy) -> tuple[str, ...]:
    """The buckets that a policy's Resource elements name whole; a pattern names none."""
    resources = (name for each in policy.statements if not each.negated_resources for name in each.resources)
    found = (_NAMED.fullmatch(name) for name in resources)
    return tuple(dict.fromkeys(match.group(1) for match in found if match))


def bucket_entry(resource: str) -> tuple[str, str] | None:
    """A Resource entry's bucket and the rest behind it; None where it names no bucket whole."""
    match = _NAMED.fullmatch(resource)
    return (match.group(1), match.group(2) or "") if match else None


Progress = Callable[[int, int], None]
"""Told how many questions were answered, and how many are known by now."""


def sweep(
    survey: Survey,
    scope: Scope,
    reads: Reads,
    *,
    deadline: float | None = None,
    clock: Callable[[], float] = time.monotonic,
    progress: Progress = lambda answered, known: None,
) -> bool:
    """Read all that is missing in `reads`, in threads. False if the deadline (by `clock`) came first.

    What was under way then is waited for and kept; something is always answered, so that who goes on comes to an end.
    """
    buckets: Question = ("bucket_regions",)
    if buckets not in reads:
        reads.put(buckets, ask(survey, buckets))
    found = reads.get(*buckets)
    regions: dict[str, str] = dict(found.value) if isinstance(found, Known) else {}
    with _Crew(survey) as crew:
        run = _Run(scope, reads, regions, crew)
        for question in (*seeds(scope), *_every_bucket(scope, regions)):
            run.wonder(question)
        answered = 0
        while crew.busy:
            for question, answer in crew.answers():
                reads.put(question, answer)
                run.follow(question, answer)
                answered += 1
            if deadline is not None and answered and clock() >= deadline:
                crew.drop()
            progress(len(reads), len(run.asked))
        return not crew.dropped


def _every_bucket(scope: Scope, regions: dict[str, str]) -> Iterator[Question]:
    if scope.every:
        yield from (("bucket_settings", name, region) for name, region in regions.items())


class _Run:
    """The questions of a sweep, each handed to the crew once."""

    def __init__(self, scope: Scope, reads: Reads, regions: dict[str, str], crew: _Crew) -> None:
        self._scope, self._reads, self._regions, self._crew = scope, reads, regions, crew
        self.asked: set[Question] = set()

    def wonder(self, question: Question) -> None:
        """Hand a question over, or go on from its answer if that is known; in a loop, as chains are long."""
        waiting = [question]
        while waiting:
            asked = waiting.pop()
            known = key_of(asked)
            if known in self.asked:
                continue
            self.asked.add(known)
            if asked in self._reads:
                answer = self._reads.get(*asked)
                waiting.extend(followers(asked, answer, self._scope, self._regions))
            else:
                self._crew.hand(asked)

    def follow(self, question: Question, answer: Reading[Any]) -> None:
        for following in followers(question, answer, self._scope, self._regions):
            self.wonder(following)


class _Crew:
    """Threads that ask. `busy` counts the questions that are not answered yet."""

    def __init__(self, survey: Survey) -> None:
        self._survey = survey
        self._ram: queue.SimpleQueue[Question | None] = queue.SimpleQueue()
        self._others: queue.SimpleQueue[Question | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[tuple[Question, Reading[Any]]] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self.busy = 0
        self.dropped = False

    def __enter__(self) -> _Crew:
        for waiting, workers in ((self._ram, RAM_WORKERS), (self._others, WORKERS)):
            for _ in range(workers):
                thread = threading.Thread(target=self._work, args=(waiting,), daemon=True)
                thread.start()
                self._threads.append(thread)
        return self

    def __exit__(self, *details: object) -> None:
        for waiting, workers in ((self._ram, RAM_WORKERS), (self._others, WORKERS)):
            for _ in range(workers):
                waiting.put(None)
        for thread in self._threads:
            thread.join()

    def hand(self, question: Question) -> None:
        if self.dropped:
            return
        self.busy += 1
        (self._ram if question[0] in _RAM else self._others).put(question)

    def drop(self) -> None:
        """Ask nothing more; what is under way is still answered."""
        self.dropped = True
        for waiting in (self._ram, self._others):
            while True:
                try:
                    waiting.get_nowait()
                except queue.Empty:
                    break
                self.busy -= 1

    def answers(self, wait: float = 0.2) -> Iterator[tuple[Question, Reading[Any]]]:
        """Those that have come, at least one unless none comes within `wait` seconds."""
        try:
            answered = self._answers.get(timeout=wait if self.busy else 0.001)
            while True:
                self.busy -= 1
                yield answered
                answered = self._answers.get_nowait()
        except queue.Empty:
            return

    def _work(self, waiting: queue.SimpleQueue[Question | None]) -> None:
        while (question := waiting.get()) is not None:
            self._answers.put((question, self._answer(question)))

    def _answer(self, question: Question) -> Reading[Any]:
        try:
            return ask(self._survey, question)
        except Exception as error:  # noqa: BLE001 - one answer nobody can read must not end the others
            return Unread(question[0], f"{type(error).__name__}: {error}"[:300])


def clusters_of(reads: Reads, scope: Scope) -> Iterator[tuple[str, str, Reading[Cluster]]]:
    """Every cluster's id, region and answer."""
    for region in scope.regions:
        ids = reads.get("clusters", region)
        for cluster_id in ids.value if isinstance(ids, Known) else ():
            yield cluster_id, region, reads.get("cluster", cluster_id, region)


def workspaces_of(reads: Reads, scope: Scope) -> Iterator[tuple[str, str, Reading[Workspace]]]:
    """Every workspace's id, region and answer."""
    for region in scope.regions:
        ids = reads.get("workspaces", region)
        for workspace_id in ids.value if isinstance(ids, Known) else ():
            yield workspace_id, region, reads.get("workspace", workspace_id, region)
