"""`rolemend console` and `make demo ARGS=--keep` as a person starts and ends them."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from localcloud.server import LocalCloud
from localcloud.statefile import save_state
from tests import clients
from tests.clients import Keys
from tests.commands.shell import PROJECT, command, environment, rolemend, told_in_one_line
from tests.incident.test_life import DIAGNOSED, OPENED, after

LEDGER = "ledger-of-the-tests"


def settings(root: Keys) -> dict[str, str]:
    return {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": root.id,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": root.secret,
        "ROLEMEND_LEDGER_BUCKET": LEDGER,
        "ROLEMEND_SCHEME": "http",
    }


def open_ledger(root: Keys) -> None:
    """A ledger that holds one incident's line."""
    from rolemend.incident.index import Index
    from tests.fakes import MemoryStore

    bucket = clients.bucket(root, LEDGER)
    bucket.create_bucket("private")
    store = MemoryStore()
    Index(store).add([after(DIAGNOSED)], 0.0)
    for key, data in store.objects.items():
        bucket.put_object(key, bytes(data))


@contextmanager
def started(program: list[str], **changes: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A program that goes on until Ctrl-C, and the address that it prints."""
    process = subprocess.Popen(
        program,
        cwd=PROJECT,
        env=environment(**changes),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        found = (re.search(r"http://127\.0\.0\.1:\d+/start/\S+", line) for line in process.stdout)
        address = next((match[0] for match in found if match), "")
        assert address, process.stderr.read() if process.stderr else ""
        yield process, address
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)


def opened(address: str) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    assert session.get(address, timeout=30).status_code == 200
    return session


def test_the_address_opens_the_console_once_and_ctrl_c_ends_it(local: LocalCloud, root: Keys) -> None:
    open_ledger(root)
    with started(command("console"), **settings(root)) as (process, address):
        origin = address.partition("/start/")[0]
        nobody = requests.get(f"{origin}/incidents", proxies={"http": ""}, timeout=30)
        assert nobody.status_code == 403
        session = opened(address)
        assert OPENED.denial.code in session.get(f"{origin}/incidents", timeout=30).text
        assert requests.get(address, proxies={"http": ""}, timeout=30).status_code == 403
        rebound = session.get(f"{origin}/incidents", headers={"host": "evil.example"}, timeout=30)
        assert rebound.status_code == 421
        assert session.post(f"{origin}/what-if/explain", data=b"x" * 600_000, timeout=30).status_code == 413
    assert process.returncode == 130


def test_a_state_file_is_shown_and_stays_as_it_is(local: LocalCloud, root: Keys, tmp_path: Path) -> None:
    open_ledger(root)
    path = tmp_path / "state.json"
    local.call(lambda cloud: save_state(cloud.state, path))
    before = path.read_bytes()
    with started(command("console", "--state", path, "--ledger", LEDGER)) as (_, address):
        session = opened(address)
        origin = address.partition("/start/")[0]
        assert OPENED.denial.code in session.get(f"{origin}/incidents", timeout=30).text
    assert path.read_bytes() == before


def test_what_cannot_be_opened_is_told_in_one_line(local: LocalCloud, root: Keys, tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = rolemend("console", "--port", port, given=b"", **settings(root))
        assert (done.code, told_in_one_line(done, "cannot listen at 127.0.0.1")) == (1, True)
    done = rolemend("console", "--state", broken, "--ledger", LEDGER)
    assert (done.code, told_in_one_line(done, "broken.json")) == (2, True)
    assert rolemend("console", "--port", "http").code == 2


def test_the_demo_leaves_the_console_with_a_plan_to_decide_on() -> None:
    demo = [sys.executable, "-m", "demo", "--only", "not-ours", "--keep"]
    with started(demo) as (process, address):
        session = opened(address)
        origin = address.partition("/start/")[0]
        found = session.get(f"{origin}/incidents?state=awaiting+approval", timeout=30).text
        assert "demo-data-returns" in found
    assert process.returncode == 0
