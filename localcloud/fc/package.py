"""Where a function's code and layers lie on this machine."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from localcloud.fc.manifest import layer_name
from localcloud.fc.spec import FunctionSpec


class CodeStore:
    """Folders of code and layers; zip files are unpacked once into a folder that goes when the store is
    closed.
    """

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._unpacked: dict[tuple[Path, int], Path] = {}

    def code(self, spec: FunctionSpec) -> Path:
        """The folder that is the handler's working directory."""
        return self._folder_of(spec.code)

    def layers(self, spec: FunctionSpec, known: Mapping[str, tuple[Path, ...]]) -> list[Path]:
        """The folders for PYTHONPATH; earlier layers come first, so their files win, as under /opt."""
        paths = []
        for layer in spec.layers:
            for path in known.get(layer) or known.get(layer_name(layer)) or ():
                folder = self._folder_of(path)
                paths.append(folder / "python" if (folder / "python").is_dir() else folder)
        return paths

    def close(self) -> None:
        if self._folder is not None:
            self._folder.cleanup()
        self._folder = None
        self._unpacked.clear()

    def _folder_of(self, path: Path) -> Path:
        if path.suffix != ".zip" or path.is_dir():
            return path
        version = (path, path.stat().st_mtime_ns)
        if version not in self._unpacked:
            if self._folder is None:
                self._folder = tempfile.TemporaryDirectory(prefix="localcloud-fc-")
            target = Path(self._folder.name) / str(len(self._unpacked))
            with zipfile.ZipFile(path) as archive:
                archive.extractall(target)
            self._unpacked[version] = target
        return self._unpacked[version]
