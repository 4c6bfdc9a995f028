"""Reads the printed forms back, as a shell, Terraform and a JSON parser read them, and makes their calls."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass, field
from typing import Any

from demo import clients
from demo.clients import Keys

HOSTS = {"ram": "ram.aliyuncs.com", "sts": "sts.aliyuncs.com", "emr": "emr.{region}.aliyuncs.com"}
VERSIONS = {"ram": "2015-05-01", "sts": "2015-04-01", "emr": "2021-03-20"}


@dataclass(frozen=True)
class Printed:
    """A call as a form names it. `parameters` are strings from a command, JSON values from an API form."""

    product: str
    action: str
    parameters: dict[str, Any] = field(default_factory=dict)


def commands(cli: str) -> list[list[str]]:
    """The words of each command; nothing but `&&` joins them."""
    found: list[list[str]] = [[]]
    for word in shlex.split(cli):
        if word == "&&":
            found.append([])
        else:
            found[-1].append(word)
    return found


def from_cli(cli: str) -> list[Printed]:
    """The calls of a CLI form; a command that calls no API is left out."""
    calls = []
    for words in commands(cli):
        if words[:3] == ["aliyun", "ossutil", "api"]:
            calls.append(Printed("oss", camel(words[3]), options(words[4:])))
        elif words[0] == "aliyun" and words[1] != "oss":
            calls.append(Printed(words[1], words[2], options(words[3:])))
    return calls


def options(words: list[str]) -> dict[str, str]:
    assert len(words) % 2 == 0, words
    names, values = words[::2], words[1::2]
    assert all(name.startswith("--") for name in names), words
    return {name.removeprefix("--"): value for name, value in zip(names, values, strict=True)}


def camel(command: str) -> str:
    return "".join(word.capitalize() for word in command.split("-"))


def from_api(api: str) -> list[Printed]:
    """The calls of an API form."""
    calls = []
    for line in api.splitlines():
        if line.startswith("#"):
            continue
        told = json.loads(line)
        product = told["product"].lower()
        if product == "oss":
            parameters = {"bucket": told["bucket"]} | ({"body": told["body"]} if "body" in told else {})
            calls.append(Printed("oss", told["action"], parameters))
        else:
            assert told["version"] == VERSIONS.get(product, told["version"])
            calls.append(Printed(product, told["action"], told["parameters"]))
    return calls


def make(calls: list[Printed], keys: Keys, region: str = "cn-hangzhou") -> None:
    """Make the calls through the real SDKs, whatever they are."""
    for call in calls:
        if call.product == "oss":
            _call_oss(call, keys, region)
        else:
            _call_openapi(call, keys, region)


def _call_openapi(call: Printed, keys: Keys, region: str) -> None:
    from alibabacloud_tea_openapi.client import Client
    from alibabacloud_tea_openapi.models import OpenApiRequest, Params
    from alibabacloud_tea_util.models import RuntimeOptions

    client = Client(clients.config(keys, HOSTS[call.product].format(region=region), region))
    params = Params(
        action=call.action,
        version=VERSIONS[call.product],
        protocol="HTTPS",
        pathname="/",
        method="POST",
        auth_type="AK",
        style="RPC",
        req_body_type="formData",
        body_type="json",
    )
    query = {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in call.parameters.items()
    }
    client.call_api(params, OpenApiRequest(query=query), RuntimeOptions())


def _call_oss(call: Printed, keys: Keys, region: str) -> None:
    bucket = clients.bucket(keys, call.parameters["bucket"], call.parameters.get("region", region))
    method = getattr(bucket, re.sub(r"(?<!^)(?=[A-Z])", "_", call.action).lower())
    body = call.parameters.get("body")
    if body is None:
        method()
    else:
        method(body if isinstance(body, str) else json.dumps(body))


class Tangled(ValueError):
    """Text that Terraform would not read as the blocks it should be."""


def blocks(hcl: str) -> list[tuple[list[str], dict[str, Any]]]:
    """Every block of a Terraform form: its labels, and its arguments (nested blocks as `name.argument`)."""
    lines = iter(hcl.splitlines())
    found: list[tuple[list[str], dict[str, Any]]] = []
    for line in lines:
        if line.startswith("#"):
            continue
        head = re.fullmatch(r"(resource|data|provider|import)((?: \"[a-z_0-9]+\")*) \{", line)
        if head is None:
            raise Tangled(line)
        found.append(([head[1], *re.findall(r'"([^"]*)"', head[2])], dict(_body(lines, "  "))))
    return found


def _body(lines: Any, indent: str) -> Any:
    for line in lines:
        if line == indent[2:] + "}":
            return
        if not line.startswith(indent):
            raise Tangled(line)
        if nested := re.fullmatch(r"([a-z_]+) \{", line[len(indent) :]):
            for name, value in _body(lines, indent + "  "):
                yield f"{nested[1]}.{name}", value
            continue
        argument = re.fullmatch(r"([a-z_]+) *= (.*)", line[len(indent) :])
        if argument is None:
            raise Tangled(line)
        yield argument[1], _value(argument[2], lines)
    raise Tangled("a block is not closed")


def _value(written: str, lines: Any) -> Any:
    if written == "<<EOF":
        content: list[str] = []
        for line in lines:
            if line.strip() == "EOF":
                return template("\n".join(content))
            content.append(line)
        raise Tangled("a heredoc is not closed")
    if written.startswith('"'):
        return string(written)
    if re.fullmatch(r"true|false|[0-9]+|[a-z_]+(\.[a-z_0-9]+)+|[a-z0-9]+\(\"[a-z.\- ]+\"\)", written):
        return written
    raise Tangled(written)


def template(text: str) -> str:
    """A template without any filling in."""
    if re.search(r"(?<!\$)\$\{|(?<!%)%\{", text):
        raise Tangled(text)
    return text


_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}


def string(written: str) -> str:
    """A quoted string of Terraform, with its escapes read."""
    if not re.fullmatch(r'"(?:[^"\\]|\\.)*"', written):
        raise Tangled(written)
    inside = template(written[1:-1])
    escape = re.compile(r"\\(?:u([0-9a-f]{4})|U([0-9a-f]{8})|(.))", re.DOTALL)
    return escape.sub(
        lambda found: chr(int(found[1] or found[2], 16)) if not found[3] else _ESCAPES[found[3]], inside
    )
