"""Advice: complete for every cause, in both languages, and never a command with a name that is none."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolemend.explain.advice import advise
from rolemend.explain.answer import CAUSES, Answer
from rolemend.explain.explain import explain_bytes
from rolemend.explain.show import show
from rolemend.policy import parse_policy
from tests.explain.cases import CORPUS

KINDS = ("oss_denied", "api_denied", "emr_creation_denied")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
CAUSED = [cause for cause in CAUSES if cause != "unknown"]


def answer(cause: str, kind: str = "oss_denied", **names: Any) -> Answer:
    return Answer(kind=kind, cause=cause, confidence="likely", **names)


def shown(made: Answer, language: str = "en") -> dict[str, Any]:
    (advice,) = advise(made)
    return advice.shown(language)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("cause", CAUSED)
def test_every_cause_has_advice_in_all_four_forms(cause: str, kind: str) -> None:
    advice = shown(answer(cause, kind, service="oss"))
    assert advice["what"]
    assert advice["risk"]
    assert advice["verify"]
    assert advice["fix"]["console"]
    assert all(advice["fix"][form] for form in ("cli", "terraform", "api"))


@pytest.mark.parametrize("cause", CAUSED)
def test_chinese_advice_is_chinese_throughout(cause: str) -> None:
    advice = shown(answer(cause), "zh")
    sentences = [advice["what"], advice["risk"], *advice["fix"]["console"]]
    assert not [sentence for sentence in sentences if not CHINESE.search(sentence)]
    assert not CHINESE.search(json.dumps(shown(answer(cause), "en"), ensure_ascii=False))


@pytest.mark.parametrize(
    ("cause", "faq"),
    [
        ("wrong_endpoint", "2.1"),
        ("permission_missing", "2.2"),
        ("bucket_policy_deny", "2.3"),
        ("role_not_found", "1.2"),
        ("role_not_trusted", "1.3"),
        ("pass_role_missing", "1.1"),
    ],
)
def test_advice_names_the_item_of_the_faq(cause: str, faq: str) -> None:
    assert shown(answer(cause))["faq"] == faq


def test_a_fix_uses_the_names_of_the_text() -> None:
    made = answer(
        "permission_missing",
        service="oss",
        bucket="data-lake",
        principal="emr-role:vm-ram-i-1",
        by_role=True,
        action="oss:PutObject",
    )
    advice = shown(made)
    assert "--RoleName emr-role" in advice["fix"]["cli"]
    assert "acs:oss:*:*:data-lake/*" in advice["fix"]["cli"]
    assert "oss:PutObject" in advice["fix"]["terraform"]
    assert advice["verify"] == "hdfs dfs -ls oss://data-lake/"


def test_the_right_endpoint_stands_in_the_path() -> None:
    made = answer(
        "wrong_endpoint",
        bucket="data-lake",
        endpoint="oss-cn-hangzhou.aliyuncs.com",
        right_endpoint="oss-cn-beijing.aliyuncs.com",
    )
    assert shown(made)["verify"] == "hdfs dfs -ls oss://data-lake.oss-cn-beijing.aliyuncs.com/"


def policies_in(command: str) -> list[str]:
    return [word for word in shlex.split(command) if word.startswith('{"Version"')]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("cause", CAUSED)
def test_documents_in_commands_are_policies(cause: str, kind: str) -> None:
    made = answer(cause, kind, service="oss", action="oss:GetObject")
    for document in policies_in(shown(made)["fix"]["cli"]):
        parsed = json.loads(document)
        if any("Principal" in statement for statement in parsed["Statement"]):
            continue
        assert parse_policy(document).statements
    for line in shown(made)["fix"]["api"].splitlines():
        assert isinstance(json.loads(line), dict)


HOSTILE = [
    "$(reboot)",
    "a; rm -rf /",
    "`id`",
    "'; drop",
    "x\ny",
    "${jndi:ldap}",
    "../..",
    "--help",
    "名",
    "a|b",
    'q"q',
    "<EOX",
    "%{if}",
]


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("cause", CAUSED)
def test_hostile_names_never_get_into_a_command(cause: str, hostile: str) -> None:
    names = dict.fromkeys(
        ("bucket", "principal", "action", "region", "endpoint", "right_endpoint", "resource"), hostile
    )
    for kind in KINDS:
        for by_role in (True, False):
            advice = shown(answer(cause, kind, by_role=by_role, **names))
            for command in (
                advice["fix"]["cli"],
                advice["fix"]["terraform"],
                advice["fix"]["api"],
                advice["verify"],
            ):
                assert hostile not in command
            assert shlex.split(advice["fix"]["cli"])


@given(st.text(max_size=40), st.sampled_from(CAUSED))
def test_only_names_that_keep_to_their_grammar_are_used(name: str, cause: str) -> None:
    advice = shown(answer(cause, bucket=name, principal=name, action=name, region=name))
    commands = advice["fix"]["cli"] + advice["verify"]
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.\-_]*", name, re.ASCII):
        assert (
            not name.strip()
            or len(name) < 3
            or name not in commands
            or name in shown(answer(cause))["fix"]["cli"] + shown(answer(cause))["verify"]
        )


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_control_characters_of_a_text_are_made_visible(form: str, language: str) -> None:
    detail = {
        "AuthPrincipalDisplayName": "a\u202eb\u001b:s",
        "NoPermissionType": "ImplicitDeny",
        "PolicyType": "AccountLevelIdentityBasedPolicy",
    }
    message = "You are not authorized to do this action.\u001b[31m"
    text = json.dumps(
        {"Code": "NoPermission", "Message": message, "AccessDeniedDetail": detail}, ensure_ascii=False
    )
    shown_text = show(explain_bytes(text.encode()), form, language)
    assert not [char for char in shown_text if char != "\n" and not char.isprintable()]


def test_markdown_reads_names_as_plain_text() -> None:
    made = answer("permission_missing", principal="[x](http://evil) <b>`", bucket="data")
    text = show([made], "markdown", "en")
    assert "[x](http://evil)" not in text
    assert "<b>" not in text


@pytest.mark.parametrize("case", CORPUS[::5], ids=[case["id"] for case in CORPUS[::5]])
def test_evidence_quotes_the_words_that_the_cause_rests_on(case: dict[str, Any]) -> None:
    for made in explain_bytes(case["text"].encode()):
        for advice in made.advice:
            assert advice.evidence == made.because


def advised(said: str) -> dict[str, Any]:
    (found,) = explain_bytes(said.encode())
    return shown(found)


PASSED = "acs:ram:*:1234567890123456:role/test-emr"
NO_PASS = f"Code: NoPermission\nMessage: You are not authorized to do this action. Resource: {PASSED}"
NO_PASS += " Action: ram:PassRole"


def test_who_may_not_pass_a_role_gets_the_right_and_never_the_role_itself() -> None:
    unnamed = advised(NO_PASS)
    assert "--UserName YOUR_USER" in unnamed["fix"]["cli"]
    assert "--RoleName" not in unnamed["fix"]["cli"]
    assert "role/test-emr" in unnamed["fix"]["cli"]
    assert "test-emr may not" not in unnamed["what"]
    detail = "AuthPrincipalType: AssumedRoleUser\nAuthPrincipalDisplayName: ops-role:session"
    by_role = advised(f"{NO_PASS}\n{detail}\nPolicyType: CustomPolicy\nNoPermissionType: ImplicitDeny")
    assert "--RoleName ops-role" in by_role["fix"]["cli"]
    by_user = shown(
        answer("pass_role_missing", "api_denied", principal="dana", resource=PASSED, action="ram:PassRole")
    )
    assert "--UserName dana" in by_user["fix"]["cli"]


def documents_in(advice: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for each in policies_in(advice["fix"]["cli"]) for one in json.loads(each)["Statement"]]


LOGSTORE = "acs:log:cn-hangzhou:1234567890123456:project/emr-logs/logstore/app"


def test_a_denial_of_sls_is_granted_on_its_logstore_in_both_forms_and_nowhere_else() -> None:
    advice = advised(
        '{"errorCode":"Unauthorized","errorMessage":"denied by sts or ram, action: log:PostLogStoreLogs, '
        f'resource: {LOGSTORE}"}}'
    )
    (granted,) = documents_in(advice)
    assert granted["Action"] == ["log:PostLogStoreLogs", "log:GetLogStore"]
    assert granted["Resource"] == [LOGSTORE, f"{LOGSTORE}/*"]
    assert advice["faq"] == "2.2"
    assert advice["verify"] == "aliyunlog log get_logstore --project_name=emr-logs --logstore_name=app"


@pytest.mark.parametrize(
    ("resource", "granted"),
    [
        ("acs:dlf:cn-hangzhou:1234567890123456:metastore/databases/db/tables/t",) * 2,
        ("acs:emr:cn-hangzhou:1234567890123456:*", "*"),
        ("acs:dlf:*:*:*", "*"),
        ("acs:x:;reboot", "*"),
        (None, "*"),
    ],
)
def test_a_right_is_granted_on_what_the_error_names(resource: str | None, granted: str) -> None:
    made = answer("permission_missing", "api_denied", service="dlf", action="dlf:GetTable", resource=resource)
    advice = shown(made)
    assert [one["Resource"] for one in documents_in(advice)] == [[granted]]
    assert ("every resource" in advice["risk"]) is (granted == "*")


@pytest.mark.parametrize(
    ("action", "faq"),
    [("odps:ActOnBehalfOfAnotherUser", "S5.1"), ("dlf-auth:ActOnBehalfOfAnotherUser", "S4.1")],
)
def test_the_right_to_act_for_another_goes_to_the_execution_role(action: str, faq: str) -> None:
    made = answer(
        "permission_missing", "api_denied", service=action.partition(":")[0], action=action, principal="dana"
    )
    advice = shown(made)
    assert advice["faq"] == faq
    assert "dana" not in advice["fix"]["cli"]
    assert "AttachPolicyToRole" in advice["fix"]["cli"]


def test_a_project_of_maxcompute_grants_by_itself_and_ram_grants_nothing() -> None:
    advice = advised(
        "ODPS-0130013:Authorization exception - Authorization Failed [4019], You have NO privilege 'odps:Select' on "
        "{acs:odps:*:projects/sales/tables/orders}."
    )
    assert advice["faq"] == "S1.3"
    assert "grant Select on table orders" in advice["fix"]["cli"]
    assert "--project=sales" in advice["fix"]["cli"]
    assert "CreatePolicy" not in advice["fix"]["cli"] + advice["fix"]["api"]
