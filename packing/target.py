"""What archives are made for: a runtime of Function Compute, or the interpreter at hand.

Runtimes: https://help.aliyun.com/zh/functioncompute/fc/user-guide/python-environment-details (Debian 11, so glibc 2.31,
x86-64).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

from localcloud.fc.interpreters import find_interpreter

GLIBC = 31
"""The minor version of the runtimes' glibc 2."""


@dataclass(frozen=True)
class Target:
    """`python` as in "3.12". `interpreter`: one of that version that starts here, None if there is none.

    `foreign`: packages are chosen by the runtime's wheel tags, not by what this machine takes.
    """

    name: str
    runtime: str
    python: str
    interpreter: str | None
    foreign: bool = True

    @property
    def tag(self) -> str:
        """The interpreter's part of a wheel's name, such as cp312."""
        return "cp" + self.python.replace(".", "")

    def platforms(self) -> tuple[str, ...]:
        """The platform tags that the runtime takes, best first."""
        named = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
        tags = []
        for minor in range(GLIBC, 4, -1):
            tags.append(f"manylinux_2_{minor}_x86_64")
            tags += [f"{named[minor]}_x86_64"] if minor in named else []
        return (*tags, "linux_x86_64")

    def marker_values(self) -> dict[str, str]:
        """What the markers of requirements are judged by."""
        if not self.foreign:
            from packaging.markers import default_environment

            return {name: str(value) for name, value in default_environment().items()}
        return {
            "implementation_name": "cpython",
            "implementation_version": f"{self.python}.0",
            "os_name": "posix",
            "platform_machine": "x86_64",
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": "Linux",
            "platform_version": "",
            "python_full_version": f"{self.python}.0",
            "python_version": self.python,
            "sys_platform": "linux",
        }


RUNTIMES = {"fc3": "python3.12", "fc2": "python3.10"}
"""The runtime that `s.yaml` and `deploy/fc2/s.yaml` name."""


def runtime_target(name: str) -> Target:
    """`fc3` or `fc2`, with an interpreter of its version if one starts here."""
    runtime = RUNTIMES[name]
    return Target(name, runtime, runtime.removeprefix("python"), find_interpreter(runtime))


def target_at_hand() -> Target:
    """The interpreter that runs this: its archives can be tried out where a runtime's cannot."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return Target("here", f"python{version}", version, sys.executable, foreign=False)
