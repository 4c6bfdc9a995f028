"""The real parts of the commands of an operator, put together as `bootstrap` does for the functions."""

from __future__ import annotations

import copy
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from rolemend.account.access import Access, Credentials
from rolemend.bootstrap import GUARDRAILS_KEY, installation_of, open_survey
from rolemend.errors import NoCredentials
from rolemend.settings import OperatorSettings

if TYPE_CHECKING:
    from rolemend.account.interface import Buckets, IdentityWrites, ObjectStore
    from rolemend.account.survey import LiveSurvey
    from rolemend.audit.accounts import Part
    from rolemend.audit.scope import Installation
    from rolemend.console.access.identity import Access as ConsoleAccess
    from rolemend.console.parts import ConsoleParts
    from rolemend.incident.approvals import Approvals
    from rolemend.incident.index import Index
    from rolemend.incident.ledger import Ledger
    from rolemend.incident.life import ChangeNote, Incident
    from rolemend.probe.run import Cloud
    from rolemend.work.undo import Undo


class Operator:
    """What the commands of an operator work with, each part made when it is asked for.

    `name` is the ARN of whoever holds the credentials, as STS tells it. Raises NoCredentials if there are none,
    AccountError if STS does not take them.
    """

    def __init__(self, settings: OperatorSettings, environment: Mapping[str, str], home: Path) -> None:
        credentials = operators_credentials(environment, home)
        access = Access(account="", region=settings.region, credentials=credentials, scheme=settings.scheme)
        self._settings = settings
        self.access, self.name = identified(access)

    @property
    def account(self) -> str:
        return self.access.account

    def store(self) -> ObjectStore:
        from rolemend.account.oss import OssStore

        return OssStore(self.access, self._settings.ledger_bucket, self._settings.ledger_region)

    def identities(self) -> IdentityWrites:
        from rolemend.account.ram import Ram

        return Ram(self.access)

    def buckets(self) -> Buckets:
        from rolemend.account.oss import Oss

        return Oss(self.access)

    def prober(self) -> Cloud:
        from rolemend.account.probing import LiveProber

        return LiveProber(self.access)

    def ledger(self) -> Ledger:
        from rolemend.incident.ledger import Ledger

        return Ledger(self.store(), self.name)

    def index(self) -> Index:
        from rolemend.incident.index import Index

        return Index(self.store())

    def approvals(self) -> Approvals:
        from rolemend.incident.approvals import Approvals

        return Approvals(self.store(), self.name, time.time)

    def undo(self) -> Undo:
        from rolemend.incident.leases import Leases
        from rolemend.work.undo import Undo

        return Undo(
            identities=self.identities(),
            ledger=self.ledger(),
            leases=Leases(self.store(), self.name, time.time),
            index=self.index(),
            by=self.name,
        )

    def console(self, access: ConsoleAccess, language: str) -> ConsoleParts:
        """The console on this machine, which does everything with the operator's own credentials."""
        from rolemend.console.parts import open_parts
        from rolemend.work.events import incident_event
        from rolemend.work.undo import take_back

        def roll_back(incident: Incident, note: ChangeNote, by: str) -> bool:
            take_back(note.id, msgspec.structs.replace(self.undo(), by=by, patience=5))
            return True

        def start(incident: str) -> None:
            self.start_remediate(incident_event(incident))

        parts = access, self.store(), self.ledger(), start, roll_back
        return open_parts(*parts, account=self.account, https=False, language=language)

    def guardrails(self) -> bytes:
        """The operator's rules as they stand in the ledger's bucket. Raises NotThere where there are none."""
        return self.store().read(GUARDRAILS_KEY)

    def audit_regions(self, given: str = "") -> tuple[str, ...]:
        """Those of an option, else those of the settings, else the region of the functions. Raises SettingsError."""
        from rolemend.settings import read_regions

        return read_regions(given) or self._settings.audit_regions or (self._settings.region,)

    def survey(self, part: Part) -> LiveSurvey:
        """Raises AccountError where a member cannot be entered."""
        return open_survey(self.access, part, self._settings.ram_rate, self._settings.service)

    def unhurried(self) -> Operator:
        """The same on a cloud of one's own, which has no limit of calls."""
        other = copy.copy(self)
        other._settings = msgspec.structs.replace(self._settings, ram_rate=100_000)
        return other

    def installation(self) -> Installation:
        return installation_of(self._settings, self.account)

    def start_remediate(self, payload: bytes) -> None:
        from rolemend.account.functions import open_functions

        open_functions(self.access, self._settings.service).start(self._settings.remediate, payload)


def operators_credentials(environment: Mapping[str, str], home: Path) -> Credentials:
    from rolemend.account.credentials import find_credentials

    credentials = find_credentials(environment, home)
    if credentials is None:
        raise NoCredentials(
            "no credentials were found: set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or "
            "configure the aliyun CLI"
        )
    return credentials


def identified(access: Access) -> tuple[Access, str]:
    """The access with the account that it is to, and the ARN of whose it is. Raises AccountError."""
    from rolemend.account.sts import caller_of

    caller = caller_of(access)
    return msgspec.structs.replace(access, account=caller.account), caller.arn
