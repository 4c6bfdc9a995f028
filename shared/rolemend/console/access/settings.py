"""What the access to the deployed console is set to: who may come in, how they sign in, and the keys."""

from __future__ import annotations

import msgspec

SITES = {"china": "aliyun.com", "international": "alibabacloud.com"}
"""Domains of the two sites of Alibaba Cloud; an account belongs to one of them."""


class Secret(msgspec.Struct, frozen=True):
    """A value that no log, message or traceback may show; `value` hands it out."""

    value: str

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __bool__(self) -> bool:
        return bool(self.value)


class AccessSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`account` is the operator's own, `address` where browsers reach the console, without a slash at its end.

    `viewers` and `approvers` hold ids: a RAM user's or role's, or the account's own for its root user. Without a
    `link_key` no link permits anything. `scheme` is that of Alibaba Cloud's addresses.
    """

    account: str
    address: str
    client_id: str
    client_secret: Secret
    session_key: Secret
    link_key: Secret = Secret("")
    viewers: frozenset[str] = frozenset()
    approvers: frozenset[str] = frozenset()
    site: str = "china"
    scheme: str = "https"
    language: str = "en"

    @property
    def https(self) -> bool:
        return self.address.startswith("https://")

    def may_see(self, account: str, user: str) -> bool:
        """Exactly the ids that are named; an account's id names its root user, not everybody in it."""
        return account == self.account and user in self.viewers | self.approvers

    def may_approve(self, account: str, user: str) -> bool:
        return account == self.account and user in self.approvers
