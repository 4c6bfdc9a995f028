"""`python -m demo --json` prints one JSON document on standard output and nothing else there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def run_demo(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "demo", *arguments]
    variables = os.environ | environment
    return subprocess.run(
        command, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=300, check=False
    )


def test_the_json_document_holds_every_scenario_with_its_outcome() -> None:
    done = run_demo("--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    found = {one["name"]: (one["cause"], one["action"], one["verified"]) for one in document["scenarios"]}
    assert found == {
        "trust-policy": ("role_not_trusted", "remediated", True),
        "resource-list": ("permission_missing", "remediated", True),
        "creator-policy": ("permission_missing", "alerted", None),
        "role-name": ("role_not_found", "alerted", None),
        "other-region": ("wrong_endpoint", "alerted", None),
        "bucket-policy": ("bucket_policy_deny", "alerted", None),
        "spark-oss": ("permission_missing", "remediated", True),
        "spark-dlf-identity": ("permission_missing", "alerted", None),
        "spark-kms": ("kms_permission_missing", "alerted", None),
        "not-ours": (None, "none", None),
    }
    for one in document["scenarios"]:
        assert one["detected"] is (one["name"] != "not-ours")
        assert isinstance(one["denied_call"], str)
        assert isinstance(one["seconds"], float)
        assert {check["answer"] for check in one["checks"]} <= {
            "passed",
            "failed",
            "unknown",
            "not_applicable",
        }
        assert bool(one["checks"]) is one["detected"]


def test_the_terminal_form_shows_the_steps_and_ends_with_the_table() -> None:
    done = run_demo("--only", "trust-policy")
    assert done.returncode == 0, done.stderr
    for shown in ("FAQ 1.3", "emr.aliyuncs.com", "the same call again", "What came out", "as expected"):
        assert shown in done.stdout


def test_what_is_set_in_the_shell_for_another_account_or_terminal_changes_nothing() -> None:
    shell = {
        "ROLEMEND_REGION": "cn-beijing",
        "ROLEMEND_NETWORK": "internal",
        "ROLEMEND_LEDGER_BUCKET": "another-ledger",
        "PYTHONIOENCODING": "ascii",
        "http_proxy": "http://127.0.0.1:9",
        "NO_PROXY": "*",
    }
    done = run_demo("--only", "resource-list", **shell)
    assert done.returncode == 0, done.stderr
    assert "as expected" in done.stdout
