"""The command `rolemend local up`."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path
from typing import Any


def add_command(commands: Any) -> None:
    """Add `local` to the command line of `rolemend`."""
    local = commands.add_parser("local", help="the cloud on this machine")
    verbs = local.add_subparsers(dest="verb", metavar="VERB", required=True)
    up = verbs.add_parser("up", help="start it, and print the export lines that a shell needs")
    up.add_argument("--port", type=int, default=0, help="port on 127.0.0.1 (default: a free one)")
    up.add_argument("--state", type=Path, help="file that the state is loaded from and saved to")
    up.add_argument("--account", default="", help="16-digit id of the account to open if the state has none")
    up.add_argument("--deploy", type=Path, help="s.yaml whose functions are deployed into the account")
    up.set_defaults(run=run_up)


def run_up(options: argparse.Namespace) -> int:
    """Serve until interrupted; the state file, if one was named, is saved on the way out."""
    from localcloud.accounts import DEMO_ACCOUNT, open_account
    from localcloud.server import LocalCloud
    from localcloud.state import StateFileError

    try:
        cloud = LocalCloud(options.port, state_file=options.state)
    except (OSError, StateFileError) as error:
        print(f"rolemend local up: {error}", file=sys.stderr)
        return 1
    with cloud:
        account = options.account or next(iter(cloud.cloud.state.accounts), DEMO_ACCOUNT)
        key = cloud.call(lambda inner: open_account(inner.state, account))
        if options.deploy:
            cloud.call(lambda inner: inner.services["fc"].deploy(options.deploy, account=account))  # type: ignore[attr-defined]
        for line in export_lines(cloud.proxy, account, key.id, key.secret):
            print(line)
        print("# ready; stop with Ctrl-C", flush=True)
        stop = threading.Event()
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, lambda *_: stop.set())
        stop.wait()
    return 0


def export_lines(proxy: str, account: str, key_id: str, secret: str) -> list[str]:
    """What a shell sets so that SDKs and the aliyun CLI go to the local cloud: scheme http, the real endpoint names."""
    values = {
        "http_proxy": proxy,
        "HTTP_PROXY": proxy,
        "no_proxy": "127.0.0.1,localhost",
        "NO_PROXY": "127.0.0.1,localhost",
        "ALIBABA_CLOUD_ACCESS_KEY_ID": key_id,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": secret,
        "ALIBABA_CLOUD_ACCOUNT_ID": account,
        "ALIBABA_CLOUD_REGION_ID": "cn-hangzhou",
        "ROLEMEND_SCHEME": "http",
    }
    return [f"export {name}={value}" for name, value in values.items()]
