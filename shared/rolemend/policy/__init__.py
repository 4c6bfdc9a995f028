"""RAM's policy language: parse, decide, explain, edit and compare, without I/O.

What is documented is decided; what hangs on something no page documents is `unknown`
(docs/policy-language.md lists each such choice).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rolemend.policy.document import Policy, PolicyError, Principals, Statement
from rolemend.policy.evaluate import decide
from rolemend.policy.parse import parse_policy
from rolemend.policy.request import DecidedBy, Decision, Principal, Reason, Request, Source

if TYPE_CHECKING:
    from rolemend.policy.comparison import Comparison, Difference, compare
    from rolemend.policy.edit import Edit, EditError, grant_entries, trust_service
    from rolemend.policy.nearest import NearMiss, explain
    from rolemend.policy.proof import Proof, proves_addition

# Loaded when first asked for: who only decides does not wait for the rest to be imported. No module has the name
# of a function here, which importing it would hide.
_LATER = {
    "Comparison": "comparison",
    "Difference": "comparison",
    "compare": "comparison",
    "Edit": "edit",
    "EditError": "edit",
    "grant_entries": "edit",
    "trust_service": "edit",
    "NearMiss": "nearest",
    "explain": "nearest",
    "Proof": "proof",
    "proves_addition": "proof",
}

__all__ = [
    "Comparison",
    "DecidedBy",
    "Decision",
    "Difference",
    "Edit",
    "EditError",
    "NearMiss",
    "Policy",
    "PolicyError",
    "Principal",
    "Principals",
    "Proof",
    "Reason",
    "Request",
    "Source",
    "Statement",
    "compare",
    "decide",
    "explain",
    "grant_entries",
    "parse_policy",
    "proves_addition",
    "trust_service",
]


def __getattr__(name: str) -> Any:
    module = _LATER.get(name)
    if module is None:
        raise AttributeError(name)
    from importlib import import_module

    return getattr(import_module(f"rolemend.policy.{module}"), name)
