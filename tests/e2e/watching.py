"""What the end-to-end tests look at: invocations, incidents without their times, documents."""

from __future__ import annotations

import io
import json
import re
from typing import Any

from demo import clients
from demo.scenarios import Scenario
from demo.stage import HOME, Stage
from rolemend.errors import RoleBusy
from rolemend.incident.life import Incident


def host(stage: Stage) -> Any:
    """The function host of the stage's cloud."""
    return stage.local.cloud.services["fc"]


def fire(stage: Stage, timer: str) -> None:
    """Let one of `watch`'s timers fire, and wait for what follows."""
    stage.local.call(lambda cloud: cloud.services["fc"].fire_timer("rolemend-watch", timer))  # type: ignore[attr-defined]
    stage.settle()


def invocations(stage: Stage, function: str = "") -> list[Any]:
    """What is remembered of one function's invocations, or of all."""
    kept = stage.local.call(lambda cloud: list(cloud.services["fc"].invocations))  # type: ignore[attr-defined]
    return [one for one in kept if one.function.name.startswith(f"rolemend-{function}")]


def invoke(stage: Stage, function: str, payload: bytes) -> Any:
    """Invoke a function synchronously with the SDK of its generation; its answer, which may be an error of its own."""
    endpoint = f"{stage.account}.{HOME}.fc.aliyuncs.com"
    if stage.fc2:
        return _invoke2(stage, f"http://{endpoint}", f"rolemend-{function}", payload)
    from alibabacloud_fc20230330 import models
    from alibabacloud_fc20230330.client import Client

    request = models.InvokeFunctionRequest(body=io.BytesIO(payload))
    answer = Client(clients.config(stage.root, endpoint)).invoke_function(f"rolemend-{function}", request)
    return json.loads(answer.body.read())


def _invoke2(stage: Stage, endpoint: str, name: str, payload: bytes) -> Any:
    """The SDK of FC 2.0 raises what the function answered where it failed, as it does what the service refuses."""
    import fc2

    client = fc2.Client(endpoint=endpoint, accessKeyID=stage.root.id, accessKeySecret=stage.root.secret)
    try:
        return json.loads(client.invoke_function(name, name, payload).data)
    except fc2.FcError as failed:
        if failed.status_code >= 400:
            raise
        return json.loads(failed.message)


def results(stage: Stage, function: str) -> list[dict[str, Any]]:
    """The answers of a function's successful invocations."""
    return [json.loads(one.result) for one in invocations(stage, function) if one.result and not one.error]


def failures(stage: Stage, function: str = "") -> list[tuple[str, Any]]:
    """Function and error of each invocation that failed.

    That a role was busy is none: two instances of `watch` may read one range, and what the second one starts is tried
    again by Function Compute once the first is through.
    """
    failed = [(one.function.name, one.error) for one in invocations(stage, function) if one.error]
    return [each for each in failed if each[1].get("errorType") != RoleBusy.__name__]


def attempt(stage: Stage, scenario: Scenario) -> None:
    """Make a scenario's denied call and wait until nothing is left to do."""
    call = scenario.prepare(stage)
    stage.settle()
    try:
        call()
    except Exception:  # noqa: BLE001
        stage.settle()
        return
    raise AssertionError(f"{scenario.denied_call} was answered")


_CLUSTER = re.compile(r"\bc-[0-9a-f]{16}\b")


def essence(incident: Incident) -> dict[str, Any]:
    """An incident's state without the times and ids that differ from run to run."""
    diagnosis = incident.diagnosis
    return {
        "state": incident.state,
        "round": incident.round,
        "count": incident.count,
        "cause": diagnosis.cause if diagnosis else None,
        "answers": [(f.check, f.answer) for f in diagnosis.findings] if diagnosis else [],
        "remedy": _CLUSTER.sub("c-*", repr(diagnosis.remedy)) if diagnosis else None,
        "written": incident.change.plan.write.after if incident.change else None,
        "messages": len(incident.notified),
        "waiting": incident.waiting,
    }


def essences(stage: Stage) -> dict[str, dict[str, Any]]:
    return {key: essence(incident) for key, incident in stage.incidents().items()}
