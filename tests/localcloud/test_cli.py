"""`rolemend local up` as a person runs it: the real command in a process of its own."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
import yaml

from tests import clients
from tests.clients import Keys
from tests.localcloud.fc_functions.deployment import function

COMMAND = [str(Path(sys.executable).with_name("rolemend")), "local", "up"]
DEADLINE = 20.0
ENVIRONMENT = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}


@pytest.fixture(autouse=True)
def not_ignored() -> Iterator[None]:
    """A suite that runs in the background ignores the keyboard's signal, and what it starts would inherit that."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGHUP)}
    for number, handler in before.items():
        if handler == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


class Running:
    """A started command: what it printed until it was ready, and the variables in that."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines = list(self._until_ready())
        pairs = [
            line.removeprefix("export ").partition("=") for line in self.lines if line.startswith("export ")
        ]
        self.variables = {name: value for name, _, value in pairs}
        self.keys = Keys(
            self.variables["ALIBABA_CLOUD_ACCESS_KEY_ID"], self.variables["ALIBABA_CLOUD_ACCESS_KEY_SECRET"]
        )

    def _until_ready(self) -> Iterator[str]:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            yield line.rstrip("\n")
            if line.startswith("# ready"):
                return
        raise AssertionError(self.process.communicate()[1])

    def stop(self, signal_: int = signal.SIGINT) -> tuple[int, str, str]:
        """Exit code, what else came on standard output, and standard error."""
        self.process.send_signal(signal_)
        out, err = self.process.communicate(timeout=DEADLINE)
        return self.process.returncode, out, err


@contextmanager
def up(*arguments: str | Path) -> Iterator[Running]:
    process = subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        env=ENVIRONMENT,
        text=True,
        bufsize=1,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        yield Running(process)
    finally:
        process.kill()
        process.communicate()


def refuse(*arguments: str | Path) -> tuple[int, str]:
    """Exit code and standard error of a command that does not start; nothing is on standard output."""
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        env=ENVIRONMENT,
        text=True,
        capture_output=True,
        timeout=DEADLINE,
        check=False,
    )
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


def use(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, running.variables[name])


def test_standard_output_holds_the_export_lines_and_one_comment(monkeypatch: pytest.MonkeyPatch) -> None:
    with up() as running:
        *exports, comment = running.lines
        assert all(re.fullmatch(r"export [A-Za-z_]+=[\w./:,-]+", line) for line in exports)
        assert comment.startswith("# ")
        assert running.variables["http_proxy"] == running.variables["HTTP_PROXY"]
        assert "https_proxy" not in running.variables
        use(running, monkeypatch)
        caller = clients.sts(running.keys).get_caller_identity().body
        assert caller.account_id == running.variables["ALIBABA_CLOUD_ACCOUNT_ID"]
        assert running.stop() == (0, "", "")


def test_a_shell_takes_the_lines_from_the_background(tmp_path: Path) -> None:
    """The form that the documentation shows; it must not wait for the local cloud's end."""
    state = tmp_path / "state.json"
    ask = "import os, requests; print(requests.get('http://ram.aliyuncs.com/').status_code)"
    script = f"""
        eval "$({shlex.join(COMMAND)} --state {state} &)"
        "{sys.executable}" -c "{ask}"
        kill $ROLEMEND_LOCAL_PID
    """
    done = subprocess.run(
        ["sh", "-eu", "-c", script],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "400\n", "")
    assert state.exists()


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_state_is_saved_at_the_end_and_loaded_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: signal.Signals
) -> None:
    state = tmp_path / "state.json"
    with up("--state", state, "--account", "2000000000000002") as running:
        keys = running.keys
        use(running, monkeypatch)
        bucket = clients.bucket(keys, "box")
        bucket.create_bucket()
        bucket.put_object("k", b"kept")
        assert running.stop(ending)[0] == 0
    with up("--state", state) as running:
        use(running, monkeypatch)
        assert running.keys == keys
        assert running.variables["ALIBABA_CLOUD_ACCOUNT_ID"] == "2000000000000002"
        assert clients.bucket(keys, "box").get_object("k").read() == b"kept"
        assert running.stop()[0] == 0
    assert [found.name for found in tmp_path.iterdir()] == ["state.json"]


def test_a_signal_at_any_moment_of_the_start_loses_no_state(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with up("--state", state) as running:
        running.stop()
    kept = state.read_bytes()
    for wait in (0.0, 0.1, 0.3, 0.5):
        process = subprocess.Popen(
            [*COMMAND, "--state", str(state)],
            env=ENVIRONMENT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(wait)
        process.terminate()
        process.wait(DEADLINE)
        assert state.read_bytes() == kept


@pytest.mark.parametrize(
    ("content", "message"),
    [("{", "not a state file"), ('{"name": "x"}', "not a state file"), ('{"schema": 999}', "newer version")],
)
def test_a_state_file_that_cannot_be_used_ends_with_1_and_stays(
    tmp_path: Path, content: str, message: str
) -> None:
    state = tmp_path / "state.json"
    state.write_text(content)
    code, told = refuse("--state", state)
    assert code == 1
    assert message in told
    assert str(state) in told
    assert state.read_text() == content


def test_a_second_command_on_the_same_state_file_is_refused(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with up("--state", state) as running:
        code, told = refuse("--state", state)
        assert (code, "another local cloud is using this state file" in told) == (1, True)
        assert running.stop()[0] == 0


def test_the_asked_for_port_is_used_and_a_taken_one_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        code, told = refuse("--port", str(port))
        assert (code, f"port {port} on 127.0.0.1 is in use" in told) == (1, True)
    with up("--port", str(port)) as running:
        assert running.variables["http_proxy"] == f"http://127.0.0.1:{port}"
        assert running.stop()[0] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--port", "70000"), "a number from 0 to 65535"),
        (("--port", "x"), "a number from 0 to 65535"),
        (("--account", "12"), "16 digits"),
        (("--what",), "unrecognized arguments"),
    ],
)
def test_wrong_arguments_end_with_2(arguments: tuple[str, ...], message: str) -> None:
    code, told = refuse(*arguments)
    assert (code, message in told) == (2, True)


def test_a_manifest_that_cannot_be_deployed_ends_with_1(tmp_path: Path) -> None:
    manifest = tmp_path / "s.yaml"
    manifest.write_text("resources: 5\n")
    code, told = refuse("--deploy", manifest)
    assert (code, str(manifest) in told) == (1, True)


def test_functions_are_deployed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = tmp_path / "s.yaml"
    resources = {"echo": {"component": "fc3", "props": function("echo")}}
    manifest.write_text(yaml.safe_dump({"edition": "3.0.0", "name": "samples", "resources": resources}))
    with up("--deploy", manifest) as running:
        use(running, monkeypatch)
        from alibabacloud_fc20230330 import models
        from alibabacloud_fc20230330.client import Client

        endpoint = f"{running.variables['ALIBABA_CLOUD_ACCOUNT_ID']}.cn-hangzhou.fc.aliyuncs.com"
        answer = Client(clients.config(running.keys, endpoint)).invoke_function(
            "echo", models.InvokeFunctionRequest(body=b"hello")
        )
        assert answer.body.read() == b"hello"
        assert running.stop() == (0, "", "")


def test_what_was_asked_for_in_vain_is_told_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    with up() as running:
        proxies = {"http": running.variables["http_proxy"]}
        for _ in range(2):
            requests.get("http://ecs.cn-hangzhou.aliyuncs.com/", proxies=proxies, timeout=5)
        code, out, err = running.stop()
        assert (code, out) == (0, "")
        assert err == "not supported: unknown ecs.cn-hangzhou.aliyuncs.com: 2 times\n"


SIGNALS_AROUND_THE_WAIT = """
import random, signal
from localcloud.cli import _listen_for

heard = _listen_for(signal.SIGALRM)
for _ in range(100_000):
    signal.setitimer(signal.ITIMER_REAL, random.uniform(1e-6, 3e-5))
    heard.recv(1)
print("each one was heard")
"""


def test_a_signal_is_heard_however_near_to_the_wait_it_comes() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SIGNALS_AROUND_THE_WAIT],
        env=ENVIRONMENT | {"PYTHONPATH": os.pathsep.join(sys.path)},
        text=True,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "each one was heard\n", "")
