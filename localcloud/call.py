"""One HTTP request as the services see it, and their answer."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass, field
from urllib.parse import parse_qsl


@dataclass(slots=True)
class Call:
    """A request to the local cloud, addressed by the real endpoint's host name.

    `path` is percent-decoded, `raw_path` as it came. Header names are lower case. `received` is in epoch seconds.
    `label` is what stands before the service's own host name: a bucket, a project or an account id, or "".
    """

    method: str
    host: str
    path: str
    raw_path: str
    raw_query: str
    headers: dict[str, str]
    body: bytes
    source_ip: str
    received: float
    region: str = ""
    label: str = ""
    request_id: str = ""
    _query: list[tuple[str, str]] | None = field(default=None, repr=False)

    @property
    def query(self) -> list[tuple[str, str]]:
        """Decoded query parameters, in order; a parameter without `=` has the value ""."""
        if self._query is None:
            self._query = parse_qsl(self.raw_query, keep_blank_values=True)
        return self._query

    def argument(self, name: str, default: str = "") -> str:
        """The first value of one query parameter."""
        return next((value for key, value in self.query if key == name), default)

    @property
    def user_agent(self) -> str:
        """The client's name for itself; bytes that are no UTF-8 become U+FFFD."""
        return (
            self.headers.get("user-agent", "").encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        )

    def has_argument(self, name: str) -> bool:
        return any(key == name for key, _ in self.query)


@dataclass(slots=True)
class Reply:
    """An answer: header names as they are sent, body whole."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


def new_request_id() -> str:
    """An OpenAPI request id: an upper-case UUID."""
    return str(uuid.uuid4()).upper()


def new_hex_request_id() -> str:
    """A request id of OSS and SLS: 24 upper-case hexadecimal digits."""
    return secrets.token_hex(12).upper()
