"""A local cloud for a program of its own: where it is and whose keys it takes stand in that program's environment."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from localcloud.accounts import DEMO_ACCOUNT, open_account
from localcloud.cloud import Cloud
from localcloud.server import LocalCloud


def run_against_local_cloud(
    command: Sequence[str | Path], folder: Path, prepare: Callable[[Cloud], None] = lambda cloud: None
) -> int:
    """The command's exit code, or 1 if the local cloud itself failed; what it asked for in vain goes to stderr."""
    with LocalCloud() as local:
        key = local.call(lambda cloud: open_account(cloud.state))
        local.call(prepare)
        told = {
            "LOCAL_CLOUD": local.proxy,
            "ACCOUNT": DEMO_ACCOUNT,
            "KEY_ID": key.id,
            "KEY_SECRET": key.secret,
        }
        kept = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
        code = subprocess.run(list(command), cwd=folder, env=kept | told, check=False).returncode
        for (service, operation), count in sorted(local.cloud.unsupported.items()):
            sys.stderr.write(f"not supported: {service} {operation}: {count} times\n")
        return code or bool(local.cloud.own_faults)
