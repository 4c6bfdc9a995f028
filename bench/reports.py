"""Reports of 10,000 findings: time and memory of each form, in a process of its own (`python -m bench.reports`)."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterable

from bench.figure import Figure

FINDINGS = 10_000
CPU_BAR = {"json": 1.0, "csv": 1.0, "sarif": 1.0, "ocsf": 2.0, "html": 4.0}
"""Seconds of CPU; HTML writes each sentence in two languages, and the fix of each failure."""
MEMORY_BAR = 256


def rendering() -> Iterable[Figure]:
    """CPU and memory of each form, of which a process does one."""
    for form, bar in CPU_BAR.items():
        command = [sys.executable, "-m", "bench.reports", form]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found = json.loads(done.stdout)
        name = f"report of {FINDINGS:,} findings as {form} ({found['megabytes']:.0f} MB)"
        yield Figure(f"{name}, CPU", found["cpu"], "s", bar=bar)
        yield Figure(f"{name}, memory", found["memory"], "MB", bar=MEMORY_BAR)


def main() -> None:
    """Render one form, and print what that took."""
    from rolemend.audit.render import render
    from tests.audit.reports import many

    report = many(FINDINGS)
    began = time.process_time()
    written = render(report, sys.argv[1])
    cpu = time.process_time() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    json.dump({"cpu": cpu, "memory": memory, "megabytes": len(written) / 1e6}, sys.stdout)


if __name__ == "__main__":
    main()
