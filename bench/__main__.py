"""`python -m bench [--json] [--only NAME]`: run the benchmarks; exit code 0 if all of them ran."""

from __future__ import annotations

import argparse
import json
import sys
import traceback
from collections.abc import Callable, Iterable

from rich.console import Console
from rich.table import Table

from bench import audit, chain, cold, console, ledger, local_cloud, policy, rehearsal, reports, scale, storm
from bench.figure import Figure

BENCHMARKS: tuple[tuple[str, Callable[[], Iterable[Figure]]], ...] = (
    ("local-cloud-start", local_cloud.start),
    ("local-cloud-calls", local_cloud.calls),
    ("policy-decide", policy.decisions),
    ("policy-grow", policy.growth),
    ("policy-compare", policy.comparisons),
    ("policy-import", policy.imports),
    ("policy-others", policy.others),
    ("ledger-list", ledger.listing),
    ("audit", audit.sweeping),
    ("console", console.pages),
    ("audit-reports", reports.rendering),
    ("rehearsal", rehearsal.reading),
    ("storm", storm.storm),
    ("scale", scale.figures),
    ("repair-chain", chain.chain),
    ("cold-start", cold.starts),
    ("watch-read", cold.reading),
)
"""Each by its name with what measures it; add others here."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON document on standard output")
    parser.add_argument(
        "--only", action="append", choices=[name for name, _ in BENCHMARKS], help="run only this one"
    )
    options = parser.parse_args()
    console = Console(stderr=True)
    figures: list[Figure] = []
    failed = False
    for name, measure in BENCHMARKS:
        if options.only is not None and name not in options.only:
            continue
        try:
            with console.status(f"measuring {name}"):
                figures.extend(measure())
        except Exception:  # noqa: BLE001 - one that broke must not cost the figures of the others
            failed = True
            console.print(f"{name} did not run:", style="red")
            traceback.print_exc()
    if options.json:
        json.dump({"benchmarks": [figure.as_json() for figure in figures]}, sys.stdout)
        sys.stdout.write("\n")
    else:
        Console().print(table(figures))
    return 1 if failed else 0


def table(figures: list[Figure]) -> Table:
    table = Table(title="Benchmarks", title_justify="left")
    for column in ("benchmark", "figure", "ratio", "bar", ""):
        table.add_column(column, justify="left" if column in ("benchmark", "") else "right")
    for figure in figures:
        sign = {True: "[green]holds[/]", False: "[red]missed[/]", None: ""}[figure.holds]
        ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}x"
        bar = (
            ""
            if figure.bar is None
            else f"{figure.bar:g}x"
            if figure.relative
            else f"{figure.bar:g} {figure.unit}"
        )
        table.add_row(figure.name, f"{figure.figure:.3g} {figure.unit}", ratio, bar, sign)
    return table


if __name__ == "__main__":
    sys.exit(main())
