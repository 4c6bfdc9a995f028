"""`python -m bench.fuzz_policy [--count N] [--seed N]`: policies that nobody would write.

Documents of the tests' corpus are changed byte by byte, node by node and letter by letter. Each must come out as a
Policy or as a PolicyError; what is a policy is decided, compared with itself and looked through for mistakes, which
must raise nothing. Exit code 0, or a traceback after the input that broke something.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import Counter
from copy import deepcopy
from pathlib import Path
from typing import Any

import msgspec

from rolemend.policy import PolicyError, Request, Source, compare, decide, parse_policy
from rolemend.policy.document import KINDS
from rolemend.policy.lint import lint
from rolemend.policy.simulate import simulate_line

CASES = Path(__file__).parents[1] / "tests" / "policy" / "cases"
TOKENS = [
    *(
        f'"{name}"'.encode()
        for name in ("Statement", "Effect", "Allow", "Deny", "Action", "NotAction", "Resource")
    ),
    *(
        f'"{name}"'.encode()
        for name in ("NotResource", "Principal", "NotPrincipal", "Condition", "Version", "1")
    ),
    *(f'"{name}"'.encode() for name in ("IpAddress", "NotIpAddress", "Null", "StringEqualsIfExists", "Bool")),
    *(
        b"ForAllValues:",
        b"ForAnyValue:",
        b"NumericLessThan",
        b"DateGreaterThan",
        b"acs:SourceIp",
        b"acs:ram::1:root",
    ),
    *(
        b"[",
        b"]",
        b"{",
        b"}",
        b",",
        b"null",
        b"true",
        b"-1e999",
        b"0.1",
        b"\\u0000",
        b"\\ud800",
        b"[" * 200,
        b"\r\n",
    ),
    *(b"\xff", b"\xef\xbb\xbf", b"\x00", b"\x1b"),
]
LETTERS = [
    *(
        "*",
        "?",
        "**",
        "${",
        "}",
        ":",
        "::",
        "/",
        "\u2011",
        "\u0430",
        "\n",
        " ",
        "",
        "a",
        "\U0001f600",
        "acs:oss:*:*:b/*",
    ),
    *(
        "acs:oss:*:*:b/*",
        "10.0.0.0/8",
        "::/0",
        "/33",
        "2026-01-01T00:00:00Z",
        "9" * 40,
        "true",
        "-",
        ".",
        "\x00",
        "x" * 300,
    ),
]
VALUES: list[Any] = [
    *(
        "",
        "*",
        "?",
        "oss:*",
        "${x}",
        "a:b",
        "1",
        None,
        True,
        0,
        1.5,
        10**30,
        [],
        {},
        [""],
        ["*", 1],
        {"a": {}},
    ),
]
REQUESTS = [
    Request(
        "oss:GetObject", "acs:oss:*:1746495857600000:examplebucket/a", None, {"acs:SourceIp": ("10.0.0.1",)}
    ),
    Request("sts:AssumeRole", "acs:ram::1:role/r", None, {}, frozenset(["acs:SourceIp", "sts:ExternalId"])),
    Request("", "*"),
]


def corpus() -> list[tuple[str, dict[str, Any]]]:
    """Kinds and documents of the cases, each once."""
    found = {}
    for file in sorted(CASES.glob("*.json")):
        for case in json.loads(file.read_text("utf-8")):
            for policy in case["policies"]:
                found[json.dumps(policy["document"])] = (policy["kind"], policy["document"])
    return list(found.values())


def changed_bytes(dice: random.Random, text: bytes) -> bytes:
    """The text with one to four cuts, insertions, doublings or turned bits."""
    found = bytearray(text)
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(found) + 1)
        until = min(len(found), at + dice.choice((1, 1, 2, 8, 40)))
        way = dice.randrange(5)
        if way == 0:
            del found[at:until]
        elif way == 1:
            found[at:at] = dice.choice(TOKENS)
        elif way == 2:
            found[at:until] = dice.choice(TOKENS)
        elif way == 3:
            found[at:at] = found[at:until]
        elif at < len(found):
            found[at] ^= 1 << dice.randrange(8)
    return bytes(found)


def changed_nodes(dice: random.Random, document: dict[str, Any]) -> dict[str, Any]:
    """The document with one to three nodes replaced, taken away, moved or renamed."""
    found = deepcopy(document)
    for _ in range(dice.randint(1, 3)):
        places = list(_places(found))
        if not places:
            break
        parent, key = dice.choice(places)
        way = dice.randrange(4)
        if way == 0:
            parent[key] = deepcopy(dice.choice(VALUES))
        elif way == 1:
            del parent[key]
        elif way == 2:
            other, there = dice.choice(places)
            parent[key] = deepcopy(other[there]) if there in other or isinstance(other, list) else None
        elif isinstance(parent, dict):
            parent[dice.choice(("Action", "NotAction", "Resource", "Condition", str(key) + "x", ""))] = (
                parent.pop(key)
            )
    return found


def changed_letters(dice: random.Random, document: dict[str, Any]) -> dict[str, Any]:
    """The document with a stretch of one to three texts replaced."""
    found = deepcopy(document)
    texts = [(parent, key) for parent, key in _places(found) if isinstance(parent[key], str)]
    for parent, key in dice.choices(texts, k=dice.randint(1, 3)) if texts else ():
        at = dice.randrange(len(parent[key]) + 1)
        until = at + dice.choice((0, 0, 1, 3, 100))
        parent[key] = parent[key][:at] + dice.choice(LETTERS) + parent[key][until:]
    return found


def _places(node: Any) -> list[tuple[Any, Any]]:
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    found = []
    for key, child in list(children):
        found.append((node, key))
        found.extend(_places(child))
    return found


def _changed(
    dice: random.Random, number: int, text: bytes, document: dict[str, Any]
) -> bytes | dict[str, Any]:
    """The next input: the three ways in turn, the second and third also as text."""
    if number % 3 == 0:
        return changed_bytes(dice, text)
    found = (changed_nodes if number % 3 == 1 else changed_letters)(dice, document)
    return found if number % 2 else json.dumps(found).encode()


def check(document: bytes | dict[str, Any], kind: str, deep: bool) -> str:
    """Parse one input and, where it is a policy, use it; what came out. Raises whatever should not have been raised."""
    try:
        policy = parse_policy(document, kind)
    except PolicyError as error:
        return "refused" if error.message and str(error) else "refused without a word"
    sources = (Source(kind, policy),)
    for request in REQUESTS:
        decide(request, sources)
    if deep:
        compare(policy, policy)
        lint(document, kind)
    return "policy"


def check_line(document: dict[str, Any], kind: str) -> str:
    """One line of `rolemend simulate` around the document."""
    line = {
        "id": 1,
        "policies": [{"kind": kind, "document": document}],
        "request": {"action": "a:b", "resource": "*"},
    }
    answer = simulate_line(json.dumps(line).encode(), 1)
    msgspec.json.encode(answer)
    return "decision" if "decision" in answer else "bad line"


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.fuzz_policy", description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    dice = random.Random(options.seed)
    documents = corpus()
    texts = [json.dumps(document).encode() for _, document in documents]
    outcomes: Counter[str] = Counter()
    began = time.perf_counter()
    for number in range(options.count):
        place = dice.randrange(len(documents))
        kind, document = documents[place]
        if dice.random() < 0.1:
            kind = dice.choice(KINDS)
        given = _changed(dice, number, texts[place], document)
        try:
            outcomes[check(given, kind, number % 50 == 0)] += 1
            if isinstance(given, dict) and number % 31 == 0:
                outcomes[check_line(given, kind)] += 1
        except Exception as error:
            print(f"input {number} of seed {options.seed} ({kind}): {error!r}\n{given!r}", file=sys.stderr)
            raise
    taken = time.perf_counter() - began
    told = ", ".join(f"{count} {name}" for name, count in outcomes.most_common())
    assert not outcomes["refused without a word"]
    print(f"{options.count} inputs in {taken:.0f} s: {told}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
