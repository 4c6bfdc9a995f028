"""Where the real parts of `rolemend setup` are built and put together."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from rolemend.account.access import Access
from rolemend.naming import log_project
from rolemend.operator import identified, operators_credentials
from rolemend.settings import SetupSettings

if TYPE_CHECKING:
    from rolemend.account.interface import IdentityWrites, ObjectStore
    from rolemend.incident.ledger import Ledger
    from rolemend.setup.parts import Parts as SetupParts


class Installer:
    """What `rolemend setup` works with. Raises NoCredentials if there are none, AccountError if STS does not take them.

    `name` is the ARN of whoever holds the credentials.
    """

    def __init__(
        self,
        settings: SetupSettings,
        policies: Mapping[str, str],
        environment: Mapping[str, str],
        home: Path,
    ) -> None:
        from rolemend.setup.parts import Names

        access = Access(
            account="",
            region=settings.region,
            credentials=operators_credentials(environment, home),
            scheme=settings.scheme,
        )
        self.access, self.name = identified(access)
        self._settings, account = settings, self.access.account
        self.names = Names(
            account=account,
            region=settings.region,
            regions=settings.regions,
            ledger=settings.ledger_bucket,
            ledger_region=settings.ledger_region,
            trail_project=settings.trail_project or log_project(account, settings.region),
            event_logstore=settings.event_logstore,
            policies=policies,
        )

    def parts(self) -> SetupParts:
        from rolemend.account.cloudmonitor import CloudMonitor
        from rolemend.account.setup_oss import OssSetup
        from rolemend.account.setup_ram import RamSetup
        from rolemend.account.setup_sls import SlsSetup
        from rolemend.account.setup_trail import TrailSetup
        from rolemend.setup.parts import Parts

        return Parts(
            identities=RamSetup(self.access),
            buckets=OssSetup(self.access),
            logs=SlsSetup(self.access),
            trails=TrailSetup(self.access),
            events=CloudMonitor(self.access),
            store=self._store(),
        )

    def identities(self) -> IdentityWrites:
        from rolemend.account.ram import Ram

        return Ram(self.access)

    def ledger(self) -> Ledger:
        from rolemend.incident.ledger import Ledger

        return Ledger(self._store(), self.name)

    def _store(self) -> ObjectStore:
        from rolemend.account.oss import OssStore

        return OssStore(self.access, self._settings.ledger_bucket, self._settings.ledger_region)
