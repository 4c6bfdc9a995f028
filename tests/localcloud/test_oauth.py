"""The OAuth service of RAM, as a web application and a browser see it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from localcloud.oauth.service import CODE_SECONDS
from localcloud.oauth.state import Application
from localcloud.oauth.tokens import LIFETIME
from localcloud.ram.state import User
from localcloud.server import LocalCloud
from localcloud.statefile import load_state, save_state
from tests.clients import Keys

AUTH, TOKEN = "http://signin.aliyun.com/oauth2/v1/auth", "http://oauth.aliyun.com/v1/token"
INFO, KEYS = "http://oauth.aliyun.com/v1/userinfo", "http://oauth.aliyun.com/v1/keys"
BACK, CLIENT, UID = "https://app.example.com/back", "4000000000000000001", "200000000000000001"
VERIFIER = "v" * 60
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture(autouse=True)
def application(local: LocalCloud, root: Keys, account: str) -> None:
    def add() -> None:
        local.cloud.state.accounts[account].ram.users["ana"] = User(
            name="ana", id=UID, display_name="Ana <A>"
        )
        local.cloud.state.oauth.applications[CLIENT] = Application(
            id=CLIENT, account=account, name="App <1>", secret="hush", redirect_uris=[BACK]
        )

    local.call(lambda cloud: add())


def ask(address: str, **parameters: str) -> requests.Response:
    return requests.get(address, params=parameters, allow_redirects=False, timeout=10)


def wanted(**other: str) -> dict[str, str]:
    asked = {
        "client_id": CLIENT,
        "redirect_uri": BACK,
        "response_type": "code",
        "state": "s&=",
        "nonce": "n1",
    }
    asked |= {"scope": "openid aliuid profile", "code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    return asked | other


def code_of(login: str = "ana@1000000000000001.onaliyun.com", **other: str) -> str:
    """Open the page, choose who signs in, and the code that comes back."""
    page = ask(AUTH, **wanted(**other))
    found = re.search(rf'href="([^"]+)">{re.escape(login)}<', page.text)
    assert found is not None, page.text
    answer = ask("http://signin.aliyun.com" + unescape(found.group(1)))
    back = parse_qs(urlsplit(answer.headers["location"]).query)
    assert back["state"] == ["s&="]
    return back["code"][0]


def exchange(code: str, /, **other: str) -> requests.Response:
    form = {"grant_type": "authorization_code", "code": code, "client_id": CLIENT, "client_secret": "hush"}
    form |= {"redirect_uri": BACK, "code_verifier": VERIFIER}
    return requests.post(TOKEN, data=form | other, timeout=10)


def claims_of(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


@pytest.mark.parametrize("domain", ["aliyun.com", "alibabacloud.com"])
def test_discovery_names_the_sites_own_endpoints(domain: str) -> None:
    found = ask(f"http://oauth.{domain}/.well-known/openid-configuration").json()
    assert found["issuer"] == f"https://oauth.{domain}"
    assert found["authorization_endpoint"] == f"http://signin.{domain}/oauth2/v1/auth"
    assert found["jwks_uri"] == f"http://oauth.{domain}/v1/keys"
    assert found["id_token_signing_alg_values_supported"] == ["RS256"]


def test_a_code_becomes_a_token_with_the_published_claims(account: str) -> None:
    answer = exchange(code_of()).json()
    claims = claims_of(answer["id_token"])
    assert claims.pop("exp") - claims.pop("iat") == LIFETIME
    assert claims == {
        "iss": "https://oauth.aliyun.com", "aud": CLIENT, "sub": UID, "nonce": "n1", "aid": account, "uid": UID,
        "name": "Ana <A>", "upn": f"ana@{account}.onaliyun.com",
    }  # fmt: skip
    info = requests.get(
        INFO, headers={"Authorization": f"Bearer {answer['access_token']}"}, timeout=10
    ).json()
    assert (info["uid"], info["aid"]) == (UID, account)


def test_the_root_user_has_a_login_name_and_the_accounts_id(account: str) -> None:
    claims = claims_of(exchange(code_of(f"{account}@example.com")).json()["id_token"])
    assert (claims["uid"], claims["aid"]) == (account, account)
    assert claims["login_name"] == f"{account}@example.com"


def test_a_scope_lets_know_no_more_than_it_says() -> None:
    claims = claims_of(exchange(code_of(scope="openid")).json()["id_token"])
    assert not {"aid", "uid", "name", "upn"} & claims.keys()


WRONG = [
    ({"client_secret": "other"}, 401, "invalid_client"),
    ({"client_id": "other"}, 401, "invalid_client"),
    ({"code_verifier": "x" * 60}, 400, "invalid_grant"),
    ({"code_verifier": ""}, 400, "invalid_grant"),
    ({"redirect_uri": "https://app.example.com/other"}, 400, "invalid_grant"),
    ({"code": "x"}, 400, "invalid_grant"),
    ({"grant_type": "password"}, 400, "unsupported_grant_type"),
]


@pytest.mark.parametrize(("other", "status", "error"), WRONG)
def test_a_wrong_exchange_is_refused(other: dict[str, str], status: int, error: str) -> None:
    answer = exchange(code_of(), **other)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_a_code_works_once_and_for_minutes(local: LocalCloud) -> None:
    code, late = code_of(), code_of()
    assert [exchange(code).status_code for _ in range(2)] == [200, 400]
    now = local.cloud.clock()
    local.cloud.clock = lambda: now + CODE_SECONDS + 1
    assert exchange(late).status_code == 400


@pytest.mark.parametrize("other", [{"client_id": "x"}, {"redirect_uri": "https://evil.example/"}])
def test_an_unknown_application_or_address_gets_a_page_and_no_redirect(other: dict[str, str]) -> None:
    answer = ask(AUTH, **wanted(**other))
    assert answer.status_code == 400
    assert "location" not in answer.headers


def test_nobody_unknown_can_be_chosen() -> None:
    answer = ask(AUTH, **wanted(localcloud_user="1"))
    assert answer.headers["location"] == f"{BACK}?{urlencode({'error': 'access_denied', 'state': 's&='})}"


def test_the_page_shows_hostile_names_as_text() -> None:
    page = ask(AUTH, **wanted(state='"><script>'))
    assert "App &lt;1&gt;" in page.text
    assert "<script>" not in page.text


def test_no_access_token_no_user_information() -> None:
    assert requests.get(INFO, headers={"Authorization": "Bearer x"}, timeout=10).status_code == 401


def test_keys_change_and_the_old_one_is_gone(local: LocalCloud) -> None:
    service: Any = local.cloud.services["oauth"]
    before = ask(KEYS).json()["keys"]
    local.call(lambda cloud: service.signer.rotate())
    after = ask(KEYS).json()["keys"]
    assert before[0]["kid"] != after[0]["kid"]
    assert not {"d", "p", "q"} & after[0].keys()


def test_applications_are_kept_in_the_state_file(local: LocalCloud, tmp_path: Path) -> None:
    save_state(local.cloud.state, tmp_path / "cloud.json")
    assert load_state(tmp_path / "cloud.json").oauth.applications[CLIENT].redirect_uris == [BACK]
