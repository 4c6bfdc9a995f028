"""Which instance asks, and the role it has.

The proxy user names the instance, because every caller comes from loopback: a node's environment has
`http_proxy=http://<instance id>:x@127.0.0.1:<port>` (some clients send no user without a password).
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Protocol

from localcloud.sts.service import open_session, service_may_assume

if TYPE_CHECKING:
    from localcloud.call import Call
    from localcloud.cloud import Cloud
    from localcloud.sts.state import Session

LIFETIME = 6 * 60 * 60
"""Seconds that an instance's credentials last; new ones are given out when an hour is left."""

_RENEW_BEFORE = 60 * 60


class Instance(Protocol):
    """An ECS instance of EMR; `role` is a name, "" for none."""

    @property
    def account(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def role(self) -> str: ...


def asking_instance(call: Call) -> str:
    """The instance id in the proxy's user name, "" if there is none."""
    scheme, _, encoded = call.headers.get("proxy-authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(encoded, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeError):
        return ""


def find_instance(cloud: Cloud, instance_id: str) -> Instance | None:
    """EMR keeps the instances of its nodes; no other service has any."""
    found: Instance | None = cloud.services["emr"].instance(instance_id)  # type: ignore[attr-defined]
    return found


class InstanceCredentials:
    """Sessions of instances' roles, handed out again until they run out."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._given: dict[tuple[str, str, str], str] = {}

    def session(self, instance_id: str, instance: Instance, service: str) -> Session | None:
        """A session `vm-ram-<instance id>` of the instance's role; None if the role does not trust `service`.

        The name is that of real GetCallerIdentity answers on ECS; MetaService's own is not documented.
        """
        state, now = self._cloud.state, self._cloud.clock()
        role = state.accounts[instance.account].ram.roles.get(instance.role.lower())
        if role is None or not service_may_assume(self._cloud, role, service):
            return None
        key = (instance_id, role.id, service)
        session = state.sessions.get(self._given.get(key, ""))
        if session is None or session.expires - now < _RENEW_BEFORE:
            name = f"vm-ram-{instance_id}"
            session = open_session(self._cloud, instance.account, role, name, instance.account, LIFETIME)
            self._given[key] = session.access_key_id
        return session
