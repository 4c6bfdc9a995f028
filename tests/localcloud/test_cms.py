"""CloudMonitor's event rules, and collection policies and lifecycle rules, as their clients see them."""

from __future__ import annotations

from typing import Any

import oss2
import pytest

from localcloud.server import LocalCloud
from localcloud.spark import events
from localcloud.spark.state import JobRun
from tests import clients
from tests.clients import Keys

PATTERN = {"Product": "EMRSpark", "NameList": [events.FAILED], "LevelList": ["CRITICAL"]}


def cms(keys: Keys, action: str, region: str = "cn-hangzhou", **parameters: Any) -> dict[str, Any]:
    """One call, made the way the generated client makes it."""
    return clients.rpc(keys, f"metrics.{region}.aliyuncs.com", "2019-01-01", action, parameters)


def put_rule(keys: Keys, **pattern: Any) -> None:
    cms(keys, "PutEventRule", RuleName="jobs", EventType="SYSTEM", EventPattern=[PATTERN | pattern])
    target = {"Id": "1", "Region": "cn-hangzhou", "Project": "ops", "LogStore": "events"}
    cms(keys, "PutEventRuleTargets", RuleName="jobs", SlsParameters=[target])


def deliver(local: LocalCloud, account: str) -> int:
    """How many events a failed job puts into the logstore."""
    run = JobRun(
        id="jr-1",
        workspace="w-1",
        account=account,
        region="cn-hangzhou",
        name="job",
        creator="2001",
        submitted=0.0,
        state="Failed",
    )
    local.call(lambda cloud: events.deliver(cloud, run))
    logstore = local.cloud.state.sls.projects["ops"].logstores["events"]
    return sum(len(shard.groups) for shard in logstore.shards)


@pytest.fixture
def ops(root: Keys) -> Keys:
    log = clients.log(root)
    log.create_project("ops", "")
    log.create_logstore("ops", "events", 7, 1)
    return root


def test_a_rule_routes_a_failed_job_into_its_logstore(local: LocalCloud, ops: Keys, account: str) -> None:
    put_rule(ops)
    assert deliver(local, account) == 1


@pytest.mark.parametrize("pattern", [{"NameList": ["EMRSpark:JobRun:RUNNING"]}, {"Product": "ECS"}])
def test_a_rule_for_something_else_routes_nothing(
    local: LocalCloud, ops: Keys, account: str, pattern: dict[str, Any]
) -> None:
    put_rule(ops, **pattern)
    assert deliver(local, account) == 0


def test_a_rule_of_another_account_routes_nothing(local: LocalCloud, ops: Keys) -> None:
    put_rule(ops)
    assert deliver(local, "2000000000000002") == 0


def test_rules_are_the_accounts_whatever_region_is_asked(ops: Keys) -> None:
    put_rule(ops)
    (rule,) = cms(ops, "DescribeEventRuleList", region="cn-beijing")["EventRules"]["EventRule"]
    assert (rule["Name"], rule["State"]) == ("jobs", "ENABLED")
    assert rule["EventPattern"]["EventPattern"][0]["NameList"] == {"NameList": [events.FAILED]}
    (target,) = cms(ops, "DescribeEventRuleTargetList", RuleName="jobs")["SlsParameters"]["SlsParameter"]
    assert (target["Project"], target["LogStore"]) == ("ops", "events")


def test_a_deleted_rule_is_gone_with_its_targets(ops: Keys) -> None:
    put_rule(ops)
    cms(ops, "DeleteEventRules", RuleNames=["jobs"])
    assert cms(ops, "DescribeEventRuleList")["Total"] == 0
    with pytest.raises(Exception, match="not found"):
        cms(ops, "DescribeEventRuleTargetList", RuleName="jobs")


def test_lifecycle_rules_are_kept_and_answered(root: Keys) -> None:
    box = clients.bucket(root, "box")
    box.create_bucket()
    with pytest.raises(oss2.exceptions.NoSuchLifecycle):
        box.get_bucket_lifecycle()
    rule = oss2.models.LifecycleRule("old", "logs/", expiration=oss2.models.LifecycleExpiration(days=30))
    box.put_bucket_lifecycle(oss2.models.BucketLifecycle([rule]))
    (kept,) = box.get_bucket_lifecycle().rules
    assert (kept.id, kept.prefix, kept.status, kept.expiration.days) == ("old", "logs/", "Enabled", 30)
    box.delete_bucket_lifecycle()
    with pytest.raises(oss2.exceptions.NoSuchLifecycle):
        box.get_bucket_lifecycle()
