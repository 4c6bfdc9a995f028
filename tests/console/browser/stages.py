"""Incidents and reports to look at in the console."""

from __future__ import annotations

from demo import clients
from demo.scenarios import GUARDRAILS, SCENARIOS
from demo.stage import HOME, LEDGER, Stage
from rolemend.account.access import Access, Credentials
from rolemend.account.oss import OssStore
from rolemend.audit.accepted import Acceptance
from rolemend.audit.archive import compare_with_kept, keep
from rolemend.fix.model import ReplaceTrust
from tests.audit.reports import finding, report
from tests.e2e.watching import attempt

RUN = "20260201T180000Z"
"""The last run of an audit that `keep_reports` keeps."""


def denied(stage: Stage, name: str = "resource-list", mode: str = "approve") -> str:
    """Play a scenario of the demo under one mode; the id of its incident, of several of one that waits for people."""
    rules = GUARDRAILS.replace('mode = "auto"', f'mode = "{mode}"')
    clients.bucket(stage.root, LEDGER).put_object("config/guardrails.toml", rules.encode())
    known = set(stage.incidents())
    attempt(stage, next(one for one in SCENARIOS if one.name == name))
    opened = {key: one for key, one in sorted(stage.incidents().items()) if key not in known}
    return next((key for key, one in opened.items() if one.state == "awaiting approval"), next(iter(opened)))


def keep_reports(stage: Stage) -> None:
    """Two runs of an audit, as they are kept, with something new, accepted, fixed and unknown in the second."""
    credentials = Credentials(stage.root.id, stage.root.secret)
    access = Access(account=stage.account, region=HOME, credentials=credentials, scheme="http")
    store = OssStore(access, LEDGER, HOME)
    accepted = Acceptance(id=finding(name="held").id, reason="it goes soon", until="2099-12-31")
    role = ReplaceTrust(role="Etl", document='{"Version": "1", "Statement": []}')
    first = report(finding(name="held"), finding(name="fixed"))
    found = (
        finding(name="held"),
        finding(name="fixed", answer="passed"),
        finding(name="emr-<b>etl</b>", evidence=("read live",), fix=role),
        finding(name="n" * 50_000, answer="unknown"),
    )
    for made in (first, report(*found, run=RUN, incomplete=("it does not let us in",))):
        noted, comparison = compare_with_kept(store, made, (accepted,))
        keep(store, noted, comparison, "en")
