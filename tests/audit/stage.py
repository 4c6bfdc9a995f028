"""An account in which each check of the audit fails once and passes at least once, made with the real SDKs."""

from __future__ import annotations

import json
import time
from typing import Any

import msgspec

from demo import clients
from demo.node import cluster_request
from demo.stage import HOME, LEDGER, TRAIL_PROJECT, Stage, make_role, set_stage
from localcloud.server import LocalCloud
from rolemend.account.access import Access, Credentials
from rolemend.account.survey import LiveSurvey
from rolemend.audit import guides
from rolemend.audit.judge import report
from rolemend.audit.model import Report
from rolemend.audit.reads import Reads
from rolemend.audit.scope import Installation, Scope, deployed_names
from rolemend.audit.sweep import sweep
from rolemend.policy.actions import WRITE

FAR, THIRD = "cn-shanghai", "cn-beijing"
REGIONS = (HOME, FAR, THIRD)
ECS, EMR, SPARK = "ecs.aliyuncs.com", "emr.aliyuncs.com", "spark.emr-serverless.aliyuncs.com"
DAY = 86_400
SPARK_OSS = (
    "oss:ListBuckets", "oss:PutObject", "oss:ListObjects", "oss:GetObject", "oss:DeleteObject", "oss:RestoreObject",
    "oss:ListMultipartUploads", "oss:AbortMultipartUpload", "oss:GetBucketInfo", "oss:PostDataLakeStorageFileOperation",
    "oss:PostDataLakeStorageAdminOperation", "oss:ListObjectVersions", "oss:DeleteObjectVersion",
)  # fmt: skip
"""What the default role's policy grants in OSS under names that are checked."""


def allow(*actions: str, on: tuple[str, ...] = ("*",), effect: str = "Allow") -> dict[str, Any]:
    return {"Effect": effect, "Action": list(actions), "Resource": list(on)}


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "1", "Statement": list(statements)})


def whole(bucket: str) -> tuple[str, str]:
    return f"acs:oss:*:*:{bucket}", f"acs:oss:*:*:{bucket}/*"


def writing(bucket: str) -> str:
    return document(allow(*WRITE, on=whole(bucket)))


def spark_policy(bucket: str, *more: str, less: tuple[str, ...] = ()) -> str:
    actions = [each for each in (*SPARK_OSS, *more) if each not in less]
    return document(allow("oss:ListBuckets"), allow(*actions, "oss:ListParts", on=whole(bucket)))


def trust(*services: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": list(services)}}
    return {"Version": "1", "Statement": [statement]}


def bucket(stage: Stage, name: str, region: str = HOME) -> Any:
    made = clients.bucket(stage.root, name, region)
    made.create_bucket("private")
    return made


def cluster(stage: Stage, role: str, region: str = HOME, release: str = "EMR-5.16.0") -> str:
    request = cluster_request(role, region, release)
    return str(clients.emr(stage.root, region).run_cluster(request).body.cluster_id)


def workspace(stage: Stage, role: str, directory: str, region: str = HOME) -> str:
    from alibabacloud_emr_serverless_spark20230808 import models

    request = models.CreateWorkspaceRequest(
        region_id=region,
        workspace_name=role.lower(),
        oss_bucket=f"oss://{directory}/jobs",
        ram_role_name=role,
    )
    return str(clients.spark(stage.root, region).create_workspace(request).body.workspace_id)


def quiet_stage(local: LocalCloud) -> Stage:
    """A stage whose functions do not run: only what is deployed counts here."""
    local.call(lambda cloud: setattr(cloud.services["fc"].settings, "pause_triggers", True))  # type: ignore[attr-defined]
    stage = set_stage(local, "http://127.0.0.1:9/", "")
    clients.bucket(stage.root, LEDGER).put_bucket_public_access_block(True)
    return stage


def scope(stage: Stage, *regions: str) -> Scope:
    installation = Installation(
        region=HOME,
        ledger_bucket=LEDGER,
        ledger_region=HOME,
        trail_project=TRAIL_PROJECT,
        functions=deployed_names(service(stage)),
    )
    return Scope(account=stage.account, regions=regions or (HOME,), home=HOME, installation=installation)


def service(stage: Stage) -> str:
    """The service of the function `audit`, "" in FC 3.0."""
    return "rolemend-audit" if stage.fc2 else ""


def access(stage: Stage) -> Access:
    credentials = Credentials(stage.root.id, stage.root.secret)
    return Access(account=stage.account, region=HOME, credentials=credentials, scheme="http", pause=0.01)


def audited(stage: Stage, *regions: str, doctor: bool = False) -> Report:
    """Sweep and judge as the root user, as fast as it goes."""
    survey = LiveSurvey(access(stage), 100_000, service(stage))
    reads, looked_at = Reads(), scope(stage, *regions)
    started = time.time()
    sweep(survey, looked_at, reads)
    return report(
        reads, looked_at, started=started, ended=time.time(), calls=survey.count.calls, doctor=doctor
    )


def failing(found: Report) -> set[tuple[str, str, str]]:
    return {(each.check, each.place.name, each.subject) for each in found.failed()}


def make_healthy(stage: Stage) -> None:
    """A cluster and a workspace with nothing to be said against them."""
    bucket(stage, "corp-data")
    bucket(stage, "corp-lab")
    make_role(stage, "Etl", trust(ECS), {"etl-data": writing("corp-data")})
    make_role(stage, "Spark-Etl", trust(SPARK), {"spark-lab": spark_policy("corp-lab")})
    cluster(stage, "Etl")
    workspace(stage, "Spark-Etl", "corp-lab")


def make_old_log(stage: Stage, *used: tuple[str, str]) -> None:
    """An access log that is old enough, in which roles used buckets; every grant is as old."""
    from aliyun.log import LogItem, PutLogsRequest

    project, log = f"oss-log-{stage.account}-{HOME}", clients.log(stage.root)
    log.update_logstore(project, "oss-log-store", ttl=180, shard_count=1)
    for name, role in used:
        fields = [
            ("bucket", name),
            ("http_status", "200"),
            ("extend_information", f"{stage.account},{role.lower()},job,{stage.account},"),
        ]
        item = LogItem(int(time.time()) - DAY, contents=fields)
        log.put_logs(
            PutLogsRequest(project, "oss-log-store", topic="oss_access_log", source="", logitems=[item])
        )

    def age(cloud: Any) -> None:
        cloud.state.sls.projects[project].logstores["oss-log-store"].created = int(time.time()) - 200 * DAY
        ram = cloud.state.accounts[stage.account].ram
        for holder in (*ram.roles.values(), *ram.users.values(), *ram.groups.values()):
            holder.attachments[:] = [
                msgspec.structs.replace(each, attached=0.0) for each in holder.attachments
            ]
        for policy in ram.policies.values():
            policy.updated = policy.created = 0.0
            policy.versions[:] = [msgspec.structs.replace(each, created=0.0) for each in policy.versions]

    stage.local.call(age)


def make_broken(stage: Stage) -> dict[str, tuple[str, str]]:
    """What fails: place and subject by check. Everything beside it is right."""
    ram = clients.ram(stage.root)
    expected: dict[str, tuple[str, str]] = {}

    make_role(stage, "Old-Trust", trust(ECS), {})
    cluster(stage, "Old-Trust")
    _trust(ram, "Old-Trust", EMR)
    expected[guides.TRUST] = ("Old-Trust", "")

    make_role(stage, "Gone", trust(ECS), {})
    expected[guides.CLUSTER_ROLE] = (cluster(stage, "Gone"), "Gone")
    make_role(stage, "Spark-Gone", trust(SPARK), {})
    bucket(stage, "gone-lab")
    expected[guides.WORKSPACE_ROLE] = (workspace(stage, "Spark-Gone", "gone-lab"), "Spark-Gone")
    for name in ("Gone", "Spark-Gone"):
        ram.delete_role(ram_models().DeleteRoleRequest(role_name=name))

    bucket(stage, "untrusting-lab")
    make_role(stage, "Spark-Untrusting", trust(ECS), {"untrusting": spark_policy("untrusting-lab")})
    workspace(stage, "Spark-Untrusting", "untrusting-lab")
    expected[guides.WORKSPACE_TRUST] = ("Spark-Untrusting", "")

    for name, policies in _of_clusters(stage).items():
        make_role(stage, name, trust(ECS), policies)
        cluster(stage, name)
    expected[guides.BUCKET_GONE] = ("names-nothing", "no-such-bucket-here")
    expected[guides.BUCKET_REGION] = ("Far-Reader", "far-data")
    expected[guides.ACCESS_LOG] = ("far-data", "")
    expected[guides.RESOURCE_FORMS] = ("One-Form", "form-data")
    expected[guides.WRITE_SET] = ("Half-Writer", "half-data")
    expected[guides.NEVER_MATCHES] = ("never", "")
    expected[guides.KMS] = ("Without-Key", "key-data")
    expected[guides.BUCKET_CONFLICT] = ("denying-data", "Denied")
    expected[guides.UNUSED_GRANT] = ("Idle", "idle-data")

    expected |= _of_workspaces(stage)
    return expected


def _of_clusters(stage: Stage) -> dict[str, dict[str, Any]]:
    """Buckets and policies of roles of clusters."""
    for name in ("form-data", "half-data", "idle-data", "key-data", "denying-data", "never-data"):
        bucket(stage, name)
    bucket(stage, "far-data", FAR)
    _encrypt(stage, "key-data")
    key = f"acs:kms:{HOME}:{stage.account}:key/key-1"
    deny = {
        "Effect": "Deny",
        "Action": ["oss:PutObject"],
        "Principal": [f"arn:sts::{stage.account}:assumed-role/denied/*"],
        "Resource": [f"acs:oss:*:{stage.account}:denying-data/*"],
    }
    clients.bucket(stage.root, "denying-data").put_bucket_policy(
        json.dumps({"Version": "1", "Statement": [deny]})
    )
    reading = ("oss:GetObject", "oss:ListObjects", "oss:GetBucketInfo")
    half = allow(
        "oss:PutObject", "oss:GetObject", "oss:ListObjects", "oss:GetBucketInfo", on=whole("half-data")
    )
    impossible = allow("oss:GetObject", on=("acs:ecs:*:*:instance/*",))
    return {
        "Names-Nothing": {"names-nothing": document(allow(*reading, on=whole("no-such-bucket-here")))},
        "Far-Reader": {"far-reader": document(allow(*reading, on=whole("far-data")))},
        "One-Form": {"one-form": document(allow(*reading, on=("acs:oss:*:*:form-data/*",)))},
        "Half-Writer": {"half-writer": document(half)},
        "Never": {"never": document(allow(*reading, on=whole("never-data")), impossible)},
        "Without-Key": {"without-key": writing("key-data")},
        "With-Key": {
            "with-key": document(
                allow(*WRITE, on=whole("key-data")), allow("kms:GenerateDataKey", "kms:Decrypt", on=(key,))
            )
        },
        "Denied": {"denied": writing("denying-data")},
        "Idle": {"idle": document(allow(*reading, on=whole("idle-data")))},
    }


def _of_workspaces(stage: Stage) -> dict[str, tuple[str, str]]:
    ram, models = clients.ram(stage.root), ram_models()
    for name in ("less-lab", "more-lab", "shut-lab", "default-lab"):
        bucket(stage, name)
    less = spark_policy("less-lab", less=("oss:PostDataLakeStorageFileOperation",))
    make_role(stage, "Spark-Less", trust(SPARK), {"spark-less": less})
    workspace(stage, "Spark-Less", "less-lab")
    make_role(
        stage, "Spark-More", trust(SPARK), {"spark-more": spark_policy("more-lab", "oss:PutBucketPolicy")}
    )
    workspace(stage, "Spark-More", "more-lab")
    make_role(stage, "Spark-Shut", trust(SPARK), {"spark-shut": spark_policy("corp-lab")})
    shut = workspace(stage, "Spark-Shut", "shut-lab")
    default = "AliyunEMRSparkJobRunDefaultRole"
    workspace(stage, default, "default-lab")
    request = models.CreatePolicyRequest(
        policy_name="added", policy_document=document(allow("oss:ListBuckets"))
    )
    ram.create_policy(request)
    attach = models.AttachPolicyToRoleRequest(policy_type="Custom", policy_name="added", role_name=default)
    ram.attach_policy_to_role(attach)
    return {
        guides.EXECUTION_RIGHTS: ("Spark-Less", ""),
        guides.EXECUTION_EXTRA: ("Spark-More", ""),
        guides.WORKSPACE_DIRECTORY: (shut, "shut-lab"),
        guides.DEFAULT_ROLE: (default, ""),
    }


def break_sources(stage: Stage) -> dict[str, tuple[str, str]]:
    """Rolemend's own rights and sources: the trail is of one region and of writes only; the other region's delivers to
    a logstore that nobody reads."""
    from alibabacloud_actiontrail20200706 import models as trails

    ram, models = clients.ram(stage.root), ram_models()
    arn = f"acs:log:{HOME}:{stage.account}:project/{TRAIL_PROJECT}"
    home = clients.actiontrail(stage.root)
    home.update_trail(trails.UpdateTrailRequest(name="rolemend", trail_region=HOME, event_rw="Write"))
    far = clients.actiontrail(stage.root, FAR)
    far.create_trail(
        trails.CreateTrailRequest(name="rolemend-far", event_rw="All", sls_project_arn=arn, trail_region=FAR)
    )
    far.start_logging(trails.StartLoggingRequest(name="rolemend-far"))
    less = json.loads(
        ram.get_policy(
            models.GetPolicyRequest(policy_type="Custom", policy_name="rolemend-notify")
        ).body.default_policy_version.policy_document
    )
    less["Statement"] = less["Statement"][:-1]
    ram.create_policy_version(
        models.CreatePolicyVersionRequest(
            policy_name="rolemend-notify", policy_document=json.dumps(less), set_as_default=True
        )
    )
    ram.attach_policy_to_role(
        models.AttachPolicyToRoleRequest(
            policy_type="System", policy_name="AliyunOSSReadOnlyAccess", role_name="rolemend-watch"
        )
    )
    drop_trigger(stage, "rolemend-remediate", "expire")
    return {
        guides.OWN_RIGHTS: ("rolemend-notify", ""),
        guides.OWN_UNUSED: ("rolemend-watch", ""),
        guides.TRAIL: ("rolemend", ""),
        guides.TRAIL_READS: ("rolemend", ""),
        guides.TRIGGER: ("rolemend-remediate/expire", ""),
    }


def drop_trigger(stage: Stage, function: str, trigger: str) -> None:
    """Take a trigger away, as somebody might in the console."""
    import dataclasses

    def drop(cloud: Any) -> None:
        host = cloud.services["fc"]._host
        for key, pool in host.pools.items():
            if key.name == function:
                kept = tuple(each for each in pool.spec.triggers if each.name != trigger)
                pool.spec = dataclasses.replace(pool.spec, triggers=kept)

    stage.local.call(drop)


def _trust(ram: Any, role: str, service: str) -> None:
    models = ram_models()
    ram.update_role(
        models.UpdateRoleRequest(role_name=role, new_assume_role_policy_document=json.dumps(trust(service)))
    )


def _encrypt(stage: Stage, name: str) -> None:
    import oss2

    rule = oss2.models.ServerSideEncryptionRule()
    rule.sse_algorithm, rule.kms_master_keyid = "KMS", "key-1"
    clients.bucket(stage.root, name).put_bucket_encryption(rule)


def ram_models() -> Any:
    from alibabacloud_ram20150501 import models

    return models


MEMBER = "1234567890123456"
"""A member of the resource directory."""


def make_group(stage: Stage, name: str, *system_policies: str) -> None:
    """A group with system policies."""
    ram, models = clients.ram(stage.root), ram_models()
    ram.create_group(models.CreateGroupRequest(group_name=name))
    for policy in system_policies:
        request = models.AttachPolicyToGroupRequest(policy_type="System", policy_name=policy, group_name=name)
        ram.attach_policy_to_group(request)


def make_member(stage: Stage, account: str, role: str) -> Stage:
    """Another account, with a role that the management account may assume, and a cluster with a role that is gone."""
    from localcloud.accounts import open_account
    from localcloud.ram.default_roles import grant_default_roles

    key = stage.local.call(lambda cloud: open_account(cloud.state, account))
    stage.local.call(lambda cloud: grant_default_roles(cloud.state, account))
    member = Stage(stage.local, clients.Keys(key.id, key.secret), account, stage.webhook)
    if role:
        own = {"RAM": [f"acs:ram::{stage.account}:root"]}
        trusting = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": own}
        make_role(member, role, {"Version": "1", "Statement": [trusting]}, {})
        request = ram_models().AttachPolicyToRoleRequest(
            policy_type="System", policy_name="AdministratorAccess", role_name=role
        )
        clients.ram(member.root).attach_policy_to_role(request)
    make_role(member, "Member-Gone", trust(ECS), {})
    cluster(member, "Member-Gone")
    clients.ram(member.root).delete_role(ram_models().DeleteRoleRequest(role_name="Member-Gone"))
    return member
