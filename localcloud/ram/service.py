"""RAM 2015-05-01: one table of all its operations, each kept with the others of its kind.

API overview: https://www.alibabacloud.com/help/en/ram/developer-reference/api-ram-2015-05-01-overview
"""

from __future__ import annotations

from localcloud.openapi import OpenApiService, Operation
from localcloud.ram import (
    access_keys,
    attachments,
    diagnostics,
    groups,
    policies,
    policy_versions,
    roles,
    service_linked_roles,
    tags,
    users,
)


class RamService(OpenApiService):
    """A global service: it answers the same at every endpoint."""

    name = "ram"
    event_name = "Ram"
    version = "2015-05-01"

    def table(self) -> tuple[Operation, ...]:
        return (
            *users.OPERATIONS,
            *access_keys.OPERATIONS,
            *groups.OPERATIONS,
            *roles.OPERATIONS,
            *service_linked_roles.OPERATIONS,
            *policies.OPERATIONS,
            *policy_versions.OPERATIONS,
            *attachments.OPERATIONS,
            *tags.OPERATIONS,
            *diagnostics.OPERATIONS,
        )
