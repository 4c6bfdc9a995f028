"""Function Compute over HTTP, both generations: an asynchronous call is taken once or an error."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from localcloud.server import LocalCloud
from rolemend.account.functions import Functions3, Service2, open_functions
from rolemend.account.interface import Functions
from rolemend.errors import NotThere, Refused, Unreachable
from rolemend.work.events import incident_event
from tests import clients
from tests.account.entry import PASSING, access, fault
from tests.clients import Keys
from tests.localcloud.fc_functions.deployment import Deployment, function, open_host
from tests.localcloud.identities import allow, make_user

EVENT = incident_event("inc-" + "0" * 24)
GENERATIONS = ("", "samples")
"""The 2.0 service's name, "" for 3.0."""


@pytest.fixture(params=GENERATIONS, ids=["3.0", "2.0"])
def service(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def fc(local: LocalCloud, root: Keys, account: str, tmp_path: Path, service: str) -> Deployment:
    """A host with the function `record`, which writes each event into the file `record`."""
    deployment = open_host(local, root, account, tmp_path)
    variables = {"RECORD": str(tmp_path / "record")}
    deployment.deploy(function("record", environmentVariables=variables), service_name=service)
    return deployment


@pytest.fixture
def functions(root: Keys, fc: Deployment, service: str) -> Functions:
    return open_functions(access(root), service)


def run(fc: Deployment) -> list[bytes]:
    """The payloads of all invocations, once they are done."""
    fc.drain()
    return [one.payload for one in fc.invocations]


def test_the_generation_is_that_of_the_service_it_runs_in(root: Keys) -> None:
    assert isinstance(open_functions(access(root)), Functions3)
    assert isinstance(open_functions(access(root), "samples"), Service2)


def test_a_function_is_started_with_exactly_the_payload(fc: Deployment, functions: Functions) -> None:
    functions.start("record", EVENT)
    assert run(fc) == [EVENT]
    assert fc.invocations[0].status == "succeeded"


def test_every_start_is_a_run_of_its_own(fc: Deployment, functions: Functions) -> None:
    for _ in range(3):
        functions.start("record", EVENT)
    assert run(fc) == [EVENT] * 3


@pytest.mark.parametrize("how", [{"kind": "throttle"}, {"status": 500}, {"status": 503}, {"kind": "reset"}])
def test_a_passing_fault_is_got_over_and_the_payload_is_whole(
    fc: Deployment, functions: Functions, local: LocalCloud, how: dict[str, Any]
) -> None:
    fault(local, "fc", "InvokeFunction", times=2, **how)
    functions.start("record", EVENT)
    assert run(fc) == [EVENT]


@pytest.mark.parametrize("how", PASSING)
def test_a_fault_that_does_not_pass_is_unreachable(
    fc: Deployment, functions: Functions, local: LocalCloud, how: dict[str, Any]
) -> None:
    fault(local, "fc", "InvokeFunction", times=None, **how)
    with pytest.raises(Unreachable):
        functions.start("record", EVENT)
    local.call(lambda cloud: cloud.faults.clear())
    fc.drain()


def test_a_refused_start_is_refused(root: Keys, fc: Deployment, service: str) -> None:
    keys = make_user(clients.ram(root), "ana", allow("ram:*"))
    with pytest.raises(Refused):
        open_functions(access(keys), service).start("record", EVENT)
    assert run(fc) == []


def test_a_function_that_is_not_there_is_not_there(functions: Functions) -> None:
    with pytest.raises(NotThere):
        functions.start("nothing", EVENT)


def test_no_log_shows_the_signature_or_the_token(
    root: Keys, fc: Deployment, service: str, local: LocalCloud, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    keys = make_user(clients.ram(root), "ana", allow("ram:*"))
    stranger = open_functions(access(keys), service)
    for _ in range(2):
        with pytest.raises(Refused):
            stranger.start("record", EVENT)
        fault(local, "fc", "InvokeFunction", status=500)
    assert "uthorization" not in caplog.text
    assert keys.id not in caplog.text
    assert keys.secret not in caplog.text
