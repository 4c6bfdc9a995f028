"""People sign in with Alibaba Cloud: who is proved and listed comes in, and nobody else."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from localcloud.accounts import DEMO_ACCOUNT, open_account
from localcloud.faults import Fault
from localcloud.oauth.tokens import Flaw
from localcloud.ram.state import User
from localcloud.server import LocalCloud
from rolemend.console.access.settings import AccessSettings
from tests.console.access.serving import (
    APPROVER,
    CLIENT_SECRET,
    STRANGER,
    VIEWER,
    Browser,
    provider_of,
)

VERA, ANA, SAM = (f"{name}@{DEMO_ACCOUNT}.onaliyun.com" for name in ("vera", "ana", "sam"))
OTHER = "1000000000000002"


def test_an_approver_signs_in_and_is_named_by_the_token(browser: Browser, console: str) -> None:
    page = browser.sign_in(ANA)
    assert (page.status_code, page.url) == (200, f"{console}/")
    assert page.text.startswith(f"{ANA} {APPROVER} approve 127.0.0.1 csrf=")


def test_a_viewer_may_see_and_not_approve(browser: Browser) -> None:
    assert browser.sign_in(VERA).text.startswith(f"{VERA} {VIEWER} see ")


def test_the_request_carries_pkce_state_and_nonce(browser: Browser) -> None:
    asked = parse_qs(urlsplit(browser.get("/").url).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["scope"] == ["openid aliuid profile"]
    assert all(len(asked[name][0]) >= 32 for name in ("state", "nonce", "code_challenge"))
    assert CLIENT_SECRET not in str(asked)


def test_two_sign_ins_share_no_secret(console: str) -> None:
    first, second = (parse_qs(urlsplit(Browser(console).get("/").url).query) for _ in range(2))
    assert not any(first[name] == second[name] for name in ("state", "nonce", "code_challenge"))


def test_who_is_in_neither_list_sees_nothing(browser: Browser) -> None:
    page = browser.sign_in(SAM)
    assert page.status_code == 403
    assert "neither list" in page.text
    assert f"Your id is {STRANGER}." in page.text
    assert browser.get("/").url.startswith("http://signin.aliyun.com/")


def test_the_accounts_root_user_is_listed_by_the_accounts_id_only(browser: Browser) -> None:
    assert browser.sign_in(f"{DEMO_ACCOUNT}@example.com").status_code == 403


def test_a_user_of_another_account_is_refused_even_under_a_listed_id(
    browser: Browser, local: LocalCloud
) -> None:
    def foreign() -> None:
        open_account(local.cloud.state, OTHER)
        del local.cloud.state.accounts[DEMO_ACCOUNT].ram.users["ana"]
        local.cloud.state.accounts[OTHER].ram.users["ana"] = User(name="ana", id=APPROVER)

    local.call(lambda cloud: foreign())
    page = browser.sign_in(f"ana@{OTHER}.onaliyun.com")
    assert page.status_code == 403
    assert "another Alibaba Cloud account" in page.text


FLAWS: list[tuple[Flaw, str]] = [
    ("account", "belongs to account 9999999999999999"),
    ("algorithm", "UnsupportedAlgorithmError"),
    ("audience", "Invalid claim: 'aud'"),
    ("expired", "ExpiredTokenError"),
    ("hmac", "UnsupportedAlgorithmError"),
    ("issuer", "Invalid claim: 'iss'"),
    ("missing", "DecodeError"),
    ("no nonce", "Missing claim: 'nonce'"),
    ("nonce", "Invalid claim: 'nonce'"),
    ("signature", "BadSignatureError"),
]


@pytest.mark.parametrize(("flaw", "why"), FLAWS, ids=[flaw for flaw, _ in FLAWS])
def test_a_token_with_anything_wrong_proves_nobody(
    browser: Browser, local: LocalCloud, caplog: pytest.LogCaptureFixture, flaw: Flaw, why: str
) -> None:
    provider_of(local).signer.flaw = flaw
    page = browser.sign_in(ANA)
    assert page.status_code == 403
    assert "Not signed in" in page.text
    assert why in caplog.text
    provider_of(local).signer.flaw = ""
    assert browser.get("/").url.startswith("http://signin.aliyun.com/")


def test_a_new_signing_key_is_found(browser: Browser, console: str, local: LocalCloud) -> None:
    assert browser.sign_in(VERA).status_code == 200
    local.call(lambda cloud: provider_of(local).signer.rotate())
    assert Browser(console).sign_in(ANA).status_code == 200


def test_the_way_back_of_another_browser_is_refused(console: str) -> None:
    """Whoever sends a victim the end of their own sign-in does not sign the victim in."""
    attacker, victim = Browser(console), Browser(console)
    back = attacker.way_back(ANA)
    assert victim.get(back).status_code == 400
    victim.get("/", follow=False)
    victim.get("/sign-in", follow=False)
    assert victim.get(back).status_code == 400
    assert attacker.get(back).status_code == 200


def test_the_way_back_leads_in_once(browser: Browser, console: str) -> None:
    back = browser.way_back(ANA)
    assert browser.get(back).status_code == 200
    assert browser.get(back).status_code == 400
    assert browser.get("/").text.startswith(ANA)


@pytest.mark.parametrize("altered", ["state", "code"])
def test_an_altered_way_back_is_refused(browser: Browser, altered: str) -> None:
    back = browser.way_back(ANA).replace(f"{altered}=", f"{altered}=x")
    assert browser.get(back).status_code in (400, 403)
    assert browser.get("/").url.startswith("http://signin.aliyun.com/")


@pytest.mark.parametrize(
    "query", ["", "?error=access_denied&state=x", "?state=", "?code=x", "?code=x&state=x"]
)
def test_a_way_back_that_nobody_began_is_a_page_with_400(browser: Browser, query: str) -> None:
    assert browser.get(f"/sign-in/callback{query}").status_code == 400


def test_who_does_not_agree_is_told_so(browser: Browser) -> None:
    browser.get("/sign-in", follow=False)
    state = parse_qs(urlsplit(browser.get("/sign-in", follow=False).headers["location"]).query)["state"][0]
    page = browser.get(f"/sign-in/callback?error=access_denied&state={state}")
    assert page.status_code == 403
    assert "did not let you sign in" in page.text


@pytest.mark.parametrize(
    "place", ["//evil.example", "https://evil.example/", "/\\evil.example", "/a\nb", "evil"]
)
def test_sign_in_leads_to_no_other_site(browser: Browser, console: str, place: str) -> None:
    browser.sign_in(ANA)
    answer = browser.session.get(
        f"{console}/sign-in", params={"next": place}, allow_redirects=False, timeout=20
    )
    assert answer.headers["location"] == "/"


def test_sign_in_goes_on_to_the_page_that_was_asked_for(browser: Browser, console: str) -> None:
    browser.sign_in(ANA)
    answer = browser.get("/sign-in?next=/incidents/inc-1%3Fx=1", follow=False)
    assert answer.headers["location"] == "/incidents/inc-1?x=1"


def test_a_service_that_does_not_answer_is_told_and_leaves_no_session(
    browser: Browser, local: LocalCloud
) -> None:
    local.cloud.faults.append(Fault(service="oauth", operation="POST /v1/token", status=503))
    assert browser.sign_in(ANA).status_code == 503
    assert browser.sign_in(ANA).status_code == 200


@pytest.mark.parametrize("keys", [{}, {"keys": []}, {"keys": 1}, {"keys": [{}]}, {"keys": [{"kty": "RSA"}]}])
def test_keys_that_are_none_prove_nobody_and_are_not_kept(
    browser: Browser, local: LocalCloud, monkeypatch: pytest.MonkeyPatch, keys: dict[str, object]
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(provider_of(local).signer, "published", lambda: keys)
        assert browser.sign_in(ANA).status_code == 403
    assert browser.sign_in(ANA).status_code == 200


def test_a_discovery_document_that_leads_elsewhere_is_not_followed(
    browser: Browser, local: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = {
        "issuer": "https://oauth.aliyun.com",
        "authorization_endpoint": "http://signin.aliyun.com.evil.example/auth",
        "token_endpoint": "http://oauth.aliyun.com/v1/token",
        "jwks_uri": "http://oauth.aliyun.com/v1/keys",
    }
    monkeypatch.setattr("localcloud.oauth.service._discovery", lambda host: document)
    assert browser.get("/").status_code == 503


def test_signing_out_needs_the_sessions_own_form(browser: Browser, console: str) -> None:
    token = browser.sign_in(ANA).text.rpartition("csrf=")[2]
    other = Browser(console).sign_in(ANA).text.rpartition("csrf=")[2]
    assert browser.post("/sign-out").status_code == 403
    assert browser.post("/sign-out", csrf=other).status_code == 403
    assert browser.get("/").text.startswith(ANA)
    assert browser.post("/sign-out", csrf=token).status_code == 200
    assert browser.get("/").url.startswith("http://signin.aliyun.com/")


def test_a_callback_from_elsewhere_signs_nobody_out(browser: Browser) -> None:
    browser.sign_in(ANA)
    browser.get("/sign-in/callback?code=x&state=x")
    assert browser.get("/").text.startswith(ANA)


def test_a_callback_from_elsewhere_spoils_no_sign_in(browser: Browser) -> None:
    back = browser.way_back(ANA)
    assert browser.get("/sign-in/callback?code=x&state=x").status_code == 400
    assert browser.get(back).text.startswith(ANA)


def test_an_action_needs_the_sessions_own_token(browser: Browser, console: str) -> None:
    token = browser.sign_in(ANA).text.rpartition("csrf=")[2]
    other = Browser(console).sign_in(VERA).text.rpartition("csrf=")[2]
    assert [browser.post("/act", csrf=given).status_code for given in ("", "x", other, token)] == [
        403,
        403,
        403,
        200,
    ]


def test_no_page_shows_a_secret_and_no_log_either(
    browser: Browser, settings: AccessSettings, local: LocalCloud, caplog: pytest.LogCaptureFixture
) -> None:
    provider_of(local).signer.flaw = "signature"
    page = browser.sign_in(ANA)
    said = page.text + caplog.text + repr(settings) + str(settings)
    assert "sign-in refused" in caplog.text
    secrets = (CLIENT_SECRET, settings.session_key.value, settings.link_key.value)
    assert not [secret for secret in secrets if secret in said]


def test_pages_speak_chinese_to_who_reads_it(browser: Browser) -> None:
    page = browser.get("/sign-in/callback?lang=zh")
    assert '<html lang="zh-CN">' in page.text
    assert "未登录" in page.text
