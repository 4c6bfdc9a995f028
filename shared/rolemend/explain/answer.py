"""Answers: what was denied and why, each with the number of times it stands in the text."""

from __future__ import annotations

from typing import Any

import msgspec

from rolemend.explain.advice import Advice
from rolemend.signals.denial import Denial
from rolemend.text import Text

CAUSES = (
    "wrong_endpoint", "permission_missing", "identity_policy_deny", "bucket_policy_deny", "session_policy_deny",
    "vpc_endpoint_policy_deny", "control_policy_deny", "anonymous_request", "referer_blocked",
    "kms_permission_missing", "signature_mismatch", "access_key_invalid", "token_invalid", "role_not_found",
    "role_not_trusted", "pass_role_missing", "service_role_missing", "object_archived", "https_required",
    "client_configuration", "block_public_access", "dlf_data_permission_missing", "requester_pays",
    "account_suspended", "clock_skew", "unknown",
)  # fmt: skip
KINDS = ("oss_denied", "emr_creation_denied", "api_denied", "not_a_permission_problem", "not_recognised")
CONFIDENCES = ("certain", "likely", "unknown")


class Check(msgspec.Struct, frozen=True):
    """A check of a checklist that ran on an account, and its answer. None runs on a text alone."""

    id: str
    answer: str


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One error of the text. Names are None where the text does not tell them; every name stands in the text.

    `by_role` says that the principal is a role; `because` are the words that the cause rests on, `source` the page that
    says what they mean. The rest is for the diagnosis on an account, which gives `remedy` and
    `guide`: `principal_type`, `owner`,
    `policy_type` and `encoded` are AccessDeniedDetail's words for the principal, its account, what refused, and what
    RAM can open, `principal_id` the id beside a name; `denial` is what a whole event or log line tells; `guessed` says
    that `action` is only what the operation in the text usually needs; `workspace` and `job_run` are the ids of a job
    of Serverless Spark that the text is about.
    """

    kind: str
    cause: str
    confidence: str
    service: str | None = None
    principal: str | None = None
    action: str | None = None
    resource: str | None = None
    bucket: str | None = None
    object: str | None = None
    region: str | None = None
    endpoint: str | None = None
    right_endpoint: str | None = None
    request_id: str | None = None
    ec: str | None = None
    checks: tuple[Check, ...] = ()
    advice: tuple[Advice, ...] = ()
    count: int = 1
    code: str = ""
    by_role: bool = False
    because: tuple[Text, ...] = ()
    source: str = ""
    principal_type: str = ""
    principal_id: str = ""
    owner: str = ""
    policy_type: str = ""
    encoded: str = ""
    denial: Denial | None = None
    guessed: bool = False
    workspace: str = ""
    job_run: str = ""
    remedy: Text | None = None
    guide: Advice | None = None


_SHOWN = (
    "kind", "cause", "confidence", "service", "principal", "action", "resource", "bucket", "object", "region",
    "endpoint", "right_endpoint", "request_id", "ec",
)  # fmt: skip


def as_json(answer: Answer, language: str) -> dict[str, Any]:
    """The members that the command's JSON promises; every one of them is always there."""
    shown: dict[str, Any] = {name: getattr(answer, name) for name in _SHOWN}
    shown["checks"] = [{"id": check.id, "answer": check.answer} for check in answer.checks]
    shown["advice"] = [advice.shown(language) for advice in answer.advice]
    shown["count"] = answer.count
    return shown
