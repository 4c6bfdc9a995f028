"""What a fix comes down to: calls, commands and blocks of Terraform, before they are written out."""

from __future__ import annotations

from typing import Any

import msgspec

from rolemend.text import Text


class Call(msgspec.Struct, frozen=True):
    """A call of an OpenAPI: names as the service has them, values as JSON has them."""

    product: str
    version: str
    action: str
    parameters: dict[str, Any] = {}


class OssCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call of OSS: `command` as ossutil 2.0 names it (`put-bucket-policy`), `key` an object, `body` a JSON text; ""
    for none."""

    command: str
    method: str
    subresource: str
    bucket: str
    key: str = ""
    region: str = ""
    body: str = ""


class Command(msgspec.Struct, frozen=True):
    """A command line that is no call of an API, word for word."""

    words: tuple[str, ...]


class Reference(msgspec.Struct, frozen=True):
    """An expression of Terraform, written here and taken from nowhere."""

    expression: str


class Document(msgspec.Struct, frozen=True):
    """A document in the spelling of `documents.compact`, or its placeholder."""

    text: str


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """A block of Terraform: `resource`, `data`, `provider`, or `import` of a resource that is there already."""

    block: str = "resource"
    kind: str = ""
    name: str = "fix"
    arguments: dict[str, Any] = {}
    nested: tuple[tuple[str, dict[str, Any]], ...] = ()


class Steps(msgspec.Struct, frozen=True, kw_only=True):
    """A fix in all its parts. `note` is a comment in Terraform, and stands alone where the
    provider has nothing for it. `api` are calls for who does not use the commands, where these call no API."""

    console: tuple[Text, ...]
    calls: tuple[Call | OssCall | Command, ...]
    api: tuple[Call, ...] = ()
    blocks: tuple[Block, ...] = ()
    note: str = ""
    risk: Text


def ram(action: str, **parameters: Any) -> Call:
    return Call("Ram", "2015-05-01", action, parameters)


def imported(block: Block, identity: str) -> tuple[Block, Block]:
    """A resource that is there already, with the block that lets Terraform take it over."""
    to = Reference(f"{block.kind}.{block.name}")
    return Block(block="import", arguments={"to": to, "id": identity}), block
