"""The state file: everything a local cloud holds comes back, and no file is used that cannot be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import oss2
import pytest
import requests
from alibabacloud_actiontrail20200706 import models as trail_models
from alibabacloud_emr20210320 import models as emr_models
from alibabacloud_emr_serverless_spark20230808 import models as spark_models
from alibabacloud_ram20150501 import models as ram_models
from alibabacloud_sts20150401 import models as sts_models
from aliyun.log import LogItem, PutLogsRequest

from localcloud.cms.state import Rule, Target
from localcloud.kms.state import Secret, Version
from localcloud.server import LocalCloud
from localcloud.sls.state import CollectionPolicy
from localcloud.spark.state import Catalog, Grant, Project, SparkState
from localcloud.state import SCHEMA_VERSION, Snapshot, State, Unread
from localcloud.statefile import StateFile, StateFileError, load_state, save_state
from tests import clients
from tests.clients import Keys
from tests.localcloud.identities import allow, make_role, make_user, trusts

REGION = "cn-hangzhou"


def assume(keys: Keys, account: str, role: str) -> Keys:
    request = sts_models.AssumeRoleRequest(
        role_arn=f"acs:ram::{account}:role/{role}",
        role_session_name="kept",
        policy=json.dumps(allow("oss:*")),
    )
    found = clients.sts(keys).assume_role(request).body.credentials
    return Keys(found.access_key_id, found.access_key_secret, found.security_token)


def fill(root: Keys, account: str) -> Keys:
    """Something in every part of the state, made with the real SDKs; the keys of a session."""
    ram = clients.ram(root)
    user = make_user(ram, "ann", allow(["sts:AssumeRole", "oss:*"]))
    ram.create_group(ram_models.CreateGroupRequest(group_name="team"))
    ram.add_user_to_group(ram_models.AddUserToGroupRequest(user_name="ann", group_name="team"))
    trust = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"RAM": [f"acs:ram::{account}:root"]},
    }
    make_role(ram, "worker", json.dumps({"Version": "1", "Statement": [trust]}), allow("oss:*"))
    make_role(ram, "job-role", trusts("spark.emr-serverless.aliyuncs.com"), allow("oss:*"))
    make_role(ram, "EmrRole", trusts("emr.aliyuncs.com", "ecs.aliyuncs.com"))
    fill_oss(root)
    fill_logs(root, account)
    fill_clusters(root)
    return assume(user, account, "worker")


def fill_oss(root: Keys) -> None:
    bucket = clients.bucket(root, "box")
    bucket.create_bucket()
    bucket.put_object("dir/ä b+", bytes(range(256)), headers={"x-oss-meta-who": "me"})
    bucket.append_object("log", 0, b"ab")
    upload = bucket.init_multipart_upload("parts").upload_id
    bucket.upload_part("parts", upload, 1, b"p" * 1000)
    bucket.put_bucket_versioning(oss2.models.BucketVersioningConfig(oss2.BUCKET_VERSIONING_ENABLE))
    bucket.put_object("versions", b"1")
    bucket.put_object("versions", b"2")
    bucket.delete_object("versions")
    bucket.put_bucket_policy(
        json.dumps(
            {
                "Version": "1",
                "Statement": [
                    {
                        "Effect": "Deny",
                        "Action": "oss:PutObject",
                        "Principal": ["*"],
                        "Resource": "acs:oss:*:*:box/no",
                    }
                ],
            }
        )
    )


def fill_logs(root: Keys, account: str) -> None:
    log = clients.log(root)
    log.create_project("logs", "kept")
    log.create_logstore("logs", "store", shard_count=2)
    log.put_logs(PutLogsRequest("logs", "store", "topic", "source", [LogItem(contents=[("k", "ä")])]))
    log.create_consumer_group("logs", "store", "group", 60)
    trail = clients.actiontrail(root)
    arn = f"acs:log:{REGION}:{account}:project/logs"
    trail.create_trail(
        trail_models.CreateTrailRequest(name="kept-trail", sls_project_arn=arn, event_rw="All")
    )
    trail.start_logging(trail_models.StartLoggingRequest(name="kept-trail"))


def fill_clusters(root: Keys) -> None:
    clients.emr(root).run_cluster(
        emr_models.RunClusterRequest(
            region_id=REGION,
            client_token="once",
            cluster_name="etl",
            cluster_type="DATALAKE",
            release_version="EMR-5.16.0",
            node_attributes=emr_models.NodeAttributes(ram_role="EmrRole", zone_id="cn-hangzhou-h"),
            node_groups=[emr_models.NodeGroupConfig(node_group_type="MASTER", node_count=1)],
        )
    )
    spark = clients.spark(root)
    request = spark_models.CreateWorkspaceRequest(
        region_id=REGION, workspace_name="lab", oss_bucket="oss://box/", ram_role_name="job-role"
    )
    workspace = spark.create_workspace(request).body.workspace_id
    driver = spark_models.JobDriver(
        spark_submit=spark_models.JobDriverSparkSubmit(entry_point="oss://box/none.py")
    )
    run = spark_models.StartJobRunRequest(
        region_id=REGION,
        client_token="once",
        resource_queue_id="root_queue",
        code_type="PYTHON",
        name="job",
        job_driver=driver,
    )
    spark.start_job_run(workspace, run)
    gateway = spark_models.CreateLivyComputeRequest(name="gateway", cpu_limit="1", memory_limit="4G")
    made = spark.create_livy_compute(workspace, gateway).body.data.livy_compute_id
    token = spark_models.CreateLivyComputeTokenRequest(name="token", token="s" * 32)
    spark.create_livy_compute_token(workspace, made, token)


def fill_spark(state: SparkState, account: str) -> None:
    """What no API of the local cloud makes."""
    state.event_targets.append((account, "logs", "store"))
    state.event_functions.append((account, "watch", "cloudevents"))
    grant = Grant(uid="2001", privilege="SELECT")
    state.catalogs[f"{account}/lake"] = Catalog(account=account, name="lake", grants=[grant])
    state.projects[f"{account}/dw"] = Project(account=account, name="dw", members=["2001"], grants=[grant])


def fill_routes(state: State, account: str) -> None:
    """Rules and policies of other services that bring logs into Simple Log Service."""
    target = Target(id="1", region=REGION, project="logs", logstore="store")
    state.cms.rules[account] = {"jobs": Rule(name="jobs", product="EMRSpark", targets=[target])}
    kept = Secret(name="key", versions=[Version(id="v1", data="hush", stages=["ACSCurrent"])])
    state.kms.secrets[account] = {REGION: {"key": kept}}
    state.sls.collection[account] = {
        "oss": CollectionPolicy(name="oss", product="oss", data="access_log", enabled=True, mode="all")
    }


def empty_members(value: Any, path: str = "state") -> list[str]:
    """The parts of the state that hold nothing, so that no part is forgotten when one is added."""
    return [f"{path}.{name}" for name in value.__struct_fields__ if getattr(value, name) in ({}, [], None)]


def test_every_service_comes_back_from_the_file(
    local: LocalCloud, root: Keys, account: str, tmp_path: Path
) -> None:
    session = fill(root, account)
    local.call(lambda cloud: fill_spark(cloud.state.spark, account))
    local.call(lambda cloud: fill_routes(cloud.state, account))
    local.call(lambda cloud: cloud.state.oss.endpoint_policies.update({"vpc-1": "{}"}))
    note = Snapshot(
        account=account, taken=1e9, regions=[REGION], unread=[Unread(("role", "gone"), "refused")]
    )
    local.call(lambda cloud: setattr(cloud.state, "snapshot", note))
    path = tmp_path / "state.json"
    local.call(lambda cloud: save_state(cloud.state, path))
    before = msgspec.to_builtins(local.cloud.state)
    loaded = load_state(path)
    assert msgspec.to_builtins(loaded) == before
    parts = [
        loaded,
        loaded.oss,
        loaded.sls,
        loaded.actiontrail,
        loaded.emr,
        loaded.spark,
        loaded.cms,
        loaded.kms,
    ]
    assert [name for part in parts for name in empty_members(part)] == []
    local.reset(loaded)
    assert_alive(root, session, account)


def assert_alive(root: Keys, session: Keys, account: str) -> None:
    """The loaded cloud goes on where the saved one stopped."""
    caller = clients.sts(session).get_caller_identity().body
    assert caller.arn == f"acs:ram::{account}:assumed-role/worker/kept"
    bucket = clients.bucket(session, "box")
    assert bucket.get_object("dir/ä b+").read() == bytes(range(256))
    assert bucket.append_object("log", 2, b"cd").next_position == 4
    assert [upload.key for upload in bucket.list_multipart_uploads().upload_list] == ["parts"]
    assert len(bucket.list_object_versions(prefix="versions").versions) == 2
    log = clients.log(root)
    cursors = [log.get_cursor("logs", "store", shard, "begin").get_cursor() for shard in (0, 1)]
    pulled = [
        log.pull_logs("logs", "store", shard, cursor).get_flatten_logs_json()
        for shard, cursor in enumerate(cursors)
    ]
    assert [entry["k"] for entries in pulled for entry in entries] == ["ä"]
    status = clients.actiontrail(root).get_trail_status(trail_models.GetTrailStatusRequest(name="kept-trail"))
    assert status.body.is_logging is True
    listed = clients.emr(root).list_clusters(emr_models.ListClustersRequest(region_id=REGION)).body.clusters
    assert [cluster.cluster_name for cluster in listed] == ["etl"]
    spaces = (
        clients.spark(root)
        .list_workspaces(spark_models.ListWorkspacesRequest(region_id=REGION))
        .body.workspaces
    )
    assert [space.workspace_name for space in spaces] == ["lab"]


BROKEN = {
    "empty": (b"", "not a state file"),
    "half": (b'{"schema":1,"accounts":{"1', "not a state file"),
    "text": (b"# notes\n", "not a state file"),
    "another json": (b'{"name":"x","version":"1"}', "schema"),
    "a wrong type": (b'{"schema":1,"accounts":{"1":{"id":5}}}', r"\$.accounts"),
    "newer": (
        json.dumps({"schema": SCHEMA_VERSION + 1, "accounts": "of another shape"}).encode(),
        "newer version",
    ),
}


@pytest.mark.parametrize(("content", "message"), BROKEN.values(), ids=list(BROKEN))
def test_a_file_that_cannot_be_used_is_refused_and_left_alone(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(content)
    with pytest.raises(StateFileError, match=message) as caught:
        LocalCloud(state_file=path)
    assert str(path) in str(caught.value)
    assert path.read_bytes() == content
    assert [found.name for found in tmp_path.iterdir()] == ["state.json"]


def test_a_file_belongs_to_one_local_cloud_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    first = StateFile(path)
    with pytest.raises(StateFileError, match="another local cloud is using this state file"):
        StateFile(path)
    first.close(State())
    second = StateFile(path)
    assert second.load() is not None
    second.close(State())
    assert [found.name for found in tmp_path.iterdir()] == ["state.json"]


def test_a_lock_that_a_killed_process_left_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "state.json.lock").touch()
    StateFile(tmp_path / "state.json").close(State())


def test_a_place_where_nothing_can_be_written_is_refused_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(StateFileError, match="nothing can be written there"):
        LocalCloud(state_file=tmp_path / "missing" / "state.json")


def test_a_save_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    save_state(State(), path)
    (tmp_path / "state.json.new").mkdir()
    with pytest.raises(StateFileError, match="could not be saved"):
        save_state(State(sessions={}), path)
    assert load_state(path) == State()


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    save_state(State(), tmp_path / "state.json")
    assert (tmp_path / "state.json").stat().st_mode & 0o077 == 0


def test_bytes_that_are_no_text_do_not_keep_the_state_from_being_saved(
    local: LocalCloud, root: Keys, tmp_path: Path
) -> None:
    bucket = clients.bucket(root, "box")
    bucket.create_bucket(oss2.BUCKET_ACL_PUBLIC_READ_WRITE)
    headers: dict[str, Any] = {
        "x-oss-meta-a": b"caf\xe9",
        "user-agent": b"caf\xe9",
        "content-type": b"caf\xe9/x",
    }
    with requests.Session() as session:
        answer = session.put("http://box.oss-cn-hangzhou.aliyuncs.com/o", data=b"", headers=headers)
    assert answer.status_code == 200
    local.call(lambda cloud: save_state(cloud.state, tmp_path / "state.json"))
    assert "o" in str(load_state(tmp_path / "state.json").oss.buckets["box"])
