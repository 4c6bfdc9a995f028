"""Text in every encoding, with a mark or without one, also several of them in one file."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolemend.explain.explain import explain_bytes
from rolemend.explain.reading import BLOCK
from tests.explain.cases import CORPUS

ERROR = (
    "2026-01-01 12:00:01 ERROR 作业失败 <Error><Code>AccessDenied</Code><HostId>data-lake.oss-cn-hangzhou.aliyuncs.com"
    "</HostId><EC>0003-00000201</EC></Error>\n"
)
OTHER = (
    "2026-01-01 12:00:02 错误 InvalidRamRole.NotEcsRole: The specified ram role is not authorized for ecs\n"
)
WIDE = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
MARKED = ("utf-16", "utf-32", "utf-8-sig")
NARROW = ("utf-8", "gb18030", "gbk")
NOISE = "2026-01-01 12:00:00 信息 没有发生任何事情\n"


def found(content: bytes) -> list[tuple[str, str | None]]:
    return sorted((answer.cause, answer.bucket) for answer in explain_bytes(content))


@pytest.mark.parametrize("encoding", [*WIDE, *MARKED, *NARROW])
@pytest.mark.parametrize("noise", [0, 3, 20_000], ids=["at once", "behind a few lines", "behind many"])
def test_an_error_is_found_in_every_encoding(encoding: str, noise: int) -> None:
    content = (NOISE * noise + ERROR + NOISE * noise).encode(encoding)
    assert found(content) == [("identity_policy_deny", "data-lake")]


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "shift_jis", "euc_kr"])
def test_other_languages_hide_no_error(encoding: str) -> None:
    words = {"latin-1": "Échec : ", "cp1252": "Größe: ", "shift_jis": "エラー ", "euc_kr": "오류 "}[encoding]
    content = (words * 20 + "\n").encode(encoding) + ERROR.replace("作业失败", "").encode()
    assert found(content) == [("identity_policy_deny", "data-lake")]


PAIRS = [(first, second) for first in (*WIDE, *MARKED) for second in NARROW]


@pytest.mark.parametrize(("first", "second"), [*PAIRS, *(pair[::-1] for pair in PAIRS)])
def test_two_encodings_in_one_file_hide_neither_error(first: str, second: str) -> None:
    content = (NOISE + ERROR).encode(first) + (NOISE + OTHER).encode(second)
    assert found(content) == [("identity_policy_deny", "data-lake"), ("role_not_trusted", None)]


def test_a_line_that_has_no_end_is_not_cut_within_a_character() -> None:
    line = ("什么也没有发生 " * 40 + ERROR.strip() + " ").encode()
    content = line * (12 * BLOCK // len(line) + 2)
    [answer] = explain_bytes(content)
    assert (answer.cause, answer.count) == ("identity_policy_deny", len(content) // len(line))


def test_zero_bytes_hide_nothing() -> None:
    assert found(b"\0" * 5_000 + ERROR.encode() + b"\0" * 7) == [("identity_policy_deny", "data-lake")]
    assert found(ERROR.encode().replace(b" ", b" \0")) == [("identity_policy_deny", "data-lake")]


TEXTS = [case["text"] for case in CORPUS]


@given(
    st.lists(
        st.tuples(
            st.sampled_from([*TEXTS, NOISE, ERROR, OTHER]),
            st.sampled_from([*WIDE, *MARKED, "utf-8", "gb18030", "latin-1"]),
            st.integers(0, 600),
            st.binary(max_size=3),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_no_mixture_raises_or_makes_a_principal_or_a_bucket_up(
    pieces: list[tuple[str, str, int, bytes]],
) -> None:
    """Cut off and damaged between the pieces: what is named stands in one of the texts, if not in two that meet."""
    content = b"".join(text.encode(how, "replace")[end // 2 :] + junk for text, how, end, junk in pieces)
    seen = content.decode("latin-1").replace("\0", "") + "".join(text for text, *_ in pieces)
    for answer in explain_bytes(content):
        for name in (answer.principal, answer.bucket):
            assert not name or not name.isascii() or name in seen
