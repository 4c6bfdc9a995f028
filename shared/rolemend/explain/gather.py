"""From the names, values, sentences and codes of a text to one sighting for each error in it.

An error is mostly printed several times over: as a sentence, as `[ErrorCode]: ...`, and as XML. What agrees is taken
together. A new error begins where a name comes back in the same form, or where a code, an EC, a sentence or a request
id contradicts what was read before.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

import msgspec

from rolemend.explain import codes, ec
from rolemend.explain.fields import Mark, marks_in
from rolemend.explain.phrases import BY_ID, Found, phrases_in
from rolemend.explain.sighting import Sighting
from rolemend.explain.surroundings import complete

_CODE = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[.\-_][A-Za-z0-9]+){0,4}", re.ASCII)
_REQUEST_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z\-*]{7,63}", re.ASCII)
_WORDS = re.compile(r"[A-Za-z][A-Za-z0-9]{2,60}", re.ASCII)
_OPENABLE = "codedDiagnosticMessage"
_ENCODED = re.compile(r"[Ee]ncodedDiagnosticMessage\W{1,12}([A-Za-z0-9+/=_\-]{16,8192})", re.ASCII)
_FAR = 4_000
"""Characters between two members that are no longer taken for those of one error."""


class _Open(msgspec.Struct):
    """An error that is being put together."""

    start: int
    end: int
    seen: set[tuple[str, str]]
    values: dict[str, str]
    phrases: list[str]
    quotes: list[str]
    said: tuple[int, int] = (0, 0)
    """Where its message stands."""


def sightings_in(text: str) -> Iterator[Sighting]:
    """Every error in a text that names a known code, EC, sentence or AccessDeniedDetail, in order."""
    found = [error for error in _errors(text) if _tells_something(error)]
    for index, error in enumerate(found):
        before = found[index - 1].end if index else 0
        behind = found[index + 1].start if index + 1 < len(found) else len(text)
        yield complete(_sighting(error), text, before, error.start, error.end, behind)


def _errors(text: str) -> Iterator[_Open]:
    current: _Open | None = None
    for mark in _marks(text):
        if current is not None and _begins_another(current, mark):
            yield current
            current = None
        if current is None:
            current = _Open(mark.start, mark.end, set(), {}, [], [])
        _take(current, mark)
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


_HEADS = frozenset({"code", "phrase", "ec", "policy_type"})


def _begins_another(current: _Open, mark: Mark) -> bool:
    if mark.start - current.end > _FAR:
        return True
    if mark.key == "request_id":
        known = current.values.get("request_id")
        return known is not None and known != mark.value and ("request_id", mark.style) in current.seen
    if mark.key not in _HEADS or mark.style == "link":
        return False
    if (mark.key, mark.style) in current.seen:
        return (
            mark.key != "phrase"
            or _phrase(mark) in current.phrases
            or not _agree(current.phrases[-1], _phrase(mark))
        )
    if mark.key == "phrase":
        return _phrase_contradicts(current, _phrase(mark))
    known = current.values.get(mark.key)
    if mark.key == "code" and known is not None and _is_in_message(current, mark):
        return False
    if mark.key == "code":
        return (known is not None and not _same_code(known, mark.value)) or _code_contradicts(
            current, mark.value
        )
    return known is not None and known != mark.value


def _is_in_message(current: _Open, mark: Mark) -> bool:
    """A code inside the message of a code that only says "no": the answer of the service behind."""
    inside = current.said[0] <= mark.start < current.said[1]
    return inside and codes.cause_of_code(current.values["code"]) == codes.DENIED


def _same_code(one: str, other: str) -> bool:
    return one == other or codes.cause_of_code(one) == codes.cause_of_code(other)


def _phrase(mark: Mark) -> str:
    return mark.value.partition("\t")[0]


def _agree(one: str, other: str) -> bool:
    """Whether two sentences can be of one error."""
    if one == other or {one, other} <= {"token_lost", "key", "token"}:
        return True
    first, second = BY_ID[one], BY_ID[other]
    if {first.cause, second.cause} <= {"permission_missing", "pass_role_missing"}:
        return True
    return first.cause == second.cause or (
        "unknown" in (first.cause, second.cause) and first.service == second.service
    )


def _fits(code: str, phrase: str) -> bool:
    """Whether a service answers with this code and this sentence at once."""
    cause = codes.cause_of_code(code)
    return cause in (BY_ID[phrase].codes or codes.DENIED).split("|")


def _phrase_contradicts(current: _Open, phrase: str) -> bool:
    code = current.values.get("code")
    if code is not None:
        return not _fits(code, phrase)
    return any(not _agree(known, phrase) for known in current.phrases)


def _code_contradicts(current: _Open, code: str) -> bool:
    return any(not _fits(code, phrase) for phrase in current.phrases)


def _take(current: _Open, mark: Mark) -> None:
    current.seen.add((mark.key, mark.style))
    current.end = max(current.end, mark.start if mark.key == "message" else mark.end)
    if mark.key == "message" and current.said == (0, 0):
        current.said = (mark.start, mark.end)
    if mark.key == "code" and "code" in current.values and _is_in_message(current, mark):
        current.values["code"] = mark.value
    if mark.key != "phrase":
        current.values.setdefault(mark.key, mark.value)
        return
    phrase, action, resource, quote = mark.value.split("\t")
    if phrase not in current.phrases:
        current.quotes.append(quote)
    current.phrases.append(phrase)
    if action:
        current.values.setdefault("phrase_action", action)
    if resource:
        current.values.setdefault("phrase_resource", resource)


def _tells_something(error: _Open) -> bool:
    values = error.values
    return bool(
        error.phrases
        or values.get("code")
        or values.get("ec")
        or (values.get("policy_type") and values.get("no_permission"))
    )


def _sighting(error: _Open) -> Sighting:
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
