"""Every established sample gets the cause that its own words support."""

from __future__ import annotations

import pytest

from rolemend.explain.explain import explain_bytes
from tests.explain.cases import SAMPLES

# id -> cause, confidence, and the words of the text it rests on. Where the established cause is not in the text (T007
# https only, T009 not signed, T011 which policy, T023 a role that is not attached), no more than this may be said.
TABLE = {
    "T005": ("unknown", "unknown", "<Code>AccessDenied</Code>"),
    "T007": ("permission_missing", "likely", "You have no right to access this object."),
    "T009": (
        "permission_missing",
        "likely",
        "You have no right to access this object because of bucket acl.",
    ),
    "T011": ("unknown", "unknown", "Access denied by bucket policy"),
    "T015": ("permission_missing", "likely", "User not authorized to operate on the specified resource"),
    "T016": ("permission_missing", "likely", "User not authorized to operate on the specified resource"),
    "T017": ("permission_missing", "likely", "User not authorized to operate on the specified resource"),
    "T020": ("role_not_found", "certain", "InvalidRamRole.NotFound"),
    "T023": ("unknown", "unknown", "404 - Not Found"),
    "T024": (
        "permission_missing",
        "likely",
        "You have no right to access this object because of bucket acl.",
    ),
    "T025": (
        "permission_missing",
        "likely",
        "You have no right to access this object because of bucket acl.",
    ),
    "T031": ("signature_mismatch", "certain", "SignatureDoesNotMatch"),
    "T032": ("signature_mismatch", "certain", "SignatureDoesNotMatch"),
    "T035": ("signature_mismatch", "certain", "SignatureDoesNotMatch"),
    "T038": ("signature_mismatch", "likely", "The request signature we calculated does not match"),
    "T044": ("service_role_missing", "certain", "Cluster.Role.NotConfirm"),
    "T045": ("role_not_trusted", "certain", "InvalidRamRole.NotEcsRole"),
    "T046": ("pass_role_missing", "certain", "InvalidUser.PassRoleForbidden"),
    "T050": ("permission_missing", "likely", "The bucket you access does not belong to you."),
    "T052": ("permission_missing", "likely", "There is no corresponding access rights."),
    "T054": ("kms_permission_missing", "likely", "This request is forbidden by kms"),
    "T056": ("permission_missing", "likely", "OSSException: Access denied"),
}


def test_the_table_covers_every_sample() -> None:
    assert set(TABLE) == set(SAMPLES)


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_sample_gives_the_cause_that_its_words_support(sample: str) -> None:
    cause, confidence, words = TABLE[sample]
    assert words in SAMPLES[sample]
    answers = explain_bytes(SAMPLES[sample].encode())
    assert [(answer.cause, answer.confidence) for answer in answers] == [(cause, confidence)]


@pytest.mark.parametrize(
    ("sample", "kind"),
    [
        ("T024", "oss_denied"),
        ("T016", "api_denied"),
        ("T031", "not_a_permission_problem"),
        ("T044", "emr_creation_denied"),
        ("T023", "not_recognised"),
    ],
)
def test_a_sample_is_of_its_kind(sample: str, kind: str) -> None:
    assert explain_bytes(SAMPLES[sample].encode())[0].kind == kind


def test_no_rule_depends_on_a_samples_names() -> None:
    text = SAMPLES["T024"].replace("roncoo-web", "other-name").replace("60CB8D925423BA3733A96089", "5" * 24)
    answer = explain_bytes(text.replace("oss-cn-beijing", "oss-eu-central-1").encode())[0]
    assert (answer.cause, answer.bucket, answer.region) == (
        "permission_missing",
        "other-name",
        "eu-central-1",
    )
