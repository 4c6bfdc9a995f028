"""The EncodedDiagnosticMessage of a denial: what was asked and what decided, in a text that RAM can open.

Structure: https://www.alibabacloud.com/help/en/ram/developer-reference/api-ram-2015-05-01-decodediagnosticmessage
The real text is opaque; here it is JSON with a keyed hash over it, so that nothing is kept and a made-up
one is refused. The key lives as long as the process.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
import zlib

import msgspec

_KEY = secrets.token_bytes(32)
_HASH_SIZE = 16


class MatchedPolicy(msgspec.Struct, frozen=True, array_like=True):
    """A policy that had a say. `entity` is RamUser, RamRole, RamGroup or ResourceDirectoryTarget."""

    effect: str
    name: str
    type: str
    version: str
    entity: str


class Diagnostic(msgspec.Struct, frozen=True, array_like=True):
    """What one message tells. `issued` in epoch seconds; `owner` is the account whose callers may open it."""

    issued: float
    owner: str
    action: str
    resource: str
    principal_type: str
    principal_name: str
    explicit: bool
    layer: str
    conditions: dict[str, tuple[str, ...]] = {}
    matched: tuple[MatchedPolicy, ...] = ()


def encode(diagnostic: Diagnostic) -> str:
    """The text that stands in an AccessDeniedDetail."""
    body = zlib.compress(msgspec.json.encode(diagnostic), 1)
    return base64.urlsafe_b64encode(_keyed_hash(body) + body).decode()


def decode(text: str) -> Diagnostic | None:
    """None for a text that this local cloud did not write."""
    try:
        data = base64.b64decode(text.encode(), b"-_", validate=True)
    except (binascii.Error, UnicodeError):
        return None
    given, body = data[:_HASH_SIZE], data[_HASH_SIZE:]
    if not secrets.compare_digest(given, _keyed_hash(body)):
        return None
    return msgspec.json.decode(zlib.decompress(body), type=Diagnostic)


def _keyed_hash(body: bytes) -> bytes:
    return hashlib.blake2b(body, key=_KEY, digest_size=_HASH_SIZE).digest()
