"""From a denial to a diagnosis: pick the checklist, collect its facts, ask its checks."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from rolemend.checklist.cluster_creation import diagnose_cluster_creation
from rolemend.checklist.facts import Account, collect_bucket_facts, collect_creation_facts
from rolemend.checklist.model import Diagnosis
from rolemend.checklist.oss_access import diagnose_oss_access
from rolemend.checklist.told import ask_services, with_notes
from rolemend.signals.denial import BucketTarget, Denial, JobTarget
from rolemend.together import together


def diagnose(account: Account, denial: Denial) -> Diagnosis:
    """Walk the checklist for this kind of failure on the live account. Never raises for a failed read.

    What the services themselves tell of the denial is asked beside the facts, and comes before what can be inferred.
    """
    told, walk = together(
        lambda: ask_services(account.diagnostics, denial), lambda: _collected(account, denial)
    )
    return with_notes(walk(told.denial), told.notes)


def _collected(account: Account, denial: Denial) -> Callable[[Denial], Diagnosis]:
    """The facts are read; the checks then judge them with what was told of the denial, on which no read hangs."""
    target = denial.target
    if isinstance(target, BucketTarget):
        seen = collect_bucket_facts(account, denial, target)
        return lambda told: diagnose_oss_access(msgspec.structs.replace(seen, denial=told))
    if isinstance(target, JobTarget):
        from rolemend.checklist.serverless_spark import diagnose_serverless_spark
        from rolemend.checklist.spark_facts import collect_job_facts

        return lambda told: diagnose_serverless_spark(collect_job_facts(account, told, target))
    facts = collect_creation_facts(account, denial, target)
    return lambda told: diagnose_cluster_creation(msgspec.structs.replace(facts, denial=told))
