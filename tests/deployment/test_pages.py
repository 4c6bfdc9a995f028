"""docs/deploy.md and docs/fc2.md say every command that a deployment takes, each after what it needs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from packing.build import LAYER
from packing.target import RUNTIMES
from tests.deployment.manifests import FUNCTIONS, PROJECT, REGIONS

PAGES = [PROJECT / "docs" / name for name in ("deploy.md", "deploy.zh.md")]
PAGES2 = [PROJECT / "docs" / name for name in ("fc2.md", "fc2.zh.md")]


def commands(page: Path) -> list[str]:
    """The commands of a page's blocks in order, without their comments; a line that goes on is one with the next."""
    blocks = re.findall(r"^```sh\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [" ".join(line.partition(" #")[0].split()) for line in lines]


def place_of(pattern: str, said: list[str]) -> int:
    (found,) = [i for i, command in enumerate(said) if re.search(pattern, command)]
    return found


def layer_of(manifest: Path) -> str:
    (name,) = set(re.findall(r"layers/([\w-]+)/versions/", manifest.read_text("utf-8")))
    return str(name)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_archives_and_layer_are_there_before_the_functions_are_deployed(page: Path) -> None:
    said = commands(page)
    publish = f"--layer-name {layer_of(FUNCTIONS)} --compatible-runtime {RUNTIMES['fc3']} --code ./dist/fc3/{LAYER}$"
    order = [
        place_of(r"rolemend setup apply$", said),
        place_of(r"^make package$", said),
        place_of(rf'^s cli fc3 layer publish .*--region "\$ROLEMEND_REGION" {publish}', said),
        place_of(r"^export ROLEMEND_LAYER_VERSION=", said),
        place_of(r"^s deploy -y$", said),
        place_of(rf"^s cli fc3 layer publish .*--region cn-beijing {publish}", said),
        place_of(r"ROLEMEND_LAYER_VERSION=1 s deploy -y -t deploy/regions/s\.yaml$", said),
    ]
    assert order == sorted(order)
    assert layer_of(REGIONS) == layer_of(FUNCTIONS)
    resources = yaml.safe_load(FUNCTIONS.read_text("utf-8"))["resources"].values()
    assert {str(Path(each["props"]["code"]).parent) for each in resources} == {"dist/fc3"}


@pytest.mark.parametrize("page", PAGES2, ids=lambda page: page.name)
def test_the_same_of_services(page: Path) -> None:
    said = commands(page)
    manifest = PROJECT / "deploy" / "fc2" / "s.yaml"
    publish = (
        f"--layer-name {layer_of(manifest)} --compatible-runtime {RUNTIMES['fc2']} --code ./dist/fc2/{LAYER}$"
    )
    order = [
        place_of(r"^make package TARGET=fc2$", said),
        place_of(rf"^s cli fc layer publish .*{publish}", said),
        place_of(r"s deploy$", said),
    ]
    assert order == sorted(order)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_rights_of_a_deployment_are_named_beside_those_of_setup(page: Path) -> None:
    """https://www.alibabacloud.com/help/en/ram/developer-reference/aliyunfcfullaccess and, for the log triggers,
    https://github.com/devsapp/fc3/blob/0c2a2207894ce30d5e44396773efb8e00476d5ae/docs/zh/yaml/triggers.md
    """
    text = page.read_text("utf-8")
    rights = ["AliyunFCFullAccess", "ram:PassRole"]
    rights += [f"log:{verb}EtlJob" for verb in ("Get", "Create", "Update", "Delete")]
    assert not [right for right in rights if f"`{right}`" not in text]
