"""SLS as the target of the cluster's role: the refusal of the real SDK is read, and answered with a grant to paste."""

from __future__ import annotations

import json

import pytest
from aliyun.log import LogException, LogItem, PutLogsRequest

from rolemend.account.interface import Absent, AttachedPolicy, Known, Unread
from rolemend.checklist.model import Advice
from rolemend.checklist.sls_access import (
    LogDenial,
    LogFacts,
    advise_log_access,
    ask_log_policy,
    read_log_denial,
)
from rolemend.signals.denial import DeniedPrincipal
from tests import clients
from tests.checklist.oss_cases import policy
from tests.clients import Keys
from tests.localcloud.identities import allow, make_user
from tests.samples import ACCOUNT

ROLE = DeniedPrincipal(type="assumed_role", account=ACCOUNT, name="emr-role", session="vm-ram-i-1")
LOGSTORE = f"acs:log:cn-hangzhou:{ACCOUNT}:project/job-logs/logstore/app"
DENIAL = LogDenial(
    action="log:PostLogStoreLogs", project="job-logs", logstore="app", region="cn-hangzhou", owner=ACCOUNT
)


def test_what_the_real_sdk_is_told_is_read_and_the_pasted_grant_ends_it(root: Keys) -> None:
    log = clients.log(root)
    log.create_project("job-logs", "")
    log.create_logstore("job-logs", "app", 1, 1)
    keys = make_user(clients.ram(root), "ana", allow("oss:*"))
    request = PutLogsRequest("job-logs", "app", "", "", [LogItem(contents=[("a", "b")])])
    with pytest.raises(LogException) as caught:
        clients.log(keys).put_logs(request)
    denial = read_log_denial(str(caught.value.get_error_message()))
    assert denial is not None
    assert (denial.action, denial.project, denial.logstore) == ("log:PostLogStoreLogs", "job-logs", "app")
    pasted = make_user(clients.ram(root), "ben", json.loads(advise_log_access(denial, "ben").document))
    clients.log(pasted).put_logs(request)


@pytest.mark.parametrize(
    ("message", "resource"),
    [
        ("denied by sts or ram, action: log:GetProject, resource: acs:log:cn-beijing:1841696975452027:project/xxx",
         "acs:log:cn-beijing:1841696975452027:project/xxx"),
        (('"errorMessage": "denied by sts or ram, action: log:ConsumerGroupHeartBeat, resource: '
          'acs:log:cn-hangzhou:1595139653552356:project/hub/logstore/flow/consumergroup/g2"'),
         "acs:log:cn-hangzhou:1595139653552356:project/hub/logstore/flow/consumergroup/g2"),
    ],
)  # fmt: skip
def test_published_messages_are_read(message: str, resource: str) -> None:
    denial = read_log_denial(message)
    assert denial is not None
    assert denial.resource == resource


@pytest.mark.parametrize(
    "message",
    [
        "",
        "signature abc not match",
        "The Project does not exist : p",
        "denied by sts or ram, action: rm -rf, resource: x",
    ],
)
def test_other_messages_are_no_permission_problem(message: str) -> None:
    assert read_log_denial(message) is None


def test_the_role_s_policies_decide() -> None:
    answers: dict[str, Known[tuple[AttachedPolicy, ...]] | Unread] = {
        "passed": Known((policy("log:*"),)),
        "failed": Known((policy("log:Get*"),)),
        "unknown": Unread("ListPoliciesForRole", "refused"),
    }
    for answer, policies in answers.items():
        assert ask_log_policy(LogFacts(denial=DENIAL, principal=ROLE, policies=policies)).answer == answer
    assert (
        ask_log_policy(LogFacts(denial=DENIAL, principal=ROLE, policies=Absent("role"))).answer == "unknown"
    )
    denied = ask_log_policy(
        LogFacts(
            denial=DENIAL, principal=ROLE, policies=Known((policy("log:*"), policy("log:*", effect="Deny")))
        )
    )
    assert denied.cause == "identity_policy_deny"


def test_a_missing_right_is_answered_with_the_group_on_the_logstore() -> None:
    finding = ask_log_policy(LogFacts(denial=DENIAL, principal=ROLE, policies=Known(())))
    assert finding.cause == "permission_missing"
    assert isinstance(finding.remedy, Advice)
    assert json.loads(finding.remedy.document)["Statement"] == [
        {
            "Effect": "Allow",
            "Action": ["log:PostLogStoreLogs", "log:GetLogStore"],
            "Resource": [LOGSTORE, f"{LOGSTORE}/*"],
        }
    ]
