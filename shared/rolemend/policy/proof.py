"""The proof that is asked for before a document is written: it grants the stated extra and takes nothing."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from rolemend.policy.comparison import Difference, difference
from rolemend.policy.document import Policy, Principals
from rolemend.policy.edit import Document, refuse_repeated
from rolemend.policy.parse import parse_policy
from rolemend.policy.region import Region


class Proof(msgspec.Struct, frozen=True):
    """`verdict` is `proven`, `refuted` or `unknown`; only `proven`, which alone is true, may be written.

    `beyond` is what would be gained outside the stated set, `lost` what would be taken away.
    """

    verdict: str
    beyond: Difference
    lost: Difference

    def __bool__(self) -> bool:
        return self.verdict == "proven"


def proves_addition(
    before: Document,
    after: Document,
    *,
    actions: Sequence[str] | None = None,
    resources: Sequence[str] = (),
    service: str | None = None,
    replaced: str | None = None,
) -> Proof:
    """Whether `after` is `before` and at most `actions` on `resources` more, or trust in `service` more.

    With `actions` None, the actions of the statements of `after` that list one of `resources` count as
    stated. With `service`, both are trust policies; trust in `replaced` may end. Raises PolicyError where a
    document cannot be read.
    """
    kind = "identity" if service is None else "trust"
    old, new = parse_policy(before, kind), parse_policy(after, kind)
    refuse_repeated(before)
    refuse_repeated(after)
    if service is None:
        stated = Region(tuple(_actions_on(new, resources) if actions is None else actions), tuple(resources))
    else:
        stated = _trust_in(service)
    beyond = difference(old, new, beyond=(stated,))
    lost = difference(new, old, beyond=() if replaced is None else (_trust_in(replaced),))
    if beyond.regions or lost.regions:
        return Proof("refuted", beyond, lost)
    return Proof("proven" if beyond.proven_empty and lost.proven_empty else "unknown", beyond, lost)


def _trust_in(service: str) -> Region:
    return Region(("sts:AssumeRole",), ("*",), principals=Principals(service=(service,)))


def _actions_on(policy: Policy, resources: Sequence[str]) -> list[str]:
    wanted = set(resources)
    found = [
        action
        for statement in policy.statements
        if not statement.denies and not statement.negated_actions and wanted.intersection(statement.resources)
        for action in statement.actions
    ]
    return list(dict.fromkeys(found))
