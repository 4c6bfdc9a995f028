"""Function instances: processes, their environment, their context, their credentials."""

from __future__ import annotations

import ast
import os
import sys
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from localcloud.cloud import Cloud
from localcloud.faults import Fault
from localcloud.fc.manifest import ManifestError
from localcloud.fc.process import CHILD, Preloaded
from localcloud.fc.settings import InstanceClock
from localcloud.server import LocalCloud
from tests import clients
from tests.clients import Keys
from tests.localcloud.fc_functions.deployment import CODE, Deployment, function, open_host
from tests.localcloud.identities import allow, make_role, trusts


@pytest.fixture(params=["from nothing", "preloaded"])
def fc(
    request: pytest.FixtureRequest,
    local: LocalCloud,
    preloaded: Preloaded | None,
    root: Keys,
    account: str,
    tmp_path: Path,
) -> Deployment:
    """The host in both of its ways to start an instance; a function must not see which."""
    opened = open_host(local, root, account, tmp_path)
    opened.set(preloaded=preloaded if request.param == "preloaded" else None)
    return opened


ROLE = "sample-role"


def test_an_instance_stays_warm_and_serves_one_request_after_the_other(fc: Deployment) -> None:
    fc.deploy(function("count"))
    answers = [fc.invoke("count").json() for _ in range(3)]
    assert [answer["calls"] for answer in answers] == [1, 2, 3]
    assert len({answer["pid"] for answer in answers}) == 1


def test_a_warm_call_costs_a_small_part_of_a_cold_one(fc: Deployment) -> None:
    fc.deploy(function("echo"))
    durations = []
    for _ in range(20):
        began = time.perf_counter()
        fc.invoke("echo", b"{}")
        durations.append(time.perf_counter() - began)
    cold, *warm = durations
    assert min(warm) < cold / 4


def test_requests_at_the_same_time_get_instances_of_their_own_up_to_the_limit(fc: Deployment) -> None:
    fc.set(max_instances=2)
    fc.deploy(function("nap"))
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(fc.invoke, "nap", b"0.4") for _ in range(2)]
        fc.wait(lambda: len([one for one in fc.invocations if one.status == "running"]) == 2)
        with pytest.raises(Exception, match="ResourceExhausted"):
            fc.invoke("nap", b"0")
    assert len({one.result().body for one in both}) == 2


def test_reserved_concurrency_goes_before_the_general_limit(fc: Deployment) -> None:
    fc.deploy(function("nap", concurrencyConfig={"reservedConcurrency": 1}))
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(fc.invoke, "nap", b"0.3")
        fc.wait(lambda: [one for one in fc.invocations if one.status == "running"])
        with pytest.raises(Exception, match="limit of 1 instances"):
            fc.invoke("nap", b"0")
    assert first.result().status == 200


def test_the_place_of_a_dead_instance_is_free_at_once(fc: Deployment) -> None:
    fc.deploy(function("crash", concurrencyConfig={"reservedConcurrency": 1}))
    for _ in range(5):
        assert fc.invoke("crash").headers["x-fc-error-type"] == "UnhandledInvocationError"


def test_an_idle_instance_is_ended(fc: Deployment) -> None:
    fc.set(idle_seconds=0.05)
    fc.deploy(function("count"))
    first = fc.invoke("count").json()["pid"]
    fc.wait(lambda: fc.service.instance_count("count") == 0)
    assert not _runs(first)
    assert fc.invoke("count").json()["calls"] == 1


def test_closing_ends_every_process_and_what_it_started(fc: Deployment) -> None:
    fc.deploy(function("count"), function("hang", timeout=60))
    pid = fc.invoke("count").json()["pid"]
    fc.invoke("hang", x_fc_invocation_type="Async")
    fc.wait(lambda: [one for one in fc.invocations if one.status == "running"])
    fc.local.do(fc.service.close())
    assert not _runs(pid)
    assert fc.service.functions() == []


def test_deploying_again_replaces_the_code_and_the_old_instance(fc: Deployment) -> None:
    fc.deploy(function("count"))
    assert fc.invoke("count").json()["calls"] == 1
    fc.deploy(function("count"))
    assert fc.invoke("count").json()["calls"] == 1
    fc.wait(lambda: fc.service.instance_count("count") == 1)


def test_the_context_of_python_3_12_has_no_credentials(fc: Deployment, root: Keys) -> None:
    make_role(clients.ram(root), ROLE, trusts("fc.aliyuncs.com"))
    log = {"project": "logs", "logstore": "functions"}
    fc.deploy(function("describe", role=ROLE, memorySize=256, timeout=7, logConfig=log))
    answer = fc.invoke("describe")
    context = answer.json()["context"]
    assert set(context) == {
        "request_id", "function", "region", "account_id", "logger", "log_project", "log_store"
    }  # fmt: skip
    assert context["request_id"] == answer.headers["x-fc-request-id"]
    assert (context["region"], context["account_id"]) == ("cn-hangzhou", fc.account)
    assert (context["log_project"], context["log_store"]) == ("logs", "functions")
    assert context["function"] == {
        "name": "describe", "handler": "sample.describe", "memory": 256, "timeout": 7, "version_id": "",
        "qualifier": "LATEST",
    }  # fmt: skip


def test_the_context_of_python_3_10_has_credentials_and_a_service(fc: Deployment, root: Keys) -> None:
    make_role(clients.ram(root), ROLE, trusts("fc.aliyuncs.com"))
    fc.deploy(function("describe", role=ROLE, runtime="python3.10"))
    given = fc.invoke("describe").json()
    context, environment = given["context"], given["environment"]
    assert set(context) == {
        "request_id", "credentials", "function", "service", "region", "account_id", "tracing"
    }  # fmt: skip
    assert context["credentials"] == {
        "access_key_id": environment["ALIBABA_CLOUD_ACCESS_KEY_ID"],
        "access_key_secret": environment["ALIBABA_CLOUD_ACCESS_KEY_SECRET"],
        "security_token": environment["ALIBABA_CLOUD_SECURITY_TOKEN"],
    }
    assert set(context["service"]) == {"name", "log_project", "log_store", "qualifier", "version_id"}
    assert set(context["function"]) == {"name", "handler", "memory", "timeout"}


def test_a_2_0_function_is_told_its_service(fc: Deployment) -> None:
    fc.deploy(function("describe"), service_name="samples")
    given = fc.old_client().invoke_function("samples", "describe", b"").data
    assert b'"FC_SERVICE_NAME": "samples"' in given
    assert b'"FC_QUALIFIER": "LATEST"' in given
    assert b'"service": {"name": "samples"' in given


def test_the_environment_is_the_documented_one_and_nothing_of_this_process(
    fc: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "of-the-developer")
    monkeypatch.setenv("SOMETHING_ELSE", "1")
    fc.deploy(function("describe", environmentVariables={"MODE": "test"}))
    given = fc.invoke("describe").json()
    environment = given["environment"]
    own = {"PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "PYTHONPATH", "MODE"}
    proxies = {"http_proxy", "HTTP_PROXY", "no_proxy", "NO_PROXY"}
    runtime = {
        "FC_ACCOUNT_ID": fc.account,
        "FC_REGION": "cn-hangzhou",
        "FC_FUNCTION_NAME": "describe",
        "FC_FUNCTION_HANDLER": "sample.describe",
        "FC_FUNCTION_MEMORY_SIZE": "512",
        "FC_FUNC_CODE_PATH": str(CODE),
        "FC_CUSTOM_LISTEN_PORT": "9000",
        "FC_FUNCTION_VERSION": "LATEST",
    }
    assert set(environment) - own - proxies == set(runtime) | {"FC_INSTANCE_ID"}
    assert {name: environment[name] for name in runtime} == runtime
    assert environment["http_proxy"] == fc.local.proxy
    assert given["folder"] == str(CODE)
    assert given["path"][0] == str(CODE)
    assert str(Path(CHILD).parent) not in given["path"]


def test_a_function_acts_as_its_own_role(fc: Deployment, root: Keys) -> None:
    make_role(clients.ram(root), ROLE, trusts("fc.aliyuncs.com"))
    fc.deploy(function("who_am_i", role=ROLE, layers=["rolemend"], timeout=30))
    answer = fc.invoke("who_am_i").json()
    assert answer["IdentityType"] == "AssumedRoleUser"
    assert answer["Arn"] == f"acs:ram::{fc.account}:assumed-role/{ROLE}/fc-who_am_i"


def test_packages_come_only_from_layers(fc: Deployment) -> None:
    fc.deploy(function("who_am_i", environmentVariables={"ALIBABA_CLOUD_ACCESS_KEY_ID": "x"}))
    assert fc.invoke("who_am_i").json()["errorType"] == "ModuleNotFoundError"


@pytest.mark.parametrize(
    ("trusted", "reason"), [("ecs.aliyuncs.com", "is not authorized"), ("", "does not exist")]
)
def test_a_role_that_function_compute_cannot_assume_is_refused(
    fc: Deployment, root: Keys, trusted: str, reason: str
) -> None:
    if trusted:
        make_role(clients.ram(root), ROLE, trusts(trusted))
    fc.deploy(function("echo", role=ROLE))
    with pytest.raises(Exception, match="AccessDenied") as refused:
        fc.invoke("echo")
    assert reason in str(refused.value)


def test_credentials_are_renewed_by_a_new_instance_and_end_with_the_old_one(
    fc: Deployment, root: Keys
) -> None:
    make_role(clients.ram(root), ROLE, trusts("fc.aliyuncs.com"))
    fc.set(credential_seconds=1.0)
    fc.deploy(function("describe", role=ROLE))
    first = fc.invoke("describe").json()["environment"]["ALIBABA_CLOUD_ACCESS_KEY_ID"]
    assert fc.invoke("describe").json()["environment"]["ALIBABA_CLOUD_ACCESS_KEY_ID"] == first
    time.sleep(0.85)
    second = fc.invoke("describe").json()["environment"]["ALIBABA_CLOUD_ACCESS_KEY_ID"]
    assert second != first
    fc.wait(lambda: set(fc.local.cloud.state.sessions) == {second})


def test_hooks_run_once_before_the_first_call_and_at_the_end(fc: Deployment, tmp_path: Path) -> None:
    hooks = {
        "initializer": {"handler": "sample.prepare", "timeout": 5},
        "preStop": {"handler": "sample.clean_up"},
    }
    place = tmp_path / "record"
    fc.deploy(function("count", instanceLifecycleConfig=hooks, environmentVariables={"RECORD": str(place)}))
    assert [fc.invoke("count").json()["prepared"] for _ in range(2)] == ["count", "count"]
    assert fc.invocations[0].log.count("preparing") == 1
    assert "FC Initialize Start RequestId: c-" in fc.invocations[0].log
    assert "preparing" not in fc.invocations[1].log
    assert not place.exists()
    fc.local.do(fc.service.remove_all())
    assert place.read_text() == "cleaned up"


def test_a_failed_initializer_is_told_apart_and_tried_again(fc: Deployment) -> None:
    fc.deploy(function("echo", instanceLifecycleConfig={"initializer": {"handler": "sample.prepare_badly"}}))
    for _ in range(2):
        answer = fc.invoke("echo")
        assert (answer.status, answer.headers["x-fc-error-type"]) == (200, "InitializationError")
        assert answer.json()["errorMessage"] == "not ready"
    fc.wait(lambda: fc.service.instance_count("echo") == 0)


def test_code_and_layers_may_be_zip_files(fc: Deployment, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "code.zip", "w") as archive:
        archive.writestr("main.py", "import extra\n\ndef handler(event, context):\n    return extra.VALUE\n")
    with zipfile.ZipFile(tmp_path / "layer.zip", "w") as archive:
        archive.writestr("python/extra.py", "VALUE = 'from the layer'\n")
    fc.service.settings.layers["extra"] = (tmp_path / "layer.zip",)
    arn = f"acs:fc:cn-hangzhou:{fc.account}:layers/extra/versions/1"
    fc.deploy(function("zipped", code="code.zip", handler="main.handler", layers=[arn]))
    assert fc.invoke("zipped").body == b"from the layer"


def test_an_earlier_layer_wins(fc: Deployment, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "extra.py").write_text(f"VALUE = {name!r}\n")
        fc.service.settings.layers[name] = (tmp_path / name,)
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "main.py").write_text("import extra\ndef handler(e, c):\n    return extra.VALUE\n")
    fc.deploy(function("layered", code="code", handler="main.handler", layers=["two", "one"]))
    assert fc.invoke("layered").body == b"two"


def test_the_interpreter_can_be_set_for_a_runtime(fc: Deployment, tmp_path: Path) -> None:
    wrapper = tmp_path / "python"
    wrapper.write_text(f'#!/bin/sh\nMARK=wrapped exec {sys.executable} "$@"\n')
    wrapper.chmod(0o755)
    fc.set(interpreters={"python3.10": str(wrapper)})
    fc.deploy(function("describe", runtime="python3.10"))
    assert fc.invoke("describe").json()["environment"]["MARK"] == "wrapped"


def test_the_child_program_stands_alone_and_is_plain_python_3_10() -> None:
    tree = ast.parse(Path(CHILD).read_text(encoding="utf-8"), feature_version=(3, 10))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    named = {alias.name for node in imports if isinstance(node, ast.Import) for alias in node.names}
    named |= {node.module or "" for node in imports if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in named} <= sys.stdlib_module_names


def test_an_interpreter_that_is_missing_is_named(fc: Deployment, tmp_path: Path) -> None:
    fc.set(interpreters={"python3.10": str(tmp_path / "absent")})
    fc.deploy(function("echo", runtime="python3.10"))
    with pytest.raises(Exception, match="CAExited"):
        fc.invoke("echo")
    fc.wait(lambda: fc.service.instance_count("echo") == 0)


def test_an_invocation_that_is_given_up_leaves_no_instance_in_the_middle_of_it(fc: Deployment) -> None:
    fc.set(reverse_deliveries=True)
    fc.deploy(function("nap", timeout=30))
    fc.invoke("nap", b"5", x_fc_invocation_type="Async")
    with pytest.raises(TimeoutError):
        fc.drain(0.3)
    assert fc.invocations[0].status == "failed"
    assert fc.invoke("nap", b"0").status == 200
    assert fc.invocations[-1].instance != fc.invocations[0].instance


def test_a_stopped_caller_is_a_crash_that_is_retried(fc: Deployment, root: Keys, tmp_path: Path) -> None:
    make_role(clients.ram(root), ROLE, trusts("fc.aliyuncs.com"))
    place = tmp_path / "record"
    variables = {"RECORD": str(place)}
    fc.deploy(
        function("who_am_i", role=ROLE, layers=["rolemend"], timeout=30, environmentVariables=variables)
    )
    fc.local.cloud.faults.append(
        Fault(service="sts", operation="GetCallerIdentity", kind="stop", caller=ROLE)
    )
    fc.invoke("who_am_i", x_fc_invocation_type="Async")
    fc.drain()
    first, second = fc.invocations
    assert first.error["errorMessage"].startswith("Process exited unexpectedly")
    assert (second.status, second.attempt, second.request_id) == ("succeeded", 2, first.request_id)
    assert second.instance != first.instance
    assert place.read_text() == "asked\n" * 2


LOG = {"project": "function-logs", "logstore": "functions"}


@pytest.fixture
def log(root: Keys) -> Any:
    client = clients.log(root)
    client.create_project(LOG["project"], "")
    client.create_logstore(LOG["project"], LOG["logstore"], shard_count=1)
    return client


def logs(log: Any) -> list[dict[str, str]]:
    begin = log.get_cursor(LOG["project"], LOG["logstore"], 0, "begin").get_cursor()
    kept: list[dict[str, str]] = log.pull_logs(
        LOG["project"], LOG["logstore"], 0, begin
    ).get_flatten_logs_json()
    return kept


def test_the_log_goes_to_the_logstore_of_the_function(fc: Deployment, log: Any) -> None:
    fc.deploy(function("talk", logConfig=LOG))
    request_id = fc.invoke("talk").headers["x-fc-request-id"]
    kept = logs(log)
    assert {one["requestId"] for one in kept} == {request_id}
    assert {one["functionName"] for one in kept} == {"talk"}
    assert "printed" in [one["message"] for one in kept]


@pytest.mark.parametrize(
    ("project", "kept"), [("function-logs", True), ("other-logs", False)], ids=["its own", "another"]
)
def test_the_log_of_a_service_is_written_if_its_role_may(
    fc: Deployment, root: Keys, log: Any, project: str, kept: bool
) -> None:
    place = f"acs:log:cn-hangzhou:{fc.account}:project/{project}/logstore/functions"
    may = allow("log:PostLogStoreLogs", place)
    make_role(clients.ram(root), ROLE, trusts("fc.aliyuncs.com"), may)
    fc.deploy(function("count", role=ROLE, runtime="python3.10", logConfig=LOG), service_name="samples")
    fc.old_client().invoke_function("samples", "count")
    assert bool(logs(log)) is kept
    assert fc.invocations[0].log, "the caller and the host see it in any case"


def test_a_rule_of_dates_joins_each_line_without_one_to_the_dated_line_before_it(
    fc: Deployment, log: Any
) -> None:
    fc.deploy(function("talk", logConfig={**LOG, "logBeginRule": "DefaultRegex"}))
    request_id = fc.invoke("talk").headers["x-fc-request-id"]
    blocks = [one["message"].splitlines() for one in logs(log)]
    assert "printed" not in {line for block in blocks for line in block[:1]}
    assert [block[0].partition(" ")[2] for block in blocks if block[0][:2] == "20"] == [
        f"{request_id} [INFO] logged",
        f"{request_id} [WARNING] warned",
    ]
    assert len(blocks) == 3, "what comes before the first date is a block too"
    assert not [line for block in blocks for line in block[1:] if line[:2] == "20"]


def test_a_rule_that_the_service_does_not_have_is_refused(fc: Deployment) -> None:
    with pytest.raises(ManifestError, match="logBeginRule"):
        fc.deploy(function("talk", logConfig={**LOG, "logBeginRule": "Lines"}))


def test_a_function_may_not_use_more_rights_than_its_role_has(fc: Deployment, root: Keys) -> None:
    make_role(clients.ram(root), ROLE, trusts("fc.aliyuncs.com"), allow("oss:GetObject"))
    fc.deploy(function("describe", role=ROLE), function("echo"))
    environment = fc.invoke("describe").json()["environment"]
    keys = Keys(
        *(
            environment[f"ALIBABA_CLOUD_{name}"]
            for name in ("ACCESS_KEY_ID", "ACCESS_KEY_SECRET", "SECURITY_TOKEN")
        )
    )
    with pytest.raises(Exception, match="not authorized to perform 'fc:InvokeFunction'"):
        fc.invoke("echo", keys=keys)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_clock_of_the_instances_own_goes_ahead_and_skips_what_is_slept(fc: Deployment) -> None:
    clock = InstanceClock(ahead=3600.0, pace=0.01)
    fc.set(clock=clock)
    fc.deploy(function("clock"))
    began = time.monotonic()
    told = fc.invoke("clock").json()
    assert time.monotonic() - began < 5
    assert told["now"] == pytest.approx(time.time() + 3600, abs=10)
    assert told["kept"] - told["now"] == pytest.approx(told["slept"], abs=0.1)
    assert told["slept"] == pytest.approx(10, abs=0.5)
    clock.ahead, clock.by_function["clock"] = 0.0, -3600.0
    assert fc.invoke("clock").json()["now"] == pytest.approx(time.time() - 3600, abs=10)


def test_what_happens_meanwhile_happens_before_or_after_the_call_and_changes_no_answer(
    local: LocalCloud, root: Keys
) -> None:
    seen: list[str] = []
    for when in ("before", "after"):

        async def act(when: str = when) -> None:
            seen.append(f"{when} {len(local.cloud.spans)}")

        fault = Fault(service="sts", kind="meanwhile", when=when, act=act)
        local.call(partial(_put, fault))
        clients.sts(root).get_caller_identity()
    assert seen == ["before 0", "after 0"]


def test_the_time_of_each_call_is_kept_beside_its_name(local: LocalCloud, root: Keys) -> None:
    local.cloud.keep_calls, local.cloud.latency = True, 0.05
    clients.sts(root).get_caller_identity()
    ((began, ended, operation, caller),) = local.cloud.spans
    assert ended - began >= 0.05
    assert (operation, caller) == ("GetCallerIdentity", "root")


def _put(fault: Fault, cloud: Cloud) -> None:
    cloud.faults.append(fault)
