"""All settings, read once from the function's environment; everything missing or wrong is reported together."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from rolemend.account.access import Access, Credentials
from rolemend.errors import SettingsError
from rolemend.naming import EVENT_LOGSTORE, log_project
from rolemend.notify.channel import Channel, check_channels
from rolemend.variables import Reader, scheme_of

if TYPE_CHECKING:
    from rolemend.console.access.settings import AccessSettings, Secret
    from rolemend.variables import Reveal

A = TypeVar("A")
B = TypeVar("B")
_LEAST_KEY = 32
"""Characters of a key that signs; `openssl rand -hex 32` makes twice as many."""
_BUCKET = re.compile(r"[a-z0-9][a-z0-9\-]{1,61}[a-z0-9]", re.ASCII)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What a function needs to know.

    `own_roles` begins the names of Rolemend's own roles: denials of these are never taken for a user's.
    `propagation` is how many seconds a changed policy may take until it counts everywhere; `rest` how many seconds an
    open incident must be untouched until the sweep takes it up again; `quiet` after how many seconds without a denial
    an incident that people were told of is closed. `logstores` are source, project and logstore of each log trigger.
    `audit_seconds` is for how long one invocation of an audit reads, `ram_rate` how many calls to RAM it makes in a
    second. `home` is the region of the other functions and, unless it is named, of the ledger: `watch` runs in further
    regions too. `pause` is how many seconds a channel is left alone for after it first failed.
    """

    account: str
    region: str
    home: str
    ledger_bucket: str
    ledger_region: str
    function: str
    service: str = ""
    diagnose: str = "rolemend-diagnose"
    remediate: str = "rolemend-remediate"
    notify: str = "rolemend-notify"
    own_roles: str = "rolemend-"
    language: str = "en"
    channels: tuple[Channel, ...] = ()
    console: str = ""
    pause: int = 60
    propagation: int = 60
    rest: int = 120
    quiet: int = 604_800
    audit: str = "rolemend-audit"
    audit_regions: tuple[str, ...] = ()
    audit_seconds: int = 480
    ram_rate: int = 50
    trail_project: str = ""
    event_logstore: str = EVENT_LOGSTORE
    scheme: str = "https"
    internal: bool = False
    logstores: tuple[tuple[str, str, str], ...] = ()

    def __repr__(self) -> str:
        """Without the channels' addresses, which carry tokens."""
        return f"Settings({self.function} in {self.region} of {self.account})"

    def access(self, credentials: Credentials) -> Access:
        return Access(
            account=self.account,
            region=self.region,
            credentials=credentials,
            scheme=self.scheme,
            internal=self.internal,
        )


def read_settings(
    environment: Mapping[str, str], *, channels: bool = False, reveal: Reveal | None = None
) -> Settings:
    """Read the `FC_*` and `ROLEMEND_*` variables; `channels` says whether the function needs any: others read none.

    A secret may be named in the place of its value (`kms:NAME`, see `rolemend.vault`), which `reveal` then reads.

    Raises SettingsError naming each variable that is missing or wrong.
    """
    problems: list[str] = []
    need = Reader(environment, problems, reveal)
    region = need.region("FC_REGION", need.text("FC_REGION"))
    home = need.region("ROLEMEND_HOME_REGION", environment.get("ROLEMEND_HOME_REGION") or region)
    account = need.text("FC_ACCOUNT_ID")
    settings = Settings(
        account=account,
        region=region,
        home=home,
        function=need.text("FC_FUNCTION_NAME"),
        service=environment.get("FC_SERVICE_NAME", ""),
        ledger_bucket=need.matching("ROLEMEND_LEDGER_BUCKET", _BUCKET, "a bucket name"),
        ledger_region=need.region(
            "ROLEMEND_LEDGER_REGION", environment.get("ROLEMEND_LEDGER_REGION") or home
        ),
        diagnose=environment.get("ROLEMEND_DIAGNOSE", "rolemend-diagnose"),
        remediate=environment.get("ROLEMEND_REMEDIATE", "rolemend-remediate"),
        notify=environment.get("ROLEMEND_NOTIFY", "rolemend-notify"),
        own_roles=environment.get("ROLEMEND_OWN_ROLES") or "rolemend-",
        language=need.one_of("ROLEMEND_LANGUAGE", ("en", "zh"), "en"),
        channels=_channels(environment, need) if channels else (),
        console=need.url("ROLEMEND_CONSOLE_URL", required=False),
        pause=need.number("ROLEMEND_PAUSE_SECONDS", 60),
        propagation=need.number("ROLEMEND_PROPAGATION_SECONDS", 60),
        rest=need.number("ROLEMEND_REST_SECONDS", 120),
        quiet=need.number("ROLEMEND_QUIET_SECONDS", 604_800),
        audit=environment.get("ROLEMEND_AUDIT", "rolemend-audit"),
        audit_regions=need.regions("ROLEMEND_AUDIT_REGIONS") or (region,),
        audit_seconds=need.number("ROLEMEND_AUDIT_SECONDS", 480),
        ram_rate=max(1, need.number("ROLEMEND_RAM_RATE", 50, "calls a second")),
        trail_project=environment.get("ROLEMEND_TRAIL_PROJECT") or log_project(account, home),
        event_logstore=environment.get("ROLEMEND_EVENT_LOGSTORE") or EVENT_LOGSTORE,
        scheme=scheme_of(environment, need),
        internal=need.one_of("ROLEMEND_NETWORK", ("public", "internal"), "public") == "internal",
        logstores=need.logstores("ROLEMEND_LOGSTORES"),
    )
    if problems:
        raise SettingsError(problems)
    return settings


def read_access_settings(environment: Mapping[str, str], reveal: Reveal | None = None) -> AccessSettings:
    """The `ROLEMEND_CONSOLE_*` variables, which say who comes into the deployed console and how.

    Raises SettingsError naming each variable that is missing or wrong, and never what a secret one holds.
    """
    from rolemend.console.access.settings import SITES, AccessSettings

    problems: list[str] = []
    need = Reader(environment, problems, reveal)
    scheme = scheme_of(environment, need)
    settings = AccessSettings(
        account=need.text("FC_ACCOUNT_ID"),
        address=need.origin("ROLEMEND_CONSOLE_URL", scheme),
        client_id=need.text("ROLEMEND_CONSOLE_CLIENT_ID"),
        client_secret=need.secret("ROLEMEND_CONSOLE_CLIENT_SECRET", 1),
        session_key=need.secret("ROLEMEND_CONSOLE_SESSION_KEY", _LEAST_KEY),
        link_key=need.secret("ROLEMEND_LINK_KEY", _LEAST_KEY, required=False),
        viewers=need.ids("ROLEMEND_CONSOLE_VIEWERS"),
        approvers=need.ids("ROLEMEND_CONSOLE_APPROVERS"),
        site=need.one_of("ROLEMEND_CONSOLE_SITE", tuple(SITES), "china"),
        scheme=scheme,
        language=need.one_of("ROLEMEND_LANGUAGE", ("en", "zh"), "en"),
    )
    if settings.link_key and settings.link_key == settings.session_key:
        problems.append("ROLEMEND_LINK_KEY: the same as ROLEMEND_CONSOLE_SESSION_KEY")
    if not settings.viewers | settings.approvers:
        problems.append("ROLEMEND_CONSOLE_VIEWERS, ROLEMEND_CONSOLE_APPROVERS: nobody may see the console")
    if problems:
        raise SettingsError(problems)
    return settings


def read_link_settings(environment: Mapping[str, str], reveal: Reveal | None = None) -> tuple[str, Secret]:
    """The console's address and the key of one-time links in alerts; both are empty where there is no key.

    Raises SettingsError.
    """
    problems: list[str] = []
    need = Reader(environment, problems, reveal)
    key = need.secret("ROLEMEND_LINK_KEY", _LEAST_KEY, required=False)
    address = need.origin("ROLEMEND_CONSOLE_URL", scheme_of(environment, need)) if key else ""
    if problems:
        raise SettingsError(problems)
    return address, key


def read_both(first: Callable[[], A], second: Callable[[], B]) -> tuple[A, B]:
    """Two readings of settings, so that what is wrong in either is told together. Raises SettingsError."""
    try:
        found = first()
    except SettingsError as error:
        try:
            second()
        except SettingsError as other:
            raise SettingsError([*error.problems, *other.problems]) from None
        raise
    return found, second()


def _channels(environment: Mapping[str, str], need: Reader) -> tuple[Channel, ...]:
    """The channels of ROLEMEND_CHANNELS, and the webhook of ROLEMEND_WEBHOOK_URL as one named `webhook`."""
    webhook = need.url("ROLEMEND_WEBHOOK_URL", required=False)
    wrong = need.problems_of("ROLEMEND_WEBHOOK_URL")
    given = need.revealed("ROLEMEND_CHANNELS", environment.get("ROLEMEND_CHANNELS", "").strip())
    named = _read_channels(given, need) if given else ()
    channels = tuple(channel for one in named if (channel := _revealed(one, need)) is not None)
    if webhook and not wrong:
        channels = (*channels, Channel(name="webhook", type="webhook", url=webhook))
    if not channels and not wrong and not need.problems_of("ROLEMEND_CHANNELS"):
        need.problems.append("ROLEMEND_CHANNELS, ROLEMEND_WEBHOOK_URL: missing, one of them is needed")
    try:
        check_channels(channels)
    except SettingsError as error:
        need.problems += error.problems
    return channels


def _revealed(channel: Channel, need: Reader) -> Channel | None:
    """The channel with its address and secret, None once it is noted that KMS has none for it."""
    at = f"ROLEMEND_CHANNELS: channel {channel.name[:40]!r}"
    url = need.revealed(f"{at}: url", channel.url)
    secret = need.revealed(f"{at}: secret", channel.secret)
    if (channel.url and not url) or (channel.secret and not secret):
        return None
    return msgspec.structs.replace(channel, url=url, secret=secret)


class _Channels(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    channel: tuple[Channel, ...]


def _read_channels(content: str, need: Reader) -> tuple[Channel, ...]:
    """A JSON array of channels, or TOML with a table `[[channel]]` for each. No message repeats a value."""
    try:
        if re.match(r"\[(?!\[)", content):  # `[[channel]]` is TOML
            return msgspec.json.decode(content, type=tuple[Channel, ...])
        return msgspec.convert(_toml(content), _Channels).channel
    except msgspec.ValidationError as error:
        need.problems.append(f"ROLEMEND_CHANNELS: {_without_values(str(error))}")
    except (ValueError, msgspec.DecodeError):
        need.problems.append("ROLEMEND_CHANNELS: neither a JSON array nor TOML")
    return ()


def _toml(content: str) -> dict[str, Any]:
    import sys

    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return tomllib.loads(content)


def _without_values(message: str) -> str:
    """What a validation found, without a value that it quotes: one in the wrong place may be a secret."""
    return re.sub(r"(Invalid enum value) '.*?'(?= - at|$)", r"\1", message)


class OperatorSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a command that talks to the account needs to know; whose credentials it uses is found out elsewhere.

    Any `service` says that the functions are services of FC 2.0, each of which has its function's name.
    `trail_project` is "" for the default, which bears the account's id.
    """

    region: str
    ledger_bucket: str
    ledger_region: str
    remediate: str = "rolemend-remediate"
    service: str = ""
    audit_regions: tuple[str, ...] = ()
    ram_rate: int = 50
    trail_project: str = ""
    event_logstore: str = EVENT_LOGSTORE
    scheme: str = "https"


def read_operator_settings(
    environment: Mapping[str, str], *, region: str = "", ledger: str = ""
) -> OperatorSettings:
    """The `ROLEMEND_*` variables that `s.yaml` takes too; `region` and `ledger` are the options of the command line.

    Raises SettingsError naming each variable that is missing or wrong.
    """
    given = {"ROLEMEND_REGION": region, "ROLEMEND_LEDGER_BUCKET": ledger}
    environment = {**environment, **{name: value for name, value in given.items() if value}}
    problems: list[str] = []
    need = Reader(environment, problems)
    home = need.region("ROLEMEND_REGION", environment.get("ROLEMEND_REGION") or "cn-hangzhou")
    service = environment.get("ROLEMEND_SERVICE", "")
    settings = OperatorSettings(
        region=home,
        ledger_bucket=need.matching("ROLEMEND_LEDGER_BUCKET", _BUCKET, "a bucket name"),
        ledger_region=need.region(
            "ROLEMEND_LEDGER_REGION", environment.get("ROLEMEND_LEDGER_REGION") or home
        ),
        remediate=environment.get("ROLEMEND_REMEDIATE")
        or ("rolemend-remediate/rolemend-remediate" if service else "rolemend-remediate"),
        service=service,
        audit_regions=need.regions("ROLEMEND_AUDIT_REGIONS"),
        ram_rate=max(1, need.number("ROLEMEND_RAM_RATE", 50, "calls a second")),
        trail_project=environment.get("ROLEMEND_TRAIL_PROJECT", ""),
        event_logstore=environment.get("ROLEMEND_EVENT_LOGSTORE") or EVENT_LOGSTORE,
        scheme=scheme_of(environment, need),
    )
    if problems:
        raise SettingsError(problems)
    return settings


def read_regions(given: str) -> tuple[str, ...]:
    """Regions of a command line, with commas. Raises SettingsError."""
    problems: list[str] = []
    regions = Reader({"--regions": given}, problems).regions("--regions")
    if problems:
        raise SettingsError(problems)
    return regions


class SetupSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a setup of an account needs to know. `regions` are those whose OSS access logs are read, the home first;
    `trail_project` is "" for the default, which bears the account's id. `keep_days` 0 keeps incidents for ever."""

    region: str
    regions: tuple[str, ...]
    ledger_bucket: str
    ledger_region: str
    trail_project: str = ""
    event_logstore: str = EVENT_LOGSTORE
    keep_days: int = 0
    scheme: str = "https"


def read_setup_settings(
    environment: Mapping[str, str], *, region: str = "", ledger: str = "", regions: str = ""
) -> SetupSettings:
    """The `ROLEMEND_*` variables that `s.yaml` takes too; the named values are the options of the command line.

    Raises SettingsError naming each variable that is missing or wrong.
    """
    given = {
        "ROLEMEND_REGION": region,
        "ROLEMEND_LEDGER_BUCKET": ledger,
        "ROLEMEND_LOG_REGIONS": regions,
    }
    environment = {**environment, **{name: value for name, value in given.items() if value}}
    problems: list[str] = []
    need = Reader(environment, problems)
    home = need.region("ROLEMEND_REGION", environment.get("ROLEMEND_REGION") or "cn-hangzhou", known=True)
    others = [name.strip() for name in environment.get("ROLEMEND_LOG_REGIONS", "").split(",") if name.strip()]
    settings = SetupSettings(
        region=home,
        regions=tuple(
            dict.fromkeys((home, *(need.region("ROLEMEND_LOG_REGIONS", name, known=True) for name in others)))
        ),
        ledger_bucket=need.matching("ROLEMEND_LEDGER_BUCKET", _BUCKET, "a bucket name"),
        ledger_region=need.region(
            "ROLEMEND_LEDGER_REGION", environment.get("ROLEMEND_LEDGER_REGION") or home, known=True
        ),
        trail_project=environment.get("ROLEMEND_TRAIL_PROJECT", ""),
        event_logstore=environment.get("ROLEMEND_EVENT_LOGSTORE") or EVENT_LOGSTORE,
        keep_days=need.number("ROLEMEND_KEEP_DAYS", 0, "days"),
        scheme=scheme_of(environment, need),
    )
    if settings.trail_project and not _BUCKET.fullmatch(settings.trail_project):
        problems.append(f"ROLEMEND_TRAIL_PROJECT: {settings.trail_project[:80]!r} is not a project name")
    if problems:
        raise SettingsError(list(dict.fromkeys(problems)))
    return settings


def read_scheme(environment: Mapping[str, str]) -> str:
    """`https`, or `http` where ROLEMEND_SCHEME asks for it and a proxy on this machine is set. Raises SettingsError."""
    problems: list[str] = []
    scheme = scheme_of(environment, Reader(environment, problems))
    if problems:
        raise SettingsError(problems)
    return scheme


def read_place(environment: Mapping[str, str], context: Any = None) -> Access:
    """Where the function runs and as whom, which is all that reading a secret takes. Raises SettingsError."""
    problems: list[str] = []
    need = Reader(environment, problems)
    region = need.region("FC_REGION", need.text("FC_REGION"))
    account, scheme = need.text("FC_ACCOUNT_ID"), scheme_of(environment, need)
    if problems:
        raise SettingsError(problems)
    return Access(
        account=account, region=region, credentials=read_credentials(environment, context), scheme=scheme
    )


def read_credentials(environment: Mapping[str, str], context: Any = None) -> Credentials:
    """The function role's temporary credentials: from the environment, or from the context where a runtime has them.

    https://www.alibabacloud.com/help/en/functioncompute/fc/environment-variables
    """
    given = getattr(context, "credentials", None)
    key_id = getattr(given, "access_key_id", None) or environment.get("ALIBABA_CLOUD_ACCESS_KEY_ID", "")
    secret = getattr(given, "access_key_secret", None) or environment.get(
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET", ""
    )
    token = getattr(given, "security_token", None) or environment.get("ALIBABA_CLOUD_SECURITY_TOKEN", "")
    if not key_id or not secret:
        raise SettingsError(
            ["ALIBABA_CLOUD_ACCESS_KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET: the function has no role"]
        )
    return Credentials(key_id, secret, token)
