"""What `remediate` works with, and the one rule by which it writes into the ledger."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from rolemend.account.interface import Functions, IdentityWrites
from rolemend.checklist.facts import Account
from rolemend.incident.approvals import Approvals
from rolemend.incident.expiries import Expiries
from rolemend.incident.index import Index
from rolemend.incident.journal import Fact
from rolemend.incident.leases import Leases
from rolemend.incident.ledger import Ledger
from rolemend.incident.life import Incident
from rolemend.remedy.apply import Pauses
from rolemend.remedy.guardrails import Guardrails
from rolemend.work.planning import Planner
from rolemend.work.reads import BucketsOnce, IdentitiesOnce


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """`owner` is the account it works for; `guardrails` reads the operator's rules, and a GuardrailsError means: change
    nothing. `own_roles` begins the names of Rolemend's own roles. `pauses` are those between looks at what was written,
    `patience` how many seconds are waited for a role that another instance is changing."""

    account: Account
    identities: IdentityWrites
    owner: str
    ledger: Ledger
    leases: Leases
    approvals: Approvals
    expiries: Expiries
    index: Index
    functions: Functions
    guardrails: Callable[[], Guardrails]
    notify: str
    own_roles: str = "rolemend-"
    pauses: Pauses = (0.5, 1.0, 2.0)
    patience: int = 20

    def look(self) -> Planner:
        """What one look at the account is diagnosed and planned with: each thing is read once, from now on."""
        identities = IdentitiesOnce(self.account.identities)
        buckets = BucketsOnce(self.account.buckets)
        return Planner(
            account=msgspec.structs.replace(self.account, identities=identities, buckets=buckets),
            identities=identities,
            owner=self.owner,
            guardrails=self.guardrails,
            now=self.ledger.now,
            own_roles=self.own_roles,
        )


def note(incident: Incident, ledger: Ledger, *facts: Fact) -> Incident:
    """Append facts if the incident is still as it was when they were decided; otherwise the other writer goes on."""
    before = (incident.state, incident.round, incident.verdict, incident.intended)

    def decide(known: Incident) -> tuple[Fact, ...]:
        same = (known.state, known.round, known.verdict, known.intended) == before
        return facts if same else ()

    return ledger.extend(incident.id, decide)
