"""One look at the account: what several parts of it ask for is read once, also where they ask at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any, TypeVar

from rolemend.account.interface import (
    AttachedPolicy,
    Bucket,
    Buckets,
    Encryption,
    Identities,
    PolicyUsers,
    PolicyVersions,
    Reading,
    Role,
)

T = TypeVar("T")


class _Once:
    """Answers by what was asked. Who asks while an answer is under way waits for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: dict[tuple[str, ...], Future[Any]] = {}

    def __call__(self, read: Callable[..., T], *values: str) -> T:
        key = (read.__name__, *values)
        with self._lock:
            known = self._answers.get(key)
            answer = self._answers.setdefault(key, Future())
        if known is None:
            try:
                answer.set_result(read(*values))
            except BaseException as error:
                answer.set_exception(error)
                raise
        found: T = answer.result()
        return found


class IdentitiesOnce:
    """`Identities` of one look. What is written is never based on it alone: a writer reads anew."""

    def __init__(self, identities: Identities) -> None:
        self._live, self._once = identities, _Once()

    def policies_of_user(self, name: str) -> Reading[tuple[AttachedPolicy, ...]]:
        return self._once(self._live.policies_of_user, name)

    def policies_of_role(self, name: str) -> Reading[tuple[AttachedPolicy, ...]]:
        return self._once(self._live.policies_of_role, name)

    def user_name(self, user_id: str) -> Reading[str]:
        return self._once(self._live.user_name, user_id)

    def role(self, name: str) -> Reading[Role]:
        return self._once(self._live.role, name)

    def role_names(self) -> Reading[tuple[str, ...]]:
        return self._once(self._live.role_names)

    def role_tags(self, name: str) -> Reading[Mapping[str, str]]:
        return self._once(self._live.role_tags, name)

    def users_of_policy(self, name: str) -> Reading[PolicyUsers]:
        return self._once(self._live.users_of_policy, name)

    def policy_versions(self, name: str) -> Reading[PolicyVersions]:
        return self._once(self._live.policy_versions, name)


class BucketsOnce:
    """`Buckets` of one look."""

    def __init__(self, buckets: Buckets) -> None:
        self._live, self._once = buckets, _Once()

    def bucket(self, name: str, region: str) -> Reading[Bucket]:
        return self._once(self._live.bucket, name, region)

    def bucket_policy(self, name: str, region: str) -> Reading[str]:
        return self._once(self._live.bucket_policy, name, region)

    def bucket_encryption(self, name: str, region: str) -> Reading[Encryption]:
        return self._once(self._live.bucket_encryption, name, region)

    def public_access_blocked(self, name: str, region: str) -> Reading[bool]:
        return self._once(self._live.public_access_blocked, name, region)

    def bucket_tags(self, name: str, region: str) -> Reading[Mapping[str, str]]:
        return self._once(self._live.bucket_tags, name, region)
