"""Messages and digests in the markup of each target: templates, and what is shed where there is no room."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from rolemend.notify import escape
from rolemend.notify.links import Link
from rolemend.notify.message import inert, plain
from rolemend.notify.sections import Section

if TYPE_CHECKING:
    from jinja2 import Template

_TEMPLATES = Path(__file__).with_name("templates")
_CUTS = (2_000, 500, 160, 60)
"""Characters of one line, less and less, until what is shown has room."""


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """What is shown: a title, sections, links; the same for a message and for a digest."""

    title: str
    severity: str
    sections: tuple[Section, ...]
    links: tuple[Link, ...] = ()


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A template, and the function through which every value in it goes."""

    template: str
    escaped: Callable[[str], str]


PLAIN = Target(template="plain.txt.j2", escaped=plain)
DINGTALK = Target(template="dingtalk.md.j2", escaped=escape.dingtalk)
WECOM = Target(template="wecom.md.j2", escaped=escape.wecom)
HTML = Target(template="mail.html.j2", escaped=escape.html)


def render(target: Target, sheet: Sheet) -> str:
    """The sheet in a target's markup."""
    return _template(target.template, target.escaped).render(
        sheet=sheet, fence=lambda lines: escape.fence("\n".join(lines))
    )


@cache
def _template(name: str, escaped: Callable[[str], str]) -> Template:
    """Every value of an expression is escaped, whatever a template's author thought of it; `asis` marks what is code in
    a fence that it cannot close, or an address that was checked."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(  # noqa: S701 - `finalize` escapes for each target; HTML's autoescape knows one only
        loader=FileSystemLoader(_TEMPLATES),
        finalize=lambda value: str(value) if isinstance(value, AsIs) else escaped(str(value)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    environment.filters |= {
        "asis": AsIs,
        "address": _address,
        "code": lambda line: AsIs(plain(line)),
        "inert": inert,
    }
    return environment.get_template(name)


class AsIs(str):
    """Text that is written as it stands."""

    __slots__ = ()


def _address(url: str) -> AsIs:
    """A link's address with nothing in it that could end it."""
    from urllib.parse import quote

    return AsIs(quote(url, safe=":/?#&=%@+,;~-._!$"))


def fitted(sheet: Sheet, most_bytes: int, size: Callable[[Sheet], int]) -> Sheet:
    """The sheet that has room: first long lines are cut, then sections shed, the commands never.

    `size` tells how many bytes a sheet takes as it is sent. What is shed stands in the ledger, and the commands lead
    there.
    """
    for cut in _CUTS:
        smaller = _cut(sheet, cut)
        candidates = [_kept(smaller, rank) for rank in sorted({section.rank for section in sheet.sections})]
        # A digest has hundreds of ranks, and to render one of a megabyte takes a while: not each is tried.
        fitting = bisect_left(candidates, True, key=lambda each: size(each) > most_bytes)
        if fitting:
            return candidates[fitting - 1]
    return msgspec.structs.replace(_cut(sheet, _CUTS[-1]), sections=(), links=())


def _kept(sheet: Sheet, rank: int) -> Sheet:
    kept = tuple(section for section in sheet.sections if section.rank <= rank)
    return msgspec.structs.replace(sheet, sections=kept)


def _cut(sheet: Sheet, most: int) -> Sheet:
    sections = tuple(
        section
        if section.code and not section.rank  # half a command is none
        else msgspec.structs.replace(section, lines=_cut_lines(section.lines, most))
        for section in sheet.sections
    )
    return msgspec.structs.replace(sheet, title=_cut_line(sheet.title, most), sections=sections)


def _cut_lines(lines: Iterable[str], most: int) -> tuple[str, ...]:
    return tuple(_cut_line(line, most) for line in lines)


def _cut_line(line: str, most: int) -> str:
    return line if len(line) <= most else line[: most - 1] + "…"
