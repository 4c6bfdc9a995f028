"""Writes a fix out in its four forms. Nothing of a value can be read as more than a value, in none of them.

Commands: https://www.alibabacloud.com/help/en/cli/ ; for OSS, ossutil 2.0 as the aliyun CLI has it from 3.0.304 on:
https://www.alibabacloud.com/help/en/cli/use-alibaba-cloud-cli-to-manage-oss-data . Terraform: the provider
aliyun/alicloud from 1.252.0 on, and Terraform from 1.5 on for `import` blocks.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from shlex import quote
from typing import Any

import msgspec

from rolemend.fix.documents import compact
from rolemend.fix.steps import Block, Call, Command, Document, OssCall, Reference, Steps
from rolemend.text import Text


class Forms(msgspec.Struct, frozen=True, kw_only=True):
    """The four forms, and the risk. Commands and calls stand one on a line."""

    console: tuple[Text, ...]
    cli: str
    terraform: str
    api: str
    risk: Text


def write(steps: Steps) -> Forms:
    """The forms of a fix."""
    calls = [*(step for step in steps.calls if not isinstance(step, Command)), *steps.api]
    return Forms(
        console=steps.console,
        cli=" &&\n".join(command(step) for step in steps.calls),
        terraform="\n".join([*([f"# {steps.note}"] if steps.note else []), *map(_block, steps.blocks)]),
        api="\n".join(_api(call) for call in calls) or "# No API call changes it.",
        risk=steps.risk,
    )


def command(step: Call | OssCall | Command) -> str:
    """One step as a command line."""
    if isinstance(step, Command):
        words = [*step.words]
    elif isinstance(step, OssCall):
        words = ["aliyun", "ossutil", "api", step.command, "--bucket", step.bucket]
        words += ["--key", step.key] if step.key else []
        words += ["--region", step.region] if step.region else []
        words += ["--body", step.body] if step.body else []
    else:
        words = ["aliyun", step.product.lower(), step.action]
        for name, value in step.parameters.items():
            for full, word in _flat(name, value):
                words += [f"--{full}", word]
    return " ".join(quote(_ascii(word)) for word in words)


def _flat(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """A parameter as the CLI takes it: lists of objects as `Name.1.Member`, the body of a call as JSON."""
    if isinstance(value, list) and name != "body":
        for number, member in enumerate(value, 1):
            yield from _flat(f"{name}.{number}", member)
    elif isinstance(value, dict) and name != "body":
        for key, member in value.items():
            yield from _flat(f"{name}.{key}", member)
    else:
        yield name, value if isinstance(value, str) else compact(value)


def _ascii(word: str) -> str:
    """What is no printable ASCII can only be a mistake here: it is made visible."""
    return "".join(char if " " <= char <= "~" else f"\\u{ord(char):04x}" for char in word)


def _api(call: Call | OssCall) -> str:
    if isinstance(call, OssCall):
        asked: dict[str, Any] = {
            "product": "Oss",
            "version": "2019-05-17",
            "action": "".join(word.capitalize() for word in call.command.split("-")),
            "method": call.method,
            "bucket": call.bucket,
            "subresource": call.subresource,
        }
        asked |= {"object": call.key} if call.key else {}
        return compact(asked | {"body": _json(call.body)} if call.body else asked)
    return compact(
        {
            "product": call.product,
            "version": call.version,
            "action": call.action,
            "parameters": call.parameters,
        }
    )


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _block(block: Block) -> str:
    head = block.block + (f' "{block.kind}"' if block.kind else "")
    head += f' "{block.name}"' if block.block in ("resource", "data") else ""
    lines = list(_arguments(block.arguments, 2))
    for name, arguments in block.nested:
        lines += [f"  {name} {{", *_arguments(arguments, 4), "  }"]
    return "\n".join([f"{head} {{", *lines, "}"])


def _arguments(arguments: dict[str, Any], indent: int) -> Iterator[str]:
    width = max((len(name) for name in arguments), default=0)
    for name, value in arguments.items():
        yield f"{' ' * indent}{name:<{width}} = {hcl(value)}"


def hcl(value: Any) -> str:
    """A value in Terraform's language. A document stands in a heredoc, which it can neither end nor fill in."""
    if isinstance(value, Reference):
        return value.expression
    if isinstance(value, Document):
        return f"<<EOF\n{value.text}\nEOF"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return f"[{', '.join(hcl(member) for member in value)}]"
    return f'"{_escaped(str(value))}"'


def _escaped(text: str) -> str:
    """The inside of a quoted string: https://developer.hashicorp.com/terraform/language/expressions/strings ."""
    shown = text.replace("\\", "\\\\").replace('"', '\\"')
    shown = shown.replace("${", "\\u0024{").replace("%{", "\\u0025{")
    return "".join(
        char
        if " " <= char <= "~"
        else f"\\u{ord(char):04x}"
        if ord(char) < 0x10000
        else f"\\U{ord(char):08x}"
        for char in shown
    )
