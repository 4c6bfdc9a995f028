"""What brings other services' logs: the collection of OSS access logs, and CloudMonitor's rule for failed jobs."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

import msgspec

from rolemend.account.interface import Absent, Known, Reading
from rolemend.errors import NotThere
from rolemend.setup.model import Right
from rolemend.setup.parts import MARK, Parts, State
from rolemend.setup.record import find_record, read_record, record_rights, write_record
from rolemend.text import Text, text

FAILED_JOB = "EMRSpark:JobRun:FAILED"


class AccessLogs(msgspec.Struct, frozen=True, kw_only=True):
    """The collection policy that switches on the real-time access log of every bucket of some regions.

    `ledger` is the bucket that notes which projects it brought.
    https://help.aliyun.com/zh/sls/developer-reference/api-sls-2020-12-30-upsertcollectionpolicy
    """

    account: str
    regions: tuple[str, ...]
    ledger: str
    name: str = "rolemend-oss-access-log"
    kind: str = "collection policy"
    part: bool = False

    def read(self, parts: Parts) -> Reading[State]:
        """Without the policy, what it left behind: the projects that it brought, while the ledger notes any."""
        found = parts.logs.collection_policy(self.name)
        if isinstance(found, Known):
            return Known({**found.value, "policyConfig": _narrowed(found.value["policyConfig"])})
        if not isinstance(found, Absent):
            return found
        record = find_record(parts)
        if isinstance(record, Known):
            projects = record.value.log_projects
            return Known({"projects": projects}) if projects else found
        return record

    def wanted(self, now: State | None) -> State:
        """The order of regions means nothing, so the one that is there stays."""
        regions = now["policyConfig"]["regions"] if now and "policyConfig" in now else []
        if set(regions) != set(self.regions):
            regions = list(self.regions)
        return {
            "policyName": self.name,
            "productCode": "oss",
            "dataCode": "access_log",
            "enabled": True,
            "policyConfig": {"resourceMode": "attributeMode", "regions": regions},
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
            write_record(parts, msgspec.structs.replace(record, log_projects=known))

    def remove(self, parts: Parts) -> None:
        """The policy, and the projects that it brought. Those that were there before stay.

        Each project is struck from the record when it is gone: after a stop the rest is still known, and a project of
        that name that somebody makes later is theirs.
        """
        record = read_record(parts)
        with suppress(NotThere):
            parts.logs.remove_collection_policy(self.name)
        left = dict(record.log_projects)
        for name, region in record.log_projects.items():
            with suppress(NotThere):
                parts.logs.remove_project(name, region)
            del left[name]
            write_record(parts, msgspec.structs.replace(record, log_projects=dict(left)))

    def rights(self, verb: str) -> list[Right]:
        policy = f"acs:log:*:{self.account}:collectionpolicy/*"
        name = f"{self.account}:project/oss-log-{self.account}"
        projects = [f"acs:log:{region}:{name}-{region}" for region in self.regions]
        read = [("log:GetCollectionPolicy", policy), *record_rights(self.account, self.ledger, verb)]
        if verb == "apply":
            return [*read, ("log:UpsertCollectionPolicy", policy), *_each("log:GetProject", projects)]
        if verb == "destroy":
            return [*read, ("log:DeleteCollectionPolicy", policy), *_each("log:DeleteProject", projects)]
        return read


_NARROWING = ("instanceIds", "resourceTags")


def _narrowed(config: State) -> State:
    """Mode and regions, and what else narrows the policy; the API answers these members where they are empty too.

    https://help.aliyun.com/zh/sls/developer-reference/api-sls-2020-12-30-getcollectionpolicy
    """
    narrowing = {name: config[name] for name in _NARROWING if config.get(name)}
    return {"resourceMode": config.get("resourceMode"), "regions": config.get("regions") or [], **narrowing}


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
