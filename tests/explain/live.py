"""Running `rolemend explain` against a snapshot or with credentials, as a person does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import oss2
import pytest

from demo.stage import Stage
from localcloud.server import LocalCloud
from localcloud.statefile import save_state
from tests.clients import Keys

PROJECT = Path(__file__).parents[2]


def stage_of(local: LocalCloud, root: Keys, account: str) -> Stage:
    """An account to provoke failures in, without any function deployed."""
    return Stage(local, root, account, "")


def oss_error(call: Callable[[], Any]) -> str:
    """The XML that OSS answers to a call that it refuses."""
    with pytest.raises(oss2.exceptions.ServerError) as caught:
        call()
    return caught.value.body.decode() if isinstance(caught.value.body, bytes) else str(caught.value.body)


def explained(text: str | bytes, *arguments: str, **environment: str) -> dict[str, Any]:
    """The answers as JSON, `stderr` beside them; the exit code must be 0."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if "proxy" not in name.lower() and not name.startswith(("ALIBABA_CLOUD", "ROLEMEND_"))
    }
    environment = kept | {"PYTHONPATH": f"{PROJECT / 'shared'}:{PROJECT}"} | environment
    command = [sys.executable, "-m", "rolemend.cli", "explain", "--format", "json", *arguments]
    given = text.encode() if isinstance(text, str) else text
    done = subprocess.run(command, input=given, capture_output=True, env=environment, timeout=90)
    assert done.returncode == 0, done.stderr.decode()
    return {**json.loads(done.stdout), "stderr": done.stderr.decode()}


def credentials(local: LocalCloud, keys: Keys) -> dict[str, str]:
    """What a shell sets to be this caller of the local cloud."""
    return {
        "http_proxy": local.proxy,
        "HTTP_PROXY": local.proxy,
        "ROLEMEND_SCHEME": "http",
        "ALIBABA_CLOUD_ACCESS_KEY_ID": keys.id,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": keys.secret,
    }


def snapshot(local: LocalCloud, folder: Path) -> Path:
    path = folder / "account.json"
    local.call(lambda cloud: save_state(cloud.state, path))
    return path


def checks(answer: dict[str, Any]) -> dict[str, str]:
    return {check["id"]: check["answer"] for check in answer["checks"]}
