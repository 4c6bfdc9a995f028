"""From a denial to a diagnosis: pick the checklist, collect its facts, ask its checks."""

from __future__ import annotations

from rolemend.checklist.cluster_creation import diagnose_cluster_creation
from rolemend.checklist.facts import Account, collect_bucket_facts, collect_creation_facts
from rolemend.checklist.model import Diagnosis
from rolemend.checklist.oss_access import diagnose_oss_access
from rolemend.checklist.told import ask_services, with_notes
from rolemend.signals.denial import BucketTarget, Denial, JobTarget


def diagnose(account: Account, denial: Denial) -> Diagnosis:
    """Walk the checklist for this kind of failure on the live account. Never raises for a failed read.

    What the services themselves tell of the denial is asked first, and comes before what can be inferred.
    """
    told = ask_services(account.diagnostics, denial)
    return with_notes(_walk(account, told.denial), told.notes)


def _walk(account: Account, denial: Denial) -> Diagnosis:
    target = denial.target
    if isinstance(target, BucketTarget):
        return diagnose_oss_access(collect_bucket_facts(account, denial, target))
    if isinstance(target, JobTarget):
        from rolemend.checklist.serverless_spark import diagnose_serverless_spark
        from rolemend.checklist.spark_facts import collect_job_facts

        return diagnose_serverless_spark(collect_job_facts(account, denial, target))
    return diagnose_cluster_creation(collect_creation_facts(account, denial, target))
