"""The signatures of OpenAPI as its clients of three generations make them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import pytest
import requests
from alibabacloud_ram20150501 import models
from alibabacloud_sts20150401.models import AssumeRoleRequest
from aliyunsdkcore.acs_exception.exceptions import ServerException  # type: ignore[import-untyped]
from aliyunsdkcore.auth.credentials import StsTokenCredential  # type: ignore[import-untyped]
from aliyunsdkcore.client import AcsClient  # type: ignore[import-untyped]
from aliyunsdkcore.request import CommonRequest, RoaRequest  # type: ignore[import-untyped]

from localcloud.call import Call
from localcloud.errors import Unauthenticated
from localcloud.server import LocalCloud
from localcloud.signatures.openapi import authenticate
from tests import clients
from tests.clients import Keys
from tests.localcloud.identities import allow, make_role, make_user
from tests.localcloud.refusals import refusal

HOST = "ram.aliyuncs.com"


def percent(text: str) -> str:
    return quote(str(text), safe="~")


def rpc_parameters(keys: Keys, method: str, **changes: str) -> dict[str, str]:
    """The signed parameters of a ListUsers call, as @alicloud/pop-core and its like make them."""
    parameters = {
        "Action": "ListUsers",
        "Version": "2015-05-01",
        "Format": "JSON",
        "AccessKeyId": keys.id,
        "SignatureMethod": "HMAC-SHA1",
        "SignatureVersion": "1.0",
        "SignatureNonce": uuid.uuid4().hex,
        "Timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "Comment": "a b+c*d~e/f&g=hä'()!",
    } | changes
    query = "&".join(f"{percent(key)}={percent(parameters[key])}" for key in sorted(parameters))
    to_sign = f"{method}&{percent('/')}&{percent(query)}"
    digest = hashlib.sha256 if parameters["SignatureMethod"] == "HMAC-SHA256" else hashlib.sha1
    signature = hmac.new(f"{keys.secret}&".encode(), to_sign.encode(), digest).digest()
    return parameters | {"Signature": base64.b64encode(signature).decode()}


class Answer(NamedTuple):
    status: int
    body: dict[str, Any]


@pytest.fixture
def http(local: LocalCloud) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.proxies = {"http": local.proxy}
        yield session


def get(http: requests.Session, parameters: dict[str, str]) -> Answer:
    query = "&".join(f"{percent(key)}={percent(value)}" for key, value in parameters.items())
    answer = http.get(f"http://{HOST}/?{query}")
    return Answer(answer.status_code, answer.json())


def post(http: requests.Session, parameters: dict[str, str]) -> Answer:
    """Everything in the form, as @alicloud/pop-core does with `method: "POST"`."""
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = http.post(f"http://{HOST}/", data=urlencode(parameters), headers=headers)
    return Answer(answer.status_code, answer.json())


def test_acs3_of_the_tea_sdk_is_taken(root: Keys) -> None:
    assert clients.ram(root).list_users(models.ListUsersRequest()).body.users.user == []


def test_acs3_with_a_wrong_secret_is_refused_with_the_text_to_sign(root: Keys) -> None:
    found = refusal(clients.ram(Keys(root.id, "wrong")).list_users, models.ListUsersRequest())
    assert (found.code, found.status) == ("SignatureDoesNotMatch", 400)
    assert "server string to sign is:ACS3-HMAC-SHA256" in found.message


def test_an_unknown_key_is_refused(root: Keys) -> None:
    found = refusal(clients.ram(Keys("LTAInobody", "x")).list_users, models.ListUsersRequest())
    assert (found.code, found.status) == ("InvalidAccessKeyId.NotFound", 404)


@pytest.mark.parametrize("method", ["HMAC-SHA1", "HMAC-SHA256"])
def test_rpc_signatures_of_get_and_post_are_taken(http: requests.Session, root: Keys, method: str) -> None:
    assert get(http, rpc_parameters(root, "GET", SignatureMethod=method)).status == 200
    assert post(http, rpc_parameters(root, "POST", SignatureMethod=method)).status == 200


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"Comment": "changed"}, ("SignatureDoesNotMatch", 400)),
        ({"Extra": "added"}, ("SignatureDoesNotMatch", 400)),
        ({"Signature": "AAAA"}, ("SignatureDoesNotMatch", 400)),
        ({"SignatureMethod": "HMAC-SM3"}, ("UnsupportedSignatureMethod", 400)),
    ],
)
def test_rpc_requests_changed_after_signing_are_refused(
    http: requests.Session, root: Keys, change: dict[str, str], expected: tuple[str, int]
) -> None:
    for send, method in ((get, "GET"), (post, "POST")):
        answer = send(http, rpc_parameters(root, method) | change)
        assert (answer.body["Code"], answer.status) == expected


@pytest.mark.parametrize(
    ("timestamp", "code"),
    [
        ("2001-01-01T00:00:00Z", "InvalidTimeStamp.Expired"),
        ("2999-01-01T00:00:00Z", "InvalidTimeStamp.Expired"),
        ("yesterday", "InvalidTimeStamp.Format"),
        ("", "InvalidTimeStamp.Format"),
    ],
)
def test_rpc_requests_of_another_time_are_refused(
    http: requests.Session, root: Keys, timestamp: str, code: str
) -> None:
    answer = get(http, rpc_parameters(root, "GET", Timestamp=timestamp))
    assert (answer.body["Code"], answer.status) == (code, 400)


def test_a_request_without_a_signature_is_refused(http: requests.Session, local: LocalCloud) -> None:
    answer = get(http, {"Action": "ListUsers", "Version": "2015-05-01"})
    assert (answer.body["Code"], answer.status) == ("MissingAccessKeyId", 400)
    assert answer.body["RequestId"]


def test_an_answer_can_be_asked_for_as_xml(http: requests.Session, root: Keys) -> None:
    parameters = rpc_parameters(root, "GET", Format="XML", Action="ListUsers")
    answer = http.get(f"http://{HOST}/", params=parameters)
    assert answer.headers["content-type"].startswith("text/xml")
    assert "<ListUsersResponse>" in answer.text


def session_of(root: Keys, account: str) -> Keys:
    """Temporary keys of a role that may list users."""
    principal = {"RAM": [f"acs:ram::{account}:root"]}
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}
    ram = clients.ram(root)
    make_role(ram, "lister", json.dumps({"Version": "1", "Statement": [statement]}), allow("ram:ListUsers"))
    keys = make_user(ram, "dev", allow("sts:AssumeRole"))
    request = AssumeRoleRequest(role_arn=f"acs:ram::{account}:role/lister", role_session_name="old-sdk")
    given = clients.sts(keys).assume_role(request).body.credentials
    return Keys(given.access_key_id, given.access_key_secret, given.security_token)


@pytest.mark.parametrize("http_method", ["GET", "POST"])
def test_the_older_python_sdk_works_with_both_kinds_of_keys(
    root: Keys, account: str, http_method: str
) -> None:
    session = session_of(root, account)
    for client in (
        AcsClient(root.id, root.secret, "cn-hangzhou"),
        AcsClient(region_id="cn-hangzhou", credential=StsTokenCredential(*session_parts(session))),
    ):
        request = CommonRequest(domain=HOST, version="2015-05-01", action_name="ListUsers")
        request.set_method(http_method)
        request.set_protocol_type("http")
        request.add_query_param("MaxItems", "5")
        request.add_body_params("Comment", "in the body: ä&=+ *~")
        answer = json.loads(client.do_action_with_exception(request))
        assert [user["UserName"] for user in answer["Users"]["User"]] == ["dev"]


def session_parts(keys: Keys) -> tuple[str, str, str]:
    return keys.id, keys.secret, keys.token


def test_the_older_python_sdk_sees_refusals_as_the_cloud_gives_them(root: Keys) -> None:
    client = AcsClient(root.id, "wrong", "cn-hangzhou")
    request = CommonRequest(domain=HOST, version="2015-05-01", action_name="ListUsers")
    request.set_protocol_type("http")
    with pytest.raises(ServerException) as caught:
        client.do_action_with_exception(request)
    assert caught.value.get_http_status() == 400
    # The SDK compares the text to sign with its own: equal ones mean that only the secret is wrong.
    assert caught.value.get_error_code() in ("SignatureDoesNotMatch", "InvalidAccessKeySecret")


class Workspaces(RoaRequest):  # type: ignore[misc]
    """ListWorkspaces of Serverless Spark, as generated classes of the older SDK would have it."""

    def __init__(self) -> None:
        super().__init__("emr-serverless-spark", "2023-08-08", "ListWorkspaces")
        self.set_uri_pattern("/api/v1/workspaces")
        self.set_method("GET")
        self.set_protocol_type("http")
        self.set_endpoint("emr-serverless-spark.cn-hangzhou.aliyuncs.com")


def test_roa_signatures_of_the_older_sdk_are_taken(root: Keys) -> None:
    request = Workspaces()
    request.add_query_param("regionId", "cn-hangzhou")
    request.add_query_param("name", "two words & more")
    answer = json.loads(AcsClient(root.id, root.secret, "cn-hangzhou").do_action_with_exception(request))
    assert answer["workspaces"] == []


def test_roa_signatures_with_a_wrong_secret_are_refused(root: Keys) -> None:
    with pytest.raises(ServerException) as caught:
        AcsClient(root.id, "wrong", "cn-hangzhou").do_action_with_exception(Workspaces())
    assert caught.value.get_http_status() == 400


def roa_call(keys: Keys, raw_query: str, canonical_query: str, path: str = "/api/v1/workspaces") -> Call:
    """A ROA request whose text to sign is written out by hand, by the documentation's rules."""
    date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
    resource = f"{path}?{canonical_query}" if canonical_query else path
    to_sign = f"GET\napplication/json\n\n\n{date}\nx-acs-version:2023-08-08\n{resource}"
    digest = hmac.new(keys.secret.encode(), to_sign.encode(), hashlib.sha1).digest()
    headers = {
        "accept": "application/json",
        "date": date,
        "x-acs-version": "2023-08-08",
        "authorization": f"acs {keys.id}:{base64.b64encode(digest).decode()}",
    }
    return Call("GET", "h", path, path, raw_query, headers, b"", "127.0.0.1", time.time())


@pytest.mark.parametrize(
    ("raw_query", "canonical"),
    [
        ("", ""),
        ("b=2&a=1", "a=1&b=2"),
        ("flag&a=1", "a=1&flag"),
        ("empty=&a=1", "a=1&empty="),
        ("a=x%20y", "a=x y"),
    ],
)
def test_roa_resources_are_built_by_the_rules(
    local: LocalCloud, root: Keys, raw_query: str, canonical: str
) -> None:
    caller = authenticate(roa_call(root, raw_query, canonical), local.cloud.state, time.time())
    assert caller.type == "root-account"


def test_an_escaped_slash_in_a_path_is_signed_as_it_was_sent(local: LocalCloud, root: Keys) -> None:
    path, date = "/api/v1/a%2Fb/c", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    empty = hashlib.sha256(b"").hexdigest()
    canonical = f"GET\n{path}\n\nhost:h\nx-acs-date:{date}\n\nhost;x-acs-date\n{empty}"
    to_sign = "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical.encode()).hexdigest()
    signature = hmac.new(root.secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    headers = {
        "host": "h",
        "x-acs-date": date,
        "authorization": (
            f"ACS3-HMAC-SHA256 Credential={root.id},SignedHeaders=host;x-acs-date,Signature={signature}"
        ),
    }
    call = Call("GET", "h", "/api/v1/a/b/c", path, "", headers, b"", "127.0.0.1", time.time())
    assert authenticate(call, local.cloud.state, time.time()).type == "root-account"
    call.raw_path = "/api/v1/a/b/c"
    with pytest.raises(Unauthenticated):
        authenticate(call, local.cloud.state, time.time())


def test_a_changed_body_is_refused(local: LocalCloud, root: Keys) -> None:
    headers = {
        "x-acs-content-sha256": hashlib.sha256(b"a=1").hexdigest(),
        "authorization": f"ACS3-HMAC-SHA256 Credential={root.id},SignedHeaders=host;x-acs-content-sha256,Signature=0",
    }
    call = Call("POST", "h", "/", "/", "", headers, b"a=2", "127.0.0.1", time.time())
    with pytest.raises(Unauthenticated) as caught:
        authenticate(call, local.cloud.state, time.time())
    assert caught.value.code == "InvalidContentSha256"


def signed_by_acs3(keys: Keys, headers: dict[str, str], *names: str) -> dict[str, str]:
    """Headers of a bodiless POST to RAM, of which the named ones are signed."""
    date = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    headers = {"host": HOST, "x-acs-date": date, "x-acs-version": "2015-05-01"} | headers
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(names))
    signed = ";".join(sorted(names))
    canonical = f"POST\n/\n\n{lines}\n{signed}\n{hashlib.sha256(b'').hexdigest()}"
    to_sign = "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical.encode()).hexdigest()
    signature = hmac.new(keys.secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    authorization = f"ACS3-HMAC-SHA256 Credential={keys.id},SignedHeaders={signed},Signature={signature}"
    return headers | {"authorization": authorization}


ALL = ("host", "x-acs-action", "x-acs-date", "x-acs-version")


@pytest.mark.parametrize("missing", ALL)
def test_acs3_signs_the_host_and_every_header_of_its_own(
    http: requests.Session, root: Keys, missing: str
) -> None:
    """Otherwise whoever sees one request could make another call of it, or send it again tomorrow."""
    action = {"x-acs-action": "ListUsers"}
    taken = http.post(f"http://{HOST}/", headers=signed_by_acs3(root, action, *ALL))
    assert taken.status_code == 200
    names = [name for name in ALL if name != missing]
    answer = http.post(f"http://{HOST}/", headers=signed_by_acs3(root, action, *names))
    assert (answer.json()["Code"], answer.status_code) == ("IncompleteSignature", 400)


def test_a_request_that_was_signed_for_one_host_does_not_pass_at_another(
    http: requests.Session, root: Keys
) -> None:
    action = {"x-acs-action": "GetCallerIdentity", "x-acs-version": "2015-04-01"}
    answer = http.post("http://sts.aliyuncs.com/", headers=signed_by_acs3(root, action, *ALL))
    assert (answer.json()["Code"], answer.status_code) == ("SignatureDoesNotMatch", 400)


@pytest.mark.parametrize(
    ("content_type", "body", "code"),
    [
        ("text/plain", b"Action=CreateUser&UserName=intruder", "SignatureDoesNotMatch"),
        ("", b"Action=CreateUser&UserName=intruder", "SignatureDoesNotMatch"),
        ("application/json", b'{"Action": "CreateUser", "UserName": "intruder"}', "IncompleteSignature"),
    ],
)
def test_a_body_that_no_rpc_signature_covers_changes_nothing(
    http: requests.Session, root: Keys, content_type: str, body: bytes, code: str
) -> None:
    query = urlencode(rpc_parameters(root, "POST"))
    answer = http.post(f"http://{HOST}/?{query}", data=body, headers={"content-type": content_type})
    assert (answer.json()["Code"], answer.status_code) == (code, 400)
    assert clients.ram(root).list_users(models.ListUsersRequest()).body.users.user == []


def test_a_roa_body_needs_the_md5_that_is_signed(local: LocalCloud, root: Keys) -> None:
    call = roa_call(root, "", "")
    call.body = b'{"name": "added"}'
    with pytest.raises(Unauthenticated) as caught:
        authenticate(call, local.cloud.state, time.time())
    assert caught.value.code == "IncompleteSignature"


def test_a_token_with_a_long_lived_key_is_refused(root: Keys) -> None:
    found = refusal(
        clients.ram(Keys(root.id, root.secret, "some-token")).list_users, models.ListUsersRequest()
    )
    assert (found.code, found.status) == ("InvalidSecurityToken.MismatchWithAccessKey", 400)
