"""From a diagnosis to the whole advice about it: the fix that a check worked out, or that of its cause."""

from __future__ import annotations

import msgspec

from rolemend.checklist.endpoints import endpoint_of
from rolemend.checklist.model import FAILED, Advice, Diagnosis, Finding, ListBucket, Remedy, TrustService
from rolemend.fix.causes.case import Case
from rolemend.fix.guidance import Guidance, guidance
from rolemend.fix.model import CreateRole, Fix
from rolemend.fix.names import BUCKET, ID, Names, names_from, sound
from rolemend.fix.own import changes_own_role, is_own_role
from rolemend.fix.render import render
from rolemend.signals.denial import BucketTarget, ClusterTarget, Denial, JobTarget

LOOK = "look"
"""In the place of a fix: what is to be changed is not certain enough, so that people only look."""


def guide(diagnosis: Diagnosis, denial: Denial, fix: Fix | str | None = None) -> Guidance:
    """The advice on a diagnosis, also on one in which no check failed.

    `fix` takes the place of what the check worked out: the exact one of a plan, or LOOK. A grant that no check proved
    is never shown, nor a change of one of Rolemend's own roles: people are told where to look instead.
    """
    finding = failed_finding(diagnosis)
    if fix is None and _is_of_own_role(finding, denial):
        fix = instead_of_role(finding.remedy if finding else None, denial)
    case = _case(diagnosis.cause, denial, look=fix == LOOK)
    found = fix if not isinstance(fix, str | None) else None
    if finding is not None and fix is None:
        found = _fix_of(finding)
    forms = render(found) if found is not None else case.forms()
    if (diagnosis.cause or "").endswith("_deny"):
        forms = msgspec.structs.replace(forms, risk=case.risk)
    return guidance(
        forms,
        finding.statement if finding else case.what,
        faq=finding.faq if finding else "",
        evidence=tuple(each.statement for each in finding.evidence) if finding else (),
        verify=verify_with(denial, finding),
    )


def _is_of_own_role(finding: Finding | None, denial: Denial) -> bool:
    who, target = denial.principal, denial.target
    named = [who.name if who.type == "assumed_role" else ""]
    named += [target.role] if isinstance(target, ClusterTarget | JobTarget) else []
    remedy = finding.remedy if finding else None
    named += [remedy.role] if isinstance(remedy, TrustService | ListBucket) else []
    return any(map(is_own_role, named)) or changes_own_role(_fix_of(finding) if finding else None)


def instead_of_role(remedy: Remedy | None, denial: Denial) -> Fix | str:
    """What a person does where the role in question must stay as it is: makes another one beside it.

    A Serverless Spark workspace keeps its role for ever, so that there people only look.
    """
    if not isinstance(remedy, TrustService | ListBucket) or isinstance(denial.target, JobTarget):
        return LOOK
    service = remedy.service if isinstance(remedy, TrustService) else "ecs.aliyuncs.com"
    return CreateRole(role="YOUR_ROLE", services=(service,))


def failed_finding(diagnosis: Diagnosis) -> Finding | None:
    """The finding that the cause comes from."""
    failures = [each for each in diagnosis.findings if (each.answer, each.cause) == (FAILED, diagnosis.cause)]
    return next((each for each in failures if each.remedy == diagnosis.remedy), next(iter(failures), None))


def _fix_of(finding: Finding) -> Fix | None:
    remedy = finding.remedy
    return (remedy.fix if isinstance(remedy, Advice) else None) or finding.fix


def _case(cause: str | None, denial: Denial, *, look: bool) -> Case:
    """The general fix of a cause, with the denial's own names; what to look at where there is none."""
    from rolemend.fix.causes.rights import some_deny
    from rolemend.fix.causes.roles import look_at_role
    from rolemend.fix.causes.table import fix_for

    kind, names = _KINDS[type(denial.target)], names_of(denial)
    certain = cause if cause and cause != "permission_missing" and not look else "unknown"
    make = None if certain == "unknown" else fix_for(kind, certain)
    if make is None:
        return some_deny(names) if kind == "oss_denied" else look_at_role(names)
    return make(names)


_KINDS: dict[type, str] = {
    BucketTarget: "oss_denied",
    ClusterTarget: "emr_creation_denied",
    JobTarget: "api_denied",
}


def names_of(denial: Denial) -> Names:
    """The names of a denial, each proved to be one."""
    who, target = denial.principal, denial.target
    by_role = who.type == "assumed_role"
    role, bucket, region, host, service = who.name if by_role else "", "", denial.region, "", ""
    if isinstance(target, BucketTarget):
        bucket, region, host, service = target.bucket, target.region or denial.region, target.host, "oss"
    elif isinstance(target, ClusterTarget):
        role, service = target.role, "emr"
    elif isinstance(target, JobTarget):
        role = target.role
        bucket, service = target.bucket.bucket if target.bucket else "", _SERVICES.get(target.service, "")
    return names_from(
        bucket=bucket,
        role=role,
        caller_role=who.name if by_role else target.role if isinstance(target, JobTarget) else "",
        user=who.name if who.type == "ram_user" else "",
        by_user=who.type == "ram_user",
        action=denial.action,
        region=region,
        endpoint=host,
        right_endpoint=endpoint_of(region),
        service=service,
        ec=denial.detail_code,
        who=who.name or who.id or who.type,
        kind=_KINDS[type(target)],
    )


_SERVICES = {"oss": "oss", "kms": "kms", "dlf": "dlf", "maxcompute": "odps", "sts": "emr-serverless-spark"}


def verify_with(denial: Denial, finding: Finding | None = None) -> str:
    """The command that shows whether it works now; an upper-case word stands for a name that is none."""
    remedy, target = finding.remedy if finding else None, denial.target
    if isinstance(remedy, Advice) and remedy.verify and not isinstance(target, JobTarget):
        return remedy.verify
    if isinstance(target, BucketTarget):
        return f"hdfs dfs -ls oss://{sound(BUCKET, target.bucket, 'YOUR_BUCKET')}/"
    if isinstance(target, JobTarget):
        from rolemend.fix.spark import run_again

        return run_again(target.workspace, denial.region)
    return f"{sound(ID, denial.action.removeprefix('emr:'), 'RunCluster')} again"
