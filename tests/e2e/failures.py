"""Failures of OSS access on a cluster, each provoked on the local cloud with the real SDKs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import oss2

from demo import clients
from demo.clients import Keys
from demo.node import node_keys, start_cluster
from demo.scenarios import reading, trust
from demo.stage import HOME, Stage, make_role, make_user
from localcloud.accounts import open_account
from localcloud.ram.default_roles import grant_default_roles
from localcloud.ram.state import ControlPolicy

Call = Callable[[], Any]
OTHER = "2000000000000002"
KEY = "key-hzz65f3a68554c5a8b1f"
VPC = "vpc-bp1aevy8sofi8mh1q00aa"
ROLE, BUCKET = "emr-job", "job-data"


@dataclass(frozen=True)
class Failure:
    """`prepare` answers the call that is denied. `check` is the one that failed with `cause`; `says` stands in the
    advice or the document."""

    name: str
    prepare: Callable[[Stage], Call]
    cause: str | None
    check: str
    says: str = ""


def allowing(*actions: str, resources: tuple[str, ...] = ("*",), effect: str = "Allow") -> dict[str, Any]:
    statement = {"Effect": effect, "Action": list(actions), "Resource": list(resources)}
    return {"Version": "1", "Statement": [statement]}


def made(stage: Stage, name: str = BUCKET, region: str = HOME, acl: str = "private") -> Any:
    """A bucket as its owner sees it, with one object in it."""
    bucket = clients.bucket(stage.root, name, region)
    bucket.create_bucket(acl)
    bucket.put_object("a", b"1")
    return bucket


def node(stage: Stage, *documents: dict[str, Any], region: str = HOME, role: str = ROLE) -> Keys:
    """The keys of a cluster's node, whose role has these policies."""
    make_role(stage, role, trust("ecs.aliyuncs.com"), {f"{role}-{n}": d for n, d in enumerate(documents)})
    return node_keys(stage, start_cluster(stage, role, region))


def listing(keys: Keys, region: str = HOME) -> Call:
    return lambda: clients.bucket(keys, BUCKET, region).list_objects()


def getting(keys: Keys, **headers: str) -> Call:
    return lambda: clients.bucket(keys, BUCKET).get_object("a", headers=_spelt(headers))


def putting(keys: Keys, name: str = BUCKET) -> Call:
    return lambda: clients.bucket(keys, name).put_object("b", b"2")


def unsigned(**headers: str) -> Call:
    bucket = oss2.Bucket(oss2.AnonymousAuth(), f"http://oss-{HOME}.aliyuncs.com", BUCKET)
    return lambda: bucket.get_object("a", headers=_spelt(headers))


def _spelt(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def far_cluster(stage: Stage) -> Call:
    made(stage)
    return listing(node(stage, reading(BUCKET), region="cn-shanghai"), "cn-shanghai")


def near_cluster(stage: Stage) -> Call:
    made(stage)
    return listing(node(stage, reading(BUCKET)), "cn-shanghai")


def nothing_attached(stage: Stage) -> Call:
    made(stage)
    return listing(node(stage))


def objects_only(stage: Stage) -> Call:
    made(stage)
    return listing(node(stage, allowing("oss:ListObjects", resources=(f"acs:oss:*:*:{BUCKET}/*",))))


def bucket_only(stage: Stage) -> Call:
    made(stage)
    return getting(node(stage, allowing("oss:GetObject", resources=(f"acs:oss:*:*:{BUCKET}",))))


def action_missing(stage: Stage) -> Call:
    made(stage)
    return putting(node(stage, reading(BUCKET)))


def look_alike(stage: Stage) -> Call:
    made(stage)
    return listing(node(stage, reading(BUCKET.replace("-", "\u2011"))))


def identity_deny(stage: Stage) -> Call:
    made(stage)
    return listing(node(stage, reading(BUCKET), allowing("oss:ListObjects", effect="Deny")))


def access_key_on_a_node(stage: Stage) -> Call:
    """Somebody's AccessKey stands in core-site.xml, where the cluster's own role would do."""
    from alibabacloud_emr20210320 import models

    made(stage)
    keys = make_user(stage, "kim")
    node(stage, reading(BUCKET))
    emr = clients.emr(stage.root)
    cluster = emr.list_clusters(models.ListClustersRequest(region_id=HOME)).body.clusters[0].cluster_id
    nodes = emr.list_nodes(models.ListNodesRequest(region_id=HOME, cluster_id=cluster)).body.nodes
    return getting(keys, x_localcloud_source_ip=nodes[0].private_ip)


def session_policy(stage: Stage) -> Call:
    from alibabacloud_sts20150401.models import AssumeRoleRequest

    made(stage)
    keys = make_user(stage, "sam", "AliyunSTSAssumeRoleAccess")
    trusted = {
        "Version": "1",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"RAM": [f"acs:ram::{stage.account}:root"]},
            }
        ],
    }
    make_role(stage, ROLE, trusted, {ROLE: reading(BUCKET)})
    request = AssumeRoleRequest(
        role_arn=f"acs:ram::{stage.account}:role/{ROLE}",
        role_session_name="etl",
        policy=json.dumps(reading("another-bucket")),
    )
    given = clients.sts(keys).assume_role(request).body.credentials
    return listing(Keys(given.access_key_id, given.access_key_secret, given.security_token))


def endpoint_policy(stage: Stage) -> Call:
    made(stage)
    document = json.dumps(reading("another-bucket"))
    stage.local.call(lambda cloud: cloud.state.oss.endpoint_policies.update({VPC: document}))
    return getting(node(stage, reading(BUCKET)), x_localcloud_vpc=VPC)


def control_policy(stage: Stage) -> Call:
    made(stage)
    keys = node(stage, reading(BUCKET))
    denying = ControlPolicy(name="no-lists", document=allowing("oss:ListObjects", effect="Deny"))
    allowing_all = ControlPolicy(name="FullAliyunAccess", document=allowing("*"))
    stage.local.call(
        lambda cloud: cloud.state.accounts[stage.account].ram.control_policies.extend([allowing_all, denying])
    )
    return listing(keys)


def denying(stage: Stage, condition: dict[str, Any]) -> dict[str, Any]:
    statement = {
        "Effect": "Deny",
        "Action": ["oss:GetObject"],
        "Principal": ["*"],
        "Resource": [f"acs:oss:*:{stage.account}:{BUCKET}/*"],
        "Condition": condition,
    }
    return {"Version": "1", "Statement": [statement]}


def other_vpc(stage: Stage) -> Call:
    bucket = made(stage)
    bucket.put_bucket_policy(json.dumps(denying(stage, {"StringNotEquals": {"acs:SourceVpc": [VPC]}})))
    return getting(node(stage, reading(BUCKET)))


def https_only_bucket(stage: Stage) -> Call:
    bucket = made(stage)
    bucket.put_bucket_policy(json.dumps(denying(stage, {"Bool": {"acs:SecureTransport": ["false"]}})))
    return getting(node(stage, reading(BUCKET)), x_localcloud_scheme="http")


def https_only_role(stage: Stage) -> Call:
    made(stage)
    only = allowing("oss:*", effect="Deny")
    only["Statement"][0]["Condition"] = {"Bool": {"acs:SecureTransport": ["false"]}}
    return getting(node(stage, reading(BUCKET), only), x_localcloud_scheme="http")


def anonymous(stage: Stage) -> Call:
    made(stage)
    return unsigned()


def public_access_blocked(stage: Stage) -> Call:
    bucket = made(stage, acl="public-read")
    bucket.put_bucket_public_access_block(True)
    return unsigned()


def referer(stage: Stage) -> Call:
    bucket = made(stage, acl="public-read")
    bucket.put_bucket_referer(oss2.models.BucketReferer(False, ["https://www.example.com"]))
    return unsigned(referer="https://elsewhere.example.org/")


def kms_key(stage: Stage) -> Call:
    bucket = made(stage)
    bucket.put_bucket_encryption(oss2.models.ServerSideEncryptionRule("KMS", KEY))
    return putting(node(stage, allowing("oss:PutObject", resources=(f"acs:oss:*:*:{BUCKET}/*",))))


def disabled_bucket(stage: Stage) -> Call:
    made(stage)
    keys = node(stage, reading(BUCKET))
    stage.local.call(lambda cloud: setattr(cloud.state.oss.buckets[BUCKET], "disabled", True))
    return listing(keys)


def elsewhere(stage: Stage) -> Stage:
    """The same cloud as another account sees it."""
    key = stage.local.call(lambda cloud: open_account(cloud.state, OTHER))
    stage.local.call(lambda cloud: grant_default_roles(cloud.state, OTHER))
    return replace(stage, root=Keys(key.id, key.secret), account=OTHER)


def other_account(stage: Stage) -> Call:
    made(stage)
    return listing(node(elsewhere(stage), reading(BUCKET), role="emr-Foreign"))


def requester_pays(stage: Stage) -> Call:
    bucket = made(stage)
    bucket.put_bucket_request_payment("Requester")
    return listing(node(elsewhere(stage), reading(BUCKET), role="emr-Foreign"))


FAILURES = (
    Failure("far-cluster", far_cluster, "wrong_endpoint", "region", "public IP address"),
    Failure("near-cluster", near_cluster, "wrong_endpoint", "region", f"{BUCKET}.oss-cn-hangzhou-internal."),
    Failure(
        "nothing-attached", nothing_attached, "permission_missing", "resource-list", "attach it to emr-job"
    ),
    Failure("objects-only", objects_only, "permission_missing", "resource-list"),
    Failure("bucket-only", bucket_only, "permission_missing", "resource-list"),
    Failure(
        "action-missing", action_missing, "permission_missing", "resource-list", "oss:DeleteObjectVersion"
    ),
    Failure("look-alike", look_alike, "permission_missing", "resource-list"),
    Failure("identity-deny", identity_deny, "identity_policy_deny", "resource-list", "emr-job-1"),
    Failure(
        "access-key", access_key_on_a_node, "client_configuration", "resource-list", "fs.oss.accessKeyId"
    ),
    Failure("session-policy", session_policy, "session_policy_deny", "other-layers", "AssumeRole"),
    Failure(
        "endpoint-policy", endpoint_policy, "vpc_endpoint_policy_deny", "other-layers", "Gateway Endpoint"
    ),
    Failure("control-policy", control_policy, None, "other-layers"),
    Failure("other-vpc", other_vpc, "bucket_policy_deny", "bucket-level", BUCKET),
    Failure("https-bucket", https_only_bucket, "https_required", "bucket-level", "fs.oss.https.enable"),
    Failure("https-role", https_only_role, "https_required", "resource-list", "fs.oss.https.enable"),
    Failure("anonymous", anonymous, "anonymous_request", "public-access", "sign its requests"),
    Failure(
        "public-blocked", public_access_blocked, "block_public_access", "public-access", "Leave Block Public"
    ),
    Failure("referer", referer, "referer_blocked", "bucket-settings", "Referer"),
    Failure("kms", kms_key, "kms_permission_missing", "kms-key", f"key/{KEY}"),
    Failure("disabled", disabled_bucket, "account_suspended", "bucket-settings", "overdue"),
    Failure(
        "other-account", other_account, "permission_missing", "cross-account", "arn:sts::2000000000000002"
    ),
    Failure("requester-pays", requester_pays, "requester_pays", "bucket-settings", "x-oss-request-payer"),
)
