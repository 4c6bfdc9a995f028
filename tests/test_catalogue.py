"""One catalogue for all that people read: nothing is missing from it, and no value is read as a template."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from string import Formatter

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from rolemend.catalogue import LOCALES, translations
from rolemend.checklist.diagnose import diagnose
from rolemend.checklist.facts import Account
from rolemend.incident.life import DIAGNOSED, Incident
from rolemend.notify.message import Message, compose
from rolemend.signals.denial import Denial
from rolemend.text import Text, text
from tests.checklist.spark_cases import denial as job_denial
from tests.fakes import FakeAccount
from tests.samples import CREATION, LISTING, altered

PRODUCT = LOCALES.parent
LANGUAGES = ("en", "zh")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
HOSTILE = "{0.__class__} {who} {role!r:>9} {{}} }{ %s %(who)s $who \\1 \\n"


def read(path: str) -> Catalog:
    with (LOCALES / path).open("rb") as file:
        return read_po(file, locale="zh")


def msgids(catalogue: Catalog) -> list[str]:
    return [str(message.id) for message in catalogue if message.id]


TEMPLATE, CHINESE_PO = read("rolemend.pot"), read("zh/LC_MESSAGES/rolemend.po")
TRANSLATED = {str(message.id): str(message.string) for message in CHINESE_PO if message.id}


def calls(name: str) -> Iterator[ast.Call]:
    """Every call of a function or class by this name in the product."""
    for path in PRODUCT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
                yield node


def literal(call: ast.Call) -> str | None:
    first = call.args[0]
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None


def is_template_of_another(call: ast.Call) -> bool:
    """`text(other.template, …)`, or the same under the name `template`."""
    return ast.unparse(call.args[0]).rpartition(".")[2] == "template"


def names(template: str) -> set[str]:
    """The placeholders of a template; none may convert, format or look into its value."""
    found = [part for part in Formatter().parse(template) if part[1] is not None]
    assert all(not spec and conversion is None for _, _, spec, conversion in found), template
    assert all(name is not None and name.isidentifier() for _, name, _, _ in found), template
    return {name for _, name, _, _ in found if name is not None}


def filled(template: str, value: str) -> str:
    """A template with one value in every place, worked out without format."""
    return value.join(re.split(r"\{\w+\}", template))


def message_about(denial: Denial, language: str) -> Message:
    account = FakeAccount()
    found = diagnose(
        Account(identities=account, buckets=account, clusters=account, workspaces=account), denial
    )
    incident = Incident(
        id="inc-1",
        state=DIAGNOSED,
        denial=denial,
        count=3,
        first=denial.time,
        last=denial.time,
        diagnosis=found,
        no_plan="open_questions",
        no_plan_detail="region",
        rolled_back="still denied",
    )
    return compose(incident, language)


DENIALS = [
    CREATION,
    LISTING,
    *(
        altered(job_denial(service), source=service or "untold")
        for service in ("oss", "sts", "dlf", "maxcompute", "kms", "")
    ),
]


def sentences(message: Message) -> list[str]:
    answers = [sentence for answer in message.checklist for sentence in (answer.statement, *answer.evidence)]
    return [message.title, *message.lines, *answers, *message.advice]


def test_the_template_holds_what_the_product_says_and_nothing_else() -> None:
    said = {template for call in calls("text") if (template := literal(call)) is not None}
    assert msgids(TEMPLATE) == sorted(said), "run make messages"


def test_no_text_is_made_where_extraction_cannot_see_it() -> None:
    hidden = [call for call in calls("text") if literal(call) is None and not is_template_of_another(call)]
    hidden += [call for call in calls("Text") if literal(call) is not None]
    assert not [ast.unparse(call) for call in hidden]


def test_every_text_is_translated() -> None:
    assert list(TRANSLATED) == msgids(TEMPLATE), "run make messages"
    assert not [msgid for msgid, chinese in TRANSLATED.items() if not CHINESE.search(chinese)]
    assert not [str(message.id) for message in CHINESE_PO if message.fuzzy and message.id]


def test_the_compiled_catalogue_is_that_of_the_translators() -> None:
    assert translations("zh") == TRANSLATED, "run make messages"


def test_english_needs_no_catalogue_and_an_unknown_language_falls_back_to_it() -> None:
    assert translations("en") == translations("xx") == {}


@pytest.mark.parametrize("msgid", TRANSLATED)
def test_a_translation_fills_in_the_same_values(msgid: str) -> None:
    assert names(TRANSLATED[msgid]) == names(msgid)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("msgid", TRANSLATED)
def test_a_value_is_never_read_as_a_template(msgid: str, language: str) -> None:
    sentence = text(msgid, **dict.fromkeys(names(msgid), HOSTILE))
    template = TRANSLATED[msgid] if language == "zh" else msgid
    assert sentence.render(translations(language)) == filled(template, HOSTILE)


@given(value=st.text(), msgid=st.sampled_from(sorted(TRANSLATED)))
def test_any_value_stands_in_the_sentence_as_it_is(value: str, msgid: str) -> None:
    sentence = text(msgid, **dict.fromkeys(names(msgid), value))
    assert sentence.render() == filled(msgid, value)
    assert sentence.render(translations("zh")) == filled(TRANSLATED[msgid], value)


def test_a_text_without_a_translation_is_shown_in_english() -> None:
    assert (
        text("Not in the catalogue: {name}", name="x").render(translations("zh")) == "Not in the catalogue: x"
    )


def test_a_missing_value_leaves_its_name_in_sight() -> None:
    assert Text("The role {role} exists.").render(translations("zh")) == "角色 {role} 存在。"


@pytest.mark.parametrize("denial", DENIALS, ids=lambda denial: denial.source)
def test_a_chinese_message_is_chinese_throughout(denial: Denial) -> None:
    message = message_about(denial, "zh")
    assert not [sentence for sentence in sentences(message) if not CHINESE.search(sentence)]


@pytest.mark.parametrize("denial", DENIALS, ids=lambda denial: denial.source)
def test_an_english_message_holds_no_chinese(denial: Denial) -> None:
    message = message_about(denial, "en")
    assert not [sentence for sentence in sentences(message) if CHINESE.search(sentence)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_hostile_denial_is_shown_as_it_came(language: str) -> None:
    assert HOSTILE in message_about(altered(CREATION, action=HOSTILE), language).title
