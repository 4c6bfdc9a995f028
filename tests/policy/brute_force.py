"""Sets of requests by trying all words over a small alphabet, as bit masks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from itertools import product
from typing import Any

from tests.policy.naive import like, listed, met

ALPHABET = "abz"  # no pattern holds z
ACTION_WORDS = [
    "z:z",  # another service
    *("s:" + "".join(letters) for length in range(4) for letters in product(ALPHABET, repeat=length)),
]
RESOURCE_WORDS = ["".join(letters) for length in range(7) for letters in product(ALPHABET, repeat=length)]
VALUES = ("x", "y", "w", "xy", "xw", "wy", "wx", "xwy", "xwx", "yx")
CONTEXTS: list[dict[str, str]] = [{}, *({"k": value} for value in VALUES)]


@cache
def mask(pattern: str, words: str) -> int:
    """The words that match `pattern`, one bit each."""
    found = 0
    for place, word in enumerate(ACTION_WORDS if words == "actions" else RESOURCE_WORDS):
        found |= like(pattern, word) << place
    return found


def union(patterns: Iterable[str], words: str) -> int:
    found = 0
    for pattern in patterns:
        found |= mask(pattern, words)
    return found


Requests = dict[tuple[int, int], int]  # (context, action) -> the resources, one bit each


def block(actions: int, resources: int, conditions: Mapping[str, Any]) -> Requests:
    return {
        (context, action): resources
        for context, keys in enumerate(CONTEXTS)
        if met(conditions, keys)
        for action in range(len(ACTION_WORDS))
        if actions >> action & 1
    }


def add(one: Requests, other: Requests) -> Requests:
    return {place: one.get(place, 0) | other.get(place, 0) for place in one.keys() | other.keys()}


def less(one: Requests, other: Requests) -> Requests:
    return {place: left for place, bits in one.items() if (left := bits & ~other.get(place, 0))}


def of_statement(statement: Mapping[str, Any]) -> Requests:
    everything = (1 << len(ACTION_WORDS)) - 1
    if "Action" in statement:
        actions = union(map(str.lower, listed(statement["Action"])), "actions")
    else:
        actions = everything & ~union(map(str.lower, listed(statement["NotAction"])), "actions")
    return block(actions, union(listed(statement["Resource"]), "resources"), statement.get("Condition", {}))


def allowed(document: Mapping[str, Any]) -> Requests:
    by_effect: dict[str, Requests] = {"Allow": {}, "Deny": {}}
    for statement in document["Statement"]:
        by_effect[statement["Effect"]] = add(by_effect[statement["Effect"]], of_statement(statement))
    return less(by_effect["Allow"], by_effect["Deny"])


def of_regions(regions: Iterable[Mapping[str, Any]]) -> Requests:
    """What a list of regions stands for, read as the output of `rolemend diff` is described."""
    found: Requests = {}
    for region in regions:
        inside = _block_of(region)
        for cut in region["except"]:
            inside = less(inside, _block_of(cut))
        found = add(found, inside)
    return {place: bits for place, bits in found.items() if bits}


def _block_of(region: Mapping[str, Any]) -> Requests:
    actions = union(map(str.lower, region["actions"]), "actions")
    return block(actions, union(region["resources"], "resources"), region["conditions"])
