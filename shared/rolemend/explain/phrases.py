"""Sentences that services are known to answer with, and what each supports by itself.

A sentence is weaker than an EC or an AccessDeniedDetail: "because of bucket acl" is answered to a RAM policy that does
not list the bucket, "Access denied by bucket policy." to a Deny of a RAM policy
(https://www.alibabacloud.com/help/en/oss/support/0003-00000201). So none of them decides alone beyond `likely`.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import msgspec

RAM_403 = "https://alibabacloud.com/help/en/ram/support/how-to-troubleshoot-an-access-denied-error"


class Phrase(msgspec.Struct, frozen=True):
    """`pattern` finds the sentence; groups `action` and `resource` name what it names.

    `service` is whose sentence it is ("" for several), `needs` a sign that must stand around it, `codes` the codes it
    comes with where it has codes of its own ("" for the general ones, such as AccessDenied).
    """

    id: str
    pattern: str
    cause: str
    confidence: str = "likely"
    service: str = ""
    action: str = ""
    codes: str = ""
    needs: str = ""
    source: str = ""


PHRASES = msgspec.json.decode(Path(__file__).with_name("phrases.json").read_bytes(), type=tuple[Phrase, ...])
"""All of them. Which comes first counts where two begin at the same place."""

BY_ID = {phrase.id: phrase for phrase in PHRASES}


_NOT_LITERAL = re.compile(
    r"\(\?P<[^>]*>|\((?:[^()]|\([^()]*\))*\)[?*]?|\[[^\]]*\](?:[?*+]|\{[^}]*\})?"
    r"|\\.(?:[?*+]|\{[^}]*\})?|.(?:[?*]|\{[^}]*\})|[+^$.{}()]"
)


def _anchors(phrase: Phrase) -> tuple[str, ...]:
    """For each of a pattern's alternatives the longest words that stand in every text it matches."""
    return tuple(
        max(branch.split("\0"), key=len) for branch in _NOT_LITERAL.sub("\0", phrase.pattern).split("|")
    )


@cache
def _looked_for() -> tuple[tuple[Phrase, tuple[str, ...]], ...]:
    return tuple((phrase, _anchors(phrase)) for phrase in PHRASES)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.MULTILINE)


class Found(msgspec.Struct, frozen=True):
    """A known sentence in a text, with the action and the resource that it names itself ("" for none)."""

    start: int
    end: int
    phrase: str
    action: str
    resource: str
    quote: str


def phrases_in(text: str) -> list[Found]:
    """Every known sentence, in order; of two that begin at one place the one that stands first in PHRASES."""
    found = [
        (match.start(), order, match, phrase)
        for order, (phrase, anchors) in enumerate(_looked_for())
        if any(anchor in text for anchor in anchors)
        for match in _compiled(phrase.pattern).finditer(text)
    ]
    kept: list[Found] = []
    for start, _, match, phrase in sorted(found, key=lambda item: item[:2]):
        if not kept or start >= kept[-1].end:
            kept.append(_found(match, phrase))
    return kept


def _found(match: re.Match[str], phrase: Phrase) -> Found:
    groups = match.groupdict()
    action = next(
        (value for name, value in groups.items() if name.startswith("action") and value), phrase.action
    )
    resource = next((value for name, value in groups.items() if name.startswith("resource") and value), "")
    return Found(match.start(), match.end(), phrase.id, action, resource, match[0].strip())
