"""The session's cookie: what it is marked with, how long it is good, and that nobody else can make one."""

from __future__ import annotations

import dataclasses
from http.cookies import SimpleCookie

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import Response

from rolemend.console.access.identity import Visitor
from rolemend.console.access.provider import Provider
from rolemend.console.access.record import one_line, recorded, recorded_link
from rolemend.console.access.sessions import SESSION_SECONDS, SIGN_IN_SECONDS, Session, Sessions, SignIn
from rolemend.console.access.settings import AccessSettings, Secret
from rolemend.console.access.signin import RamAccess
from tests.console.access.serving import APPROVER, KEY, VIEWER, settings_for

ANA = Session(id="s1", account="1000000000000001", user=APPROVER, name="ana")
BEGUN = SignIn(state="s", nonce="n", verifier="v", next="/")
MARK = "rolemend"


@dataclasses.dataclass
class Clock:
    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def request(cookie: str, name: str = MARK) -> Request:
    headers = [(b"cookie", f"{name}={cookie}".encode())]
    scope = {"type": "http", "method": "GET", "path": "/", "headers": headers, "client": ("203.0.113.7", 5)}
    return Request(scope)


def set_cookie(sessions: Sessions, value: Session | SignIn) -> str:
    answer = Response()
    sessions.keep(answer, value)
    return answer.headers["set-cookie"]


def kept(sessions: Sessions, value: Session | SignIn) -> str:
    return SimpleCookie(set_cookie(sessions, value))[sessions.cookie].value


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sessions(clock: Clock) -> Sessions:
    return Sessions(KEY, secure=False, now=clock)


def test_a_cookie_over_https_is_for_this_host_alone() -> None:
    mine = Sessions(KEY, secure=True)
    cookie = set_cookie(mine, ANA)
    assert mine.cookie == "__Host-rolemend"
    assert cookie.startswith("__Host-rolemend=")
    for word in ("HttpOnly", "Secure", "SameSite=lax", "Path=/", f"Max-Age={SESSION_SECONDS}"):
        assert word in cookie
    assert "Domain" not in cookie


def test_a_cookie_on_plain_http_is_not_secure_but_all_else(sessions: Sessions) -> None:
    cookie = set_cookie(sessions, ANA)
    assert cookie.startswith("rolemend=")
    assert "Secure" not in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


def test_a_session_ends_after_its_time(sessions: Sessions, clock: Clock) -> None:
    cookie = kept(sessions, ANA)
    clock.now += SESSION_SECONDS
    assert sessions.session(request(cookie)) == ANA
    clock.now += 1
    assert sessions.session(request(cookie)) is None


def test_a_sign_in_that_takes_too_long_is_over(sessions: Sessions, clock: Clock) -> None:
    cookie = kept(sessions, BEGUN)
    assert sessions.sign_in(request(cookie)) == BEGUN
    clock.now += SIGN_IN_SECONDS + 1
    assert sessions.sign_in(request(cookie)) is None


def test_a_sign_in_is_no_session_and_the_other_way_about(sessions: Sessions) -> None:
    assert sessions.session(request(kept(sessions, BEGUN))) is None
    assert sessions.sign_in(request(kept(sessions, ANA))) is None


def test_another_key_makes_no_session(sessions: Sessions) -> None:
    forged = kept(Sessions(Secret("x" * 64), secure=False), ANA)
    assert sessions.session(request(forged)) is None


@given(st.data())
def test_an_altered_cookie_is_no_other_session(data: st.DataObject) -> None:
    mine = Sessions(KEY, secure=False)
    cookie = kept(mine, ANA)
    place = data.draw(st.integers(0, len(cookie) - 1))
    altered = cookie[:place] + data.draw(st.sampled_from("abcXYZ019-_.")) + cookie[place + 1 :]
    assert mine.session(request(altered)) in (None, ANA)
    assert mine.session(request(altered[: place + 1])) in (None, ANA)


@given(st.text(max_size=300), st.text(max_size=40))
def test_no_text_is_a_csrf_token(text: str, session: str) -> None:
    assert not Sessions(KEY, secure=False).check_csrf(session, text)


def test_a_csrf_token_is_good_for_its_session_and_time(sessions: Sessions, clock: Clock) -> None:
    token = sessions.csrf_token("s1")
    assert sessions.check_csrf("s1", token)
    assert not sessions.check_csrf("s2", token)
    clock.now += SESSION_SECONDS + 1
    assert not sessions.check_csrf("s1", token)


def access(settings: AccessSettings, sessions: Sessions) -> RamAccess:
    return RamAccess(settings, sessions, Provider(settings))


def test_the_lists_are_asked_at_each_request(sessions: Sessions) -> None:
    """Who is taken off a list is out, however long the session would last."""
    import msgspec

    settings, asked = settings_for(1), request(kept(sessions, ANA))
    found = access(settings, sessions).visitor(asked)
    assert found is not None
    assert (found.may_approve, found.address, found.user) == (True, "203.0.113.7", APPROVER)
    demoted = msgspec.structs.replace(settings, approvers=frozenset(), viewers=frozenset({APPROVER}))
    seen = access(demoted, sessions).visitor(asked)
    assert seen is not None
    assert not seen.may_approve
    removed = msgspec.structs.replace(settings, approvers=frozenset())
    assert access(removed, sessions).visitor(asked) is None


@given(account=st.sampled_from(["1000000000000001", "2", ""]), user=st.text(max_size=20) | st.just(VIEWER))
def test_only_a_listed_id_of_the_own_account_sees_anything(account: str, user: str) -> None:
    settings = settings_for(1)
    listed = account == settings.account and user in (VIEWER, APPROVER)
    assert settings.may_see(account, user) == listed
    assert settings.may_approve(account, user) == (listed and user == APPROVER)


def test_the_journal_names_ids_name_and_address() -> None:
    visitor = Visitor(
        account="1", user="2", name="ana\n\u202e(root)", may_approve=True, address="203.0.113.7", session="s"
    )
    assert recorded(visitor) == "user 2 of account 1 (ana (root)) in the console, from 203.0.113.7"
    assert recorded_link("ops", "") == "through a link sent to ops, from an unknown address"


@given(st.text())
def test_a_name_is_one_short_line(name: str) -> None:
    line = one_line(name)
    assert len(line) <= 128
    assert line.isprintable()
    assert "\n" not in line
