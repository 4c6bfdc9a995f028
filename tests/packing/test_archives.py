"""What `make package` makes: small, reproducible, for the runtime's Python and glibc, without needless files."""

from __future__ import annotations

import re
import tomllib
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import parse_wheel_filename

from packing.__main__ import LAYER_LIMIT, OWN, OWN_LIMIT, notes
from packing.archive import packed_size, write_archive
from packing.build import ROOT, build, functions
from packing.plan import Unplanned, closure, read_plan, requirements_for
from packing.target import GLIBC, RUNTIMES, Target, runtime_target
from packing.wheels import Wheel, WheelsFailed, read_wheels
from tests.archives import CACHE, Built, built_for, runnable

FC3 = Target("fc3", "python3.12", "3.12", None)


@pytest.fixture(scope="module", params=sorted(RUNTIMES))
def built(request: pytest.FixtureRequest) -> Built:
    return built_for(request.param)


def names(built: Built, archive: str) -> list[str]:
    with zipfile.ZipFile(built.folder / archive) as opened:
        return opened.namelist()


@pytest.mark.parametrize("name", ["fc3", "fc2"])
def test_layer_and_library_are_small(name: str) -> None:
    """With compiled modules, which only an interpreter that starts can make."""
    layer = runnable(name).folder / "layer.zip"
    assert layer.stat().st_size <= LAYER_LIMIT
    assert packed_size(layer, OWN) <= OWN_LIMIT


def test_every_function_has_its_archive_and_nothing_of_the_project_beside(built: Built) -> None:
    assert set(built.index["files"]) == {"layer.zip", *(f"{name}.zip" for name in functions())}
    for name in functions():
        files = names(built, f"{name}.zip")
        assert "handler.py" in files
        assert "policy.json" not in files
        assert not [file for file in files if file.startswith(("rolemend/", "tests/"))]


def test_the_layer_lies_under_opt_python(built: Built) -> None:
    files = names(built, "layer.zip")
    assert all(name.startswith("python/") for name in files)
    assert f"python/rolemend/bootstrap.{'pyc' if built.index['bytecode'] else 'py'}" in files
    assert "python/oss2/__init__.py" in files
    assert not [
        name
        for name in files
        if name.startswith(("python/rolemend/cli", "python/rolemend/commands/", "python/rolemend/setup/"))
    ]


def test_own_modules_are_packed_compiled_or_as_sources_and_never_both() -> None:
    built = runnable("fc3")
    own = [name for name in names(built, "layer.zip") if name.startswith(OWN) and "/locale/" not in name]
    compiled = {name for name in own if name.endswith(".pyc")}
    assert "python/rolemend/remedy/plan.pyc" in compiled
    assert not [name for name in own if name.endswith(".py") or "/__pycache__/" in name]
    assert "python/oss2/__init__.py" in names(built, "layer.zip")


def test_nothing_needless_is_packed(built: Built) -> None:
    needless = re.compile(r"\.(pyi|pyx|c|h|po|pot)$|/tests?/|/RECORD$|(^|/)pip/")
    for archive in built.index["files"]:
        assert not [name for name in names(built, archive) if needless.search(name)]
    packages = {name.split("/")[1] for name in names(built, "layer.zip")}
    assert not packages & {
        "aiohttp",
        "cryptography",
        "Crypto",
        "aliyunsdkcore",
        "elasticsearch",
        "pytest",
        "localcloud",
    }


def test_wheels_are_for_the_runtime(built: Built) -> None:
    version = built.target.python
    for package in built.index["packages"].values():
        _, _, _, tags = parse_wheel_filename(package["wheel"])
        for tag in tags:
            match = re.fullmatch(r"manylinux_2_(\d+)_x86_64", tag.platform)
            assert match is None or int(match.group(1)) <= GLIBC or len(tags) > 1, package["wheel"]
        fitting = {"py3", "py2", "cp" + version.replace(".", "")} | {f"cp3{minor}" for minor in range(13)}
        assert any(tag.interpreter in fitting for tag in tags), package["wheel"]
        assert not any("win" in tag.platform or "macos" in tag.platform for tag in tags), package["wheel"]


def test_compiled_parts_are_of_one_python(built: Built) -> None:
    tag = built.target.python.replace(".", "")
    for archive in built.index["files"]:
        compiled = [re.search(r"\.cpython-(\d+)[-.]", name) for name in names(built, archive)]
        assert {match.group(1) for match in compiled if match} <= {tag}


def test_what_a_licence_asks_for_stays(built: Built) -> None:
    licences = [name for name in names(built, "layer.zip") if re.search(r"\.dist-info/.*LICEN[CS]E", name)]
    assert len(licences) > 10


def test_an_archive_has_no_times_and_one_order(tmp_path: Path) -> None:
    write_archive(tmp_path / "one.zip", {"b.py": b"2", "a/x.py": b"1"})
    write_archive(tmp_path / "two.zip", {"a/x.py": b"1", "b.py": b"2"})
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        assert [
            (info.filename, info.date_time[0], info.external_attr >> 16) for info in archive.infolist()
        ] == [
            ("a/x.py", 1980, 0o100644),
            ("b.py", 1980, 0o100644),
        ]


def test_the_same_inputs_give_the_same_bytes(tmp_path: Path) -> None:
    """Compiled modules too, where an interpreter of the runtime's version starts, or the one at hand stands for it."""
    built = runnable("fc3")
    again = build(built.target, tmp_path / "again", CACHE)
    assert again["files"] == built.index["files"]


def test_without_an_interpreter_of_its_version_it_says_what_is_missing() -> None:
    packages = {"crcmod": {"without_c": True}, "six": {"without_c": False}}
    (note,) = notes(FC3, {"packages": packages})
    assert "LOCALCLOUD_PYTHON3_12" in note
    assert note.endswith("without their C parts: crcmod")
    assert notes(replace(FC3, interpreter="/usr/bin/python3.12"), {"packages": packages}) == [
        "compiled by /usr/bin/python3.12"
    ]


def test_every_dependency_is_planned_for() -> None:
    """Whatever the project depends on is in the layer, in a function's archive, or for the command line alone."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    plan = read_plan(ROOT / "pyproject.toml")
    planned = {need.name for need in plan.layer} | {
        need.name for needs in plan.functions.values() for need in needs
    }
    assert {Requirement(text).name for text in project} - planned == {"alibabacloud-credentials"}
    assert planned <= {Requirement(text).name for text in project}


def test_the_lock_is_read_with_the_targets_markers(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    lock.write_text(
        "old==1.0 ; python_full_version < '3.11' \\\n    --hash=sha256:aa\n"
        "new==2.0 ; python_full_version >= '3.11' \\\n    --hash=sha256:bb \\\n    --hash=sha256:cc\n"
    )
    assert requirements_for(lock, FC3) == ["new==2.0 --hash=sha256:bb --hash=sha256:cc"]
    assert requirements_for(lock, replace(FC3, python="3.10")) == ["old==1.0 --hash=sha256:aa"]


def needs(**packages: list[str]) -> dict[str, list[Requirement]]:
    return {name: [Requirement(text) for text in texts] for name, texts in packages.items()}


def test_a_package_brings_what_it_needs_and_no_more() -> None:
    known = needs(
        app=["lib[fast]", "old; python_version < '3'", "heavy"],
        lib=["speed; extra == 'fast'", "docs; extra == 'docs'"],
        speed=[],
        heavy=["heavier"],
        heavier=[],
    )
    found = closure([Requirement("app")], known, FC3, frozenset({"heavy"}))
    assert found == {"app", "lib", "speed"}


def test_a_package_that_is_not_locked_is_named() -> None:
    with pytest.raises(Unplanned, match="stranger is needed"):
        closure([Requirement("app")], needs(app=["stranger"]), FC3, frozenset())


def wheel(folder: Path, name: str, entries: dict[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / name, "w") as archive:
        archive.writestr(f"{name.split('-')[0]}-1.0.dist-info/METADATA", "Name: x\nRequires-Dist: six\n")
        for entry, content in entries.items():
            archive.writestr(entry, content)


def test_what_needs_a_newer_glibc_is_refused(tmp_path: Path) -> None:
    wheel(tmp_path, "x-1.0-cp312-cp312-linux_x86_64.whl", {"x.so": b"\x7fELF GLIBC_2.31 GLIBC_2.34"})
    with pytest.raises(WheelsFailed, match=r"needs glibc 2.34, the runtime has 2.31"):
        read_wheels(tmp_path, FC3)


def test_a_wheel_for_another_platform_is_refused(tmp_path: Path) -> None:
    wheel(tmp_path, "x-1.0-cp312-cp312-manylinux_2_34_x86_64.whl", {})
    with pytest.raises(WheelsFailed, match="none of the platforms"):
        read_wheels(tmp_path, FC3)


def test_c_parts_of_another_python_are_left_away(tmp_path: Path) -> None:
    wheel(tmp_path / "built", "x-1.0-cp311-cp311-linux_x86_64.whl", {"x.cpython-311.so": b"", "x.py": b""})
    (found,) = read_wheels(tmp_path, FC3).values()
    assert isinstance(found, Wheel)
    assert (found.built, found.without_c, [str(need) for need in found.needs]) == (True, True, ["six"])


def test_a_runtime_without_an_interpreter_has_a_target_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCALCLOUD_PYTHON3_12", "")
    target = runtime_target("fc3")
    assert (target.runtime, target.python, target.tag) == ("python3.12", "3.12", "cp312")
    assert "manylinux_2_31_x86_64" in target.platforms()
    assert "manylinux_2_32_x86_64" not in target.platforms()
