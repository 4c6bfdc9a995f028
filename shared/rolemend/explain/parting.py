"""Where one error of a text ends and another begins.

A new error begins where a name comes back in the same form, where a code, an EC, a sentence or a request id contradicts
what was read before, and in another record (behind a blank line, at the head of a log line) that tells something else.
"""

from __future__ import annotations

import msgspec

from rolemend.explain import codes
from rolemend.explain.fields import Mark
from rolemend.explain.phrases import BY_ID
from rolemend.explain.surroundings import RECORD

_FAR = 4_000
"""Characters between two members that are no longer taken for those of one error."""


class Open(msgspec.Struct):
    """An error that is being put together: `said` is where its message stands."""

    start: int
    end: int
    seen: set[tuple[str, str]]
    values: dict[str, str]
    phrases: list[str]
    quotes: list[str]
    said: tuple[int, int] = (0, 0)


def begins_another(current: Open, marks: list[Mark], index: int, text: str) -> bool:
    """Whether the member at `index` is of another error than the one that is being put together."""
    return _is_repeated(current, marks[index]) or _begins_a_record(current, marks, index, text)


_HEADS = frozenset({"code", "phrase", "ec", "policy_type"})


def _is_repeated(current: Open, mark: Mark) -> bool:
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
        return not _explains(current, mark) and _phrase_contradicts(current, _phrase(mark))
    known = current.values.get(mark.key)
    if mark.key == "code" and known is not None and _is_in_message(current, mark):
        return False
    if mark.key == "code":
        return (known is not None and not _same_code(known, mark.value)) or (
            not _is_explained(current, mark) and _code_contradicts(current, mark.value)
        )
    return known is not None and known != mark.value


_AHEAD = 16
"""Members of a record that are looked at before it is known whether it goes on with the error before it."""


def _begins_a_record(current: Open, marks: list[Mark], index: int, text: str) -> bool:
    """Whether a member stands on another line or in another record, and what follows cannot be of the error so far."""
    if "\n" not in text[current.end : marks[index].start]:
        return False
    apart, last = RECORD.search(text, current.end, marks[index].start) is not None, marks[index].start
    if not tells_something(current):
        return apart and "message" in current.values
    if not apart and marks[index].key == "host":
        return False
    passed: set[tuple[str, str]] = set() if apart else set(current.seen)
    for mark in marks[index : index + _AHEAD]:
        if mark.start - last > _FAR or RECORD.search(text, last, mark.start):
            break
        if mark.key in (*_HEADS, "request_id") and (mark.key, mark.style) in passed:
            break  # the next error begins here
        passed.add((mark.key, mark.style))
        if (contradicts := _contradicts(current, mark, apart)) is not None:
            return contradicts
        last = max(last, mark.start if mark.key == "message" else mark.end)
    is_seen = any(style == marks[index].style for _, style in current.seen)
    is_bare = not current.phrases and "code" not in current.values
    return apart and (marks[index].key == "host" or is_bare) and not is_seen


def _contradicts(current: Open, mark: Mark, apart: bool) -> bool | None:
    """Whether a member of what may be another error says that it is one; None if it leaves that open.

    `apart` says that a blank line or the head of a log line stands between.
    """
    known = current.values.get(mark.key, "")
    if mark.key in ("request_id", "ec") and known:
        return known != mark.value
    if mark.key == "phrase" and apart and not current.phrases and "ec" in current.values:
        return True  # the EC comes behind the sentence
    if mark.key == "phrase" and current.phrases:
        return _is_other_phrase(current, mark, apart)
    if (
        mark.key == "code"
        and apart
        and known
        and known.removesuffix("Error") != mark.value.removesuffix("Error")
    ):
        return True
    if mark.key == "message" and apart and current.phrases:
        return True if not any(quote in mark.value for quote in current.quotes) else None
    return None


def _is_other_phrase(current: Open, mark: Mark, apart: bool) -> bool | None:
    phrase, action, resource, _ = mark.value.split("\t")
    named = (current.values.get("phrase_action", ""), current.values.get("phrase_resource", ""))
    if any(one and other and one != other for one, other in zip(named, (action, resource), strict=True)):
        return True
    if phrase in current.phrases:
        return None
    services = {BY_ID[known].service for known in current.phrases} - {""}
    stated = BY_ID[phrase].service
    if apart or (stated and services and stated not in services):
        return True
    return True if not any(_agree(known, phrase) for known in current.phrases) else None


def _is_in_message(current: Open, mark: Mark) -> bool:
    """A code inside the message of a code that only says "no": the answer of the service behind."""
    inside = current.said[0] <= mark.start < current.said[1]
    return inside and codes.cause_of_code(current.values["code"]) == codes.DENIED


def _explains(current: Open, mark: Mark) -> bool:
    """A sentence that is the message of a code that only says "no"."""
    return "code" in current.values and _is_in_message(current, mark)


_NEAR = 300
"""Characters between two members of one JSON object."""


def _is_explained(current: Open, mark: Mark) -> bool:
    """A code that only says "no", behind the message of the same JSON object, which says why."""
    return (
        mark.style == "json"
        and ("message", "json") in current.seen
        and mark.start - current.said[1] < _NEAR
        and codes.cause_of_code(mark.value) == codes.DENIED
    )


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


def _phrase_contradicts(current: Open, phrase: str) -> bool:
    code = current.values.get("code")
    if code is not None:
        return not _fits(code, phrase)
    return any(not _agree(known, phrase) for known in current.phrases)


def _code_contradicts(current: Open, code: str) -> bool:
    return any(not _fits(code, phrase) for phrase in current.phrases)


def take(current: Open, mark: Mark) -> None:
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


def tells_something(error: Open) -> bool:
    values = error.values
    return bool(
        error.phrases
        or values.get("code")
        or values.get("ec")
        or (values.get("policy_type") and values.get("no_permission"))
    )
