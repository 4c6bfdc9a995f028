"""The words of SPL, each with its place, and the errors that name it.

Syntax: https://help.aliyun.com/zh/sls/basic-spl-syntax
"""

from __future__ import annotations

import re
from typing import NamedTuple

from localcloud.errors import CloudError

MAX_SCRIPT = 64 * 1024
"""Characters of a script; the documented limit of 10 KB to 128 KB differs by product function and edition."""

_TOKEN = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<number>\d+\.\d+|\d+)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<text>'(?:[^']|'')*')"
    r'|(?P<quoted>"(?:[^"]|"")*")'
    r"|(?P<sign><=|>=|<>|!=|==|[=<>(),|;*+\-/%])"
)


class Token(NamedTuple):
    """`kind` is number, name, text, quoted (a field name), sign or end; `place` counts characters from 1."""

    kind: str
    value: str
    place: int

    def is_word(self, *words: str) -> bool:
        return self.kind == "name" and self.value.lower() in words


def spl_error(place: int, message: str) -> CloudError:
    """An SPL or query error as SLS words it, with the place."""
    text = f"ErrorType:SyntaxError.ErrorPosition,line:1,column:{place}.ErrorMessage:line 1:{place}: {message}"
    return CloudError("ParameterInvalid", text, 400)


def tokenize(script: str, begin: int = 0) -> list[Token]:
    """The words of a script from index `begin` on, and an end mark."""
    if len(script) > MAX_SCRIPT:
        raise spl_error(1, f"the script is longer than {MAX_SCRIPT} characters")
    tokens, at = [], begin
    while at < len(script):
        match = _TOKEN.match(script, at)
        if match is None:
            what = "unterminated quotation" if script[at] in "'\"" else f"unexpected character {script[at]!r}"
            raise spl_error(at + 1, what)
        if match.lastgroup != "space":
            tokens.append(_token(match, at + 1))
        at = match.end()
    return [*tokens, Token("end", "end of script", len(script) + 1)]


def _token(match: re.Match[str], place: int) -> Token:
    kind, value = str(match.lastgroup), match.group()
    if kind == "text":
        value = value[1:-1].replace("''", "'")
    elif kind == "quoted":
        value = value[1:-1].replace('""', '"')
    return Token(kind, value, place)
