"""What a probe is: a question, the steps that ask it, and the answers that the local cloud and the engine assume.

A file under tests/probes is one probe. In every text of `with` and `expect`, `${prefix}`, `${account}`, `${region}` and
what earlier steps saved stand for their values; a policy may be written as an object.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from rolemend.errors import UnreadableInput
from rolemend.probe.calls import ACTIONS, CHANGES, MAKES, MEMBERS, READS, UNDOING

_PREFIX = re.compile(r"[a-z][a-z0-9\-]{2,20}[a-z0-9]", re.ASCII)
_ROLE = re.compile(r"acs:ram::\$\{account\}:role/(\$\{prefix\}-[A-Za-z0-9.\-]+)", re.ASCII)
_OWN = re.compile(r"\$\{prefix\}-[A-Za-z0-9.\-]+", re.ASCII)
_VALUES = frozenset({"prefix", "account", "region"})


class Expect(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the answer is assumed to be. `code` is the error's, "" for success; None leaves a member open.

    `answer` holds values by their dotted place in the answer.
    """

    code: str | None = None
    status: int | None = None
    ec: str | None = None
    answer: Mapping[str, Any] = {}


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One call: `do` is `service.Operation`, `who` "operator" or the name of a role that an earlier step made, without
    the prefix. `save` takes values of the answer for later steps: name by dotted place."""

    do: str
    with_: Mapping[str, Any] = msgspec.field(name="with", default={})
    who: str = msgspec.field(name="as", default="operator")
    save: Mapping[str, str] = {}
    expect: Expect | None = None


class Probe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`assumed` says what is taken for true, `where` the page of the documentation that says so."""

    id: str
    question: str
    assumed: str
    where: str
    steps: tuple[Step, ...]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came back. `code` is "" for success."""

    code: str = ""
    status: int = 200
    ec: str = ""
    message: str = ""
    body: Any = None


def check_prefix(prefix: str) -> str:
    """The prefix, if names of roles and buckets may begin with it. Raises UnreadableInput."""
    if not _PREFIX.fullmatch(prefix):
        raise UnreadableInput(
            f"--prefix {prefix!r}: 4 to 22 lower-case letters, digits and -, beginning with a letter"
        )
    return prefix


def read_probes(folder: Path) -> tuple[Probe, ...]:
    """All probes of a folder, in the order of their names. Raises UnreadableInput naming the file."""
    files = sorted(folder.glob("*.json"))
    if not files:
        raise UnreadableInput(f"{folder}: no probes there; they are in tests/probes of Rolemend's source")
    return tuple(_read(file) for file in files)


def _read(file: Path) -> Probe:
    try:
        probe = msgspec.json.decode(file.read_bytes(), type=Probe)
    except (OSError, msgspec.DecodeError) as error:
        raise UnreadableInput(f"{file}: {error}") from error
    made: set[tuple[str, str]] = set()
    for number, step in enumerate(probe.steps, 1):
        problem = _problem(step, made)
        if problem:
            raise UnreadableInput(f"{file}: step {number}: {problem}")
        if step.do in MAKES and MAKES[step.do].look:
            name = MAKES[step.do].name
            made.add(_thing(name, str(step.with_[name])))
    return probe


def _problem(step: Step, made: set[tuple[str, str]]) -> str:
    """Why a step may not be done on somebody's account, "" if it may. `made` is what the steps before it made."""
    if step.who != "operator" and _thing("RoleName", f"${{prefix}}-{step.who}") not in made:
        return f"no step before it made the role {step.who}"
    if _VALUES & set(step.save):
        return f"save may not replace {', '.join(sorted(_VALUES & set(step.save)))}"
    strange = set(step.with_) - MEMBERS if step.do.startswith(("ram.", "sts.")) else set()
    if strange:
        return f"{', '.join(sorted(strange))} of {step.do} is no member that probes may give"
    if step.do == "sts.AssumeRole":
        role = _ROLE.fullmatch(str(step.with_.get("RoleArn", "")))
        return _foreign(step.do, "RoleName", role[1] if role else "", made, "RoleArn")
    if step.do in READS:
        return ""
    if step.do in MAKES and MAKES[step.do].look:
        member = MAKES[step.do].name
        own = _OWN.fullmatch(str(step.with_.get(member, "")))
        return "" if own else f"{member} of {step.do} does not begin with ${{prefix}}-"
    if step.do not in CHANGES:
        return f"{step.do} is no call that probes may make"
    problems = (_foreign(step.do, each, str(step.with_.get(each, "")), made) for each in CHANGES[step.do])
    return next(filter(None, problems), "")


def _foreign(do: str, member: str, name: str, made: set[tuple[str, str]], said: str = "") -> str:
    """Why the name in a member is not one of this probe's own, "" if it is."""
    if not _OWN.fullmatch(name):
        return f"{said or member} of {do} does not begin with ${{prefix}}-"
    if _thing(member, name) not in made:
        return f"no step before it made {name}, which {do} names"
    return ""


def _thing(member: str, name: str) -> tuple[str, str]:
    """What a name stands for: the case of a role's does not count."""
    return member, name.lower() if member == "RoleName" else name


def rights(probes: tuple[Probe, ...]) -> tuple[str, ...]:
    """The actions that whoever runs these probes needs, sorted. What a step does as a role takes that role's rights."""
    calls: set[str] = set()
    for step in (step for probe in probes for step in probe.steps):
        calls.add(step.do if step.who == "operator" else "sts.AssumeRole")
        if step.do in MAKES:
            made = MAKES[step.do]
            calls |= {made.undo, made.look, *UNDOING.get(made.undo, ())} - {""}
    return tuple(sorted({ACTIONS.get(call) or call.replace(".", ":", 1) for call in calls}))
