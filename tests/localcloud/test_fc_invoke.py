"""Synchronous invocations through both APIs, with the real SDKs."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import fc2
import pytest
from alibabacloud_fc20230330 import models
from Tea.exceptions import TeaException

from localcloud.faults import Fault
from localcloud.server import LocalCloud
from tests import clients
from tests.clients import Keys
from tests.localcloud.fc_functions.deployment import Deployment, function, open_host
from tests.localcloud.identities import allow, make_user


@pytest.fixture
def fc(local: LocalCloud, root: Keys, account: str, tmp_path: Path) -> Deployment:
    return open_host(local, root, account, tmp_path)


def test_a_function_answers_what_its_handler_returns(fc: Deployment) -> None:
    fc.deploy(function("echo"), function("kind"), function("nothing"))
    answer = fc.invoke("echo", b"\x00\xffraw bytes")
    assert (answer.status, answer.body) == (200, b"\x00\xffraw bytes")
    assert answer.headers["x-fc-request-id"].startswith("1-")
    assert "x-fc-error-type" not in answer.headers
    assert fc.invoke("kind", b"text").json() == {"type": "bytes", "text": "text"}
    assert fc.invoke("nothing").body == b"null"


def test_a_payload_of_the_largest_size_goes_through_and_a_larger_one_is_refused(fc: Deployment) -> None:
    fc.deploy(function("echo"))
    largest = b"x" * (32 * 1024 * 1024)
    assert fc.invoke("echo", largest).body == largest
    with pytest.raises(Exception, match="EntityTooLarge") as refused:
        fc.invoke("echo", largest + b"x")
    assert "33554432 bytes" in str(refused.value)


def test_an_exception_is_answered_with_its_stack(fc: Deployment) -> None:
    fc.deploy(function("fail"))
    answer = fc.invoke("fail")
    assert answer.status == 200
    assert answer.headers["x-fc-error-type"] == "UnhandledInvocationError"
    error = answer.json()
    assert (error["errorMessage"], error["errorType"]) == ("something is wrong", "ValueError")
    file, line, name, code = error["stackTrace"][-1]
    assert file.startswith('File "')
    assert file.endswith('sample.py"')
    assert line.startswith("line ")
    assert (name, code) == ("in fail", 'raise ValueError("something is wrong")')
    assert len(error["stackTrace"]) == 1


@pytest.mark.parametrize(
    ("handler", "error_type"),
    [
        ("missing.echo", "ImportModuleError"),
        ("sample.missing", "HandlerNotFound"),
        ("sample.unwritable", "TypeError"),
    ],
)
def test_a_handler_that_cannot_be_used_is_an_error_of_the_function(
    fc: Deployment, handler: str, error_type: str
) -> None:
    fc.deploy(function("echo", handler=handler))
    answer = fc.invoke("echo")
    assert answer.headers["x-fc-error-type"] == "UnhandledInvocationError"
    assert answer.json()["errorType"] == error_type


@pytest.mark.parametrize("handler", ["crash", "leave"])
def test_a_process_that_ends_is_an_error_and_the_next_call_gets_a_new_one(
    fc: Deployment, handler: str
) -> None:
    fc.deploy(function(handler), function("echo"))
    answer = fc.invoke(handler)
    assert answer.headers["x-fc-error-type"] == "UnhandledInvocationError"
    assert answer.json()["errorMessage"].startswith(
        "Process exited unexpectedly before completing request (duration: "
    )
    assert fc.invoke(handler).headers["x-fc-error-type"] == "UnhandledInvocationError"
    assert fc.invoke("echo", b"alive").body == b"alive"


def test_a_function_that_takes_too_long_is_ended(fc: Deployment) -> None:
    fc.deploy(function("hang", timeout=1))
    answer = fc.invoke("hang", x_fc_log_type="Tail")
    assert answer.headers["x-fc-error-type"] == "UnhandledInvocationError"
    assert answer.json()["errorMessage"].startswith("Function timed out after 1 seconds (maxMemoryUsage: ")
    log = base64.b64decode(answer.headers["x-fc-log-result"]).decode()
    assert "before the long wait" in log
    assert "Error: Function timed out after 1 seconds" in log
    fc.wait(lambda: fc.service.instance_count("hang") == 0)


def test_the_log_is_returned_on_demand_and_kept(fc: Deployment) -> None:
    fc.deploy(function("talk"))
    answer = fc.invoke("talk", b"bytes", x_fc_log_type="Tail")
    request_id = answer.headers["x-fc-request-id"]
    log = base64.b64decode(answer.headers["x-fc-log-result"]).decode()
    lines = log.splitlines()
    assert lines[0] == f"FC Invoke Start RequestId: {request_id}"
    assert lines[-1] == f"FC Invoke End RequestId: {request_id}"
    assert {"printed", "to stderr", "raw bytes"} <= set(lines)
    assert any(line.endswith(f"{request_id} [INFO] logged") for line in lines)
    assert any(line.endswith(f"{request_id} [WARNING] warned") for line in lines)
    assert "x-fc-log-result" not in fc.invoke("talk").headers
    assert fc.invocations[0].log == log


def test_a_function_that_closes_its_output_still_answers(fc: Deployment) -> None:
    fc.deploy(function("deaf"))
    assert fc.invoke("deaf").body == b"still here"


def test_only_the_last_4_kb_of_a_log_are_returned(fc: Deployment) -> None:
    fc.deploy(function("talk"))
    answer = fc.invoke("talk", b"x" * 10_000, x_fc_log_type="Tail")
    assert len(base64.b64decode(answer.headers["x-fc-log-result"])) == 4096


def test_what_does_not_exist_is_named(fc: Deployment) -> None:
    fc.deploy(function("echo"))
    with pytest.raises(Exception, match="FunctionNotFound") as missing:
        fc.invoke("other")
    assert "function 'other' does not exist" in str(missing.value)
    with pytest.raises(Exception, match="VersionNotFound"):
        fc.invoke("echo", qualifier="3")
    with pytest.raises(Exception, match="AliasNotFound"):
        fc.invoke("echo", qualifier="prod")
    assert fc.invoke("echo", b"x", qualifier="LATEST").body == b"x"


def test_invoking_needs_the_permission_on_the_function(fc: Deployment, root: Keys) -> None:
    fc.deploy(function("echo"), function("kind"))
    resource = f"acs:fc:cn-hangzhou:{fc.account}:functions/echo"
    user = make_user(clients.ram(root), "caller", allow("fc:InvokeFunction", resource))
    assert fc.invoke("echo", b"mine", keys=user).body == b"mine"
    with pytest.raises(Exception, match="AccessDenied") as refused:
        fc.invoke("kind", keys=user)
    text = f"the caller is not authorized to perform 'fc:InvokeFunction' on resource '{resource[:-4]}kind'"
    assert text in str(refused.value)


def test_a_changed_secret_and_a_foreign_account_are_refused(fc: Deployment) -> None:
    fc.deploy(function("echo"))
    with pytest.raises(Exception, match="SignatureDoesNotMatch"):
        fc.invoke("echo", keys=Keys(fc.root.id, "wrong"))
    foreign = Deployment(fc.local, fc.root, "1000000000000002", fc.folder)
    with pytest.raises(Exception, match="doesn't belong to you"):
        foreign.invoke("echo")


def test_a_throttled_call_is_told_so_and_the_next_one_goes_through(fc: Deployment) -> None:
    fc.deploy(function("echo"))
    fc.local.cloud.faults.append(Fault(service="fc", operation="InvokeFunction", kind="throttle"))
    with pytest.raises(Exception, match="ResourceExhausted"):
        fc.invoke("echo")
    assert fc.invoke("echo", b"now").body == b"now"


def test_functions_can_be_listed_and_read(fc: Deployment) -> None:
    fc.deploy(function("echo", memorySize=128), function("kind"), function("talk"))
    client = fc.client()
    page = client.list_functions(models.ListFunctionsRequest(limit=2)).body
    assert [one.function_name for one in page.functions] == ["echo", "kind"]
    rest = client.list_functions(models.ListFunctionsRequest(limit=2, next_token=page.next_token)).body
    assert [one.function_name for one in rest.functions] == ["talk"]
    found = client.get_function("echo", models.GetFunctionRequest()).body
    assert (found.function_name, found.memory_size) == ("echo", 128)
    assert found.function_arn == f"acs:fc:cn-hangzhou:{fc.account}:functions/echo"


def test_an_unknown_api_is_refused_and_counted(fc: Deployment) -> None:
    with pytest.raises(TeaException, match="does not support"):
        fc.client().delete_function("echo")
    assert fc.local.cloud.unsupported["fc", "DELETE /2023-03-30/functions/echo"] == 1


def test_a_2_0_function_is_invoked_through_its_service(fc: Deployment) -> None:
    fc.deploy(function("echo", runtime="python3.10"), service_name="samples")
    answer = fc.old_client().invoke_function("samples", "echo", b"payload")
    assert answer.data == b"payload"
    assert answer.headers["X-Fc-Request-Id"].count("-") == 4
    assert fc.old_client().invoke_function("samples", "echo", b"again", qualifier="LATEST").data == b"again"


def test_2_0_errors_have_the_2_0_format(fc: Deployment) -> None:
    fc.deploy(function("fail"), service_name="samples")
    with pytest.raises(fc2.FcError) as failed:
        fc.old_client().invoke_function("samples", "fail", b"")
    assert json.loads(failed.value.message)["errorMessage"] == "something is wrong"
    for service, name, code in [("other", "fail", "ServiceNotFound"), ("samples", "x", "FunctionNotFound")]:
        with pytest.raises(fc2.FcError) as refused:
            fc.old_client().invoke_function(service, name, b"")
        assert (refused.value.status_code, refused.value.err_code) == (404, code)
        assert refused.value.request_id != "unknown"


def test_2_0_signatures_are_verified(fc: Deployment) -> None:
    fc.deploy(function("echo"), service_name="samples")
    for keys, code in [
        (Keys(fc.root.id, "wrong"), "SignatureNotMatch"),
        (Keys("LTAIunknown", "x"), "InvalidAccessKeyID"),
    ]:
        with pytest.raises(fc2.FcError) as refused:
            fc.old_client(keys).invoke_function("samples", "echo", b"")
        assert (refused.value.status_code, refused.value.err_code) == (403, code)


def test_2_0_permissions_name_the_service_and_its_qualifier(fc: Deployment, root: Keys) -> None:
    fc.deploy(function("echo"), service_name="samples")
    place = f"acs:fc:cn-hangzhou:{fc.account}:services"
    plain = make_user(
        clients.ram(root), "plain", allow("fc:InvokeFunction", f"{place}/samples/functions/echo")
    )
    latest = make_user(
        clients.ram(root), "latest", allow("fc:InvokeFunction", f"{place}/samples.*/functions/*")
    )
    assert fc.old_client(plain).invoke_function("samples", "echo", b"a").data == b"a"
    assert fc.old_client(latest).invoke_function("samples", "echo", b"b", qualifier="LATEST").data == b"b"
    with pytest.raises(fc2.FcError) as refused:
        fc.old_client(latest).invoke_function("samples", "echo", b"")
    assert (refused.value.status_code, refused.value.err_code) == (403, "AccessDenied")
    resource = f"{place}/samples/functions/echo"
    message = f"the caller is not authorized to perform 'fc:InvokeFunction' on resource '{resource}'"
    assert json.loads(refused.value.message)["ErrorMessage"] == message
