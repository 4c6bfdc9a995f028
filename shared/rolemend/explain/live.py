"""Asks an account about the answers that a text gave: what RAM itself tells, then the checklist.

Only the account that the text names is asked, and only about the principal that it names: a text that names none leaves
the checks that need one unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from rolemend.account.interface import Absent, Bucket, Buckets, Encryption, Reading, Workspace, Workspaces
from rolemend.checklist import cluster_creation, oss_access
from rolemend.checklist.answers import unknown
from rolemend.checklist.diagnose import diagnose
from rolemend.checklist.facts import Account
from rolemend.checklist.guide import guide
from rolemend.checklist.model import Advice, Diagnosis, Finding, conclude
from rolemend.checklist.reports import reported_causes
from rolemend.checklist.sls_access import LOG_POLICY
from rolemend.checklist.told import ask_detail, is_of, said_by_ram, says_only_no, with_detail
from rolemend.explain.answer import CAUSES, Answer, Check
from rolemend.explain.case import ANYBODY, accounts_in, denial_of, named_by, principal_in
from rolemend.explain.diagnosed import grouped, with_diagnosis
from rolemend.explain.live_log import diagnose_log_access, log_denial_in
from rolemend.explain.sighting import Sighting
from rolemend.explain.verdict import CREATION_DENIED, judge
from rolemend.signals.denial import BucketTarget, ClusterTarget, Denial, DeniedDetail, JobTarget
from rolemend.text import Text, text

MOST = 20
"""Different errors of one text that an account is asked about, the most important ones."""


class Live(msgspec.Struct, frozen=True):
    """The accounts that can be read, by id, or why there is none. `region` is asked where a text names none."""

    accounts: Mapping[str, Account]
    region: str
    failure: Text | None = None


class Examined(msgspec.Struct, frozen=True):
    """The answers with their checks, and what a person should know of how they were made."""

    answers: list[Answer]
    notes: tuple[Text, ...] = ()


def examine(answers: list[Answer], connect: Callable[[], Live]) -> Examined:
    """Ask about each answer that an account can tell more of. `connect` is called only if there is one."""
    asked = [index for index, answer in enumerate(answers) if _can_be_asked(answer)]
    if not asked:
        return Examined(answers)
    live = connect()
    done, notes = list(answers), list[Text]()
    for index in asked[:MOST]:
        done[index], note = _examined(answers[index], live)
        notes += [note] if note is not None and note not in notes else []
    if len(asked) > MOST:
        notes.append(
            text(
                "The account was asked about the first {most} of {all} different errors.",
                most=MOST,
                all=len(asked),
            )
        )
    return Examined(done, tuple(notes))


def _logged_as(answer: Answer) -> str:
    """The request id under which OpenAPI Explorer may have kept the call; "" for a code that tells enough."""
    vague = says_only_no(answer.code) and answer.service != "oss"
    return (answer.request_id or "") if vague else ""


def _can_be_asked(answer: Answer) -> bool:
    if answer.encoded or _logged_as(answer) or log_denial_in(answer) is not None:
        return True
    return denial_of(answer, "") is not None


def _examined(answer: Answer, live: Live) -> tuple[Answer, Text | None]:
    named = accounts_in(answer)
    account = next((one for one in named if one in live.accounts), "")
    if live.failure is not None:
        return _unanswered(answer, live.failure), live.failure
    if not account and named:
        note = text(
            "The text speaks of account {named}; what can be read is account {known}: nothing was checked there.",
            named=", ".join(named),
            known=", ".join(live.accounts) or "-",
        )
        return _noted(answer, note), note
    if not account and len(live.accounts) != 1:
        note = text("The text names no account, and several can be read: nothing was checked.")
        return _noted(answer, note), note
    account = account or next(iter(live.accounts))
    unnamed = text("The text names no account; account {known} was asked.", known=account)
    return _ask(answer, live, account), None if named else unnamed


def _noted(answer: Answer, *notes: Text) -> Answer:
    return msgspec.structs.replace(answer, because=(*answer.because, *notes))


def _unanswered(answer: Answer, why: Text) -> Answer:
    """Every check of the checklist that would have been asked, unknown."""
    denial = denial_of(answer, "")
    if denial is None and log_denial_in(answer) is not None:
        return msgspec.structs.replace(_noted(answer, why), checks=(Check(LOG_POLICY[0], "unknown"),))
    if denial is None:
        return _noted(answer, why)
    checks = tuple(Check(name, "unknown") for name in _checks_for(denial))
    return msgspec.structs.replace(_noted(answer, why), checks=checks)


def _checks_for(denial: Denial) -> list[str]:
    if isinstance(denial.target, ClusterTarget):
        return [check.id for check in cluster_creation.CHECKS]
    if isinstance(denial.target, BucketTarget):
        return [check.id for check in oss_access.CHECKS]
    from rolemend.checklist.serverless_spark import checks_for

    return [check.id for check in checks_for(denial.target)]


def _ask(answer: Answer, live: Live, account_id: str) -> Answer:
    account = live.accounts[account_id]
    answer, detail = _told(answer, account)
    denial = denial_of(answer, account_id)
    if denial is None and (refused := log_denial_in(answer)) is not None:
        return with_diagnosis(answer, diagnose_log_access(answer, refused, account, account_id), certain=True)
    if denial is None:
        return answer
    if detail is not None:
        denial = with_detail(denial, detail)
    region = answer.region or live.region
    if isinstance(denial.target, JobTarget):
        denial = msgspec.structs.replace(denial, region=region)
    reading = msgspec.structs.replace(
        account,
        buckets=_Regional(account.buckets, region),
        workspaces=_AnyRegion(account.workspaces, live.region),
        diagnostics=None,
    )
    diagnosis = _only_what_is_named(denial, diagnose(reading, denial))
    certain = bool(denial.action) and not answer.guessed and _is_named(answer, denial)
    found = with_diagnosis(answer, diagnosis, certain=certain)
    if diagnosis.cause not in CAUSES:
        return found
    remedy = diagnosis.remedy.statement if isinstance(diagnosis.remedy, Advice) else None
    return msgspec.structs.replace(found, remedy=remedy, guide=guide(diagnosis, denial))


def _is_named(answer: Answer, denial: Denial) -> bool:
    """Whether the text itself names who was denied. What only the table of identities says makes nothing certain."""
    target = denial.target
    return (
        not isinstance(target, JobTarget) or target.service == "sts" or principal_in(answer).type != ANYBODY
    )


def _told(answer: Answer, account: Account) -> tuple[Answer, DeniedDetail | None]:
    """What RAM says of the denial itself, if it can be asked and speaks of the principal that the text names."""
    if account.diagnostics is None:
        return answer, None
    detail, notes = ask_detail(account.diagnostics, answer.encoded, _logged_as(answer))
    answer = _noted(answer, *(note.statement for note in notes))
    who = answer.denial.principal if answer.denial is not None else principal_in(answer)
    if detail is None or not is_of(who, detail):
        return answer, None
    return _judged(named_by(answer, detail), detail), detail


def _judged(answer: Answer, detail: DeniedDetail) -> Answer:
    """The answer that follows from what RAM says, where anything follows from that."""
    verdict = judge(
        Sighting(
            code=answer.code,
            ec=answer.ec or "",
            policy_type=detail.policy_type,
            no_permission=""
            if detail.explicit is None
            else "ExplicitDeny"
            if detail.explicit
            else "ImplicitDeny",
            action=detail.action,
            resource=detail.resource,
            service=answer.service or "",
            signs=frozenset({"creation"} if answer.kind == CREATION_DENIED else ()),
        )
    )
    because = (*answer.because, *grouped([said_by_ram(detail)]))
    if verdict.cause == "unknown":
        return msgspec.structs.replace(answer, because=because)
    return msgspec.structs.replace(
        answer, kind=verdict.kind, cause=verdict.cause, confidence=verdict.confidence, because=because
    )


_WITHOUT_PRINCIPAL = frozenset(
    {"region", "other-layers", "bucket-settings", "role-name", "trust-policy", "service-role"}
)
"""Checks that hold whoever asked, and for what."""


def _only_what_is_named(denial: Denial, diagnosis: Diagnosis) -> Diagnosis:
    """Where the text leaves principal or action open, only the checks that need neither have an answer.

    The checks on a job leave open by themselves what nobody told: its role is the one that its workspace has.
    """
    if isinstance(denial.target, JobTarget):
        return diagnosis
    if denial.principal.type != ANYBODY and denial.action:
        return diagnosis
    findings = tuple(map(_open, diagnosis.findings))
    return conclude(diagnosis.checklist, findings, changed_since=False, reported=reported_causes(denial))


def _open(finding: Finding) -> Finding:
    if finding.check in _WITHOUT_PRINCIPAL:
        return finding
    said = text(
        "The text does not name the principal with its account, and the action: this cannot be asked."
    )
    return unknown((finding.check, finding.faq), said)


class _Regional:
    """`Buckets`, asked at the region that a text's endpoint is in where the bucket's own is not known."""

    def __init__(self, buckets: Buckets, region: str) -> None:
        self._buckets, self._region = buckets, region

    def bucket(self, name: str, region: str) -> Reading[Bucket]:
        return self._buckets.bucket(name, region or self._region)

    def bucket_policy(self, name: str, region: str) -> Reading[str]:
        return self._buckets.bucket_policy(name, region or self._region)

    def bucket_encryption(self, name: str, region: str) -> Reading[Encryption]:
        return self._buckets.bucket_encryption(name, region or self._region)

    def public_access_blocked(self, name: str, region: str) -> Reading[bool]:
        return self._buckets.public_access_blocked(name, region or self._region)


class _AnyRegion:
    """`Workspaces`, asked in the region that was chosen too where the one that the text names has no such workspace."""

    def __init__(self, workspaces: Workspaces, region: str) -> None:
        self._workspaces, self._region = workspaces, region

    def workspace(self, workspace_id: str, region: str) -> Reading[Workspace]:
        found = self._workspaces.workspace(workspace_id, region)
        if isinstance(found, Absent) and region != self._region:
            return self._workspaces.workspace(workspace_id, self._region)
        return found
