"""The whole of an advice: what happened, its item of the FAQ, the evidence, the fix in four forms, risk and check."""

from __future__ import annotations

from typing import Any

import msgspec

from rolemend.catalogue import translations
from rolemend.fix.forms import Forms
from rolemend.text import Text

_LONGEST = 500


class Guidance(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of advice. `faq` is the item of EMR's FAQ that asks for it, "" if none does.

    `cli`, `terraform` and `api` hold only names that keep to their grammar: an upper-case word stands for any other.
    `verify` is the command that shows whether it helped.
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


def guidance(
    forms: Forms, what: Text, *, faq: str, evidence: tuple[Text, ...], verify: str, source: str = ""
) -> Guidance:
    """An advice whose fix has these forms."""
    return Guidance(
        what=what,
        faq=faq,
        evidence=evidence,
        console=forms.console,
        cli=forms.cli,
        terraform=forms.terraform,
        api=forms.api,
        risk=forms.risk,
        verify=verify,
        source=source,
    )


def say(sentence: Text, language: str) -> str:
    """A sentence in one language, with everything in its values that is no plain character made visible."""
    shown = {key: plain(value[:_LONGEST]) for key, value in sentence.values.items()}
    return Text(sentence.template, shown).render(translations(language))


def plain(value: str) -> str:
    """Text from a log, safe to show on one line: control and invisible characters as `\\u…`."""
    return "".join(char if char == " " or char.isprintable() else f"\\u{ord(char):04x}" for char in value)
