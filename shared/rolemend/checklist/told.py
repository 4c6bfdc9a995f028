"""What the services themselves tell of a denial, beyond its error: asked first, and believed before any inference.

An EncodedDiagnosticMessage is opened by RAM. An ActionTrail event holds none as far as its pages show; OpenAPI Explorer
keeps the call's AccessDeniedDetail for some days under the event's request id, an upper-case UUID. Neither need answer.
https://www.alibabacloud.com/help/en/ram/developer-reference/api-ram-2015-05-01-decodediagnosticmessage
https://help.aliyun.com/en/openapi/developer-reference/api-openapiexplorer-2024-11-30-getrequestlog
"""

from __future__ import annotations

import re

import msgspec

from rolemend.account.interface import Diagnostics, Known, Unread
from rolemend.checklist.model import FAILED, REPORTED, Diagnosis, Evidence
from rolemend.signals.denial import Denial, DeniedDetail, DeniedPrincipal
from rolemend.text import text

_UUID = re.compile(r"[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}", re.IGNORECASE | re.ASCII)
_SAYS_ONLY_NO = (
    "nopermission", "forbidden", "notauthorized", "unauthorized", "accessdenied", "accessforbidden",
)  # fmt: skip
"""How such codes begin."""


class Told(msgspec.Struct, frozen=True):
    """The denial with what was told of it, and what could not be asked."""

    denial: Denial
    notes: tuple[Evidence, ...] = ()


def ask_services(diagnostics: Diagnostics | None, denial: Denial) -> Told:
    """Ask who can tell more. Never raises: a call that is refused is a note, and the denial stays as it was."""
    if diagnostics is None or denial.detail is not None:
        return Told(denial)
    logged_as = denial.request_id if denial.source == "actiontrail" and says_only_no(denial.code) else ""
    detail, notes = ask_detail(diagnostics, denial.diagnostic, logged_as)
    if detail is None or not is_of(denial.principal, detail):
        return Told(denial, notes)
    return Told(with_detail(denial, detail), notes)


def with_detail(denial: Denial, detail: DeniedDetail) -> Denial:
    return msgspec.structs.replace(
        denial, detail=detail, policy_type=detail.policy_type or denial.policy_type
    )


def ask_detail(
    diagnostics: Diagnostics, encoded: str, request_id: str
) -> tuple[DeniedDetail | None, tuple[Evidence, ...]]:
    """Open the message; without one, look for it in the log of the call, whose id must be an OpenAPI's."""
    notes: list[Evidence] = []
    detail: DeniedDetail | None = None
    if not encoded and _UUID.fullmatch(request_id):
        logged = diagnostics.request_log(request_id.upper())
        notes += _note(logged)
        detail = logged.value if isinstance(logged, Known) else None
        encoded = detail.encoded if detail is not None else ""
    if encoded:
        decoded = diagnostics.decode(encoded)
        notes += _note(decoded)
        detail = decoded.value if isinstance(decoded, Known) else detail
    return detail, tuple(notes)


def says_only_no(code: str) -> bool:
    """Whether a code leaves it open what is missing."""
    return code.lower().startswith(_SAYS_ONLY_NO)


def _note(reading: object) -> list[Evidence]:
    if not isinstance(reading, Unread):
        return []
    said = text(
        "{operation} was not answered ({reason}): what follows rests on the error itself and on what was read.",
        operation=reading.operation,
        reason=reading.reason,
    )
    return [Evidence(said)]


def is_of(who: DeniedPrincipal, detail: DeniedDetail) -> bool:
    """Whether a detail speaks of the denied principal: a log may quote the message of another denial."""
    named = detail.principal
    if not named or who.type not in ("ram_user", "assumed_role"):
        return True
    if who.type == "assumed_role":
        role, _, session = named.partition(":")
        return role.lower() == who.name.lower() and who.session in ("", session)
    return named in (who.id, who.name)


def is_identity_based(detail: DeniedDetail) -> bool:
    """Whether a policy of the principal itself decided."""
    return detail.policy_type.endswith("IdentityBasedPolicy")


def said_by_ram(detail: DeniedDetail) -> Evidence:
    """What RAM tells, as evidence that the service itself reported."""
    values = {
        "action": detail.action or "-",
        "resource": detail.resource or "-",
        "layer": detail.policy_type or "-",
        "policies": ", ".join(detail.matched) or "-",
    }
    if detail.explicit is None:
        said = text("RAM reported: {action} on {resource} was refused by {layer}.", **values)
    elif detail.explicit:
        said = text(
            "RAM reported: {action} on {resource} met a Deny of {layer}; policies: {policies}", **values
        )
    else:
        said = text("RAM reported: nothing in {layer} allows {action} on {resource}.", **values)
    return Evidence(said, REPORTED)


def with_notes(diagnosis: Diagnosis, notes: tuple[Evidence, ...]) -> Diagnosis:
    """The notes as evidence of the finding that gives the cause, else of the first one."""
    if not notes or not diagnosis.findings:
        return diagnosis
    failed = [
        index
        for index, finding in enumerate(diagnosis.findings)
        if finding.answer == FAILED and finding.cause == diagnosis.cause
    ]
    at = failed[0] if failed else 0
    noted = msgspec.structs.replace(
        diagnosis.findings[at], evidence=(*diagnosis.findings[at].evidence, *notes)
    )
    findings = (*diagnosis.findings[:at], noted, *diagnosis.findings[at + 1 :])
    return msgspec.structs.replace(diagnosis, findings=findings)
