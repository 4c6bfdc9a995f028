"""The search language in front of the first `|`: words, `field: value`, ranges, and/or/not, parentheses.

Syntax: https://help.aliyun.com/zh/sls/query-syntax . Precedence: `:` before `not` before `and` before `or`;
words next to each other are joined by and. Behind the `|` stands SPL (`spl.py`) or SQL (`sql.py`). Missing: phrase
search with `#"..."` and leading wildcards.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from localcloud.errors import CloudError, Unsupported
from localcloud.sls.index import FieldIndex, Index
from localcloud.sls.messages import Row
from localcloud.sls.spl import compile_stages
from localcloud.sls.sql import Analysis, read_analysis
from localcloud.sls.wildcards import compile_pattern, word_pattern

Test = Callable[[Row], bool]
MAX_QUERY = 10_000
_MAX_DEPTH = 100
_TOKEN = re.compile(
    r'(?P<space>\s+)|(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<sign>>=|<=|!=|[()\[\]:=<>])|(?P<word>(?:[^\s()\[\]:=<>"\\]|\\.)+)'
)


class Query(NamedTuple):
    """A compiled query: the test, whether it scans (has SPL stages), and the SQL over what is found."""

    matches: Test
    scans: bool
    analysis: Analysis | None = None


def compile_query(text: str, index: Index) -> Query:
    """A query of GetLogs or GetHistograms: a search, and SPL's `| where` behind it if it scans."""
    if len(text) > MAX_QUERY:
        raise _invalid(MAX_QUERY, f"the query is longer than {MAX_QUERY} characters")
    bar = _first_bar(text)
    search = _Parser(text[: len(text) if bar < 0 else bar], index).parse()
    if bar < 0:
        return Query(search, False)
    if re.match(r"\|\s*(select|set|with)\b", text[bar:], re.IGNORECASE):
        return Query(search, False, read_analysis(text, bar, index))
    stages = compile_stages(text, bar).passes
    return Query(lambda row: search(row) and stages(row), True)


def _first_bar(text: str) -> int:
    """The first `|` outside double quotes; -1 if there is none."""
    quoted = False
    for place, character in enumerate(text):
        if character == '"' and text[place - 1 : place] != "\\":
            quoted = not quoted
        elif character == "|" and not quoted:
            return place
    return -1


def _invalid(place: int, message: str) -> CloudError:
    text = f"ErrorType:QueryParseError.ErrorMessage:syntax error at position {place}: {message}"
    return CloudError("ParameterInvalid", text, 400)


class _Token(NamedTuple):
    kind: str
    value: str
    place: int


def _tokens(text: str) -> list[_Token]:
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _invalid(at + 1, "unterminated quotation")
        kind, value = str(match.lastgroup), match.group()
        if kind == "quoted":
            value = value[1:-1]
        if kind in ("quoted", "word"):
            value = re.sub(r"\\(.)", r"\1", value)
        if kind != "space":
            found.append(_Token(kind, value, at + 1))
        at = match.end()
    return [*found, _Token("end", "end of query", len(text) + 1)]


class _Parser:
    def __init__(self, text: str, index: Index) -> None:
        self._index = index
        self._tokens = _tokens(text)
        self._at = 0
        self._depth = 0

    def parse(self) -> Test:
        if self._peek().kind == "end":
            return lambda row: True
        test = self._or()
        if self._peek().kind != "end":
            raise _invalid(self._peek().place, f"unexpected {self._peek().value!r}")
        return test

    def _peek(self) -> _Token:
        return self._tokens[self._at]

    def _next(self) -> _Token:
        token = self._tokens[self._at]
        self._at += token.kind != "end"
        return token

    def _accept(self, *values: str) -> bool:
        token = self._peek()
        found = token.kind in ("sign", "word") and token.value.lower() in values
        self._at += found
        return found

    def _or(self) -> Test:
        tests = [self._and()]
        while self._accept("or"):
            tests.append(self._and())
        return tests[0] if len(tests) == 1 else lambda row: any(test(row) for test in tests)

    def _and(self) -> Test:
        tests = [self._not()]
        while self._accept("and") or not self._ends_and():
            tests.append(self._not())
        return tests[0] if len(tests) == 1 else lambda row: all(test(row) for test in tests)

    def _ends_and(self) -> bool:
        token = self._peek()
        return token.kind == "end" or (token.kind != "quoted" and token.value.lower() in ("or", ")"))

    def _not(self) -> Test:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise _invalid(self._peek().place, "the query is nested too deeply")
        if self._accept("not"):
            test = _negated(self._not())
        else:
            test = self._primary()
        self._depth -= 1
        return test

    def _primary(self) -> Test:
        if self._accept("("):
            test = self._or()
            if not self._accept(")"):
                raise _invalid(self._peek().place, "missing )")
            return test
        token = self._next()
        if token.kind not in ("word", "quoted") or (
            token.kind == "word" and token.value.lower() in ("and", "or")
        ):
            raise _invalid(token.place, f"unexpected {token.value!r}")
        return self._with_field(token) or self._full_text(token)

    def _with_field(self, name: _Token) -> Test | None:
        """`name: value`, `name >= number`, `name = number`, `name in [a b)`; None if no operator follows."""
        operator = self._peek()
        if operator.value == ":" and operator.kind == "sign":
            self._at += 1
            return self._field_value(self._index.field(name.value))
        if operator.kind == "sign" and operator.value in (">", ">=", "<", "<=", "="):
            self._at += 1
            return _ranged(self._numeric(name), operator.value, self._number())
        if (
            operator.kind == "word"
            and operator.value.lower() == "in"
            and self._tokens[self._at + 1].value in ("[", "(")
        ):
            self._at += 1
            return self._interval(self._numeric(name))
        if operator.value == "!=" and operator.kind == "sign":
            raise _invalid(operator.place, "use not and a colon in place of !=")
        return None

    def _numeric(self, name: _Token) -> FieldIndex:
        field = self._index.field(name.value)
        if field.type not in ("long", "double", "any"):
            raise _invalid(
                name.place, f"key ({name.value}) is not a number: ranges need an index of type long or double"
            )
        return field

    def _number(self) -> float:
        token = self._next()
        try:
            return float(token.value)
        except ValueError as error:
            raise _invalid(token.place, f"{token.value!r} is not a number") from error

    def _interval(self, field: FieldIndex) -> Test:
        low = _ranged(field, ">=" if self._next().value == "[" else ">", self._number())
        high_value, closing = self._number(), self._next()
        if closing.value not in ("]", ")"):
            raise _invalid(closing.place, "missing ] or )")
        high = _ranged(field, "<=" if closing.value == "]" else "<", high_value)
        return lambda row: low(row) and high(row)

    def _field_value(self, field: FieldIndex) -> Test:
        if self._accept("("):
            raise Unsupported("sls", "parentheses behind a field in a query")
        token = self._next()
        if token.kind not in ("word", "quoted"):
            raise _invalid(token.place, "a value is missing")
        if token.value == "*" and token.kind == "word":
            return lambda row: field.value(row) is not None
        if token.value == "" and token.kind == "quoted":
            return lambda row: field.value(row) == ""
        if field.type in ("long", "double"):
            return _ranged(field, "=", _as_number(token))
        matches = self._words(token, field)

        def test(row: Row) -> bool:
            value = field.value(row)
            return value is not None and matches(field.words(value))

        return test

    def _full_text(self, token: _Token) -> Test:
        if token.value == "*" and token.kind == "word":
            return lambda row: True
        field = self._index.full_text()
        matches = self._words(token, field)

        def test(row: Row) -> bool:
            return matches(
                set().union(*(field.words(value) for name, value in row.items() if name != "__time__"))
            )

        return test

    def _words(self, token: _Token, field: FieldIndex) -> Callable[[set[str]], bool]:
        """All words of the token must be among those of the value; `*` and `?` only in plain words."""
        if token.kind == "word" and token.value[0] in "*?":
            raise _invalid(token.place, "a word must not begin with a wildcard")
        if token.kind == "quoted" or not any(c in token.value for c in "*?"):
            wanted = field.words(token.value)
            return lambda words: wanted <= words
        folded = token.value if field.case_sensitive else token.value.lower()
        matches = compile_pattern(word_pattern(folded))
        return lambda words: any(matches(word) for word in words)


def _as_number(token: _Token) -> float:
    try:
        return float(token.value)
    except ValueError as error:
        raise _invalid(token.place, f"{token.value!r} is not a number") from error


_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    "=": lambda a, b: a == b,
}


def _ranged(field: FieldIndex, sign: str, bound: float) -> Test:
    compare = _OPERATORS[sign]

    def test(row: Row) -> bool:
        value = field.value(row)
        try:
            return value is not None and compare(float(value), bound)
        except ValueError:
            return False

    return test


def _negated(test: Test) -> Test:
    return lambda row: not test(row)
