"""From what was read to the report: every check over all places, and what could not be read. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from rolemend import __version__
from rolemend.audit import buckets, grants, guides, own, roles, spark, use
from rolemend.audit.answers import unread
from rolemend.audit.facts import Facts
from rolemend.audit.model import SEVERITIES, Finding, Report
from rolemend.audit.reads import Reads, failures
from rolemend.audit.scope import Scope
from rolemend.checklist.model import FAILED, NOT_APPLICABLE, PASSED, UNKNOWN
from rolemend.errors import AccountError
from rolemend.text import Text, text

Check = Callable[[Facts], Iterator[Finding]]

ACCOUNT: tuple[Check, ...] = (
    roles.trust_by_release,
    roles.cluster_roles,
    roles.workspace_roles,
    roles.default_roles,
    grants.buckets_exist,
    grants.buckets_near,
    grants.resource_forms,
    grants.write_sets,
    grants.never_match,
    spark.execution_rights,
    spark.workspace_directories,
    buckets.keys_usable,
    buckets.no_conflicts,
    use.unused_grants,
)
OWN: tuple[Check, ...] = (own.own_rights, own.trail, own.access_logs, own.triggers, own.ledger)
"""What `rolemend doctor` asks alone."""


def judge(facts: Facts, checks: tuple[Check, ...]) -> tuple[Finding, ...]:
    """All findings, the worst first; of two about the same question the worse one."""
    found: dict[str, Finding] = {}
    for check in checks:
        for finding in check(facts):
            keep_worse(found, finding)
    for finding in _lists_unread(facts):
        keep_worse(found, finding)
    return in_order(found.values())


_RANK = {FAILED: 0, UNKNOWN: 1, PASSED: 2, NOT_APPLICABLE: 3}


def keep_worse(found: dict[str, Finding], finding: Finding) -> None:
    """Keep a finding, unless the same question has a worse answer already."""
    known = found.get(finding.id)
    if known is None or _RANK[finding.answer] < _RANK[known.answer]:
        found[finding.id] = finding


_ORDER = {name: number for number, name in enumerate(guides.GUIDES)}
_SEVERITY = {name: number for number, name in enumerate(SEVERITIES)}


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Failures before unknowns before the rest, each by severity, check and place."""

    def key(each: Finding) -> tuple[int, int, int, str, str, str]:
        place = each.place
        return (
            _RANK[each.answer],
            _SEVERITY[each.severity],
            _ORDER[each.check],
            place.account,
            place.region,
            f"{place.kind} {place.name} {each.subject}",
        )

    return tuple(sorted(findings, key=key))


_LISTS = {"clusters": (guides.CLUSTER_ROLE, 1), "workspaces": (guides.WORKSPACE_ROLE, 1)}
"""Lists without which nobody knows what there is to be asked of, and where their region stands."""


def _lists_unread(facts: Facts) -> Iterator[Finding]:
    for question, answer in failures(facts.reads).items():
        if question[0] in _LISTS:
            check, at = _LISTS[question[0]]
            said = text(
                "What there is in {region} could not be read: {what}", region=question[at], what=question[0]
            )
            yield unread(check, facts.place("account", facts.account, question[at]), answer, said)


def incomplete(reads: Reads, *, stopped: bool = False) -> tuple[Text, ...]:
    """What could not be read, one sentence for each call and reason."""
    counted: dict[tuple[str, str], int] = {}
    for answer in failures(reads).values():
        place = (answer.operation, answer.reason)
        counted[place] = counted.get(place, 0) + 1
    said = [
        text(
            "{operation} was not answered ({count} times): {reason}",
            operation=operation,
            count=count,
            reason=reason,
        )
        for (operation, reason), count in sorted(counted.items())
    ]
    if stopped:
        said.insert(0, text("The time was over before everything was read."))
    return tuple(said)


def report(
    reads: Reads,
    scope: Scope,
    *,
    started: float,
    ended: float,
    calls: Mapping[str, int],
    run: str = "",
    doctor: bool = False,
    stopped: bool = False,
) -> Report:
    """Judge what was read."""
    facts = Facts(reads, scope, started)
    checks = OWN if doctor else (*ACCOUNT, *OWN)
    return Report(
        account=scope.account,
        accounts=(scope.account,),
        regions=scope.regions,
        started=started,
        ended=ended,
        findings=judge(facts, checks),
        incomplete=incomplete(reads, stopped=stopped),
        notes=tuple(roles.new_releases(facts)),
        reads=dict(sorted(calls.items())),
        run=run,
        version=__version__,
    )


def unopened(
    account: str, regions: tuple[str, ...], error: AccountError, now: float, run: str = ""
) -> Report:
    """A report that says why nothing of an account was read."""
    said = text("Account {account} could not be entered: {why}", account=account, why=error)
    return Report(
        account=account,
        accounts=(account,),
        regions=regions,
        started=now,
        ended=now,
        findings=(),
        incomplete=(said,),
        run=run,
        version=__version__,
    )
