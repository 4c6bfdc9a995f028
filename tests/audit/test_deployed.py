"""What the audit knows of Rolemend itself is what is deployed."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from rolemend.audit.scope import TRIGGERS

ROOT = Path(__file__).parents[2]


def test_the_rights_that_doctor_expects_are_those_of_the_policies() -> None:
    known = json.loads((ROOT / "shared/rolemend/audit/own_rights.json").read_text("utf-8"))
    deployed = {
        path.parent.name: json.loads(path.read_text("utf-8"))
        for path in (ROOT / "functions").glob("*/policy.json")
    }
    assert known == deployed
    assert set(TRIGGERS) == set(deployed)


def test_the_triggers_that_doctor_expects_are_those_of_s_yaml() -> None:
    resources = yaml.safe_load((ROOT / "s.yaml").read_text("utf-8"))["resources"]
    deployed = {
        name: tuple(each["triggerName"] for each in resources[name]["props"].get("triggers", ()))
        for name in TRIGGERS
    }
    assert deployed == TRIGGERS
