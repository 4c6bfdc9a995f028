"""HTML: one file that opens from a disk, complete without JavaScript, with both languages in it."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timezone
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from rolemend.audit import comparison as compared
from rolemend.audit.comparison import ACCEPTED, Comparison
from rolemend.audit.formats import words
from rolemend.audit.formats.charts import bar
from rolemend.audit.formats.rows import Row, gone_rows, rows
from rolemend.audit.guides import GUIDES
from rolemend.audit.model import ANSWERS, SEVERITIES, CheckGuide, Report
from rolemend.checklist.model import FAILED, UNKNOWN
from rolemend.fix.forms import Forms
from rolemend.fix.guidance import plain, say
from rolemend.fix.render import render as forms_of
from rolemend.text import Text

if TYPE_CHECKING:
    from jinja2 import Template
    from markupsafe import Markup

_TEMPLATES = Path(__file__).with_name("templates")


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a chart: its word, its number, and the bar."""

    word: Text
    number: int
    bar: Any


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A check of the report with the numbers of its answers."""

    guide: CheckGuide
    answers: dict[str, int]
    bar: Any


def to_html(report: Report, comparison: Comparison, language: str) -> bytes:
    """The page, `language` shown first. Its own script and style are all that a browser may run of it."""
    values = {
        "report": report,
        "comparison": comparison,
        "language": language,
        "ended": _time(report.ended),
        "unanswered": _unanswered(report),
        "rows": rows(report, comparison, "en"),
        "gone": tuple(gone_rows(comparison, "en")),
        "by_answer": _by_answer(report, comparison),
        "by_severity": _by_severity(report, comparison),
        "asked": tuple(_asked(report, comparison)),
        "states": tuple(dict.fromkeys(compared.states(report, comparison).values())),
    }
    return b"".join(part.encode() for part in _template().generate(values))


@cache
def _template() -> Template:
    """The template with its words; nothing in it is written unescaped but the script and the style."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    script, style = (_read(name) for name in ("report.js", "report.css"))
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "say": both,
        "forms": _forms,
        "plain_lines": _plain_lines,
        "english": lambda sentence: say(sentence, "en"),
        "chinese": lambda sentence: say(sentence, "zh"),
        "words": words,
        "script": Markup(script),  # noqa: S704 - both are files of this package
        "style": Markup(style),  # noqa: S704
        "script_hash": _hash(script),
        "style_hash": _hash(style),
        "answers": ANSWERS,
        "severities": SEVERITIES,
    }
    environment.filters["plain"] = plain
    return environment.get_template("report.html.j2")


def _read(name: str) -> str:
    return (_TEMPLATES / name).read_text("utf-8")


def _hash(source: str) -> str:
    """As a Content Security Policy names it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()


def both(sentence: Text) -> Markup:
    """A sentence in both languages, of which the page shows one; once where they are the same."""
    from markupsafe import Markup

    english, chinese = say(sentence, "en"), say(sentence, "zh")
    if english == chinese:
        return Markup("{}").format(english)
    two = Markup('<span class="en" lang="en">{}</span><span class="zh" lang="zh-CN">{}</span>')
    return two.format(english, chinese)


def _forms(row: Row) -> Forms | None:
    return forms_of(row.finding.fix) if row.finding.fix is not None else None


def _plain_lines(source: str) -> str:
    """Source to be pasted, its lines kept."""
    return "\n".join(plain(line) for line in source.split("\n"))


def _unanswered(report: Report) -> Text | None:
    count = sum(each.answer == UNKNOWN for each in report.findings)
    return words.unanswered(count) if count else None


def _by_answer(report: Report, comparison: Comparison) -> tuple[Count, ...]:
    """Failures that count, accepted ones, and the other answers."""
    found = Counter(each.answer for each in report.findings)
    found[ACCEPTED] = len(comparison.accepted)
    found[FAILED] -= found[ACCEPTED]
    most = max(found.values(), default=0)
    named = {FAILED: words.ANSWERS[FAILED], ACCEPTED: words.STATES[ACCEPTED], **words.ANSWERS}
    return tuple(
        Count(word=word, number=found[name], bar=bar([(name, found[name])], most))
        for name, word in named.items()
    )


def _by_severity(report: Report, comparison: Comparison) -> tuple[Count, ...]:
    """Failures of each severity, the accepted ones last in the bar."""
    held = {each.id for each in comparison.accepted}
    failed = Counter((each.severity, each.id in held) for each in report.failed())
    most = max((failed[each, False] + failed[each, True] for each in SEVERITIES), default=0)
    return tuple(
        Count(
            word=words.SEVERITIES[each],
            number=failed[each, False] + failed[each, True],
            bar=bar([(each, failed[each, False]), (ACCEPTED, failed[each, True])], most),
        )
        for each in SEVERITIES
    )


def _asked(report: Report, comparison: Comparison) -> Iterator[Asked]:
    """Each check that was asked, in the order of the guides."""
    held = {each.id for each in comparison.accepted}
    found: dict[str, Counter[str]] = {}
    for each in report.findings:
        answer = ACCEPTED if each.id in held else each.answer
        found.setdefault(each.check, Counter())[answer] += 1
    for name, guide in GUIDES.items():
        if name in found:
            counts = found[name]
            shown = [(each, counts[each]) for each in (FAILED, ACCEPTED, *ANSWERS[1:])]
            yield Asked(
                guide=guide,
                answers={each: count for each, count in shown if count},
                bar=bar(shown, sum(counts.values())),
            )


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
