"""The one place where real parts are built and put together, one build function for each function.

Each imports only its own parts: an event that is no denial must not pay for RAM's SDK.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from rolemend.account import lean
from rolemend.account.access import Access, Credentials
from rolemend.errors import AccountError, NoCredentials, SettingsError
from rolemend.naming import log_project
from rolemend.settings import (
    OperatorSettings,
    Settings,
    read_both,
    read_credentials,
    read_place,
    read_scheme,
    read_settings,
)

if TYPE_CHECKING:
    from rolemend.account.interface import Functions, ObjectStore
    from rolemend.account.survey import LiveSurvey
    from rolemend.audit.accounts import Part
    from rolemend.audit.scope import Installation
    from rolemend.checklist.facts import Account
    from rolemend.console.access.identity import Access as ConsoleAccess
    from rolemend.console.parts import ConsoleParts
    from rolemend.explain.live import Live
    from rolemend.incident.index import Index
    from rolemend.incident.ledger import Ledger
    from rolemend.incident.life import Incident
    from rolemend.remedy.guardrails import Guardrails
    from rolemend.variables import Reveal
    from rolemend.vault import Reference, Vault
    from rolemend.work import audit, diagnose, notify, remediate
    from rolemend.work.watch_parts import Memory, Parts


def build_watch(context: Any = None, environment: Mapping[str, str] = os.environ) -> Parts:
    from rolemend.account.actiontrail import ActionTrail
    from rolemend.account.emr import Emr
    from rolemend.account.sls import Sls
    from rolemend.account.spark import Spark
    from rolemend.incident.index import Index
    from rolemend.incident.leases import Leases
    from rolemend.incident.pending import PendingCreations
    from rolemend.incident.pending_jobs import PendingJobs
    from rolemend.work.failed_jobs import Reader
    from rolemend.work.watch_parts import Parts

    settings, access = _open(context, environment)
    return Parts(
        logs=Sls(access),
        trail=ActionTrail(access),
        ledger=_ledger(settings, access),
        leases=Leases(_store(settings, access), settings.function, time.time),
        index=Index(_store(settings, access)),
        pending=PendingCreations(_store(settings, access)),
        clusters=Emr(access),
        jobs=Reader(spark=Spark(access), logs=Sls(access), account=settings.account, home=settings.region),
        pending_jobs=PendingJobs(_store(settings, access)),
        functions=_functions(settings, access),
        diagnose=settings.diagnose,
        notify=settings.notify,
        account=settings.account,
        own_roles=settings.own_roles.lower(),
        propagation=settings.propagation,
        rest=settings.rest,
        quiet=settings.quiet,
        logstores=settings.logstores,
        memory=_watch_memory(),
    )


@cache
def _watch_memory() -> Memory:
    """What a warm instance of `watch` knows from its invocations before; no other ones run in it at the same time."""
    from rolemend.work.watch_parts import Memory

    return Memory()


def build_diagnose(context: Any = None, environment: Mapping[str, str] = os.environ) -> diagnose.Parts:
    from rolemend.work.diagnose import Parts

    settings, access = _open(context, environment)
    return Parts(
        account=_account(access),
        ledger=_ledger(settings, access),
        functions=_functions(settings, access),
        remediate=settings.remediate,
        notify=settings.notify,
    )


def build_remediate(context: Any = None, environment: Mapping[str, str] = os.environ) -> remediate.Parts:
    from rolemend.account.emr import NoClusters
    from rolemend.account.oss import Oss
    from rolemend.account.ram import Ram
    from rolemend.account.spark_workspaces import SparkWorkspaces
    from rolemend.checklist.facts import Account
    from rolemend.incident.approvals import Approvals
    from rolemend.incident.expiries import Expiries
    from rolemend.incident.index import Index
    from rolemend.incident.leases import Leases
    from rolemend.work.remediate import Parts

    settings, access = _open(context, environment)
    ledger, store = _ledger(settings, access), _store(settings, access)
    account = Account(
        identities=Ram(access), buckets=Oss(access), clusters=NoClusters(), workspaces=SparkWorkspaces(access)
    )
    return Parts(
        account=account,
        identities=Ram(access),
        owner=settings.account,
        ledger=ledger,
        leases=Leases(store, settings.function, ledger.now),
        approvals=Approvals(store, settings.function, ledger.now),
        expiries=Expiries(store),
        index=Index(store),
        functions=_functions(settings, access),
        guardrails=cache(lambda: load_guardrails(settings, access)),
        notify=settings.notify,
        own_roles=settings.own_roles.lower(),
    )


def build_notify(context: Any = None, environment: Mapping[str, str] = os.environ) -> notify.Parts:
    from rolemend.incident.channels import Channels
    from rolemend.incident.follow_ups import FollowUps
    from rolemend.incident.index import Index
    from rolemend.incident.tokens import Tokens
    from rolemend.incident.waiting import WaitingMessages
    from rolemend.notify.links import Links
    from rolemend.notify.sender import open_sender
    from rolemend.work.delivery import Delivery
    from rolemend.work.notify import Parts

    (settings, access), link_for = read_both(
        lambda: _open(context, environment, channels=True),
        lambda: build_link_maker(environment, _revealer(context, environment)),
    )
    ledger, store = _ledger(settings, access), _store(settings, access)
    delivery = Delivery(
        channels=settings.channels,
        open_sender=open_sender,
        tokens=Tokens(store, ledger.now),
        waiting=WaitingMessages(store, ledger.now),
        states=Channels(store, settings.function, ledger.now),
        now=ledger.now,
        language=settings.language,
        links=Links(console=settings.console, link_for=link_for),
        pause=settings.pause,
    )
    return Parts(
        ledger=ledger,
        index=Index(store),
        follow_ups=FollowUps(store),
        delivery=delivery,
        store=store,
    )


def build_access(context: Any = None, environment: Mapping[str, str] = os.environ) -> ConsoleAccess:
    """Who comes into the deployed console, and the links of alerts. Raises SettingsError."""
    from rolemend.console.access.link_pages import LinkPages
    from rolemend.console.access.links import Links
    from rolemend.console.access.provider import Provider
    from rolemend.console.access.sessions import Sessions
    from rolemend.console.access.signin import RamAccess
    from rolemend.incident.approvals import Approvals
    from rolemend.settings import read_access_settings
    from rolemend.work.events import incident_event

    (settings, access), given = read_both(
        lambda: _open(context, environment),
        lambda: read_access_settings(environment, _revealer(context, environment)),
    )
    store, functions = _store(settings, access), _functions(settings, access)
    links = Links(
        given.link_key,
        _ledger(settings, access),
        lambda by: Approvals(store, by, time.time),
        lambda incident: functions.start(settings.remediate, incident_event(incident)),
    )
    sessions = Sessions(given.session_key, secure=given.https)
    pages = LinkPages(links, given.language) if given.link_key else None
    return RamAccess(given, sessions, Provider(given), pages)


def build_link_maker(
    environment: Mapping[str, str] = os.environ, reveal: Reveal | None = None
) -> Callable[[Incident, str], str]:
    """Makes a one-time link for an alert of an incident in a channel; "" without a key or a plan that waits.

    Raises SettingsError.
    """
    from rolemend.settings import read_link_settings

    address, key = read_link_settings(environment, reveal)
    if not key:
        return lambda incident, channel: ""
    from rolemend.console.access.links import link_for

    return lambda incident, channel: link_for(incident, channel=channel, address=address, key=key)


def build_audit(context: Any = None, environment: Mapping[str, str] = os.environ) -> audit.Parts:
    from rolemend.work.audit import Parts

    settings, access = _open(context, environment)
    return Parts(
        store=_store(settings, access),
        functions=_functions(settings, access),
        open_survey=lambda part, sharing: open_survey(
            access, part, settings.ram_rate / sharing, settings.service
        ),
        account=settings.account,
        regions=settings.audit_regions,
        function=settings.audit,
        notify=settings.notify,
        language=settings.language,
        installation=installation_of(settings, settings.account),
        seconds=float(settings.audit_seconds),
    )


def installation_of(settings: Settings | OperatorSettings, account: str) -> Installation:
    from rolemend.audit.scope import Installation, deployed_names

    return Installation(
        region=settings.region,
        ledger_bucket=settings.ledger_bucket,
        ledger_region=settings.ledger_region,
        trail_project=settings.trail_project or log_project(account, settings.region),
        event_logstore=settings.event_logstore,
        functions=deployed_names(settings.service),
    )


def open_survey(access: Access, part: Part, rate: float, service: str = "") -> LiveSurvey:
    """What an audit reads a part with: in another account as the role there. Raises AccountError."""
    from rolemend.account.survey import LiveSurvey

    if part.role:
        from rolemend.account.sts import assume

        access = assume(access, part.account, part.role)
    return LiveSurvey(access, float(rate), service)


def build_console(context: Any = None, environment: Mapping[str, str] = os.environ) -> ConsoleParts:
    """The deployed console: it may not write RAM, so `remediate` rolls back. Raises SettingsError."""
    from rolemend.console.parts import open_parts
    from rolemend.settings import read_access_settings
    from rolemend.work.events import incident_event

    visitors = build_access(context, environment)  # first, as it tells what is wrong in all settings
    settings, access = _open(context, environment)

    def start(incident: str) -> None:
        _functions(settings, access).start(settings.remediate, incident_event(incident))

    return open_parts(
        visitors,
        _store(settings, access),
        _ledger(settings, access),
        start,
        account=settings.account,
        https=read_access_settings(environment, _revealer(context, environment)).https,
        language=settings.language,
    )


def build_live(environment: Mapping[str, str], home: Path) -> Callable[[], Live] | None:
    """For `rolemend explain`: opens the account of the credentials that this machine has; None if it has none.

    What is wrong with credentials, settings or the network is told by the opened `Live`.
    """
    from rolemend.account.credentials import find_credentials
    from rolemend.explain.live import Live
    from rolemend.text import text

    region = environment.get("ALIBABA_CLOUD_REGION_ID") or _DEFAULT_REGION
    try:
        credentials = find_credentials(environment, home)
        if credentials is None:
            return None
        scheme = read_scheme(environment)
    except (NoCredentials, SettingsError) as error:
        failure = text("The account was not asked: {why}", why=error)
        return lambda: Live({}, region, failure)
    return lambda: _live(Access(account="", region=region, credentials=credentials, scheme=scheme, tries=2))


def _live(access: Access) -> Live:
    from rolemend.account.sts import caller_of
    from rolemend.explain.live import Live
    from rolemend.text import text

    try:
        account = caller_of(access).account
    except AccountError as error:
        return Live({}, access.region, text("The account was not asked: {why}", why=error))
    return Live({account: _account(msgspec.structs.replace(access, account=account))}, access.region)


def build_snapshot(keys: Mapping[str, tuple[str, str]]) -> Live:
    """For `rolemend explain --snapshot`: the accounts of a snapshot, by id, with the key of each one's root user."""
    from rolemend.explain.live import Live

    accounts = {
        account: _account(
            Access(
                account=account, region=_DEFAULT_REGION, credentials=Credentials(*key), scheme="http", tries=1
            )
        )
        for account, key in keys.items()
    }
    return Live(accounts, _DEFAULT_REGION)


_DEFAULT_REGION = "cn-hangzhou"


def build_index(context: Any = None, environment: Mapping[str, str] = os.environ) -> Index:
    from rolemend.incident.index import Index

    return Index(_store(*_open(context, environment)))


GUARDRAILS_KEY = "config/guardrails.toml"
"""Where the operator keeps the guardrails in the ledger's bucket. No function may write there."""


def load_guardrails(settings: Settings, access: Access) -> Guardrails:
    """The operator's rules as they stand now; without the file, the default, which changes nothing."""
    from rolemend.account.oss import OssStore
    from rolemend.errors import NotThere
    from rolemend.remedy.guardrails import Guardrails
    from rolemend.remedy.guardrails_file import parse_guardrails

    store = OssStore(access, settings.ledger_bucket, settings.ledger_region)
    try:
        return parse_guardrails(store.read(GUARDRAILS_KEY))
    except NotThere:
        return Guardrails()


def _open(context: Any, environment: Mapping[str, str], *, channels: bool = False) -> tuple[Settings, Access]:
    """What each function begins with."""
    lean.install()
    settings = read_settings(environment, channels=channels, reveal=_revealer(context, environment))
    return settings, settings.access(read_credentials(environment, context))


def _revealer(context: Any, environment: Mapping[str, str]) -> Reveal:
    """Reads a secret that a setting names. Nothing of KMS is imported before one does."""

    def reveal(reference: Reference) -> str:
        return _vault().value(read_place(environment, context), reference)

    return reveal


@cache
def _vault() -> Vault:
    """What KMS told this instance, in whichever invocation."""
    from rolemend.account.kms import secret_text
    from rolemend.vault import Vault

    return Vault(secret_text)


def _account(access: Access) -> Account:
    from rolemend.account.diagnostics import LiveDiagnostics
    from rolemend.account.emr import Emr
    from rolemend.account.oss import Oss
    from rolemend.account.ram import Ram
    from rolemend.account.spark_workspaces import SparkWorkspaces
    from rolemend.checklist.facts import Account

    return Account(
        identities=Ram(access),
        buckets=Oss(access),
        clusters=Emr(access),
        workspaces=SparkWorkspaces(access),
        diagnostics=LiveDiagnostics(access),
    )


def _ledger(settings: Settings, access: Access) -> Ledger:
    from rolemend.incident.ledger import Ledger

    return Ledger(_store(settings, access), settings.function)


def _store(settings: Settings, access: Access) -> ObjectStore:
    from rolemend.account.oss import OssStore

    return OssStore(access, settings.ledger_bucket, settings.ledger_region)


def _functions(settings: Settings, access: Access) -> Functions:
    """In the home region, whichever this function runs in; another region is reached from outside only."""
    from rolemend.account.functions import open_functions

    if settings.home != access.region:
        access = msgspec.structs.replace(access, region=settings.home, internal=False)
    return open_functions(access, settings.service)
