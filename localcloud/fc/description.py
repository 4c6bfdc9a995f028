"""A function as GetFunction and ListFunctions answer it.

Structure:
https://www.alibabacloud.com/help/en/functioncompute/developer-reference/api-fc-2023-03-30-getfunction
"""

from __future__ import annotations

from typing import Any

from localcloud.fc.spec import FunctionSpec


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
