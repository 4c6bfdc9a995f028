"""`rolemend console` on this machine: a start address for one use, and no other host name."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from rolemend.console.access.identity import CONTENT_SECURITY_POLICY
from rolemend.console.access.local import LocalAccess, OwnHosts, own_hosts
from tests.console.access.serving import Browser, free_port, pages, served

ACCOUNT = "1000000000000001"
ARN = f"acs:ram::{ACCOUNT}:user/ana"


@pytest.fixture
def access() -> LocalAccess:
    return LocalAccess(ACCOUNT, ARN, free_port())


@pytest.fixture
def console(access: LocalAccess) -> Iterator[str]:
    port = int(access.start_address.split(":")[2].partition("/")[0])
    with served(port, OwnHosts(pages(access), own_hosts(port))) as address:
        yield address


def test_the_start_address_lets_in_as_the_caller(console: str, access: LocalAccess) -> None:
    browser = Browser(console)
    page = browser.get(access.start_address)
    assert page.url == f"{console}/"
    assert page.text.startswith(f"{ARN} user/ana approve 127.0.0.1 ")
    assert browser.get("/").text.startswith(ARN)


def test_the_start_address_works_once(console: str, access: LocalAccess) -> None:
    assert Browser(console).get(access.start_address).status_code == 200
    late = Browser(console)
    assert late.get(access.start_address).status_code == 403
    assert late.get("/", follow=False).status_code == 303


def test_a_look_at_the_head_does_not_use_it_up(console: str, access: LocalAccess) -> None:
    assert requests.head(access.start_address, timeout=20).status_code == 405
    assert Browser(console).get(access.start_address).status_code == 200


@pytest.mark.parametrize("token", ["x", "", "..", "%00", "a" * 3000])
def test_a_guessed_start_address_lets_nobody_in(console: str, access: LocalAccess, token: str) -> None:
    browser = Browser(console)
    assert browser.get(f"/start/{token}").status_code in (403, 404)
    assert "set-cookie" not in browser.get(f"/start/{token}").headers
    assert browser.get(access.start_address).status_code == 200


def test_without_the_start_address_nothing_is_seen(console: str) -> None:
    assert Browser(console).get("/", follow=False).status_code == 303
    assert Browser(console).post("/act", csrf="x").status_code == 403


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1", "localhost:1", ""])
def test_another_host_name_is_refused_before_anything(console: str, access: LocalAccess, host: str) -> None:
    answer = requests.get(access.start_address, headers={"Host": host}, allow_redirects=False, timeout=20)
    assert answer.status_code in (400, 421)
    assert "set-cookie" not in answer.headers
    assert Browser(console).get(access.start_address).status_code == 200


def test_localhost_is_this_machine_too(console: str) -> None:
    port = console.rpartition(":")[2]
    answer = requests.get(console, headers={"Host": f"LOCALHOST:{port}"}, allow_redirects=False, timeout=20)
    assert answer.status_code == 303


def test_the_cookie_is_not_secure_but_hidden_from_scripts(console: str, access: LocalAccess) -> None:
    cookie = Browser(console).get(access.start_address, follow=False).headers["set-cookie"]
    assert "Secure" not in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


def test_an_action_needs_the_sessions_token(console: str, access: LocalAccess) -> None:
    browser = Browser(console)
    token = browser.get(access.start_address).text.rpartition("csrf=")[2]
    assert [browser.post("/act", csrf=given).status_code for given in ("", token)] == [403, 200]


def test_a_session_of_another_process_is_none(console: str, access: LocalAccess) -> None:
    browser = Browser(console)
    browser.get(access.start_address)
    port = int(console.rpartition(":")[2])
    again = LocalAccess(ACCOUNT, ARN, port)
    with served(free_port(), pages(again)) as other:
        cookie = browser.session.cookies
        answer = requests.get(other, cookies=cookie, allow_redirects=False, timeout=20)
        assert answer.status_code == 303


def test_every_answer_has_the_strict_headers(console: str, access: LocalAccess) -> None:
    browser = Browser(console)
    wrong = requests.get(console, headers={"Host": "evil.example"}, timeout=20)
    for answer in (browser.get(access.start_address), browser.get("/nothing"), wrong):
        assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cache-control"] == "no-store"
        assert "strict-transport-security" not in answer.headers


@pytest.mark.parametrize("name", ["content-security-policy", "x-content-type-options", "referrer-policy"])
def test_no_page_can_loosen_them(name: str) -> None:
    import asyncio
    from typing import Any

    from rolemend.console.access.identity import SecurityHeaders

    async def page(scope: Any, receive: Any, send: Any) -> None:
        headers = [(name.title().encode(), b"loose"), (b"Cache-Control", b"max-age=60")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {}

    asyncio.run(SecurityHeaders(page, https=True)({"type": "http"}, receive, send))
    headers = sent[0]["headers"]
    assert [value for key, value in headers if key.decode() == name] != [b"loose"]
    assert len([key for key, _ in headers if key.decode() == name]) == 1
    assert dict(headers)[b"cache-control"] == b"max-age=60"
    assert dict(headers)[b"strict-transport-security"] == b"max-age=31536000"
