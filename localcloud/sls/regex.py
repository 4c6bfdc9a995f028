"""Regular expressions in RE2's syntax, matched in linear time as RE2 does, whatever the pattern and the text.

Syntax: https://github.com/google/re2/wiki/Syntax . Missing: word boundaries, Unicode and POSIX classes,
named flags but `i` and `s`. A pattern is parsed into a nondeterministic automaton; the deterministic one is
built while it runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

MAX_PATTERN = 1000
MAX_NODES = 10_000
MAX_STATES = 2_000
_MAX_REPEAT = 1000
_MAX_DEPTH = 100

Test = Callable[[str], bool]


class RegexError(ValueError):
    """A pattern that RE2 refuses, or (`unsupported`) one that only this implementation refuses."""

    def __init__(self, text: str, *, unsupported: bool = False) -> None:
        super().__init__(text)
        self.unsupported = unsupported


@dataclass(slots=True)
class _Node:
    """A state: `test` takes a character; without one, `edges` cost nothing (`at` limits them to an end)."""

    test: Test | None = None
    edges: list[int] = field(default_factory=list)
    at: str = ""


@dataclass(frozen=True, slots=True)
class _Piece:
    """Part of a pattern: a function that adds its nodes before a following one and returns the first."""

    build: Callable[[list[_Node], int], int]


class Regex:
    """A compiled pattern; `search` says whether it matches anywhere in a text."""

    def __init__(self, pattern: str) -> None:
        if len(pattern) > MAX_PATTERN:
            raise RegexError(f"the pattern is longer than {MAX_PATTERN} characters")
        self._nodes = [_Node()]
        first = _Parser(pattern).parse().build(self._nodes, 0)
        self._inner = self._closure(frozenset((first,)), at_begin=False)
        self._begin = self._closure(frozenset((first,)), at_begin=True)
        self._steps: dict[tuple[frozenset[int], str], frozenset[int]] = {}

    def search(self, text: str) -> bool:
        states, steps = self._begin, self._steps
        for character in text:
            if 0 in states:
                return True
            key = (states, character)
            following = steps.get(key)
            if following is None:
                if len(steps) >= MAX_STATES:
                    steps.clear()
                following = steps[key] = self._step(states, character)
            states = following
        return 0 in states or 0 in self._closure(states, at_begin=not text, at_end=True)

    def _step(self, states: frozenset[int], character: str) -> frozenset[int]:
        reached = set()
        for index in states:
            test = self._nodes[index].test
            if test is not None and test(character):
                reached.update(self._nodes[index].edges)
        # A match may begin at any place, so the first states are always among the next.
        return self._closure(frozenset(reached), at_begin=False) | self._inner

    def _closure(self, states: frozenset[int], *, at_begin: bool, at_end: bool = False) -> frozenset[int]:
        seen, todo = set(states), list(states)
        while todo:
            node = self._nodes[todo.pop()]
            if node.test is not None or (node.at == "^" and not at_begin) or (node.at == "$" and not at_end):
                continue
            fresh = [edge for edge in node.edges if edge not in seen]
            seen.update(fresh)
            todo += fresh
        return frozenset(seen)


def _add(nodes: list[_Node], node: _Node) -> int:
    if len(nodes) >= MAX_NODES:
        raise RegexError("the pattern is too large")
    nodes.append(node)
    return len(nodes) - 1


def _single(test: Test) -> _Piece:
    return _Piece(lambda nodes, following: _add(nodes, _Node(test, [following])))


def _anchor(at: str) -> _Piece:
    return _Piece(lambda nodes, following: _add(nodes, _Node(None, [following], at)))


def _sequence(pieces: list[_Piece]) -> _Piece:
    def build(nodes: list[_Node], following: int) -> int:
        for piece in reversed(pieces):
            following = piece.build(nodes, following)
        return following

    return _Piece(build)


def _either(pieces: list[_Piece]) -> _Piece:
    if len(pieces) == 1:
        return pieces[0]
    return _Piece(
        lambda nodes, following: _add(nodes, _Node(None, [p.build(nodes, following) for p in pieces]))
    )


def _repeat(piece: _Piece, least: int, most: int | None) -> _Piece:
    def build(nodes: list[_Node], following: int) -> int:
        if most is None:
            loop = _add(nodes, _Node(None, [following]))
            nodes[loop].edges.append(piece.build(nodes, loop))
            following = loop
        else:
            end = following
            for _ in range(most - least):
                following = _add(nodes, _Node(None, [end, piece.build(nodes, following)]))
        for _ in range(least):
            # A node for each copy, so that repetitions of nothing reach MAX_NODES too.
            following = _add(nodes, _Node(None, [piece.build(nodes, following)]))
        return following

    return _Piece(build)


_CLASSES: dict[str, Test] = {
    "d": lambda c: "0" <= c <= "9",
    "w": lambda c: c == "_" or (c.isascii() and c.isalnum()),
    "s": lambda c: c in "\t\n\f\r ",
}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "a": "\a"}


class _Parser:
    def __init__(self, pattern: str) -> None:
        self._text = pattern
        self._at = 0
        self._depth = 0
        self._ignore_case = False
        self._dot_all = False

    def parse(self) -> _Piece:
        piece = self._alternatives()
        if self._at < len(self._text):
            raise RegexError("unexpected )")
        return piece

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _take(self) -> str:
        character = self._peek()
        self._at += 1
        return character

    def _alternatives(self) -> _Piece:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise RegexError("the pattern is nested too deeply")
        branches = [self._branch()]
        while self._peek() == "|":
            self._at += 1
            branches.append(self._branch())
        self._depth -= 1
        return _either(branches)

    def _branch(self) -> _Piece:
        pieces = []
        while self._peek() not in ("", "|", ")"):
            pieces.append(self._quantified(self._atom()))
        return _sequence(pieces)

    def _quantified(self, piece: _Piece) -> _Piece:
        bounds = self._bounds()
        if bounds is None:
            return piece
        if self._peek() == "?":
            self._at += 1
        if self._bounds() is not None:
            raise RegexError("invalid nested repetition operator")
        return _repeat(piece, *bounds)

    def _bounds(self) -> tuple[int, int | None] | None:
        simple = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        if (character := self._peek()) in simple:
            self._at += 1
            return simple[character]
        end = self._text.find("}", self._at)
        low, comma, high = (
            self._text[self._at + 1 : end].partition(",") if character == "{" and end > 0 else ("", "", "")
        )
        if not (low.isdecimal() and (high.isdecimal() or not high)):
            return None
        self._at = end + 1
        least = int(low)
        most = int(high) if high else (None if comma else least)
        if least > _MAX_REPEAT or (most is not None and not least <= most <= _MAX_REPEAT):
            raise RegexError("invalid repetition size")
        return least, most

    def _atom(self) -> _Piece:
        character = self._take()
        if character in ("*", "+", "?"):
            raise RegexError(f"no argument for repetition operator: {character}")
        if character == "(":
            return self._group()
        if character == "[":
            return _single(self._set())
        if character == ".":
            return _single((lambda c: True) if self._dot_all else (lambda c: c != "\n"))
        if character in ("^", "$"):
            return _anchor(character)
        if character == "\\":
            if self._peek() in ("A", "z"):
                return _anchor("^" if self._take() == "A" else "$")
            return _single(self._cased(self._escape()))
        return _single(self._cased(_equals(character)))

    def _group(self) -> _Piece:
        ignore_case, dot_all = self._ignore_case, self._dot_all
        if self._peek() == "?" and self._open_special():
            return _sequence([])
        piece = self._alternatives()
        if self._take() != ")":
            raise RegexError("missing closing )")
        self._ignore_case, self._dot_all = ignore_case, dot_all
        return piece

    def _open_special(self) -> bool:
        """Read what follows `(?`; True if it was only flags, which hold from here on."""
        self._at += 1
        if self._peek() in ("=", "!") or self._text[self._at : self._at + 2] in ("<=", "<!"):
            raise RegexError("invalid perl operator: look-around is not part of RE2")
        if self._peek() == "P" or self._peek() == "<":
            end = self._text.find(">", self._at)
            if end < 0:
                raise RegexError("invalid named capture")
            self._at = end + 1
            return False
        while (flag := self._take()) not in (":", ")"):
            if flag == "i":
                self._ignore_case = True
            elif flag == "s":
                self._dot_all = True
            elif flag == "":
                raise RegexError("missing closing )")
            else:
                raise RegexError(f"the flag {flag} in a regular expression", unsupported=True)
        return flag == ")"

    def _cased(self, test: Test) -> Test:
        if not self._ignore_case:
            return test
        return lambda c: test(c) or test(c.lower()) or test(c.upper())

    def _escape(self) -> Test:
        character = self._take()
        if character in _CLASSES:
            return _CLASSES[character]
        if character.lower() in _CLASSES:
            positive = _CLASSES[character.lower()]
            return lambda c: not positive(c)
        return _equals(self._escaped(character))

    def _escaped(self, character: str) -> str:
        if character in _ESCAPES:
            return _ESCAPES[character]
        if character == "x":
            digits = self._text[self._at : self._at + 2]
            try:
                self._at += 2
                return chr(int(digits, 16))
            except ValueError as error:
                raise RegexError("invalid escape sequence: \\x") from error
        if character == "" or character.isdigit():
            raise RegexError(f"invalid escape sequence: \\{character}")
        if character.isascii() and character.isalpha():
            raise RegexError(f"\\{character} in a regular expression", unsupported=True)
        return character

    def _set(self) -> Test:
        negated = self._peek() == "^"
        self._at += negated
        tests: list[Test] = []
        while not tests or self._peek() != "]":
            tests.append(self._set_member())
        self._at += 1
        found = self._cased(lambda c: any(test(c) for test in tests))
        return (lambda c: not found(c)) if negated else found

    def _set_member(self) -> Test:
        low = self._take()
        if low == "":
            raise RegexError("missing closing ]")
        if low == "[" and self._peek() == ":":
            raise RegexError("a POSIX class in a regular expression", unsupported=True)
        if low == "\\":
            if self._peek().lower() in _CLASSES:
                return self._escape()
            low = self._escaped(self._take())
        if self._peek() != "-" or self._text[self._at + 1 : self._at + 2] in ("]", ""):
            return _equals(low)
        self._at += 1
        high = self._take()
        if high == "\\":
            high = self._escaped(self._take())
        if high < low:
            raise RegexError(f"invalid character class range: {low}-{high}")
        return lambda c: low <= c <= high


def _equals(expected: str) -> Test:
    return lambda c: c == expected
