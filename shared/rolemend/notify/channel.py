"""A channel: where messages go, which of them, and in which words. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Final, Literal

import msgspec

from rolemend.errors import SettingsError
from rolemend.incident.life import Incident
from rolemend.signals.denial import BucketTarget, JobTarget

Severity = Literal["critical", "warning", "info"]
CRITICAL: Final = "critical"
WARNING: Final = "warning"
INFO: Final = "info"
MOST_A_MINUTE = 20
"""What DingTalk and WeCom take from one robot: https://open.dingtalk.com/document/robots/custom-robot-access
and https://developer.work.weixin.qq.com/document/path/91770"""
SECONDS_APART: Final = {"feishu": 0.25, "lark": 0.25}
"""Between two messages to one robot: Feishu and Lark take five a second.
https://open.larkoffice.com/document/ukTMukTMukTM/ucTM5YjL3ETO24yNxkjN.md"""

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}", re.ASCII)
_OWN = {
    "dingtalk:": "dingtalk",
    "feishu:": "feishu",
    "lark:": "lark",
    "wecombot:": "wecom",
    "oapi.dingtalk.com": "dingtalk",
    "open.feishu.cn": "feishu",
    "open.larksuite.com": "lark",
    "qyapi.weixin.qq.com": "wecom",
}
"""Robots that apprise 2.2.0 would serve too, but takes a refusal of theirs for a delivery: what an address of theirs
begins with, and the type to be used instead."""
_OF_OWN = re.compile(r"(?<![a-z0-9.-])(?:https?://)?(" + "|".join(map(re.escape, _OWN)) + ")/", re.IGNORECASE)


class Channel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`url` is the robot's or the webhook's address, for type `apprise` one of apprise's; `secret` signs for DingTalk,
    Feishu and Lark. Both are secrets, and shown nowhere.

    A message is for the channel if its severity is among `severities` and a role and a bucket of its incident fit one
    of the patterns (`*`, `?`) in `roles` and `buckets`; none given means any. `form` is `short`, `long`, or "" for what
    suits the type. `per_minute` is how many messages its robot takes at most in any minute, whichever channels they
    come through.
    """

    name: str
    type: Literal["dingtalk", "feishu", "lark", "wecom", "webhook", "apprise"]
    url: str
    secret: str = ""
    severities: tuple[Severity, ...] = (CRITICAL, WARNING, INFO)
    roles: tuple[str, ...] = ()
    buckets: tuple[str, ...] = ()
    language: Literal["", "en", "zh"] = ""
    form: Literal["", "short", "long"] = ""
    per_minute: int = MOST_A_MINUTE

    def __repr__(self) -> str:
        """Without address and secret."""
        return f"Channel({self.name}, {self.type})"


def check_channels(channels: Iterable[Channel]) -> None:
    """Raises SettingsError naming every channel that cannot be used, and no secret."""
    problems: list[str] = []
    seen: set[str] = set()
    for channel in channels:
        problems += [f"ROLEMEND_CHANNELS: channel {channel.name[:40]!r}: {why}" for why in _faults(channel)]
        if channel.name in seen:
            problems.append(f"ROLEMEND_CHANNELS: two channels are named {channel.name[:40]!r}")
        seen.add(channel.name)
    if problems:
        raise SettingsError(problems)


def _faults(channel: Channel) -> Iterable[str]:
    if not _NAME.fullmatch(channel.name):
        yield "a name is small letters, digits and hyphens, at most 32"
    if channel.type == "apprise":
        if "://" not in channel.url:
            yield "url is no address of apprise"
        # Apprise takes several addresses in one, so each is looked for.
        for own in dict.fromkeys(_OWN[found.lower()] for found in _OF_OWN.findall(channel.url)):
            yield f'url is of a robot for which type = "{own}" with the robot\'s web address is to be used'
    elif not re.match(r"https?://[^\s/]+", channel.url):
        yield "url is no web address"
    if not 1 <= channel.per_minute <= MOST_A_MINUTE:
        yield f"per_minute is none of 1 to {MOST_A_MINUTE}"
    if channel.secret and channel.type not in ("dingtalk", "feishu", "lark"):
        yield f"type {channel.type} takes no secret"


def robot_of(channel: Channel, channels: Iterable[Channel]) -> str:
    """What the messages to a channel's robot are counted under: the name of the first channel with its address. The
    address is a secret, and a robot may have a channel for each language or team."""
    address = _address(channel)
    return next((other.name for other in channels if _address(other) == address), channel.name)


def _address(channel: Channel) -> tuple[str, list[str]]:
    """However its members are ordered."""
    place, _, query = channel.url.strip().partition("?")
    return place.rstrip("/"), sorted(query.split("&"))


class Matter(msgspec.Struct, frozen=True, kw_only=True):
    """What a message is about, as far as the way it goes depends on it."""

    severity: str
    roles: frozenset[str] = frozenset()
    buckets: frozenset[str] = frozenset()


def matter_of(incident: Incident, kind: str) -> Matter:
    """Severity, roles and buckets of a message about an incident."""
    denial = incident.denial
    assert denial is not None
    target, roles, buckets = denial.target, set(), set()
    if denial.principal.type == "assumed_role":
        roles.add(denial.principal.name)
    if isinstance(target, BucketTarget):
        buckets.add(target.bucket)
    else:
        roles.add(target.role)
    if isinstance(target, JobTarget) and target.bucket is not None:
        buckets.add(target.bucket.bucket)
    return Matter(
        severity=severity_of(incident, kind),
        roles=frozenset(role.lower() for role in roles if role),
        buckets=frozenset(filter(None, buckets)),
    )


def severity_of(incident: Incident, kind: str) -> str:
    """`critical` where a change could not be taken back or may have overwritten a person's document, `info` where
    nothing is left to do, else `warning`."""
    if kind in ("remediated", "recovered"):
        return INFO
    return CRITICAL if incident.still_stands or kind == "overwritten" else WARNING


def route(channels: Iterable[Channel], matter: Matter) -> tuple[Channel, ...]:
    """The channels that take a message. One that fits nobody's roles and buckets goes to all that take its severity:
    it must not be lost because nobody thought of a name."""
    able = [channel for channel in channels if matter.severity in channel.severities]
    fitting = [channel for channel in able if _fits(channel, matter)]
    return tuple(fitting or able)


def _fits(channel: Channel, matter: Matter) -> bool:
    roles = [pattern.lower() for pattern in channel.roles]
    return _any_fits(roles, matter.roles) and _any_fits(channel.buckets, matter.buckets)


def _any_fits(patterns: Iterable[str], names: frozenset[str]) -> bool:
    """Whether no pattern is given, or one fits one of the names."""
    wanted = tuple(patterns)
    return not wanted or any(fnmatchcase(name, pattern) for name in names for pattern in wanted)
