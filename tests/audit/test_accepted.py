"""The file of accepted findings, right and wrong."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolemend.audit.accepted import LONGEST_FILE, Acceptance, parse_accepted
from rolemend.errors import SettingsError

ID = "0123456789abcdef"


def test_each_entry_has_id_reason_and_last_day() -> None:
    data = f'[[accepted]]\nid = "{ID}"\nreason = " planned "\nuntil = 2027-03-31\nby = "li.wei"\n'
    assert parse_accepted(data.encode()) == (
        Acceptance(id=ID, reason="planned", until="2027-03-31", by="li.wei"),
    )
    assert parse_accepted(b"") == ()


def test_all_mistakes_are_told_at_once_with_their_place() -> None:
    data = f"""
    colour = "red"
    [[accepted]]
    id = "ABC"
    reason = "  "
    until = "2027-03-31"
    [[accepted]]
    id = "{ID}"
    reason = "right"
    until = 2027-03-31
    [[accepted]]
    id = "{ID}"
    reason = "{"x" * 1001}"
    until = 2027-03-31T10:00:00Z
    name = "Etl"
    by = 7
    """
    with pytest.raises(SettingsError) as told:
        parse_accepted(data.encode())
    problems = "\n".join(told.value.problems)
    for part in (
        "'colour' is not known", "accepted[1]: id", "accepted[1]: reason", "accepted[1]: until",
        "accepted[3]: until", "accepted[3]: reason has more", "accepted[3]: 'name'", "accepted[3]: by",
        f"'{ID}' is listed more than once",
    ):  # fmt: skip
        assert part in problems
    assert "accepted[2]" not in problems
    assert len(told.value.problems) == 9


@pytest.mark.parametrize(
    "data",
    [b"\xff", b"accepted = 1", b"accepted = [1]", b"[accepted]\nid = 1", b"[" * 100_000, b"#" * (LONGEST_FILE + 1)],
    ids=["no text", "a number", "numbers", "one table", "too deep", "too long"],
)  # fmt: skip
def test_what_is_no_such_file_is_refused(data: bytes) -> None:
    with pytest.raises(SettingsError):
        parse_accepted(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(SettingsError):
        parse_accepted(data)
