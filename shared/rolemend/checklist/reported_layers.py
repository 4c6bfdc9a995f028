"""A creation that was refused by a policy that cannot be read from here: only RAM's own report tells of it.

Values of PolicyType: https://www.alibabacloud.com/help/en/ram/support/how-to-troubleshoot-an-access-denied-error
"""

from __future__ import annotations

import msgspec

from rolemend.checklist.model import FAILED, Advice, Evidence, Finding
from rolemend.checklist.reported import reported
from rolemend.signals.denial import Denial
from rolemend.text import Text, text


def refused_by_layer(denial: Denial, finding: Finding) -> Finding:
    """The finding, failed by the layer that RAM named where it named one, whatever the live policies say."""
    told = reported(denial)
    if denial.detail is None or told is None or told.check != finding.check:
        return finding
    action = denial.detail.action
    if denial.policy_type == "ControlPolicy":
        statement = text("A control policy of the resource directory refused {action}.", action=action)
        return _failed(
            finding, told.evidence, statement, "control_policy_deny", _ask_the_administrator(action)
        )
    if denial.policy_type == "SessionPolicy":
        statement = text("The session policy of the caller's token does not cover {action}.", action=action)
        return _failed(finding, told.evidence, statement, "session_policy_deny", _widen_the_session(action))
    return finding


def _failed(finding: Finding, evidence: Evidence, statement: Text, cause: str, advice: Text) -> Finding:
    return msgspec.structs.replace(
        finding,
        answer=FAILED,
        evidence=(evidence, *(known for known in finding.evidence if known != evidence)),
        statement=statement,
        cause=cause,
        remedy=Advice(statement=advice),
        transient=False,
    )


def _ask_the_administrator(action: str) -> Text:
    return text(
        "Ask the administrator of the resource directory to let {action} pass in the control policies of this account "
        "and of the folders above it; a grant in this account does not help.",
        action=action,
    )


def _widen_the_session(action: str) -> Text:
    return text(
        "Let the parameter Policy with which the program calls AssumeRole cover {action}, and take a new token.",
        action=action,
    )
