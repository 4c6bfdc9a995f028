"""What brings other services' logs: the collection of OSS access logs, and CloudMonitor's rule for failed jobs."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from rolemend.account.interface import Absent, Reading
from rolemend.errors import AccountError, NotThere
from rolemend.setup.model import Right
from rolemend.setup.parts import MARK, Parts, State
from rolemend.text import Text, text

RECORD_KEY = "config/setup.json"
"""Where the ledger keeps what cannot carry a mark: the log projects that OSS made because of us."""

FAILED_JOB = "EMRSpark:JobRun:FAILED"


class Record(msgspec.Struct):
    """`log_projects`: region by name of each project that was not there before."""

    log_projects: dict[str, str] = {}


def read_record(parts: Parts) -> Record:
    """What was noted; nothing if there is no record. Raises AccountError."""
    try:
        return msgspec.json.decode(parts.store.read(RECORD_KEY), type=Record)
    except NotThere:
        return Record()
    except msgspec.DecodeError as error:
        raise AccountError(
            "GetObject", "BadRecord", f"{RECORD_KEY} in the ledger cannot be read: {error}"
        ) from error


class AccessLogs(msgspec.Struct, frozen=True, kw_only=True):
    """The collection policy that switches on the real-time access log of every bucket of some regions.

    https://help.aliyun.com/zh/sls/developer-reference/api-sls-2020-12-30-upsertcollectionpolicy
    """

    account: str
    regions: tuple[str, ...]
    name: str = "rolemend-oss-access-log"
    kind: str = "collection policy"
    part: bool = False

    def read(self, parts: Parts) -> Reading[State]:
        return parts.logs.collection_policy(self.name)

    def wanted(self, now: State | None) -> State:
        return {
            "policyName": self.name,
            "productCode": "oss",
            "dataCode": "access_log",
            "enabled": True,
            "policyConfig": {"resourceMode": "attributeMode", "regions": list(self.regions)},
        }

    def foreign(self, now: State) -> Text | None:
        return None

    def make(self, parts: Parts) -> None:
        """Note first which projects will be new: a stop in between loses nothing."""
        self._note_projects(parts)
        parts.logs.put_collection_policy(self.wanted(None))

    def change(self, parts: Parts, now: State) -> None:
        self.make(parts)

    def _note_projects(self, parts: Parts) -> None:
        record = read_record(parts)
        known = dict(record.log_projects)
        for region in self.regions:
            name = f"oss-log-{self.account}-{region}"
            if isinstance(parts.logs.project(name, region), Absent):
                known[name] = region
        if known != record.log_projects:
            parts.store.put(RECORD_KEY, msgspec.json.encode(Record(log_projects=known)))

    def remove(self, parts: Parts) -> None:
        """The policy, and the projects that it brought. Those that were there before stay."""
        made = read_record(parts).log_projects
        parts.logs.remove_collection_policy(self.name)
        for name, region in made.items():
            try:
                parts.logs.remove_project(name, region)
            except NotThere:  # noqa: PERF203
                continue

    def rights(self, verb: str) -> list[Right]:
        policy = f"acs:log:*:{self.account}:collectionpolicy/*"
        name = f"{self.account}:project/oss-log-{self.account}"
        projects = [f"acs:log:{region}:{name}-{region}" for region in self.regions]
        read = [("log:GetCollectionPolicy", policy)]
        if verb == "apply":
            return [*read, ("log:UpsertCollectionPolicy", policy), *_each("log:GetProject", projects)]
        if verb == "destroy":
            return [*read, ("log:DeleteCollectionPolicy", policy), *_each("log:DeleteProject", projects)]
        return read


def _each(action: str, resources: Iterable[str]) -> list[Right]:
    return [(action, resource) for resource in resources]


class FailedJobs(msgspec.Struct, frozen=True, kw_only=True):
    """CloudMonitor's rule that puts the event of a failed Serverless Spark job into a logstore.

    https://www.alibabacloud.com/help/en/emr/emr-serverless-spark/user-guide/subscribe-to-system-event-notifications
    """

    region: str
    project: str
    logstore: str
    name: str = "rolemend-spark-jobs"
    kind: str = "event rule"
    part: bool = False

    def read(self, parts: Parts) -> Reading[State]:
        return parts.events.rule(self.name)

    def wanted(self, now: State | None) -> State:
        place = f"{self.region}/{self.project}/{self.logstore}"
        return {
            "description": f"{MARK}: failed jobs of EMR Serverless Spark",
            "state": "ENABLED",
            "product": "EMRSpark",
            "names": [FAILED_JOB],
            "targets": {**(now["targets"] if now else {}), "rolemend": place},
        }

    def foreign(self, now: State) -> Text | None:
        if now["description"].startswith(MARK):
            return None
        return text("It exists, and rolemend setup did not make it.")

    def make(self, parts: Parts) -> None:
        parts.events.put_rule(self.name, self.wanted(None))

    def change(self, parts: Parts, now: State) -> None:
        parts.events.put_rule(self.name, self.wanted(now))

    def remove(self, parts: Parts) -> None:
        parts.events.remove_rule(self.name)

    def rights(self, verb: str) -> list[Right]:
        named = {"apply": ["PutEventRule", "PutEventRuleTargets"], "destroy": ["DeleteEventRules"]}.get(
            verb, []
        )
        names = ("DescribeEventRuleList", "DescribeEventRuleTargetList", *named)
        return [(f"cms:{name}", "*") for name in names]
