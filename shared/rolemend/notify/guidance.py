"""The advice on an incident: exactly the documents of its plan where it has one, otherwise what the checks found."""

from __future__ import annotations

from rolemend.checklist.guide import LOOK, guide, instead_of_role
from rolemend.fix.guidance import Guidance
from rolemend.fix.model import Fix, ReplacePolicy, ReplaceTrust
from rolemend.incident.life import VERIFIED, Incident
from rolemend.remedy.model import Write

_ROLE_IS_NOT_OURS_TO_EDIT = ("default_role", "own_role", "service_linked_role")
_NOTHING_IS_PROVED = ("foreign_bucket", "bucket_name", "action_name", "other_account", "guardrails")
"""Neither that the bucket is the account's own nor, without usable guardrails, that the role may be touched."""
_A_CONDITION_WOULD_GO = ("under_condition", "conditional_statement")
"""A document that grants beside the condition must not be offered either."""


def guidance_of(incident: Incident) -> Guidance | None:
    """What a person does about an incident; None for one that is mended, closed or not diagnosed."""
    if incident.denial is None or incident.diagnosis is None or incident.state in (VERIFIED, "closed"):
        return None
    return guide(incident.diagnosis, incident.denial, _fix(incident))


def _fix(incident: Incident) -> Fix | str | None:
    """The plan's own documents, before or after; another role where the one in question must stay as it is."""
    change, plan = incident.change, incident.plan
    if incident.still_stands and change is not None:
        return _written(change.plan.write, change.plan.write.before)
    if incident.rolled_back:
        return LOOK
    if plan is not None:
        return _written(plan.write, plan.write.after)
    if incident.no_plan in _ROLE_IS_NOT_OURS_TO_EDIT and incident.diagnosis and incident.denial:
        return instead_of_role(incident.diagnosis.remedy, incident.denial)
    return LOOK if incident.no_plan in (*_NOTHING_IS_PROVED, *_A_CONDITION_WOULD_GO) else None


def _written(write: Write, document: str) -> Fix:
    if write.kind == "trust_policy":
        return ReplaceTrust(role=write.name, document=document)
    return ReplacePolicy(policy=write.name, document=document)
