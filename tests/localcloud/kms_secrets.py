"""KMS as its clients see it: one call, and a secret that is kept there."""

from __future__ import annotations

from typing import Any

from tests import clients
from tests.clients import Keys


def kms(keys: Keys, action: str, region: str = "cn-hangzhou", **parameters: Any) -> dict[str, Any]:
    """One call, made the way the generated client makes it."""
    return clients.rpc(keys, f"kms.{region}.aliyuncs.com", "2016-01-20", action, parameters)


def keep(keys: Keys, name: str, value: str, version: str = "v1", **parameters: Any) -> None:
    """A secret with its first version."""
    kms(keys, "CreateSecret", SecretName=name, SecretData=value, VersionId=version, **parameters)


def rotate(keys: Keys, name: str, value: str, version: str) -> None:
    """A new version of a secret, which is the current one from now on."""
    kms(keys, "PutSecretValue", SecretName=name, SecretData=value, VersionId=version)
