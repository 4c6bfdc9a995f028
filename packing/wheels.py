"""The packages of the lock as wheels for a target: from the package index, or built here where there is no wheel.

Platform tags: https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

from packing.target import GLIBC, Target

_PIP = ("-m", "pip", "--disable-pip-version-check", "--quiet", "--quiet")
_SETUP = """\
import runpy, sys
import setuptools  # brings distutils back, which Python 3.12 lacks
sys.argv[0] = "setup.py"
runpy.run_path("setup.py", run_name="__main__")
"""
_GLIBC_NAME = re.compile(rb"GLIBC_2\.(\d+)")


class WheelsFailed(Exception):
    """Packages could not be fetched or built; the text is what pip or the build said."""


@dataclass(frozen=True)
class Wheel:
    """`version` as published. `built`: here, from source. `without_c`: its optional C parts are left away."""

    path: Path
    name: str
    version: str
    needs: tuple[Requirement, ...]
    built: bool = False
    without_c: bool = False


def fetch(requirements: list[str], target: Target, folder: Path) -> None:
    """Fill a folder with wheels and, where there is no wheel, source archives; every hash is checked."""
    with tempfile.TemporaryDirectory() as place:
        listed = Path(place) / "requirements.txt"
        listed.write_text("\n".join(requirements) + "\n", "utf-8")
        chosen = ["--implementation", "cp", "--python-version", target.python]
        for abi in (target.tag, "abi3", "none"):
            chosen += ["--abi", abi]
        for platform in target.platforms():
            chosen += ["--platform", platform]
        hashed = ["--no-deps", "--no-build-isolation", "--require-hashes", "-r", str(listed)]
        _run(
            [
                sys.executable,
                *_PIP,
                "download",
                *hashed,
                *(chosen if target.foreign else []),
                "-d",
                str(folder),
            ]
        )


def build_sources(folder: Path, target: Target) -> None:
    """Build a wheel from each source archive, into `built/`; by the target's interpreter if there is one."""
    built = folder / "built"
    built.mkdir()
    for source in sorted(folder.glob("*.tar.gz")):
        with tempfile.TemporaryDirectory() as place, tarfile.open(source) as archive:
            archive.extractall(place, filter="data")
            (root,) = Path(place).iterdir()
            interpreter = target.interpreter or sys.executable
            _run(
                [interpreter, "-s", "-c", _SETUP, "-q", "bdist_wheel", "-d", str(built)],
                cwd=root,
                env=_build_environment(folder / "tools", root),
            )
        source.unlink()
    shutil.rmtree(folder / "tools", ignore_errors=True)


def install_tools(lock: Path, folder: Path) -> None:
    """Put setuptools and wheel, which are pure Python, where any interpreter can import them."""
    command = [sys.executable, *_PIP, "install", "--no-deps", "--require-hashes", "--only-binary", ":all:"]
    _run([*command, "--target", str(folder / "tools"), "-r", str(lock)])


def _build_environment(tools: Path, root: Path) -> dict[str, str]:
    """No debug information and no paths of this machine in what a compiler makes."""
    return {
        **{name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LANG") if name in os.environ},
        "PYTHONPATH": str(tools),
        "PYTHONHASHSEED": "0",
        "SOURCE_DATE_EPOCH": "315532800",
        "CFLAGS": f"-g0 -ffile-prefix-map={root}=.",
        "LDFLAGS": "-s -Wl,--build-id=none" if sys.platform == "linux" else "",
    }


def read_wheels(folder: Path, target: Target) -> dict[str, Wheel]:
    """Every wheel by its canonical name. Raises WheelsFailed for one that the target's runtime does not take."""
    wheels = {}
    for path in sorted([*folder.glob("*.whl"), *(folder / "built").glob("*.whl")]):
        name, version, _, tags = parse_wheel_filename(path.name)
        built = path.parent.name == "built"
        if target.foreign:
            allowed = set(target.platforms())
            if not any(tag.platform == "any" or tag.platform in allowed for tag in tags):
                raise WheelsFailed(f"{path.name} is for none of the platforms of {target.runtime}")
            _check_glibc(path)
        with zipfile.ZipFile(path) as archive:
            metadata = _metadata(archive)
            binary = any(entry.endswith(".so") for entry in archive.namelist())
        needs = tuple(Requirement(text) for text in metadata.get_all("Requires-Dist") or ())
        without_c = built and binary and target.interpreter is None
        wheels[str(canonicalize_name(name))] = Wheel(path, str(name), str(version), needs, built, without_c)
    return wheels


def _metadata(archive: zipfile.ZipFile) -> Message:
    (name,) = (entry for entry in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", entry))
    return HeaderParser().parsestr(archive.read(name).decode("utf-8", "replace"))


def _check_glibc(path: Path) -> None:
    """What was compiled on a newer system may need functions that the runtime's glibc lacks."""
    with zipfile.ZipFile(path) as archive:
        for entry in archive.namelist():
            if re.search(r"\.so(\.\d+)*$", entry):
                newest = max((int(found) for found in _GLIBC_NAME.findall(archive.read(entry))), default=0)
                if newest > GLIBC:
                    raise WheelsFailed(
                        f"{path.name}: {entry} needs glibc 2.{newest}, the runtime has 2.{GLIBC}"
                    )


def _run(command: list[str], cwd: Path | None = None, env: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, cwd=cwd, env=env, text=True, capture_output=True, check=False)
    if done.returncode:
        raise WheelsFailed(f"{' '.join(command[:6])} … failed:\n{(done.stderr or done.stdout)[-3000:]}")
