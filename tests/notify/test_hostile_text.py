"""Whatever a name from a log holds stays text: in every target, in messages and in digests."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown import markdown

from rolemend.incident.life import DIAGNOSED, Incident
from rolemend.incident.waiting import WaitingMessage
from rolemend.notify import dingtalk, escape, feishu, wecom
from rolemend.notify.digest import digest_sheet
from rolemend.notify.message import Message, compose, inert, plain
from rolemend.notify.others import body_of
from rolemend.notify.render import DINGTALK, HTML, PLAIN, WECOM, Sheet, Target, render
from rolemend.notify.sections import LONG, SHORT, Section, sections_of
from rolemend.signals.denial import BucketTarget, DeniedPrincipal
from tests.samples import LISTING

HOSTILE = [
    "**bold** _it_ `code` # head",
    "[pay here](https://evil.example/x) ![i](https://evil.example/i.png)",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    '"><a href="https://evil.example">x</a>',
    '@all @everyone <!channel> <!here|x> <@U1> <@all> <at user_id="all">x</at> <at id=all></at>',
    "\x1b[31mred\x1b[0m\x07\x9b31m",
    "\u202egnp.exe\u2066abc\u200b\u2069",
    "```\n# out of the fence\n```",
    "{{ 7 * 7 }} {% raw %} {incident} %s ${HOME}",
    "a\r\n\r\n> quote\n- item\n1. one\n====\n---",
    '<font color="warning">x</font>',
    "https://evil.example www.evil.example mailto:a@evil.example //evil.example",
    "😀" * 200,
    "x" * 50_000,
    "*" * 50_000,
    "\ud800 half",
]
ANY = (
    st.text(max_size=60)
    | st.sampled_from(HOSTILE[:13])
    | st.text("*_[]()<>`#@!&|\\\n\r -+.~:=>", max_size=30)
)


def message_with(name: str, language: str = "en") -> Message:
    """A message in which the name stands wherever a log may put one."""
    who = DeniedPrincipal(type="assumed_role", account="1", id="3", name=name, session=name)
    target = BucketTarget(bucket=name, key=name, region="cn-hangzhou")
    denial = msgspec.structs.replace(
        LISTING, principal=who, target=target, action=name, code=name, message=name
    )
    incident = Incident(id="inc-000000000000000000000001", state=DIAGNOSED, denial=denial, count=2)
    message = compose(incident, language)
    return msgspec.structs.replace(message, difference=f"+{name}", document=name, happened=name)


def sheet_with(name: str, form: str = SHORT) -> Sheet:
    message = message_with(name)
    sections = sections_of(message, form, "en")
    return Sheet(title=message.title, severity="warning", sections=sections, links=message.links)


def one(value: str) -> Sheet:
    return Sheet(title="t", severity="warning", sections=(Section(heading="", lines=(value,)),))


class Page(HTMLParser):
    """The tags, addresses and text of a page."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.addresses: set[str] = set()
        self.text = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.addresses |= {value or "" for name, value in attrs if name in ("href", "src")}

    def handle_data(self, data: str) -> None:
        self.text += data


OWN_TAGS = {"html", "head", "meta", "title", "body", "h2", "h3", "bdi", "ul", "li", "pre", "p", "a"}
MARKDOWN_TAGS = {"h4", "p", "strong", "ul", "li", "br", "a", "code", "pre"}


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("form", [SHORT, LONG])
def test_hostile_names_stay_text_in_mail(name: str, form: str) -> None:
    sheet = sheet_with(name, form)
    page = Page(render(HTML, sheet))
    assert page.tags <= OWN_TAGS
    assert page.addresses == {link.url for link in sheet.links}


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_stay_text_in_the_markdown_of_dingtalk(name: str) -> None:
    content = msgspec.json.decode(dingtalk.body_of(sheet_with(name)))
    shown = Page(markdown(content["markdown"]["text"], extensions=["fenced_code"]))
    assert shown.tags <= MARKDOWN_TAGS
    assert {address for address in shown.addresses if "evil" in address} == set()
    assert content["at"] == {"isAtAll": False}


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_are_plain_text_in_a_card_of_feishu(name: str) -> None:
    body = feishu.body_of(sheet_with(name), "s", 0.0)
    assert len(body) <= feishu.MOST_BYTES

    def texts(value: object) -> list[dict[str, str]]:
        if isinstance(value, dict):
            own = [value] if "content" in value else []
            return own + [found for each in value.values() for found in texts(each)]
        return [found for each in value for found in texts(each)] if isinstance(value, list) else []

    found = texts(msgspec.json.decode(body))
    assert {text["tag"] for text in found} == {"plain_text"}
    assert not any(invisible(text["content"]) for text in found)


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_stay_text_in_the_markdown_of_wecom(name: str) -> None:
    sheet = sheet_with(name)
    content = msgspec.json.decode(wecom.body_of(sheet))["markdown"]["content"]
    assert len(content.encode()) <= wecom.MOST_BYTES
    assert not re.search(r"<|`|@", content)
    links = set(re.findall(r"\[[^\]]*\]\(([^)]*)\)", content))
    assert links <= {link.url for link in sheet.links}
    assert "rolemend incidents show inc-000000000000000000000001" in content


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_stay_text_for_slack_and_teams(name: str) -> None:
    body, body_format = body_of("slack://a/b/c", sheet_with(name))
    assert body_format == "text"
    assert not invisible(body)
    assert len(body.encode()) <= 8_000


def invisible(shown: str) -> list[str]:
    return [char for char in shown if char not in "\n " and not char.isprintable()]


@pytest.mark.parametrize("target", [PLAIN, DINGTALK, WECOM, HTML], ids=lambda target: target.template)
@given(value=ANY)
def test_a_template_in_a_value_is_never_run(target: Target, value: str) -> None:
    shown = render(target, one("{{ 'zq' ~ 'zq' }}" + value.replace("zq", "")))
    assert "zqzq" not in shown


@given(value=ANY)
def test_html_gives_back_exactly_the_text(value: str) -> None:
    page = Page(f'<p title="{escape.html(value)}">{escape.html(value)}</p>')
    assert page.tags == {"p"}
    assert page.text == plain(value)


@given(value=ANY)
def test_markdown_gives_back_the_text_and_opens_nothing(value: str) -> None:
    shown = Page(markdown(f"- {escape.dingtalk(value)}"))
    assert shown.tags <= {"ul", "li", "p", "br"}
    assert squeezed(shown.text) == squeezed(inert(plain(value)))


def squeezed(value: str) -> str:
    """Without the blanks that Markdown gathers, and the one that keeps a number from being a list."""
    return re.sub(r"[\s\u200b]+", "", value)


@given(value=ANY)
def test_no_value_holds_what_wecom_takes_for_markup(value: str) -> None:
    assert not set(escape.wecom(value)) & set("<>[]()*_`#@~|")


@given(value=st.text("`~\n a", max_size=40))
def test_no_code_closes_its_fence(value: str) -> None:
    mark = escape.fence(value)
    assert mark not in value
    assert set(mark) == {"`"}


@given(value=ANY)
def test_nothing_that_is_shown_moves_the_cursor_or_turns_the_line(value: str) -> None:
    for target in (PLAIN, DINGTALK, WECOM, HTML):
        shown = render(target, one(value)).replace("\u00a0", " ").replace("\u200b", "")
        assert not invisible(shown)


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_stay_text_in_a_digest(name: str) -> None:
    line = WaitingMessage(
        message="m", incident="inc-1", kind="alert", severity="warning", count=2, first=1, last=2,
        who=name, action=name, target=f"oss://{name}/{name}", code=name, cause="permission_missing", role=name,
    )  # fmt: skip
    lines = [line, msgspec.structs.replace(line, incident="inc-2", message="n")]
    sheet = digest_sheet("ops-1", lines, "zh", whole=False)
    assert Page(render(HTML, sheet)).tags <= OWN_TAGS
    assert len(wecom.body_of(sheet)) < 3 * wecom.MOST_BYTES
    shown = Page(markdown(render(DINGTALK, sheet), extensions=["fenced_code"]))
    assert shown.tags <= MARKDOWN_TAGS
    assert shown.addresses == set()
