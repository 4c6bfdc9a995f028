"""Keeps parts of the SDKs that no function uses from being imported: more than half of what their import costs.

Each SDK loads, at its first line, packages for ways of working that are not used here: asynchronous calls (aiohttp),
client-side encryption (Crypto, the KMS SDK), RSA keys (cryptography), renewal of an instance's credentials in the
background (apscheduler), websockets, and the transformation of logs. In the modules below those packages are stand-ins
whose names exist, as long as the modules are executed; whoever imports them elsewhere gets the real ones, at the same
time in another thread too: an import statement asks the `__import__` of its own module's builtins, and only that of
these modules is another one. https://docs.python.org/3/reference/import.html#replacing-the-standard-import-system
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import resolve_name
from types import ModuleType
from typing import Any

UNUSED: Mapping[str, tuple[str, ...]] = {
    "Tea.core": ("aiohttp", "asyncio"),
    "alibabacloud_credentials.provider.cli_profile": ("aiofiles",),
    "alibabacloud_credentials.provider.ecs_ram_role": ("apscheduler",),
    "alibabacloud_credentials.provider.external": ("asyncio",),
    "alibabacloud_credentials.provider.oidc": ("aiofiles",),
    "alibabacloud_credentials.provider.profile": ("aiofiles",),
    "alibabacloud_credentials.provider.refreshable": ("asyncio",),
    "alibabacloud_tea_openapi.utils": ("cryptography",),
    "alibabacloud_tea_util.client": ("asyncio",),
    "aliyun.log.logclient_operator": ("aliyun.log.etl_core",),
    "darabonba.core": ("aiohttp", "asyncio"),
    "darabonba.response": ("aiohttp",),
    "darabonba.utils.stream": ("aiohttp",),
    "darabonba.websocket": ("websocket",),
    "fc2.client": ("websocket",),
    "oss2.crypto": ("Crypto", "aliyunsdkcore", "aliyunsdkkms"),
    "oss2.utils": ("Crypto",),
}
"""Modules of the SDKs, and what each imports for nothing."""
WHOLE_FIRST: Mapping[str, str] = {"fc2.client": "requests", "oss2.models": "requests"}
"""Modules that begin with a part of a package which has not been imported yet. Such an import holds the part and waits
for the package, so that another thread which imports the package, and waits for the part, ends with a deadlock's
error. Here the package comes first."""


def install() -> None:
    """From now on, in this process, until `remove`. Does nothing the second time."""
    if _FINDER not in sys.meta_path:
        sys.meta_path.insert(0, _FINDER)


def remove() -> None:
    """Modules that are loaded already stay as they are."""
    if _FINDER in sys.meta_path:
        sys.meta_path.remove(_FINDER)


class _Unused(type(Exception)):  # type: ignore[misc]
    """Every name in a stand-in is a class of this kind, and has every attribute, so that modules can be defined with
    it; it can be named in `except`, and making one of it fails."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _unused(f"{cls.__name__}.{name}")

    def __call__(cls, *values: Any, **named: Any) -> Any:
        raise ImportError(f"{cls.__name__} is not loaded in functions (rolemend.account.lean)")


def _unused(name: str) -> Any:
    return _Unused(name, (Exception,), {})


class _StandIn(ModuleType):
    __all__: Sequence[str] = ()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        value = _unused(f"{self.__name__}.{name}")
        setattr(self, name, value)
        return value


class _Finder(MetaPathFinder):
    """Has the modules of `UNUSED` executed with stand-ins."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name not in UNUSED and name not in WHOLE_FIRST:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Lean(spec.loader)
        return spec


class _Lean(Loader):
    """The real loader, with stand-ins while it executes the module, and what must be whole imported before."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """The module's functions keep its builtins, so these are put right once it has been executed."""
        assert module.__spec__ is not None
        module.__spec__.loader = module.__loader__ = self._loader
        if first := WHOLE_FIRST.get(module.__name__):
            import_module(first)
        absent = UNUSED.get(module.__name__, ())
        own = {**vars(builtins), "__import__": _Import(module.__spec__.parent or "", absent)}
        module.__dict__["__builtins__"] = own
        try:
            self._loader.exec_module(module)
        finally:
            own["__import__"] = builtins.__import__


class _Import:
    """`__import__` in a module of `package`, with stand-ins for packages that nobody has loaded yet."""

    def __init__(self, package: str, absent: Sequence[str]) -> None:
        self._package, self._absent = package, absent

    def __call__(
        self,
        name: str,
        globals: Mapping[str, object] | None = None,
        locals: Mapping[str, object] | None = None,
        fromlist: Sequence[str] = (),
        level: int = 0,
    ) -> ModuleType:
        """What a statement without names binds is the first part of a dotted name."""
        whole = resolve_name(f"{'.' * level}{name}", self._package) if level else name
        if self._is_absent(whole):
            return _StandIn(whole if fromlist else whole.partition(".")[0])
        return builtins.__import__(name, globals, locals, fromlist, level)

    def _is_absent(self, name: str) -> bool:
        return any(
            package not in sys.modules and (name == package or name.startswith(f"{package}."))
            for package in self._absent
        )


_FINDER = _Finder()
