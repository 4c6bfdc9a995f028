"""A snapshot decides as the account does, masked too, and tells what it could not read."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from demo import clients
from demo.__main__ import through_proxy
from demo.clients import Keys
from demo.stage import Stage, make_role, make_user
from localcloud.accounts import open_account
from localcloud.faults import Fault
from localcloud.server import LocalCloud
from localcloud.state import State
from localcloud.statefile import load_state, save_state
from rehearsal import mask as masking
from rehearsal.account import read_account
from rehearsal.mask import Mask, mask_for, mask_of, masked
from rehearsal.state import state_of
from rolemend.account.access import Access, Credentials
from rolemend.account.interface import Absent, AttachedPolicy, Known, Unread
from rolemend.account.oss import Oss
from rolemend.account.ram import Ram
from tests.rehearsal import scene

BUCKETS = ("data-orders", "data-clicks", "logs-a", "archive")
USERS, ROLES = ("ana", "Ben"), ("etl-daily", "etl-hourly", "Reporting")


def allow(*resources: str, effect: str = "Allow", **more: Any) -> dict[str, Any]:
    statement = {
        "Effect": effect,
        "Action": ["oss:GetObject", "oss:ListObjects"],
        "Resource": list(resources),
    }
    return {"Version": "1", "Statement": [statement | more]}


@pytest.fixture
def stage(local: LocalCloud) -> Stage:
    """Patterns that name beginnings, middles and ends of names, a bucket policy, a group, tags, and a Deny."""
    from alibabacloud_ram20150501 import models

    stage = scene.quiet(local)
    for name in BUCKETS:
        clients.bucket(stage.root, name).create_bucket("public-read" if name == "archive" else "private")
    principal = {"RAM": [f"acs:ram::{stage.account}:root"]}
    trust = {
        "Version": "1",
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}],
    }
    make_role(stage, ROLES[0], trust, {"etl-daily": allow("acs:oss:*:*:data-*")})
    make_role(
        stage,
        ROLES[1],
        trust,
        {"etl-hourly": allow("acs:oss:*:*:data-orders", "acs:oss:*:*:data-orders/in/*")},
    )
    make_role(stage, ROLES[2], trust, {"rep": allow("acs:oss:*:*:*gs-a", "acs:oss:*:*:arch?ve/*")})
    ram = clients.ram(stage.root)
    for name in USERS:
        make_user(stage, name, "AliyunOSSReadOnlyAccess" if name == "ana" else "AliyunEMRFullAccess")
    ram.create_group(models.CreateGroupRequest(group_name="team"))
    ram.add_user_to_group(models.AddUserToGroupRequest(user_name="Ben", group_name="team"))
    text = json.dumps(allow("acs:oss:*:*:data-cl*"))
    ram.create_policy(models.CreatePolicyRequest(policy_name="team-clicks", policy_document=text))
    wanted = {"policy_type": "Custom", "policy_name": "team-clicks", "group_name": "team"}
    ram.attach_policy_to_group(models.AttachPolicyToGroupRequest(**wanted))
    denied = {"Principal": [f"arn:sts::{stage.account}:assumed-role/{ROLES[0]}/*"]}
    document = allow(f"acs:oss:*:{stage.account}:data-clicks/*", effect="Deny", **denied)
    clients.bucket(stage.root, "data-clicks").put_bucket_policy(json.dumps(document))
    return stage


Decisions = dict[tuple[str, str, str], bool]


def decided(local: LocalCloud, account: str, named: Any = lambda name: name) -> Decisions:
    """Every caller's ListObjects and GetObject on every bucket, asked of a cloud over HTTP. 404 is an answer too."""
    keys = {name: user_keys(local, account, named(name)) for name in USERS}
    root = local.call(lambda cloud: open_account(cloud.state, account))
    for role in ROLES:
        keys[role] = role_keys(Keys(root.id, root.secret), f"acs:ram::{account}:role/{named(role)}")
    found = {}
    for caller, key in keys.items():
        for name in BUCKETS:
            bucket = clients.bucket(key, named(name))
            for call, ask in (("list", bucket.list_objects), ("get", lambda b=bucket: b.get_object("in/x"))):
                found[caller, name, call] = allowed(ask)
    return found


def user_keys(local: LocalCloud, account: str, name: str) -> Keys:
    from localcloud.ram.state import AccessKey

    key = AccessKey(id=f"LTAI5t{name.upper()}", secret="secret", account=account, user=name.lower())
    local.call(lambda cloud: cloud.state.accounts[account].ram.access_keys.update({key.id: key}))
    return Keys(key.id, key.secret)


def role_keys(root: Keys, arn: str) -> Keys:
    """Nobody but a user or a role may assume a role, so a user is made for it and taken away."""
    from alibabacloud_ram20150501 import models
    from alibabacloud_sts20150401.models import AssumeRoleRequest

    ram = clients.ram(root)
    ram.create_user(models.CreateUserRequest(user_name="assumer"))
    policy = {
        "policy_type": "System",
        "policy_name": "AliyunSTSAssumeRoleAccess",
        "user_name": "assumer",
    }
    ram.attach_policy_to_user(models.AttachPolicyToUserRequest(**policy))
    key = ram.create_access_key(models.CreateAccessKeyRequest(user_name="assumer")).body.access_key
    sts = clients.sts(Keys(key.access_key_id, key.access_key_secret))
    got = sts.assume_role(AssumeRoleRequest(role_arn=arn, role_session_name="test")).body.credentials
    wanted = {"user_name": "assumer", "user_access_key_id": key.access_key_id}
    ram.delete_access_key(models.DeleteAccessKeyRequest(**wanted))
    ram.detach_policy_from_user(models.DetachPolicyFromUserRequest(**policy))
    ram.delete_user(models.DeleteUserRequest(user_name="assumer"))
    return Keys(got.access_key_id, got.access_key_secret, got.security_token)


def allowed(ask: Any) -> bool:
    import oss2

    try:
        ask()
    except oss2.exceptions.AccessDenied:
        return False
    except oss2.exceptions.NoSuchKey:
        return True
    return True


@contextmanager
def served(state: State) -> Iterator[LocalCloud]:
    with LocalCloud(state=state) as cloud, through_proxy(cloud.proxy):
        yield cloud


def test_the_loaded_snapshot_decides_the_same_requests_the_same(stage: Stage, tmp_path: Path) -> None:
    state = scene.snapshot(stage)
    before = decided(stage.local, stage.account)
    assert set(before.values()) == {True, False}
    save_state(state, tmp_path / "snapshot.json")
    with served(load_state(tmp_path / "snapshot.json")) as cloud:
        assert decided(cloud, stage.account) == before

    mask = mask_of(state)
    hidden = masked(state, mask)
    text = msgspec.json.encode(hidden).decode()
    for name in (stage.account, "etl-daily", "data-orders", "data-clicks", "team-clicks", "Ben"):
        assert name not in text, name
    with served(hidden) as cloud:
        assert decided(cloud, mask.numbers(stage.account), mask.name) == before


def test_no_secret_is_in_a_snapshot(stage: Stage) -> None:
    ram = stage.local.cloud.state.accounts[stage.account].ram
    text = msgspec.json.encode(scene.snapshot(stage)).decode()
    assert ram.access_keys
    for key in ram.access_keys.values():
        assert key.id not in text
        assert key.secret not in text


def test_every_thing_is_asked_for_once(stage: Stage) -> None:
    survey = scene.survey(stage)
    reads = read_account(survey, stage.account, scene.REGIONS)
    blocks = sum(question[0] == "public_access_blocked" for question, _ in reads)
    assert sum(survey.count.calls.values()) == len(reads) + blocks  # asked of bucket and account


def test_tags_are_kept_only_where_something_needs_them(stage: Stage) -> None:
    from alibabacloud_ram20150501 import models

    ram = clients.ram(stage.root)
    tags = [models.TagResourcesRequestTag(key=key, value="x") for key in ("owner", "stage")]
    ram.tag_resources(models.TagResourcesRequest(resource_type="role", resource_names=[ROLES[0]], tag=tags))
    roles = scene.snapshot(stage).accounts[stage.account].ram.roles
    assert roles[ROLES[0]].tags == {}
    roles = scene.snapshot(stage, keep_tags=("stage",)).accounts[stage.account].ram.roles
    assert roles[ROLES[0]].tags == {"stage": "x"}
    condition = {"StringEquals": {"acs:ResourceTag/owner": "x"}}
    text = json.dumps(allow("*", Condition=condition))
    ram.create_policy(models.CreatePolicyRequest(policy_name="by-owner", policy_document=text))
    roles = scene.snapshot(stage).accounts[stage.account].ram.roles
    assert roles[ROLES[0]].tags == {"owner": "x"}


def refuse(stage: Stage, service: str, *operations: str) -> None:
    faults = [Fault(service, each, status=403, code="NoPermission", times=None) for each in operations]
    stage.local.call(lambda cloud: cloud.faults.extend(faults))


def reader(cloud: LocalCloud, account: str) -> Access:
    key = cloud.call(lambda inner: open_account(inner.state, account))
    credentials = Credentials(key.id, key.secret)
    return Access(account=account, region="cn-hangzhou", credentials=credentials, scheme="http", pause=0.01)


def test_what_was_refused_is_listed_and_is_refused_by_the_snapshot_as_well(stage: Stage) -> None:
    refuse(stage, "ram", "GetPolicy", "ListUsers")
    refuse(stage, "oss", "GetBucketPolicy")
    refuse(stage, "emr", "ListClusters")
    state = scene.snapshot(stage)
    assert state.snapshot is not None
    unread = {each.question[0] for each in state.snapshot.unread}
    assert unread == {"document", "listed", "bucket_policy", "clusters"}
    assert state.accounts[stage.account].ram.users == {}
    with served(state) as cloud:
        access = reader(cloud, stage.account)
        ram, oss = Ram(access), Oss(access)
        assert isinstance(ram.policies_of_role(ROLES[0]), Unread)
        assert isinstance(ram.policies_of_user("ana"), Unread)
        assert isinstance(ram.user_name("200000000000000001"), Unread)
        assert isinstance(oss.bucket_policy("data-orders", "cn-hangzhou"), Unread)
        assert isinstance(oss.bucket_settings("data-orders", "cn-hangzhou"), Known)
        assert isinstance(ram.role(ROLES[0]), Known)
        assert isinstance(ram.role("nobody"), Absent)  # the roles were listed


def test_a_single_unread_policy_takes_no_other_with_it(stage: Stage) -> None:
    reads = read_account(scene.survey(stage), stage.account, scene.REGIONS)
    reads.put(("document", "Custom", "etl-daily"), Unread("GetPolicy", "NoPermission"))
    with served(state_of(reads, stage.account, scene.REGIONS, 1e9)) as cloud:
        ram = Ram(reader(cloud, stage.account))
        assert isinstance(ram.policies_of_role("etl-daily"), Unread)
        found = ram.policies_of_role("etl-hourly")
    assert isinstance(found, Known)
    assert isinstance(found.value[0], AttachedPolicy)


def test_masks_keep_what_every_pattern_matches() -> None:
    """Names and patterns at random; the check itself is played through HTTP above."""
    dice = random.Random(7)
    for _ in range(200):
        names = {"".join(dice.choices("ab-", k=dice.randint(3, 6))) for _ in range(8)}
        patterns = ["".join(dice.choices("ab-*?", k=dice.randint(1, 5))) for _ in range(4)]
        documents = [json.dumps(allow(*(f"acs:oss:*:*:{pattern}" for pattern in patterns)))]
        mask = mask_for(names, documents)
        hidden = {name: mask.name(name) for name in names}
        assert len(set(hidden.values())) == len(names)
        for pattern in patterns:
            before, after = masking._regex(pattern), masking._regex(mask.name(pattern))
            for name, new in hidden.items():
                assert bool(before.fullmatch(name)) == bool(after.fullmatch(new)), (name, pattern)


def test_a_document_that_does_not_parse_shows_nothing_when_masked() -> None:
    mask = Mask(["etl"], [])
    assert mask.document("{etl") == masking.UNREADABLE
