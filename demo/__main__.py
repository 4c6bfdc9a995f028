"""`python -m demo [--json] [--only NAME] [--fc2] [--svg FILE] [--keep]`: play the scenarios.

The exit code is 0 if all end as expected.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper

from rich.console import Console

from demo.receiver import Receiver
from demo.run import Outcome, play
from demo.scenarios import GUARDRAILS, SCENARIOS, Scenario
from demo.show import Show
from demo.stage import Stage, set_stage
from localcloud.server import LocalCloud


def main() -> int:
    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON document on standard output")
    parser.add_argument(
        "--only", action="append", choices=[s.name for s in SCENARIOS], help="play only this one"
    )
    parser.add_argument("--fc2", action="store_true", help="run the functions as services of FC 2.0")
    parser.add_argument("--svg", metavar="FILE", help="also save what was shown as a picture")
    words = "then leave the local cloud and the console running, and print the console's address"
    parser.add_argument("--keep", action="store_true", help=words)
    options = parser.parse_args()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without our signs is no reason to stop
    chosen = [s for s in SCENARIOS if options.only is None or s.name in options.only]
    console = Console(stderr=options.json, record=bool(options.svg), width=110 if options.svg else None)
    outcomes = play_all(chosen, console, fc2=options.fc2, keep=options.keep)
    if options.svg:
        console.save_svg(options.svg, title="make demo")
    if options.json:
        json.dump({"scenarios": [outcome.as_json() for outcome in outcomes]}, sys.stdout)
        sys.stdout.write("\n")
    return 0 if all(outcome.as_expected() for outcome in outcomes) else 1


def play_all(
    scenarios: list[Scenario], console: Console, *, fc2: bool = False, keep: bool = False
) -> list[Outcome]:
    """Start the local cloud, deploy Rolemend into it, and play each scenario; `keep` then waits for Ctrl-C."""
    show = Show(console)
    outcomes = []
    manifest = "deploy/fc2/s.yaml" if fc2 else "s.yaml"
    with LocalCloud() as local, through_proxy(local.proxy), Receiver() as receiver:
        console.print(
            f"The local cloud answers at [bold]{local.proxy}[/]; deploying the functions of {manifest}.\n"
        )
        stage = set_stage(local, receiver.url, GUARDRAILS, fc2=fc2)
        for scenario in scenarios:
            show.open(scenario)
            outcomes.append(play(stage, receiver, scenario, show.step))
            show.close(outcomes[-1])
        show.table(outcomes)
        if keep:
            keep_running(stage, console)
    return outcomes


def keep_running(stage: Stage, console: Console) -> None:
    """The console on what was played, until Ctrl-C."""
    from demo.keep import console as opened
    from demo.keep import leave_a_decision, wait

    leave_a_decision(stage)
    with opened(stage) as address:
        console.print("\nThe console is open, with a plan that waits for your decision:\n")
        console.print(f"    {address}\n", soft_wrap=True, highlight=False)
        console.print("The address works once. Ctrl-C ends it all.")
        wait()


@contextmanager
def through_proxy(proxy: str) -> Iterator[None]:
    """Let every SDK in this process go through the local cloud."""
    names = {"http_proxy": proxy, "HTTP_PROXY": proxy, "no_proxy": "127.0.0.1", "NO_PROXY": "127.0.0.1"}
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(names)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


if __name__ == "__main__":
    sys.exit(main())
