"""Reads a function of an FC 2.0 service (component fc) as the properties that component fc3 has for the same thing.

File shape: https://www.alibabacloud.com/help/en/function-compute/latest/yaml-syntax
"""

from __future__ import annotations

from typing import Any

from localcloud.fc.fields import Fields

_PARTS = frozenset(["region", "service", "function", "triggers"])
_SERVICE = frozenset(["name", "description", "role", "internetAccess", "logConfig"])
_FUNCTION = {
    "name": "functionName",
    "codeUri": "code",
    "asyncConfiguration": "asyncInvokeConfig",
    "description": "description",
    "environmentVariables": "environmentVariables",
    "handler": "handler",
    "instanceType": "",
    "layers": "layers",
    "memorySize": "memorySize",
    "runtime": "runtime",
    "timeout": "timeout",
}
_TRIGGER = {
    "name": "triggerName",
    "type": "triggerType",
    "config": "triggerConfig",
    "role": "invocationRole",
    "sourceArn": "sourceArn",
    "qualifier": "qualifier",
}
"""Names of component fc, and what fc3 calls the same; "" for what only the real service knows."""


def read_service(fields: Fields) -> tuple[str, dict[str, Any]]:
    """The service's name, and the properties of its one function; what cannot be read adds to the errors."""
    service, function = fields.part("service"), fields.part("function")
    _refuse_others(fields, _PARTS)
    _refuse_others(service, _SERVICE)
    props = {"region": fields.values.get("region"), **_renamed(function, _FUNCTION)}
    props |= {name: service.values[name] for name in ("role", "logConfig") if name in service.values}
    props["triggers"] = [_renamed(trigger, _TRIGGER) for trigger in fields.parts("triggers")]
    configuration = props.get("asyncInvokeConfig")
    if isinstance(configuration, dict) and "destination" in configuration:
        rest = {name: value for name, value in configuration.items() if name != "destination"}
        destinations = configuration["destination"] or {}
        told = {name: {"destination": destinations[name]} for name in destinations}
        props["asyncInvokeConfig"] = {**rest, "destinationConfig": told}
    return service.text("name"), props


def _renamed(fields: Fields, names: dict[str, str]) -> dict[str, Any]:
    _refuse_others(fields, frozenset(names))
    return {names[name]: value for name, value in fields.values.items() if names.get(name)}


def _refuse_others(fields: Fields, known: frozenset[str]) -> None:
    for name in fields.values.keys() - known:
        fields.fail(name, "no such property")
