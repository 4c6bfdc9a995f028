"""Where a message leads: the console, RAM's console, the documentation; and the commands that do the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import msgspec

from rolemend.incident.life import Incident, can_be_approved
from rolemend.signals.denial import BucketTarget, JobTarget
from rolemend.text import Text, text

_ROLE = re.compile(r"[A-Za-z0-9.-]{1,64}", re.ASCII)
_HELP = "https://www.alibabacloud.com/help/{language}/"
_PAGES = {
    "oss": "emr/emr-on-ecs/user-guide/fix-the-accessdenied-error-that-occurs-when-i-access-oss",
    "job": "emr/emr-serverless-spark/user-guide/executive-role",
    "cluster": "emr/emr-on-ecs/user-guide/use-a-custom-ecs-application-role-to-access-other-cloud-resources-in-your-"
    "alibaba-cloud-account-19",
}


class Link(msgspec.Struct, frozen=True, kw_only=True):
    label: str
    url: str


class Links(msgspec.Struct, frozen=True, kw_only=True):
    """`console` is the address of Rolemend's console, "" if there is none; `link_for` makes the link to an incident in
    it for the channel that is named, one that is signed and can be used once where that is set up. Answering "", it
    leaves the plain one."""

    console: str = ""
    link_for: Callable[[Incident, str], str] | None = None
    channel: str = ""


def links_of(incident: Incident, links: Links, language: str) -> Iterator[tuple[Text, str]]:
    """Each link with what it leads to."""
    signed = links.link_for(incident, links.channel) if links.link_for is not None else ""
    if signed or links.console:
        url = signed or f"{links.console.rstrip('/')}/incidents/{incident.id}"
        yield text("The incident in Rolemend's console"), url
    if _ROLE.fullmatch(role := role_of(incident)):
        yield text("The role in the RAM console"), f"https://ram.console.aliyun.com/roles/{role}"
    yield text("The documentation"), _HELP.format(language=language) + _page(incident)


def role_of(incident: Incident) -> str:
    """The role that the incident is about, "" if it is a user."""
    if incident.plan is not None:
        return incident.plan.remedy.role
    denial = incident.denial
    assert denial is not None
    if denial.principal.type == "assumed_role":
        return denial.principal.name
    return "" if isinstance(denial.target, BucketTarget) else denial.target.role


def _page(incident: Incident) -> str:
    assert incident.denial is not None
    target = incident.denial.target
    if isinstance(target, JobTarget):
        return _PAGES["job"]
    return _PAGES["oss" if isinstance(target, BucketTarget) else "cluster"]


def commands_of(incident: Incident) -> tuple[str, ...]:
    """The commands that show the incident and decide on it, for whoever has no console."""
    show = f"rolemend incidents show {incident.id}"
    if not can_be_approved(incident) or incident.plan is None:
        return (show,)
    plan = f"{incident.id} --plan {incident.plan.hash}"
    return (show, f"rolemend incidents approve {plan}", f"rolemend incidents reject {plan}")
