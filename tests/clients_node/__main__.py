"""Installs Alibaba Cloud's clients for Node beside a copy of their tests, and runs these against a local cloud.

`make test-node`; needs node 20 and npm. What is installed stays in build/.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from localcloud.accounts import DEMO_ACCOUNT
from localcloud.cloud import Cloud
from tests.served import run_against_local_cloud

HERE = Path(__file__).parent
PROJECT = HERE.parents[1]
ROOM = PROJECT / "build" / "clients_node"


def main() -> int:
    """The exit code of Node's test runner; 2 if there is no Node here."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        sys.stderr.write("make test-node needs node 20 or later, and npm\n")
        return 2
    install()
    tests = sorted(path.name for path in HERE.glob("*.test.js"))
    return run_against_local_cloud(["node", "--test", *tests], ROOM, deploy)


def install() -> None:
    """Copy the tests and let npm install what package.json names."""
    ROOM.mkdir(parents=True, exist_ok=True)
    for path in (*HERE.glob("*.js"), HERE / "package.json", HERE / ".npmrc"):
        shutil.copy(path, ROOM)
    subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--loglevel=error"], cwd=ROOM, check=True)


def deploy(cloud: Cloud) -> None:
    """The function `echo`, once for each generation of Function Compute."""
    properties = {
        "functionName": "echo",
        "region": "cn-hangzhou",
        "runtime": "python3.12",
        "handler": "sample.echo",
        "code": str(PROJECT / "tests" / "localcloud" / "fc_functions" / "code"),
    }
    resources = {"echo": {"component": "fc3", "props": properties}}
    manifest = ROOM / "s.yaml"
    manifest.write_text(yaml.safe_dump({"edition": "3.0.0", "name": "samples", "resources": resources}))
    for service in ("", "samples"):
        cloud.services["fc"].deploy(manifest, account=DEMO_ACCOUNT, service_name=service)  # type: ignore[attr-defined]


if __name__ == "__main__":
    sys.exit(main())
