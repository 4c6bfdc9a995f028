"""What KMS keeps: secrets with their versions. Times are epoch seconds."""

from __future__ import annotations

import msgspec


class Version(msgspec.Struct, kw_only=True):
    """One value of a secret; `stages` are the labels that mark it, such as ACSCurrent."""

    id: str
    data: str
    kind: str = "text"
    stages: list[str] = []
    created: float = 0.0


class Secret(msgspec.Struct, kw_only=True):
    """A generic secret. `key` is the KMS key that was chosen for it, "" for KMS's own; `gone` is when it is to be
    deleted, 0 if it is not."""

    name: str
    versions: list[Version]
    description: str = ""
    key: str = ""
    created: float = 0.0
    updated: float = 0.0
    gone: float = 0.0


class KmsState(msgspec.Struct, kw_only=True):
    """Secrets by account, region and name: names are unique in a region."""

    secrets: dict[str, dict[str, dict[str, Secret]]] = {}
