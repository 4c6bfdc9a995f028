"""Reads an `s.yaml` (edition 3.0.0, component fc3; edition 1.0.0, component fc) into function specifications,
reporting every mistake at once.

File shape: https://github.com/Serverless-Devs/Serverless-Devs/blob/d781476e/docs/zh/yaml.md
Limits: https://help.aliyun.com/zh/functioncompute/fc/product-overview/limits-of-usage
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import yaml

from localcloud.fc.fields import Fields
from localcloud.fc.services2 import read_service
from localcloud.fc.spec import AsyncConfig, FunctionKey, FunctionSpec, Hook, parse_function_arn
from localcloud.fc.trigger_specs import read_trigger
from localcloud.fc.variables import Scope

RUNTIMES = ("python3.12", "python3.10", "python3.9", "python3")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,127}")
_HANDLER = re.compile(r"[\w./-]+\.[A-Za-z_]\w*")
_ROLE_NAME = re.compile(r"[A-Za-z0-9.-]{1,64}")
_ROLE_ARN = re.compile(r"acs:ram::\d+:role/[A-Za-z0-9.-]{1,64}")
_MAX_ENVIRONMENT = 4096
_LOG_BEGINS = ("None", "DefaultRegex")
_COMPONENTS = {"3.0.0": "fc3", "1.0.0": "fc"}
"""The component of each edition of the file: functions of FC 3.0, or of FC 2.0 services."""
_KNOWN = frozenset(
    [
        "annotations",
        "asyncInvokeConfig",
        "code",
        "concurrencyConfig",
        "cpu",
        "customContainerConfig",
        "customDNS",
        "customRuntimeConfig",
        "description",
        "diskSize",
        "enableLongLiving",
        "endpoint",
        "environmentVariables",
        "functionName",
        "gpuConfig",
        "handler",
        "instanceIsolationMode",
        "instanceLifecycleConfig",
        "internetAccess",
        "layers",
        "logConfig",
        "memorySize",
        "nasConfig",
        "ossMountConfig",
        "provisionConfig",
        "region",
        "resourceGroupId",
        "role",
        "runtime",
        "scalingConfig",
        "sessionAffinity",
        "sessionAffinityConfig",
        "supplement",
        "tags",
        "timeout",
        "instanceConcurrency",
        "tracingConfig",
        "triggers",
        "vpcBinding",
        "vpcConfig",
    ]
)


class ManifestError(Exception):
    """An `s.yaml` that cannot be deployed. `errors` are all its mistakes, each with its place."""

    def __init__(self, path: Path, errors: list[str]) -> None:
        super().__init__(f"{path}:\n  " + "\n  ".join(errors))
        self.errors = errors


def read_manifest(
    path: Path,
    *,
    account: str,
    environment: Mapping[str, str],
    variables: Mapping[str, Any] | None = None,
    only: Collection[str] | None = None,
    service_name: str = "",
    layers: Collection[str] = (),
    code: Path | None = None,
) -> list[FunctionSpec]:
    """The functions of a file, in order. Raises ManifestError.

    `environment` answers `${env()}`, `variables` go before the file's own `vars`, `only` names resources or
    functions, `service_name` makes them functions of that FC 2.0 service, `layers` are the layers that the
    host has, `code` is where code lies in the place of what the file names.
    """
    document = _load(path)
    document["vars"] = {**(document.get("vars") or {}), **(variables or {})}
    resources = document.get("resources")
    if not isinstance(resources, dict) or not resources:
        raise ManifestError(path, ["resources: is missing or empty"])
    scope = Scope(document, environment, account, path.parent.resolve())
    errors: list[str] = []
    specs = []
    for name, resource in resources.items():
        place = f"resources.{name}"
        scope.resource = name
        found: list[str] = []
        props = scope.resolve(_props(document, resource, scope), f"{place}.props", found)
        if only is not None and name not in only and props.get("functionName") not in only:
            continue
        errors += found
        fields, service = Fields(props, f"{place}.props", errors), service_name
        component = resource.get("component") if isinstance(resource, dict) else None
        if component != _COMPONENTS[str(document["edition"])]:
            errors.append(f"{place}.component: is not {_COMPONENTS[str(document['edition'])]}")
            continue
        if component == "fc":
            service, props = read_service(fields)
            fields = Fields(props, fields.place, errors)
        specs.append(_function(fields, scope, service, layers, code))
    _check_names(specs, errors)
    _check_roles(specs, errors)
    if only is not None and not specs:
        errors.append(f"resources: none of {', '.join(sorted(only))}")
    if errors:
        raise ManifestError(path, list(dict.fromkeys(errors)))
    return specs


def _load(path: Path) -> dict[str, Any]:
    try:
        document = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ManifestError(path, [f"cannot be read: {error}"]) from error
    if not isinstance(document, dict):
        raise ManifestError(path, ["is not a mapping"])
    edition = str(document.get("edition"))
    if edition not in _COMPONENTS:
        raise ManifestError(path, [f"edition: is {edition!r}, the local cloud reads 3.0.0 and 1.0.0"])
    if edition == "1.0.0":
        document["resources"] = document.pop("services", None)
    for part in ("vars", "template"):
        if not isinstance(document.get(part) or {}, dict):
            raise ManifestError(path, [f"{part}: is not a mapping"])
    return document


def _props(document: dict[str, Any], resource: Any, scope: Scope) -> dict[str, Any]:
    """The properties of a resource over those of the template that it extends."""
    if not isinstance(resource, dict):
        return {}
    own = resource.get("props") or {}
    if isinstance(own, str) and "${" in own:
        own = scope.resolve(own, "", [])
    extend = resource.get("extend")
    base = str(extend.get("name") if isinstance(extend, dict) else extend)
    template = (document.get("template") or {}).get(base)
    return {**(template if isinstance(template, dict) else {}), **(own if isinstance(own, dict) else {})}


def _check_names(specs: list[FunctionSpec], errors: list[str]) -> None:
    seen: set[FunctionKey] = set()
    for spec in specs:
        if spec.key.name and spec.key in seen:
            errors.append(f"resources: two functions are named {spec.key.name} in {spec.key.region}")
        seen.add(spec.key)


def _check_roles(specs: list[FunctionSpec], errors: list[str]) -> None:
    """A role belongs to a service of FC 2.0, so all its functions have the same."""
    roles: dict[FunctionKey, str] = {}
    for spec in specs:
        owner = spec.key._replace(name="")
        if spec.key.service and roles.setdefault(owner, spec.role) != spec.role:
            errors.append(f"services: {spec.key.service} has two roles, {roles[owner]} and {spec.role}")


def _function(
    fields: Fields, scope: Scope, service: str, layers: Collection[str], code: Path | None
) -> FunctionSpec:
    for name in fields.values.keys() - _KNOWN:
        fields.fail(name, "no such property")
    name, region = fields.text("functionName"), fields.text("region")
    if name and not _NAME.fullmatch(name):
        fields.fail("functionName", f"is no function name: {name!r}")
    handler = fields.text("handler")
    if handler and not _HANDLER.fullmatch(handler):
        fields.fail("handler", f"is not file.function: {handler!r}")
    memory = int(fields.number("memorySize", 512, 128, 32768))
    if memory % 64:
        fields.fail("memorySize", f"is no multiple of 64: {memory}")
    auto = fields.values.get("logConfig") == "auto"
    log = Fields({}, "", fields.errors) if auto else fields.part("logConfig")
    reserved = fields.part("concurrencyConfig")
    hooks = fields.part("instanceLifecycleConfig")
    triggers = [read_trigger(part, scope.account, region) for part in fields.parts("triggers")]
    return FunctionSpec(
        key=FunctionKey(scope.account, region, service, name),
        runtime=fields.choice("runtime", RUNTIMES),
        handler=handler,
        code=_code(fields, scope.folder, code),
        memory=memory,
        timeout=fields.number("timeout", 3, 1, 86400),
        role=_role(fields, scope.account),
        environment=_environment(fields),
        layers=_layers(fields, layers),
        log_project=str(log.values.get("project", "")),
        log_store=str(log.values.get("logstore", "")),
        log_begin=log.choice("logBeginRule", _LOG_BEGINS, "None"),
        asynchronous=_async_config(fields.part("asyncInvokeConfig")),
        initializer=_hook(hooks.part("initializer"), 300),
        pre_stop=_hook(hooks.part("preStop"), 90),
        max_instances=int(reserved.number("reservedConcurrency", 1, 1, 10_000)) if reserved.values else None,
        triggers=tuple(trigger for trigger in triggers if trigger is not None),
        description=fields.text("description", ""),
    )


def _code(fields: Fields, folder: Path, instead: Path | None) -> Path:
    code = fields.values.get("code")
    source = fields.part("code").text("src") if isinstance(code, dict) else fields.text("code")
    path = (folder / source).resolve()
    if instead is not None:
        named = instead.resolve() / path.name.removesuffix(".zip")
        path = named if named.is_dir() else named.with_name(f"{named.name}.zip")
    if source and not path.is_dir() and path.suffix != ".zip":
        fields.fail("code", f"is neither a folder nor a zip file: {path}")
    elif source and not path.exists():
        fields.fail("code", f"does not exist: {path}")
    return path


def _role(fields: Fields, account: str) -> str:
    role = fields.text("role", "")
    if not role or _ROLE_ARN.fullmatch(role):
        return role
    if not _ROLE_NAME.fullmatch(role):
        fields.fail("role", f"is neither a role name nor a role ARN: {role!r}")
    return f"acs:ram::{account}:role/{role}"


def _environment(fields: Fields) -> dict[str, str]:
    part = fields.part("environmentVariables")
    values = {str(name): part.text(name, "") for name in part.values}
    for name in values:
        if name.startswith("FC_") or not re.fullmatch(r"[A-Za-z]\w*", name):
            part.fail(name, "is no name for an environment variable (FC_ is reserved)")
    if sum(len(key) + len(value) for key, value in values.items()) > _MAX_ENVIRONMENT:
        part.fail("", f"is longer than {_MAX_ENVIRONMENT} bytes")
    return values


def _layers(fields: Fields, known: Collection[str]) -> tuple[str, ...]:
    layers = [str(layer) for layer in fields.items("layers")]
    if len(layers) > 5:
        fields.fail("layers", "are more than 5")
    for layer in layers:
        if layer not in known and layer_name(layer) not in known:
            fields.fail("layers", f"the host has no layer {layer!r}; set one in `settings.layers`")
    return tuple(layers)


def layer_name(layer: str) -> str:
    """The bare name in `acs:fc:<region>:<account>:layers/<name>/versions/<n>`; other text as it is."""
    return layer.rpartition(":layers/")[2].partition("/versions/")[0] if ":layers/" in layer else layer


def _async_config(fields: Fields) -> AsyncConfig:
    destinations = fields.part("destinationConfig")
    success = destinations.part("onSuccess").text("destination", "")
    failure = destinations.part("onFailure").text("destination", "")
    for arn in (success, failure):
        if "functions/" in arn and parse_function_arn(arn) is None:
            destinations.fail("", f"is no function ARN: {arn!r}")
    return AsyncConfig(
        retries=int(fields.number("maxAsyncRetryAttempts", 3, 0, 8)),
        max_age=fields.number("maxAsyncEventAgeInSeconds", 18_000, 1, 2_592_000),
        on_success=success,
        on_failure=failure,
    )


def _hook(fields: Fields, most: float) -> Hook:
    handler = fields.text("handler", "")
    if "command" in fields.values:
        fields.fail("command", "the local cloud runs handlers only")
    if handler and not _HANDLER.fullmatch(handler):
        fields.fail("handler", f"is not file.function: {handler!r}")
    return Hook(handler, fields.number("timeout", 3, 1, most))
