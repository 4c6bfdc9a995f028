"""Settings are read once, every mistake is named at once, and nothing secret is shown."""

from __future__ import annotations

from types import SimpleNamespace

import msgspec
import pytest

from rolemend.account.access import Credentials
from rolemend.errors import NotThere, Refused, SettingsError
from rolemend.settings import (
    Settings,
    read_access_settings,
    read_both,
    read_credentials,
    read_link_settings,
    read_place,
    read_settings,
    read_setup_settings,
)
from rolemend.vault import Reference

TOKEN = "https://hooks.example.com/robot/send?access_token=hush"
FULL = {
    "FC_ACCOUNT_ID": "1000000000000001",
    "FC_REGION": "cn-hangzhou",
    "FC_FUNCTION_NAME": "rolemend-watch",
    "ROLEMEND_LEDGER_BUCKET": "ledger-bucket",
}
KEYS = {
    "ALIBABA_CLOUD_ACCESS_KEY_ID": "STS.key",
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "secret",
    "ALIBABA_CLOUD_SECURITY_TOKEN": "token",
}
HERE = {"ROLEMEND_SCHEME": "http", "http_proxy": "http://127.0.0.1:8080"}


def problems(*, channels: bool = False, **changes: str) -> list[str]:
    return problems_of(changes, channels=channels)


def problems_of(changes: dict[str, str], *, channels: bool = False) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        read_settings(FULL | changes, channels=channels)
    return caught.value.problems


def test_what_is_not_set_has_a_default() -> None:
    settings = read_settings(FULL)
    assert (settings.ledger_region, settings.scheme, settings.internal) == ("cn-hangzhou", "https", False)
    assert (settings.language, settings.service, settings.propagation) == ("en", "", 60)
    assert (settings.diagnose, settings.own_roles) == ("rolemend-diagnose", "rolemend-")


def test_what_is_set_is_taken() -> None:
    given = {
        "FC_SERVICE_NAME": "svc",
        "ROLEMEND_LEDGER_REGION": "cn-beijing",
        "ROLEMEND_LANGUAGE": "zh",
        "ROLEMEND_NETWORK": "internal",
        "ROLEMEND_PROPAGATION_SECONDS": "5",
        "ROLEMEND_WEBHOOK_URL": TOKEN,
    }
    settings = read_settings(FULL | given, channels=True)
    assert (settings.service, settings.ledger_region, settings.language) == ("svc", "cn-beijing", "zh")
    assert (settings.internal, settings.propagation) == (True, 5)
    assert [(one.name, one.type, one.url) for one in settings.channels] == [("webhook", "webhook", TOKEN)]


def test_every_mistake_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings(
            {
                "ROLEMEND_LEDGER_BUCKET": "No_Bucket",
                "ROLEMEND_LANGUAGE": "fr",
                "ROLEMEND_NETWORK": "vpn",
                "ROLEMEND_SCHEME": "ftp",
                "ROLEMEND_PROPAGATION_SECONDS": "soon",
            },
            channels=True,
        )
    assert [problem.partition(":")[0] for problem in caught.value.problems] == [
        "FC_REGION",
        "FC_ACCOUNT_ID",
        "FC_FUNCTION_NAME",
        "ROLEMEND_LEDGER_BUCKET",
        "ROLEMEND_LANGUAGE",
        "ROLEMEND_CHANNELS, ROLEMEND_WEBHOOK_URL",
        "ROLEMEND_PROPAGATION_SECONDS",
        "ROLEMEND_SCHEME",
        "ROLEMEND_NETWORK",
    ]


@pytest.mark.parametrize("seconds", ["-1", "1.5", "9" * 5_000, "1e3", "²", " 5"])
def test_seconds_are_a_whole_number_of_sensible_length(seconds: str) -> None:
    (problem,) = problems(ROLEMEND_PROPAGATION_SECONDS=seconds)
    assert problem.startswith("ROLEMEND_PROPAGATION_SECONDS")
    assert len(problem) < 150


@pytest.mark.parametrize("bucket", ["ab", "-ledger", "ledger/x", "ledger.evil.com", "l" * 64, "ledger\n"])
def test_a_bucket_name_that_is_none_is_refused(bucket: str) -> None:
    assert problems(ROLEMEND_LEDGER_BUCKET=bucket)[0].startswith("ROLEMEND_LEDGER_BUCKET")


@pytest.mark.parametrize(
    "proxy", ["http://127.0.0.1:8080", "http://localhost:80/", "http://me:pw@127.0.0.1:1"]
)
def test_plain_http_is_for_a_proxy_on_this_machine(proxy: str) -> None:
    assert (
        read_settings(FULL | HERE | {"http_proxy": proxy, "no_proxy": "127.0.0.1,localhost"}).scheme == "http"
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"http_proxy": ""},
        {"http_proxy": "http://proxy.corp.example:8080"},
        {"http_proxy": "http://127.0.0.1.evil.com:80"},
        {"http_proxy": "http://127.0.0.1:x@evil.com:80"},
        {"http_proxy": "http://127.0.0.1:80@evil.com"},
        {"http_proxy": "http://localhost/@evil.com"},
        {"http_proxy": "http://127.0.0.1:8080\n"},
        {"HTTP_PROXY": "http://proxy.corp.example:8080"},
        {"no_proxy": "*"},
        {"NO_PROXY": "127.0.0.1, .aliyuncs.com"},
        {"no_proxy": "ram.aliyuncs.com"},
        {"no_proxy": "com"},
    ],
)
def test_plain_http_never_leaves_this_machine(changes: dict[str, str]) -> None:
    (problem,) = problems_of(HERE | changes)
    assert problem.startswith("ROLEMEND_SCHEME")


def test_only_the_function_that_needs_a_channel_asks_for_one() -> None:
    assert read_settings(FULL).channels == ()
    assert read_settings(FULL | {"ROLEMEND_WEBHOOK_URL": TOKEN, "ROLEMEND_CHANNELS": "?"}).channels == ()
    assert problems(channels=True) == [
        "ROLEMEND_CHANNELS, ROLEMEND_WEBHOOK_URL: missing, one of them is needed"
    ]


def test_a_wrong_webhook_address_is_not_repeated() -> None:
    (problem,) = problems(channels=True, ROLEMEND_WEBHOOK_URL=f"hooks.example.com {TOKEN}")
    assert "hush" not in problem


def test_settings_and_access_show_nothing_secret() -> None:
    settings = read_settings(FULL | {"ROLEMEND_WEBHOOK_URL": TOKEN}, channels=True)
    access = settings.access(Credentials("LTAI5tABCDEFGH", "the-secret", "the-token"))
    shown = repr(settings) + str(settings) + repr(access) + repr(access.credentials)
    assert not [secret for secret in ("hush", "the-secret", "the-token", "ABCDEFGH") if secret in shown]


def test_credentials_come_from_the_environment() -> None:
    assert read_credentials(KEYS) == Credentials("STS.key", "secret", "token")


def test_credentials_of_the_context_come_first() -> None:
    """The runtimes of FC 2.0 hand them over in the context, fresh for each invocation."""
    given = SimpleNamespace(access_key_id="STS.c", access_key_secret="s", security_token="t")
    assert read_credentials(KEYS, SimpleNamespace(credentials=given)) == Credentials("STS.c", "s", "t")
    empty = SimpleNamespace(access_key_id=None, access_key_secret=None, security_token=None)
    assert read_credentials(KEYS, SimpleNamespace(credentials=empty)) == Credentials(
        "STS.key", "secret", "token"
    )


@pytest.mark.parametrize("missing", list(KEYS)[:2])
def test_a_function_without_a_role_is_told_so(missing: str) -> None:
    with pytest.raises(SettingsError, match="no role"):
        read_credentials({name: value for name, value in KEYS.items() if name != missing})


def test_endpoints_are_the_region_s_own() -> None:
    inside = read_settings(FULL | {"ROLEMEND_NETWORK": "internal"}).access(Credentials("k", "s"))
    assert inside.oss_endpoint("cn-hangzhou") == "https://oss-cn-hangzhou-internal.aliyuncs.com"
    assert inside.oss_endpoint("cn-beijing") == "https://oss-cn-beijing.aliyuncs.com"
    assert inside.fc_endpoint() == "1000000000000001.cn-hangzhou-internal.fc.aliyuncs.com"
    outside = msgspec.structs.replace(inside, internal=False)
    assert outside.oss_endpoint("cn-hangzhou") == "https://oss-cn-hangzhou.aliyuncs.com"


def test_settings_are_values() -> None:
    assert read_settings(FULL) == read_settings(dict(FULL))
    assert isinstance(read_settings(FULL), Settings)


def test_home_is_where_the_function_runs_unless_it_is_told() -> None:
    here, away = read_settings(FULL), read_settings(FULL | {"ROLEMEND_HOME_REGION": "cn-beijing"})
    assert (here.home, here.ledger_region) == ("cn-hangzhou", "cn-hangzhou")
    assert (away.region, away.home, away.ledger_region) == ("cn-hangzhou", "cn-beijing", "cn-beijing")


@pytest.mark.parametrize("name", ["FC_REGION", "ROLEMEND_HOME_REGION", "ROLEMEND_LEDGER_REGION"])
def test_what_is_no_region_never_becomes_part_of_a_host_name(name: str) -> None:
    assert any(problem.startswith(f"{name}: ") for problem in problems_of({name: "evil.example/x"}))


SETUP = {"ROLEMEND_LEDGER_BUCKET": "corp-ledger"}


def test_a_setup_needs_only_the_ledger() -> None:
    found = read_setup_settings(SETUP)
    assert (found.region, found.regions, found.ledger_region) == (
        "cn-hangzhou",
        ("cn-hangzhou",),
        "cn-hangzhou",
    )
    assert (found.trail_project, found.event_logstore, found.keep_days) == ("", "cloudmonitor_spark", 0)


def test_options_go_before_variables_and_the_home_region_comes_first() -> None:
    found = read_setup_settings(
        SETUP | {"ROLEMEND_REGION": "cn-shanghai", "ROLEMEND_LOG_REGIONS": "cn-hangzhou"},
        region="cn-beijing",
        regions="cn-shanghai, cn-beijing",
        ledger="other-ledger",
    )
    assert found.regions == ("cn-beijing", "cn-shanghai")
    assert found.ledger_bucket == "other-ledger"


def test_a_setup_names_everything_that_is_wrong_at_once() -> None:
    with pytest.raises(SettingsError) as error:
        read_setup_settings(
            {"ROLEMEND_REGION": "cn-hangzou", "ROLEMEND_KEEP_DAYS": "x", "ROLEMEND_SCHEME": "ftp"}
        )
    told = " ".join(error.value.problems)
    for name in (
        "ROLEMEND_REGION",
        "cn-hangzhou?",
        "ROLEMEND_KEEP_DAYS",
        "ROLEMEND_SCHEME",
        "ROLEMEND_LEDGER_BUCKET",
    ):
        assert name in told


CHANNELS = """
[[channel]]
name = "ops"
type = "dingtalk"
url = "https://oapi.dingtalk.com/robot/send?access_token=hush"
secret = "SEChush"
severities = ["critical", "warning"]
roles = ["emr-*"]
language = "zh"

[[channel]]
name = "mail"
type = "apprise"
url = "mailtos://rolemend:hush@example.com"
"""
AS_JSON = (
    '[{"name": "ops", "type": "wecom", "url": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=hush"}]'
)


def test_channels_are_toml_or_a_json_array_and_the_webhook_is_one_of_them() -> None:
    settings = read_settings(
        FULL | {"ROLEMEND_CHANNELS": CHANNELS, "ROLEMEND_WEBHOOK_URL": TOKEN}, channels=True
    )
    assert [(one.name, one.type) for one in settings.channels] == [
        ("ops", "dingtalk"),
        ("mail", "apprise"),
        ("webhook", "webhook"),
    ]
    assert (settings.channels[0].severities, settings.channels[0].roles) == (
        ("critical", "warning"),
        ("emr-*",),
    )
    assert settings.channels[1].severities == ("critical", "warning", "info")
    (wecom,) = read_settings(FULL | {"ROLEMEND_CHANNELS": AS_JSON}, channels=True).channels
    assert (wecom.name, wecom.type, wecom.per_minute) == ("ops", "wecom", 20)
    assert "hush" not in repr(settings) + repr(settings.channels) + repr(wecom)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("channel = 1 hush", "neither a JSON array nor TOML"),
        ('[{"name": "hush"', "neither a JSON array nor TOML"),
        ("{}", "neither a JSON array nor TOML"),
        ("[]", "missing"),
        (AS_JSON.replace("wecom", "hush"), "Invalid enum value"),
        (AS_JSON.replace('"name"', '"nome"'), "nome"),
        (AS_JSON.replace("https://", "hush"), "url is no web address"),
        (AS_JSON.replace('"ops"', '"Ops hush"'), "a name is"),
        (AS_JSON.replace("}]", ', "per_minute": 21}]'), "per_minute"),
        (AS_JSON.replace("}]", ', "secret": "hush"}]'), "takes no secret"),
        (AS_JSON.replace("}]", ', "severities": ["hush"]}]'), "severities"),
        (CHANNELS.replace('"mail"', '"ops"'), "two channels"),
        (CHANNELS.replace("mailtos://", ""), "no address of apprise"),
        (CHANNELS.replace("mailtos://", "dingtalk://"), 'type = "dingtalk"'),
        (CHANNELS.replace("mailtos://", "FeiShu://"), 'type = "feishu"'),
        (CHANNELS.replace("mailtos://", "lark://"), 'type = "lark"'),
        (CHANNELS.replace("mailtos://", "wecombot://"), 'type = "wecom"'),
        (CHANNELS.replace("mailtos://", "slack://a/b/c, dingtalk://"), 'type = "dingtalk"'),
        (CHANNELS.replace("mailtos://", "https://qyapi.weixin.qq.com/cgi-bin/?key="), 'type = "wecom"'),
        (CHANNELS.replace("mailtos://", "https://open.larksuite.com/open-apis/bot/v2/"), 'type = "lark"'),
    ],
)
def test_a_wrong_channel_is_named_and_no_secret_of_it(content: str, problem: str) -> None:
    found = problems(channels=True, ROLEMEND_CHANNELS=content)
    assert problem in found[0]
    assert "hush" not in found[0].replace("'Ops hush'", "")


KEPT = {
    "rolemend-notify-webhook": TOKEN,
    "rolemend-notify-channels": CHANNELS,
    "rolemend-notify#url": "https://oapi.dingtalk.com/robot/send?access_token=hush",
    "rolemend-notify#sign": "SEChush",
    "rolemend-notify#short": "hush",
    "rolemend-notify#empty": "",
    "rolemend-link": "hush" * 8,
    "rolemend-console#session": "hush-" * 8,
    "rolemend-console#client": "hush",
}
NAMED = """
[[channel]]
name = "ops"
type = "dingtalk"
url = "kms:rolemend-notify#url"
secret = "kms:rolemend-notify#sign"
"""
CONSOLE = {
    "FC_ACCOUNT_ID": "1000000000000001",
    "FC_REGION": "cn-hangzhou",
    "ROLEMEND_CONSOLE_URL": "https://console.example.com",
    "ROLEMEND_CONSOLE_CLIENT_ID": "4567890123456789012",
    "ROLEMEND_CONSOLE_CLIENT_SECRET": "kms:rolemend-console#client",
    "ROLEMEND_CONSOLE_SESSION_KEY": "kms:rolemend-console#session",
    "ROLEMEND_LINK_KEY": "kms:rolemend-link",
    "ROLEMEND_CONSOLE_VIEWERS": "200000000000000001",
}


def reveal(reference: Reference) -> str:
    """A KMS that refuses what begins with `other` and has nothing but `KEPT`."""
    key = f"{reference.name}#{reference.member}" if reference.member else reference.name
    if reference.name.startswith("other"):
        raise Refused("GetSecretValue", "Forbidden.NoPermission", "no")
    if key not in KEPT:
        raise NotThere("GetSecretValue", "Forbidden.ResourceNotFound", "no")
    return KEPT[key]


def test_channels_and_the_webhook_may_lie_in_kms() -> None:
    plain = read_settings(
        FULL | {"ROLEMEND_CHANNELS": CHANNELS, "ROLEMEND_WEBHOOK_URL": TOKEN}, channels=True
    )
    given = {
        "ROLEMEND_CHANNELS": "kms:rolemend-notify-channels",
        "ROLEMEND_WEBHOOK_URL": "kms:rolemend-notify-webhook",
    }
    assert read_settings(FULL | given, channels=True, reveal=reveal) == plain


def test_single_members_of_a_channel_may_lie_in_kms() -> None:
    (found,) = read_settings(FULL | {"ROLEMEND_CHANNELS": NAMED}, channels=True, reveal=reveal).channels
    assert (found.url, found.secret) == (KEPT["rolemend-notify#url"], "SEChush")
    as_json = AS_JSON.replace(
        "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=hush", "kms:rolemend-notify#url"
    )
    (found,) = read_settings(FULL | {"ROLEMEND_CHANNELS": as_json}, channels=True, reveal=reveal).channels
    assert found.url == KEPT["rolemend-notify#url"]


def test_the_console_s_secrets_may_lie_in_kms() -> None:
    settings = read_access_settings(CONSOLE, reveal)
    assert (settings.client_secret.value, settings.session_key.value) == ("hush", "hush-" * 8)
    assert read_link_settings(CONSOLE, reveal)[1] == settings.link_key
    assert "hush" not in repr(settings) + str(settings)


def test_every_secret_that_kms_does_not_give_is_named_with_all_other_mistakes() -> None:
    changes = {
        "ROLEMEND_LANGUAGE": "fr",
        "ROLEMEND_WEBHOOK_URL": "kms:gone",
        "ROLEMEND_CHANNELS": NAMED.replace("#url", "#gone").replace("notify#sign", "notify#empty"),
    }
    with pytest.raises(SettingsError) as caught:
        read_both(
            lambda: read_settings(FULL | changes, channels=True, reveal=reveal),
            lambda: read_link_settings(CONSOLE | {"ROLEMEND_LINK_KEY": "kms:other-link"}, reveal),
        )
    begins = (
        "ROLEMEND_LANGUAGE: ",
        "ROLEMEND_WEBHOOK_URL: there is no secret 'gone' of KMS in cn-hangzhou",
        "ROLEMEND_CHANNELS: channel 'ops': url: there is no secret 'rolemend-notify'",
        "ROLEMEND_CHANNELS: channel 'ops': secret: the secret 'rolemend-notify'",
        "ROLEMEND_LINK_KEY: the secret 'other-link'",
    )
    assert len(caught.value.problems) == len(begins)
    for problem, begin in zip(sorted(caught.value.problems), sorted(begins), strict=True):
        assert problem.startswith(begin)
    told = str(caught.value)
    assert "'rolemend-notify' of KMS is empty" in told
    assert "kms:GetSecretValue on acs:kms:cn-hangzhou:1000000000000001:secret/other-link" in told
    assert "hush" not in told


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("ROLEMEND_LINK_KEY", "kms:rolemend-notify#short", "shorter than 32 characters"),
        ("ROLEMEND_LINK_KEY", "kms:rolemend-notify#empty", "is empty"),
        ("ROLEMEND_LINK_KEY", "kms:hush hush", "is not kms:NAME or kms:NAME#MEMBER"),
        ("ROLEMEND_LINK_KEY", "kms:rolemend-console#session", "the same as ROLEMEND_CONSOLE_SESSION_KEY"),
        ("ROLEMEND_CONSOLE_SESSION_KEY", "kms:gone", "there is no secret 'gone'"),
    ],
)
def test_a_secret_from_kms_is_held_to_what_holds_for_all(name: str, value: str, why: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_access_settings(CONSOLE | {name: value}, reveal)
    (problem,) = caught.value.problems
    assert problem.startswith(f"{name}: ")
    assert why in problem
    assert "hush" not in problem


def test_a_webhook_from_kms_that_is_no_address_is_not_repeated() -> None:
    given = {"ROLEMEND_WEBHOOK_URL": "kms:rolemend-notify#short"}
    with pytest.raises(SettingsError) as caught:
        read_settings(FULL | given, channels=True, reveal=reveal)
    assert caught.value.problems == ["ROLEMEND_WEBHOOK_URL: not a web address"]


def test_a_secret_is_not_taken_for_its_name_where_kms_is_not_read() -> None:
    with pytest.raises(SettingsError, match="ROLEMEND_LINK_KEY: KMS is not read here"):
        read_link_settings(CONSOLE)


def test_a_value_of_kms_leads_no_further() -> None:
    given = {"ROLEMEND_WEBHOOK_URL": "kms:a"}
    with pytest.raises(SettingsError, match="ROLEMEND_WEBHOOK_URL: not a web address"):
        read_settings(FULL | given, channels=True, reveal=lambda reference: "kms:rolemend-notify-webhook")


def test_a_function_that_needs_no_channel_reads_no_secret() -> None:
    def refuse(reference: Reference) -> str:
        raise AssertionError(reference)

    given = {"ROLEMEND_CHANNELS": "kms:a", "ROLEMEND_WEBHOOK_URL": "kms:b", "ROLEMEND_LINK_KEY": "kms:c"}
    assert read_settings(FULL | given, reveal=refuse).channels == ()


def test_without_a_region_or_a_role_kms_is_not_asked_and_each_is_named_once() -> None:
    environment = CONSOLE | {"FC_REGION": "evil.example/x"} | KEYS
    asked: list[Reference] = []

    def ask(reference: Reference) -> str:
        read_place(environment)
        asked.append(reference)
        return ""

    with pytest.raises(SettingsError) as caught:
        read_both(lambda: read_settings(FULL | environment), lambda: read_access_settings(environment, ask))
    assert [problem for problem in caught.value.problems if problem.startswith("FC_REGION")] == [
        "FC_REGION: 'evil.example/x' is not a region"
    ]
    assert asked == []
    with pytest.raises(SettingsError, match="no role"):
        read_place(CONSOLE)
    found = read_place(CONSOLE | KEYS)
    assert (found.account, found.region, found.scheme) == ("1000000000000001", "cn-hangzhou", "https")
    assert found.credentials == Credentials("STS.key", "secret", "token")
