"""Roles that Rolemend never changes: renaming, editing or deleting them breaks creation or jobs."""

from __future__ import annotations

DEFAULT_ROLES = frozenset(
    {
        "aliyunecsinstanceforemrrole", "aliyunemrecsdefaultrole", "aliyunemrdefaultrole",
        "aliyunemrsparkjobrundefaultrole", "aliyunecsinstanceforemrstudiorole",
    }
)  # fmt: skip
"""The documented default roles, lower-case.

https://www.alibabacloud.com/help/en/emr/emr-on-ecs/user-guide/emr-service-role-19
"""


def is_default_role(name: str) -> bool:
    return name.lower() in DEFAULT_ROLES


def is_service_linked(name: str) -> bool:
    """By the beginning that RAM keeps for them."""
    return name.lower().startswith("aliyunservicerolefor")
