"""Text that was escaped on its way: JSON in JSON, XML in HTML. And which parts of a long text are worth reading."""

from __future__ import annotations

import re

_ESCAPED_JSON = re.compile(r'\\+"|\\+n|\\u00(?:3[cCeE]|2[26]|27)')
_ESCAPED_HTML = re.compile(r"&(?:lt|gt|quot|amp|apos|#0?39|#x27|#34|#60|#62);")
_JSON = {"3c": "<", "3e": ">", "26": "&", "22": '"', "27": "'"}
_HTML = {"lt": "<", "gt": ">", "quot": '"', "amp": "&", "apos": "'", "#39": "'", "#039": "'", "#x27": "'", "#34": '"',
         "#60": "<", "#62": ">"}  # fmt: skip


def unescaped(text: str) -> str:
    """The text with quotes, line ends and angle brackets as they were before they were escaped, at most twice.

    The wide colon of Chinese texts stands between a name and its value as the other does.
    """
    text = text.replace("\uff1a", ":")
    for _ in range(2):
        before = text
        if "&" in text:
            text = _ESCAPED_HTML.sub(lambda found: _HTML[found[0][1:-1]], text)
        if "\\" in text:
            text = _ESCAPED_JSON.sub(_plain, text)
        if text == before:
            break
    return text


def _plain(found: re.Match[str]) -> str:
    if found[0].endswith("n"):
        return "\n"
    return (
        '"'
        if found[0].endswith('"') and found[0][-2:] == '\\"'
        else _JSON.get(found[0][-2:].lower(), found[0])
    )


_ANCHORS = (
    "enied", "orbid", "ermission", "uthori", "ignature", "ecurity", "ccessKey", "ccess Key", "ccess key",
    "ccess_key", "no right", "belong to you", "referer", "nonymous", "pay bucket", "must be addressed",
    "PermanentRedirect", "TooSkewed", "difference between the request", "imeStamp", "time stamp",
    "IllegalTimestamp", "RequestTimeExpired", "ObjectState", "object's state", "ndebt", "InDebt", "UserDisable",
    "AbnormalBucket", "Arrear", "RamRole", "RAMRole", "EntityNotExist", "The role ", "ole not attach", "RoleNo",
    "RoleNotFound", "LinkedRole", "rivilege", "PassRole", "ssl protect", "HTTPS port", "0003-0000", "0002-0000",
    "0048-0000", "0030-0000", "for scheme", "AliyunOSSFileSystem", "JindoO", "not known", "NotConfirm",
    "Not confirmed", "by kms", "by KMS", "KMS Service", "has expired", "CORS", "NoSuch", "StateChangeReason",
    "stateChangeReason", "AuthAction", "service is not enabled", "don't exist in project", "BucketDisable",
    "NotStandard", "StandardHost", "SecondLevelDomain", "UnknownHost", "Throttling", "InvalidArgument",
    "InvalidCredentials", "request is not resource owner", "public bucket", "public object",
    "according to Policy", "forbidden to list", "corresponding access rights", "authorizer",
    "entered is incorrect", "error_code", "errorCode", "eventName", "http_status", "InvalidKeyId", "keyId",
    "NeedSsl", "UbsmsInvalidBid", "BucketAlreadyExists", "by root accounts", "InvalidBucketName", "Timeout", "NotExist",
    "KeyNotFound", "AlreadyExists", "UnknownHost", "nstanceId.NotFound",
)  # fmt: skip
"""At least one of these stands in everything that is recognised."""
_BEFORE, _BEHIND, _LINE = 2_500, 4_000, 16_000
"""Characters around a spot that are read with it, and how far a line's end is looked for."""


def worth_reading(text: str) -> list[str]:
    """The parts of a window that something can be recognised in, each with what stands around it."""
    spots = sorted({at for anchor in _ANCHORS if anchor in text for at in _places(text, anchor)})
    parts: list[tuple[int, int]] = []
    for at in spots:
        start, end = _line_start(text, max(0, at - _BEFORE)), _line_end(text, min(len(text), at + _BEHIND))
        if parts and start <= parts[-1][1]:
            parts[-1] = (parts[-1][0], max(end, parts[-1][1]))
        else:
            parts.append((start, end))
    return [text[start:end] for start, end in parts]


def _places(text: str, anchor: str) -> list[int]:
    """Where an anchor stands; one in each thousand characters is enough to find the neighbourhood."""
    found, at = [], text.find(anchor)
    while at >= 0:
        found.append(at)
        at = text.find(anchor, at + 1_000)
    return found


def _line_start(text: str, at: int) -> int:
    return text.rfind("\n", max(0, at - _LINE), at) + 1 or at


def _line_end(text: str, at: int) -> int:
    found = text.find("\n", at, at + _LINE)
    return found if found >= 0 else at
