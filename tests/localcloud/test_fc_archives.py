"""Built archives on the function host: their layout, their interpreter, and what is said where they cannot run."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path

import pytest

from localcloud.fc.archives import ArchivesUnusable, use_archives, use_code
from localcloud.fc.interpreters import find_interpreter, variable_of
from localcloud.fc.settings import HostSettings

HERE = f"{sys.version_info.major}.{sys.version_info.minor}"


def archives(folder: Path, python: str = HERE) -> Path:
    (folder / "archives.json").write_text(json.dumps({"runtime": "python3.12", "python": python}))
    with zipfile.ZipFile(folder / "layer.zip", "w") as archive:
        archive.writestr("python/shared.py", "")
    return folder


def test_code_layer_and_interpreter_come_from_the_archives(tmp_path: Path) -> None:
    settings = HostSettings()
    use_archives(settings, archives(tmp_path))
    assert settings.code == tmp_path
    assert settings.layers["rolemend"] == (tmp_path / "layer.zip",)
    assert settings.interpreter("python3.12") == sys.executable
    (tmp_path / "layer").mkdir()
    use_archives(settings, tmp_path)
    assert settings.layers["rolemend"] == (tmp_path / "layer",)


def test_archives_for_a_python_that_is_not_here_are_refused(tmp_path: Path) -> None:
    with pytest.raises(
        ArchivesUnusable, match=r"no python2\.0 starts here; LOCALCLOUD_PYTHON2_0 can name one"
    ):
        use_archives(HostSettings(), archives(tmp_path, "2.0"))


def test_a_folder_without_archives_is_one_of_code(tmp_path: Path) -> None:
    settings = HostSettings()
    with pytest.raises(ArchivesUnusable, match="no archives"):
        use_archives(settings, tmp_path)
    use_code(settings, tmp_path)
    assert (settings.code, settings.interpreters) == (tmp_path, {})


def test_a_launcher_that_does_not_start_is_no_interpreter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    launcher = tmp_path / "python3.99"
    launcher.write_text("#!/bin/sh\necho 'no such version' >&2\nexit 127\n")
    launcher.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert find_interpreter("python3.99") is None


def test_a_variable_names_the_interpreter_of_a_runtime(tmp_path: Path) -> None:
    runtime = f"python{HERE}"
    assert find_interpreter(runtime, {variable_of(runtime): sys.executable}) == sys.executable
    with pytest.raises(LookupError, match=r"LOCALCLOUD_PYTHON2_0: .* does not start as python2\.0"):
        find_interpreter("python2.0", {"LOCALCLOUD_PYTHON2_0": sys.executable})
