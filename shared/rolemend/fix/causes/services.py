"""Rights on services other than OSS: Simple Log Service, Data Lake Formation, and any other.

Simple Log Service: https://help.aliyun.com/zh/sls/developer-reference/overview-8 . Who is asked by which service:
https://www.alibabacloud.com/help/en/emr/emr-serverless-spark/user-guide/executive-role
"""

from __future__ import annotations

import re

import msgspec

from rolemend.fix import spark
from rolemend.fix.causes.case import Case, call_again, holder, named, person
from rolemend.fix.documents import compact, policy, statement
from rolemend.fix.logs import group_of_log_action, log_place, log_resources
from rolemend.fix.maxcompute import grant_project
from rolemend.fix.model import GrantPolicy, GrantProject
from rolemend.fix.names import Names
from rolemend.text import Text, text

_FOR_ANOTHER = {
    "odps:actonbehalfofanotheruser": (spark.act_in_maxcompute, "S5.1"),
    "dlf-auth:actonbehalfofanotheruser": (spark.act_in_dlf, "S4.1"),
}


def api_right(names: Names) -> Case:
    """A service's API that no policy allows."""
    if names.action.lower() in _FOR_ANOTHER:
        return _act_for_another(names)
    if names.service == "log":
        return _log_right(names)
    if names.service == "dlf":
        return _dlf_right(names)
    if names.service == "odps":
        return _project_right(names)
    return _right(names)


def _right(names: Names) -> Case:
    document = policy(statement([names.action], [names.resource]))
    return Case(
        what=text("No policy allows {who} to do {action}.", who=names.who, action=names.action),
        console=(_attach(), *_narrow(names)),
        fix=GrantPolicy(holder=holder(names), policy=named(names, names.service), document=compact(document)),
        risk=_risk(names),
        verify=call_again(names),
    )


def _attach() -> Text:
    return text(
        "In the RAM console, open Permissions > Policies, create a policy from this document and "
        "attach it to the role or user that made the call."
    )


def _narrow(names: Names) -> tuple[Text, ...]:
    if names.resource != "*":
        return ()
    return (text("Narrow Resource to the one that the error names, if it names one."),)


def _risk(names: Names) -> Text:
    if names.resource != "*":
        return text("Whoever holds this identity can then do this on {resource}.", resource=names.resource)
    return text("The action is granted on every resource of the account until Resource is narrowed.")


def _log_right(names: Names) -> Case:
    """FAQ 2.2, asked of Simple Log Service: the policy must list the project and the logstore."""
    project, logstore = log_place(names.resource)
    document = policy(statement(group_of_log_action(names.action), log_resources(names.resource)))
    return msgspec.structs.replace(
        _right(names),
        faq="2.2",
        fix=GrantPolicy(
            holder=holder(names), policy=named(names, project or "log"), document=compact(document)
        ),
        verify=f"aliyunlog log get_logstore --project_name={project or 'YOUR_PROJECT'} "
        f"--logstore_name={logstore or 'YOUR_LOGSTORE'}",
    )


def _dlf_right(names: Names) -> Case:
    """The document's table: DLF asks who submitted the job, not the execution role."""
    document = policy(statement([names.action], [names.resource]))
    return msgspec.structs.replace(
        _right(names),
        faq="S1.2",
        console=(
            _attach(),
            text(
                "Where DLF's access control is on, it asks about who submitted a job of Serverless Spark (for Livy "
                "Gateway: the creator of the token), not about the execution role."
            ),
            *_narrow(names),
        ),
        fix=GrantPolicy(holder=person(names), policy=named(names, "dlf"), document=compact(document)),
        verify="spark-sql -e 'SHOW TABLES'",
    )


_TABLE = re.compile(r"projects/([^/]+)(?:/tables/([^/]+))?", re.ASCII)


def _project_right(names: Names) -> Case:
    """MaxCompute asks the project's own permissions of who submitted the job; no policy of RAM grants them."""
    found = _TABLE.search(names.resource)
    privilege = names.action.partition(":")[2] if names.action.startswith("odps:") else ""
    fix = GrantProject(
        member=names.who,
        privileges=(privilege,) if privilege else ("Describe", "Select"),
        project=found[1] if found else "",
        table=(found[2] or "") if found else "YOUR_TABLE",
    )
    steps = grant_project(fix)
    return Case(
        what=text(
            "{who} lacks a permission in the MaxCompute project: {resource}",
            who=names.who,
            resource=names.resource,
        ),
        faq="S1.3",
        console=steps.console,
        fix=fix,
        risk=steps.risk,
        verify="spark-sql -e 'SHOW TABLES'",
    )


def _act_for_another(names: Names) -> Case:
    """The execution role may not act for who submitted the job: the role needs the right, nobody else."""
    grant, faq = _FOR_ANOTHER[names.action.lower()]
    return Case(
        what=text(
            "The execution role may not act for who submitted the job: {action} is missing.",
            action=names.action,
        ),
        faq=faq,
        console=(
            text(
                "In the RAM console, create a policy from this document and attach it to the execution role of the "
                "workspace, not to who submitted the job."
            ),
        ),
        fix=grant(names.caller_role),
        risk=text(
            "With it the role acts in the name of whoever submits a job: give it to execution roles alone."
        ),
        verify="spark-sql -e 'SHOW TABLES'",
    )
