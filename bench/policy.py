"""How fast the policy engine decides and compares, against reading the same document as plain JSON.

Every request of a run is different from every other, so that nothing remembered between calls could help.
"""

from __future__ import annotations

import compileall
import itertools
import json
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from bench.bursts import medians
from bench.figure import Figure
from rolemend.policy import Policy, Request, Source, compare, decide, parse_policy

DATA = Path(__file__).with_name("data")
WARM_BAR = 0.7
COLD_BAR = 7.0
GROWTH_BAR = 2.0
APPENDED_BAR = 5.0
"""Milliseconds to compare a policy with the same after a bucket was appended."""
ANY_PAIR_BAR = 100.0
"""Milliseconds to compare any two policies within the size limit."""
IMPORT_BAR = 1.4
SIZE = 6144
ACCOUNT = "123456789012"
STATEMENTS = 500
RANDOM_PAIRS = 150


def bench_policies() -> tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]:
    """The documents and their requests; `M with conditions` is M with an address and a pattern to meet."""
    data = json.loads((DATA / "policies.json").read_text("utf-8"))
    documents, requests = dict(data["ram"]), dict(data["requests"])
    conditional = deepcopy(documents["M"])
    conditional["Statement"][2]["Condition"] = {
        "IpAddress": {"acs:SourceIp": ["10.0.0.0/8", "192.168.0.0/16"]}
    }
    conditional["Statement"][3]["Condition"] = {"StringLike": {"acs:SourceVpc": "vpc-*"}}
    documents["M with conditions"], requests["M with conditions"] = conditional, requests["M"]
    return documents, requests


def different_requests(samples: list[dict[str, Any]]) -> Iterator[Request]:
    """Requests like the samples without end, no two of them equal."""
    for number, sample in zip(itertools.count(), itertools.cycle(samples), strict=False):
        resource = sample["ram"]["resource"]
        tail = f"-{number}" if "/" in resource else ""
        address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        conditions = {"acs:SourceIp": (address,), "acs:SourceVpc": (f"vpc-{number}",)}
        yield Request(sample["ram"]["action"], resource + tail, None, conditions)


def deciding(document: bytes, samples: list[dict[str, Any]], *, parse: bool) -> Callable[[], object]:
    """A call that decides the next request, of a policy that is parsed for it or was long before."""
    requests = different_requests(samples)
    asked = iter([next(requests) for _ in range(100_000)])
    if parse:
        return lambda: decide(next(asked), (Source("identity", parse_policy(document)),))
    sources = (Source("identity", parse_policy(document)),)
    for _ in range(64):
        decide(next(asked), sources)
    return lambda: decide(next(asked), sources)


def decisions() -> Iterator[Figure]:
    """A warm decision, and one from the text on, for each policy."""
    import orjson

    documents, requests = bench_policies()
    for name, document in documents.items():
        content = json.dumps(document).encode()
        found = medians(
            {
                "plain": lambda content=content: orjson.loads(content),  # type: ignore[misc]
                "warm": deciding(content, requests[name], parse=False),
                "cold": deciding(content, requests[name], parse=True),
            }
        )
        warm, cold = found["warm"] / found["plain"], found["cold"] / found["plain"]
        bar = WARM_BAR if name.startswith("M") else None
        yield Figure(f"one decision, policy {name}, to orjson.loads", found["warm"], "us", warm, bar, True)
        yield Figure(f"parse, compile and decide, policy {name}", found["cold"], "us", cold, COLD_BAR, True)


SHAPES: dict[str, Callable[[int], tuple[list[str], list[str], str, str]]] = {
    "a bucket each": lambda n: (
        ["oss:GetObject", "oss:PutObject"],
        [f"acs:oss:*:*:bucket-{n:03}", f"acs:oss:*:*:bucket-{n:03}/*"],
        "oss:GetObject",
        f"bucket-{n:03}/x",
    ),
    "a service each": lambda n: ([f"svc{n:03}:Get*"], ["*"], f"svc{n:03}:GetThing", f"thing-{n:03}/x"),
    "a prefix each": lambda n: (
        [f"svc{n:03}:*", "oss:Get*"],
        [f"acs:oss:*:*:bucket-{n:03}-*"],
        f"svc{n:03}:GetThing",
        f"bucket-{n:03}-a/x",
    ),
}
"""The Action and Resource of statement n of a long policy, and an action and a resource that it allows."""


def growth() -> Iterator[Figure]:
    """How much more a decision costs under 500 statements than under one."""
    calls: dict[str, Callable[[], object]] = {}
    for shape, count in itertools.product(SHAPES, (1, STATEMENTS)):
        calls[f"{shape} {count}"] = _asking(shape, count)
    found = medians(calls)
    for shape in SHAPES:
        one, many = found[f"{shape} 1"], found[f"{shape} {STATEMENTS}"]
        yield Figure(
            f"one decision, {STATEMENTS} statements to 1, {shape}", many, "us", many / one, GROWTH_BAR, True
        )


def _asking(shape: str, count: int) -> Callable[[], object]:
    made = [SHAPES[shape](number) for number in range(count)]
    statements = [{"Effect": "Allow", "Action": each[0], "Resource": each[1]} for each in made]
    sources = (Source("identity", parse_policy({"Version": "1", "Statement": statements})),)
    asked = [
        Request(action, f"acs:oss:*:{ACCOUNT}:{tail}{number}")
        for number, (*_, action, tail) in zip(range(100_000), itertools.cycle(made), strict=False)
    ]
    for request in asked[: count * 2]:
        decide(request, sources)
    rest = iter(asked[count * 2 :])
    return lambda: decide(next(rest), sources)


def comparisons() -> Iterator[Figure]:
    """An appended bucket, any pair, and whether the policies that are really there can be told apart."""
    documents, _ = bench_policies()
    emr = json.loads((DATA / "emr_policies.json").read_text("utf-8"))["policies"]
    documents |= {policy["name"]: policy["document"] for policy in emr}
    known = {name: parse_policy(document) for name, document in documents.items()}
    slowest = max(_pair_time(known[name], _appended(document)) for name, document in documents.items())
    yield Figure("compare after an appended bucket, slowest policy", slowest, "ms", None, APPENDED_BAR)
    pairs = list(itertools.product(known.values(), repeat=2))
    unknown = sum(
        bool(found.gained.unknown or found.lost.unknown) for found in itertools.starmap(compare, pairs)
    )
    yield Figure(f"unknown among {len(pairs)} pairs of bench and EMR policies", unknown, "pairs", None, 0.0)
    yield Figure(
        "compare any of these pairs, slowest",
        max(itertools.starmap(_pair_time, pairs)),
        "ms",
        None,
        ANY_PAIR_BAR,
    )
    hostile = [*_intricate_pairs(), *_random_pairs()]
    slowest = max(_pair_time(before, after) for before, after in hostile)
    yield Figure(f"compare {len(hostile)} intricate pairs, slowest", slowest, "ms", None, ANY_PAIR_BAR)


def _pair_time(before: Policy, after: Policy) -> float:
    """The median of three, in milliseconds."""
    times = []
    for _ in range(3):
        began = time.perf_counter()
        compare(before, after)
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1e3


def _appended(document: dict[str, Any]) -> Policy:
    """The policy with a bucket more in the first statement that speaks of OSS, else in its first one."""
    edited = deepcopy(document)
    statements = edited["Statement"] if isinstance(edited["Statement"], list) else [edited["Statement"]]
    chosen = next((each for each in statements if "oss:" in json.dumps(each)), statements[0])
    present = chosen["Resource"] if isinstance(chosen["Resource"], list) else [chosen["Resource"]]
    chosen["Resource"] = [*present, "acs:oss:*:*:appended-bucket", "acs:oss:*:*:appended-bucket/*"]
    return parse_policy(edited)


Shaped = tuple[str, list[str], list[str], dict[str, Any]]
"""Effect, Action, Resource and Condition of a statement."""


def _policy(*statements: Shaped) -> Policy:
    names = ("Effect", "Action", "Resource", "Condition")
    return parse_policy(
        {"Version": "1", "Statement": [dict(zip(names, each, strict=True)) for each in statements]}
    )


def _intricate_pairs() -> Iterator[tuple[Policy, Policy]]:
    """Documents that fill the size limit with what is hard to compare."""
    dice = random.Random(3)

    def words(count: int, length: int, start: str = "") -> list[str]:
        return [start + "".join(dice.choices("abcdefgh*", k=length)) for _ in range(count)]

    everything: Shaped = ("Allow", ["*"], ["*"], {})
    grids = [_policy(("Allow", words(120, 8, "s:"), words(120, 12, "acs:oss:*:*:"), {})) for _ in range(2)]
    yield grids[0], grids[1]
    stars = (["*a*b*c" * 20], ["*c*b*a" * 20])
    yield _policy(everything, ("Deny", ["*"], stars[0], {})), _policy(("Allow", ["*"], stars[1], {}))
    ends = [f"*{n}*a" for n in range(300)], [f"a*{n}*" for n in range(300)]
    yield _policy(everything, ("Deny", ["*"], ends[0], {})), _policy(("Allow", ["*"], ends[1], {}))
    yield _policy(("Allow", ["*"], ["a?*" * 10], {})), _policy(("Allow", ["*"], ["*?b*" * 8], {}))
    names = [[f"s:a{n}", f"r{n}*"] for n in range(90)]
    yield tuple(  # type: ignore[misc]
        _policy(*(("Allow", [action + end], [name], {}) for action, name in names)) for end in ("", "*")
    )
    like = [("Allow", ["*"], ["*"], {"StringNotLike": {"z": f"*{n}*", "y": f"{n}*"}}) for n in range(40)]
    yield _policy(*like), _policy(everything)
    denials: list[Shaped] = [("Deny", [f"s:a{n}*"], [f"*r{n}*"], {}) for n in range(45)]
    grants: list[Shaped] = [("Allow", [f"s:*{n}"], [f"*r{n}*"], {}) for n in range(80)]
    yield _policy(*denials, *grants[:45]), _policy(*grants)


def _random_pairs() -> Iterator[tuple[Policy, Policy]]:
    dice = random.Random(7)
    for _ in range(RANDOM_PAIRS):
        before, after = _random_statements(dice), _random_statements(dice)
        if dice.random() < 0.3:
            after = [*before[:-1], *after[:2]]
        yield tuple(parse_policy({"Version": "1", "Statement": each}) for each in (before, after))  # type: ignore[misc]


def _random_statements(dice: random.Random) -> list[dict[str, Any]]:
    alphabet = dice.choice(["ab*", "ab*?", "abcdefgh*", "abcdefghijklmnop*", "a*", "a?*", "abc?"])
    lengths, most = dice.choices((2, 4, 8, 16, 40), k=2), dice.choice((2, 12, 60))

    def words(start: str, length: int) -> list[str]:
        count = dice.randint(1, max(1, SIZE // most // (length + 6) // 2))
        return [start + "".join(dice.choices(alphabet, k=length)) for _ in range(count)]

    found: list[dict[str, Any]] = []
    while len(found) < most:
        statement: dict[str, Any] = {
            "Effect": dice.choice(("Allow", "Allow", "Deny")),
            dice.choice(("Action", "Action", "Action", "NotAction")): words("s:", lengths[0]),
            "Resource": words("", lengths[1]),
        }
        if dice.random() < 0.3:
            operator = dice.choice(("StringLike", "StringNotLike", "StringEquals", "StringNotEquals"))
            statement["Condition"] = {operator: {dice.choice("kz"): words("", dice.choice((2, 5, 12)))[:4]}}
        if found and len(json.dumps([*found, statement], separators=(",", ":"))) > SIZE - 30:
            break
        found.append(statement)
    return found


def imports() -> Iterator[Figure]:
    """The time to import the engine, to that of importing what it rests on; both from compiled files."""
    modules = {"own": "rolemend.policy", "plain": "msgspec"}
    for module in modules.values():
        found = find_spec(module)
        assert found is not None
        assert found.submodule_search_locations is not None
        compileall.compile_dir(found.submodule_search_locations[0], quiet=2)
    for module in ("rolemend", "rolemend.errors"):
        compileall.compile_file(str(find_spec(module).origin), quiet=2)  # type: ignore[union-attr]
    taken: dict[str, list[float]] = {name: [] for name in modules}
    for _ in range(25):
        for name, module in modules.items():
            taken[name].append(_import_time(module))
    own, plain = (statistics.median(taken[name]) for name in modules)
    yield Figure("import rolemend.policy, to import msgspec", own * 1e3, "ms", own / plain, IMPORT_BAR, True)


def _import_time(module: str) -> float:
    code = f"import time; began = time.perf_counter(); import {module}; print(time.perf_counter() - began)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout)


def others() -> Iterator[Figure]:
    """Other evaluators, on policy M and its requests in the notation of AWS."""
    import orjson

    from bench.other_engines import ENGINES

    data = json.loads((DATA / "policies.json").read_text("utf-8"))
    document, samples = data["aws"]["M"], data["requests"]["M"]
    content = json.dumps(document).encode()
    for name, prepare in ENGINES.items():
        try:
            ask = prepare(document)
        except ImportError:
            yield Figure(f"{name}: not installed", 0.0, "us")
            continue
        wrong = sum(
            ask(each["aws"]["action"], each["aws"]["resource"]) is not each["allowed"] for each in samples
        )
        asked = _aws_requests(samples)
        found = medians(
            {"plain": lambda: orjson.loads(content), name: lambda ask=ask, asked=asked: ask(*next(asked))}  # type: ignore[misc]
        )
        note = f" ({wrong} of {len(samples)} decided otherwise)" if wrong else ""
        yield Figure(f"one decision, policy M, {name}{note}", found[name], "us", found[name] / found["plain"])


def _aws_requests(samples: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for number, sample in zip(itertools.count(), itertools.cycle(samples), strict=False):
        resource = sample["aws"]["resource"]
        yield sample["aws"]["action"], resource + (f"-{number}" if "/" in resource else "")
