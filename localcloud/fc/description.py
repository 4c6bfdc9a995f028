"""A function as GetFunction and ListFunctions answer it, and a trigger as ListTriggers does.

Structures:
https://www.alibabacloud.com/help/en/functioncompute/developer-reference/api-fc-2023-03-30-getfunction ,
https://www.alibabacloud.com/help/en/functioncompute/developer-reference/api-fc-2023-03-30-listtriggers
"""

from __future__ import annotations

import json
from typing import Any

from localcloud.fc.spec import EventTrigger, FunctionSpec, HttpTrigger, LogTrigger, TimerTrigger, Trigger


def describe_function(spec: FunctionSpec) -> dict[str, Any]:
    """The members that the local cloud knows; times, checksums and states of the real answer are left out."""
    answer: dict[str, Any] = {
        "functionName": spec.key.name,
        "runtime": spec.runtime,
        "handler": spec.handler,
        "memorySize": spec.memory,
        "timeout": int(spec.timeout),
        "environmentVariables": spec.environment,
        "description": spec.description,
    }
    if spec.initializer.handler:
        answer |= {
            "initializer": spec.initializer.handler,
            "initializationTimeout": int(spec.initializer.timeout),
        }
    if spec.key.service:
        return answer
    return answer | {
        "functionArn": spec.key.arn,
        "role": spec.role,
        "layers": [{"arn": layer} for layer in spec.layers],
        "logConfig": {"project": spec.log_project, "logstore": spec.log_store},
    }


def describe_trigger(spec: FunctionSpec, trigger: Trigger) -> dict[str, Any]:
    """A trigger that is switched on: others are not kept. FC 2.0 gives its configuration as an object."""
    kind, config = _configuration(trigger)
    described: dict[str, Any] = {"triggerName": trigger.name, "triggerType": kind, "qualifier": "LATEST"}
    if isinstance(trigger, LogTrigger):
        place = f"{spec.key.region}:{spec.key.account}"
        described["sourceArn"] = f"acs:log:{place}:project/{trigger.project}"
    return described | {"triggerConfig": config if spec.key.service else json.dumps(config)}


def _configuration(trigger: Trigger) -> tuple[str, dict[str, Any]]:
    if isinstance(trigger, LogTrigger):
        source, job = (
            {"logstore": trigger.logstore},
            {"triggerInterval": int(trigger.interval), "maxRetryTime": trigger.retries},
        )
        return "log", {
            "sourceConfig": source,
            "jobConfig": job,
            "functionParameter": trigger.parameter,
            "enable": True,
        }
    if isinstance(trigger, TimerTrigger):
        return "timer", {"cronExpression": trigger.schedule, "payload": trigger.payload, "enable": True}
    if isinstance(trigger, EventTrigger):
        return "eventbridge", {"eventRuleFilterPattern": json.dumps(trigger.pattern), "triggerEnable": True}
    assert isinstance(trigger, HttpTrigger)
    return "http", {"authType": trigger.auth, "methods": list(trigger.methods)}
