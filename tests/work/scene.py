"""One incident in one account: a role whose policy does not list a bucket, and the functions that handle that."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from rolemend.account.interface import Bucket, Cluster, Known, Logs, Role
from rolemend.checklist.facts import Account
from rolemend.errors import RoleBusy
from rolemend.incident.approvals import Approvals, Approve
from rolemend.incident.channels import Channels
from rolemend.incident.expiries import Expiries
from rolemend.incident.follow_ups import FollowUps
from rolemend.incident.index import Index
from rolemend.incident.journal import Entry, read_journal
from rolemend.incident.leases import Leases
from rolemend.incident.ledger import Ledger
from rolemend.incident.life import Incident
from rolemend.incident.pending import PendingCreations
from rolemend.incident.pending_jobs import PendingJobs
from rolemend.incident.tokens import Tokens
from rolemend.incident.waiting import WaitingMessages
from rolemend.notify.channel import Channel
from rolemend.notify.message import Message
from rolemend.notify.render import Sheet
from rolemend.remedy.guardrails import Guardrails, Rule
from rolemend.signals.denial import Denial, incident_id
from rolemend.work import diagnose, notify, remediate
from rolemend.work.counting import record_denials
from rolemend.work.delivery import Delivery
from rolemend.work.diagnose import Outcome
from rolemend.work.failed_jobs import Reader
from rolemend.work.notify import Parts as NotifyParts
from rolemend.work.parts import Parts
from rolemend.work.telling import Told, tell
from rolemend.work.undo import Expired, Undo, expire
from rolemend.work.watch_parts import Memory
from rolemend.work.watch_parts import Parts as WatchParts
from tests.fakes import (
    FakeClusterStates,
    FakeFunctions,
    FakeJobs,
    FakeLogs,
    FakeTrail,
    MemoryStore,
    WritableAccount,
)
from tests.samples import ACCOUNT, LISTING

ID = incident_id(LISTING)
START = LISTING.time + 100
MENDED = ["Opened", "Counted", "Diagnosed", "Planned", "Intended", "Applied", "Verified"]
"""What the journal of a mended incident holds."""


def rule(mode: str) -> Guardrails:
    actions = ("read", "write", "trust")
    named = Rule(name="data", mode=mode, roles=("emr-*",), buckets=("data*",), actions=actions)
    return Guardrails(rule=(named,))


AUTO = rule("auto")


def reading(*buckets: str) -> str:
    """A policy that lets read these buckets."""
    resources = [f"acs:oss:*:*:{name}{end}" for name in buckets for end in ("", "/*")]
    actions = ["oss:GetObject", "oss:ListObjects", "oss:GetBucketInfo"]
    return json.dumps(
        {"Version": "1", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": resources}]}
    )


def deny(bucket: str = "data") -> str:
    """A bucket policy that denies the role what it needs."""
    statement = {
        "Effect": "Deny",
        "Action": ["oss:ListObjects"],
        "Principal": [f"arn:sts::{ACCOUNT}:assumed-role/emr-role/*"],
        "Resource": [f"acs:oss:*:{ACCOUNT}:{bucket}"],
    }
    return json.dumps({"Version": "1", "Statement": [statement]})


def open_account() -> WritableAccount:
    """A role that may read the bucket `other`, the bucket `data` beside it, and a cluster that uses the role."""
    arn = f"acs:ram::{ACCOUNT}:role/emr-role"
    account = WritableAccount(
        the_role=Known(Role(name="emr-role", arn=arn, trust_policy="{}")),
        the_bucket=Known(Bucket(name="data", region="cn-hangzhou", acl="private", owner=ACCOUNT)),
        the_cluster=Known(
            Cluster(
                id="c-1",
                name="etl",
                region="cn-hangzhou",
                release="EMR-5.16.0",
                role="emr-role",
                state="RUNNING",
            )
        ),
    )
    account.attach("reader", reading("other"))
    return account


WEBHOOK = Channel(name="test", type="webhook", url="https://hooks.example.com/?token=hush")


@dataclass(frozen=True)
class Sent:
    """What a channel was sent: the message's id, what people see, and what a program reads."""

    channel: str
    id: str
    sheet: Sheet
    content: dict[str, Any]

    @property
    def kind(self) -> str:
        return str(self.content["kind"])


@dataclass
class FakeSender:
    """Hands what it is sent to the scene, after the next thing that is to happen."""

    scene: Scene
    channel: str

    def send(self, message_id: str, sheet: Sheet, content: dict[str, Any]) -> None:
        if self.scene.delivering:
            self.scene.delivering.pop(0)()
        if (failing := self.scene.failing.get(self.channel)) is not None:
            raise failing
        self.scene.outbox.append(Sent(self.channel, message_id, sheet, content))


@dataclass
class Scene:
    """The account, the ledger's bucket, the clock, and each function as one instance would run it."""

    account: WritableAccount = field(default_factory=open_account)
    denial: Denial = LISTING
    store: MemoryStore = field(default_factory=MemoryStore)
    functions: FakeFunctions = field(default_factory=FakeFunctions)
    trail: FakeTrail = field(default_factory=FakeTrail)
    clusters: FakeClusterStates = field(default_factory=FakeClusterStates)
    jobs: FakeJobs = field(default_factory=FakeJobs)
    guardrails: Guardrails | Exception = AUTO
    now: float = START
    memory: Memory = field(default_factory=Memory)
    """That of the instance of `watch`; a new one is a new instance."""
    channels: tuple[Channel, ...] = (WEBHOOK,)
    outbox: list[Sent] = field(default_factory=list)
    """All that channels took, in order."""
    delivering: list[Callable[[], object]] = field(default_factory=list)
    """What happens right before the next deliveries."""
    failing: dict[str, Exception] = field(default_factory=dict)
    """What channels answer, by name."""

    @property
    def id(self) -> str:
        return incident_id(self.denial)

    @property
    def sent(self) -> list[Message]:
        """The messages about one incident each that channels took."""
        return [sent.content["message"] for sent in self.outbox if "message" in sent.content]

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.store, "test", now=lambda: self.now)

    @property
    def incident(self) -> Incident:
        return self.ledger.load(self.id)

    @property
    def entries(self) -> tuple[Entry, ...]:
        return read_journal(self.store.objects[f"incidents/{self.id}.jsonl"]).entries

    @property
    def facts(self) -> list[str]:
        """The kinds of entries in the journal, in order."""
        return [type(entry.fact).__name__ for entry in self.entries]

    @property
    def started(self) -> list[str]:
        return [function for function, _ in self.functions.started]

    def watch_parts(self, lines: list[Any] | None = None, logs: Logs | None = None) -> WatchParts:
        logs = logs or FakeLogs(lines or [])
        return WatchParts(
            logs=logs,
            trail=self.trail,
            ledger=self.ledger,
            leases=Leases(self.store, "test", lambda: self.now),
            index=Index(self.store),
            pending=PendingCreations(self.store),
            clusters=self.clusters,
            jobs=Reader(spark=self.jobs, logs=logs, account=ACCOUNT, home="cn-hangzhou"),
            pending_jobs=PendingJobs(self.store),
            functions=self.functions,
            diagnose="diagnose",
            notify="notify",
            memory=self.memory,
            now=lambda: self.now,
        )

    def denied(self, *denials: Denial) -> Incident:
        """Record denials as `watch` does; the scene's own if none is given."""
        record_denials(self.id, denials or (self.denial,), self.watch_parts())
        return self.incident

    def diagnose(self) -> Outcome:
        account = Account(
            identities=self.account, buckets=self.account, clusters=self.account, workspaces=self.account
        )
        parts = diagnose.Parts(
            account=account,
            ledger=self.ledger,
            functions=self.functions,
            remediate="remediate",
            notify="notify",
        )
        return diagnose.diagnose(self.id, parts)

    def remediate(self) -> Outcome:
        return remediate.remediate(self.id, self.remediate_parts())

    def rival(self) -> None:
        """Another instance of `remediate`, which fails and is tried again where the role is being changed."""
        with suppress(RoleBusy):
            self.remediate()

    def expire(self) -> Expired:
        """What the timer of `remediate` does."""
        return expire(self.remediate_parts(), Index(self.store))

    def undo(self) -> Undo:
        """As the operator `ana` takes changes back."""
        return Undo(
            identities=self.account,
            ledger=self.ledger,
            leases=Leases(self.store, "ana", lambda: self.now),
            index=Index(self.store),
            by="ana",
            patience=0,
        )

    def remediate_parts(self) -> Parts:
        return Parts(
            account=Account(
                identities=self.account, buckets=self.account, clusters=self.account, workspaces=self.account
            ),
            identities=self.account,
            owner=ACCOUNT,
            ledger=self.ledger,
            leases=Leases(self.store, "test", lambda: self.now),
            approvals=self.approvals,
            expiries=Expiries(self.store),
            index=Index(self.store),
            functions=self.functions,
            guardrails=self._guardrails,
            notify="notify",
            pauses=(),
            patience=0,
        )

    @property
    def approvals(self) -> Approvals:
        """As the operator `ana` writes them."""
        return Approvals(self.store, "ana", lambda: self.now)

    def approve(self) -> None:
        """A person approves the plan as it stands."""
        incident = self.incident
        assert incident.plan is not None
        self.approvals.decide(incident, Approve(plan=incident.plan.hash, round=incident.round))

    def _guardrails(self) -> Guardrails:
        if isinstance(self.guardrails, Exception):
            raise self.guardrails
        return self.guardrails

    def notify(self) -> Outcome:
        return notify.notify(self.id, self.notify_parts())

    def tell(self) -> Told:
        """What the timer of `notify` does."""
        return tell(self.notify_parts())

    def notify_parts(self) -> NotifyParts:
        delivery = Delivery(
            channels=self.channels,
            open_sender=lambda channel: FakeSender(self, channel.name),
            tokens=Tokens(self.store, lambda: self.now),
            waiting=WaitingMessages(self.store, lambda: self.now),
            states=Channels(self.store, "test", lambda: self.now),
            now=lambda: self.now,
        )
        return NotifyParts(
            ledger=self.ledger,
            index=Index(self.store),
            follow_ups=FollowUps(self.store),
            delivery=delivery,
            store=self.store,
        )

    def diagnosed(self) -> Incident:
        """The denial up to its diagnosis."""
        self.denied()
        self.diagnose()
        return self.incident

    def mended(self) -> Incident:
        """The denial up to its verified change, or to where that stops."""
        self.diagnosed()
        self.remediate()
        return self.incident


class Stopped(Exception):
    """The instance ends here, as if the process had been killed."""


def edit(scene: Scene, document: str) -> None:
    """Somebody else's new version of the role's policy."""
    scene.account.policies["reader"]["v50"] = document
    scene.account.defaults["reader"] = "v50"
