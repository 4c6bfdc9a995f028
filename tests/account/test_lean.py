"""What importing the SDKs costs a function: their unused parts stay away from it, and from nobody else."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from rolemend.account import lean
from tests.clients import SDKS

HEAVY = (
    "Crypto",
    "aiofiles",
    "aiohttp",
    "aliyunsdkcore",
    "aliyunsdkkms",
    "apscheduler",
    "asyncio",
    "cryptography",
)


def told(program: str) -> Any:
    """What a program of its own prints as JSON."""
    start = "import json, sys\nfrom rolemend.account import lean\n"
    done = subprocess.run([sys.executable, "-c", start + program], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("sdk", SDKS)
def test_an_sdk_is_imported_without_what_no_function_uses(sdk: str) -> None:
    loaded = told(
        f"lean.install()\nimport {sdk}\nprint(json.dumps([n for n in sys.modules if n in {HEAVY}]))"
    )
    assert loaded == []


def test_stand_ins_are_gone_afterwards_and_the_real_packages_to_be_had() -> None:
    program = (
        "lean.install()\nimport oss2, Tea.core\n"
        "left = [n for n, m in sys.modules.items() if type(m).__module__ == 'rolemend.account.lean']\n"
        "import aiohttp, cryptography.hazmat.primitives.hashes as hashes\n"
        "print(json.dumps([left, aiohttp.ClientSession.__name__, hashes.SHA256.name]))"
    )
    assert told(program) == [[], "ClientSession", "sha256"]


def test_what_was_imported_before_stays_real() -> None:
    program = (
        "import aiohttp\nlean.install()\nimport Tea.core\nprint(json.dumps(Tea.core.aiohttp is aiohttp))"
    )
    assert told(program) is True


def test_threads_that_import_at_once_each_get_what_is_theirs() -> None:
    """An audit reads with all SDKs at once; what one thread has no use for is not taken from another."""
    program = (
        "import importlib, threading\nsys.setswitchinterval(1e-6)\nlean.install()\nfailed = []\n"
        f"names = {(*SDKS, 'asyncio', 'cryptography.hazmat.primitives.hashes')}\n"
        "ready = threading.Barrier(len(names))\n"
        "def load(name):\n"
        "    ready.wait()\n"
        "    try:\n        importlib.import_module(name)\n"
        "    except Exception as error:\n        failed.append(repr(error))\n"
        "threads = [threading.Thread(target=load, args=(name,)) for name in names]\n"
        "for thread in threads:\n    thread.start()\n"
        "for thread in threads:\n    thread.join()\n"
        "import asyncio, cryptography.hazmat.primitives.hashes as hashes\n"
        "print(json.dumps([failed, asyncio.Queue.__name__, hashes.SHA256.name]))"
    )
    assert told(program) == [[], "Queue", "sha256"]


def test_using_an_unused_part_says_so() -> None:
    program = (
        "lean.install()\nimport oss2.crypto\n"
        "try:\n    oss2.crypto.RSA.importKey('x')\nexcept ImportError as error:\n    print(json.dumps(str(error)))"
    )
    assert (
        told(program) == "Crypto.PublicKey.RSA.importKey is not loaded in functions (rolemend.account.lean)"
    )


def test_it_can_be_installed_twice_and_removed() -> None:
    before = list(sys.meta_path)
    lean.install()
    lean.install()
    assert len(sys.meta_path) == len(before) + 1
    lean.remove()
    lean.remove()
    assert sys.meta_path == before


def test_every_module_named_is_there_and_imports_what_is_named() -> None:
    """A new version of an SDK that no longer imports a package, or is laid out anew, shows here."""
    program = (
        "import importlib.util, re\nfound = {}\n"
        "for name, packages in lean.UNUSED.items():\n"
        "    text = open(importlib.util.find_spec(name).origin).read()\n"
        "    found[name] = [p for p in packages if not re.search("
        r"rf'^\s*(from|import) ({re.escape(p)}|\.{p.rpartition(chr(46))[2]})\b', text, re.M)]"
        "\nfor name, package in lean.WHOLE_FIRST.items():\n"
        "    text = open(importlib.util.find_spec(name).origin).read()\n"
        "    if not re.search(rf'^from {package}[.]', text, re.M):\n        found[name] = [package]\n"
        "print(json.dumps({name: packages for name, packages in found.items() if packages}))"
    )
    assert told(program) == {}
