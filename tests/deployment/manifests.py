"""The s.yaml files of the project, resolved as the local cloud does it and as Serverless Devs does."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

from localcloud.fc.variables import Scope

PROJECT = Path(__file__).parents[2]
ACCOUNT = "1000000000000001"
SERVERLESS_DEVS = "@serverless-devs/s@3.1.10"
FUNCTIONS, REGIONS, DOMAIN = (
    PROJECT / "s.yaml",
    PROJECT / "deploy" / "regions" / "s.yaml",
    PROJECT / "deploy" / "domain" / "s.yaml",
)
VARIABLES = {
    "ROLEMEND_LEDGER_BUCKET": "corp-rolemend-ledger",
    "ROLEMEND_WEBHOOK_URL": "https://hooks.example.com/x",
    "ROLEMEND_HOME_REGION": "cn-hangzhou",
    "ROLEMEND_CONSOLE_DOMAIN": "rolemend.example.com",
}
"""What a user has to set; everything else has a default."""


def variables(path: Path) -> dict[str, str]:
    """The variables of a shell in which the file is deployed."""
    return VARIABLES | ({"ROLEMEND_REGION": "cn-beijing"} if path == REGIONS else {})


def resolved(path: Path) -> dict[str, dict[str, Any]]:
    """Each resource's `component` and `props`, without any `${}` left."""
    document = yaml.safe_load(path.read_text("utf-8"))
    scope = Scope(document, variables(path), ACCOUNT, path.parent)
    errors: list[str] = []
    found = {}
    for name, resource in document["resources"].items():
        scope.resource = name
        found[name] = scope.resolve(resource, name, errors)
    assert errors == []
    return found


def previewed(path: Path, room: Path) -> dict[str, dict[str, Any]]:
    """The same as the real `s preview` prints it. It leaves `config('AccountID')` to the deployment.

    The tool is installed into `room` and keeps its settings there. Its absence is an error, not a pass.
    """
    run = [str(_installed(room)), "preview", "-t", str(path), "-o", "json"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ROLEMEND_")}
    environment = kept | variables(path) | {"HOME": str(room), "serverless_devs_config_home": str(room)}
    done = subprocess.run(run, env=environment, capture_output=True, text=True, timeout=120, cwd=path.parent)
    text = done.stdout[done.stdout.index("{\n") :] if "{\n" in done.stdout else ""
    assert done.returncode == 0, done.stdout + done.stderr
    document = json.loads(text.replace("${config('AccountID')}", ACCOUNT))
    resources: dict[str, dict[str, Any]] = document["resources"]
    return resources


def _installed(room: Path) -> Path:
    program = room / "node_modules" / ".bin" / "s"
    if not program.exists():
        room.mkdir(parents=True, exist_ok=True)
        npm = shutil.which("npm")
        assert npm is not None, "npm is needed to install Serverless Devs"
        install = [npm, "install", "--prefix", str(room), "--no-audit", "--no-fund", "--loglevel=error"]
        done = subprocess.run([*install, SERVERLESS_DEVS], capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, f"npm could not install {SERVERLESS_DEVS}: {done.stderr[-500:]}"
    return program


def component_schema() -> dict[str, Any]:
    """The component's schema with its known faults mended, each of them one entry of `PATCHES`."""
    schema: dict[str, Any] = json.loads(Path(__file__).with_name("fc3-schema.json").read_text("utf-8"))
    definitions = deepcopy(schema["definitions"])
    for patch in PATCHES:
        patch(definitions)
    return schema | {"definitions": definitions}


def _numbers_of_log_triggers(definitions: dict[str, Any]) -> None:
    """Typed as text, though every example and the API have integers."""
    job = definitions["ILogTriggerConfig"]["properties"]["jobConfig"]["properties"]
    job["maxRetryTime"] = {"type": "integer", "minimum": 0, "maximum": 100}
    job["triggerInterval"] = {"type": "integer", "minimum": 3, "maximum": 600}


def _default_source_of_eventbridge(definitions: dict[str, Any]) -> None:
    """Required, though the source `Default` has none of them."""
    bridge = definitions["IEventBridge"]
    bridge["required"] = [
        name for name in bridge["required"] if name not in ("eventSinkConfig", "runOptions")
    ]
    source = bridge["properties"]["eventSourceConfig"]
    source["required"] = [name for name in source["required"] if name != "eventSourceParameters"]


PATCHES = (_numbers_of_log_triggers, _default_source_of_eventbridge)
"""The faults of the schema: found by running it on the component's own examples."""

TRIGGERS = {
    "log": "ILogTriggerConfig",
    "timer": "ITimerTriggerConfig",
    "http": "IHttpTriggerConfig",
    "eventbridge": "IEventBridge",
}
"""The definition of each kind: the schema itself lets any object pass as a trigger's configuration."""
