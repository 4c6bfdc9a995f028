"""OCSF: a list of Compliance Findings (class 2003), made with the library py-ocsf-models in the version that it names.

https://schema.ocsf.io/1.5.0/classes/compliance_finding
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from rolemend.audit.comparison import ACCEPTED, FIXED, NEW, Comparison
from rolemend.audit.formats import words
from rolemend.audit.formats.rows import Row, gone_rows, rows
from rolemend.audit.model import Report
from rolemend.fix.guidance import plain, say

if TYPE_CHECKING:
    from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding

_STATUS = {"passed": 1, "failed": 3, "unknown": 0, "not_applicable": 99}
"""`compliance.status_id`: 1 Pass, 3 Fail, 0 Unknown, 99 Other."""
_SEVERITY = {"critical": 5, "high": 4, "medium": 3, "low": 2, "info": 1}
_CREATE, _UPDATE, _CLOSE = 1, 2, 3


def to_ocsf(report: Report, comparison: Comparison, language: str) -> bytes:
    """A JSON list of events; what is incomplete comes first, as events whose status is unknown."""
    events = (_encoded(event) for event in _events(report, comparison, language))
    return b"[" + b",\n".join(events) + b"]\n"


def _encoded(event: dict[str, Any]) -> bytes:
    return msgspec.json.encode(event)


def _events(report: Report, comparison: Comparison, language: str) -> Iterator[dict[str, Any]]:
    write = _Writer(report, comparison, language)
    for number, sentence in enumerate(report.incomplete, 1):
        yield write.incomplete(number, say(sentence, language))
    for row in rows(report, comparison, language):
        yield write.finding(row)
    for row in gone_rows(comparison, language):
        yield write.finding(row, gone=True)


class _Writer:
    """Writes the events of one report."""

    def __init__(self, report: Report, comparison: Comparison, language: str) -> None:
        from py_ocsf_models.objects.metadata import Metadata
        from py_ocsf_models.objects.product import Product

        self._report, self._language = report, language
        self._since = bool(comparison.since)
        self._time = int(report.ended * 1000)
        product = Product(
            name="Rolemend", vendor_name="Rolemend", version=plain(report.version) or "unknown", lang=language
        )
        self._metadata = Metadata(
            product=product,
            profiles=["cloud"],
            correlation_uid=plain(report.run) or None,
            tenant_uid=plain(report.account),
        )

    def incomplete(self, number: int, sentence: str) -> dict[str, Any]:
        """What was not read, as an event of its own."""
        from py_ocsf_models.objects.finding_info import FindingInformation

        title = say(words.INCOMPLETE, self._language)
        info = FindingInformation(uid=f"incomplete-{number}", title=title, desc=sentence)
        event = self._event(info, "unknown", "info", sentence, activity=_CREATE, status=1)
        return self._with_cloud(event, plain(self._report.account), "")

    def finding(self, row: Row, *, gone: bool = False) -> dict[str, Any]:
        """One finding. `gone`: nothing is left of it, so that its answer is no longer that of today."""
        from py_ocsf_models.objects.finding_info import FindingInformation
        from py_ocsf_models.objects.remediation import Remediation
        from py_ocsf_models.objects.resource_details import ResourceDetails

        finding = row.finding
        info = FindingInformation(
            uid=plain(finding.id),
            title=row.title,
            desc=row.statement,
            src_url=row.doc or None,
            types=[plain(finding.check)],
        )
        activity = _CLOSE if row.state == FIXED else _UPDATE if self._since and row.state != NEW else _CREATE
        status = {FIXED: 4, ACCEPTED: 3}.get(row.state, 1)
        answer = "not_applicable" if gone else finding.answer
        event = self._event(info, answer, finding.severity, row.statement, activity=activity, status=status)
        where = "/".join((row.account or "-", row.region or "-", row.kind, row.name))
        event.resources = [
            ResourceDetails(
                uid=where, name=row.name, type=row.kind, region=row.region or None, namespace=row.account
            )
        ]
        if row.remedy:
            event.remediation = Remediation(desc=row.remedy, references=[row.doc] if row.doc else None)
        if row.acceptance:
            event.comment = f"{row.acceptance.until}: {plain(row.acceptance.reason)}"
        event.compliance.control = plain(finding.check)
        event.compliance.desc = row.title
        event.unmapped = {
            "answer": finding.answer if not gone else "gone",
            "subject": row.subject,
            "evidence": list(row.evidence),
            "state": row.state,
        }
        return self._with_cloud(event, row.account, row.region)

    def _event(
        self, info: Any, answer: str, severity: str, message: str, *, activity: int, status: int
    ) -> ComplianceFinding:
        from py_ocsf_models.events.findings.activity_id import ActivityID
        from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding
        from py_ocsf_models.events.findings.compliance_finding_type_id import ComplianceFindingTypeID
        from py_ocsf_models.events.findings.severity_id import SeverityID
        from py_ocsf_models.events.findings.status_id import StatusID
        from py_ocsf_models.objects.compliance import Compliance
        from py_ocsf_models.objects.compliance_status import StatusID as Answer

        graded = SeverityID(_SEVERITY.get(severity, 0))
        return ComplianceFinding(
            activity_id=ActivityID(activity),
            type_uid=ComplianceFindingTypeID(200300 + activity),
            compliance=Compliance(status_id=Answer(_STATUS[answer])),
            finding_info=info,
            message=message,
            metadata=self._metadata,
            severity_id=graded,
            severity=graded.name,
            status_id=StatusID(status),
            time=self._time,
        )

    def _with_cloud(self, event: ComplianceFinding, account: str, region: str) -> dict[str, Any]:
        """The event in JSON with the profile `cloud`, which the library's class does not have."""
        cloud: dict[str, Any] = {"provider": "Alibaba Cloud"}
        if account:
            cloud["account"] = {"uid": account, "name": account, "type": "Other", "type_id": 99}
        if region:
            cloud["region"] = region
        fields: dict[str, Any] = event.model_dump(mode="json", exclude_none=True)
        fields["compliance"]["status"] = _ANSWERS[fields["compliance"]["status_id"]]
        return {**fields, "cloud": cloud}


_ANSWERS = {0: "Unknown", 1: "Pass", 3: "Fail", 99: "Other"}
