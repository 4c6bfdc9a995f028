"""A console that people sign in to through the local cloud."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from localcloud.server import LocalCloud
from rolemend.console.access.provider import Provider
from rolemend.console.access.sessions import Sessions
from rolemend.console.access.settings import AccessSettings
from rolemend.console.access.signin import RamAccess
from tests.clients import Keys
from tests.console.access.serving import Browser, free_port, pages, register, served, settings_for


@pytest.fixture
def settings() -> AccessSettings:
    return settings_for(free_port())


@pytest.fixture
def console(local: LocalCloud, root: Keys, settings: AccessSettings) -> Iterator[str]:
    port = int(settings.address.rpartition(":")[2])
    local.call(lambda cloud: register(local, port))
    sessions = Sessions(settings.session_key, secure=False)
    access = RamAccess(settings, sessions, Provider(settings))
    with served(port, pages(access)) as address:
        yield address


@pytest.fixture
def browser(console: str) -> Browser:
    return Browser(console)
