"""What to do about an answer: what happened, the fix in four forms, its risk, and the command that verifies it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from rolemend.catalogue import translations
from rolemend.text import Text

if TYPE_CHECKING:
    from rolemend.explain.answer import Answer

_LONGEST = 500


class Advice(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of advice. `faq` is the item of EMR's FAQ that asks for it, "" if none does.

    `cli`, `terraform` and `api` hold only names that keep to their grammar: an upper-case word stands for any other.
    """

    what: Text
    faq: str
    evidence: tuple[Text, ...]
    console: tuple[Text, ...]
    cli: str
    terraform: str
    api: str
    risk: Text
    verify: str
    source: str = ""

    def shown(self, language: str) -> dict[str, Any]:
        """The members as plain text in one language."""
        return {
            "what": say(self.what, language),
            "faq": self.faq,
            "evidence": [say(line, language) for line in self.evidence],
            "fix": {
                "console": [say(step, language) for step in self.console],
                "cli": self.cli,
                "terraform": self.terraform,
                "api": self.api,
            },
            "risk": say(self.risk, language),
            "verify": self.verify,
            "source": self.source,
        }


def say(sentence: Text, language: str) -> str:
    """A sentence in one language, with everything in its values that is no plain character made visible."""
    shown = {key: plain(value[:_LONGEST]) for key, value in sentence.values.items()}
    return Text(sentence.template, shown).render(translations(language))


def plain(value: str) -> str:
    """Text from a log, safe to show on one line: control and invisible characters as `\\u…`."""
    return "".join(char if char == " " or char.isprintable() else f"\\u{ord(char):04x}" for char in value)


def advise(answer: Answer) -> tuple[Advice, ...]:
    """The advice that an answer calls for."""
    from rolemend.explain.fixes.parts import Names
    from rolemend.explain.fixes.table import fix_for

    fix = fix_for(answer.kind, answer.cause)
    if fix is None:
        return ()
    made = fix(Names.of(answer))
    return (
        Advice(
            what=made.what,
            faq=made.faq,
            evidence=answer.because,
            console=made.console,
            cli=made.cli,
            terraform=made.terraform,
            api=made.api,
            risk=made.risk,
            verify=made.verify,
            source=answer.source,
        ),
    )
