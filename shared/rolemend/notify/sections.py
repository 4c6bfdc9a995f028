"""A message as sections of lines, the short form for a chat and the long one for mail and page. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from rolemend.catalogue import translations
from rolemend.explain.wording import ANSWER_NAMES, CAUSE_NAMES, name_of
from rolemend.notify.message import Message
from rolemend.text import Text, text

SHORT, LONG = "short", "long"
_Say = Callable[[Text], str]


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """`code` is to be shown letter by letter. What is shed first where there is no room has the highest `rank`."""

    heading: str
    lines: tuple[str, ...]
    code: bool = False
    rank: int = 0


def sections_of(message: Message, form: str, language: str) -> tuple[Section, ...]:
    """What a message says in this form, in order; empty sections are left out."""
    catalogue = translations(language)

    def say(heading: Text) -> str:
        return heading.render(catalogue)

    found = _long(message, say) if form == LONG else _short(message, say)
    return tuple(section for section in found if any(section.lines))


def _short(message: Message, say: _Say) -> Iterator[Section]:
    yield from _what(message, say)
    failed = tuple(
        f"{answer.faq} {answer.check}: {answer.statement}"
        for answer in message.checklist
        if answer.answer == "failed"
    )
    yield Section(heading=say(_CHECKLIST), lines=failed, rank=2)
    yield from _deed(message, say)
    yield Section(heading=say(_DIFFERENCE), lines=tuple(message.difference.splitlines()), code=True, rank=3)


def _long(message: Message, say: _Say) -> Iterator[Section]:
    yield from _what(message, say)
    yield Section(heading=say(_CHECKLIST), lines=answers_of(message, say), rank=2)
    yield Section(heading=say(_EVIDENCE), lines=message.evidence, rank=4)
    yield from _deed(message, say)
    yield Section(heading=say(_DIFFERENCE), lines=tuple(message.difference.splitlines()), code=True, rank=3)
    yield Section(heading=say(_DOCUMENT), lines=tuple(message.document.splitlines()), code=True, rank=5)
    if message.fix is not None:
        yield Section(heading=say(_RISK), lines=(message.fix.risk,), rank=5)
        steps = tuple(f"{number}. {step}" for number, step in enumerate(message.fix.console, 1))
        yield Section(heading=say(_STEPS), lines=steps, rank=5)
        for heading, form in (
            ("aliyun CLI", message.fix.cli),
            ("Terraform", message.fix.terraform),
            ("API", message.fix.api),
        ):
            yield Section(heading=heading, lines=tuple(form.splitlines()), code=True, rank=6)
    yield Section(heading=say(_VERIFY), lines=tuple(message.verify.splitlines()), code=True, rank=6)


def answers_of(message: Message, say: _Say) -> tuple[str, ...]:
    """The checklist, a line for each check."""
    return tuple(
        say(
            text(
                "{faq} {check}: {answer}. {statement}",
                faq=each.faq,
                check=each.check,
                answer=name_of(ANSWER_NAMES, each.answer, say),
                statement=each.statement,
            )
        )
        for each in message.checklist
    )


def _what(message: Message, say: _Say) -> Iterator[Section]:
    yield Section(heading="", lines=(message.happened,))
    yield Section(heading=say(_AFFECTED), lines=message.affected)
    yield Section(heading=say(_WHEN), lines=message.lines)
    yield Section(heading=say(_CAUSE), lines=(name_of(CAUSE_NAMES, message.cause, say),))


def _deed(message: Message, say: _Say) -> Iterator[Section]:
    """Advice comes before what explains it is shed; the commands are never shed."""
    yield Section(heading=say(_DO), lines=message.advice, rank=1)
    yield Section(heading=say(_COMMANDS), lines=message.commands, code=True)


_CHECKLIST = text("Checklist")
_DIFFERENCE = text("Difference")
_EVIDENCE = text("Evidence")
_DOCUMENT = text("Document")
_RISK = text("Risk")
_STEPS = text("In the console")
_VERIFY = text("Whether it works now")
_AFFECTED = text("Affected")
_WHEN = text("What happened")
_CAUSE = text("Cause")
_DO = text("What to do")
_COMMANDS = text("On the command line")
