"""Keeps parts of the SDKs that no function uses from being imported: more than half of what their import costs.

Each SDK loads, at its first line, packages for ways of working that are not used here: asynchronous calls (aiohttp),
client-side encryption (Crypto, the KMS SDK), RSA keys (cryptography), renewal of an instance's credentials in the
background (apscheduler), websockets, and the transformation of logs. While the modules below are executed, and only
then, those packages are stand-ins whose names exist; whoever imports them elsewhere gets the real ones.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, MutableSequence, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
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
    __path__: MutableSequence[str] = []  # noqa: RUF012 - what the import system asks of a package
    __all__: Sequence[str] = ()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        value = _unused(f"{self.__name__}.{name}")
        setattr(self, name, value)
        return value


class _Finder(MetaPathFinder):
    """Has the modules of `UNUSED` executed with stand-ins, and finds those meanwhile."""

    def __init__(self) -> None:
        self._absent: tuple[str, ...] = ()

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if _belongs(name, self._absent):
            return ModuleSpec(name, _STAND_INS, is_package=True)
        if name not in UNUSED:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Lean(spec.loader, self)
        return spec

    @contextmanager
    def without(self, names: Sequence[str]) -> Iterator[None]:
        """Stand-ins for those that nobody has loaded yet; gone afterwards."""
        before = self._absent
        self._absent = (*before, *(name for name in names if name not in sys.modules))
        try:
            yield
        finally:
            self._absent = before
            made = [name for name, module in sys.modules.items() if isinstance(module, _StandIn)]
            for name in made:
                if not _belongs(name, before):
                    del sys.modules[name]


def _belongs(name: str, packages: Sequence[str]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


class _StandIns(Loader):
    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _StandIn(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing to execute."""


class _Lean(Loader):
    """The real loader, with stand-ins while it executes the module."""

    def __init__(self, loader: Loader, finder: _Finder) -> None:
        self._loader, self._finder = loader, finder

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        assert module.__spec__ is not None
        module.__spec__.loader = module.__loader__ = self._loader
        with self._finder.without(UNUSED[module.__name__]):
            self._loader.exec_module(module)


_STAND_INS = _StandIns()
_FINDER = _Finder()
