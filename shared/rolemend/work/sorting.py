"""Records of a log and events, one after the other, into denials by incident and what else `watch` handles.

Nothing is kept of a denial but what its tally needs, so that a storm takes no more memory than a shower.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from rolemend.errors import RecordRejected
from rolemend.incident.journal import Span, StoppedJob
from rolemend.incident.tally import Tally
from rolemend.signals import actiontrail, oss_access_log, spark_job
from rolemend.signals.actiontrail import RoleEdited, StartedCreation
from rolemend.signals.denial import Denial, PassedOver, incident_id
from rolemend.signals.spark_job import FailedJob
from rolemend.work.access_line import Refusal

Outcome = Denial | StartedCreation | RoleEdited | FailedJob | Refusal | PassedOver

_MOST_KINDS = 4_096
"""How many kinds of lines one reading knows again; more than that are read anew."""


def read_sent(event: dict[str, Any]) -> Outcome:
    """One event that was sent straight to the function."""
    if spark_job.is_system_event(event):
        return spark_job.read_event(event)
    return actiontrail.read_event(event)


def read_record(record: Mapping[str, Any]) -> Outcome:
    """One SLS record, by its topic; CloudMonitor's by what they are, as no page names their topic."""
    topic = record.get("__topic__")
    if topic == oss_access_log.TOPIC:
        return oss_access_log.read_record(record)
    if topic == actiontrail.TOPIC:
        event = record.get("event")
        if not isinstance(event, str):
            raise RecordRejected("an ActionTrail record without its field `event`")
        return actiontrail.read_event(event)
    if spark_job.is_system_event(record):
        return spark_job.read_event(record)
    return PassedOver("other topic")


class Sorter:
    """Sorts records as they come. `own_roles` begins the names of Rolemend's own roles, in lower case; `account` is the
    one that is worked for, "" for any.

    `tallies` are the denials by incident; `jobs` and `started` each once; `edits` the trust policies that others than
    Rolemend wrote; `rejected` the records that cannot be read,
    with the reason; `passed_over` counts the others by reason. `aside` is called with each rejected record as it comes,
    so that these are not held either.
    """

    def __init__(self, own_roles: str, account: str, aside: Callable[[Any, str], None]) -> None:
        self.read = self.denials = self.rejected = 0
        self.tallies: dict[str, Tally] = {}
        self.started: list[StartedCreation] = []
        self.edits: list[RoleEdited] = []
        self.jobs: dict[FailedJob, None] = {}
        self.passed_over: Counter[str] = Counter()
        self._own_roles, self._account = own_roles, account
        self._aside = aside
        self._kinds: dict[tuple[str, ...], Tally | str] = {}

    def sort(
        self, records: Iterable[Any], read: Callable[[Any], Outcome] = read_record, span: Span | None = None
    ) -> None:
        """Sort records of one page of a log, or of none."""
        for record in records:
            self.read += 1
            if span is not None and self._is_familiar(record, span):
                continue
            try:
                outcome = read(record)
            except RecordRejected as error:
                self.reject(record, str(error))
            else:
                self.take(outcome, span, record)

    def take(self, outcome: Outcome, span: Span | None = None, record: Any = None) -> None:
        """Take in one thing that was read; `record` is the line of the log, if it was one."""
        if isinstance(outcome, PassedOver):
            self.passed_over[outcome.reason] += 1
        elif isinstance(outcome, StartedCreation):
            if not self._of_no_interest(outcome.denial):
                self.started.append(outcome)
        elif isinstance(outcome, RoleEdited):
            self.passed_over["a trust policy was written"] += 1
            if not self._of_no_interest(outcome):
                self.edits.append(outcome)
        elif isinstance(outcome, FailedJob):
            self.jobs[outcome] = None
        elif isinstance(outcome, Refusal):
            self._count(outcome.denial, None, None, outcome.job)
        else:
            self._count(outcome, span, record)

    def reject(self, record: Any, reason: str) -> None:
        self.rejected += 1
        self._aside(record, reason)

    def _of_no_interest(self, denial: Denial | RoleEdited) -> str:
        """Why a denial is passed over, "" if it is not.

        A function of Rolemend itself that was denied is no job's failure, and mending it would be a loop. Of another
        account, whose events a trail may bring or a forged record name, a role here may have the same name.
        """
        who = denial.principal
        if who.type == "assumed_role" and who.name.lower().startswith(self._own_roles):
            return "own role"
        return "other account" if self._account and denial.account not in ("", self._account) else ""

    def _count(self, denial: Denial, span: Span | None, record: Any, job: StoppedJob | None = None) -> None:
        found = self._of_no_interest(denial) or self.tallies.setdefault(incident_id(denial), Tally())
        if span is not None and denial.source == oss_access_log.TOPIC:
            self._remember(record, found)
        if isinstance(found, str):
            self.passed_over[found] += 1
            return
        self.denials += 1
        found.add(span, denial.signal_id, denial.time, lambda: denial)
        if job is not None:
            found.jobs[job] = None

    def _remember(self, record: Any, found: Tally | str) -> None:
        if len(self._kinds) >= _MOST_KINDS:
            self._kinds.clear()
        try:
            self._kinds[oss_access_log.KIND(record)] = found
        except KeyError:
            return

    def _is_familiar(self, record: Any, span: Span) -> bool:
        """Count a line of a kind that was met before without reading all of it: a storm is a million of these."""
        if record.get("__topic__") != oss_access_log.TOPIC:
            return False
        try:
            found = self._kinds.get(oss_access_log.KIND(record))
        except (KeyError, TypeError):
            return False
        signal = oss_access_log.signal_of(record)
        if found is None or signal is None:
            return False
        if isinstance(found, str):
            self.passed_over[found] += 1
            return True
        try:
            found.add(span, *signal, lambda: _denial(record))
        except RecordRejected as error:
            self.reject(record, str(error))
        else:
            self.denials += 1
        return True


def _denial(record: Mapping[str, Any]) -> Denial:
    outcome = oss_access_log.read_record(record)
    assert isinstance(outcome, Denial)
    return outcome
