"""What RAM keeps for one account. Times are epoch seconds."""

from __future__ import annotations

from typing import Any

import msgspec


class AccessKey(msgspec.Struct, kw_only=True):
    """A long-lived key pair. `user` is the owner's name, "" for the account's root user."""

    id: str
    secret: str
    account: str
    user: str = ""
    status: str = "Active"
    created: float = 0.0


class PolicyVersion(msgspec.Struct, kw_only=True):
    """One version of a policy; `id` is `v1`, `v2`, … and is never given twice."""

    id: str
    document: str
    created: float


class ManagedPolicy(msgspec.Struct, kw_only=True):
    """A system or custom policy. `type` is "System" or "Custom"."""

    name: str
    type: str
    description: str = ""
    versions: list[PolicyVersion] = []
    default_version: str = "v1"
    next_version: int = 2
    tags: dict[str, str] = {}
    created: float = 0.0
    updated: float = 0.0

    @property
    def document(self) -> str:
        """The document of the version in force."""
        return next(v.document for v in self.versions if v.id == self.default_version)


class Attachment(msgspec.Struct, kw_only=True, frozen=True):
    """A policy attached to a user, group or role. `type` is "System" or "Custom"."""

    type: str
    name: str
    attached: float = 0.0


class User(msgspec.Struct, kw_only=True):
    """A RAM user; `id` has 18 digits and stays when the name changes."""

    name: str
    id: str
    display_name: str = ""
    comments: str = ""
    email: str = ""
    mobile_phone: str = ""
    attachments: list[Attachment] = []
    tags: dict[str, str] = {}
    created: float = 0.0
    updated: float = 0.0


class Group(msgspec.Struct, kw_only=True):
    """A group of users: `members` maps the lower-case names of the users in it to when they joined."""

    name: str
    id: str = ""
    comments: str = ""
    members: dict[str, float] = {}
    attachments: list[Attachment] = []
    created: float = 0.0
    updated: float = 0.0


class Role(msgspec.Struct, kw_only=True):
    """`service_linked` roles belong to a service and refuse every change."""

    name: str
    id: str
    trust_policy: str
    description: str = ""
    max_session_duration: int = 3600
    attachments: list[Attachment] = []
    service_linked: bool = False
    tags: dict[str, str] = {}
    created: float = 0.0
    updated: float = 0.0


class ControlPolicy(msgspec.Struct, kw_only=True):
    """A control policy of a resource directory that reaches the account; level 0 is the account itself."""

    name: str
    document: dict[str, Any]
    level: int = 0


class RamAccount(msgspec.Struct, kw_only=True):
    """All of RAM in one account; all but keys by lower-case name, because RAM ignores case in names."""

    users: dict[str, User] = {}
    groups: dict[str, Group] = {}
    roles: dict[str, Role] = {}
    policies: dict[str, ManagedPolicy] = {}
    access_keys: dict[str, AccessKey] = {}
    control_policies: list[ControlPolicy] = []
