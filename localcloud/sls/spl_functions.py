"""SPL's expressions as typed closures over one log, with SQL's three-valued logic: None is null and unknown.

Functions: https://help.aliyun.com/zh/sls/spl-instructions-and-functions/ . An error in the data of one log
(a cast of what is no number, a JSON path into no JSON) gives null, as SPL documents for data errors, and
does not fail the call.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from localcloud.errors import Unsupported
from localcloud.sls.messages import Row
from localcloud.sls.regex import Regex, RegexError
from localcloud.sls.spl_tokens import Token, spl_error

Run = Callable[[Row], Any]


class Expression(NamedTuple):
    """`type` is varchar, bigint, double, boolean or unknown (null); `constant` is set for a literal."""

    type: str
    run: Run
    constant: Any = None


NULL = Expression("unknown", lambda row: None)
_NUMBERS = {"bigint", "double"}


def constant(type_: str, value: Any) -> Expression:
    return Expression(type_, lambda row: value, value)


def field(name: str) -> Expression:
    """A field of the log: text, but `__time__` is a number; null if the log has no such field."""
    if name == "__time__":
        return Expression("bigint", lambda row: int(row[name]))
    return Expression("varchar", lambda row: row.get(name))


def same_kind(left: Expression, right: Expression) -> bool:
    """Whether two operands can be compared: SPL does not turn text into numbers by itself."""
    return (
        "unknown" in (left.type, right.type) or left.type == right.type or {left.type, right.type} <= _NUMBERS
    )


def call_function(name: Token, arguments: list[Expression]) -> Expression:
    """A function call; unknown functions are unsupported, wrong arguments an error with the place."""
    known = _FUNCTIONS.get(name.value.lower())
    if known is None:
        raise Unsupported("sls", f"the SPL function {name.value} (character {name.place})")
    least, most, build = known
    if not least <= len(arguments) <= most:
        raise spl_error(
            name.place, f"Unexpected number of parameters ({len(arguments)}) for function {name.value}"
        )
    return build(name, arguments)


def _text_argument(name: Token, argument: Expression) -> Run:
    if argument.type not in ("varchar", "unknown"):
        raise spl_error(name.place, f"Unexpected parameters ({argument.type}) for function {name.value}")
    return argument.run


def _literal(name: Token, argument: Expression) -> str:
    if not isinstance(argument.constant, str):
        raise spl_error(
            name.place, f"the second parameter of function {name.value} must be a string constant"
        )
    return argument.constant


def _on_text(type_: str, work: Callable[[str], Any]) -> Callable[[Token, list[Expression]], Expression]:
    """A function of one text that is null for null."""

    def build(name: Token, arguments: list[Expression]) -> Expression:
        text = _text_argument(name, arguments[0])

        def run(row: Row) -> Any:
            value = text(row)
            return None if value is None else work(value)

        return Expression(type_, run)

    return build


def _coalesce(name: Token, arguments: list[Expression]) -> Expression:
    for argument in arguments[1:]:
        if not same_kind(arguments[0], argument):
            raise spl_error(name.place, f"All COALESCE operands must be the same type: {arguments[0].type}")
    type_ = next((argument.type for argument in arguments if argument.type != "unknown"), "unknown")
    runs = [argument.run for argument in arguments]
    return Expression(
        type_, lambda row: next((value for run in runs if (value := run(row)) is not None), None)
    )


def _strpos(name: Token, arguments: list[Expression]) -> Expression:
    text, part = (_text_argument(name, argument) for argument in arguments)

    def run(row: Row) -> int | None:
        haystack, needle = text(row), part(row)
        return None if haystack is None or needle is None else haystack.find(needle) + 1

    return Expression("bigint", run)


def _regexp_like(name: Token, arguments: list[Expression]) -> Expression:
    try:
        pattern = Regex(_literal(name, arguments[1]))
    except RegexError as error:
        if error.unsupported:
            raise Unsupported("sls", f"{error} (character {name.place})") from error
        raise spl_error(name.place, f"invalid regular expression: {error}") from error
    return _on_text("boolean", pattern.search)(name, arguments[:1])


def _json_extract_scalar(name: Token, arguments: list[Expression]) -> Expression:
    path = json_path(name, _literal(name, arguments[1]))
    return _on_text("varchar", lambda text: json_scalar(text, path))(name, arguments[:1])


_PATH_STEP = re.compile(r"""\.([A-Za-z0-9_\-]+)|\[(\d+)\]|\["([^"]*)"\]|\['([^']*)'\]""")


def json_path(name: Token, path: str) -> list[str | int]:
    """`$.a.b[0]["c d"]` as steps; an error at `name` for what is no path."""
    steps: list[str | int] = []
    at = 1
    while path.startswith("$") and (match := _PATH_STEP.match(path, at)):
        member, index, *quoted = match.groups()
        steps.append(int(index) if index is not None else member or quoted[0] or quoted[1] or "")
        at = match.end()
    if at != len(path) or not path.startswith("$"):
        raise spl_error(name.place, f"Invalid JSON path: '{path}'")
    return steps


@lru_cache(maxsize=4)
def _decode(text: str) -> Any:
    """Several paths into one field of one log are usual: its JSON is read once."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None


def json_scalar(text: str, path: list[str | int]) -> str | None:
    """The scalar at a path, as text; None for null, objects, lists, what is not there and what is no JSON."""
    value = _decode(text)
    for step in path:
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and step < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None or isinstance(value, (dict, list)) else str(value)


_WHOLE = re.compile(r"[+-]?\d{1,19}", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_TRUE, _FALSE = ("t", "true", "1"), ("f", "false", "0")


def cast(value: Any, type_: str) -> Any:
    """A value as another type; None if it is not one."""
    if value is None:
        return None
    if type_ == "varchar":
        return str(value).lower() if isinstance(value, bool) else str(value)
    if type_ == "boolean":
        word = str(value).lower()
        return True if word in _TRUE else False if word in _FALSE else None
    if type_ == "bigint":
        return _whole(value)
    return None if isinstance(value, str) and not _DECIMAL.fullmatch(value) else float(value)


def _whole(value: str | float) -> int | None:
    if isinstance(value, str):
        return int(value) if _WHOLE.fullmatch(value) else None
    return round(value) if math.isfinite(value) else None


CAST_TYPES = {"varchar", "bigint", "double", "boolean"}

_Build = Callable[[Token, list[Expression]], Expression]
_FUNCTIONS: dict[str, tuple[int, int, _Build]] = {
    "coalesce": (1, 100, _coalesce),
    "json_extract_scalar": (2, 2, _json_extract_scalar),
    "length": (1, 1, _on_text("bigint", len)),
    "lower": (1, 1, _on_text("varchar", str.lower)),
    "regexp_like": (2, 2, _regexp_like),
    "strpos": (2, 2, _strpos),
    "upper": (1, 1, _on_text("varchar", str.upper)),
}
"""Name: fewest and most arguments, and what builds the call."""
