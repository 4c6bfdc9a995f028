"""Reports made by hand, with every answer, severity, kind of place and fix, and with hostile names."""

from __future__ import annotations

from rolemend.audit.guides import GUIDES
from rolemend.audit.model import Finding, Place, Report, fingerprint
from rolemend.checklist.model import FAILED, NOT_APPLICABLE, PASSED, UNKNOWN, Evidence
from rolemend.fix.model import Fix, ReplaceTrust
from rolemend.text import Text, text

ACCOUNT, REGION = "1000000000000001", "cn-hangzhou"
STARTED, ENDED = 1_769_882_400.0, 1_769_882_520.0  # 2026-01-31, 18:00 and 18:02 UTC
HOSTILE = (
    "=HYPERLINK(\"http://evil.example/\",\"x\")",
    "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\uff1d1", " =1", "'=1",
    "</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>", '" onmouseover="alert(1)',
    "javascript:alert(1)", "{{ 7 * 7 }}", "{0}", "[click](http://evil.example/)", "a,b;c\"d\"\n=1+1",
    "\u202eevil\u200b\x1b[31m\x00", "名称", "a" * 300,
)  # fmt: skip


def finding(
    check: str = "RM-TRUST-RELEASE",
    answer: str = FAILED,
    *,
    name: str = "Etl",
    kind: str = "role",
    region: str = "",
    subject: str = "",
    account: str = ACCOUNT,
    statement: str = "",
    evidence: tuple[str, ...] = (),
    fix: Fix | None = None,
) -> Finding:
    place = Place(kind=kind, name=name, region=region, account=account)
    said = text("Role {role} does not trust {service}.", role=statement or name, service="ecs.aliyuncs.com")
    return Finding(
        check=check,
        place=place,
        answer=answer,
        severity=GUIDES[check].severity,
        statement=said,
        id=fingerprint(check, place, subject),
        subject=subject,
        evidence=tuple(Evidence(_unentered(each)) for each in evidence),
        remedy=GUIDES[check].remedy if answer == FAILED else None,
        fix=fix,
    )  # fmt: skip


def _unentered(why: str) -> Text:
    return text("Account {account} could not be entered: {why}", account=ACCOUNT, why=why)


def report(
    *findings: Finding,
    incomplete: tuple[str, ...] = (),
    run: str = "20260131T180000Z",
    ended: float = ENDED,
    regions: tuple[str, ...] = (REGION,),
) -> Report:
    said = tuple(_unentered(each) for each in incomplete)
    return Report(
        account=ACCOUNT,
        accounts=(ACCOUNT,),
        regions=regions,
        started=STARTED,
        ended=ended,
        findings=findings,
        incomplete=said,
        notes=(text("Release {release} is newer than this version knows.", release="EMR-9.1.0"),),
        run=run,
        version="0.1.0",
    )


def every() -> Report:
    """Each check with each answer, hostile names among them, and something that was not read."""
    answers = (FAILED, UNKNOWN, PASSED, NOT_APPLICABLE)
    found = [
        finding(
            check, answer, name=f"{check}-{answer}", region=REGION if number % 2 else "", evidence=("a", "b")
        )
        for number, check in enumerate(GUIDES)
        for answer in answers
    ]
    fix = ReplaceTrust(role="Etl", document='{"Version": "1", "Statement": []}')
    found += [finding(name=each, subject=each, statement=each, evidence=(each,), fix=fix) for each in HOSTILE]
    return report(*found, incomplete=("the read was refused: <b>", "=1+1"))


def many(count: int) -> Report:
    """A report with so many findings, of each ten two failed and one unknown."""
    answers = (FAILED, FAILED, UNKNOWN, *[PASSED] * 7)
    checks = tuple(GUIDES)
    document = (
        '{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "oss:GetObject", "Resource": "*"}]}'
    )
    fix = ReplaceTrust(role="Etl", document=document)
    return report(*(
        finding(
            checks[number % len(checks)],
            (answer := answers[number % 10]),
            name=f"role-{number}",
            evidence=(f"evidence {number}",) if answer != PASSED else (),
            fix=fix if answer == FAILED else None,
        )
        for number in range(count)
    ))  # fmt: skip
