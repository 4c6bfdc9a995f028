"""What the local cloud refuses, as exceptions that every service turns into its own error format.

CloudError
├── AccessDenied            the caller may not do this; carries the decision
├── Unauthenticated         key, token, signature or clock is wrong
├── Unsupported             the local cloud does not know this API
└── (plain CloudError)      everything an API itself refuses
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localcloud.ram.diagnostic_message import MatchedPolicy
    from rolemend.policy import Decision


class CloudError(Exception):
    """An error answer: `status` is the HTTP status, `fields` are extra members of the error body."""

    def __init__(self, code: str, message: str, status: int = 400, **fields: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.fields = fields


class Unauthenticated(CloudError):
    """The signature, the AccessKey, the security token or the date was not accepted."""


class AccessDenied(CloudError):
    """A call that the policies do not allow. `action` and `resource` are what was asked for.

    `conditions` are the request's condition keys and `matched` the policies that decided: both are for the
    diagnostic message.
    """

    def __init__(
        self,
        code: str,
        message: str,
        status: int,
        *,
        action: str,
        resource: str,
        decision: Decision | None = None,
        conditions: Mapping[str, tuple[str, ...]] | None = None,
        matched: tuple[MatchedPolicy, ...] = (),
        **fields: str,
    ) -> None:
        super().__init__(code, message, status, **fields)
        self.action = action
        self.resource = resource
        self.decision = decision
        self.conditions = conditions or {}
        self.matched = matched


class Unsupported(CloudError):
    """An API that the local cloud does not have: never an empty success."""

    def __init__(self, service: str, operation: str) -> None:
        super().__init__(
            "InvalidAction.NotFound",
            f"The local cloud does not support {operation} of {service}. "
            "docs/local-cloud.md lists what it supports.",
            404,
        )
        self.service = service
        self.operation = operation
