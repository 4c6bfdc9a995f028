"""Everything that the account is to have, in the order in which it is made; it is removed in the other direction."""

from __future__ import annotations

from rolemend.setup.identities import FunctionPolicy, ServiceRole
from rolemend.setup.ledger_bucket import LedgerBucket
from rolemend.setup.logs import Logstore, Project, Trail
from rolemend.setup.model import Thing
from rolemend.setup.parts import Names
from rolemend.setup.policies import filled
from rolemend.setup.record import NotedRegions
from rolemend.setup.routes import AccessLogs, FailedJobs

TRIGGER_LOGSTORE, FUNCTION_LOGSTORE = "rolemend-triggers", "rolemend-functions"


def things(names: Names, keep_days: int = 0) -> tuple[Thing, ...]:
    """The ledger comes first: it keeps the record of regions and of what cannot be marked. Raises SettingsError."""
    account = names.account
    ledger = LedgerBucket(account=account, name=names.ledger, region=names.ledger_region, keep_days=keep_days)
    trail = Trail(account=account, region=names.region, name=names.trail, project=names.project_arn())
    return (
        ledger,
        NotedRegions(account=account, ledger=names.ledger, regions=names.regions),
        *_log_projects(names),
        trail,
        AccessLogs(account=account, regions=names.regions, ledger=names.ledger),
        FailedJobs(region=names.region, project=names.trail_project, logstore=names.event_logstore),
        *_identities(names),
    )


def _log_projects(names: Names) -> list[Thing]:
    found: list[Thing] = []
    for region in dict.fromkeys((names.region, *names.regions)):
        project = names.project(region)
        found.append(Project(account=names.account, name=project, region=region))
        home = [names.event_logstore] if region == names.region else []
        found += [
            Logstore(account=names.account, project=project, region=region, logstore=logstore)
            for logstore in (TRIGGER_LOGSTORE, FUNCTION_LOGSTORE, *home)
        ]
    return found


def _identities(names: Names) -> list[Thing]:
    found: list[Thing] = []
    for function in names.policies:
        document = filled(function, names)
        found.append(FunctionPolicy(account=names.account, function=function, document=document))
        role = ServiceRole(
            account=names.account,
            name=f"rolemend-{function}",
            service="fc.aliyuncs.com",
            policy=f"Custom:rolemend-{function}",
            purpose=f"the role of the function rolemend-{function}",
        )
        found.append(role)
    return [*found, trigger_role(names.account)]


def trigger_role(account: str) -> ServiceRole:
    """The role that log triggers start functions with; most accounts have it, made in the console."""
    return ServiceRole(
        account=account,
        name="AliyunLogETLRole",
        service="log.aliyuncs.com",
        policy="System:AliyunLogETLRolePolicy",
        purpose="lets Simple Log Service start functions",
        shared=True,
    )
