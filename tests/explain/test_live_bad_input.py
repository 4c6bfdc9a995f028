"""Whatever text it is: an account is asked about no principal, bucket or account that the text does not name."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolemend.account.interface import Absent, Reading, Unread
from rolemend.checklist.facts import Account
from rolemend.explain.answer import CAUSES, CONFIDENCES, KINDS
from rolemend.explain.case import ANYBODY, accounts_in, principal_in
from rolemend.explain.explain import answers_in, explain_bytes, with_advice
from rolemend.explain.live import Examined, Live, examine
from rolemend.signals.denial import DeniedDetail
from rolemend.text import text
from tests.explain.cases import CORPUS
from tests.fakes import FakeAccount
from tests.samples import ACCOUNT

TEXTS = [case["text"] for case in CORPUS]
MASKED = (
    '{"Code":"NoPermission","Message":"no","AccessDeniedDetail":{"AuthPrincipalType":"SubUser",'
    '"AuthPrincipalOwnerId":"196813200012****","AuthPrincipalDisplayName":"28877424437521****"}}'
)


class Refusing:
    """Every question about a denial is refused."""

    def decode(self, encoded: str) -> Reading[DeniedDetail]:
        return Unread("DecodeDiagnosticMessage", "NoPermission: no")

    def request_log(self, request_id: str) -> Reading[DeniedDetail]:
        return Absent()


class Listening(FakeAccount):
    """Remembers the names that are asked for."""

    def __init__(self) -> None:
        refused = Unread("GetBucketInfo", "AccessDenied: no")
        super().__init__(
            the_bucket=refused, the_bucket_policy=refused, the_role=refused, role_policies=refused
        )
        self.names: Any = refused
        self.heard: set[str] = set()

    def policies_of_user(self, name: str) -> Any:
        self.heard.add(name)
        return super().policies_of_user(name)

    def policies_of_role(self, name: str) -> Any:
        self.heard.add(name)
        return super().policies_of_role(name)

    def bucket(self, name: str, region: str) -> Any:
        self.heard.add(name)
        return super().bucket(name, region)


def examined(content: bytes) -> tuple[Examined, Listening]:
    import io

    heard = Listening()
    account = Account(
        identities=heard, buckets=heard, clusters=heard, workspaces=heard, diagnostics=Refusing()
    )
    live = Live({ACCOUNT: account}, "cn-hangzhou")
    return examine(answers_in(io.BytesIO(content)), lambda: live), heard


def check(content: bytes, seen: str) -> None:
    found, heard = examined(content)
    assert found.answers
    for answer in with_advice(found.answers):
        assert answer.kind in KINDS
        assert answer.cause in CAUSES
        assert answer.confidence in CONFIDENCES
        assert (answer.cause == "unknown") == (answer.confidence == "unknown")
        assert {one.answer for one in answer.checks} <= {"passed", "failed", "unknown", "not_applicable"}
    assert all(name in seen for name in heard.heard), heard.heard


@pytest.mark.parametrize("content", TEXTS, ids=[case["id"] for case in CORPUS])
def test_every_text_of_the_corpus_is_asked_about_by_its_own_names_alone(content: str) -> None:
    check(content.encode(), content)


@given(st.lists(st.one_of(st.sampled_from(TEXTS), st.text(max_size=60)), min_size=1, max_size=3), st.data())
def test_pieces_of_errors_never_make_a_name_up(pieces: list[str], data: st.DataObject) -> None:
    content = data.draw(st.sampled_from(["", "\n", "\n\n", '","'])).join(
        piece[: data.draw(st.integers(0, len(piece)))] for piece in pieces
    )
    check(content.encode("utf-8", "replace"), content.encode("utf-8", "replace").decode())


def test_masked_names_are_nobody_and_no_account() -> None:
    [answer] = explain_bytes(MASKED.encode())
    assert principal_in(answer).type == ANYBODY
    assert accounts_in(answer) == ()


def test_of_very_many_errors_only_the_first_are_asked_about_and_that_is_said() -> None:
    lines = "".join(
        f"<Error><Code>AccessDenied</Code><HostId>bucket-{n}.oss-cn-hangzhou.aliyuncs.com</HostId>"
        "<EC>0003-00000001</EC></Error>\n\n"
        for n in range(60)
    )
    found, heard = examined(lines.encode())
    assert len(heard.heard) == 20
    assert [bool(answer.checks) for answer in found.answers].count(True) == 20
    assert any("20" in note.render() for note in found.notes)


def test_why_no_account_was_asked_stands_beside_unknown_checks() -> None:
    why = text("The account was not asked: {why}", why="no network")
    content = TEXTS[0]
    host = "<HostId>data.oss-cn-hangzhou.aliyuncs.com</HostId>"
    line = f"<Error><Code>AccessDenied</Code>{host}<EC>0003-00000001</EC></Error>"
    found = examine(explain_bytes(f"{line}\n{content}".encode()), lambda: Live({}, "cn-hangzhou", why))
    assert found.notes == (why,)
    denied = next(answer for answer in found.answers if answer.bucket == "data")
    assert {check.answer for check in denied.checks} == {"unknown"}
    assert msgspec.structs.asdict(denied)["cause"] == "permission_missing"
