"""A sentence is filled in last: nothing in a value is ever read as a template or looked up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolemend.text import Text, text


def test_values_fill_the_places_of_their_names() -> None:
    assert text("{who} may not {action}", who="ana", action="read").render() == "ana may not read"


@pytest.mark.parametrize(
    "hostile",
    ["{who}", "{0}", "{who.__class__}", "{who[0]}", "}{", "{", "%s %(who)s", "$who", "{who!r:>9999}"],
)
def test_a_value_that_looks_like_a_template_stays_as_it_is(hostile: str) -> None:
    assert text("{who} and {action}", who=hostile, action=hostile).render() == f"{hostile} and {hostile}"


@given(st.text(), st.text())
def test_any_values_come_out_as_they_went_in(one: str, two: str) -> None:
    assert text("<{a}|{b}>", a=one, b=two).render() == f"<{one}|{two}>"
    assert text("<{b}|{a}>", a=one, b=two).render({"<{b}|{a}>": "{a}{a}"}) == one + one


def test_a_translation_takes_the_template_s_place() -> None:
    sentence = text("{who} is denied", who="ana")
    assert sentence.render({"{who} is denied": "{who} 被拒绝"}) == "ana 被拒绝"


@pytest.mark.parametrize("catalogue", [None, {}, {"other": "x"}, {"{who} is denied": ""}])
def test_without_a_translation_it_is_english(catalogue: dict[str, str] | None) -> None:
    assert text("{who} is denied", who="ana").render(catalogue) == "ana is denied"


def test_a_place_without_a_value_is_left_standing() -> None:
    assert text("{who} and {whom}", who="ana").render() == "ana and {whom}"


def test_values_of_any_type_become_text() -> None:
    assert text("{count} of {what}", count=3, what=None) == Text(
        "{count} of {what}", {"count": "3", "what": "None"}
    )


def test_a_value_may_be_named_like_anything() -> None:
    assert text("{template} {self}", template="t", self="s").render() == "t s"
