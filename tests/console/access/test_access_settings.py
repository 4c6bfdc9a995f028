"""The console's settings: everything wrong is told together, and nothing secret is told at all."""

from __future__ import annotations

import pytest

from rolemend.bootstrap import build_access, build_link_maker
from rolemend.console.access.signin import RamAccess
from rolemend.errors import SettingsError
from rolemend.incident.life import Incident
from rolemend.settings import read_access_settings
from tests.work.scene import Scene, rule

GOOD = {
    "FC_ACCOUNT_ID": "1000000000000001",
    "ROLEMEND_CONSOLE_URL": "https://rolemend.example.com/",
    "ROLEMEND_CONSOLE_CLIENT_ID": "4567890123456789",
    "ROLEMEND_CONSOLE_CLIENT_SECRET": "very-secret",
    "ROLEMEND_CONSOLE_SESSION_KEY": "s" * 32,
    "ROLEMEND_LINK_KEY": "l" * 32,
    "ROLEMEND_CONSOLE_VIEWERS": "200000000000000001, 200000000000000002",
    "ROLEMEND_CONSOLE_APPROVERS": "1000000000000001",
}
FUNCTION = {
    "FC_REGION": "cn-hangzhou",
    "FC_FUNCTION_NAME": "rolemend-console",
    "ROLEMEND_LEDGER_BUCKET": "rolemend-ledger",
    "ALIBABA_CLOUD_ACCESS_KEY_ID": "STS.x",
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "x",
}


def test_good_settings_are_read() -> None:
    settings = read_access_settings(GOOD)
    assert settings.address == "https://rolemend.example.com"
    assert settings.https
    assert settings.viewers == {"200000000000000001", "200000000000000002"}
    assert settings.approvers == {"1000000000000001"}
    assert (settings.site, settings.scheme, settings.link_key.value) == ("china", "https", "l" * 32)


WRONG = [
    ("ROLEMEND_CONSOLE_URL", "", "missing"),
    ("ROLEMEND_CONSOLE_URL", "http://rolemend.example.com", "is not https://"),
    ("ROLEMEND_CONSOLE_URL", "https://rolemend.example.com/console", "is not https://"),
    ("ROLEMEND_CONSOLE_CLIENT_ID", "", "missing"),
    ("ROLEMEND_CONSOLE_CLIENT_SECRET", "", "missing"),
    ("ROLEMEND_CONSOLE_SESSION_KEY", "tiny-key", "shorter than 32"),
    ("ROLEMEND_LINK_KEY", "tiny-key", "shorter than 32"),
    ("ROLEMEND_LINK_KEY", "s" * 32, "the same as ROLEMEND_CONSOLE_SESSION_KEY"),
    ("ROLEMEND_CONSOLE_VIEWERS", "*", "is no id"),
    ("ROLEMEND_CONSOLE_APPROVERS", "ana", "is no id"),
    ("ROLEMEND_CONSOLE_SITE", "moon", "is none of"),
]


@pytest.mark.parametrize(("name", "value", "words"), WRONG)
def test_a_wrong_setting_is_named(name: str, value: str, words: str) -> None:
    with pytest.raises(SettingsError, match=f"{name}: .*{words}"):
        read_access_settings(GOOD | {name: value})


def test_everything_wrong_is_told_together_and_no_secret_is() -> None:
    with pytest.raises(SettingsError) as caught:
        read_access_settings({"ROLEMEND_CONSOLE_SESSION_KEY": "tiny-key", "ROLEMEND_LINK_KEY": "tiny-key"})
    assert len(caught.value.problems) >= 6
    assert "tiny-key" not in str(caught.value)


def test_a_console_that_nobody_may_see_is_a_mistake() -> None:
    nobody = {"ROLEMEND_CONSOLE_VIEWERS": " ", "ROLEMEND_CONSOLE_APPROVERS": ""}
    with pytest.raises(SettingsError, match="nobody may see"):
        read_access_settings(GOOD | nobody)


def test_secrets_show_in_no_text() -> None:
    settings = read_access_settings(GOOD)
    for said in (repr(settings), str(settings), f"{settings.client_secret}", f"{settings.session_key!r}"):
        assert not [secret for secret in ("very-secret", "s" * 32, "l" * 32) if secret in said]


@pytest.mark.parametrize(
    "leading_past", ["aliyun.com", ".aliyun.com", "oauth.aliyun.com", "com", "alibabacloud.com"]
)
def test_a_client_secret_goes_over_plain_http_to_no_one_but_a_proxy_here(leading_past: str) -> None:
    local = {"ROLEMEND_SCHEME": "http", "http_proxy": "http://127.0.0.1:8080"}
    url = {"ROLEMEND_CONSOLE_URL": "http://console.example.com"}
    assert read_access_settings(GOOD | local | url).scheme == "http"
    with pytest.raises(SettingsError, match="no_proxy leads past"):
        read_access_settings(GOOD | local | url | {"no_proxy": leading_past})


def test_the_access_is_built_with_links_only_where_there_is_a_key() -> None:
    paths = {}
    for key in ("", "l" * 32):
        access = build_access(environment=GOOD | FUNCTION | {"ROLEMEND_LINK_KEY": key})
        assert isinstance(access, RamAccess)
        paths[bool(key)] = {route.path for route in access.routes()}
    assert paths[True] - paths[False] == {"/link/{token}"}
    assert paths[False] == {"/sign-in", "/sign-in/callback", "/sign-out"}


def test_alerts_get_links_only_with_a_key_and_an_address(waiting: Incident) -> None:
    assert build_link_maker({})(waiting, "ops") == ""
    link = build_link_maker(GOOD)(waiting, "ops")
    assert link.startswith("https://rolemend.example.com/link/")
    assert build_link_maker(GOOD)(waiting, "ops") != link
    with pytest.raises(SettingsError, match="ROLEMEND_CONSOLE_URL: missing"):
        build_link_maker({"ROLEMEND_LINK_KEY": "l" * 32})


@pytest.fixture
def waiting() -> Incident:
    scene = Scene(guardrails=rule("approve"))
    scene.mended()
    return scene.incident
