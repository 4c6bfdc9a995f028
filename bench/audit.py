"""The audit of a large account: its time against what calls and rate allow, calls against the fewest, memory, judging.

The sweep runs in a process of its own (`python -m bench.audit`), against a local cloud in another. Each call waits for
the latency before it is made, so that the local cloud's own time comes on top.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bench.figure import Figure
from bench.local_cloud import _COMMAND, _served

ACCOUNT, REGION = "1000000000000001", "cn-hangzhou"
ROLES, POLICIES, BUCKETS, CLUSTERS, WORKSPACES = 10_000, 3_000, 2_000, 500, 200
LATENCY, RATE = 0.05, 50
RATIO_BAR, CPU_BAR, MEMORY_BAR = 1.1, 0.9, 256
_PAGE = 100
_USED = CLUSTERS + WORKSPACES


def sweeping() -> Iterable[Figure]:
    """The figures of one audit."""
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state.json"
        key = _write_state(state)
        with _served([*_COMMAND, "local", "up", "--state", str(state), "--account", ACCOUNT]) as told:
            environment = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
            environment |= {"http_proxy": told["http_proxy"], "BENCH_KEY": key}
            done = subprocess.run(
                [sys.executable, "-m", "bench.audit"],
                env=environment,
                capture_output=True,
                text=True,
                check=True,
            )
    found = json.loads(done.stdout)
    bound = found["ram"] / RATE
    name = f"audit of {ROLES:,} roles, {POLICIES:,} policies, {BUCKETS:,} buckets, {CLUSTERS} clusters"
    yield Figure(f"{name}: bound by {found['ram']:,} calls to RAM at {RATE}/s", bound, "s")
    yield Figure(f"{name}: all of it", found["wall"], "s", found["wall"] / bound, RATIO_BAR, relative=True)
    yield Figure(
        "calls, beside the fewest there can be",
        found["calls"],
        "calls",
        found["calls"] / _fewest(),
        1.0,
        relative=True,
    )
    yield Figure("memory of the audit", found["memory"], "MB", bar=MEMORY_BAR)
    yield Figure(f"judging it ({found['findings']:,} findings), CPU", found["cpu"], "s", bar=CPU_BAR)


def _fewest() -> int:
    """Counted from what the account holds, not from what was asked.

    Of clusters and workspaces only the single call tells the role; of a policy only GetPolicy tells the document; of a
    bucket GetBucketInfo tells region, ACL and encryption at once, and its policy is a call of its own.
    """
    roles = _USED + 1  # and EMR's service role
    lists = CLUSTERS // _PAGE + WORKSPACES // _PAGE + BUCKETS // 1000
    policies = POLICIES + 2  # EMR's service role's, and the default policy of Serverless Spark
    people, log = 3, 1
    return lists + CLUSTERS + WORKSPACES + 2 * roles + policies + people + 2 * BUCKETS + log


def _write_state(path: Path) -> str:
    """The state file of the account; the id and secret of the key of its root user."""
    from localcloud.accounts import open_account
    from localcloud.oss.state import Bucket
    from localcloud.ram.default_roles import grant_default_roles
    from localcloud.ram.state import Attachment, ManagedPolicy, PolicyVersion, Role
    from localcloud.state import State
    from localcloud.statefile import save_state

    state = State()
    key = open_account(state, ACCOUNT)
    grant_default_roles(state, ACCOUNT)
    ram = state.accounts[ACCOUNT].ram
    for number in range(POLICIES):
        version = PolicyVersion(id="v1", document=_document(number), created=1.0)
        ram.policies[f"policy-{number}"] = ManagedPolicy(
            name=f"policy-{number}",
            type="Custom",
            versions=[version],
            default_version="v1",
            created=1.0,
            updated=1.0,
        )
    for number in range(ROLES):
        service = "ecs.aliyuncs.com" if number < CLUSTERS else "spark.emr-serverless.aliyuncs.com"
        mine = range(number, POLICIES, _USED) if number < _USED else ()
        ram.roles[f"role-{number}"] = Role(
            name=f"role-{number}",
            id=f"3{number:017}",
            trust_policy=_trust(service),
            attachments=[Attachment(type="Custom", name=f"policy-{each}") for each in mine],
        )
    for number in range(BUCKETS):
        name = f"bucket-{number}"
        deny = {
            "Effect": "Deny",
            "Action": ["oss:DeleteBucket"],
            "Principal": ["*"],
            "Resource": [f"acs:oss:*:{ACCOUNT}:{name}"],
        }
        policy = json.dumps({"Version": "1", "Statement": [deny]}) if number % 4 == 0 else ""
        state.oss.buckets[name] = Bucket(
            name=name, owner=ACCOUNT, region=REGION, created=1.0, acl="private", policy=policy
        )
    _put_users(state)
    save_state(state, path)
    return f"{key.id} {key.secret}"


def _put_users(state: Any) -> None:
    """Clusters and workspaces, each with a role of its own."""
    from localcloud.emr.state import Cluster
    from localcloud.spark.state import Workspace

    for number in range(CLUSTERS):
        name = f"c-{number:016x}"
        role = f"role-{number}"
        state.emr.clusters[name] = Cluster(
            id=name, account=ACCOUNT, region=REGION, name=name, type="DATALAKE", release="EMR-5.16.0", role=role,
            created=1.0, bootstrapping=1.0, running=1.0, node_attributes={"RamRole": role},
        )  # fmt: skip
    for number in range(WORKSPACES):
        name = f"w-{number:016x}"
        state.spark.workspaces[name] = Workspace(
            id=name, account=ACCOUNT, region=REGION, name=name, storage=f"oss://bucket-{CLUSTERS + number}/jobs",
            role=f"role-{CLUSTERS + number}", owner=ACCOUNT, created=1.0,
        )  # fmt: skip


def _document(number: int) -> str:
    """A policy as data teams have them: some buckets to be written, one to be read, and what a job needs beside."""
    from rolemend.policy.actions import READ, WRITE

    first, second = f"bucket-{number % BUCKETS}", f"bucket-{(number * 7 + 3) % BUCKETS}"
    statements = [
        {
            "Effect": "Allow",
            "Action": list(WRITE),
            "Resource": [f"acs:oss:*:*:{first}", f"acs:oss:*:*:{first}/*"],
        },
        {
            "Effect": "Allow",
            "Action": list(READ),
            "Resource": [f"acs:oss:*:*:{second}", f"acs:oss:*:*:{second}/*"],
        },
        {"Effect": "Allow", "Action": ["dlf:Get*", "dlf:List*", "kms:Decrypt"], "Resource": ["*"]},
    ]
    return json.dumps({"Version": "1", "Statement": statements})


def _trust(service: str) -> str:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": [service]}}
    return json.dumps({"Version": "1", "Statement": [statement]})


def main() -> None:
    """Audit the account, and print what that took."""
    from rolemend.account.access import Access, Credentials
    from rolemend.account.pace import Count
    from rolemend.account.survey import LiveSurvey
    from rolemend.audit.judge import report
    from rolemend.audit.reads import Reads
    from rolemend.audit.scope import Scope
    from rolemend.audit.sweep import sweep

    class Far(Count):
        """A network between."""

        def before(self, operation: str) -> None:
            super().before(operation)
            time.sleep(LATENCY)

    key_id, secret = os.environ["BENCH_KEY"].split()
    access = Access(account=ACCOUNT, region=REGION, credentials=Credentials(key_id, secret), scheme="http")
    survey = LiveSurvey(access, RATE, count=Far())
    scope, reads = Scope(account=ACCOUNT, regions=(REGION,), home=REGION), Reads()
    began = time.perf_counter()
    sweep(survey, scope, reads)
    cpu = time.process_time()
    judged = report(reads, scope, started=0.0, ended=0.0, calls=survey.count.calls)
    cpu = time.process_time() - cpu
    calls = survey.count.calls
    json.dump(
        {
            "wall": time.perf_counter() - began,
            "cpu": cpu,
            "calls": sum(calls.values()),
            "ram": sum(calls[each] for each in _RAM),
            "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "findings": len(judged.findings),
            "by_operation": calls,
            "failed": sorted({each.check for each in judged.failed()}),
            "incomplete": [each.render() for each in judged.incomplete],
        },
        sys.stdout,
    )
    if dump := os.environ.get("BENCH_DUMP"):
        Path(dump).write_bytes(reads.encode())


_RAM = ("GetRole", "ListRoles", "ListPoliciesForRole", "GetPolicy", "ListEntitiesForPolicy")

if __name__ == "__main__":
    main()
