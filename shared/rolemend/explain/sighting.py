"""What one error in a text says of itself, before anybody judges it."""

from __future__ import annotations

from typing import Any

import msgspec


class Sighting(msgspec.Struct, kw_only=True):
    """The members of one error as they stand in the text; "" for what is not there.

    `code` is the service's error code, `phrases` the ids of known sentences (`phrases.PHRASES`) in it and `quotes`
    their words, `host` the host that was asked (`HostId`), `endpoint` OSS's `<Endpoint>`, `others` further OSS hosts
    around it. `principal_type` and `owner` are AccessDeniedDetail's words for the principal and its account, `encoded`
    its EncodedDiagnosticMessage, `principal_id` the id beside a name; `record` is the event or log line that this was
    read from. `guessed` says that `action` is only what the operation in the text usually needs. `signs` are marks of
    the surroundings: `oss`, `dlf`, `kms`, `sts_key`, `s3`, `creation`, `role`, `unsigned`, `no_error`.
    """

    code: str = ""
    message: str = ""
    ec: str = ""
    status: str = ""
    phrases: tuple[str, ...] = ()
    quotes: tuple[str, ...] = ()
    policy_type: str = ""
    no_permission: str = ""
    action: str = ""
    guessed: bool = False
    principal: str = ""
    principal_type: str = ""
    principal_id: str = ""
    owner: str = ""
    encoded: str = ""
    record: dict[str, Any] | None = None
    resource: str = ""
    service: str = ""
    bucket: str = ""
    object: str = ""
    region: str = ""
    host: str = ""
    endpoint: str = ""
    others: tuple[str, ...] = ()
    request_id: str = ""
    signs: frozenset[str] = frozenset()
    nested: bool = False
    """Printed as the cause of an exception, so that it may be the error before it once more."""
