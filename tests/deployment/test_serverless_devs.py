"""The files as the real Serverless Devs resolves them: `s preview`, offline once it is installed.

It is a package of npm, so this is collected where Node is. Where npm cannot reach a registry it fails.
"""

from __future__ import annotations

from pathlib import Path

from tests.deployment.manifests import DOMAIN, FUNCTIONS, PROJECT, REGIONS, previewed, resolved


def test_serverless_devs_resolves_the_files_as_the_local_cloud_does() -> None:
    for path in (FUNCTIONS, REGIONS):
        found = previewed(path, PROJECT / "build" / "serverless_devs")
        assert {name: resource["props"] for name, resource in found.items()} == {
            name: resource["props"] for name, resource in resolved(path).items()
        }


def test_it_resolves_the_domain_with_its_certificate_too(tmp_path: Path) -> None:
    copy = tmp_path / "s.yaml"
    copy.write_text(DOMAIN.read_text("utf-8"))
    for name in ("certificate.pem", "private.key"):
        (tmp_path / name).write_text("-----BEGIN")
    assert previewed(copy, PROJECT / "build" / "serverless_devs") == resolved(copy)
