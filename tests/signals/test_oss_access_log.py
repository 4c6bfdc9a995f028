"""Access-log lines become denials, are passed over by their code, or are rejected with the reason."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolemend.errors import RecordRejected
from rolemend.signals.denial import BucketTarget, Denial, PassedOver, incident_id
from rolemend.signals.oss_access_log import read_record
from tests.samples import ACCOUNT, denied_line


def read_denial(**changes: object) -> Denial:
    outcome = read_record(denied_line(**changes))
    assert isinstance(outcome, Denial)
    return outcome


def test_a_refused_request_names_role_session_bucket_and_action() -> None:
    denial = read_denial()
    who = denial.principal
    assert (who.type, who.account, who.name, who.session) == (
        "assumed_role",
        ACCOUNT,
        "emr-ecs-role",
        "session-1",
    )
    assert denial.action == "oss:GetObject"
    assert denial.target == BucketTarget(
        bucket="demo-bucket",
        key="data/part-0001.parquet",
        region="cn-hangzhou",
        host="demo-bucket.oss-cn-hangzhou.aliyuncs.com",
        owner=ACCOUNT,
    )
    assert (denial.code, denial.detail_code, denial.signal_id) == (
        "AccessDenied",
        "0003-00000001",
        "67A0B1C2D3E4F50000000001",
    )


@pytest.mark.parametrize(
    ("operation", "action"),
    [
        ("GetBucket", "oss:ListObjects"),
        ("HeadObject", "oss:GetObject"),
        ("CompleteUploadPart", "oss:PutObject"),
        ("ListMultiPartUploads", "oss:ListMultipartUploads"),
        ("DeleteObjects", "oss:DeleteObject"),
        ("GetBucketInfo", "oss:GetBucketInfo"),
    ],
)
def test_logged_operations_are_translated_to_actions(operation: str, action: str) -> None:
    assert read_denial(operation=operation).action == action


def test_a_bucket_operation_has_no_key_even_if_one_is_logged() -> None:
    target = read_denial(operation="GetBucket", object="prefix").target
    assert isinstance(target, BucketTarget)
    assert target.key == ""


def test_further_parts_of_the_extended_information_are_ignored() -> None:
    who = read_denial(extend_information=f"{ACCOUNT},role,session,2000000000000002,more,parts").principal
    assert (who.account, who.name, who.session) == ("2000000000000002", "role", "session")


def test_a_plain_signed_request_is_a_ram_user_and_the_owner_itself_root() -> None:
    assert read_denial(extend_information=f"{ACCOUNT},,,,", requester_id="29").principal.type == "ram_user"
    assert read_denial(extend_information=f"{ACCOUNT},,,,", requester_id=ACCOUNT).principal.type == "root"
    assert read_denial(extend_information="-", requester_id="-").principal.type == "anonymous"


@pytest.mark.parametrize(
    "code", ["SignatureDoesNotMatch", "InvalidAccessKeyId", "RequestTimeTooSkewed", "InvalidObjectState"]
)
def test_other_403_codes_are_no_permission_problem(code: str) -> None:
    assert read_record(denied_line(error_code=code)) == PassedOver(code)


@pytest.mark.parametrize("ec", ["0002-00000904", "0002-00000040", "0061-00000001"])
def test_ec_codes_that_are_no_matter_of_policies_are_passed_over(ec: str) -> None:
    assert read_record(denied_line(ec=ec)) == PassedOver(f"AccessDenied/{ec}")


@pytest.mark.parametrize(
    ("code", "ec"),
    [
        ("AccessDenied", "0003-00000501"),
        ("AccessDenied", "0003-00000703"),
        ("AccessDenied", "0003-00000803"),
        ("UserDisable", "0003-00000801"),
        ("BucketDisable", "0003-00000908"),
    ],
)
def test_refusals_by_a_setting_are_denials_that_people_are_told_of(code: str, ec: str) -> None:
    denial = read_denial(error_code=code, ec=ec)
    assert (denial.code, denial.detail_code) == (code, ec)


@pytest.mark.parametrize("status", ["200", "404", "500"])
def test_other_statuses_are_passed_over(status: str) -> None:
    assert read_record(denied_line(http_status=status)) == PassedOver("not refused")


@pytest.mark.parametrize(
    "changes",
    [
        {"http_status": None},
        {"http_status": "-"},
        {"bucket": None},
        {"request_id": "-"},
        {"__time__": "soon"},
        {"__time__": "9" * 5_000},
        {"__time__": "9" * 20},
        {"__time__": "\u0663"},
        {"operation": "-"},
        {"object": 7},
        {"ec": ["x"]},
    ],
)
def test_a_line_without_what_names_the_request_is_rejected(changes: dict[str, object]) -> None:
    with pytest.raises(RecordRejected):
        read_record(denied_line(**changes))


def test_what_the_log_does_not_tell_stays_unknown() -> None:
    denial = read_denial(vpc_id="-", client_ip="192.0.2.13", user_agent="-")
    assert denial.conditions == {"acs:SourceIp": "192.0.2.13", "acs:SecureTransport": "true"}
    assert denial.unknown_conditions == ("acs:MFAPresent", "acs:SourceVpc", "acs:UserAgent")


@pytest.mark.parametrize("location", ["oss-cn-hangzhou.evil.example/; rm -rf ~ #", "oss-", "-", "x\ny"])
def test_what_is_no_region_enters_no_endpoint_and_no_command(location: str) -> None:
    denial = read_denial(bucket_location=location)
    assert isinstance(denial.target, BucketTarget)
    assert (denial.region, denial.target.region) == ("", "")


def test_all_sessions_of_a_role_and_all_reading_of_a_bucket_are_one_incident() -> None:
    one = read_denial(extend_information=f"{ACCOUNT},Role,vm-ram-i-1,{ACCOUNT},")
    two = read_denial(extend_information=f"{ACCOUNT},role,vm-ram-i-2,{ACCOUNT},", operation="GetBucket")
    assert incident_id(one) == incident_id(two)
    assert incident_id(one) != incident_id(
        read_denial(extend_information=f"{ACCOUNT},role,s,{ACCOUNT},", operation="PutObject")
    )
    assert incident_id(one) != incident_id(
        read_denial(extend_information=f"{ACCOUNT},role,s,{ACCOUNT},", bucket="other")
    )


@given(
    st.dictionaries(st.sampled_from(sorted(denied_line())), st.text() | st.integers() | st.none(), max_size=5)
)
def test_whatever_stands_in_a_line_it_is_read_passed_over_or_rejected(changes: dict[str, object]) -> None:
    try:
        outcome = read_record(denied_line(**changes))
    except RecordRejected:
        return
    assert isinstance(outcome, Denial | PassedOver)
