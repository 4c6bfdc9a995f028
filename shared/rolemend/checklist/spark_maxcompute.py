"""Execution roles, MaxCompute: the role may act for the submitter, who needs permissions in the project itself.

https://www.alibabacloud.com/help/en/emr/emr-serverless-spark/user-guide/executive-role ; members and permissions of a
project: https://help.aliyun.com/en/maxcompute/user-guide/add-user ,
https://help.aliyun.com/en/maxcompute/user-guide/manage-user-permissions-by-using-commands . What a project grants
stands in MaxCompute and not in RAM, so that it cannot be read from here.
"""

from __future__ import annotations

import re

from rolemend.checklist.answers import Name, failed, not_applicable, unknown
from rolemend.checklist.facts import changed_since
from rolemend.checklist.model import INFERRED, PASSED, REPORTED, Advice, Evidence, Finding
from rolemend.checklist.spark_delegation import MAXCOMPUTE_ON_BEHALF, ask_delegation
from rolemend.checklist.spark_facts import JobFacts
from rolemend.checklist.spark_rights import not_asked
from rolemend.checklist.spark_table import called
from rolemend.fix.maxcompute import statements
from rolemend.fix.model import GrantProject
from rolemend.signals.denial import DeniedPrincipal
from rolemend.text import Text, text

MAXCOMPUTE_DELEGATION: Name = ("maxcompute-delegation", "S5.1")
MAXCOMPUTE_PROJECT: Name = ("maxcompute-project", "S1.3")

_KINDS = {"root": "aliyun", "ram_user": "ramuser", "assumed_role": "ramrole"}
_NUMBER = re.compile(r"[0-9]{5,30}", re.ASCII)
_ROLE = re.compile(r"[A-Za-z0-9.\-]{1,64}", re.ASCII)
_PROJECT = re.compile(r"(?:^|[:/])projects/([A-Za-z0-9_]{1,100})(?=/|$)", re.ASCII)
_TABLE = re.compile(r"/tables/([A-Za-z0-9_]{1,128})(?=/|$)", re.ASCII)
_PRIVILEGE = re.compile(r"odps:[A-Za-z]{2,40}", re.ASCII)
_OF_PROJECT = re.compile(
    r"ODPS-0420095|You don'?t exist in project|have NO privilege|Authorization Failed \[4[0-9]{3}\]",
    re.IGNORECASE,
)
"""https://www.alibabacloud.com/help/en/maxcompute/user-guide/odps-0420095"""


def ask_maxcompute_delegation(facts: JobFacts) -> Finding:
    """The role must be allowed to act for the kind of person who submitted the job: account, RAM user or role."""
    if (other := not_asked(MAXCOMPUTE_DELEGATION, facts, "maxcompute")) is not None:
        return other
    submitter = facts.target.submitter
    if submitter is None or submitter.type not in _KINDS:
        return unknown(MAXCOMPUTE_DELEGATION, text("Who submitted the job is not told."))
    prefix = f"acs:odps:*:{facts.denial.account}:users/default/{_KINDS[submitter.type]}"
    named = dict.fromkeys(name for name in (submitter.id, submitter.name) if name) or {"-": None}
    resources = [f"{prefix}/{name}" for name in named]
    return ask_delegation(MAXCOMPUTE_DELEGATION, facts, MAXCOMPUTE_ON_BEHALF, resources)


def says_project(facts: JobFacts) -> bool:
    """Whether MaxCompute's own words, or the privilege they name, are about what the project grants."""
    denial = facts.denial
    if facts.target.service != "maxcompute" or _is_delegation(facts):
        return False
    told = f"{denial.code} {denial.message[:4_000]}"
    return denial.action.lower().startswith("odps:") or bool(_OF_PROJECT.search(told))


def _is_delegation(facts: JobFacts) -> bool:
    return facts.denial.action.lower() == MAXCOMPUTE_ON_BEHALF.lower()


def ask_maxcompute_project(facts: JobFacts) -> Finding:
    """The submitter's own permissions in the project: told by MaxCompute, or what is left where the role may act."""
    if (other := not_asked(MAXCOMPUTE_PROJECT, facts, "maxcompute")) is not None:
        return other
    who = called(facts.user)
    if says_project(facts):
        said = text("The error is that of the project: {code}", code=facts.denial.code or "-")
        return _missing(facts, Evidence(said, REPORTED))
    if _is_delegation(facts):
        return not_applicable(MAXCOMPUTE_PROJECT, text("What MaxCompute refused was to act for another."))
    acting = ask_maxcompute_delegation(facts).answer == PASSED
    if not acting or changed_since(facts.denial.time, facts.role_policies, [facts.role]):
        said = text("What the project grants {who} cannot be read from here.", who=who)
        return unknown(MAXCOMPUTE_PROJECT, said)
    inferred = text("The execution role may act for {who}, and MaxCompute refused all the same.", who=who)
    return _missing(facts, Evidence(inferred, INFERRED))


def _missing(facts: JobFacts, evidence: Evidence) -> Finding:
    values = {"who": called(facts.user), "resource": facts.target.resource or "-", "role": facts.role_name}
    return failed(
        MAXCOMPUTE_PROJECT,
        text("{who} lacks a permission in the MaxCompute project: {resource}", **values),
        (evidence,),
        "permission_missing",
        Advice(
            statement=_grant(facts, values),
            document=_add_user(facts.user, facts.denial.account),
            fix=_given(facts),
        ),
    )


def _given(facts: JobFacts) -> GrantProject:
    """The privilege that the error names, on what it names; reading a table where it names neither."""
    resource, action = facts.target.resource, facts.denial.action
    named, table = _PROJECT.search(resource), _TABLE.search(resource)
    privilege = action.partition(":")[2] if _PRIVILEGE.fullmatch(action) else ""
    on_project = bool(named and not table and privilege)
    return GrantProject(
        member=_member(facts.user, facts.denial.account),
        privileges=(privilege,) if privilege else ("Describe", "Select"),
        project=named[1] if named else "",
        table="" if on_project else table[1] if table else "YOUR_TABLE",
    )


def _grant(facts: JobFacts, values: dict[str, str]) -> Text:
    if facts.user is None:
        return text(
            "Ask the owner of the MaxCompute project to add who submitted the job and to grant what it needs, as "
            "nothing in RAM does. What was refused: {resource}.",
            **values,
        )
    return text(
        "Ask the owner of the MaxCompute project to add {who} to it and to grant what the job needs (add user, then "
        "grant), as nothing in RAM does. Granting it to the execution role {role} does not help: MaxCompute asks for "
        "the permissions of {who}. What was refused: {resource}.",
        **values,
    )


def _add_user(who: DeniedPrincipal | None, account: str) -> str:
    """MaxCompute's statement that adds a person to a project, "" for who cannot be named."""
    member = _member(who, account)
    return statements(GrantProject(member=member, privileges=()))[0] if member else ""


def _member(who: DeniedPrincipal | None, account: str) -> str:
    """A person as MaxCompute names one, "" for who cannot be named."""
    if who is None or not _NUMBER.fullmatch(account) or who.account != account:
        return ""
    if who.type == "root":
        return f"ALIYUN${account}"
    if who.type == "ram_user" and _NUMBER.fullmatch(who.id):
        return f"RAM${account}:{who.id}"
    if who.type == "assumed_role" and _ROLE.fullmatch(who.name):
        return f"RAM${account}:role/{who.name}"
    return ""
