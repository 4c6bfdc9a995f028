"""The import-linter contracts of pyproject.toml catch what they are for: a house of stubs breaks each."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]

# A house in which every import is allowed: module -> what it imports.
SOUND = {
    "localcloud.authorize": "from rolemend.policy import evaluate",
    "rolemend.account.access": "",
    "rolemend.account.interface": "import rolemend.policy.document",
    "rolemend.account.ram": "def read():\n    import alibabacloud_ram20150501.client\n    import requests",
    "rolemend.audit.sweep": "import rolemend.remedy",
    "rolemend.bootstrap": "import rolemend.settings\ndef build():\n    from rolemend.account import ram",
    "rolemend.catalogue": "",
    "rolemend.checklist.trust": "import rolemend.policy\nfrom rolemend.account.interface import Account",
    "rolemend.cli": "import rolemend.bootstrap\nfrom rolemend.commands import lint",
    "rolemend.commands.lint": "import rolemend.bootstrap\nimport rolemend.policy",
    "rolemend.commands.explain": "import rolemend.explain.answer",
    "rolemend.console.page": "import rolemend.notify",
    "rolemend.errors": "",
    "rolemend.explain.answer": "import rolemend.text\nimport rolemend.fix.forms",
    "rolemend.fix.forms": "import rolemend.text",
    "rolemend.incident.ledger": "import rolemend.remedy.plan",
    "rolemend.naming": "",
    "rolemend.notify.message": "import rolemend.incident",
    "rolemend.policy.document": "import rolemend.errors",
    "rolemend.policy.evaluate": "import rolemend.policy.document",
    "rolemend.probe.model": "import rolemend.errors",
    "rolemend.remedy.plan": "import rolemend.checklist\nimport rolemend.account.interface",
    "rolemend.setup.plan": "import rolemend.incident.ledger\nimport rolemend.account.interface",
    "rolemend.settings": "from rolemend.account.access import Access",
    "rolemend.signals.denial": "import msgspec",
    "rolemend.telemetry": "import rolemend.errors",
    "rolemend.text": "",
    "rolemend.together": "",
    "rolemend.variables": "import rolemend.vault",
    "rolemend.vault": "from rolemend.account.access import Access",
    "rolemend.work.watch": "import rolemend.signals\nimport rolemend.incident",
}

UNSOUND = [
    ("rolemend.policy.document", "import rolemend.signals.denial", "Each floor"),
    ("rolemend.signals.denial", "import rolemend.policy", "Each floor"),
    ("rolemend.signals.denial", "import rolemend.account.interface", "Each floor"),
    ("rolemend.fix.forms", "import rolemend.policy", "Each floor"),
    ("rolemend.checklist.trust", "import rolemend.incident", "Each floor"),
    ("rolemend.remedy.plan", "import rolemend.audit.sweep", "Each floor"),
    ("rolemend.errors", "import rolemend.text\nimport rolemend.work", "Each floor"),
    ("rolemend.bootstrap", "import rolemend.commands.lint", "Each floor"),
    ("rolemend.errors", "import rolemend.telemetry", "Each floor"),
    ("rolemend.helpers", "", "Each floor"),
    ("rolemend.checklist.trust", "import rolemend.account.ram", "Only bootstrap"),
    ("rolemend.audit.sweep", "from rolemend.account import ram", "Only bootstrap"),
    ("rolemend.settings", "import rolemend.account.ram", "Only bootstrap"),
    ("rolemend.notify.message", "import oss2", "Only account"),
    ("rolemend.audit", "def sweep():\n    import alibabacloud_ram20150501.client", "Only account"),
    ("rolemend.console.page", "import requests", "Only account"),
    ("localcloud.authorize", "def read():\n    from aliyun.log import LogClient", "Only account"),
    ("rolemend.bootstrap", "def build():\n    import localcloud.authorize", "What is deployed"),
    ("rolemend.work.watch", "import tests.clients", "What is deployed"),
    ("localcloud.authorize", "import rolemend.incident.ledger", "The local cloud"),
    ("localcloud.authorize", "import demo", "The local cloud"),
]


def build(house: Path, modules: dict[str, str]) -> None:
    for module, text in modules.items():
        *packages, _ = module.split(".")
        folder = house.joinpath(*packages)
        folder.mkdir(parents=True, exist_ok=True)
        for depth in range(len(packages)):
            house.joinpath(*packages[: depth + 1], "__init__.py").touch()
        package = house.joinpath(*module.split("."))
        (package / "__init__.py" if package.is_dir() else package.with_suffix(".py")).write_text(text + "\n")


def broken_contracts(house: Path) -> str:
    """What import-linter reports as broken, on one line; empty if every contract holds."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"]
    environment = os.environ | {"PYTHONPATH": str(house), "COLUMNS": "500"}
    config = ["--config", str(PROJECT / "pyproject.toml")]
    done = subprocess.run([*command, *config], cwd=house, env=environment, capture_output=True, text=True)
    assert "Contracts:" in done.stdout, done.stdout + done.stderr
    assert (done.returncode != 0) == (" BROKEN" in done.stdout)
    return "; ".join(line for line in done.stdout.splitlines() if " BROKEN" in line)


def test_a_house_that_keeps_to_the_design_passes(tmp_path: Path) -> None:
    build(tmp_path, SOUND)
    assert broken_contracts(tmp_path) == ""


@pytest.mark.parametrize(("module", "text", "contract"), UNSOUND, ids=[f"{m}: {t}" for m, t, _ in UNSOUND])
def test_an_import_against_the_design_is_caught(
    tmp_path: Path, module: str, text: str, contract: str
) -> None:
    build(tmp_path, SOUND)
    build(tmp_path, {module: text})
    assert contract in broken_contracts(tmp_path)
