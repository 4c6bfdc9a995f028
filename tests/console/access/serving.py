"""A console of two pages behind the real access, served over HTTP, and a browser that follows it everywhere."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import unescape
from urllib.parse import urljoin

import requests
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from localcloud.accounts import DEMO_ACCOUNT
from localcloud.oauth.service import OAuthService
from localcloud.oauth.state import Application
from localcloud.ram.state import User
from localcloud.server import LocalCloud
from rolemend.console.access.identity import Access, App, SecurityHeaders
from rolemend.console.access.settings import AccessSettings, Secret

VIEWER, APPROVER, STRANGER = "200000000000000001", "200000000000000002", "200000000000000003"
CLIENT, CLIENT_SECRET = "4567890123456789012", "client-secret-of-the-tests"
KEY = Secret("k" * 64)
LINK_KEY = Secret("l" * 64)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def settings_for(port: int) -> AccessSettings:
    return AccessSettings(
        account=DEMO_ACCOUNT,
        address=f"http://127.0.0.1:{port}",
        client_id=CLIENT,
        client_secret=Secret(CLIENT_SECRET),
        session_key=KEY,
        link_key=LINK_KEY,
        viewers=frozenset({VIEWER}),
        approvers=frozenset({APPROVER}),
        scheme="http",
    )


def provider_of(local: LocalCloud) -> OAuthService:
    service = local.cloud.services["oauth"]
    assert isinstance(service, OAuthService)
    return service


def register(local: LocalCloud, port: int) -> None:
    """The console as an application of the account, and three users in it."""
    account = local.cloud.state.accounts[DEMO_ACCOUNT]
    for uid, name in ((VIEWER, "vera"), (APPROVER, "ana"), (STRANGER, "sam")):
        account.ram.users[name] = User(name=name, id=uid)
    local.cloud.state.oauth.applications[CLIENT] = Application(
        id=CLIENT,
        account=DEMO_ACCOUNT,
        name="Rolemend",
        secret=CLIENT_SECRET,
        redirect_uris=[f"http://127.0.0.1:{port}/sign-in/callback"],
    )


def pages(access: Access) -> Starlette:
    """`/` says who is there and gives a CSRF token, `/act` does something if the token is right."""

    def home(request: Request) -> Response:
        visitor = access.visitor(request)
        if visitor is None:
            return RedirectResponse("/sign-in?next=/", 303)
        rights = "approve" if visitor.may_approve else "see"
        token = access.csrf_token(visitor)
        return PlainTextResponse(f"{visitor.name} {visitor.user} {rights} {visitor.address} csrf={token}")

    async def act(request: Request) -> Response:
        visitor, form = access.visitor(request), await request.form()
        if visitor is None or not access.check_csrf(visitor, str(form.get("csrf", ""))):
            return PlainTextResponse("refused", 403)
        return PlainTextResponse("done")

    return Starlette(routes=[Route("/", home), Route("/act", act, methods=["POST"]), *access.routes()])


@contextmanager
def served(port: int, app: App) -> Iterator[str]:
    config = uvicorn.Config(
        SecurityHeaders(app, https=False), port=port, log_config=None, access_log=False, lifespan="off"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        wait_until(lambda: server.started)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)


def wait_until(done: Callable[[], bool]) -> None:
    for _ in range(500):
        if done():
            return
        time.sleep(0.02)
    raise AssertionError("the server did not start")


class Browser:
    """Keeps cookies and follows redirects, as a browser does."""

    def __init__(self, console: str) -> None:
        self.console = console
        self.session = requests.Session()

    def get(self, path: str, *, follow: bool = True) -> requests.Response:
        """Each step is a request of its own, as requests would take a proxy along to where none is to be used."""
        address = path if path.startswith("http") else self.console + path
        for _ in range(10):
            answer = self.session.get(address, allow_redirects=False, timeout=20)
            if not follow or not answer.is_redirect:
                return answer
            address = urljoin(address, answer.headers["location"])
        raise AssertionError("the redirects have no end")

    def post(self, path: str, **form: str) -> requests.Response:
        return self.session.post(self.console + path, data=form, allow_redirects=False, timeout=20)

    def choose(self, login: str) -> str:
        """Open the console, arrive at the sign-in page, and the address that choosing this login leads to."""
        page = self.get("/")
        assert page.url.startswith("http://signin.aliyun.com/oauth2/v1/auth?"), page.url
        found = re.search(rf'href="([^"]+)">{re.escape(login)}<', page.text)
        assert found is not None, page.text
        return "http://signin.aliyun.com" + unescape(found.group(1))

    def sign_in(self, login: str) -> requests.Response:
        return self.get(self.choose(login))

    def way_back(self, login: str) -> str:
        """The address that Alibaba Cloud sends the browser to, not opened yet."""
        return self.get(self.choose(login), follow=False).headers["location"]
