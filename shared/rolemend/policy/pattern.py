"""Wildcard patterns of RAM's policy language.

`*` stands for any number of characters, none included, and `?` for exactly one
(https://www.alibabacloud.com/help/en/ram/conditional-operator). A wildcard may cross the
colons of an ARN. No regular expression is ever built: matching is one pass from left to right,
at worst pattern length times text length.
"""

from collections.abc import Callable

Matcher = Callable[[str], bool]


def has_wildcard(pattern: str) -> bool:
    """Whether `pattern` holds `*` or `?`."""
    return "*" in pattern or "?" in pattern


def has_variable(pattern: str) -> bool:
    """Whether `pattern` holds `${`: no page documents policy variables."""
    return "${" in pattern


def variable_as_wildcard(pattern: str) -> str:
    """`pattern` with each `${...}` replaced by `*`: the widest thing a variable could stand for."""
    out, rest = [], pattern
    while (start := rest.find("${")) >= 0:
        end = rest.find("}", start)
        out.append(rest[:start] + "*")
        rest = rest[end + 1 :] if end >= 0 else ""
    return "".join(out) + rest


def canonical_arn(arn: str) -> str:
    """`arn` with the empty region of RAM's own ARNs written `*`.

    `acs:ram::<account>:role/x` and `acs:ram:*:<account>:role/x` are both in official use
    (https://www.alibabacloud.com/help/en/ram/policy-elements).
    """
    return "acs:ram:*:" + arn[9:] if arn.startswith("acs:ram::") else arn


def compile_glob(pattern: str) -> Matcher:
    """A function that tells whether a text matches the whole of `pattern`."""
    if "?" in pattern:
        return _compile_pieces(pattern)
    first, star, rest = pattern.partition("*")
    if not star:
        return pattern.__eq__
    if not rest:
        return (lambda text: text.startswith(first)) if first else (lambda text: True)
    pieces = rest.split("*")
    last = pieces.pop()
    middle = [piece for piece in pieces if piece]
    if not middle and not last:
        return (lambda text: text.startswith(first)) if first else (lambda text: True)
    shortest = len(first) + len(last)

    def matches(text: str) -> bool:
        if len(text) < shortest or not text.startswith(first) or not text.endswith(last):
            return False
        at, end = len(first), len(text) - len(last)
        for piece in middle:
            at = text.find(piece, at, end)
            if at < 0:
                return False
            at += len(piece)
        return True

    return matches


Piece = tuple[int, tuple[tuple[int, str], ...]]  # length, and the literal runs between its `?`


def _piece(text: str) -> Piece:
    """A stretch of a pattern between two stars."""
    runs, start = [], 0
    for run in text.split("?"):
        if run:
            runs.append((start, run))
        start += len(run) + 1
    return len(text), tuple(runs)


def _fits(piece: Piece, text: str, at: int) -> bool:
    return all(text.startswith(run, at + offset) for offset, run in piece[1])


def _find(piece: Piece, text: str, at: int, end: int) -> int:
    """The first place from `at` where `piece` stands before `end`, or -1."""
    length, runs = piece
    if not runs:
        return at if at + length <= end else -1
    offset, first = runs[0]
    while at + length <= end:
        at = text.find(first, at + offset, end) - offset
        if at + offset < 0 or at + length > end:
            return -1
        if _fits(piece, text, at):
            return at
        at += 1
    return -1


def _compile_pieces(pattern: str) -> Matcher:
    """`compile_glob` for patterns with `?`."""
    pieces = [_piece(text) for text in pattern.split("*")]
    first, last, middle = pieces[0], pieces[-1], [piece for piece in pieces[1:-1] if piece[0]]
    shortest = first[0] + last[0]
    if len(pieces) == 1:
        return lambda text: len(text) == first[0] and _fits(first, text, 0)

    def matches(text: str) -> bool:
        end = len(text) - last[0]
        if len(text) < shortest or not _fits(first, text, 0) or not _fits(last, text, end):
            return False
        at = first[0]
        for piece in middle:
            at = _find(piece, text, at, end)
            if at < 0:
                return False
            at += piece[0]
        return True

    return matches


def glob_matches(pattern: str, text: str) -> bool:
    """Whether `text` matches the whole of `pattern`, case-sensitively."""
    return compile_glob(pattern)(text)
