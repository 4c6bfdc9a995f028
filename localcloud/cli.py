"""The command `rolemend local up`."""

from __future__ import annotations

import argparse
import errno
import os
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from localcloud.cloud import Cloud
    from localcloud.server import LocalCloud


def add_command(commands: Any) -> None:
    """Add `local` to the command line of `rolemend`, and to other commands the way to open a snapshot."""
    from localcloud.snapshot import open_snapshot

    for name in ("audit", "console", "explain"):
        if name in commands.choices:
            commands.choices[name].set_defaults(open_snapshot=open_snapshot)
    local = commands.add_parser("local", help="the cloud on this machine")
    verbs = local.add_subparsers(dest="verb", metavar="VERB", required=True)
    up = verbs.add_parser("up", help="start it, and print the export lines that a shell needs")
    up.add_argument("--port", type=_port, default=0, help="port on 127.0.0.1 (default: a free one)")
    up.add_argument("--state", type=Path, help="file that the state is loaded from and saved to")
    up.add_argument("--account", type=_account, help="16-digit id of the account to open if it is not there")
    up.add_argument("--deploy", type=Path, help="s.yaml whose functions are deployed into the account")
    up.add_argument("--code", type=Path, help="folder of code or archives in the place of what s.yaml names")
    up.set_defaults(run=run_up)


def run_up(options: argparse.Namespace) -> int:
    """Serve until interrupted; the state file, if one was named, is saved on the way out.

    The exit code is 0, or 1 if the port, the state file or the functions' s.yaml cannot be used.
    """
    from localcloud.fc.archives import ArchivesUnusable
    from localcloud.fc.manifest import ManifestError
    from localcloud.server import LocalCloud
    from localcloud.statefile import StateFileError

    stopped = _listen_for(signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    try:
        cloud = LocalCloud(options.port, state_file=options.state)
    except StateFileError as error:
        return _fail(str(error))
    except OSError as error:
        return _fail(_port_trouble(error, options.port))
    try:
        with cloud:
            _open(cloud, options)
            stopped.recv(1)
    except (StateFileError, ManifestError, ArchivesUnusable) as error:
        return _fail(str(error))
    finally:
        _tell_counts(cloud.cloud)
    return 0


def _listen_for(*signals: signal.Signals) -> socket.socket:
    """A socket that gets a byte with each of these signals.

    The interpreter's C code writes it: a signal that comes just before the wait is not lost, as it can be with
    a lock that a Python handler sets (https://docs.python.org/3/library/signal.html#signal.set_wakeup_fd).
    """
    stopped, waker = socket.socketpair()
    waker.setblocking(False)
    signal.set_wakeup_fd(waker.detach())
    for number in signals:
        if signal.getsignal(number) != signal.SIG_IGN:  # a shell's background process ignores the keyboard
            signal.signal(number, lambda *_: None)
    return stopped


def _open(cloud: LocalCloud, options: argparse.Namespace) -> None:
    """Open the account, deploy the functions, and say how to get there."""
    from localcloud.accounts import DEMO_ACCOUNT, open_account
    from localcloud.fc.archives import use_code

    account = options.account or next(iter(cloud.cloud.state.accounts), DEMO_ACCOUNT)
    key = cloud.call(lambda inner: open_account(inner.state, account))
    if options.code:
        cloud.call(lambda inner: use_code(inner.services["fc"].settings, options.code))  # type: ignore[attr-defined]
    if options.deploy:
        cloud.call(lambda inner: inner.services["fc"].deploy(options.deploy, account=account))  # type: ignore[attr-defined]
    print(*export_lines(cloud.proxy, account, key.id, key.secret), sep="\n")
    print("# ready; stop with Ctrl-C, or with: kill $ROLEMEND_LOCAL_PID", flush=True)
    # Let go of standard output, or `eval "$(rolemend local up &)"` would wait for the end of it.
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


def _tell_counts(cloud: Cloud) -> None:
    """What a rehearsal asked for in vain, on standard error."""
    for (service, operation), count in sorted(cloud.unsupported.items()):
        print(f"not supported: {service} {operation}: {count} times", file=sys.stderr)
    if cloud.own_faults:
        print(f"faults of the local cloud itself: {cloud.own_faults}", file=sys.stderr)


def _fail(text: str) -> int:
    print(f"rolemend local up: {text}", file=sys.stderr)
    return 1


def _port_trouble(error: OSError, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on 127.0.0.1 is in use by another program; choose another with --port, or leave it out"
    return f"cannot listen at 127.0.0.1:{port}: {error.strerror or error}"


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"a number from 0 to 65535, not {text!r}")
    return int(text)


def _account(text: str) -> str:
    if not (text.isascii() and text.isdigit() and len(text) == 16):
        raise argparse.ArgumentTypeError(f"16 digits, not {text!r}")
    return text


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
        "ROLEMEND_LOCAL_PID": str(os.getpid()),
    }
    return [f"export {name}={value}" for name, value in values.items()]
