"""Settings that name a secret of KMS in the place of a value: `kms:NAME`, or `kms:NAME#MEMBER` of a JSON object.

It is always the current version that is read: a rotation moves the label ACSCurrent, and so does a way back. Names:
https://www.alibabacloud.com/help/en/kms/key-management-service/developer-reference/api-kms-2016-01-20-createsecret
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import msgspec

from rolemend.account.access import Access
from rolemend.errors import AccountError, Conflict, NotThere, Refused, Unreachable

REREAD_SECONDS = 300
"""For how long a value counts before KMS is asked again: a rotated secret takes effect within that time."""
SILENT_SECONDS = 10
"""For how long KMS is not asked after it did not answer: a function with many secrets has not the time for each."""

_REFERENCE = re.compile(r"kms:([A-Za-z0-9_/+=.@-]{1,192})(?:#([A-Za-z0-9_.-]{1,64}))?", re.ASCII)

_UNUSABLE = ("NoText", "NoObject", "NoMember")
"""Codes of our own for values that are there; their messages are our own too."""

ReadText = Callable[[Access, str], str]
"""The value of a secret by its name. Raises AccountError."""


class Reference(msgspec.Struct, frozen=True):
    """The secret `name`, or the member of the JSON object in it."""

    name: str
    member: str = ""


def read_reference(value: str) -> Reference | None:
    """What a setting that begins with `kms:` names; None if it is written wrongly."""
    found = _REFERENCE.fullmatch(value)
    return Reference(found[1], found[2] or "") if found else None


class Vault:
    """Values that were read, for all invocations of an instance. No text of it shows one."""

    def __init__(self, read: ReadText, now: Callable[[], float] = time.time) -> None:
        self._read, self._now = read, now
        self._kept: dict[tuple[str, str, str], tuple[str, float]] = {}
        self._silent: tuple[Unreachable, float] | None = None

    def value(self, access: Access, reference: Reference) -> str:
        """The secret without blanks around it, read anew after `REREAD_SECONDS`. Raises AccountError.

        Where KMS does not answer then, what it answered before goes on counting; a secret that is gone or refused by
        now does not.
        """
        text = self._text(access, reference.name)
        return (_member(text, reference.member) if reference.member else text).strip()

    def _text(self, access: Access, name: str) -> str:
        key = (access.account, access.region, name)
        kept = self._kept.get(key)
        now = self._now()
        if kept is not None and 0 <= now - kept[1] < REREAD_SECONDS:
            return kept[0]
        try:
            text = self._ask(access, name, now)
        except Unreachable:
            if kept is None:
                raise
            return kept[0]
        except AccountError:
            self._kept.pop(key, None)
            raise
        self._kept[key] = (text, now)
        return text

    def _ask(self, access: Access, name: str, now: float) -> str:
        if self._silent is not None and 0 <= now - self._silent[1] < SILENT_SECONDS:
            raise self._silent[0].with_traceback(None)
        try:
            return self._read(access, name)
        except Unreachable as error:
            self._silent = (error, self._now())
            raise


def _member(text: str, name: str) -> str:
    """A text member of a JSON object. No error repeats anything of the secret."""
    try:
        value = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeError):
        raise AccountError("GetSecretValue", "NoObject", "the secret's value is no JSON object") from None
    try:
        return msgspec.json.decode(value[name], type=str)
    except KeyError:
        raise AccountError("GetSecretValue", "NoMember", "the secret has no member of that name") from None
    except msgspec.DecodeError:
        raise AccountError("GetSecretValue", "NoMember", "that member of the secret is no text") from None


def what_to_do(error: AccountError, reference: Reference, region: str, account: str) -> str:
    """Why a setting has no value, by the secret's name, and what helps."""
    name = reference.name
    secret = f"secret {name!r} of KMS in {region}"
    request = f" (request {error.request_id})" if error.request_id else ""
    if isinstance(error, NotThere):
        return f"there is no {secret}: create it, or correct the name{request}"
    if isinstance(error, Refused):
        resource = f"acs:kms:{region}:{account}:secret/{name}"
        return (
            f"the {secret} was refused ({error.code}): the function's role needs kms:GetSecretValue on {resource}, "
            f"and kms:Decrypt on the secret's key where that is one of your own{request}"
        )
    if isinstance(error, Conflict):
        return f"the {secret} is about to be deleted ({error.code}): restore it, or name another one{request}"
    if isinstance(error, Unreachable):
        return (
            f"the {secret} was not read, as KMS did not answer ({error.code}): the next invocation asks again"
        )
    if error.code in _UNUSABLE:
        member = f" (member {reference.member!r})" if reference.member else ""
        return f"the {secret} cannot be used{member}: {error.message}"
    return f"the {secret} could not be read: {error.code}{request}"
