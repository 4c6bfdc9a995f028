"""Names that may stand in a command or a document: each keeps to its grammar, or an upper-case word stands for it.

What comes from a log is hostile text, and a name that is none gets into no command.
"""

from __future__ import annotations

import re

import msgspec

BUCKET = re.compile(r"[a-z0-9][a-z0-9\-]{1,61}[a-z0-9]", re.ASCII)
REGION = re.compile(r"[a-z]{2}-[a-z0-9]{1,30}(?:-[a-z0-9]{1,30}){0,4}", re.ASCII)
ROLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.\-_]{0,63}", re.ASCII)
"""Also the names of RAM users and groups."""
POLICY = re.compile(r"[A-Za-z0-9][A-Za-z0-9\-]{0,127}", re.ASCII)
ACTION = re.compile(r"[a-z][a-z0-9\-]{1,40}:[A-Za-z][A-Za-z0-9]{0,80}", re.ASCII)
ENDPOINT = re.compile(
    r"(?:[a-z0-9][a-z0-9\-]{1,61}[a-z0-9]\.)?"
    r"(?:oss-[a-z0-9\-]{2,60}|[a-z0-9\-]{2,60}\.oss(?:-internal|-dls)?)\.aliyuncs\.com",
    re.ASCII,
)
ACCOUNT = re.compile(r"[0-9]{5,30}", re.ASCII)
SERVICE = re.compile(r"[a-z0-9](?:[a-z0-9.\-]{0,60}[a-z0-9])?\.aliyuncs\.com", re.ASCII)
RELEASE = re.compile(r"EMR-[0-9]{1,3}(?:\.[0-9]{1,4}){1,3}(?:-[A-Za-z0-9.\-]{1,30})?", re.ASCII)
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_\-]{0,127}", re.ASCII)
"""Ids of clusters, workspaces, catalogs and keys."""
KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9\-/:]{0,199}", re.ASCII)
"""A KMS key: its id, alias or ARN."""
KEY_ARN = re.compile(r"acs:kms:[a-z0-9\-*]{1,40}:[0-9]{5,30}:key/[A-Za-z0-9\-]{1,100}", re.ASCII)
"""One KMS key, in a region or in whichever it is."""
SETTING = re.compile(
    r"(?=.{1,256}\Z)[A-Za-z0-9][A-Za-z0-9_:/\-]*(?:\.[A-Za-z0-9][A-Za-z0-9_:/\-]*)*", re.ASCII
)
"""A setting of Hadoop or Spark, or its value."""
TABLE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_\-]{0,127}", re.ASCII)
MEMBER = re.compile(
    r"(?:ALIYUN\$[0-9]{5,30}|RAM\$[0-9]{5,30}:(?:[0-9]{5,30}|role/[A-Za-z0-9][A-Za-z0-9.\-]{0,63}))", re.ASCII
)
"""A person as MaxCompute names one: https://help.aliyun.com/en/maxcompute/user-guide/add-user"""
PRIVILEGE = re.compile(r"[A-Za-z]{2,40}", re.ASCII)
RESOURCE = re.compile(
    r"acs:[a-z][a-z0-9\-]{1,40}:[a-z0-9\-]{0,40}:(?:[0-9]{5,30})?:[A-Za-z0-9][A-Za-z0-9\-_./:]{0,250}"
    r"|acs:odps:\*:projects/[A-Za-z0-9_][A-Za-z0-9_\-]{0,127}(?:/tables/[A-Za-z0-9_][A-Za-z0-9_\-]{0,127})?",
    re.ASCII,
)
"""One resource, without a wildcard; MaxCompute's have no account."""
PRINCIPAL = re.compile(
    r"acs:ram::[0-9]{5,30}:(?:root|(?:user|role)/[A-Za-z0-9][A-Za-z0-9.\-_]{0,63})", re.ASCII
)


def sound(grammar: re.Pattern[str], name: str | None, placeholder: str) -> str:
    """The name if it keeps to the grammar, the placeholder otherwise."""
    return name if name and grammar.fullmatch(name) else placeholder


def policy_name(*parts: str) -> str:
    """A name for a policy that is made for these: `rolemend-<part>-<part>`, as RAM accepts it."""
    plain = [re.sub(r"[^A-Za-z0-9]+", "-", part).strip("-") for part in ("rolemend", *parts)]
    return "-".join(part for part in plain if part)[:128].rstrip("-")


class Names(msgspec.Struct, frozen=True, kw_only=True):
    """What a denial tells, for the fix of its cause. All but `who` and `ec` are sound or placeholders.

    `who` is for sentences, as the text or log has it; `service` is what was called, `kind` one of explain's kinds.
    `role` is the role that the denial is about; `caller_role` the one that was denied, which may be another one: who
    may not pass a role is not that role. `resource` is "*" where none is named.
    """

    bucket: str = "YOUR_BUCKET"
    role: str = "YOUR_ROLE"
    caller_role: str = "YOUR_ROLE"
    user: str = "YOUR_USER"
    by_user: bool = False
    action: str = "SERVICE:ACTION"
    resource: str = "*"
    region: str = "YOUR_REGION"
    endpoint: str = "YOUR_ENDPOINT"
    right_endpoint: str = "YOUR_ENDPOINT"
    service: str = ""
    ec: str = ""
    who: str = "YOUR_ROLE"
    kind: str = ""

    @property
    def path(self) -> str:
        return f"oss://{self.bucket}/"


def names_from(
    *,
    bucket: str | None = None,
    role: str | None = None,
    caller_role: str | None = None,
    user: str | None = None,
    by_user: bool = False,
    action: str | None = None,
    resource: str | None = None,
    region: str | None = None,
    endpoint: str | None = None,
    right_endpoint: str | None = None,
    service: str = "",
    ec: str = "",
    who: str = "",
    kind: str = "",
) -> Names:
    """Names of a text or log, each proved to be one."""
    place = sound(REGION, region, "YOUR_REGION")
    return Names(
        bucket=sound(BUCKET, bucket, "YOUR_BUCKET"),
        role=sound(ROLE, role, "YOUR_ROLE"),
        caller_role=sound(ROLE, caller_role, "YOUR_ROLE"),
        user=sound(ROLE, user, "YOUR_USER"),
        by_user=by_user,
        action=sound(ACTION, action, "oss:GetObject" if service == "oss" else "SERVICE:ACTION"),
        resource=sound(RESOURCE, resource, "*"),
        region=place,
        endpoint=sound(ENDPOINT, endpoint, "YOUR_ENDPOINT"),
        right_endpoint=sound(ENDPOINT, right_endpoint, f"oss-{place}.aliyuncs.com"),
        service=service,
        ec=ec,
        who=who or "YOUR_ROLE",
        kind=kind,
    )
