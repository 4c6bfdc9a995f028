"""Runs Alibaba Cloud's other clients for Python against the local cloud of the environment; each must do its work.

It runs in a virtualenv of its own, where nothing of this project is.
"""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import urlparse
from urllib.request import ProxyHandler, build_opener

import alibabacloud_oss_v2 as oss  # type: ignore[import-not-found]
from aliyunsdkcore.acs_exception.exceptions import ServerException  # type: ignore[import-untyped]
from aliyunsdkcore.client import AcsClient  # type: ignore[import-untyped]
from aliyunsdkram.request.v20150501.CreateRoleRequest import CreateRoleRequest  # type: ignore[import-not-found]
from aliyunsdkram.request.v20150501.GetRoleRequest import GetRoleRequest  # type: ignore[import-not-found]
from aliyunsdkram.request.v20150501.ListUsersRequest import ListUsersRequest  # type: ignore[import-not-found]

PROXY, ACCOUNT = os.environ["LOCAL_CLOUD"], os.environ["ACCOUNT"]
KEY = (os.environ["KEY_ID"], os.environ["KEY_SECRET"])
REGION = "cn-hangzhou"
TRUST = {
    "Version": "1",
    "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": ["ecs.aliyuncs.com"]}}
    ],
}


def oss_client(version: str, way: str) -> Any:
    config = oss.config.load_default()
    config.credentials_provider = oss.credentials.StaticCredentialsProvider(*KEY)
    config.region, config.signature_version, config.disable_ssl = REGION, version, True
    if way == "proxied":
        config.proxy_host = {"http": PROXY}  # a text is taken for the scheme `http://`, and goes unused
    else:
        config.endpoint = PROXY
    return oss.Client(config)


def check_oss(version: str, way: str) -> None:
    """Buckets, objects, lists, parts, appends, presigned addresses and a refusal."""
    client, bucket, key = oss_client(version, way), f"python-{version}-{way}", "dir/ä b+c&d=1%.txt"
    client.put_bucket(oss.PutBucketRequest(bucket=bucket))
    client.put_object(oss.PutObjectRequest(bucket=bucket, key=key, body=b"hello", metadata={"who": "me"}))
    read = client.get_object(oss.GetObjectRequest(bucket=bucket, key=key))
    assert (read.body.content, read.metadata["who"]) == (b"hello", "me")
    pages = client.list_objects_v2_paginator().iter_page(oss.ListObjectsV2Request(bucket=bucket))
    assert [found.key for page in pages for found in page.contents or []] == [key]
    first = client.append_object(oss.AppendObjectRequest(bucket=bucket, key="log", position=0, body=b"ab"))
    client.append_object(
        oss.AppendObjectRequest(bucket=bucket, key="log", position=first.next_position, body=b"cd")
    )
    client.uploader(part_size=100 * 1024, parallel_num=3).upload_from(
        oss.PutObjectRequest(bucket=bucket, key="big"), io.BytesIO(b"p" * 300_000)
    )
    assert client.head_object(oss.HeadObjectRequest(bucket=bucket, key="big")).content_length == 300_000
    address = client.presign(oss.GetObjectRequest(bucket=bucket, key=key)).url
    opener = build_opener(ProxyHandler({"http": PROXY} if way == "proxied" else {}))
    assert opener.open(address, timeout=10).read() == b"hello"
    refuse("NoSuchKey", lambda: client.get_object(oss.GetObjectRequest(bucket=bucket, key="nobody")))


def refuse(code: str, work: Callable[[], Any]) -> None:
    found = ""
    try:
        work()
    except oss.exceptions.OperationError as error:
        found = error.unwrap().code
    assert found == code, f"refused with {found!r}"


def check_ram(way: str) -> None:
    """RPC signatures: GET and POST, queries and forms."""
    client = AcsClient(*KEY, REGION)
    name = f"acs-{way}"
    create = CreateRoleRequest()
    create.set_RoleName(name)
    create.set_AssumeRolePolicyDocument(json.dumps(TRUST))
    create.set_Description("a b+c*d~e'()!ä")
    get = GetRoleRequest()
    get.set_RoleName(name)
    missing = GetRoleRequest()
    missing.set_RoleName("nobody")
    for request in (create, get, missing, users := ListUsersRequest()):
        request.set_protocol_type("http")
        request.set_endpoint("ram.aliyuncs.com" if way == "proxied" else urlparse(PROXY).netloc)
    client.do_action_with_exception(create)
    users.set_method("POST")
    assert "Users" in json.loads(client.do_action_with_exception(users))
    assert json.loads(client.do_action_with_exception(get))["Role"]["RoleName"] == name
    found = ""
    try:
        client.do_action_with_exception(missing)
    except ServerException as error:
        found = error.get_error_code()
    assert found == "EntityNotExist.Role", f"refused with {found!r}"


def main() -> None:
    """One line for each client that did its work; the first that did not ends it with a traceback."""
    done = 0
    for way in ("proxied", "local"):
        for version in ("v1", "v4"):
            check_oss(version, way)
            sys.stdout.write(f"ok alibabacloud-oss-v2 {version} {way}\n")
            done += 1
        os.environ["http_proxy"] = PROXY if way == "proxied" else ""
        check_ram(way)
        sys.stdout.write(f"ok aliyun-python-sdk-ram {way}\n")
        done += 1
    sys.stdout.write(f"{done} passed, 0 failed\n")


if __name__ == "__main__":
    main()
