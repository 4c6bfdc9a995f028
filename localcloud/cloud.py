"""The local cloud itself: its state, its clock, its services, and the way of one call through them."""

from __future__ import annotations

import asyncio
import inspect
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Protocol

from localcloud.authorize import PolicyShelf
from localcloud.call import Call, Reply, new_request_id
from localcloud.endpoints import access_key_id_of, locate_by_content, real_host
from localcloud.faults import ConnectionCut, Fault, fault_reply
from localcloud.hosts import locate, own_label
from localcloud.state import State
from localcloud.unread import NOT_READ, Refusals

if TYPE_CHECKING:
    from localcloud.fc.process import Preloaded
    from localcloud.identity import Caller
    from localcloud.ram.state import ManagedPolicy


class Service(Protocol):
    """What the cloud asks of a service. `handle` answers every call, refusals included."""

    def operation_name(self, call: Call) -> str: ...
    def handle(self, call: Call) -> Reply | Awaitable[Reply]: ...


class Cloud:
    """One local cloud. All services run on one event loop and change `state` without locks."""

    def __init__(self, state: State | None = None, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self.proxy = ""
        """Address for `http_proxy` of the processes that the cloud starts, "" while it is not served."""
        self.preloaded: Preloaded | None = None
        """Where function instances are forked from, also after `reset`; None starts each from nothing."""
        self.shelf = PolicyShelf()
        self.reset(state)

    def reset(self, state: State | None = None) -> None:
        """Begin anew with an empty or the given state; faults, counts and a clock that was set are forgotten."""
        from localcloud.registry import build_services, load_system_policies

        self.clock = self._clock
        self.state = state or State()
        self.faults: list[Fault] = []
        self.latency = 0.0
        """Seconds added to every call."""
        self.unsupported: Counter[tuple[str, str]] = Counter()
        self.own_faults = 0
        """Calls that ended in a fault of the local cloud itself."""
        self.calls: list[tuple[str, str, str]] = []
        """(service, operation, caller name) of each call since `calls` was last cleared, if `keep_calls`."""
        self.keep_calls = False
        self.spans: list[tuple[float, float, str, str]] = []
        """When each of `calls` came and when it was answered (`time.perf_counter`), its operation and caller name."""
        self.system_policies: dict[str, ManagedPolicy] = load_system_policies()
        self._unread: Refusals | None = None
        if self.state.snapshot is not None:
            self.system_policies |= self.state.snapshot.system_policies
            self._unread = Refusals(self.state.snapshot)
        self.after_call: list[Callable[[str, str, str], None]] = []
        """Called with service, operation and caller name after each call, before its answer is sent."""
        self.services = build_services(self)

    async def answer(self, call: Call) -> Reply:
        """Find the service by host name, apply the faults that were put in, and let it answer."""
        address = locate(call.host)
        if address is None:
            address = locate_by_content(call, self.state)
            if address is None:
                return self._no_such_host(call)
            call.host = real_host(address)
        call.region, call.label = address.region, address.label
        service = self.services[address.service]
        name = service.operation_name(call)
        if not self.keep_calls:
            return await self._answered(service, name, address.service, call)
        began, caller = time.perf_counter(), self._caller_name(call)
        try:
            return await self._answered(service, name, address.service, call)
        finally:
            self.spans.append((began, time.perf_counter(), name, caller))

    async def _answered(self, service: Service, name: str, key: str, call: Call) -> Reply:
        """Answer a call to the service `key`, with the latency and the faults that were put in."""
        if self.latency:
            await asyncio.sleep(self.latency)
        if self._unread is not None and self._unread.refuses(key, name, call):
            return fault_reply(NOT_READ, call, key)
        fault = self._strike(key, name, call)
        if fault is not None and fault.when == "before":
            if fault.kind != "meanwhile":
                return await self._fail(fault, call, key)
            await _meanwhile(fault)
        reply = service.handle(call)
        if inspect.isawaitable(reply):
            reply = await reply
        for listener in self.after_call:
            listener(key, name, self._caller_name(call))
        if fault is not None and fault.when == "after":
            if fault.kind != "meanwhile":
                return await self._fail(fault, call, key)
            await _meanwhile(fault)
        return reply

    def _strike(self, service: str, operation: str, call: Call) -> Fault | None:
        if not self.faults and not self.keep_calls:
            return None
        caller = self._caller_name(call)
        if self.keep_calls:
            self.calls.append((service, operation, caller))
        return next((fault for fault in self.faults if fault.strikes(service, operation, caller)), None)

    def _caller_name(self, call: Call) -> str:
        """Role or user name behind the AccessKey id in the request, "" if it has none."""
        key_id = access_key_id_of(call)
        if key_id in self.state.sessions:
            return self.state.sessions[key_id].role
        for account in self.state.accounts.values():
            if key_id in account.ram.access_keys:
                return account.ram.access_keys[key_id].user or "root"
        return ""

    async def _fail(self, fault: Fault, call: Call, service: str) -> Reply:
        if fault.kind == "timeout":
            await asyncio.sleep(fault.seconds)
            raise ConnectionCut
        if fault.kind == "stop":
            await self.services["fc"].stop_caller(call)  # type: ignore[attr-defined]
            raise ConnectionCut
        if fault.kind == "reset":
            raise ConnectionCut
        return fault_reply(fault, call, service)

    def find_policy(self, account: str, policy_type: str, name: str) -> ManagedPolicy | None:
        """A system policy, or a custom policy of the account; names ignore case as RAM's do."""
        if policy_type == "System":
            return self.system_policies.get(name.lower())
        owner = self.state.accounts.get(account)
        return owner.ram.policies.get(name.lower()) if owner else None

    def note_caller(self, call: Call, caller: Caller) -> None:
        """Hook for a service that has authenticated a call."""

    def publish(self, event: dict[str, Any], account: str) -> None:
        """Hand an ActionTrail event to the history and the trails, and write events to EventBridge triggers."""
        self.services["actiontrail"].take(event, account)  # type: ignore[attr-defined]
        self.services["fc"].take_event(event, account)  # type: ignore[attr-defined]

    def count_unsupported(self, service: str, operation: str) -> None:
        self.unsupported[service, operation] += 1

    def _no_such_host(self, call: Call) -> Reply:
        """The answer of a proxy that cannot reach a host; to a client that asked the proxy itself, 404."""
        own = own_label(call.host) is not None
        if own:
            text = (
                "The local cloud could not tell which service this request is for: it carries no signature and no "
                "API version that it knows. Set http_proxy to this address and keep the real endpoint names, with "
                "scheme http."
            )
        else:
            text = f"The local cloud has no service at {call.host}; docs/local-cloud.md lists what it serves."
        self.count_unsupported("unknown", call.host)
        code = "LocalCloud.UnknownService" if own else "LocalCloud.UnknownEndpoint"
        body = {"RequestId": new_request_id(), "HostId": call.host, "Code": code, "Message": text}
        return Reply(404 if own else 502, {"content-type": "application/json"}, json.dumps(body).encode())


async def _meanwhile(fault: Fault) -> None:
    if fault.act is not None:
        await fault.act()
