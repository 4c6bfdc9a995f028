"""The part of SPL that filters: `* | where <expression>`, compiled to a test over one log.

Syntax: https://help.aliyun.com/zh/sls/basic-spl-syntax and
https://help.aliyun.com/zh/sls/spl-instructions-and-functions/ . Fields are text, so a comparison with a
number needs a cast; a field that a log lacks is null; a log passes only where the expression is true, not
where it is unknown.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from localcloud.errors import Unsupported
from localcloud.sls.messages import Row
from localcloud.sls.spl_functions import (
    CAST_TYPES,
    NULL,
    Expression,
    call_function,
    cast,
    constant,
    same_kind,
)
from localcloud.sls.spl_functions import field as field_expression
from localcloud.sls.spl_tokens import Token, spl_error, tokenize
from localcloud.sls.wildcards import compile_pattern, like_pattern

_MAX_DEPTH = 100
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "==": operator.eq, "!=": operator.ne, "<>": operator.ne,
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_RESERVED = ("and", "or", "not", "in", "like", "is", "between", "escape", "as")


@dataclass(frozen=True, slots=True)
class Filter:
    """A compiled filter. `fields` are the fields it reads, so that a pull need not decode the others."""

    passes: Callable[[Row], bool]
    fields: frozenset[bytes]


@lru_cache(maxsize=64)
def compile_script(script: str) -> Filter:
    """A whole script such as `* | where a = 'x'`; its source must be `*`, as consumption requires."""
    if not script.lstrip().startswith("*"):
        raise spl_error(1, "the source of SPL must be *")
    return _Parser(tokenize(script, script.index("*") + 1)).pipeline()


def compile_stages(script: str, begin: int) -> Filter:
    """The stages of a scan query, from the index of its first `|` on."""
    return _Parser(tokenize(script, begin)).pipeline()


@dataclass(slots=True)
class _Parser:
    tokens: list[Token]
    at: int = 0
    depth: int = 0
    names: set[str] = field(default_factory=set)

    def pipeline(self) -> Filter:
        """`| where e` once or several times in a row, and a last `;`."""
        tests = []
        while self._accept("|"):
            command = self._next()
            if not command.is_word("where"):
                raise Unsupported("sls", f"the SPL command {command.value} (character {command.place})")
            found = self._or()
            if self._peek().value not in ("|", ";") and self._peek().kind != "end":
                raise self._unexpected()
            tests.append(self._boolean(found, command).run)
        self._accept(";")
        if self._peek().kind != "end":
            raise self._unexpected()
        fields = frozenset(name.encode() for name in self.names)
        return Filter(lambda row: all(test(row) is True for test in tests), fields)

    def _peek(self) -> Token:
        return self.tokens[self.at]

    def _next(self) -> Token:
        token = self.tokens[self.at]
        if token.kind != "end":
            self.at += 1
        return token

    def _accept(self, *signs: str) -> bool:
        token = self._peek()
        found = (token.kind == "sign" and token.value in signs) or token.is_word(*signs)
        self.at += found
        return found

    def _expect(self, sign: str) -> None:
        if not self._accept(sign):
            raise self._unexpected(f" expecting '{sign}'")

    def _unexpected(self, more: str = "") -> Exception:
        token = self._peek()
        if token.kind == "sign" and token.value in ("+", "-", "*", "/", "%"):
            return Unsupported("sls", f"arithmetic in SPL (character {token.place})")
        return spl_error(token.place, f"mismatched input '{token.value}'{more}")

    def _boolean(self, found: Expression, token: Token) -> Expression:
        if found.type not in ("boolean", "unknown"):
            raise spl_error(token.place, f"{token.value} needs a boolean expression, not {found.type}")
        return found

    def _or(self) -> Expression:
        return self._joined("or", self._and, True)

    def _and(self) -> Expression:
        return self._joined("and", self._not, False)

    def _joined(self, word: str, parse: Callable[[], Expression], decisive: bool) -> Expression:
        """AND and OR: the decisive value wins over unknown, unknown over the other one."""
        first = self._peek()
        parts = [parse()]
        while self._peek().is_word(word):
            word_token = self._next()
            parts.append(self._boolean(parse(), word_token))
        if len(parts) == 1:
            return parts[0]
        if parts[0].type not in ("boolean", "unknown"):
            raise spl_error(first.place, f"{word} needs boolean expressions, not {parts[0].type}")
        runs = [part.run for part in parts]

        def run(row: Row) -> bool | None:
            outcome: bool | None = not decisive
            for each in runs:
                value: bool | None = each(row)
                if value is decisive:
                    return decisive
                if value is None:
                    outcome = None
            return outcome

        return Expression("boolean", run)

    def _not(self) -> Expression:
        token = self._peek()
        if not self._accept("not"):
            return self._predicate()
        return _negated(self._deeper(lambda: self._boolean(self._not(), token)))

    def _deeper(self, parse: Callable[[], Expression]) -> Expression:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise spl_error(self._peek().place, "the expression is nested too deeply")
        found = parse()
        self.depth -= 1
        return found

    def _predicate(self) -> Expression:
        left = self._value()
        token = self._peek()
        if token.kind == "sign" and token.value in _COMPARISONS:
            self.at += 1
            return self._compared(left, self._value(), token)
        if self._accept("is"):
            negative = self._accept("not")
            self._expect("null")
            return Expression("boolean", lambda row: (left.run(row) is None) is not negative)
        negative = self._accept("not")
        if self._accept("in"):
            found = self._in(left, token)
        elif self._accept("like"):
            found = self._like(left, token)
        elif self._accept("between"):
            found = self._between(left, token)
        elif negative:
            raise self._unexpected()
        else:
            return left
        return _negated(found) if negative else found

    def _compared(self, left: Expression, right: Expression, token: Token) -> Expression:
        if not same_kind(left, right):
            raise spl_error(
                token.place,
                f"'{token.value}' cannot be applied to {left.type}, {right.type}: cast one of them",
            )
        compare, run_left, run_right = _COMPARISONS[token.value], left.run, right.run

        def run(row: Row) -> bool | None:
            a, b = run_left(row), run_right(row)
            return None if a is None or b is None else compare(a, b)

        return Expression("boolean", run)

    def _in(self, left: Expression, token: Token) -> Expression:
        self._expect("(")
        tests = [self._compared(left, self._value(), Token("sign", "=", token.place))]
        while self._accept(","):
            tests.append(self._compared(left, self._value(), Token("sign", "=", token.place)))
        self._expect(")")

        def run(row: Row) -> bool | None:
            outcomes = [test.run(row) for test in tests]
            return True if True in outcomes else None if None in outcomes else False

        return Expression("boolean", run)

    def _between(self, left: Expression, token: Token) -> Expression:
        low = self._compared(left, self._value(), Token("sign", ">=", token.place)).run
        self._expect("and")
        high = self._compared(left, self._value(), Token("sign", "<=", token.place)).run

        def run(row: Row) -> bool | None:
            outcomes = (low(row), high(row))
            return False if False in outcomes else None if None in outcomes else True

        return Expression("boolean", run)

    def _like(self, left: Expression, token: Token) -> Expression:
        pattern = self._next()
        if pattern.kind != "text" or left.type not in ("varchar", "unknown"):
            raise spl_error(pattern.place, "LIKE needs a text on its left and a string constant on its right")
        escape = self._next() if self._accept("escape") else None
        if escape is not None and (escape.kind != "text" or len(escape.value) != 1):
            raise spl_error(escape.place, "Escape string must be a single character")
        try:
            matches = compile_pattern(like_pattern(pattern.value, escape.value if escape else ""))
        except ValueError as error:
            raise spl_error(token.place, str(error)) from error

        def run(row: Row) -> bool | None:
            value = left.run(row)
            return None if value is None else matches(value)

        return Expression("boolean", run)

    def _value(self) -> Expression:
        token = self._next()
        if token.kind == "text":
            return constant("varchar", token.value)
        if token.kind == "number" or (token.value == "-" and self._peek().kind == "number"):
            return self._number(token)
        if token.kind == "quoted":
            return self._field(token.value)
        if token.value == "(":
            found = self._deeper(self._or)
            self._expect(")")
            return found
        if token.kind == "name" and token.value.lower() not in _RESERVED:
            return self._named(token)
        self.at -= token.kind != "end"
        raise self._unexpected()

    def _number(self, token: Token) -> Expression:
        text = token.value if token.kind == "number" else "-" + self._next().value
        return constant("double", float(text)) if "." in text else constant("bigint", int(text))

    def _field(self, name: str) -> Expression:
        self.names.add(name)
        return field_expression(name)

    def _named(self, token: Token) -> Expression:
        word = token.value.lower()
        if word == "null":
            return NULL
        if word in ("true", "false"):
            return constant("boolean", word == "true")
        if not self._accept("("):
            return self._field(token.value)
        if word in ("cast", "try_cast"):
            return self._cast()
        arguments = []
        if not self._accept(")"):
            arguments.append(self._deeper(self._or))
            while self._accept(","):
                arguments.append(self._deeper(self._or))
            self._expect(")")
        return call_function(token, arguments)

    def _cast(self) -> Expression:
        value = self._deeper(self._or)
        self._expect("as")
        token = self._next()
        type_ = token.value.lower()
        if token.kind != "name":
            raise spl_error(token.place, f"mismatched input '{token.value}'")
        if type_ not in CAST_TYPES:
            raise Unsupported("sls", f"a cast to {token.value} in SPL (character {token.place})")
        self._expect(")")
        return Expression(type_, lambda row: cast(value.run(row), type_))


def _negated(expression: Expression) -> Expression:
    def run(row: Row) -> bool | None:
        value = expression.run(row)
        return None if value is None else not value

    return Expression("boolean", run)
