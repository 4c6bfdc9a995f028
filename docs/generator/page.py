"""The page on the checklists, in English and Chinese, from the checks themselves."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docs.generator.code import Function, inner, modules, origin, parsed
from docs.generator.outcomes import Outcome, Reader, facts_of, reads_of
from rolemend.account.rights import READS
from rolemend.catalogue import translations
from rolemend.checklist.model import Check
from rolemend.text import Text

WORDS: dict[str, dict[str, str]] = json.loads(Path(__file__).with_name("words.json").read_text("utf-8"))
ASKED_FIRST = tuple(action for read in ("decode", "request_log") for action in READS[read])
"""The rights to ask the services themselves, before any check."""

_HEAD = "<!-- Made by `make docs` from the checks. Do not edit. -->"


@dataclass(frozen=True)
class Listed:
    """A checklist: its id, the FAQ's own sentence with its page (as its module begins), and its checks."""

    id: str
    source: str
    checks: tuple[Check[Any], ...]


def checklists() -> list[Listed]:
    """Every module of the checklists that has an ID and CHECKS, in the order of their names."""
    found = []
    for module in modules().values():
        checks = getattr(module, "CHECKS", None)
        if checks and hasattr(module, "ID"):
            told = (module.__doc__ or "").strip()
            address = next(iter(re.findall(r"https://\S+", told)), "")
            source = f"{told.splitlines()[0]} <{address}>" if address else told.splitlines()[0]
            found.append(Listed(module.ID, source, tuple(checks)))
    return found


def asks_of(check: Check[Any]) -> list[Function]:
    """The functions that answer a check: its own, and that of the check which it asks in its turn."""
    ask: Any = check.ask
    own = parsed(ask.__module__).functions.get(ask.__qualname__)
    if own is not None:
        return [own]
    kept = [cell.cell_contents for cell in ask.__closure__ or ()]
    within = [each for one in kept if isinstance(one, Check) for each in asks_of(one)]
    return [inner(ask.__module__, ask.__code__.co_firstlineno), *within]


def rights_of(check: Check[Any]) -> dict[str, list[str]]:
    """Each fact that a check asks, with the RAM actions of the reads it comes from."""
    needed: dict[str, list[str]] = {}
    for ask in asks_of(check):
        home = next((origin(ask.module, each)[0] for each in _facts_classes(ask)), ask.module)
        for field in facts_of(ask):
            reads = reads_of(home, field, frozenset(READS))
            needed.setdefault(field, sorted({action for read in reads for action in READS[read]}))
    return needed


def actions_of(check: Check[Any]) -> set[str]:
    """The RAM actions of everything that a check may read."""
    return {action for actions in rights_of(check).values() for action in actions}


def _facts_classes(ask: Function) -> list[str]:
    names = [getattr(each.annotation, "id", "") for each in ask.node.args.args]
    return [name for name in names if name.endswith("Facts")]


def outcomes_of(check: Check[Any]) -> list[Outcome]:
    return list(dict.fromkeys(one for ask in asks_of(check) for one in Reader(ask).outcomes()))


def page() -> str:
    """The whole page: English, then Chinese."""
    links = f"[English](#the-checklists) · [中文](#{WORDS['zh']['title']})"
    return "\n".join([_HEAD, "", links, "", *_part("en"), "", *_part("zh")]) + "\n"


def _part(language: str) -> list[str]:
    words = WORDS[language]
    calls = ", ".join(f"`{action}`" for action in ASKED_FIRST)
    lines = [f"# {words['title']}", "", words["intro"], "", words["before"].format(calls=calls)]
    for listed in checklists():
        lines += ["", f"## {listed.id}", "", listed.source]
        for check in listed.checks:
            lines += ["", *_section(check, language)]
    return lines


def _section(check: Check[Any], language: str) -> list[str]:
    words, needed = WORDS[language], rights_of(check)
    actions = sorted(actions_of(check))
    shown = [f"`{field}` ({', '.join(each)})" if each else f"`{field}`" for field, each in needed.items()]
    lines = [
        f"### {check.faq} {check.id}",
        "",
        f"- **{words['question']}**: {_say(check.question.template, language)}",
        f"- **{words['facts']}**: {', '.join(shown)}",
        f"- **{words['rights']}**: {', '.join(f'`{each}`' for each in actions) or words['none']}",
        f"- **{words['answers']}**:",
    ]
    for outcome in outcomes_of(check):
        lines += _outcome(outcome, language)
    return lines


def _outcome(outcome: Outcome, language: str) -> list[str]:
    words = WORDS[language]
    cause = f" ({words['cause']} `{outcome.cause}`)" if outcome.cause else ""
    lines = [
        f"  - {words[outcome.answer]}{cause}: {' / '.join(_say(each, language) for each in outcome.sentences)}"
    ]
    kinds = [words[remedy] for remedy in outcome.remedies if remedy != "Advice"]
    lines += [f"    - {words['remedy']}: {kind}" for kind in kinds]
    lines += [
        f"    - {words['remedy']}, {words['Advice']}: {_say(sentence, language)}"
        for sentence in outcome.advice
    ]
    return lines


def _say(template: str, language: str) -> str:
    """A sentence with its places left open, as Markdown reads it."""
    shown = Text(template).render(translations(language))
    return shown.replace("\\", "\\\\").replace("*", "\\*").replace("_", "\\_").replace("<", "\\<")
