"""deploy/terraform makes what `rolemend setup` makes: read as HCL, and compared thing by thing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from string import Template
from typing import Any

import hcl2
import pytest

from rolemend.setup.identities import FunctionPolicy, ServiceRole
from rolemend.setup.ledger_bucket import LedgerBucket
from rolemend.setup.logs import Logstore, Trail
from rolemend.setup.parts import MARK, TAG, Names
from rolemend.setup.policies import filled, values
from rolemend.setup.routes import AccessLogs, FailedJobs
from rolemend.setup.wanted import things
from tests.deployment.manifests import ACCOUNT, PROJECT

FOLDER = PROJECT / "deploy" / "terraform"
FILES = sorted(FOLDER.rglob("*.tf"))
POLICIES = {
    path.parent.name: path.read_text("utf-8")
    for path in sorted((PROJECT / "functions").glob("*/policy.json"))
}
NAMES = Names(
    account=ACCOUNT,
    region="cn-hangzhou",
    regions=("cn-hangzhou",),
    ledger="corp-ledger",
    ledger_region="cn-hangzhou",
    trail_project=f"rolemend-{ACCOUNT}-cn-hangzhou",
    policies=POLICIES,
)


SINCE = {
    # https://help.aliyun.com/zh/terraform/alicloud-ram-role and its neighbours: "Available since".
    ("alicloud_ram_role", "role_name"): (1, 252, 0),
    ("alicloud_ram_role", "assume_role_policy_document"): (1, 252, 0),
    ("alicloud_sls_collection_policy", "policy_name"): (1, 232, 0),
    ("alicloud_oss_bucket_public_access_block", "block_public_access"): (1, 224, 0),
}
"""The youngest arguments that are used, and the first version of the provider that takes them."""


def plain(value: Any) -> Any:
    """A parsed value without the quotation marks and the notes that the parser leaves in."""
    if isinstance(value, dict):
        return {plain(key): plain(item) for key, item in value.items() if not str(key).startswith("__")}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value.strip('"') if isinstance(value, str) else value


def parsed(path: Path) -> dict[str, Any]:
    with path.open(encoding="utf-8") as file:
        found: dict[str, Any] = plain(hcl2.load(file))
    return found


def resources() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Type, name and body of every resource of the root and its module."""
    for path in FILES:
        for block in parsed(path).get("resource", []):
            for kind, named in block.items():
                yield from ((kind, name, body) for name, body in named.items())


def resource(kind: str, name: str) -> dict[str, Any]:
    (found,) = [body for k, n, body in resources() if (k, n) == (kind, name)]
    return found


def wanted(kind: type[Any]) -> list[Any]:
    return [thing for thing in things(NAMES) if isinstance(thing, kind)]


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(FOLDER)) for path in FILES])
def test_a_file_is_laid_out_as_terraform_fmt_does(path: Path) -> None:
    """Two spaces for each level, and the equals signs of neighbouring lines under each other."""
    depth, columns = 0, set[int]()
    for line in path.read_text("utf-8").splitlines():
        code = line.split("#", 1)[0] if line.lstrip().startswith("#") else line
        closing = len(re.match(r"\s*([\])}]*)", code).group(1))  # type: ignore[union-attr]
        if code.strip():
            assert len(line) - len(line.lstrip()) == 2 * (depth - min(closing, 1)), line
        assert line == line.rstrip()
        assert "\t" not in line
        outside = re.sub(r'"[^"]*"', '""', code)
        more = sum(outside.count(mark) for mark in "{[(") - sum(outside.count(mark) for mark in "}])")
        depth += max(-1, min(1, more))
        attribute = re.match(r"\s*[\w]+ +(?==[^=])", code)
        columns = columns | {attribute.end()} if attribute else set()
        opens = outside.rstrip().endswith(("{", "[", "("))
        assert len(columns) <= 1 or opens, line
        columns = set() if opens else columns
    assert depth == 0


def test_the_oldest_provider_that_is_admitted_knows_every_argument() -> None:
    (block,) = parsed(FOLDER / "versions.tf")["terraform"]
    (providers,) = block["required_providers"]
    least = re.fullmatch(r">= (\d+)\.(\d+)\.(\d+)", providers["alicloud"]["version"])
    assert least is not None
    used = {(kind, argument) for kind, _, body in resources() for argument in body}
    assert SINCE.keys() <= used
    assert tuple(map(int, least.groups())) >= max(SINCE.values())


def test_there_is_one_role_with_one_policy_for_each_function() -> None:
    (locals_,) = parsed(FOLDER / "roles.tf")["locals"]
    assert locals_["folder"] == "${path.module}/../../functions"
    assert 'fileset(local.folder, "*/policy.json")' in locals_["functions"].replace('\\"', '"')
    for kind in ("alicloud_ram_policy", "alicloud_ram_role", "alicloud_ram_role_policy_attachment"):
        assert resource(kind, "function")["for_each"] == "${local.functions}"
    assert {role.name for role in wanted(ServiceRole)} == {f"rolemend-{name}" for name in POLICIES} | {
        resource("alicloud_ram_role", "trigger")["role_name"]
    }


def test_the_policies_are_the_functions_own() -> None:
    """Terraform fills the same files with the same names, so the documents are equal."""
    body = resource("alicloud_ram_policy", "function")
    document = body["policy_document"].replace('\\"', '"')
    assert document == '${templatefile("${local.folder}/${each.key}/policy.json", local.names)}'
    assert (body["policy_name"], body["description"]) == (
        "rolemend-${each.key}",
        "${local.mark}: the rights of the function rolemend-${each.key}",
    )
    (locals_,) = parsed(FOLDER / "roles.tf")["locals"]
    assert locals_["names"].keys() == values(NAMES).keys()
    assert locals_["names"]["trail_logstore"] == values(NAMES)["trail_logstore"]
    for name, text in POLICIES.items():
        assert set(Template(text).get_identifiers()) <= values(NAMES).keys()
        assert "%{" not in text, "a directive of Terraform's templates"
        (policy,) = [thing for thing in wanted(FunctionPolicy) if thing.function == name]
        assert policy.document == filled(name, NAMES)


def test_roles_trust_the_same_services() -> None:
    for name, service in (("function", "fc.aliyuncs.com"), ("trigger", "log.aliyuncs.com")):
        trust = resource("alicloud_ram_role", name)["assume_role_policy_document"]
        assert f'Service = ["{service}"]' in trust.replace('\\"', '"')
        assert trust.count("aliyuncs.com") == 1


def rules_of(blocks: list[dict[str, Any]]) -> dict[str, Any]:
    """Lifecycle rules as `setup` has them."""
    return {
        rule["id"]: [
            rule["prefix"],
            "Enabled" if rule["enabled"] else "Disabled",
            rule["expiration"][0]["days"],
        ]
        for rule in blocks
    }


def test_the_ledger_keeps_what_belongs_together_as_long_as_setup_does() -> None:
    (block,) = resource("alicloud_oss_bucket", "ledger")["dynamic"]
    written = block["lifecycle_rule"]
    names = re.fullmatch(
        r"\$\{var.keep_days > 0 \? (\[.*\]) : \[\]\}", written["for_each"].replace('\\"', '"')
    )
    assert names is not None
    made: dict[str, Any] = {}
    for name in json.loads(names[1]):
        text = json.dumps(written["content"]).replace("${lifecycle_rule.value}", name)
        made |= rules_of(json.loads(text.replace('"${var.keep_days}"', "400")))
    kept = LedgerBucket(account=ACCOUNT, name="l", region="cn-hangzhou", keep_days=400).wanted(None)[
        "lifecycle"
    ]
    assert made == {name: rule for name, rule in kept.items() if rule[2] == 400}
    assert [rule[0] for rule in made.values()] == ["incidents/", "approvals/", "roles/", "index/"]


def test_the_ledger_is_as_closed_as_setup_makes_it() -> None:
    (ledger,) = wanted(LedgerBucket)
    state, bucket = ledger.wanted(None), resource("alicloud_oss_bucket", "ledger")
    assert resource("alicloud_oss_bucket_acl", "ledger")["acl"] == state["acl"]
    assert resource("alicloud_oss_bucket_public_access_block", "ledger")["block_public_access"] is True
    assert bucket["server_side_encryption_rule"][0]["sse_algorithm"] == state["encryption"]
    assert bucket["tags"] == TAG
    assert bucket["logging"][0]["target_prefix"] == state["access_log"].partition("/")[2]
    assert rules_of(bucket["lifecycle_rule"]) == state["lifecycle"]
    assert bucket["lifecycle"][0]["prevent_destroy"] is True


def test_the_logs_are_those_that_setup_makes() -> None:
    variables = {
        name: body for block in parsed(FOLDER / "variables.tf")["variable"] for name, body in block.items()
    }
    (module,) = [block["home"] for block in parsed(FOLDER / "logs.tf")["module"]]
    logstores = [
        name.replace("${var.event_logstore}", variables["event_logstore"]["default"])
        for name in module["logstores"]
    ]
    assert sorted(logstores) == sorted(thing.logstore for thing in wanted(Logstore))
    days = {thing.days for thing in wanted(Logstore)}
    region = {
        name: body
        for block in parsed(FOLDER / "region" / "main.tf")["variable"]
        for name, body in block.items()
    }
    assert {region["days"]["default"]} == days
    assert resource("alicloud_log_project", "logs")["description"].startswith(MARK)


def test_trail_collection_policy_and_event_rule_are_the_same() -> None:
    (trail,), (logs,), (jobs,) = wanted(Trail), wanted(AccessLogs), wanted(FailedJobs)
    body = resource("alicloud_actiontrail_trail", "rolemend")
    state = trail.wanted(None)
    assert (body["trail_name"], body["event_rw"], body["trail_region"], body["status"]) == (
        trail.name,
        state["events"],
        state["regions"],
        "Enable",
    )
    body, state = resource("alicloud_sls_collection_policy", "oss"), logs.wanted(None)
    assert (body["policy_name"], body["product_code"], body["data_code"], body["enabled"]) == (
        logs.name,
        state["productCode"],
        state["dataCode"],
        state["enabled"],
    )
    assert body["policy_config"][0]["resource_mode"] == state["policyConfig"]["resourceMode"]
    body, state = resource("alicloud_cms_event_rule", "spark_jobs"), jobs.wanted(None)
    pattern = body["event_pattern"][0]
    assert (body["rule_name"], body["status"]) == (jobs.name, state["state"])
    assert (pattern["product"], pattern["name_list"]) == (state["product"], state["names"])
    assert body["sls_parameters"][0]["sls_parameters_id"] in state["targets"]


def test_nothing_else_is_made() -> None:
    assert {kind for kind, _, _ in resources()} == {
        "alicloud_actiontrail_trail",
        "alicloud_cms_event_rule",
        "alicloud_log_project",
        "alicloud_log_store",
        "alicloud_log_store_index",
        "alicloud_oss_bucket",
        "alicloud_oss_bucket_acl",
        "alicloud_oss_bucket_public_access_block",
        "alicloud_ram_policy",
        "alicloud_ram_role",
        "alicloud_ram_role_policy_attachment",
        "alicloud_sls_collection_policy",
    }
