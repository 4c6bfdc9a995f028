"""What the service itself said about the cause: an error code that names one of the checks of a failed creation.

EMR shows what ECS answered when it attached the role, in the code of the event or in the text of a later failure.
https://help.aliyun.com/document_detail/54244.html (ECS, AttachInstanceRamRole, which lists them)
"""

from __future__ import annotations

import re

import msgspec

from rolemend.checklist.facts import EMR_SERVICE_ROLE
from rolemend.checklist.model import REPORTED, Evidence
from rolemend.checklist.told import said_by_ram
from rolemend.signals.denial import Denial, DeniedDetail
from rolemend.text import Text, text

CREATOR_POLICY, PASS_ROLE, ROLE_NAME = "creator-policy", "pass-role", "role-name"
TRUST_POLICY, SERVICE_ROLE = "trust-policy", "service-role"

_CODES: dict[str, tuple[str, Text]] = {
    "ram.permission.notallow": (
        CREATOR_POLICY,
        text("EMR reported {code}: the caller lacks the action."),
    ),
    "forbbiden": (CREATOR_POLICY, text("EMR reported {code}: the caller lacks the action.")),
    "invaliduser.passroleforbidden": (
        PASS_ROLE,
        text("ECS reported {code}: the caller lacks ram:PassRole."),
    ),
    "invalidramrole.notfound": (ROLE_NAME, text("{code} was reported: the role named does not exist.")),
    "entitynotexist.role": (ROLE_NAME, text("{code} was reported: the role named does not exist.")),
    "invalidramrole.notecsrole": (
        TRUST_POLICY,
        text("ECS reported {code}: the role's trust policy does not let ECS assume it."),
    ),
    "cluster.role.notconfirm": (
        SERVICE_ROLE,
        text("EMR reported {code}: its service role is not authorised."),
    ),
}
_WORD = re.compile(r"[A-Za-z]+(?:\.[A-Za-z]+)*")


class Reported(msgspec.Struct, frozen=True):
    """The check that the service's answer points at, and the answer as evidence."""

    check: str
    evidence: Evidence


def reported(denial: Denial) -> Reported | None:
    """What RAM, the error code, or a code that stands in the message says; None if none of them names a cause."""
    if denial.detail is not None and (check := _check_of(denial.detail)):
        return Reported(check, said_by_ram(denial.detail))
    words = (denial.code, *_WORD.findall(denial.message[:4_000]))
    code = next((word for word in words if word.lower() in _CODES), None)
    if code is None:
        return None
    check, meaning = _CODES[code.lower()]
    if code.lower().startswith("entitynotexist") and EMR_SERVICE_ROLE.lower() in denial.message.lower():
        check, meaning = _CODES["cluster.role.notconfirm"]
    return Reported(check, Evidence(text(meaning.template, code=code), REPORTED))


def _check_of(detail: DeniedDetail) -> str:
    """The check that asks for the action that RAM refused; "" if none does."""
    if detail.policy_type == "AssumeRolePolicy":
        return TRUST_POLICY
    if detail.action.lower() == "ram:passrole":
        return PASS_ROLE
    return CREATOR_POLICY if detail.action.lower().startswith("emr:") else ""


def evidence_of(denial: Denial, check: str) -> tuple[Evidence, ...]:
    """The service's answer, if it points at this check."""
    told = reported(denial)
    return (told.evidence,) if told is not None and told.check == check else ()
