"""Asks an account about a call that Simple Log Service refused: whether the principal's policies list the logstore."""

from __future__ import annotations

from rolemend.checklist.answers import unknown
from rolemend.checklist.facts import Account
from rolemend.checklist.model import Diagnosis, conclude
from rolemend.checklist.sls_access import (
    ID,
    LOG_POLICY,
    LogDenial,
    ask_log_policy,
    collect_log_facts,
    read_log_denial,
)
from rolemend.explain.answer import Answer
from rolemend.explain.case import ANYBODY, principal_in
from rolemend.text import text


def log_denial_in(answer: Answer) -> LogDenial | None:
    """The denial in SLS's own words, as far as the text told action and resource; None for any other answer."""
    if (
        answer.service != "log"
        or answer.cause != "permission_missing"
        or not (answer.action and answer.resource)
    ):
        return None
    return read_log_denial(f"denied by sts or ram, action: {answer.action}, resource: {answer.resource}")


def diagnose_log_access(answer: Answer, denial: LogDenial, account: Account, account_id: str) -> Diagnosis:
    """The one check, unknown where the text does not name the principal with its account."""
    who = principal_in(answer)
    if who.type == ANYBODY:
        said = text(
            "The text does not name the principal with its account, and the action: this cannot be asked."
        )
        return conclude(ID, (unknown(LOG_POLICY, said),), changed_since=False)
    finding = ask_log_policy(collect_log_facts(account, denial, who, account_id))
    return conclude(ID, (finding,), changed_since=False)
