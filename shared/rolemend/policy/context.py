"""The condition keys of one evaluation: given, absent, or unknown and perhaps assumed.

An unknown key is reasoned about through the questions (`Atom`) that conditions ask of its value:
the evaluation is repeated under assumed answers, so that what holds either way is found out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rolemend.policy.condition import Atom, Condition, holds, values_of
from rolemend.policy.request import Request


class Context:
    """`open` collects the unanswered questions on which some statement hung."""

    def __init__(self, request: Request, assumed: Mapping[Atom, bool] = {}) -> None:
        self.keys = request.conditions
        self.unknown = frozenset(key.lower() for key in request.unknown_conditions)
        self.assumed = assumed
        # A value that is known to equal something is known: one StringEquals answers all other questions.
        self.fixed = {
            atom.key: (atom.value,)
            for atom, answer in assumed.items()
            if answer and atom.operator == "StringEquals"
        }
        self.open: list[Atom] = []

    def holds(self, conditions: Sequence[Condition]) -> bool | None:
        """Whether all `conditions` are met; None where a question is open or something is undocumented."""
        result: bool | None = True
        asked: list[Atom] = []
        for condition in conditions:
            met = self._holds(condition, asked)
            if met is False:
                return False
            if met is None:
                result = None
        if result is None:
            self.open.extend(asked)
        return result

    def _holds(self, condition: Condition, asked: list[Atom]) -> bool | None:
        key = condition.key.lower()
        if key not in self.unknown or values_of(self.keys, condition.key)[0]:
            return holds(condition, self.keys)
        fixed = self.fixed.get(key)
        if fixed is not None:
            return condition.test(fixed)
        if not condition.documented:
            return None
        open_atoms = [atom for atom in condition.atoms if atom not in self.assumed]
        if any(self.assumed.get(atom) for atom in condition.atoms):
            met = True
        elif open_atoms:
            asked.extend(open_atoms)
            return None
        else:
            met = False
        return met if condition.quantifier else met is not condition.negated


def is_possible(assumed: Mapping[Atom, bool]) -> bool:
    """False if no value of the unknown keys gives all the assumed answers."""
    from rolemend.policy.inclusion import Budget, BudgetError
    from rolemend.policy.satisfy import satisfiable

    wanted = [
        (Condition(atom.operator, atom.key, (atom.value,)), answer)
        for atom, answer in assumed.items()
        if ":" not in atom.operator
    ]
    try:
        return satisfiable(wanted, Budget(5_000)) is not False
    except BudgetError:
        return True


def next_question(open_atoms: Sequence[Atom]) -> Atom:
    """The question to assume an answer to: one whose yes settles the key's value, where there is one."""
    return next((atom for atom in open_atoms if atom.operator == "StringEquals"), open_atoms[0])
