"""Jobs of Serverless Spark in a text: their ids, and which service refused one of them. Pure.

Ids are those of GetJobRun (https://www.alibabacloud.com/help/en/emr/emr-serverless-spark/developer-reference/ ,
"w-d2d82aa09155…", "jr-…"). A masked id is none.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from rolemend.signals.denial import BucketTarget, DeniedPrincipal, JobTarget

if TYPE_CHECKING:
    from rolemend.explain.answer import Answer

_ID = r"{0}-(?<![A-Za-z0-9\-_*.]{0}-)(?=[a-z]{{0,39}}[0-9])[0-9a-z]{{8,40}}(?![A-Za-z0-9\-_*])"
"""Begins with what can be looked for quickly; an id has a digit, which an English word has not."""
_WORKSPACE, _RUN = (re.compile(_ID.format(kind), re.ASCII) for kind in ("w", "jr"))
_IN_SESSION = re.compile(r"(?:^|[^A-Za-z0-9])(jr-[0-9a-z]{8,40})$", re.ASCII)
_ROLE = re.compile(r"role/([A-Za-z0-9.\-_]{1,64})$", re.ASCII)

SERVICES = {
    "oss": "oss",
    "dlf": "dlf",
    "dlf-auth": "dlf",
    "dlf-dss": "dlf",
    "odps": "maxcompute",
    "kms": "kms",
}
ROLE_CAUSES = frozenset({"role_not_found", "role_not_trusted", "service_role_missing"})
"""The last is what a text says of any missing role whose name is like that of Alibaba Cloud's own."""


class Jobs:
    """The ids in a text that is read piece by piece. A text on several jobs is about none of them."""

    def __init__(self) -> None:
        self._workspaces: set[str] = set()
        self._runs: set[str] = set()

    def look(self, text: str) -> None:
        """Take in the ids of a piece."""
        for pattern, found in ((_WORKSPACE, self._workspaces), (_RUN, self._runs)):
            if len(found) < 2:
                found.update(islice((each[0] for each in pattern.finditer(text)), 100))

    def named(self) -> tuple[str, str]:
        """The workspace and the run, each "" unless it is the only one."""
        workspace, run = (
            next(iter(found)) if len(found) == 1 else "" for found in (self._workspaces, self._runs)
        )
        return workspace, run


def service_of(answer: Answer) -> str:
    """Which service refused, in the words of JobTarget."""
    if answer.cause in ROLE_CAUSES or (answer.action or "").lower() == "sts:assumerole":
        return "sts"
    if answer.cause == "kms_permission_missing":
        return "kms"
    return SERVICES.get(answer.service or "", "")


def cause_of(answer: Answer) -> str:
    """What the text supports, in the words of JobTarget."""
    return {"unknown": "", "service_role_missing": "role_not_found"}.get(answer.cause, answer.cause)


def session_run(principal: str) -> str:
    """The job run that a role's session is named after, "" if it is not: `role:spark-jr-…`."""
    found = _IN_SESSION.search(principal.partition(":")[2])
    return found[1] if found else ""


def job_target(answer: Answer, who: DeniedPrincipal) -> JobTarget | None:
    """The job that the answer's text is about; None if it names none, or no service that refuses jobs.

    `who` is the principal that the text names. It is whom DLF and MaxCompute asked for rights, unless it is a role in a
    job's session: that is the execution role itself.
    """
    run = answer.job_run or session_run(answer.principal or "")
    service = service_of(answer)
    if not service or not (answer.workspace or run):
        return None
    by_role = who.type == "assumed_role" and (
        service not in ("dlf", "maxcompute") or bool(session_run(f":{who.session}"))
    )
    told = _ROLE.search(answer.resource or "") if service == "sts" else None
    person = who.type in ("ram_user", "root", "assumed_role") and service in ("dlf", "maxcompute")
    return JobTarget(
        workspace=answer.workspace,
        job_run=run,
        service=service,
        bucket=_bucket(answer) if service in ("oss", "kms") else None,
        resource="" if service == "oss" else answer.resource or "",
        role=told[1] if told else who.name if by_role else "",
        submitter=who if person and not by_role else None,
        cause=cause_of(answer),
    )


def _bucket(answer: Answer) -> BucketTarget | None:
    if not answer.bucket:
        return None
    # The region of the endpoint is not the bucket's: only the account tells that.
    return BucketTarget(bucket=answer.bucket, key=answer.object or "", host=answer.endpoint or "")
