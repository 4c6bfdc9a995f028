"""Secrets in KMS, as their clients see them."""

from __future__ import annotations

from typing import Any

import pytest
from alibabacloud_actiontrail20200706 import models as trail_models

from localcloud.server import LocalCloud
from tests import clients
from tests.clients import Keys
from tests.localcloud.identities import allow, make_user
from tests.localcloud.kms_secrets import keep, kms, rotate
from tests.localcloud.refusals import refusal
from tests.samples import ACCOUNT

SECRET = f"acs:kms:cn-hangzhou:{ACCOUNT}:secret"


def code_of(keys: Keys, action: str, **parameters: Any) -> tuple[str, int]:
    return refusal(lambda: kms(keys, action, **parameters))[:2]


def test_a_secret_is_read_as_it_was_written_and_json_stays_text(root: Keys) -> None:
    made = kms(root, "CreateSecret", SecretName="db", SecretData='{"a": [1]}', VersionId="v1")
    assert (made["Arn"], made["VersionId"]) == (f"{SECRET}/db", "v1")
    for name in ("db", f"{SECRET}/db"):
        found = kms(root, "GetSecretValue", SecretName=name)
        assert (found["SecretData"], found["SecretDataType"]) == ('{"a": [1]}', "text")
        assert found["VersionStages"] == {"VersionStage": ["ACSCurrent"]}


def test_a_new_version_is_the_current_one_and_the_former_the_previous(root: Keys) -> None:
    keep(root, "db", "one")
    rotate(root, "db", "two", "v2")
    rotate(root, "db", "three", "v3")
    read = [
        kms(root, "GetSecretValue", SecretName="db", **how)["SecretData"]
        for how in ({}, {"VersionStage": "ACSPrevious"}, {"VersionId": "v1"})
    ]
    assert read == ["three", "two", "one"]
    rotate(root, "db", "three", "v3")  # the same again is no new version
    assert code_of(root, "PutSecretValue", SecretName="db", SecretData="x", VersionId="v3") == (
        "Rejected.ResourceExist",
        409,
    )


def test_a_label_of_one_s_own_leaves_the_current_version(root: Keys) -> None:
    keep(root, "db", "one")
    kms(root, "PutSecretValue", SecretName="db", SecretData="next", VersionId="v2", VersionStages='["Next"]')
    assert kms(root, "GetSecretValue", SecretName="db")["SecretData"] == "one"
    assert kms(root, "GetSecretValue", SecretName="db", VersionStage="Next")["SecretData"] == "next"


def test_the_oldest_of_more_than_ten_versions_goes(root: Keys) -> None:
    keep(root, "db", "0", "v0")
    for number in range(1, 11):
        rotate(root, "db", str(number), f"v{number}")
    assert code_of(root, "GetSecretValue", SecretName="db", VersionId="v0")[1] == 404
    assert kms(root, "GetSecretValue", SecretName="db", VersionId="v1")["SecretData"] == "1"


def test_secrets_belong_to_their_region(root: Keys) -> None:
    keep(root, "db", "one")
    assert code_of(root, "GetSecretValue", region="cn-beijing", SecretName="db") == (
        "Forbidden.ResourceNotFound",
        404,
    )
    assert kms(root, "ListSecrets", region="cn-beijing")["TotalCount"] == 0


def test_metadata_and_lists_tell_no_value(root: Keys) -> None:
    for name in ("b", "a", "c"):
        keep(root, name, "hush", Description="one of three")
    listed = kms(root, "ListSecrets", PageSize=2)
    told = kms(root, "DescribeSecret", SecretName="a")
    assert [one["SecretName"] for one in listed["SecretList"]["Secret"]] == ["a", "b"]
    assert (listed["TotalCount"], told["Description"]) == (3, "one of three")
    assert "hush" not in str(listed) + str(told)


def test_a_secret_that_is_to_be_deleted_is_not_read_until_it_is_restored(root: Keys) -> None:
    keep(root, "db", "one")
    assert kms(root, "DeleteSecret", SecretName="db", RecoveryWindowInDays=7)["PlannedDeleteTime"]
    window = ("Rejected.ResourceInDeleteWindow", 409)
    assert code_of(root, "GetSecretValue", SecretName="db") == window
    assert code_of(root, "CreateSecret", SecretName="db", SecretData="x", VersionId="v1") == window
    kms(root, "RestoreSecret", SecretName="db")
    assert kms(root, "GetSecretValue", SecretName="db")["SecretData"] == "one"
    kms(root, "DeleteSecret", SecretName="db", ForceDeleteWithoutRecovery="true")
    assert code_of(root, "DescribeSecret", SecretName="db") == ("Forbidden.ResourceNotFound", 404)


@pytest.mark.parametrize(
    "changes",
    [
        {"SecretName": "na me"},
        {"SecretName": "acs/ram"},
        {"SecretName": ""},
        {"SecretData": ""},
        {"SecretData": "x" * 30_721},
        {"VersionId": "v" * 65},
        {"SecretDataType": "json"},
    ],
)
def test_what_no_secret_can_be_is_refused(root: Keys, changes: dict[str, str]) -> None:
    given = {"SecretName": "db", "SecretData": "x", "VersionId": "v1"} | changes
    assert code_of(root, "CreateSecret", **given) == ("InvalidParameter", 400)
    assert kms(root, "ListSecrets")["TotalCount"] == 0


@pytest.mark.parametrize(
    ("parameter", "value"),
    [("DKMSInstanceId", "kst-1"), ("SecretType", "Rds"), ("Tags", '[{"TagKey": "a", "TagValue": "b"}]')],
)
def test_what_is_not_there_is_refused_and_not_passed_over(root: Keys, parameter: str, value: str) -> None:
    given = {"SecretName": "db", "SecretData": "x", "VersionId": "v1", parameter: value}
    assert code_of(root, "CreateSecret", **given) == ("InvalidAction.NotFound", 404)
    other = {"SecretName": "acs:kms:cn-hangzhou:2000000000000002:secret/db"}
    assert code_of(root, "GetSecretValue", **other) == ("InvalidAction.NotFound", 404)


def test_a_name_is_given_once(root: Keys) -> None:
    keep(root, "db", "one")
    again = code_of(root, "CreateSecret", SecretName="db", SecretData="x", VersionId="v1")
    assert again == ("Rejected.ResourceExist", 409)


def test_rights_are_those_on_the_secret_that_is_named(root: Keys) -> None:
    keep(root, "app-db", "one")
    keep(root, "db", "two")
    keys = make_user(clients.ram(root), "ana", allow("kms:GetSecretValue", f"{SECRET}/app-*"))
    assert kms(keys, "GetSecretValue", SecretName="app-db")["SecretData"] == "one"
    refused = refusal(lambda: kms(keys, "GetSecretValue", SecretName="db"))
    assert (refused.code, refused.status) == ("Forbidden.NoPermission", 403)
    assert refused.detail["AuthAction"] == "kms:GetSecretValue"
    assert code_of(keys, "ListSecrets") == ("Forbidden.NoPermission", 403)
    # Who may not read the name learns nothing of whether it is there.
    assert code_of(keys, "GetSecretValue", SecretName="nothing") == ("Forbidden.NoPermission", 403)


def test_a_secret_under_a_key_of_one_s_own_takes_the_right_to_that_key(root: Keys) -> None:
    keep(root, "db", "one", EncryptionKeyId="key-1")
    ram, key = clients.ram(root), f"acs:kms:cn-hangzhou:{ACCOUNT}:key/key-1"
    without = make_user(ram, "ana", allow("kms:GetSecretValue"))
    document = allow("kms:GetSecretValue")
    document["Statement"] += allow("kms:Decrypt", key)["Statement"]
    assert code_of(without, "GetSecretValue", SecretName="db") == ("Forbidden.NoPermission", 403)
    assert kms(make_user(ram, "bea", document), "GetSecretValue", SecretName="db")["SecretData"] == "one"


def test_no_event_of_the_trail_holds_a_value(root: Keys, local: LocalCloud) -> None:
    keep(root, "db", "hush-one")
    rotate(root, "db", "hush-two", "v2")
    kms(root, "GetSecretValue", SecretName="db")
    events = clients.actiontrail(root).lookup_events(trail_models.LookupEventsRequest()).body.events
    assert {"CreateSecret", "PutSecretValue", "GetSecretValue"} <= {event["eventName"] for event in events}
    assert "hush" not in str(events)
