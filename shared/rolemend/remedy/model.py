"""Plans and changes."""

from __future__ import annotations

import hashlib

import msgspec

from rolemend.checklist.model import ListBucket, TrustService

TypedRemedy = TrustService | ListBucket


class Write(msgspec.Struct, frozen=True, kw_only=True):
    """One document to be written. `kind` is `policy` or `trust_policy`, `name` the policy's or role's name.

    `version` is the policy version that `before` was read from; trust policies have none.
    """

    kind: str
    name: str
    before: str
    after: str
    version: str = ""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A remedy worked out to the exact document. `gains` says in RAM's words what it grants beside what is granted.

    `hash` binds the write and the version it starts from; exactly this plan is applied or none.
    """

    remedy: TypedRemedy
    write: Write
    gains: tuple[str, ...]
    hash: str


class NoPlan(msgspec.Struct, frozen=True):
    """Why a remedy cannot be applied by the program: `reason` is a code, `detail` names what stands in the way."""

    reason: str
    detail: str = ""
    transient: bool = False


class Verdict(msgspec.Struct, frozen=True):
    """What the guardrails say: the mode, and the rule it comes from ("" for the default)."""

    mode: str
    rule: str = ""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """An applied plan. `version` is the policy version that was written, `removed` one that RAM rotated out for it."""

    id: str
    plan: Plan
    version: str = ""
    removed: str = ""


def plan_hash(remedy: TypedRemedy, write: Write) -> str:
    """Over everything that a person approves: the remedy, both documents, and the version they start from."""
    return hashlib.sha256(msgspec.json.encode((remedy, write), order="deterministic")).hexdigest()
