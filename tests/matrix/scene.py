"""One scenario that is played again and again: the same account is put back, and the function instances stay warm."""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from demo import clients
from demo.receiver import Receiver
from demo.run import refusal
from demo.scenarios import GUARDRAILS, Scenario
from demo.stage import HOME, LEDGER, Stage, deploy, set_stage
from localcloud.faults import Fault
from localcloud.fc.settings import HostSettings, InstanceClock
from localcloud.server import LocalCloud
from localcloud.sls.cursors import encode_cursor, end_position
from localcloud.sls.state import Logstore
from rolemend.incident.life import Incident

PACE = 0.01
"""Share of the functions' own waiting that is waited."""
LATER = 200.0
"""Seconds until the next look: longer than a lease (180) and than the claim on a message (90)."""
LOOKS = 4
"""How often the timer of `watch` fires at most after a denied call, the clock going on in between."""
UNSTEADY = ("GetObject", "PullLogs", "GetCheckPoint", "UpdateCheckPoint")
"""How often `watch` makes these calls hangs on which of its instances gets a range."""
OPERATIONS = ("UpdateRole", "CreatePolicyVersion", "SetDefaultPolicyVersion", "DeletePolicyVersion")


@dataclass(frozen=True, order=True)
class Site:
    """One cloud call of a recorded run: the `nth` (from 0) of its kind by this function."""

    function: str
    service: str
    operation: str
    nth: int

    def __str__(self) -> str:
        return f"{self.function} {self.service}:{self.operation} {self.nth + 1}"

    def fault(self, **what: Any) -> Fault:
        """A fault that hits exactly this call."""
        what.setdefault("times", 1)
        return Fault(
            service=self.service,
            operation=self.operation,
            caller=f"rolemend-{self.function}",
            skip=self.nth,
            **what,
        )


@dataclass(frozen=True)
class End:
    """What is there when everything has come to rest. `writes` are the changes of RAM by Rolemend that succeeded.

    `unseen` says that people made versions after the last list of them before our write had been answered, or edited
    the trust policy after the last look at it, which no client can see: the calls made beside that may be under way
    still. `overwrites`: of a trust policy, what they wrote is gone then.
    """

    incidents: dict[str, Incident]
    writes: tuple[str, ...]
    document: Any
    versions: tuple[str, ...]
    messages: tuple[str, ...]
    unseen: bool = False
    overwrites: bool = False


def _read_to_the_end(logstore: Logstore) -> None:
    """Move the checkpoints there are."""
    for group in logstore.groups.values():
        for shard in logstore.shards:
            if shard.id in group.checkpoints:
                group.checkpoints[shard.id].cursor = encode_cursor(end_position(shard))


class Scene:
    """A stage with one scenario prepared. `clock` is that of the functions."""

    def __init__(self, local: LocalCloud, receiver: Receiver, scenario: Scenario) -> None:
        local.reset()
        self.local, self.receiver, self.scenario = local, receiver, scenario
        self.clock = InstanceClock(pace=PACE)
        self.settings.clock = self.clock
        self.stage: Stage = set_stage(local, receiver.url, GUARDRAILS)
        deploy(self.stage, ROLEMEND_REST_SECONDS="0")
        self._plain()
        self.local.call(
            lambda cloud: self.host.fire_timer("rolemend-watch", "sweep")
        )  # makes room for checkpoints
        self.call: Callable[[], Any] = scenario.prepare(self.stage)
        self.stage.settle()
        self.changed = "emr-demo-trust" if scenario.name == "trust-policy" else "emr-demo-reader"
        self._before = self.document()
        self._kept: Any = local.call(self._copy)

    @property
    def host(self) -> Any:
        return self.local.cloud.services["fc"]

    @property
    def settings(self) -> HostSettings:
        settings: HostSettings = self.host.settings
        return settings

    @property
    def is_trust(self) -> bool:
        """Whether a role's trust policy is changed; otherwise a policy is."""
        return self.scenario.name == "trust-policy"

    def _plain(self) -> None:
        """No faults, deliveries in order, and triggers that fire when everything else is quiet."""
        for name in ("duplicate_deliveries", "reverse_deliveries", "simultaneous_deliveries"):
            setattr(self.settings, name, False)
        self.settings.resend_failed_ranges = False
        self.settings.retry_scale = 0.001
        self.settings.idle_seconds = 3600.0
        self.settings.pause_triggers = True
        self.clock.by_function.clear()

    def _copy(self, cloud: Any) -> Any:
        state = cloud.state
        return copy.deepcopy((state.accounts, state.oss, state.emr))

    def reset(self) -> None:
        """Put the account back to before the denied call. The logs go on, but what stood in them has expired, so that
        no instance that read up to an earlier place counts it again.
        """

        def put_back(cloud: Any) -> None:
            cloud.faults.clear()
            state = cloud.state
            state.accounts, state.oss, state.emr = copy.deepcopy(self._kept)
            for project in state.sls.projects.values():
                for shard in (shard for logstore in project.logstores.values() for shard in logstore.shards):
                    shard.first += len(shard.groups)
                    shard.groups.clear()
                for logstore in project.logstores.values():
                    _read_to_the_end(logstore)
            for trails in state.actiontrail.accounts.values():
                trails.events.clear()
            self.host.invocations.clear()
            self.host.undelivered.clear()
            cloud.calls.clear()
            cloud.keep_calls = False
            self._plain()
            self.clock.ahead = 0.0

        self.local.call(put_back)
        self.receiver.messages.clear()
        self.receiver.status, self.receiver.lost = 200, 0

    def put(self, *faults: Fault) -> None:
        self.local.call(lambda cloud: cloud.faults.extend(faults))

    def deny(self) -> None:
        """Make the call that is denied."""
        assert refusal(self.call) is not None, self.scenario.denied_call

    def settle(self) -> None:
        self.stage.settle()

    def come_to_rest(self) -> None:
        """Let what is left be taken up: the faults are over, time goes on, and timers fire."""
        self.settle()
        self.local.call(lambda cloud: cloud.faults.clear())
        self.local.call(lambda cloud: self._plain())
        for _ in range(LOOKS):
            self.clock.ahead += LATER
            self.local.call(lambda cloud: self.host.fire_timer("rolemend-watch", "sweep"))
            self.local.call(lambda cloud: self.host.fire_timer("rolemend-notify", "deliver"))
            self.settle()
            if not self._left():
                return

    def _left(self) -> bool:
        """Whether an incident is open, or a message waits for its channel."""
        bucket = self.local.cloud.state.oss.buckets[LEDGER]
        return any(name.startswith(("open/", "waiting/")) for name in bucket.names)

    def recorded(self) -> list[Site]:
        """The calls that the four functions make for one denied call; in an order that does not hang on what happened
        to come first, and last what `watch` does as often as that.
        """
        self.reset()
        self.local.cloud.keep_calls = True
        self.deny()
        self.settle()
        self.local.cloud.keep_calls = False
        counted: Counter[tuple[str, str, str]] = Counter()
        sites = []
        for service, operation, caller in self.local.cloud.calls:
            if caller.startswith("rolemend-"):
                one = (caller.removeprefix("rolemend-"), service, operation)
                sites.append(Site(*one, counted[one]))
                counted[one] += 1
        return sorted(sites, key=lambda site: (site.function == "watch", site.operation in UNSTEADY, site))

    def keep_calls(self) -> None:
        """Keep the calls that follow, so that `end` can tell what came before what."""
        self.local.cloud.calls.clear()
        self.local.cloud.keep_calls = True

    def _is_unseen(self) -> bool:
        """Whether nobody looked, at the versions or the role, between the last write that people made and ours."""
        cloud = self.local.cloud
        write, look = (
            ("UpdateRole", "GetRole") if self.is_trust else ("CreatePolicyVersion", "ListPolicyVersions")
        )
        made = [at for at, one in enumerate(cloud.calls) if one[1] == write]
        ours = [at for at in made if cloud.calls[at][2] == "rolemend-remediate"]
        if not cloud.keep_calls or not ours:
            return False
        theirs = max((at for at in made if at < ours[0]), default=-1)
        return look not in [operation for _, operation, _ in cloud.calls[theirs + 1 : ours[0]]]

    def end(self) -> End:
        """What there is now."""
        events = self.local.cloud.state.actiontrail.accounts[self.stage.account].events
        writes = tuple(
            event.name
            for event in events
            if event.name in OPERATIONS
            and event.role.startswith("rolemend-")
            and "errorCode" not in json.loads(event.text)
        )
        unseen = self._is_unseen()
        return End(
            incidents=self.stage.incidents(),
            writes=writes,
            document=self.document(),
            versions=self.versions(),
            messages=tuple(message["id"] for message in self.receiver.messages),
            unseen=unseen,
            overwrites=unseen and self.is_trust,
        )

    def document(self) -> Any:
        """The live document that Rolemend is about."""
        account = self.local.cloud.state.accounts[self.stage.account]
        if self.is_trust:
            return json.loads(account.ram.roles[self.changed].trust_policy)
        return json.loads(account.ram.policies[self.changed].document)

    def versions(self) -> tuple[str, ...]:
        if self.is_trust:
            return ()
        policy = self.local.cloud.state.accounts[self.stage.account].ram.policies[self.changed]
        return tuple(one.id for one in policy.versions)

    @property
    def by_person(self) -> Any:
        """What a person makes of the document: a statement of their own behind the others."""
        document = copy.deepcopy(self._before)
        own: dict[str, Any] = {"Effect": "Allow", "Action": "sts:AssumeRole"}
        own |= {"Principal": {"Service": ["oss.aliyuncs.com"]}}
        if not self.is_trust:
            own = {"Effect": "Allow", "Action": "kms:ListKeys", "Resource": "*"}
        document["Statement"].append(own)
        return document

    def edit_as_person(self, document: Any, *, default: bool = True) -> None:
        """A person writes the document that Rolemend is about, with the SDK."""
        from alibabacloud_ram20150501 import models

        ram = clients.ram(self.stage.root)
        text = json.dumps(document)
        if self.is_trust:
            ram.update_role(
                models.UpdateRoleRequest(role_name=self.changed, new_assume_role_policy_document=text)
            )
        else:
            ram.create_policy_version(
                models.CreatePolicyVersionRequest(
                    policy_name=self.changed, policy_document=text, set_as_default=default
                )
            )

    def stir(self) -> None:
        """Another line in the log that the denied call stands in, which is no denial."""
        from alibabacloud_ram20150501 import models

        if self.is_trust:
            clients.ram(self.stage.root).list_roles(models.ListRolesRequest())
        else:
            clients.bucket(self.stage.root, "demo-data-orders", HOME).list_objects()
