"""Secrets in KMS: the functions read them under their own roles, and nothing they write holds one."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from demo import clients
from demo.receiver import Receiver
from demo.scenarios import GUARDRAILS
from demo.stage import LEDGER, Stage, deploy
from localcloud.faults import Fault
from localcloud.fc.settings import InstanceClock
from rolemend.vault import REREAD_SECONDS
from tests.e2e.plays import scenario
from tests.e2e.signing_in import SECRET, Person, open_console
from tests.e2e.watching import failures, host, invocations
from tests.localcloud.kms_secrets import keep, kms, rotate

WEBHOOK = {"ROLEMEND_WEBHOOK_URL": "kms:rolemend-notify"}


def deliver(stage: Stage) -> Any:
    """Let the timer of `notify` fire once; the error of that invocation, empty if it went well."""
    host(stage).settings.retry_scale = 0.001
    stage.local.call(lambda cloud: cloud.services["fc"].fire_timer("rolemend-notify", "deliver"))  # type: ignore[attr-defined]
    stage.settle()
    return invocations(stage, "notify")[-1].error


def written(stage: Stage) -> str:
    """All that functions, ledger and trail wrote down."""
    logs = [one.log + json.dumps(one.error) + one.result.decode() for one in invocations(stage)]
    ledger = clients.bucket(stage.root, LEDGER)
    kept = [
        ledger.get_object(item.key).read().decode()
        for item in ledger.list_objects_v2(max_keys=1000).object_list
    ]
    events = stage.local.call(
        lambda cloud: [event.text for event in cloud.state.actiontrail.accounts[stage.account].events]
    )
    return "\n".join([*logs, *kept, *events])


def test_channels_keys_and_the_console_s_secrets_come_from_kms(stage: Stage, receiver: Receiver) -> None:
    address = f"{receiver.url}?token=hush-address"
    guardrails = GUARDRAILS.replace('mode = "auto"', 'mode = "approve"')
    clients.bucket(stage.root, LEDGER).put_object("config/guardrails.toml", guardrails.encode())
    keep(stage.root, "rolemend-notify", json.dumps({"chat": address}))
    keep(stage.root, "rolemend-link", "hush-link-" * 4)
    keep(stage.root, "rolemend-console", json.dumps({"client": SECRET, "session": "hush-session-" * 4}))
    console = open_console(
        stage,
        ROLEMEND_WEBHOOK_URL="",
        ROLEMEND_CHANNELS='[{"name": "ops", "type": "webhook", "url": "kms:rolemend-notify#chat"}]',
        ROLEMEND_LINK_KEY="kms:rolemend-link",
        ROLEMEND_CONSOLE_CLIENT_SECRET="kms:rolemend-console#client",
        ROLEMEND_CONSOLE_SESSION_KEY="kms:rolemend-console#session",
    )
    scenario("resource-list")(stage)
    (incident,) = stage.incidents()
    ana = Person(stage, console, "ana")
    assert incident in ana.home.text
    (message,) = receiver.messages
    (link,) = (each["url"] for each in message["message"]["links"] if "/link/" in each["url"])
    assert incident in ana.get(link).text
    assert failures(stage) == []
    said = written(stage)
    assert "GetSecretValue" in said
    assert not [secret for secret in ("hush", SECRET) if secret in said]


def test_a_rotated_secret_counts_within_minutes_in_a_warm_instance(stage: Stage) -> None:
    clock = host(stage).settings.clock = InstanceClock()
    try:
        keep(stage.root, "rolemend-notify", "hush is no address")
        deploy(stage, **WEBHOOK)
        assert "not a web address" in str(deliver(stage))
        rotate(stage.root, "rolemend-notify", stage.webhook, "v2")
        assert "not a web address" in str(deliver(stage))
        clock.ahead += REREAD_SECONDS
        assert deliver(stage) == {}
    finally:
        host(stage).settings.clock = None
    assert len({one.instance for one in invocations(stage, "notify")}) == 1
    assert "hush" not in written(stage)


def not_there(stage: Stage) -> None:
    """No such secret."""


def refused(stage: Stage) -> None:
    """A secret under a key that notify's role has no right to."""
    keep(stage.root, "rolemend-notify", "hush", EncryptionKeyId="key-1")


def no_json(stage: Stage) -> None:
    keep(stage.root, "rolemend-notify", "hush")


def going(stage: Stage) -> None:
    keep(stage.root, "rolemend-notify", "hush")
    kms(stage.root, "DeleteSecret", SecretName="rolemend-notify")


def silent(stage: Stage) -> None:
    keep(stage.root, "rolemend-notify", "hush")
    fault = Fault(service="kms", operation="GetSecretValue", kind="reset", times=None)
    stage.local.call(lambda cloud: cloud.faults.append(fault))


@pytest.mark.parametrize(
    ("prepare", "variable", "why"),
    [
        (not_there, "kms:rolemend-notify", "create it, or correct the name"),
        (refused, "kms:rolemend-notify", "kms:Decrypt on the secret's key"),
        (no_json, "kms:rolemend-notify#url", "no JSON object"),
        (going, "kms:rolemend-notify", "restore it"),
        (silent, "kms:rolemend-notify", "KMS did not answer"),
        (not_there, "kms:corp-database", "kms:GetSecretValue on acs:kms:cn-hangzhou"),
    ],
)
def test_a_secret_that_cannot_be_read_is_named_with_its_setting_and_what_helps(
    stage: Stage, prepare: Callable[[Stage], None], variable: str, why: str
) -> None:
    prepare(stage)
    deploy(stage, ROLEMEND_WEBHOOK_URL=variable, ROLEMEND_LANGUAGE="fr")
    told = str(deliver(stage).get("errorMessage"))
    assert "ROLEMEND_WEBHOOK_URL: " in told
    assert "ROLEMEND_LANGUAGE: " in told
    assert f"secret {variable[4:].partition('#')[0]!r} of KMS in cn-hangzhou" in told
    assert why in told
    assert "hush" not in written(stage)


def test_what_was_to_be_told_meanwhile_is_told_once_the_secret_is_there(
    stage: Stage, receiver: Receiver
) -> None:
    deploy(stage, ROLEMEND_REST_SECONDS="0", **WEBHOOK)
    host(stage).settings.retry_scale = 0.001
    scenario("role-name")(stage)
    assert receiver.messages == []
    keep(stage.root, "rolemend-notify", stage.webhook)
    stage.local.call(lambda cloud: cloud.services["fc"].fire_timer("rolemend-watch", "sweep"))  # type: ignore[attr-defined]
    stage.settle()
    assert [message["kind"] for message in receiver.messages] == ["alert"]


def test_notify_may_not_read_the_console_s_secrets_nor_the_console_notify_s(stage: Stage) -> None:
    for name in ("rolemend-notify", "rolemend-console"):
        keep(stage.root, name, "hush" * 8)
    deploy(stage, ROLEMEND_WEBHOOK_URL="kms:rolemend-console")
    assert "was refused" in str(deliver(stage))
    console = open_console(stage, ROLEMEND_CONSOLE_SESSION_KEY="kms:rolemend-notify")
    import requests

    answered = requests.get(console, proxies={"http": stage.local.proxy}, timeout=60)
    assert answered.status_code >= 500
    told = str(invocations(stage, "console")[-1].error)
    assert (
        "ROLEMEND_CONSOLE_SESSION_KEY: the secret 'rolemend-notify' of KMS in cn-hangzhou was refused" in told
    )
    assert "hush" not in answered.text + written(stage)
