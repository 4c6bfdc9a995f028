"""Every typed fix has all four forms, they say the same, and the SDKs know what they name."""

from __future__ import annotations

import importlib
import json
from typing import Any

import msgspec
import pytest

from rolemend.fix.model import Fix, GrantProject
from rolemend.fix.render import _STEPS, render
from tests.fix.every import SOUND
from tests.fix.reading import Printed, blocks, commands, from_api, from_cli

MODELS = {
    "ram": "alibabacloud_ram20150501.models",
    "sts": "alibabacloud_sts20150401.models",
    "emr": "alibabacloud_emr20210320.models",
    "emr-serverless-spark": "alibabacloud_emr_serverless_spark20230808.models",
}
ARGUMENTS = {
    "alicloud_ram_policy": {"policy_name", "policy_document", "rotate_strategy"},
    "alicloud_ram_role": {"role_name", "assume_role_policy_document", "max_session_duration"},
    "alicloud_ram_role_policy_attachment": {"policy_name", "policy_type", "role_name"},
    "alicloud_ram_user_policy_attachment": {"policy_name", "policy_type", "user_name"},
    "alicloud_ram_group_policy_attachment": {"policy_name", "policy_type", "group_name"},
    "alicloud_oss_bucket_policy": {"bucket", "policy"},
    "alicloud_kms_key": {"policy"},
    "alicloud_max_compute_role_user_attachment": {"project_name", "role_name", "user"},
    "alicloud_emrv2_cluster": {
        "release_version",
        "node_attributes.ram_role",
        *(
            f"application_configs.{name}"
            for name in (
                "application_name",
                "config_file_name",
                "config_item_key",
                "config_item_value",
                "config_scope",
            )
        ),
    },
}
"""What the resources of aliyun/alicloud take: registry.terraform.io/providers/aliyun/alicloud/latest/docs ."""


def named(fix: Fix) -> str:
    return type(fix).__name__


def test_every_type_of_fix_is_rendered_and_tried_here() -> None:
    types = {type(fix) for fix in SOUND}
    assert types == set(_STEPS) == set(Fix.__args__)


@pytest.mark.parametrize("fix", SOUND, ids=named)
def test_a_fix_has_all_four_forms_and_its_risk(fix: Fix) -> None:
    forms = render(fix)
    assert forms.console
    assert all((forms.cli, forms.terraform, forms.api, forms.risk.render()))
    assert "YOUR_DOCUMENT" not in forms.cli


@pytest.mark.parametrize("fix", SOUND, ids=named)
def test_a_fix_survives_the_ledger(fix: Fix) -> None:
    assert msgspec.json.decode(msgspec.json.encode(fix), type=Fix) == fix


def flat(name: str, value: Any) -> dict[str, Any]:
    """A parameter of an API form as the CLI names it."""
    if isinstance(value, list) and name != "body":
        found: dict[str, Any] = {}
        for number, member in enumerate(value, 1):
            found |= flat(f"{name}.{number}", member)
        return found
    if isinstance(value, dict) and name != "body":
        found = {}
        for key, member in value.items():
            found |= flat(f"{name}.{key}", member)
        return found
    return {name: value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))}


@pytest.mark.parametrize("fix", [fix for fix in SOUND if not isinstance(fix, GrantProject)], ids=named)
def test_command_and_call_ask_for_the_same(fix: Fix) -> None:
    forms = render(fix)
    asked = []
    for call in from_api(forms.api):
        parameters: dict[str, Any] = {}
        for name, value in call.parameters.items():
            parameters |= flat(name, value)
        asked.append((call.product, call.action, parameters))
    told = [(call.product, call.action, dict(call.parameters)) for call in from_cli(forms.cli)]
    for _, _, parameters in told:
        parameters.pop("region", None)
    assert told == asked


def test_maxcompute_is_told_in_its_own_statements_and_by_a_role_of_the_project() -> None:
    shown = [render(fix) for fix in SOUND if isinstance(fix, GrantProject)][-2:]
    (table, project) = [commands(forms.cli)[0] for forms in shown]
    assert table[:3] == ["odpscmd", "--project=YOUR_PROJECT", "-e"]
    member = "RAM$1000000000000001:290000000000000001"
    assert table[3] == f"add user {member}; grant Describe, Select on table orders to user {member};"
    role = "`RAM$1000000000000001:role/etl`"
    assert project[3] == f"add user {role}; grant CreateInstance on project sales to user {role};"
    (call,) = from_api(shown[1].api)
    assert (call.action, call.parameters["body"]) == ("UpdateUsersToRole", {"add": [role.strip("`")]})


def known_to_sdk(call: Printed) -> bool:
    """Whether the SDK's request has every parameter, and keeps its value."""
    models = importlib.import_module(MODELS[call.product])
    request = getattr(models, f"{call.action}ShrinkRequest", None) or getattr(models, f"{call.action}Request")
    parameters = {
        name: value for name, value in call.parameters.items() if name not in ("body", "workspaceId")
    }
    parameters |= call.parameters.get("body", {})
    made = request()
    made.from_map(parameters)
    return {name: made.to_map().get(name) for name in parameters} == parameters


@pytest.mark.parametrize("fix", SOUND, ids=named)
def test_the_sdks_know_every_parameter(fix: Fix) -> None:
    for call in from_api(render(fix).api):
        if call.product in MODELS:
            assert known_to_sdk(call), call


@pytest.mark.parametrize("fix", SOUND, ids=named)
def test_terraform_names_only_what_the_provider_has(fix: Fix) -> None:
    for labels, arguments in blocks(render(fix).terraform):
        if labels[0] == "resource":
            assert set(arguments) <= ARGUMENTS[labels[1]]
        else:
            assert labels == ["import"]
            assert set(arguments) == {"to", "id"}


@pytest.mark.parametrize("fix", SOUND, ids=named)
def test_two_blocks_of_one_kind_have_two_names(fix: Fix) -> None:
    heads = [tuple(labels) for labels, _ in blocks(render(fix).terraform)]
    assert len(heads) == len(set(heads))
