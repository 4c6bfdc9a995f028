"""The scenarios: each prepares the account, makes a call that is denied, and says what Rolemend must make of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from demo import clients
from demo.clients import Keys
from demo.node import cluster_request, node_keys, start_cluster
from demo.stage import HOME, Stage, make_role, make_user

Call = Callable[[], Any]

GUARDRAILS = """\
# The demo's own guardrails: its roles and buckets may be mended without asking.
default = "propose"
trust_policy = "add"

[[rule]]
name = "demo"
mode = "auto"
roles = ["emr-demo-*", "spark-demo-*"]
buckets = ["demo-data-*", "spark-demo-*"]
actions = ["read", "write", "trust"]
"""


@dataclass(frozen=True)
class Scenario:
    """`prepare` answers the call that will be denied; `cause`, `action` and `verified` are what must come out."""

    name: str
    story: str
    denied_call: str
    prepare: Callable[[Stage], Call]
    cause: str | None
    action: str
    verified: bool | None
    """What the incident is about, where one call leaves traces in several logs."""


def trust(*services: str) -> dict[str, Any]:
    return {
        "Version": "1",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": list(services)}}
        ],
    }


def reading(*buckets: str) -> dict[str, Any]:
    """The documentation's example of a policy for an ECS application role."""
    resources = [f"acs:oss:*:*:{name}{end}" for name in buckets for end in ("", "/*")]
    return {
        "Version": "1",
        "Statement": [
            {"Action": ["oss:GetObject", "oss:ListObjects"], "Resource": resources, "Effect": "Allow"}
        ],
    }


def run_cluster(keys: Keys, role: str, release: str) -> Call:
    return lambda: clients.emr(keys).run_cluster(cluster_request(role, HOME, release))


def list_bucket(keys: Keys, bucket: str, region: str = HOME) -> Call:
    return lambda: clients.bucket(keys, bucket, region).list_objects()


def trust_policy(stage: Stage) -> Call:
    make_role(stage, "emr-demo-trust", trust("ecs.aliyuncs.com"), {"emr-demo-trust": reading("demo-data-a")})
    return run_cluster(make_user(stage, "tess", "AliyunEMRFullAccess"), "emr-demo-trust", "EMR-3.30.0")


def resource_list(stage: Stage) -> Call:
    for name in ("demo-data-orders", "demo-data-clicks"):
        clients.bucket(stage.root, name).create_bucket("private")
    make_role(
        stage, "emr-demo-reader", trust("ecs.aliyuncs.com"), {"emr-demo-reader": reading("demo-data-orders")}
    )
    node = start_cluster(stage, "emr-demo-reader", HOME)
    return list_bucket(node_keys(stage, node), "demo-data-clicks")


def creator_policy(stage: Stage) -> Call:
    from alibabacloud_emr20210320 import models

    make_role(
        stage, "emr-demo-creator", trust("ecs.aliyuncs.com"), {"emr-demo-creator": reading("demo-data-a")}
    )
    emr = clients.emr(make_user(stage, "devin", "AliyunEMRDevelopAccess"))
    request = models.CreateClusterRequest(
        region_id=HOME,
        cluster_name="demo-creator",
        cluster_type="DATALAKE",
        release_version="EMR-5.16.0",
        node_attributes=models.NodeAttributes(ram_role="emr-demo-creator"),
    )
    return lambda: emr.create_cluster(request)


def role_name(stage: Stage) -> Call:
    make_role(
        stage,
        "emr-demo-application",
        trust("ecs.aliyuncs.com"),
        {"emr-demo-application": reading("demo-data-a")},
    )
    return run_cluster(make_user(stage, "rosa", "AliyunEMRFullAccess"), "emr-demo-aplication", "EMR-5.16.0")


def other_region(stage: Stage) -> Call:
    clients.bucket(stage.root, "demo-data-far").create_bucket("private")
    make_role(stage, "emr-demo-far", trust("ecs.aliyuncs.com"), {"emr-demo-far": reading("demo-data-far")})
    node = start_cluster(stage, "emr-demo-far", "cn-shanghai")
    return list_bucket(node_keys(stage, node), "demo-data-far", "cn-shanghai")


def bucket_policy(stage: Stage) -> Call:
    bucket = clients.bucket(stage.root, "demo-data-guarded")
    bucket.create_bucket("private")
    make_role(
        stage, "emr-demo-denied", trust("ecs.aliyuncs.com"), {"emr-demo-denied": reading("demo-data-guarded")}
    )
    statement = {
        "Effect": "Deny",
        "Action": ["oss:ListObjects", "oss:GetObject"],
        "Principal": [f"arn:sts::{stage.account}:assumed-role/emr-demo-denied/*"],
        "Resource": [
            f"acs:oss:*:{stage.account}:demo-data-guarded",
            f"acs:oss:*:{stage.account}:demo-data-guarded/*",
        ],
    }
    bucket.put_bucket_policy(json.dumps({"Version": "1", "Statement": [statement]}))
    return list_bucket(node_keys(stage, start_cluster(stage, "emr-demo-denied", HOME)), "demo-data-guarded")


def not_ours(stage: Stage) -> Call:
    clients.bucket(stage.root, "demo-data-signed").create_bucket("private")
    keys = make_user(stage, "nora", "AliyunOSSFullAccess")
    return list_bucket(Keys(keys.id, "not-the-secret"), "demo-data-signed")


def spark_oss(stage: Stage) -> Call:
    return spark_jobs().oss(stage, "spark-demo-oss")  # type: ignore[no-any-return]


def spark_dlf_identity(stage: Stage) -> Call:
    return spark_jobs().dlf_identity(stage, "spark-demo-dlf")  # type: ignore[no-any-return]


def spark_kms(stage: Stage) -> Call:
    return spark_jobs().kms(stage, "spark-demo-kms")  # type: ignore[no-any-return]


def spark_jobs() -> Any:
    from demo import spark_jobs  # it takes its policies from here

    return spark_jobs


SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        "trust-policy",
        "EMR-3.30.0 needs a role that EMR may assume, and this one trusts only ECS",
        "RunCluster EMR-3.30.0 with role emr-demo-trust",
        trust_policy,
        "role_not_trusted",
        "remediated",
        True,
    ),
    Scenario(
        "resource-list",
        "A node lists a bucket that its role's policy does not name",
        "ListObjects oss://demo-data-clicks/ on a node with role emr-demo-reader",
        resource_list,
        "permission_missing",
        "remediated",
        True,
    ),
    Scenario(
        "creator-policy",
        "AliyunEMRDevelopAccess does not allow CreateCluster",
        "CreateCluster EMR-5.16.0 by RAM user devin",
        creator_policy,
        "permission_missing",
        "alerted",
        None,
    ),
    Scenario(
        "role-name",
        "The role's name is misspelt",
        "RunCluster EMR-5.16.0 with role emr-demo-aplication",
        role_name,
        "role_not_found",
        "alerted",
        None,
    ),
    Scenario(
        "other-region",
        "The bucket is in another region than the cluster",
        "ListObjects oss://demo-data-far/ (cn-hangzhou) on a node in cn-shanghai",
        other_region,
        "wrong_endpoint",
        "alerted",
        None,
    ),
    Scenario(
        "bucket-policy",
        "The role may, but a Deny in the bucket policy forbids it",
        "ListObjects oss://demo-data-guarded/ on a node with role emr-demo-denied",
        bucket_policy,
        "bucket_policy_deny",
        "alerted",
        None,
    ),
    Scenario(
        "spark-oss",
        "A Serverless Spark job reads a bucket that its workspace's role may not",
        "StartJobRun reading oss://spark-demo-oss-data/in/ with execution role spark-demo-oss",
        spark_oss,
        "permission_missing",
        "remediated",
        True,
    ),
    Scenario(
        "spark-dlf-identity",
        "DLF asks who submitted the job, so no policy of the role helps",
        "StartJobRun reading a DLF table by RAM user spark-demo-dlf-ana",
        spark_dlf_identity,
        "permission_missing",
        "alerted",
        None,
    ),
    Scenario(
        "spark-kms",
        "The role may read the bucket, but not use the key that encrypts it",
        "StartJobRun reading oss://spark-demo-kms-data/in/ with execution role spark-demo-kms",
        spark_kms,
        "kms_permission_missing",
        "alerted",
        None,
    ),
    Scenario(
        "not-ours",
        "A wrong AccessKey secret also answers 403, and is no permission problem",
        "ListObjects oss://demo-data-signed/ with a wrong secret",
        not_ours,
        None,
        "none",
        None,
    ),
)
