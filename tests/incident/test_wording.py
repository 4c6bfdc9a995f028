"""What stands in the ledger in English is told in the reader's language, and what nobody knows as it stands."""

from __future__ import annotations

import pytest

from rolemend.catalogue import translations
from rolemend.incident import wording
from rolemend.incident.wording import stored, told, told_grant
from rolemend.text import Text

SENTENCES = [value for value in vars(wording).values() if isinstance(value, Text)]
VALUES = {
    "who": "ana",
    "reason": "no\nneed",
    "rule": "r 1",
    "days": "7",
    "mode": "propose",
    "checks": "a, b",
}


def chinese(sentence: Text) -> str:
    return sentence.render(translations("zh"))


@pytest.mark.parametrize("sentence", SENTENCES, ids=lambda each: each.template)
def test_a_sentence_of_the_ledger_is_told_in_chinese_with_its_values(sentence: Text) -> None:
    english = stored(sentence, **VALUES)
    assert told(english, lambda known: known.render()) == english
    assert told(english, chinese) == Text(sentence.template, VALUES).render(translations("zh"))
    assert told(english, chinese) != english


@pytest.mark.parametrize(
    ("gain", "shown"),
    [
        ("oss:GetObject on acs:oss:*:*:data", "对 acs:oss:*:*:data 执行 oss:GetObject"),
        (
            "sts:AssumeRole for a.com on acs:ram::1:role/r, in the place of b.com",
            "允许 a.com 代替 b.com 对 acs:ram::1:role/r 执行 sts:AssumeRole",
        ),
        ("b.com may not assume acs:ram::1:role/r any more", "b.com 将不能再扮演 acs:ram::1:role/r"),
    ],
)
def test_what_a_plan_grants_and_takes_away_is_told_in_chinese(gain: str, shown: str) -> None:
    assert told_grant(gain, chinese) == shown


@pytest.mark.parametrize(
    "sentence", ["", "SetPolicy: NoPermission: no right on it", "the call is allowed now!"]
)
def test_what_nobody_knows_is_told_as_it_stands(sentence: str) -> None:
    assert told(sentence, chinese) == sentence
