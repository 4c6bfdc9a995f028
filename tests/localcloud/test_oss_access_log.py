"""The access log in Simple Log Service, and the events of bucket management in ActionTrail."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import oss2
import pytest
import requests
from alibabacloud_actiontrail20200706 import models

from localcloud.accounts import open_account
from localcloud.errors import AccessDenied
from localcloud.server import LocalCloud
from tests import clients
from tests.clients import Keys
from tests.localcloud.oss_callers import ACCOUNT, anonymous, session, statement, user, user_id

PROJECT, LOGSTORE = f"oss-log-{ACCOUNT}-cn-hangzhou", "oss-log-store"
FIELDS = {
    "time", "access_id", "owner_id", "user_agent", "logging_flag", "bucket", "bucket_location",
    "bucket_storage_type", "content_length_in", "content_length_out", "object", "object_size", "operation",
    "request_uri", "error_code", "ec", "request_length", "client_ip", "response_body_length", "http_method",
    "referer", "requester_id", "request_id", "response_time", "server_cost_time", "http_type", "sign_type",
    "http_status", "sync_request", "host", "vpc_addr", "vpc_id", "delta_data_size", "acc_access_region",
    "restore_priority", "archive_direct_read_size", "user_defined_log_fields", "extend_information",
}  # fmt: skip
Log = Callable[[], list[dict[str, str]]]


@pytest.fixture
def box(root: Keys) -> oss2.Bucket:
    bucket = clients.bucket(root, "box")
    bucket.create_bucket()
    bucket.put_object("k", b"1")
    return bucket


@pytest.fixture
def log(root: Keys, box: oss2.Bucket) -> Log:
    """Switches the log on; calling it gives all records so far."""
    client = clients.log(root)
    client.create_project(PROJECT, "")
    client.create_logstore(PROJECT, LOGSTORE, shard_count=1)

    def read() -> list[dict[str, str]]:
        begin = client.get_begin_cursor(PROJECT, LOGSTORE, 0).get_cursor()
        pulled = client.pull_logs(PROJECT, LOGSTORE, 0, begin, count=1000)
        return list(pulled.get_flatten_logs_json())

    return read


def test_a_record_has_every_field_of_the_service(box: oss2.Bucket, log: Log, root: Keys) -> None:
    answer = box.put_object("dir/ä b", b"12345")
    (record,) = log()
    assert set(record) >= FIELDS
    assert record["__topic__"] == "oss_access_log"
    assert re.fullmatch(r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d", record["time"])
    wanted = {
        "bucket": "box", "bucket_location": "oss-cn-hangzhou", "bucket_storage_type": "standard",
        "object": "dir%2F%C3%A4%20b", "operation": "PutObject", "http_method": "PUT", "http_status": "200",
        "error_code": "-", "ec": "-", "content_length_in": "5", "object_size": "5", "sign_type": "NormalSign",
        "request_id": answer.request_id, "access_id": root.id, "owner_id": ACCOUNT, "requester_id": ACCOUNT,
        "extend_information": f"{ACCOUNT},,,,", "host": "box.oss-cn-hangzhou.aliyuncs.com",
        "client_ip": "127.0.0.1", "sync_request": "-", "request_uri": "%2Fdir%2F%C3%A4%20b",
    }  # fmt: skip
    assert {name: record[name] for name in wanted} == wanted


def test_a_denial_of_a_role_names_role_session_and_code(root: Keys, box: oss2.Bucket, log: Log) -> None:
    keys = session(root, "EmrEcsRole", name="vm-ram-i-1")
    with pytest.raises(oss2.exceptions.AccessDenied):
        clients.bucket(keys, "box", version="v4").get_object("k")
    record = log()[-1]
    assert (record["error_code"], record["ec"], record["http_status"]) == (
        "AccessDenied",
        "0003-00000001",
        "403",
    )
    assert record["extend_information"] == f"{ACCOUNT},emrecsrole,vm-ram-i-1,{ACCOUNT},"
    assert record["access_id"] == keys.id
    assert record["sign_type"] == "NORMAL_SIGN4"
    assert record["object_size"] == "-"


def test_who_asked(root: Keys, box: oss2.Bucket, log: Log) -> None:
    keys = user(root, "reader", statement("Allow", "oss:*", "*"))
    clients.bucket(keys, "box").get_object("k")
    with pytest.raises(oss2.exceptions.AccessDenied):
        anonymous("box").get_object("k")
    requests.get(box.sign_url("GET", "k", 60), timeout=5)
    theirs, nobodys, presigned = log()
    assert (theirs["requester_id"], theirs["extend_information"]) == (
        user_id(root, "reader"),
        f"{ACCOUNT},,,,",
    )
    assert (nobodys["requester_id"], nobodys["access_id"], nobodys["extend_information"]) == ("-", "-", "-")
    assert (nobodys["sign_type"], presigned["sign_type"]) == ("NotSign", "UriSign")


def test_operations_have_the_logs_own_names(box: oss2.Bucket, log: Log) -> None:
    box.list_objects()
    box.list_objects_v2()
    upload_id = box.init_multipart_upload("m").upload_id
    part = box.upload_part("m", upload_id, 1, b"1")
    box.complete_multipart_upload(
        "m", upload_id, [oss2.models.PartInfo(1, part.etag, size=1, part_crc=part.crc)]
    )
    box.list_multipart_uploads()
    box.get_bucket_info()
    box.get_bucket_logging()
    assert [record["operation"] for record in log()] == [
        "GetBucket", "GetBucket", "InitiateMultipartUpload", "UploadPart", "CompleteUploadPart",
        "ListMultiPartUploads", "GetBucketInfo", "GetBucketLog",
    ]  # fmt: skip


def test_wrong_signatures_endpoints_and_keys_are_logged(root: Keys, box: oss2.Bucket, log: Log) -> None:
    with pytest.raises(oss2.exceptions.SignatureDoesNotMatch):
        clients.bucket(Keys(root.id, "wrong"), "box").get_object("k")
    with pytest.raises(oss2.exceptions.AccessDenied):
        clients.bucket(root, "box", "cn-beijing").get_object("k")
    with pytest.raises(oss2.exceptions.NoSuchKey):
        box.get_object("nothing")
    records = log()
    assert (records[0]["access_id"], records[0]["requester_id"]) == (root.id, "-")
    assert [(r["error_code"], r["ec"], r["http_status"]) for r in records] == [
        ("SignatureDoesNotMatch", "0002-00000040", "403"),
        ("AccessDenied", "0003-00001403", "403"),
        ("NoSuchKey", "0026-00000001", "404"),
    ]


def test_a_batch_delete_is_told_key_by_key_in_a_topic_of_its_own(box: oss2.Bucket, log: Log) -> None:
    box.batch_delete_objects(["k", "ä"])
    records = log()
    assert [(r["__topic__"], r["operation"], r["object"]) for r in records] == [
        ("oss_access_log", "DeleteObjects", "-"),
        ("oss_batch_delete_log", "DeleteObjects", "k"),
        ("oss_batch_delete_log", "DeleteObjects", "%C3%A4"),
    ]
    assert len({r["request_id"] for r in records}) == 1


def test_nothing_is_logged_for_a_bucket_elsewhere(root: Keys, log: Log) -> None:
    clients.bucket(root, "north", "cn-beijing").create_bucket()
    assert log() == []


def oss_events(keys: Keys) -> list[dict[str, Any]]:
    wanted = models.LookupEventsRequestLookupAttribute(key="ServiceName", value="Oss")
    request = models.LookupEventsRequest(lookup_attribute=[wanted], max_results="50")
    return list(clients.actiontrail(keys).lookup_events(request).body.events)


def test_management_calls_become_events(root: Keys, box: oss2.Bucket) -> None:
    keys = user(root, "nobody")
    answer = box.put_bucket_acl("private")
    box.get_bucket_info()
    with pytest.raises(oss2.exceptions.AccessDenied):
        clients.bucket(keys, "box").put_bucket_policy('{"Version":"1","Statement":[]}')
    events = {event["eventName"]: event for event in oss_events(root)}
    assert set(events) == {"PutBucket", "PutBucketAcl", "GetBucketInfo", "PutBucketPolicy"}
    put, refused = events["PutBucketAcl"], events["PutBucketPolicy"]
    assert (put["eventRW"], events["GetBucketInfo"]["eventRW"]) == ("Write", "Read")
    assert put["eventId"] == put["requestId"] == answer.request_id
    assert re.fullmatch("[0-9A-F]{24}", put["requestId"])
    assert put["referencedResources"] == {"ACS::OSS::Bucket": ["box"]}
    assert put["acsRegion"] == "cn-hangzhou"
    assert not put.get("errorCode")
    assert refused["errorCode"] == "AccessDenied"
    assert refused["userIdentity"]["userName"] == "nobody"
    assert json.loads(refused["requestParameterJson"]) == refused["requestParameters"]


def test_a_taken_bucket_name_is_an_event_of_the_one_who_asked(
    local: LocalCloud, root: Keys, box: oss2.Bucket
) -> None:
    key = local.call(lambda cloud: open_account(cloud.state, "2000000000000002"))
    other = Keys(key.id, key.secret)
    with pytest.raises(oss2.exceptions.ServerError):
        clients.bucket(other, "box").create_bucket()
    refused = [event for event in oss_events(other) if event.get("errorCode") == "BucketAlreadyExists"]
    assert [event["recipientAccountId"] for event in refused] == ["2000000000000002"]
    assert not [event for event in oss_events(root) if event.get("errorCode")]


def test_another_service_acts_with_a_callers_rights(
    local: LocalCloud, root: Keys, box: oss2.Bucket, log: Log
) -> None:
    from localcloud.identity import find_credential

    keys = session(root, "JobRole", statement("Allow", "oss:GetObject", f"acs:oss:*:{ACCOUNT}:box/*"))

    def work(cloud: Any) -> bytes:
        caller = find_credential(cloud.state, keys.id, keys.token, cloud.clock()).caller
        service = cloud.services["oss"]
        read = bytes(service.as_caller(caller, "GET", "box", "k").body)
        with pytest.raises(AccessDenied) as error:
            service.as_caller(caller, "PUT", "box", "out/ä", body=b"x")
        assert error.value.fields["EC"] == "0003-00000001"
        with pytest.raises(AccessDenied) as error:
            service.as_caller(caller, "GET", "box", query={"list-type": "2", "prefix": "p/"})
        assert error.value.action == "oss:ListObjects"
        return read

    assert local.call(work) == b"1"
    assert [(r["operation"], r["http_status"]) for r in log()] == [
        ("GetObject", "200"), ("PutObject", "403"), ("GetBucket", "403"),
    ]  # fmt: skip
    assert {r["extend_information"] for r in log()} == {f"{ACCOUNT},jobrole,job-1,{ACCOUNT},"}
