"""No value is read as more than a value: by a shell, by Terraform, by a JSON parser, by Markdown."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolemend.explain.advice import Advice
from rolemend.explain.answer import Answer
from rolemend.explain.show import show
from rolemend.fix.documents import PLACEHOLDER, compact, pasted
from rolemend.fix.forms import hcl, write
from rolemend.fix.model import GrantProject, ReplacePolicy
from rolemend.fix.render import render
from rolemend.fix.steps import Block, Call, Command, Document, Steps
from rolemend.text import text
from tests.fix.every import every
from tests.fix.reading import blocks, commands, from_api, from_cli, string

TEXTS = st.text(max_size=60) | st.text(alphabet="'\"\\$%{}`\n\r<>EOF#&;|()*!~ é\u202e\U0001f600", max_size=60)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(TEXTS, DOCUMENTS, max_size=4)
HOSTILE = [
    "$(touch /tmp/owned)",
    "`id`",
    "'; id; '",
    '" ; id ; "',
    'a\nEOF\nresource "x" "y" {',
    '${file("/etc/passwd")}',
    "%{ if true }",
    "$${x} %%{y}",
    "--help",
    "\u202e\u200b",
    "\x1b[31m",
    "&& reboot",
    "a|b>c<d",
    "```\n# head",
    "\\",
    "",
]


def steps(words: tuple[str, ...] = ("ls",), blocks: tuple[Block, ...] = (), **parameters: Any) -> Steps:
    calls = (Command(words), Call("Ram", "2015-05-01", "GetRole", parameters))
    return Steps(console=(), calls=calls, blocks=blocks, risk=text("None."))


@given(OBJECTS)
def test_a_document_keeps_its_meaning_and_ends_nothing(document: dict[str, Any]) -> None:
    written = compact(document)
    assert json.loads(written) == document
    assert all(" " <= char <= "~" and char != "'" for char in written)
    assert "${" not in written
    assert "%{" not in written


@given(OBJECTS)
def test_a_document_comes_out_of_every_form_as_it_went_in(document: dict[str, Any]) -> None:
    forms = render(ReplacePolicy(policy="data", document=json.dumps(document)))
    if pasted(json.dumps(document)) == PLACEHOLDER:
        return
    (command,), (call,) = from_cli(forms.cli), from_api(forms.api)
    resource = blocks(forms.terraform)[-1][1]
    assert json.loads(command.parameters["PolicyDocument"]) == document
    assert json.loads(call.parameters["PolicyDocument"]) == document
    assert json.loads(resource["policy_document"]) == document


@pytest.mark.parametrize(
    "document", ["", "no json", "[1]", "null", "{" * 100_000, '{"a":"' + "x" * 30_000 + '"}']
)
def test_what_is_no_document_is_a_placeholder(document: str) -> None:
    assert pasted(document) == PLACEHOLDER


@given(st.lists(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126)), min_size=1, max_size=6))
def test_a_shell_reads_each_word_as_one_word(words: list[str]) -> None:
    cli = write(steps(tuple(words))).cli
    first = cli.partition(" &&\naliyun ram GetRole")[0]
    assert shlex.split(first) == words


@settings(max_examples=25, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=6))
def test_a_real_shell_runs_nothing_of_a_word(words: list[str]) -> None:
    command = write(steps(("printf", "%s\\n", *words))).cli.partition(" &&\n")[0]
    told = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=True)
    visible = ["".join(c if " " <= c <= "~" else f"\\u{ord(c):04x}" for c in word) for word in words]
    assert told.stdout.split("\n")[:-1] == visible
    assert told.stderr == ""


@given(TEXTS)
def test_terraform_reads_a_string_as_it_is(value: str) -> None:
    assert string(hcl(value)) == value


@given(TEXTS, OBJECTS)
def test_terraform_reads_blocks_with_any_values(value: str, document: dict[str, Any]) -> None:
    block = Block(
        kind="alicloud_ram_role",
        arguments={"name": value, "document": Document(compact(document)), "force": True},
        nested=(("inner", {"value": value}),),
    )
    ((labels, arguments),) = blocks(write(steps(blocks=(block,))).terraform)
    assert labels == ["resource", "alicloud_ram_role", "fix"]
    assert json.loads(arguments["document"]) == document
    assert (arguments["name"], arguments["inner.value"]) == (value, value)


@given(st.dictionaries(TEXTS, DOCUMENTS, max_size=4))
def test_an_api_call_is_json_on_one_line(parameters: dict[str, Any]) -> None:
    api = write(Steps(console=(), calls=(Call("X", "1", "Y", parameters),), risk=text("None."))).api
    assert "\n" not in api
    assert json.loads(api)["parameters"] == parameters


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_name_that_is_none_enters_no_form(hostile: str) -> None:
    for fix in every(hostile):
        forms = render(fix)
        for form in (forms.cli, forms.terraform, forms.api):
            assert len(hostile) < 2 or hostile not in form, (fix, form)
            assert all(" " <= char <= "~" or char == "\n" for char in form)
        assert all(words[0] in ("aliyun", "odpscmd") for words in commands(forms.cli))
        assert blocks(forms.terraform) or forms.terraform.startswith("# ")
        from_api(forms.api)
        shown = [*forms.console, forms.risk]
        assert not [one for one in shown if hostile and len(hostile) > 1 and hostile in one.render()]


@given(TEXTS)
def test_any_name_leaves_every_form_whole(name: str) -> None:
    for fix in every(name, json.dumps({name: name})):
        forms = render(fix)
        blocks(forms.terraform)
        if isinstance(fix, GrantProject):
            continue  # its command is no call of an API
        assert [(call.product, call.action) for call in from_cli(forms.cli)] == [
            (call.product, call.action) for call in from_api(forms.api)
        ]


def fenced(markdown: str) -> list[str]:
    """The contents of fenced blocks, as CommonMark ends them: by as many backticks as they began with."""
    found: list[str] = []
    fence, content = "", list[str]()
    for line in markdown.splitlines():
        if not fence and (start := re.match(r"(`{3,})[a-z]*$", line)):
            fence, content = start[1], []
        elif fence and re.fullmatch(f"`{{{len(fence)},}}", line):
            found.append("\n".join(content))
            fence = ""
        elif fence:
            content.append(line)
    assert not fence
    return found


@given(st.text(alphabet="`~\\ \nab#", max_size=80))
def test_markdown_fences_end_where_the_form_ends(form: str) -> None:
    nothing = text("None.")
    advice = Advice(
        what=nothing,
        faq="2.2",
        evidence=(nothing,),
        console=(nothing,),
        cli=form,
        terraform=form,
        api=form,
        risk=nothing,
        verify=form,
    )
    answer = Answer(kind="oss_denied", cause="unknown", confidence="unknown", advice=(advice,))
    assert fenced(show([answer], "markdown", "en")) == [form] * 4
