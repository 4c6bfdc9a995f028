"""Plans and changes."""

from __future__ import annotations

import hashlib

import msgspec

from rolemend.checklist.model import ListBucket, TrustService

TypedRemedy = TrustService | ListBucket


class Write(msgspec.Struct, frozen=True, kw_only=True):
    """One document to be written. `kind` is `policy` or `trust_policy`, `name` the policy's or role's name.

    `version` is the policy version that `before` was read from, `versions` are all that there were; trust policies
    have none.
    """

    kind: str
    name: str
    before: str
    after: str
    version: str = ""
    versions: tuple[str, ...] = ()


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A remedy worked out to the exact document.

    `gains` says in RAM's words what it grants beside what is granted, `breaks` what it takes away or could break;
    `actions` are those it grants, `extent` how far the grant goes. `rotates` is the version that RAM takes away to make
    room. A grant that `expires` ends after so many seconds. `hash` binds all of it and what it starts from; exactly
    this plan is applied or none.
    """

    remedy: TypedRemedy
    write: Write
    gains: tuple[str, ...]
    actions: tuple[str, ...] = ()
    extent: str = "group"
    breaks: tuple[str, ...] = ()
    rotates: str = ""
    expires: int = 0
    hash: str = ""


class NoPlan(msgspec.Struct, frozen=True):
    """Why a remedy cannot be applied by the program: `reason` is a code, `detail` names what stands in the way.

    `principals` share the policy that was to be changed; `document` is a policy of the role's own that would do.
    """

    reason: str
    detail: str = ""
    transient: bool = False
    principals: tuple[str, ...] = ()
    document: str = ""


class Verdict(msgspec.Struct, frozen=True):
    """What the guardrails say: the mode, and the rule it comes from ("" for the default).

    `extent` is how far a grant may go, `expires` after how many seconds it ends (0: never), `changes_per_day` how many
    changes a role may get in a day (0: any number). `transient`: something could not be read that may be read later.
    `held` says why the mode is less than the rule's: `changes_per_day`, `flapping` after two changes that did not
    help, or `taken_back` by a person before.
    """

    mode: str
    rule: str = ""
    extent: str = "group"
    expires: int = 0
    changes_per_day: int = 0
    transient: bool = False
    held: str = ""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """An applied plan. `version` is the policy version that was written, `removed` one that RAM rotated out for it."""

    id: str
    plan: Plan
    version: str = ""
    removed: str = ""


def plan_hash(plan: Plan) -> str:
    """Over everything that a person approves: the remedy, the documents and versions, what it does, when it ends."""
    bound = msgspec.structs.replace(plan, hash="")
    return hashlib.sha256(msgspec.json.encode(bound, order="deterministic")).hexdigest()


def version_number(version: str) -> int:
    """`v12` as 12; 0 for what is no version."""
    return int(version[1:]) if version[1:].isdecimal() else 0


def sealed(plan: Plan) -> Plan:
    """The plan with its hash."""
    return msgspec.structs.replace(plan, hash=plan_hash(plan))


def is_sealed(plan: Plan) -> bool:
    """Whether nothing in the plan was changed since its hash was made."""
    return plan.hash == plan_hash(plan)
