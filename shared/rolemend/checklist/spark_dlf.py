"""Execution roles, DLF: the role may act for others, who counts has the RAM right, and DLF's own data permission.

A call to DLF passes two layers, RAM's right and DLF's data permission, in both generations; each is missed on its own:
https://www.alibabacloud.com/help/en/dlf/dlf-1-0/user-guide/permission-description ,
https://www.alibabacloud.com/help/en/dlf/dlf-2-0/user-guide/permission-management . Actions: `dlf:` for data in both,
`dlfnext:` for the newer management API
(https://www.alibabacloud.com/help/en/dlf/dlf-2-0/user-guide/ram-permission-actions-for-dlf). All of it is granted by
people only.
"""

from __future__ import annotations

import re

from rolemend.account.interface import Known
from rolemend.checklist.answers import Name, failed, not_applicable, passed, unknown, unread
from rolemend.checklist.facts import changed_since
from rolemend.checklist.grants import policy_document
from rolemend.checklist.mending import holder_of, lift_deny
from rolemend.checklist.model import INFERRED, PASSED, REPORTED, Advice, Evidence, Finding
from rolemend.checklist.spark_delegation import DLF_ON_BEHALF, ask_delegation, fix_role, grant_role
from rolemend.checklist.spark_facts import JobFacts, acts_as_role
from rolemend.checklist.spark_rights import Right, decide_right, not_asked
from rolemend.checklist.spark_table import called
from rolemend.fix.model import Fix, GrantData
from rolemend.fix.spark import use_dlf
from rolemend.policy import PolicyError
from rolemend.signals.denial import DeniedPrincipal
from rolemend.text import Text, text

DLF_DELEGATION: Name = ("dlf-delegation", "S4.1")
DLF_RIGHT: Name = ("dlf-right", "S1.2")
DLF_DATA: Name = ("dlf-data", "S1.2a")

OWN_CAUSE = "dlf_data_permission_missing"

_RAM_ACTION = re.compile(r"(?:dlf|dlfnext):[A-Za-z]{2,60}", re.ASCII)
_RESOURCE = re.compile(r"acs:dlf(?:next)?:[a-z0-9\-*]*:[0-9*]*:[A-Za-z0-9_\-./*]{1,300}", re.ASCII)
_READING = ("Get", "List", "BatchGet", "Describe", "Check", "Query")
_OWN = re.compile(
    r"(?:Table|Database|View|Catalog|Function)NoPermissionException"
    r"|\b(?:Table|Database|View|Catalog|Function) \S{1,200} has no permission"
    r"|\b(?:not|n't|no) (?:have )?(?:the |any |enough )?data (?:permission|privilege)",
    re.IGNORECASE,
)
"""What DLF says where its own permission is missing: the newer generation in Paimon's words, the legacy one assumed."""
_RAM = re.compile(r"You are not authorized to do this action|Forbidden\.RAM", re.IGNORECASE)
_ACCESSES = {"Alter": "ALTER", "Update": "UPDATE", "Drop": "DROP", "Delete": "DROP"}
_ARNS = {"root": "root", "ram_user": "user/{name}", "assumed_role": "role/{name}"}
_WORD = r"([A-Za-z0-9_][A-Za-z0-9_\-]{0,127})"
_DOTTED = re.compile(rf"{_WORD}\.{_WORD}", re.ASCII)
_DATABASE = re.compile(rf"(?:^|[/:])databases?/{_WORD}(?=/|$)", re.ASCII)
_TABLE = re.compile(rf"(?:^|[/:])tables?/{_WORD}(?=/|$)", re.ASCII)
_LEGACY = re.compile(r"legacy|(?<![0-9])1(?:[._]0)?(?![0-9])", re.IGNORECASE)
"""The legacy generation in a workspace's words. What GetWorkspace says there is published nowhere."""
_COARSE = {
    "Get": "Describe",
    "List": "List",
    "Create": "Create",
    "Alter": "Alter",
    "Update": "Alter",
    "Drop": "Drop",
}


def ask_dlf_delegation(facts: JobFacts) -> Finding:
    """The execution role must be allowed to act for others at DLF, unless it acts for itself."""
    if (other := not_asked(DLF_DELEGATION, facts, "dlf")) is not None:
        return other
    if _is_role_itself(facts) and not _is_delegation(facts):
        return not_applicable(
            DLF_DELEGATION, text("{role} asked DLF for itself, not for another.", role=facts.role_name)
        )
    return ask_delegation(DLF_DELEGATION, facts, DLF_ON_BEHALF, ("*",))


def says_data_permission(facts: JobFacts) -> bool:
    """Whether DLF's own words name its data permission."""
    denial, target = facts.denial, facts.target
    told = f"{denial.code} {denial.message[:4_000]}"
    own = target.cause == OWN_CAUSE or bool(_OWN.search(told))
    return target.service == "dlf" and own and not _RAM.search(told)


def _says_ram(facts: JobFacts) -> bool:
    """Whether the words are RAM's: they name the action, which DLF's own do not."""
    denial = facts.denial
    named = facts.target.cause == "permission_missing" and bool(_RAM_ACTION.fullmatch(denial.action))
    return named or bool(denial.policy_type or _RAM.search(f"{denial.code} {denial.message[:4_000]}"))


def _is_delegation(facts: JobFacts) -> bool:
    return facts.denial.action.lower() == DLF_ON_BEHALF.lower()


def _is_role_itself(facts: JobFacts) -> bool:
    return acts_as_role(facts.denial.principal, facts.role_name)


def _principal(facts: JobFacts) -> DeniedPrincipal | None:
    """Whose rights DLF asked for: the one it refused if that was the role itself; None where nothing tells."""
    return facts.role_as_principal if _is_role_itself(facts) else facts.user


def who_counts(facts: JobFacts) -> str:
    """Whose rights DLF asked for, by name."""
    return called(_principal(facts))


def ask_dlf_right(facts: JobFacts) -> Finding:
    """RAM's right to the action that DLF refused, for the identity whose rights count."""
    if (other := not_asked(DLF_RIGHT, facts, "dlf")) is not None:
        return other
    action, who = facts.denial.action, who_counts(facts)
    if _is_delegation(facts):
        return not_applicable(DLF_RIGHT, text("What DLF refused was to act for another."))
    if not _RAM_ACTION.fullmatch(action):
        if says_data_permission(facts):
            return not_applicable(
                DLF_RIGHT, text("The error is that of DLF's own data permission, not RAM's.")
            )
        said = text("Nothing tells which action DLF refused; {who} needs a RAM right to it.", who=who)
        return unknown(DLF_RIGHT, said)
    policies = facts.user_policies
    if not isinstance(policies, Known):
        return unread(DLF_RIGHT, policies, text("The policies of {who} could not be read.", who=who))
    principal = _principal(facts)
    assert principal is not None
    resource = facts.target.resource if _RESOURCE.fullmatch(facts.target.resource) else "*"
    try:
        right = decide_right(facts.denial, principal, policies.value, action, resource)
    except PolicyError as error:
        return unknown(DLF_RIGHT, text("A policy of {who} does not parse: {why}", who=who, why=error))
    names = ", ".join(policy.name for policy in policies.value) or "-"
    evidence = (Evidence(text("Attached to {who}: {policies}", who=who, policies=names)),)
    return _judged(facts, right, who, evidence, exact=resource != "*")


def _judged(
    facts: JobFacts, right: Right, who: str, evidence: tuple[Evidence, ...], *, exact: bool
) -> Finding:
    action = facts.denial.action
    values = {"who": who, "action": action}
    if right.outcome == "allow":
        return passed(DLF_RIGHT, text("The policies of {who} allow {action}.", **values), evidence)
    if right.outcome == "explicit_deny":
        advice = text(
            "Change the Deny statement in policy {policy}; granting more does not help.", policy=right.policy
        )
        said = text("A policy of {who} denies {action} outright.", **values)
        return failed(
            DLF_RIGHT,
            said,
            evidence,
            "identity_policy_deny",
            Advice(statement=advice, fix=_lifted(facts, right)),
        )
    if right.outcome == "unknown" or (right.elsewhere and not exact):
        said = text(
            "Whether the policies of {who} allow {action} hangs on the resource or on conditions, which the error "
            "does not tell.",
            **values,
        )
        return unknown(DLF_RIGHT, said, evidence)
    return failed(
        DLF_RIGHT,
        text("No policy of {who} allows {action}.", **values),
        evidence,
        "permission_missing",
        Advice(
            statement=_grant(facts, who),
            document=policy_document((action,), ("*",)),
            fix=_right_given(facts),
        ),
    )


def _lifted(facts: JobFacts, right: Right) -> Fix | None:
    who, policies = _principal(facts), facts.user_policies
    if who is None or not isinstance(policies, Known):
        return None
    return lift_deny(policies.value, right.decision, who)


def _right_given(facts: JobFacts) -> Fix | None:
    """RAM's right for whom DLF asks for it: the submitter, the creator of the token, or the role itself."""
    who = _principal(facts)
    holder = holder_of(who) if who is not None else None
    if holder is None:
        return None
    given = use_dlf(holder, (facts.denial.action,))
    return fix_role(facts, given) if _is_role_itself(facts) else given


def _grant(facts: JobFacts, who: str) -> Text:
    action = facts.denial.action
    values = {"who": who, "action": action, "role": facts.role_name}
    if _is_role_itself(facts):
        return grant_role(facts, (action,))
    name = action.partition(":")[2]
    system = "AliyunDLFReadOnlyAccess" if name.startswith(_READING) else "AliyunDLFFullAccess"
    if action.startswith("dlfnext:"):
        return text(
            "Attach a policy to {who} that allows {action}. Granting it to the execution role {role} does not help: "
            "DLF asks for the rights of {who}.",
            **values,
        )
    return text(
        "Attach {policy} to {who}, or a policy that allows {action}. Granting it to the execution role {role} does "
        "not help: DLF asks for the rights of {who}.",
        policy=system,
        **values,
    )


def ask_dlf_data(facts: JobFacts) -> Finding:
    """DLF's own data permission, which cannot be read from here: told by DLF, or what is left where RAM allows."""
    if (other := not_asked(DLF_DATA, facts, "dlf")) is not None:
        return other
    if says_data_permission(facts):
        said = text("The error names DLF's own permission: {code}", code=facts.denial.code or "-")
        return _missing(facts, Evidence(said, REPORTED))
    if _says_ram(facts) or _is_delegation(facts):
        return not_applicable(DLF_DATA, text("The error is RAM's, not that of DLF's own data permission."))
    right = ask_dlf_right(facts)
    # Who is asked as the role itself is asked without access control, and so for no data permission.
    open_still = right.answer != PASSED or _is_role_itself(facts)
    if open_still or changed_since(facts.denial.time, facts.user_policies, [facts.role]):
        return unknown(
            DLF_DATA,
            text("DLF's own data permission of {who} cannot be read from here.", who=who_counts(facts)),
        )
    if coarse := _coarse_right(facts):
        said = text(
            "RAM allows {who} {action}, which stands for DLF's own data permission.",
            who=who_counts(facts),
            action=coarse,
        )
        return unknown(DLF_DATA, said)
    inferred = text(
        "RAM allowed {who} {action}, and DLF refused it all the same.",
        who=who_counts(facts),
        action=facts.denial.action,
    )
    return _missing(facts, Evidence(inferred, INFERRED))


def _coarse_right(facts: JobFacts) -> str:
    """The `dlf-dss:` action that lets the call pass the legacy generation's second layer, "" if it is not allowed."""
    name = facts.denial.action.partition(":")[2]
    verb = next((verb for verb in _COARSE if name.startswith(verb)), "")
    user, policies = _principal(facts), facts.user_policies
    legacy = facts.denial.action.startswith("dlf:")
    if not verb or not legacy or user is None or not isinstance(policies, Known):
        return ""
    coarse = f"dlf-dss:{_COARSE[verb]}{name.removeprefix(verb)}"
    right = decide_right(facts.denial, user, policies.value, coarse, "*")
    return coarse if right.outcome in ("allow", "unknown") or right.elsewhere else ""


def _missing(facts: JobFacts, evidence: Evidence) -> Finding:
    values = {
        "who": who_counts(facts),
        "resource": facts.target.resource or "-",
        "role": facts.role_name,
        "gateway": facts.target.gateway,
    }
    return failed(
        DLF_DATA,
        text("{who} lacks DLF's own data permission on {resource}; RAM has no say in it.", **values),
        (evidence,),
        OWN_CAUSE,
        Advice(statement=_grant_data(facts, values), fix=_data_given(facts)),
    )


def _data_given(facts: JobFacts) -> GrantData:
    """DLF's own permission on what the error names; nothing that it does not name is guessed."""
    workspace = facts.workspace.value if isinstance(facts.workspace, Known) else None
    database, table = _named_data(facts.target.resource)
    catalog = workspace.catalog if workspace else ""
    legacy = bool(workspace and _LEGACY.search(workspace.catalog_type))
    return GrantData(
        principal=_arn(_principal(facts)),
        access=_access(facts.denial.action),
        catalog=catalog,
        database=database,
        table=table or "YOUR_TABLE",
        generation=1 if legacy else 2,
    )


def _named_data(resource: str) -> tuple[str, str]:
    """Database and table of a resource, `sales.orders` or `…:catalog/c/database/sales/table/orders`; "" for unnamed."""
    if found := _DOTTED.fullmatch(resource):
        return found[1], found[2]
    database, table = _DATABASE.search(resource), _TABLE.search(resource)
    return database[1] if database else "", table[1] if table else ""


def _arn(who: DeniedPrincipal | None) -> str:
    if who is None or who.type not in _ARNS or not (who.name or who.type == "root"):
        return ""
    return f"acs:ram::{who.account}:{_ARNS[who.type].format(name=who.name)}"


def _access(action: str) -> str:
    """Access to a table as DLF names it; reading where the error names no action.

    https://help.aliyun.com/en/openlake/manage-data-permissions
    """
    name = action.partition(":")[2]
    return next((access for verb, access in _ACCESSES.items() if name.startswith(verb)), "SELECT")


def _grant_data(facts: JobFacts, values: dict[str, str]) -> Text:
    if _is_role_itself(facts) or (facts.user and not facts.target.gateway):
        return text(
            "Grant {who} the access in DLF itself, which no policy of RAM does: DLF console, the catalog, database or "
            "table, Permissions, Grant. What was refused: {resource}.",
            **values,
        )
    if facts.user:
        return text(
            "Grant {who}, the creator of the token of Livy Gateway {gateway}, the access in DLF itself, which no "
            "policy of RAM does: DLF console, the catalog, database or table, Permissions, Grant. Or use a token of "
            "somebody who has it. What was refused: {resource}.",
            **values,
        )
    return text(
        "Grant the access in DLF itself, which no policy of RAM does, to who submitted the job, or to the creator of "
        "the token with which it came through a Livy Gateway: DLF console, the catalog, database or table, "
        "Permissions, Grant. What was refused: {resource}.",
        **values,
    )
