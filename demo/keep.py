"""What `--keep` leaves running: the console on the account of the demo, with a plan in it that waits for a decision."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from demo import clients
from demo.node import node_keys, start_cluster
from demo.run import refusal
from demo.scenarios import GUARDRAILS, list_bucket, reading, trust
from demo.stage import HOME, LEDGER, Stage, make_role
from rolemend.commands.console import serving
from rolemend.operator import Operator
from rolemend.settings import read_operator_settings


def operator(stage: Stage) -> Operator:
    """The account's root user at a shell."""
    environment = {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": stage.root.id,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": stage.root.secret,
        "ROLEMEND_LEDGER_BUCKET": LEDGER,
        "ROLEMEND_REGION": HOME,
        "ROLEMEND_SCHEME": "http",
        "http_proxy": stage.local.proxy,
    }
    return Operator(read_operator_settings(environment), environment, Path("/nowhere"))


@contextmanager
def console(stage: Stage) -> Iterator[str]:
    """The console, and the address that opens it, once."""
    with serving(operator(stage), 0, "en") as (_, address):
        yield address


def leave_a_decision(stage: Stage) -> None:
    """One more denial, under guardrails that ask people first."""
    rules = GUARDRAILS.replace('mode = "auto"', 'mode = "approve"')
    clients.bucket(stage.root, LEDGER).put_object("config/guardrails.toml", rules.encode())
    clients.bucket(stage.root, "demo-data-returns").create_bucket("private")
    role = "emr-demo-analyst"
    make_role(stage, role, trust("ecs.aliyuncs.com"), {role: reading("demo-data-orders")})
    keys = node_keys(stage, start_cluster(stage, role, HOME))
    refusal(list_bucket(keys, "demo-data-returns"))
    stage.settle()


def wait() -> None:
    """Until Ctrl-C, or the signal that ends programs."""

    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        signal.pause()
    except KeyboardInterrupt:
        return
    finally:
        signal.signal(signal.SIGTERM, before)
