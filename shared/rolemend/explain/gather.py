"""From the names, values, sentences and codes of a text to one sighting for each error in it.

An error is mostly printed several times over: as a sentence, as `[ErrorCode]: ...`, and as XML. What agrees is taken
together; `parting.py` tells where another begins.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from rolemend.explain import codes, ec
from rolemend.explain.fields import Mark, marks_in
from rolemend.explain.parting import Open, begins_another, take, tells_something
from rolemend.explain.phrases import Found, phrases_in
from rolemend.explain.sighting import Sighting
from rolemend.explain.surroundings import complete

_CODE = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[.\-_][A-Za-z0-9]+){0,4}", re.ASCII)
_REQUEST_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z\-*]{7,63}", re.ASCII)
_WORDS = re.compile(r"[A-Za-z][A-Za-z0-9]{2,60}", re.ASCII)
_OPENABLE = "codedDiagnosticMessage"
_ENCODED = re.compile(r"[Ee]ncodedDiagnosticMessage\W{1,12}([A-Za-z0-9+/=_\-]{16,8192})", re.ASCII)


def sightings_in(text: str) -> Iterator[Sighting]:
    """Every error in a text that names a known code, EC, sentence or AccessDeniedDetail, in order."""
    found = [error for error in _errors(text) if tells_something(error)]
    for index, error in enumerate(found):
        before = found[index - 1].end if index else 0
        behind = found[index + 1].start if index + 1 < len(found) else len(text)
        yield complete(_sighting(error), text, before, error.start, error.end, behind)


def _errors(text: str) -> Iterator[Open]:
    current: Open | None = None
    marks = _marks(text)
    for index, mark in enumerate(marks):
        if current is not None and begins_another(current, marks, index, text):
            yield current
            current = None
        if current is None:
            current = Open(mark.start, mark.end, set(), {}, [], [])
        take(current, mark)
    if current is not None:
        yield current


def _marks(text: str) -> list[Mark]:
    whole = len(text.rstrip())
    fields = [mark for mark in marks_in(text) if _is_sound(mark) and not _is_cut_off(mark, whole)]
    found = [*fields, *_sentences(text, [mark for mark in fields if mark.key == "message"])]
    return sorted([*found, *_bare(text, fields), *_encoded(text)], key=lambda mark: mark.start)


def _encoded(text: str) -> Iterator[Mark]:
    """What RAM can open: longer than other members are."""
    if _OPENABLE not in text:
        return
    for found in _ENCODED.finditer(text):
        yield Mark(found.start(), found.end(), "encoded", "bare", found[1])


def _sentences(text: str, messages: list[Mark]) -> Iterator[Mark]:
    """Known sentences. One that is the value of a member has that member's style: printed twice, it comes in two."""
    starts = [mark.start for mark in messages]
    for found in phrases_in(text):
        at = bisect_right(starts, found.start)
        inside = [mark for mark in messages[max(0, at - 3) : at] if found.start < mark.end]
        style = min(inside, key=lambda mark: mark.end - mark.start).style if inside else "bare"
        yield Mark(found.start, found.end, "phrase", style, _joined(found))


def _joined(found: Found) -> str:
    return "\t".join((found.phrase, found.action, found.resource, found.quote.replace("\t", " ")))


def _bare(text: str, fields: list[Mark]) -> Iterator[Mark]:
    """Codes and ECs without a name before them."""
    ends = {mark.end for mark in fields if mark.key in ("code", "ec")}
    for found in codes.bare_code().finditer(text):
        if found.end() not in ends:
            yield Mark(
                found.start(), found.end(), "code", _place(text, found), found["own"] or found["plain"]
            )
    for found in ec.EC.finditer(text):
        if found.end() not in ends and ec.is_known(found[0]):
            yield Mark(found.start(), found.end(), "ec", _place(text, found), found[0])


def _place(text: str, found: re.Match[str]) -> str:
    return "link" if text[max(0, found.start() - 2) : found.start()] == "q=" else "bare"


def _is_sound(mark: Mark) -> bool:
    """Whether the value has the form that its name promises."""
    if mark.key == "code":
        return _CODE.fullmatch(mark.value) is not None and bool(codes.cause_of_code(mark.value))
    if mark.key == "ec":
        return ec.EC.fullmatch(mark.value) is not None
    if mark.key == "request_id":
        return _REQUEST_ID.fullmatch(mark.value) is not None and any(char.isdigit() for char in mark.value)
    if mark.key in ("policy_type", "no_permission"):
        return _WORDS.fullmatch(mark.value) is not None
    return bool(mark.value)


def _is_cut_off(mark: Mark, whole: int) -> bool:
    """A message without an end, where the text ends: it may go on with what decides."""
    return mark.key == "message" and mark.style in ("colon", "assign") and mark.end >= whole


def _sighting(error: Open) -> Sighting:
    values = error.values
    return Sighting(
        code=values.get("code", ""),
        message=values.get("message", ""),
        ec=values.get("ec", ""),
        status=values.get("status", ""),
        phrases=tuple(dict.fromkeys(error.phrases)),
        quotes=tuple(error.quotes),
        policy_type=values.get("policy_type", ""),
        no_permission=values.get("no_permission", ""),
        action=values.get("action") or values.get("phrase_action", ""),
        principal=values.get("principal", ""),
        principal_type=values.get("principal_type", ""),
        owner=values.get("owner", ""),
        encoded=values.get("encoded", ""),
        resource=values.get("resource") or values.get("phrase_resource", ""),
        bucket=values.get("bucket", ""),
        object=values.get("object", ""),
        host=values.get("host", ""),
        endpoint=values.get("endpoint", ""),
        request_id=values.get("request_id", ""),
        signs=frozenset({"sts_key"}) if values.get("access_key", "").startswith("STS.") else frozenset(),
    )
