"""Answers as JSON, as text for a terminal, and as Markdown."""

from __future__ import annotations

import json
import re
from typing import Any

from rolemend.explain.advice import Advice, plain, say
from rolemend.explain.answer import Answer, as_json
from rolemend.explain.wording import CAUSE_NAMES, CONFIDENCE_NAMES, HEADINGS, KIND_NAMES

FORMATS = ("text", "json", "markdown")


def show(answers: list[Answer], form: str, language: str) -> str:
    """All answers in one of FORMATS and in `en` or `zh`, ending with a line end."""
    if form == "json":
        shown = {"answers": [as_json(answer, language) for answer in answers]}
        return json.dumps(shown, ensure_ascii=False, indent=2).replace("\x7f", "\\u007f") + "\n"
    write = _markdown if form == "markdown" else _text
    return "\n".join(write(answer, language) for answer in answers)


_NAMES = ("service", "principal", "action", "resource", "bucket", "object", "region", "endpoint", "right_endpoint",
          "request_id", "ec")  # fmt: skip


def _head(answer: Answer, language: str) -> str:
    kind, cause = say(KIND_NAMES[answer.kind], language), say(CAUSE_NAMES[answer.cause], language)
    sure = say(CONFIDENCE_NAMES[answer.confidence], language)
    count = f" x{answer.count}" if answer.count > 1 else ""
    return f"{kind}: {cause} ({answer.cause}, {sure}){count}"


def _facts(answer: Answer) -> list[tuple[str, str]]:
    values: dict[str, Any] = {name: getattr(answer, name) for name in _NAMES}
    facts = [(name, plain(value)) for name, value in values.items() if value]
    return facts + [(f"check {check.id}", check.answer) for check in answer.checks]


def _text(answer: Answer, language: str) -> str:
    lines = [_head(answer, language)]
    lines += [f"  {name}: {value}" for name, value in _facts(answer)]
    for advice in answer.advice:
        lines += ["", *(f"  {line}" for line in _advice_lines(advice, language))]
    return "\n".join(lines) + "\n"


def _advice_lines(advice: Advice, language: str) -> list[str]:
    heading = {name: say(sentence, language) for name, sentence in HEADINGS.items()}
    lines = [say(advice.what, language)]
    lines += [f"{heading['faq']}: {advice.faq}"] if advice.faq else []
    lines += (
        [f"{heading['evidence']}: " + "; ".join(say(line, language) for line in advice.evidence)]
        if advice.evidence
        else []
    )
    lines += [f"{heading['console']}:"] + [
        f"  {number}. {say(step, language)}" for number, step in enumerate(advice.console, 1)
    ]
    for name in ("cli", "terraform", "api"):
        lines += [f"{heading[name]}:", *(f"    {line}" for line in getattr(advice, name).splitlines())]
    lines += [f"{heading['risk']}: {say(advice.risk, language)}", f"{heading['verify']}: {advice.verify}"]
    return lines + ([f"{heading['source']}: {advice.source}"] if advice.source else [])


_MARKS = re.compile(r"([\\`*_{}\[\]<>()#+!|~&$])|^(\s*)([-=])|^(\s*\d+)\.")


def _escaped(value: str) -> str:
    """A value that Markdown reads as plain text."""
    return _MARKS.sub(
        lambda found: "".join(f"\\{c}" if c in "\\`*_{}[]<>()#+!|~&$-=." else c for c in found[0]), value
    )


def _fenced(content: str, kind: str) -> list[str]:
    longest = max((len(run) for run in re.findall(r"`+", content)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}{kind}", content, fence]


def _markdown(answer: Answer, language: str) -> str:
    lines = [f"## {_escaped(_head(answer, language))}", ""]
    lines += [f"- {_escaped(name)}: {_escaped(value)}" for name, value in _facts(answer)]
    for advice in answer.advice:
        lines += ["", *_advice_markdown(advice, language)]
    return "\n".join(lines) + "\n"


def _advice_markdown(advice: Advice, language: str) -> list[str]:
    heading = {name: say(sentence, language) for name, sentence in HEADINGS.items()}
    lines = [_escaped(say(advice.what, language)), ""]
    lines += [f"- {heading['faq']}: {advice.faq}"] if advice.faq else []
    lines += [f"- {heading['evidence']}: {_escaped(say(line, language))}" for line in advice.evidence]
    lines += ["", f"**{heading['console']}**", ""]
    lines += [f"{number}. {_escaped(say(step, language))}" for number, step in enumerate(advice.console, 1)]
    for name, kind in (("cli", "sh"), ("terraform", "hcl"), ("api", "json")):
        lines += ["", f"**{heading[name]}**", "", *_fenced(getattr(advice, name), kind)]
    lines += [
        "",
        f"{heading['risk']}: {_escaped(say(advice.risk, language))}",
        "",
        f"**{heading['verify']}**",
        "",
    ]
    lines += _fenced(advice.verify, "sh")
    return lines + (
        ["", f"{heading['source']}: <{advice.source}>"] if advice.source.startswith("http") else []
    )
