"""What a failed job's error texts make of it: a denial with the principal that was really denied. Pure.

Who acts for which service (OSS and KMS the execution role; DLF the submitter, or the creator of a Livy token;
MaxCompute the submitter): https://www.alibabacloud.com/help/en/emr/emr-serverless-spark/user-guide/executive-role .
A text names the error; whom it is about comes from the service alone, as any job can print any text.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from rolemend.account.interface import JobRun
from rolemend.naming import is_region
from rolemend.signals.denial import BucketTarget, Denial, DeniedPrincipal, JobTarget, PassedOver

if TYPE_CHECKING:
    from rolemend.explain.answer import Answer

SOURCE = "spark_job"

_PERMISSION_KINDS = frozenset({"oss_denied", "api_denied"})
_REFUSED_BY_SETTING = frozenset({"wrong_endpoint", "referer_blocked", "requester_pays", "account_suspended"})
"""No matter of permissions, but refusals of OSS that its checklist explains."""

_ON_BEHALF = ":actonbehalfofanotheruser"
_UNTOLD = ("acs:MFAPresent", "acs:SecureTransport", "acs:SourceIp", "acs:SourceVpc", "acs:UserAgent")
_LONGEST_MESSAGE = 1_000


class People(msgspec.Struct, frozen=True, kw_only=True):
    """Who a job can act as: `role` is its execution role's name, `submitter` a UID; "" where the service tells none.

    `gateway` is the Livy gateway that it came through, `creators` those who made that gateway's tokens.
    """

    account: str
    role: str = ""
    submitter: str = ""
    gateway: str = ""
    creators: tuple[str, ...] = ()


def most_telling(answers: Iterable[Answer]) -> Answer | None:
    """The answer to be acted on: of the refusals the most important, None if there is none.

    Paimon reports every refusal of DLF as a missing data permission of the table and quotes RAM's sentence behind it:
    that sentence, which names an action, is the one that counts.
    """
    refusals = [answer for answer in answers if is_refusal(answer)]
    if not refusals:
        return None
    first = refusals[0]
    if first.cause != "dlf_data_permission_missing":
        return first
    return next((one for one in refusals if service_of(one) == "dlf" and one.action), first)


def service_of(answer: Answer) -> str:
    """The service in the words of JobTarget. The engine that read the text is loaded by then."""
    from rolemend.explain.jobs import service_of

    return service_of(answer)


def is_refusal(answer: Answer) -> bool:
    """Whether an answer is a matter for the checklists."""
    if answer.kind in _PERMISSION_KINDS:
        return True
    return answer.cause in _REFUSED_BY_SETTING and answer.service == "oss"


def is_complete(answer: Answer | None) -> bool:
    """Whether nothing more has to be read: the answer names the service and what was refused."""
    return answer is not None and bool(
        service_of(answer)
        and (answer.bucket or answer.resource or answer.cause == "dlf_data_permission_missing")
    )


def denial_of(run: JobRun, answer: Answer, people: People, region: str) -> Denial | PassedOver:
    """The denial of a failed run. A job that signed with keys of its own is not its role's matter: passed over."""
    from rolemend.explain.jobs import cause_of

    service = service_of(answer)
    if service in ("oss", "kms") and _is_stranger(answer, people):
        return PassedOver("the job used an identity of its own")
    if service == "sts" and not _is_about_role(answer, people):
        return PassedOver("the job assumed a role of its own")
    gateway = people.gateway
    return Denial(
        signal_id=run.id,
        source=SOURCE,
        account=people.account,
        region=region,
        principal=_principal(service, answer, people),
        action=_action(service, answer),
        target=JobTarget(
            workspace=run.workspace,
            job_run=run.id,
            service=service,
            bucket=_bucket(answer) if service in ("oss", "kms") else None,
            resource=_resource(service, answer),
            role=people.role,
            submitter=_person(people.submitter, people.account),
            gateway=gateway,
            token_creator=_token_creator(people) if gateway else None,
            cause=cause_of(answer),
        ),
        code=answer.code,
        detail_code=answer.ec or "",
        message="; ".join(text.render() for text in answer.because)[:_LONGEST_MESSAGE],
        time=int(run.ended),
        request_id=answer.request_id or "",
        unknown_conditions=_UNTOLD,
    )


def _principal(service: str, answer: Answer, people: People) -> DeniedPrincipal:
    """By the document's table. What the role needs in order to act for others is the role's own right."""
    role = DeniedPrincipal(type="assumed_role", account=people.account, name=people.role)
    if service not in ("dlf", "maxcompute") or (answer.action or "").lower().endswith(_ON_BEHALF):
        return role
    if service == "dlf" and _names_role(answer, people):
        return role  # a catalog without access control is asked as the role itself
    unknown = DeniedPrincipal(type="ram_user", account=people.account)
    if service == "dlf" and people.gateway:
        return _token_creator(people) or unknown
    return _person(people.submitter, people.account) or unknown


def _names_role(answer: Answer, people: People) -> bool:
    """Whether the text says that the execution role itself was denied."""
    named = (answer.principal or "").partition(":")[0].rpartition("/")[2]
    return bool(people.role) and named.lower() == people.role.lower()


def _is_stranger(answer: Answer, people: People) -> bool:
    """Whether the text names somebody else than the execution role; masked names tell nothing."""
    return (
        bool(answer.principal and people.role)
        and "*" not in (answer.principal or "")
        and not _names_role(answer, people)
    )


def _is_about_role(answer: Answer, people: People) -> bool:
    """Whether the role that could not be assumed may be the execution role."""
    named = (answer.resource or "").rpartition("role/")[2]
    return not named or not people.role or named.lower() == people.role.lower()


def _token_creator(people: People) -> DeniedPrincipal | None:
    """Several creators leave it open whose token was used."""
    return _person(people.creators[0], people.account) if len(people.creators) == 1 else None


def _person(told: str, account: str) -> DeniedPrincipal | None:
    """Who a UID or a name is: UIDs of roles begin with 3, those of RAM users do not."""
    if not told:
        return None
    if told == account:
        return DeniedPrincipal(type="root", account=account, id=told)
    if not told.isdecimal():
        return DeniedPrincipal(type="ram_user", account=account, name=told.partition("@")[0])
    is_role = told.startswith("3") and len(told) == 18
    return DeniedPrincipal(type="assumed_role" if is_role else "ram_user", account=account, id=told)


def _action(service: str, answer: Answer) -> str:
    """ "" where the text names none."""
    return "sts:AssumeRole" if service == "sts" else answer.action or ""


def _bucket(answer: Answer) -> BucketTarget | None:
    if not answer.bucket:
        return None
    host = f"{answer.bucket}.{answer.endpoint}" if answer.endpoint else ""
    region = answer.region if answer.region and is_region(answer.region) else ""
    return BucketTarget(bucket=answer.bucket, key=answer.object or "", region=region, host=host)


def _resource(service: str, answer: Answer) -> str:
    return "" if service == "oss" else answer.resource or ""
