"""Names and values of an error as they stand in a text, in every form that programs print them in.

XML elements, JSON and Python members, `[Name]: value` of the Java SDKs, `Name=value` of the Go SDKs, `Name: value` of
Terraform, the aliyun CLI, Node and log lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache

import msgspec

_SPELLINGS = {
    "code": "code|errorcode|errcode|error",
    "message": "message|errormessage|errmsg|errormsg|errmessage|msg",
    "status": "status|statuscode|httpstatus|httpcode|httpstatuscode|responsecode",
    "request_id": "requestid|logrequestid|xossrequestid|xacsrequestid|xlogrequestid",
    "host": "hostid|host",
    "ec": "ec|xossec|errorec",
    "bucket": "bucket|bucketname",
    "object": "object|key|objectname",
    "endpoint": "endpoint",
    "user": "user",
    "action": "authaction",
    "resource": "authresource",
    "policy_type": "policytype|nopermissionpolicytype",
    "no_permission": "nopermissiontype",
    "principal": "authprincipaldisplayname",
    "principal_type": "authprincipaltype",
    "owner": "authprincipalownerid",
    "operation": "operation",
    "extend": "extendinformation",
    "access_key": "ossaccesskeyid",
}
KEY_OF = {spelling: key for key, spellings in _SPELLINGS.items() for spelling in spellings.split("|")}


class Mark(msgspec.Struct, frozen=True):
    """One `name: value` in a text: `key` is the normalised name, `style` the form it is written in."""

    start: int
    end: int
    key: str
    style: str
    value: str


@lru_cache(1_000)
def key_of(name: str) -> str:
    """The normalised name of a member, "" if it is none of an error's."""
    return KEY_OF.get(re.sub(r"[^a-z]", "", name.lower()), "")


_NAME = (
    r"(?:x-(?:oss|acs|log)-)?(?:(?:[Ee]rror|ERROR|[Ee]rr|http|[Hh]ttp|HTTP)[ _\-]?)?"
    r"(?:[Cc]ode|CODE|[Mm]essage|[Mm]sg|[Ee][Cc]|[Ss]tatus(?:[ _\-]?[Cc]ode)?|(?:log)?[Rr]equest[ _\-]?(?:[Ii][Dd]))"
    r"|ErrorEC|x-oss-ec|[Hh]ost(?:[Ii][Dd])?|[Bb]ucket(?:_?[Nn]ame)?|[Oo]bject(?:_?[Nn]ame)?|[Kk]ey|[Ee]ndpoint|User"
    r"|[Aa]uth(?:Action|Resource|Principal(?:DisplayName|Type|OwnerId))|(?:[Nn]oPermission)?[Pp]olicyType|[Nn]oPermissionType"
    r"|operation|extend_information|OSSAccessKeyId|[Ee]rror"
)


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile(
        # <Name>value</Name>
        rf"<(?P<xn>{_NAME})>\s*(?P<xv>[^<]{{0,2000}})</(?P=xn)>"
        # [Name]: value
        rf"|\[(?P<bn>{_NAME})\]\s?:[^\S\n]*(?P<bv>[^\n]*?)(?=,?\s*\[(?:{_NAME}|RawMessage|ResponseError)\]\s?:|<|\n|$)"
        # "Name": "value", 'Name': 'value', "Name": ["value"]
        rf"|(?P<q>[\"'])(?P<jn>{_NAME})(?P=q)\s*:\s*\[?\s*(?:(?P<jq>[\"'])(?P<jv>.{{0,2000}}?)(?<!\\)(?P=jq)|(?P<ji>-?\d+))"
        # Name="value", Name=value
        rf"|(?<![\w<\"'.\-])(?P<ln>{_NAME})\s?(?:=\s?(?:\"(?P<aq>[^\"\n]{{0,2000}})\"|'(?P<as>[^'\n]{{0,2000}})'"
        rf"|(?P<av>[^\n\"',}}\])]{{1,2000}}?)(?=,\s*\w+\s?=|[,\s}})\]!]*(?:\n|$)|\s+\w+\s?=|[,}})\]]))"
        # Name: "value", Name: [ 'value' ], Name: value up to the next name or the line's end
        rf"|:\s?(?:\[?\s*\"(?P<cq>[^\"\n]{{0,2000}})\"|\[?\s*'(?P<cs>[^'\n]{{0,2000}})'"
        rf"|(?P<cv>[^\n<]{{1,2000}}?)(?=,?\s+(?:{_NAME})\s?:|[,}}]?[^\S\n]*(?:\n|$|<)|,\s*\w+\s?[:=])))",
        re.MULTILINE,
    )


_STYLES = {
    "xv": ("xn", "xml"),
    "bv": ("bn", "bracket"),
    "jv": ("jn", "json"),
    "ji": ("jn", "json"),
    "aq": ("ln", "assign"),
    "as": ("ln", "assign"),
    "av": ("ln", "assign"),
    "cq": ("ln", "colon"),
    "cs": ("ln", "colon"),
    "cv": ("ln", "colon"),
}
"""Group of the value -> group of its name, and the style."""


_ONE_WORD = frozenset(
    {"request_id", "ec", "action", "principal", "principal_type", "owner", "policy_type", "no_permission"}
)
"""What is one word: a sentence's end or the next name of a Go map behind it is none of it."""


_NAME_END = re.compile(
    r"(?:ode|ODE|essage|sg|[Ee][Cc]|EC|tatus|[Ii][Dd]|ost|ame|ucket|bject|ey|ndpoint|ser|ction|esource|ype|peration"
    r"|nformation|rror)(?=[>\]\"'=:]|\s[=:])"
)
"""How each name ends, and what follows it. It finds the few places that are worth the long pattern."""
_OPENERS = {">": "<", "]": "[", '"': '"', "'": "'"}
_LONGEST_NAME = 40
_WORD = re.compile(r"(?<![\w<\"'.\-])[A-Za-z]")


def _starts(text: str, end: int, at: int) -> Iterator[int]:
    """Where a member whose name ends here can begin, the first place first."""
    low = max(at, end - _LONGEST_NAME)
    opener = _OPENERS.get(text[end : end + 1])
    if opener is None:
        yield from (found.start() for found in _WORD.finditer(text, low, end))
    elif (start := text.rfind(opener, low, end)) >= 0:
        yield start


def marks_in(text: str) -> Iterator[Mark]:
    """Every member of an error in a text, in order; a value may hold further ones, which are found as well."""
    pattern, at = _pattern(), 0
    for ending in _NAME_END.finditer(text):
        starts = _starts(text, ending.end(), at) if ending.end() > at else ()
        found = next(filter(None, (pattern.match(text, start) for start in starts)), None)
        if found is None:
            continue
        mark = _mark(found)
        if mark is not None:
            yield mark
        at = _resume(found, mark)


def _mark(found: re.Match[str]) -> Mark | None:
    group = next(group for group in _STYLES if found[group] is not None)
    name, style = _STYLES[group]
    key = key_of(found[name])
    if not key:
        return None
    value = found[group].strip()
    if key in _ONE_WORD and value:
        value = value.split(maxsplit=1)[0].rstrip(".,;]")
        return Mark(
            found.start(), found.start(group) + found[group].index(value) + len(value), key, style, value
        )
    end = found.start(group) + len(found[group].rstrip()) if style == "xml" else found.end(group)
    return Mark(found.start(), end, key, style, value)


def _resume(found: re.Match[str], mark: Mark | None) -> int:
    """Where to look on: behind a short value, inside a message, which may hold a whole answer."""
    if mark is not None and mark.key != "message" and not ("<" in mark.value or ":" in mark.value):
        return max(mark.end, found.start() + 1)
    name = next(found.end(name) for name in ("xn", "bn", "jn", "ln") if found[name] is not None)
    return max(name, found.start() + 1)
