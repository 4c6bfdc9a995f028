"""The headline scenarios from the archives, as the cloud runs them: no file of the project is on a function's path."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from demo.receiver import Receiver
from demo.run import play
from demo.scenarios import GUARDRAILS, SCENARIOS, Scenario
from demo.stage import ROOT, Stage, set_stage
from localcloud.fc.host import FunctionHost
from localcloud.server import LocalCloud
from tests.archives import runnable, unpacked

_PROBE = '''

def handler(event, context, real=handler):
    """Where everything came from that this function has loaded by now."""
    import sys

    if event != b"paths":
        return real(event, context)
    files = [getattr(module, "__file__", None) or "" for module in list(sys.modules.values())]
    return json.dumps({"path": sys.path, "files": files})
'''


@pytest.fixture(scope="module", params=["fc3", "fc2"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked archives of a generation, with a handler of `diagnose` that tells what it loaded."""
    folder = unpacked(runnable(request.param), tmp_path_factory.mktemp("archives") / request.param)
    with (folder / "diagnose" / "handler.py").open("a") as handler:
        handler.write(_PROBE)
    for compiled in (folder / "diagnose").rglob("handler.*.pyc"):
        compiled.unlink()
    return folder


@pytest.fixture
def packaged(place: Path, local: LocalCloud, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setenv("ROLEMEND_ARCHIVES", str(place.parent))
    local.cloud.services["fc"].settings.preloaded = None  # type: ignore[attr-defined]
    return set_stage(local, receiver.url, GUARDRAILS, fc2=place.name == "fc2")


def host(stage: Stage) -> FunctionHost:
    found = stage.local.cloud.services["fc"]._host  # type: ignore[attr-defined]
    assert isinstance(found, FunctionHost)
    return found


@pytest.mark.parametrize("scenario", SCENARIOS[:3], ids=lambda one: one.name)
def test_a_headline_scenario_comes_out_the_same(
    packaged: Stage, place: Path, receiver: Receiver, scenario: Scenario
) -> None:
    outcome = play(packaged, receiver, scenario)
    assert outcome.as_expected(), outcome.as_json()
    assert {key.service != "" for key in host(packaged).pools} == {packaged.fc2}
    stray = sources_of_diagnose(packaged, place)
    assert not stray


def sources_of_diagnose(stage: Stage, place: Path) -> list[str]:
    """Files and folders of the project, or of packages installed here, that the function could see or has loaded."""
    (key,) = [key for key in host(stage).pools if key.name == "rolemend-diagnose"]
    outcome = stage.local.do(host(stage).invoke(key, b"paths", "sync", "probe"))
    told = json.loads(outcome.body)
    assert any(name.startswith(str(place / "layer" / "python" / "rolemend")) for name in told["files"])
    own = str(ROOT / "localcloud" / "fc" / "child.py")  # the program that stands for the runtime
    here = [name for name in told["path"] + told["files"] if name.startswith(str(ROOT)) and name != own]
    return here + [name for name in told["files"] if "site-packages" in name]
