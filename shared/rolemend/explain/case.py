"""From what a text tells to the denial that a checklist can be asked about: never more than stands there.

A whole ActionTrail event or access-log line is read as the deployed functions read it. Of any other text a denial has
the members that the text names, and everything that it leaves open is unknown to the checklist.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from rolemend.errors import RecordRejected
from rolemend.explain.answer import Answer
from rolemend.explain.jobs import job_target
from rolemend.signals.actiontrail import read_event
from rolemend.signals.denial import (
    BucketTarget,
    ClusterTarget,
    Denial,
    DeniedDetail,
    DeniedPrincipal,
    JobTarget,
)
from rolemend.signals.oss_access_log import read_record

ANYBODY = "unknown"
"""The type of a principal that the text does not name, or of which it leaves the account open."""

_LONGEST_MESSAGE = 2_000
_ACCOUNT = re.compile(r"acs:[a-z]+:[^:]*:(\d{16}):", re.ASCII)
_OWNER = re.compile(r"\d{16}", re.ASCII)
_USER_ID = re.compile(r"\d{10,20}", re.ASCII)
_ROLE = re.compile(r"role/([A-Za-z0-9.\-_]{1,64})$", re.ASCII)
_UNTOLD = (
    "acs:CurrentTime", "acs:MFAPresent", "acs:Referer", "acs:SecureTransport", "acs:SourceIp", "acs:SourceVpc",
    "acs:UserAgent",
)  # fmt: skip


def denial_in(record: dict[str, Any] | None) -> Denial | None:
    """The denial that a whole event or log line tells; None if it is none, or not whole."""
    if record is None:
        return None
    try:
        found = (
            read_event(record)
            if "eventName" in record
            else read_record({"__time__": "0", "request_id": "none", **record})
        )
    except RecordRejected:
        return None
    if not isinstance(found, Denial):
        return None
    return msgspec.structs.replace(found, message=found.message[:_LONGEST_MESSAGE])


def accounts_in(answer: Answer) -> tuple[str, ...]:
    """The accounts that the text names for this error, the one whose log it is first; none that is masked."""
    named = [answer.owner, *_ACCOUNT.findall(answer.resource or "")]
    if answer.denial is not None:
        named = [answer.denial.account, answer.denial.principal.account, *named]
    return tuple(dict.fromkeys(account for account in named if _OWNER.fullmatch(account)))


def principal_in(answer: Answer) -> DeniedPrincipal:
    """Who was denied, if the text names the principal with its account; else a principal of the type `unknown`."""
    name, owner = answer.principal or "", answer.owner
    if answer.cause == "anonymous_request" and answer.confidence == "certain":
        return DeniedPrincipal(type="anonymous")
    if not _OWNER.fullmatch(owner) or "*" in name:
        return DeniedPrincipal(type=ANYBODY)
    if answer.principal_type == "RootUser":
        return DeniedPrincipal(type="root", account=owner, id=owner)
    if answer.principal_type == "SubUser" and name:
        known = {"id": name} if _USER_ID.fullmatch(name) else {"name": name, "id": answer.principal_id}
        return DeniedPrincipal(type="ram_user", account=owner, **known)
    if answer.principal_type == "AssumedRoleUser" and name:
        role, _, session = name.partition(":")
        return DeniedPrincipal(type="assumed_role", account=owner, name=role, session=session)
    return DeniedPrincipal(type=ANYBODY)


_NOT_ASKED = frozenset(
    {"signature_mismatch", "access_key_invalid", "token_invalid", "clock_skew", "object_archived"}
)
"""Refusals that no checklist asks about: nothing that is set in the account has to do with them."""


def denial_of(answer: Answer, account: str) -> Denial | None:
    """The denial to ask about on this account; None if no checklist is for it."""
    if answer.cause in _NOT_ASKED:
        return None
    if answer.denial is not None:
        return msgspec.structs.replace(answer.denial, account=account)
    who = principal_in(answer)
    target = _target(answer, who)
    if target is None:
        return None
    if isinstance(target, JobTarget):
        who = _of_job(answer, target, who, account)
    return Denial(
        signal_id=answer.request_id or "text",
        source="text",
        account=account,
        region=answer.region or "",
        principal=who,
        action="sts:AssumeRole" if _is_assuming(target) else answer.action or "",
        target=target,
        code=answer.code,
        detail_code=answer.ec or "",
        message="; ".join(line.render() for line in answer.because)[:_LONGEST_MESSAGE]
        if isinstance(target, JobTarget)
        else "",
        request_id=answer.request_id or "",
        unknown_conditions=_UNTOLD,
        policy_type=answer.policy_type,
    )


def _is_assuming(target: BucketTarget | ClusterTarget | JobTarget) -> bool:
    return isinstance(target, JobTarget) and target.service == "sts"


def _of_job(answer: Answer, target: JobTarget, who: DeniedPrincipal, account: str) -> DeniedPrincipal:
    """Whom a job was refused as. OSS, KMS and STS see its workspace's execution role, whose name the workspace tells;
    whom the text names without an account stays unknown."""
    if target.service == "sts":
        return DeniedPrincipal(type="assumed_role", account=account, name=target.role)
    if target.service in ("oss", "kms") and answer.principal is None and who.type == ANYBODY:
        return DeniedPrincipal(type="assumed_role", account=account)
    return who


def _target(answer: Answer, who: DeniedPrincipal) -> BucketTarget | ClusterTarget | JobTarget | None:
    if answer.kind == "emr_creation_denied":
        role = _ROLE.search(answer.resource or "")
        return ClusterTarget(role=role[1] if role else "")
    if (job := job_target(answer, who)) is not None:
        return job
    if answer.service == "oss" and answer.bucket:
        # The region of the endpoint is not the bucket's: only the account tells that.
        return BucketTarget(bucket=answer.bucket, key=answer.object or "", host=answer.endpoint or "")
    return None


def named_by(answer: Answer, detail: DeniedDetail) -> Answer:
    """The answer with the names that RAM itself gives; what the text told stays where RAM is silent."""
    return msgspec.structs.replace(
        answer,
        principal=detail.principal or answer.principal,
        principal_type=detail.principal_type or answer.principal_type,
        owner=detail.owner or answer.owner,
        action=detail.action or answer.action,
        resource=detail.resource or answer.resource,
    )
