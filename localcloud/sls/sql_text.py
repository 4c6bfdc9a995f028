"""A SELECT of SLS, read word by word and written anew for SQLite.

Clauses: https://www.alibabacloud.com/help/en/sls/user-guide/group-by-clause and its neighbours. Each column is named by
a number there: in SQLite a quoted name that is no column would be a text, and names that differ by case alone be one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from localcloud.errors import CloudError, Unsupported
from localcloud.sls.spl_functions import json_path
from localcloud.sls.spl_tokens import Token, spl_error, tokenize

DEFAULT_ROWS = 100
MOST_ROWS = 1_000_000
"""https://www.alibabacloud.com/help/en/sls/limit-clause"""

_CLAUSES = ("select", "from", "where", "group", "having", "order", "limit")
_AGGREGATES = {"count": 1, "min": 1, "max": 1, "max_by": 2}
_FUNCTIONS = {**_AGGREGATES, "json_extract_scalar": 2}
"""How many arguments each takes.

https://www.alibabacloud.com/help/en/sls/user-guide/general-aggregate-functions ,
https://www.alibabacloud.com/help/en/sls/user-guide/json-functions
"""
_WORDS = frozenset({"and", "or", "not", "in", "like", "escape", "is", "null", "between", "distinct"})
_REFUSED = frozenset(
    {
        "select", "union", "intersect", "except", "join", "on", "over", "case", "when", "then", "else", "end", "cast",
        "exists", "interval", "array", "row", "rollup", "cube", "grouping", "offset", "with", "true", "false",
    }
)  # fmt: skip
_SIGNS = frozenset({"=", "!=", "<>", "<", "<=", ">", ">=", "(", ")", ","})

Tokens = Sequence[Token]


class Statement(NamedTuple):
    """`sql` over a table `log` whose columns are called by their numbers, the names of its answer, and its columns."""

    sql: str
    names: tuple[str, ...]
    columns: tuple[Token, ...]


class _Item(NamedTuple):
    name: str
    tokens: Tokens


def read_statement(text: str, begin: int) -> Statement:
    """The statement from an index of the text on. ParameterInvalid for a mistake, Unsupported for what is not there."""
    clauses = _clauses(tokenize(text, begin))
    writer = _Writer()
    first = clauses["select"]
    distinct = bool(first) and first[0].is_word("distinct")
    items = [_item(each, at) for at, each in enumerate(_parts(first[int(distinct) :]))]
    groups = _groups(clauses)
    _check_items(items, groups, is_aggregated=bool(groups) or "having" in clauses)
    pieces = ["select distinct" if distinct else "select"]
    pieces.append(", ".join(writer.expression(each.tokens) for each in items))
    pieces.append(_source(clauses))
    for clause in ("where", "having"):
        if clause == "having" and groups:
            pieces.append("group by " + ", ".join(map(writer.column, groups)))
        if clause in clauses:
            pieces += [clause, writer.expression(clauses[clause])]
    pieces += [_order(clauses, items, writer, is_aggregated=bool(groups)), _limit(clauses)]
    sql = " ".join(piece for piece in pieces if piece)
    return Statement(sql, tuple(each.name for each in items), tuple(writer.columns.values()))


def _clauses(tokens: Tokens) -> dict[str, list[Token]]:
    """What stands behind each clause's word; each stands once at most, in their order."""
    found: dict[str, list[Token]] = {}
    depth, reached = 0, -1
    end = len(tokens) - (2 if len(tokens) > 1 and _is_sign(tokens[-2], ";") else 1)
    for token in tokens[:end]:
        depth += _is_sign(token, "(") - _is_sign(token, ")")
        if reached >= 0 and token.is_word(*_REFUSED):
            raise Unsupported("sls", f"{token.value} in SQL (character {token.place})")
        if depth == 0 and token.is_word(*_CLAUSES):
            place = _CLAUSES.index(token.value.lower())
            if place <= reached or (reached < 0 and place > 0):
                raise _mismatched(token)
            reached = place
            found[_CLAUSES[place]] = []
        elif reached < 0:
            raise Unsupported("sls", f"SQL that begins with {token.value}")
        elif depth < 0:
            raise _mismatched(token)
        else:
            found[_CLAUSES[reached]].append(token)
    if "select" not in found or depth:
        raise _mismatched(tokens[-1])
    return found


def _mismatched(token: Token) -> CloudError:
    return spl_error(token.place, f"mismatched input '{token.value}'")


def _is_sign(token: Token, value: str) -> bool:
    return token.kind == "sign" and token.value == value


def _is_column(token: Token) -> bool:
    if token.kind == "quoted":
        return True
    return token.kind == "name" and token.value.lower() not in _WORDS | _REFUSED


def _parts(tokens: Tokens) -> Iterator[Tokens]:
    """What stands between commas outside of parentheses; an error where nothing does."""
    depth, begin = 0, 0
    for at, token in enumerate(tokens):
        depth += _is_sign(token, "(") - _is_sign(token, ")")
        if depth == 0 and _is_sign(token, ","):
            yield _not_empty(tokens[begin:at], token)
            begin = at + 1
    yield _not_empty(tokens[begin:], tokens[-1] if tokens else Token("end", "end of query", 1))


def _not_empty(tokens: Tokens, where: Token) -> Tokens:
    if not tokens:
        raise _mismatched(where)
    return tokens


def _item(tokens: Tokens, number: int) -> _Item:
    """An item of the answer and its name: what stands behind AS, a column's own, or its number."""
    if len(tokens) > 2 and tokens[-2].is_word("as") and tokens[-1].kind in ("name", "quoted"):
        return _Item(tokens[-1].value, tokens[:-2])
    if len(tokens) == 1 and _is_column(tokens[0]):
        return _Item(tokens[0].value, tokens)
    if len(tokens) > 1 and _is_column(tokens[-1]) and not _opens(tokens[-2]):
        raise Unsupported("sls", f"a name without AS in SQL (character {tokens[-1].place})")
    return _Item(f"_col{number}", tokens)


def _opens(token: Token) -> bool:
    """Whether an operand must follow."""
    return (token.kind == "sign" and token.value != ")") or token.is_word(*_WORDS)


def _groups(clauses: dict[str, list[Token]]) -> list[Token]:
    groups = list(_parts(_by(clauses["group"]))) if "group" in clauses else []
    for each in groups:
        if len(each) > 1 or not _is_column(each[0]):
            raise Unsupported("sls", f"GROUP BY something else than columns (character {each[0].place})")
    return [each[0] for each in groups]


def _by(tokens: Tokens) -> Tokens:
    if not tokens or not tokens[0].is_word("by"):
        raise _mismatched(tokens[0] if tokens else Token("end", "end of query", 1))
    return tokens[1:]


def _is_aggregate(tokens: Tokens) -> bool:
    return any(one.is_word(*_AGGREGATES) and _is_sign(other, "(") for one, other in pairwise(tokens))


def _check_items(items: Sequence[_Item], groups: Tokens, *, is_aggregated: bool) -> None:
    """Of a group only its columns and aggregates can be answered; and every name once."""
    is_aggregated = is_aggregated or any(_is_aggregate(each.tokens) for each in items)
    grouped = {token.value for token in groups}
    for at, each in enumerate(items):
        if each.name in {other.name for other in items[:at]}:
            raise spl_error(each.tokens[0].place, f"duplicate keys ({each.name}) is not allowed")
        if is_aggregated and not _is_aggregate(each.tokens):
            _check_grouped(each.tokens, grouped)


def _check_grouped(tokens: Tokens, grouped: set[str]) -> None:
    for at, token in enumerate(tokens):
        called = at + 1 < len(tokens) and _is_sign(tokens[at + 1], "(")
        if _is_column(token) and not called and token.value not in grouped:
            text = f"'{token.value}' must be an aggregate expression or appear in GROUP BY clause"
            raise spl_error(token.place, text)


def _source(clauses: dict[str, list[Token]]) -> str:
    """`from log`, which may be left out."""
    given = clauses.get("from")
    if given is not None and not (len(given) == 1 and given[0].is_word("log")):
        raise Unsupported("sls", "SQL from something else than log")
    return "from log"


def _order(
    clauses: dict[str, list[Token]], items: Sequence[_Item], writer: _Writer, *, is_aggregated: bool
) -> str:
    """An item of the answer by its number; nothing comes last, either way."""
    if "order" not in clauses:
        return ""
    numbers = {each.name: str(at) for at, each in enumerate(items, 1)}
    keys = []
    for given in _parts(_by(clauses["order"])):
        direction = given[-1].value if given[-1].is_word("asc", "desc") else "asc"
        tokens = _not_empty(given[:-1] if given[-1].is_word("asc", "desc") else given, given[-1])
        number = numbers.get(tokens[0].value) if len(tokens) == 1 and _is_column(tokens[0]) else None
        if number is None and is_aggregated and not _is_aggregate(tokens):
            _check_grouped(tokens, set(numbers))
        keys.append(f"{number or writer.expression(tokens)} {direction} nulls last")
    return "order by " + ", ".join(keys)


def _limit(clauses: dict[str, list[Token]]) -> str:
    """`limit x`, or `limit y, x` with an offset."""
    if "limit" not in clauses:
        return f"limit {DEFAULT_ROWS}"
    given = [each[0] for each in _parts(clauses["limit"]) if len(each) == 1]
    if len(given) not in (1, 2) or not all(
        token.kind == "number" and token.value.isdigit() for token in given
    ):
        raise _mismatched(clauses["limit"][0])
    *offset, most = (int(token.value) for token in given)
    if most + sum(offset) > MOST_ROWS:
        raise spl_error(given[-1].place, f"LIMIT exceeds {MOST_ROWS}")
    return f"limit {most} offset {sum(offset)}"


class _Writer:
    """Writes expressions, and numbers the columns that they name."""

    def __init__(self) -> None:
        self.columns: dict[str, Token] = {}

    def column(self, token: Token) -> str:
        self.columns.setdefault(token.value, token)
        return f'"{list(self.columns).index(token.value)}"'

    def expression(self, tokens: Tokens) -> str:
        for at, token in enumerate(tokens):
            if token.kind == "name" and at + 1 < len(tokens) and _is_sign(tokens[at + 1], "("):
                _check_call(token, tokens[at + 2 :])
        return " ".join(self._piece(tokens, at) for at in range(len(tokens)))

    def _piece(self, tokens: Tokens, at: int) -> str:
        token, word = tokens[at], tokens[at].value.lower()
        if token.kind == "text":
            return "'" + token.value.replace("'", "''") + "'"
        if token.kind == "number":
            return token.value
        if token.kind == "sign":
            if token.value in _SIGNS or (token.value == "*" and at > 1 and tokens[at - 2].is_word("count")):
                return token.value
            raise Unsupported("sls", f"{token.value} in SQL (character {token.place})")
        if token.kind == "name" and (word in _WORDS or (word in _FUNCTIONS and _is_called(tokens, at))):
            return word
        if not _is_column(token):
            raise Unsupported("sls", f"{token.value} in SQL (character {token.place})")
        return self.column(token)


def _is_called(tokens: Tokens, at: int) -> bool:
    return at + 1 < len(tokens) and _is_sign(tokens[at + 1], "(")


def _check_call(name: Token, behind: Tokens) -> None:
    """A function that is there, with as many arguments as it takes."""
    word = name.value.lower()
    if word in _WORDS:
        return
    if word not in _FUNCTIONS:
        raise Unsupported("sls", f"the SQL function {name.value} (character {name.place})")
    depth, end = 1, 0
    while end < len(behind) and depth:
        depth += _is_sign(behind[end], "(") - _is_sign(behind[end], ")")
        end += 1
    arguments = list(_parts(behind[: end - 1]))
    if len(arguments) != _FUNCTIONS[word]:
        text = f"Unexpected number of parameters ({len(arguments)}) for function {name.value}"
        raise spl_error(name.place, text)
    if word == "json_extract_scalar":
        path = arguments[1][0]
        if len(arguments[1]) > 1 or path.kind != "text":
            raise spl_error(
                name.place, "the second parameter of function json_extract_scalar must be a string constant"
            )
        json_path(path, path.value)
