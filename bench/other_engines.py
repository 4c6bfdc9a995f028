"""Other evaluators of policies, each given a policy in AWS notation once and asked many times.

They are installed for the benchmarks alone (requirements-bench.lock).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

Ask = Callable[[str, str], bool]
"""Whether an action on a resource is allowed."""


def cedarpy(document: dict[str, Any]) -> Ask:
    """https://pypi.org/project/cedarpy/ : the policy is written in Cedar, and parsed once."""
    import cedarpy as cedar

    policies = cedar.PolicySet.from_str("\n".join(map(_in_cedar, document["Statement"])))
    entities = cedar.Entities.from_json_str("[]")

    def ask(action: str, resource: str) -> bool:
        request = {
            "principal": 'User::"a"',
            "action": 'Action::"do"',
            "resource": 'Thing::"it"',
            "context": {"action": action, "resource": resource},
        }
        return bool(cedar.is_authorized(request, policies, entities).allowed)

    return ask


def _in_cedar(statement: dict[str, Any]) -> str:
    effect = "permit" if statement["Effect"] == "Allow" else "forbid"
    tests = []
    for name in ("Action", "Resource"):
        values = statement[name] if isinstance(statement[name], list) else [statement[name]]
        tests.append("(" + " || ".join(f'context.{name.lower()} like "{value}"' for value in values) + ")")
    return f"{effect}(principal, action, resource) when {{ {' && '.join(tests)} }};"


def moto(document: dict[str, Any]) -> Ask:
    """https://pypi.org/project/moto/ : the evaluator behind its IAM enforcement."""
    from moto.iam.access_control import IAMPolicy, PermissionResult

    policy = IAMPolicy(json.dumps(document))
    return lambda action, resource: policy.is_action_permitted(action, resource) is PermissionResult.PERMITTED


def vakt(document: dict[str, Any]) -> Ask:
    """https://pypi.org/project/vakt/ : each statement as a policy with rules."""
    import vakt as engine
    from vakt.rules import Any as Anything

    logging.getLogger("vakt").setLevel(logging.ERROR)
    storage = engine.MemoryStorage()
    for number, statement in enumerate(document["Statement"]):
        allows = statement["Effect"] == "Allow"
        policy = engine.Policy(
            str(number),
            subjects=[Anything()],
            actions=[_rule(value) for value in _listed(statement["Action"])],
            resources=[_rule(value) for value in _listed(statement["Resource"])],
            effect=engine.ALLOW_ACCESS if allows else engine.DENY_ACCESS,
        )
        storage.add(policy)
    guard = engine.Guard(storage, engine.RulesChecker())

    def ask(action: str, resource: str) -> bool:
        return bool(guard.is_allowed(engine.Inquiry(subject="a", action=action, resource=resource)))

    return ask


def _rule(pattern: str) -> Any:
    import re

    from vakt.rules import Any as Anything
    from vakt.rules import Eq, RegexMatch, StartsWith

    if pattern == "*":
        return Anything()
    if "*" not in pattern:
        return Eq(pattern)
    if pattern.index("*") == len(pattern) - 1:
        return StartsWith(pattern[:-1])
    return RegexMatch(".*".join(map(re.escape, pattern.split("*"))) + "$")


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


ENGINES: dict[str, Callable[[dict[str, Any]], Ask]] = {"cedarpy": cedarpy, "moto": moto, "vakt": vakt}
