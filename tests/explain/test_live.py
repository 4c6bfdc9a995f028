"""`rolemend explain` on an account, a snapshot's or the credentials': it fills in the checks and outranks the text."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alibabacloud_emr20210320 import models as emr_models
from alibabacloud_ram20150501 import models as ram_models

from demo.scenarios import reading, run_cluster, trust
from demo.stage import HOME, Stage, make_role, make_user
from localcloud.accounts import open_account
from localcloud.ram.default_roles import grant_default_roles
from localcloud.ram.state import ControlPolicy
from localcloud.server import LocalCloud
from localcloud.statefile import StateFile
from tests import clients
from tests.clients import Keys
from tests.e2e import failures
from tests.explain.live import checks, credentials, explained, oss_error, snapshot, stage_of
from tests.fix.reading import from_cli, make
from tests.localcloud.identities import allow
from tests.localcloud.refusals import Refusal, refusal

OSS_CHECKS = {
    "region", "resource-list", "other-layers", "bucket-level", "cross-account", "public-access", "kms-key",
    "bucket-settings",
}  # fmt: skip
BARE = (
    "<Error><Code>AccessDenied</Code><Message>You have no right to access this object because of bucket acl.</Message>"
    f"<HostId>{failures.BUCKET}.oss-{HOME}.aliyuncs.com</HostId></Error>"
)
"""What Hadoop logs hold: no principal, no account, no EC."""


@pytest.fixture
def stage(local: LocalCloud, root: Keys, account: str) -> Stage:
    local.call(lambda cloud: grant_default_roles(cloud.state, account))
    return stage_of(local, root, account)


def first(found: dict[str, Any]) -> dict[str, Any]:
    return dict(found["answers"][0])


def as_json(error: Refusal, **members: Any) -> str:
    """An OpenAPI error as programs print it."""
    body = {"Code": error.code, "Message": error.message, "AccessDeniedDetail": error.detail} | members
    return json.dumps({name: value for name, value in body.items() if value})


# on a snapshot


@pytest.mark.parametrize(
    ("name", "cause", "failed"),
    [
        ("far-cluster", "wrong_endpoint", "region"),
        ("nothing-attached", "permission_missing", "resource-list"),
        ("identity-deny", "identity_policy_deny", "resource-list"),
        ("session-policy", "session_policy_deny", "other-layers"),
        ("control-policy", "control_policy_deny", "other-layers"),
        ("referer", "referer_blocked", "bucket-settings"),
    ],
)
def test_a_snapshot_gives_the_checks_of_an_oss_error(
    stage: Stage, tmp_path: Path, name: str, cause: str, failed: str
) -> None:
    chosen = next(failure for failure in failures.FAILURES if failure.name == name)
    text = oss_error(chosen.prepare(stage))
    found = first(explained(text, "--snapshot", str(snapshot(stage.local, tmp_path))))
    assert (found["cause"], found["confidence"]) == (cause, "certain")
    assert set(checks(found)) == OSS_CHECKS
    assert checks(found)[failed] == "failed"


def test_what_is_read_live_says_more_than_the_text_and_what_it_rests_on(stage: Stage, tmp_path: Path) -> None:
    text = oss_error(failures.objects_only(stage)).replace("0003-00000001", "0003-00009999")
    found = first(explained(text, "--snapshot", str(snapshot(stage.local, tmp_path))))
    evidence = found["advice"][0]["evidence"]
    assert "Read from the account:" in evidence
    assert any("not the bucket itself" in line for line in evidence)


def test_a_state_file_stays_as_it_is_also_while_somebody_else_has_it(stage: Stage, tmp_path: Path) -> None:
    text = oss_error(failures.nothing_attached(stage))
    path = snapshot(stage.local, tmp_path)
    before = (path.read_bytes(), os.stat(path).st_mtime_ns)
    taken = StateFile(path)
    try:
        found = first(explained(text, "--snapshot", str(path)))
    finally:
        taken._release()
    assert checks(found)["resource-list"] == "failed"
    assert (path.read_bytes(), os.stat(path).st_mtime_ns) == before
    assert sorted(file.name for file in tmp_path.iterdir()) == [path.name]


@pytest.mark.parametrize("content", [None, b"", b"{}", b"[1]", b'{"schema": 99}', b"\xff\xfe"])
def test_a_snapshot_that_cannot_be_used_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "account.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(AssertionError, match=r"account\.json"):
        explained(BARE, "--snapshot", str(path))


def test_a_text_that_names_no_principal_leaves_its_checks_unknown(stage: Stage, tmp_path: Path) -> None:
    failures.made(stage)
    found = explained(BARE, "--snapshot", str(snapshot(stage.local, tmp_path)))
    answer = first(found)
    assert (answer["cause"], answer["confidence"], answer["principal"]) == (
        "permission_missing",
        "likely",
        None,
    )
    assert checks(answer)["region"] == "passed"
    assert checks(answer)["resource-list"] == "unknown"
    assert "names no account" in found["stderr"]


def test_a_bucket_that_was_not_read_passes_nothing(stage: Stage, tmp_path: Path) -> None:
    answer = first(explained(BARE, "--snapshot", str(snapshot(stage.local, tmp_path))))
    assert "passed" not in {checks(answer)[name] for name in ("region", "resource-list", "bucket-level")}


def test_another_account_than_the_texts_is_not_asked(stage: Stage, tmp_path: Path) -> None:
    text = oss_error(failures.nothing_attached(stage)).replace(stage.account, "3000000000000003")
    found = explained(text, "--snapshot", str(snapshot(stage.local, tmp_path)))
    answer = first(found)
    assert answer["checks"] == []
    assert answer["cause"] == "permission_missing"
    assert "3000000000000003" in found["stderr"]
    assert any("3000000000000003" in line for line in answer["advice"][0]["evidence"])


def test_of_several_accounts_the_one_that_the_text_names_is_asked(stage: Stage, tmp_path: Path) -> None:
    text = oss_error(failures.nothing_attached(stage))
    stage.local.call(lambda cloud: open_account(cloud.state, failures.OTHER))
    path = snapshot(stage.local, tmp_path)
    assert checks(first(explained(text, "--snapshot", str(path))))["resource-list"] == "failed"
    bare = explained(BARE, "--snapshot", str(path))
    assert first(bare)["checks"] == []
    assert "several" in bare["stderr"]


def event_of(stage: Stage, call: Callable[[], Any]) -> str:
    """The ActionTrail event of a call that is refused."""
    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever the SDK raises
        call()
    account = stage.local.cloud.state.actiontrail.accounts[stage.account]
    return next(kept.text for kept in reversed(account.events) if kept.name == "RunCluster")


def test_an_event_of_a_creation_is_asked_about_as_the_functions_do(stage: Stage, tmp_path: Path) -> None:
    make_role(stage, "emr-job", trust("fc.aliyuncs.com"), {"emr-job": reading("data")})
    text = event_of(
        stage, run_cluster(make_user(stage, "eva", "AliyunEMRFullAccess"), "emr-job", "EMR-5.16.0")
    )
    found = first(explained(text, "--snapshot", str(snapshot(stage.local, tmp_path))))
    assert (found["kind"], found["cause"], found["confidence"]) == (
        "emr_creation_denied",
        "role_not_trusted",
        "certain",
    )
    assert checks(found) == {
        "creator-policy": "passed",
        "role-name": "passed",
        "trust-policy": "failed",
        "pass-role": "passed",
        "service-role": "passed",
    }


def test_an_access_log_line_is_asked_about_with_its_own_principal(stage: Stage, tmp_path: Path) -> None:
    role_id = "300000000000000001"
    make_role(stage, "emr-job", trust("ecs.aliyuncs.com"), {"emr-job": reading("other")})
    failures.made(stage)
    line = {
        "__topic__": "oss_access_log", "bucket": failures.BUCKET, "operation": "GetObject", "http_status": "403",
        "error_code": "AccessDenied", "ec": "0003-00000001", "object": "a", "owner_id": stage.account,
        "requester_id": role_id, "extend_information": f"{stage.account},emr-job,vm-ram-i-1,{stage.account}",
        "bucket_location": f"oss-{HOME}", "host": f"{failures.BUCKET}.oss-{HOME}.aliyuncs.com",
        "sign_type": "NormalSign",
        "request_id": "65AF5037000000000000ABCD", "client_ip": "192.0.2.1", "http_type": "https",
    }  # fmt: skip
    found = first(explained(json.dumps(line), "--snapshot", str(snapshot(stage.local, tmp_path))))
    assert (found["cause"], checks(found)["resource-list"]) == ("permission_missing", "failed")


def test_an_inference_is_taken_back_where_every_check_passes_by_now(stage: Stage, tmp_path: Path) -> None:
    call = failures.nothing_attached(stage)
    text = oss_error(call).replace("0003-00000001", "").replace("ImplicitDeny", "")
    clients_ram = clients.ram(stage.root)
    clients_ram.attach_policy_to_role(
        ram_models.AttachPolicyToRoleRequest(
            policy_type="System", policy_name="AliyunOSSFullAccess", role_name=failures.ROLE
        )
    )
    found = first(explained(text, "--snapshot", str(snapshot(stage.local, tmp_path))))
    assert checks(found)["resource-list"] == "passed"
    assert found["confidence"] != "certain"


# with credentials


def test_with_credentials_the_account_itself_is_asked(stage: Stage) -> None:
    text = oss_error(failures.nothing_attached(stage))
    found = explained(text, **credentials(stage.local, stage.root))
    assert checks(first(found))["resource-list"] == "failed"
    assert found["stderr"] == ""


@pytest.mark.parametrize("how", ["no credentials", "--offline"])
def test_without_credentials_or_where_told_so_nothing_is_called(stage: Stage, how: str) -> None:
    text = oss_error(failures.nothing_attached(stage))
    stage.local.cloud.keep_calls = True
    stage.local.cloud.calls.clear()
    environment = credentials(stage.local, stage.root)
    if how == "--offline":
        found = explained(text, "--offline", **environment)
    else:
        kept = {name: value for name, value in environment.items() if not name.startswith("ALIBABA_CLOUD")}
        found = explained(text, HOME="/nonexistent", **kept)
    assert (first(found)["checks"], found["stderr"]) == ([], "")
    assert stage.local.cloud.calls == []


def test_nothing_is_called_for_a_text_that_no_account_can_tell_more_of(stage: Stage) -> None:
    stage.local.cloud.keep_calls = True
    stage.local.cloud.calls.clear()
    for text in ("all is well", "SignatureDoesNotMatch: The request signature we calculated does not match"):
        assert first(explained(text, **credentials(stage.local, stage.root)))["checks"] == []
    assert stage.local.cloud.calls == []


def test_a_caller_without_rights_gets_unknown_and_0(stage: Stage) -> None:
    text = oss_error(failures.nothing_attached(stage))
    found = first(explained(text, **credentials(stage.local, make_user(stage, "guest"))))
    assert set(checks(found).values()) <= {"unknown", "passed", "not_applicable"}
    assert checks(found)["resource-list"] == "unknown"
    assert found["cause"] == "permission_missing"


def test_credentials_that_are_not_accepted_leave_every_check_unknown(stage: Stage) -> None:
    text = oss_error(failures.nothing_attached(stage))
    found = explained(text, **credentials(stage.local, Keys("LTAI-made-up", "secret")))
    assert checks(first(found)) == dict.fromkeys(OSS_CHECKS, "unknown")
    assert "GetCallerIdentity" in found["stderr"]
    assert "secret" not in found["stderr"]


def test_a_scheme_without_its_proxy_sends_nothing_and_is_told(stage: Stage) -> None:
    text = oss_error(failures.nothing_attached(stage))
    environment = credentials(stage.local, stage.root) | {"http_proxy": "", "HTTP_PROXY": ""}
    found = explained(text, **environment)
    assert set(checks(first(found)).values()) == {"unknown"}
    assert "ROLEMEND_SCHEME" in found["stderr"]


def test_a_profile_of_the_aliyun_cli_counts_as_credentials(stage: Stage, tmp_path: Path) -> None:
    text = oss_error(failures.nothing_attached(stage))
    profile = {
        "name": "default", "mode": "AK", "access_key_id": stage.root.id, "access_key_secret": stage.root.secret,
        "region_id": HOME,
    }  # fmt: skip
    (tmp_path / ".aliyun").mkdir()
    (tmp_path / ".aliyun" / "config.json").write_text(
        json.dumps({"current": "default", "profiles": [profile]})
    )
    environment = credentials(stage.local, stage.root)
    kept = {name: value for name, value in environment.items() if not name.startswith("ALIBABA_CLOUD")}
    found = first(explained(text, HOME=str(tmp_path), **kept))
    assert checks(found)["resource-list"] == "failed"


def test_a_profile_that_is_broken_is_told_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / ".aliyun").mkdir()
    (tmp_path / ".aliyun" / "config.json").write_text("{")
    found = explained(BARE, HOME=str(tmp_path))
    assert set(checks(first(found)).values()) == {"unknown"}
    assert "aliyun CLI" in found["stderr"]


# what RAM itself tells


def denied_update(stage: Stage, *statements: dict[str, Any]) -> Refusal:
    """A user changes a role and may not; the detail's message is all that names the role."""
    make_role(stage, "emr-job", trust("ecs.aliyuncs.com"), {})
    keys = make_user(stage, "dora", "AliyunRAMFullAccess") if statements else make_user(stage, "dora")
    if statements:
        ram = clients.ram(stage.root)
        document = json.dumps({"Version": "1", "Statement": list(statements)})
        ram.create_policy(ram_models.CreatePolicyRequest(policy_name="no-update", policy_document=document))
        ram.attach_policy_to_user(
            ram_models.AttachPolicyToUserRequest(
                policy_type="Custom", policy_name="no-update", user_name="dora"
            )
        )
    return refusal(clients.ram(keys).update_role, ram_models.UpdateRoleRequest(role_name="emr-job"))


DENY = {"Effect": "Deny", "Action": "ram:UpdateRole", "Resource": "*"}


def test_a_message_is_opened_and_outranks_what_its_text_lets_infer(stage: Stage) -> None:
    error = denied_update(stage, DENY)
    only_message = {"EncodedDiagnosticMessage": error.detail["EncodedDiagnosticMessage"]}
    text = as_json(Refusal(error.code, error.status, "You may not.", only_message))
    assert first(explained(text, "--offline"))["cause"] != "identity_policy_deny"
    found = first(explained(text, **credentials(stage.local, stage.root)))
    assert (found["cause"], found["confidence"]) == ("identity_policy_deny", "certain")
    assert (found["action"], found["resource"]) == (
        "ram:UpdateRole",
        f"acs:ram:*:{stage.account}:role/emr-job",
    )
    evidence = found["advice"][0]["evidence"]
    assert any("no-update (RamUser)" in line for line in evidence)
    assert "Reported by the service:" in evidence


def test_a_request_id_is_enough_where_the_log_of_the_call_may_be_read(stage: Stage) -> None:
    denied_update(stage, DENY)
    account = stage.local.cloud.state.actiontrail.accounts[stage.account]
    text = next(kept.text for kept in reversed(account.events) if kept.name == "UpdateRole")
    found = first(explained(text, **credentials(stage.local, stage.root)))
    assert (found["cause"], found["confidence"]) == ("identity_policy_deny", "certain")


def test_without_the_rights_the_text_counts_and_the_evidence_says_so(stage: Stage) -> None:
    error = denied_update(stage, DENY)
    found = first(explained(as_json(error), **credentials(stage.local, make_user(stage, "guest"))))
    assert found["cause"] == "identity_policy_deny"  # of the AccessDeniedDetail in the text
    assert any("DecodeDiagnosticMessage" in line for line in found["advice"][0]["evidence"])


def test_a_message_that_was_copied_from_another_denial_counts_for_nothing(stage: Stage) -> None:
    stolen = denied_update(stage).detail["EncodedDiagnosticMessage"]
    error = refusal(
        clients.emr(make_user(stage, "evan")).list_clusters, emr_models.ListClustersRequest(region_id=HOME)
    )
    text = as_json(error).replace(error.detail["EncodedDiagnosticMessage"], stolen)
    found = first(explained(text, **credentials(stage.local, stage.root)))
    assert found["action"] == "emr:ListClusters"
    assert found["resource"] is None


def test_a_control_policy_behind_a_creation_is_found_by_the_request_id(stage: Stage) -> None:
    make_role(stage, "emr-job", trust("ecs.aliyuncs.com"), {"emr-job": reading("data")})
    policies = [
        ControlPolicy(name="all", document=allow("*")),
        ControlPolicy(name="none", document=failures.allowing("emr:RunCluster", effect="Deny")),
    ]
    stage.local.call(lambda cloud: cloud.state.accounts[stage.account].ram.control_policies.extend(policies))
    text = event_of(
        stage, run_cluster(make_user(stage, "eva", "AliyunEMRFullAccess"), "emr-job", "EMR-5.16.0")
    )
    found = first(explained(text, **credentials(stage.local, stage.root)))
    assert (found["cause"], found["confidence"]) == ("control_policy_deny", "certain")
    assert checks(found)["creator-policy"] == "failed"


# Simple Log Service


def refused_by_sls(stage: Stage) -> str:
    """What SLS answers to a node that may not write to its logstore, with the words that name who asked."""
    from aliyun.log import LogException, LogItem, PutLogsRequest

    log = clients.log(stage.root)
    log.create_project("job-logs", "")
    log.create_logstore("job-logs", "app", 1, 1)
    keys = failures.node(stage, reading("data"))
    request = PutLogsRequest("job-logs", "app", "", "", [LogItem(contents=[("a", "b")])])
    with pytest.raises(LogException) as caught:
        clients.log(Keys(keys.id, keys.secret, keys.token)).put_logs(request)
    error = {
        "errorCode": caught.value.get_error_code(),
        "errorMessage": caught.value.get_error_message(),
        "accessDeniedDetail": {
            "AuthPrincipalType": "AssumedRoleUser",
            "AuthPrincipalDisplayName": f"{failures.ROLE}:vm-ram-i-1",
            "AuthPrincipalOwnerId": stage.account,
        },
    }
    return json.dumps(error)


def test_what_sls_refused_is_asked_of_the_role_and_the_printed_policy_ends_it(
    stage: Stage, tmp_path: Path
) -> None:
    text = refused_by_sls(stage)
    found = first(explained(text, "--snapshot", str(snapshot(stage.local, tmp_path))))
    assert (found["cause"], found["confidence"]) == ("permission_missing", "certain")
    assert checks(found) == {"log-policy": "failed"}
    assert found["advice"][0]["verify"].startswith("aliyunlog log get_logstore --project_name=job-logs")
    make(from_cli(found["advice"][0]["fix"]["cli"]), stage.root)
    after = first(explained(text, "--snapshot", str(snapshot(stage.local, tmp_path))))
    assert checks(after) == {"log-policy": "passed"}
    assert after["cause"] == "unknown"


def test_a_refusal_of_sls_that_names_nobody_is_asked_of_nobody(stage: Stage, tmp_path: Path) -> None:
    text = json.dumps({**json.loads(refused_by_sls(stage)), "accessDeniedDetail": {}})
    found = first(explained(text, "--snapshot", str(snapshot(stage.local, tmp_path))))
    assert checks(found) == {"log-policy": "unknown"}
    assert found["cause"] == "permission_missing"
