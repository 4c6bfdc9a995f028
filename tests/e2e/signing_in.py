"""The deployed console behind its sign-in: a browser that goes there through the local cloud, as a person would."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import urljoin

import requests

from demo.stage import Stage, deploy
from localcloud.oauth.state import Application
from localcloud.ram.state import User

APPROVER, VIEWER = "200000000000000002", "200000000000000001"
CLIENT, SECRET = "4567890123456789012", "client-secret-of-the-tests"


def own_address(stage: Stage) -> str:
    """Where Function Compute itself serves the console."""
    found = stage.local.call(lambda cloud: cloud.services["fc"].http_url("rolemend-console"))  # type: ignore[attr-defined]
    return str(found).rstrip("/")


def open_console(stage: Stage, address: str = "", **changed: str) -> str:
    """Deploy the console so that `ana` may approve there and `vera` may look; its address, which is Function Compute's
    own unless it has another. `changed` are variables."""
    address = address or own_address(stage)

    def register(cloud: Any) -> None:
        account = cloud.state.accounts[stage.account]
        for uid, name in ((APPROVER, "ana"), (VIEWER, "vera")):
            account.ram.users[name] = User(name=name, id=uid)
        back = f"{address}/sign-in/callback"
        cloud.state.oauth.applications[CLIENT] = Application(
            id=CLIENT, account=stage.account, name="Rolemend", secret=SECRET, redirect_uris=[back]
        )

    stage.local.call(register)
    variables = {
        "ROLEMEND_CONSOLE_URL": address,
        "ROLEMEND_CONSOLE_CLIENT_ID": CLIENT,
        "ROLEMEND_CONSOLE_CLIENT_SECRET": SECRET,
        "ROLEMEND_CONSOLE_SESSION_KEY": "k" * 64,
        "ROLEMEND_CONSOLE_VIEWERS": VIEWER,
        "ROLEMEND_CONSOLE_APPROVERS": APPROVER,
    }
    deploy(stage, **(variables | changed))
    return address


class Person:
    """Keeps cookies and follows redirects, as a browser does."""

    def __init__(self, stage: Stage, console: str, login: str) -> None:
        self.console = console
        self.session = requests.Session()
        self.session.proxies = {"http": stage.local.proxy}
        chosen = self.get("/")
        found = re.search(rf'href="([^"]+)">{re.escape(login)}[@<]', chosen.text)
        assert found is not None, chosen.text
        self.home = self.get("http://signin.aliyun.com" + unescape(found.group(1)))

    def get(self, path: str) -> requests.Response:
        address = path if path.startswith("http") else self.console + path
        for _ in range(10):
            answer = self.session.get(address, allow_redirects=False, timeout=60)
            if not answer.is_redirect:
                return answer
            address = urljoin(address, answer.headers["location"])
        raise AssertionError("the redirects have no end")

    def press(self, page: str, path: str, **changed: str) -> requests.Response:
        """Send a page's form to `path` with its hidden fields."""
        fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', self.get(page).text))
        return self.session.post(
            self.console + path, data=fields | changed, allow_redirects=False, timeout=60
        )
