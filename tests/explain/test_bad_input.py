"""Anything may be pasted: cut off, escaped, masked, in any encoding, or no text at all."""

from __future__ import annotations

import html
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolemend.explain.answer import CAUSES, CONFIDENCES, KINDS, as_json
from rolemend.explain.explain import explain_bytes
from rolemend.explain.show import show
from tests.explain.cases import CORPUS, NAMES

TEXTS = [case["text"] for case in CORPUS]
XML = [case for case in CORPUS if case["text"].lstrip().startswith(("<?xml", "<Error"))]
KEYS = {
    "kind", "cause", "confidence", "service", "principal", "action", "resource", "bucket", "object", "region",
    "endpoint", "right_endpoint", "request_id", "ec", "checks", "advice", "count",
}  # fmt: skip


def check_answers(content: bytes, text: str) -> None:
    answers = explain_bytes(content)
    assert answers
    for answer in answers:
        assert answer.kind in KINDS
        assert answer.cause in CAUSES
        assert answer.confidence in CONFIDENCES
        assert answer.count >= 1
        assert (answer.cause == "unknown") == (answer.confidence == "unknown")
        for name in NAMES:
            assert (getattr(answer, name) or "") in text, name


@given(st.binary(max_size=2_000))
def test_any_bytes_are_answered(content: bytes) -> None:
    answers = explain_bytes(content)
    assert answers
    assert all(answer.kind in KINDS for answer in answers)


@given(st.lists(st.one_of(st.sampled_from(TEXTS), st.text(max_size=60)), min_size=1, max_size=4), st.data())
def test_pieces_of_errors_never_make_a_name_up(pieces: list[str], data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(["", "\n", "\n\n", " ", '","'])).join(
        piece[: data.draw(st.integers(0, len(piece)))] for piece in pieces
    )
    content = text.encode("utf-8", "replace")
    check_answers(content, content.decode())


@given(st.sampled_from(TEXTS), st.integers(0, 4_000), st.binary(max_size=6))
def test_damaged_bytes_are_answered(text: str, at: int, damage: bytes) -> None:
    content = text.encode()
    assert explain_bytes(content[:at] + damage + content[at:])


@pytest.mark.parametrize("case", XML, ids=[case["id"] for case in XML])
def test_xml_cut_off_anywhere_gives_its_cause_or_unknown(case: dict[str, Any]) -> None:
    """What stands before the cut may support less, but nothing else."""
    text, whole = case["text"], explain_bytes(case["text"].encode())[0]
    allowed = {whole.cause, "unknown", *(("permission_missing",) if "bucket acl" in text else ())}
    for end in range(len(text)):
        for answer in explain_bytes(text[:end].encode()):
            assert answer.cause in allowed, text[:end]
            assert answer.bucket in (None, whole.bucket), text[:end]
            assert answer.ec in (None, whole.ec), text[:end]
            assert answer.right_endpoint in (None, whole.right_endpoint), text[:end]


@pytest.mark.parametrize(
    "wrap",
    [
        json.dumps,
        lambda text: json.dumps({"log": text}),
        lambda text: json.dumps(json.dumps({"message": text})),
        html.escape,
        lambda text: text.replace("<", "\\u003c").replace(">", "\\u003e"),
    ],
    ids=["json", "in json", "json in json", "html", "unicode escapes"],
)
@pytest.mark.parametrize("case", XML[::3], ids=[case["id"] for case in XML[::3]])
def test_an_escaped_error_is_read_like_a_plain_one(case: dict[str, Any], wrap: Any) -> None:
    plain, escaped = explain_bytes(case["text"].encode())[0], explain_bytes(wrap(case["text"]).encode())[0]
    assert (escaped.cause, escaped.bucket, escaped.ec) == (plain.cause, plain.bucket, plain.ec)


def test_masked_names_are_named_as_they_are_or_not_at_all() -> None:
    members = "<HostId>my****.oss-cn-hangzhou.aliyuncs.com</HostId><EC>0003-00000201</EC>"
    text = f"<Error><Code>AccessDenied</Code>{members}</Error>"
    answer = explain_bytes(text.encode())[0]
    assert (answer.cause, answer.bucket) == ("identity_policy_deny", None)


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"\0" * 5_000, b"\xff\xfe", b"\xef\xbb\xbf", "一切正常".encode("gbk")]
)
def test_nothing_is_recognised_in_nothing(content: bytes) -> None:
    assert [(a.kind, a.cause, a.confidence, a.count) for a in explain_bytes(content)] == [
        ("not_recognised", "unknown", "unknown", 1)
    ]


def test_several_encodings_and_languages_in_one_file() -> None:
    lines = [
        "2026-01-01 读取失败 oss: service returned error: StatusCode=403, ErrorCode=SignatureDoesNotMatch,".encode(
            "gbk"
        ),
        "Échec : <Error><Code>InvalidObjectState</Code></Error>".encode("latin-1"),
        "エラー InvalidRamRole.NotEcsRole: The specified ram role is not authorized for ecs".encode(),
        "Cluster.Role.NotConfirm: The Role for EMR service to operate is Not confirmed!".encode("utf-16-le"),
    ]
    assert {answer.cause for answer in explain_bytes(b"\n".join(lines))} == {
        "signature_mismatch", "object_archived", "role_not_trusted", "service_role_missing",
    }  # fmt: skip


@given(st.sampled_from(CORPUS), st.sampled_from(["en", "zh"]))
def test_the_json_has_every_key_and_nothing_else(case: dict[str, Any], language: str) -> None:
    shown = json.loads(show(explain_bytes(case["text"].encode()), "json", language))
    assert set(shown) == {"answers"}
    for answer in shown["answers"]:
        assert set(answer) == KEYS
        assert None not in (answer["kind"], answer["cause"], answer["confidence"])
        assert isinstance(answer["checks"], list)
        assert isinstance(answer["advice"], list)


def test_secrets_never_come_back() -> None:
    members = "<SignatureProvided>c2VjcmV0</SignatureProvided><SecurityToken>CAISsecret</SecurityToken>"
    text = f"<Error><Code>SignatureDoesNotMatch</Code><OSSAccessKeyId>LTAIsecretid</OSSAccessKeyId>{members}</Error>"
    shown = json.dumps([as_json(answer, "en") for answer in explain_bytes(text.encode())])
    assert not [secret for secret in ("LTAIsecretid", "c2VjcmV0", "CAISsecret") if secret in shown]
