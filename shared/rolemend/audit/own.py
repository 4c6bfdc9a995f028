"""Checks of Rolemend itself, which `rolemend doctor` asks: its rights, and the sources that it hears of denials from.

https://www.alibabacloud.com/help/en/actiontrail/user-guide/create-a-single-account-trail
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Template

import msgspec

from rolemend.account.interface import Absent, Known, Reading
from rolemend.account.surveyed import FunctionState, TrailState, TriggerState
from rolemend.audit import guides
from rolemend.audit.answers import failed, passed, unknown, unread
from rolemend.audit.facts import Facts
from rolemend.audit.model import Finding, Place
from rolemend.audit.scope import TRIGGERS, Installation
from rolemend.checklist.model import Evidence
from rolemend.naming import TRAIL, TRAIL_LOGSTORE
from rolemend.policy import Policy, PolicyError, parse_policy
from rolemend.policy.comparison import Difference, difference
from rolemend.policy.wording import UNKNOWN_REASONS
from rolemend.text import text


def own_rights(facts: Facts) -> Iterator[Finding]:
    """The role of each function has what its policy.json names, and nothing else."""
    installed = facts.scope.installation if facts.scope.whole else None
    for kind, name in installed.functions.items() if installed else ():
        function: Reading[FunctionState] = facts.reads.get("function", name)
        if isinstance(function, Absent):
            continue  # told by the check of the triggers
        place = facts.place("role", (function.value.role if isinstance(function, Known) else "") or name)
        policies = facts.policies("role", place.name) if isinstance(function, Known) else function
        if not isinstance(policies, Known):
            said = text("The rights of function {function} could not be read.", function=name)
            yield unread(guides.OWN_RIGHTS, place, policies, said)
            yield unread(guides.OWN_UNUSED, place, policies, said)
            continue
        wanted = _wanted(kind, installed, facts.account) if installed else Policy("identity", ())
        try:
            sources = facts.sources(policies.value)
        except PolicyError as error:
            said = text("A policy of {who} does not parse: {why}", who=place.name, why=error)
            yield unknown(guides.OWN_RIGHTS, place, said)
            yield unknown(guides.OWN_UNUSED, place, said)
            continue
        held = Policy("identity", tuple(each for source in sources for each in source.policy.statements))
        yield from _rights(place, name, wanted, held)


def _rights(place: Place, function: str, wanted: Policy, held: Policy) -> Iterator[Finding]:
    values = {"role": place.name, "function": function}
    missing, extra = difference(held, wanted), difference(wanted, held)
    if missing.regions:
        said = text("{role} lacks what function {function} needs.", **values)
        yield failed(guides.OWN_RIGHTS, place, said, _regions(missing))
    elif missing.unknown:
        said = text("Whether {role} has what function {function} needs could not be told.", **values)
        yield unknown(guides.OWN_RIGHTS, place, said, (Evidence(UNKNOWN_REASONS[missing.unknown]),))
    else:
        yield passed(guides.OWN_RIGHTS, place, text("{role} has what function {function} needs.", **values))
    if extra.regions:
        said = text("{role} has rights that function {function} never uses.", **values)
        yield failed(guides.OWN_UNUSED, place, said, _regions(extra))
    elif extra.unknown:
        said = text("Whether {role} has more than function {function} uses could not be told.", **values)
        yield unknown(guides.OWN_UNUSED, place, said, (Evidence(UNKNOWN_REASONS[extra.unknown]),))
    else:
        said = text("{role} has no right that function {function} never uses.", **values)
        yield passed(guides.OWN_UNUSED, place, said)


def _regions(found: Difference) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(
            text(
                "{actions} on {resources}",
                actions=", ".join(each.actions),
                resources=", ".join(each.resources),
            )
        )
        for each in found.regions
    )


def _wanted(kind: str, installed: Installation, account: str) -> Policy:
    """A function's policy.json with this installation's names."""
    text_of = Template(_policies()[kind])
    return parse_policy(
        text_of.safe_substitute(
            account=account,
            region=installed.region,
            ledger_bucket=installed.ledger_bucket,
            trail_project=installed.trail_project,
            trail_logstore=TRAIL_LOGSTORE,
            event_logstore=installed.event_logstore,
        )
    )


@cache
def _policies() -> dict[str, str]:
    content = Path(__file__).with_name("own_rights.json").read_bytes()
    found = msgspec.json.decode(content, type=dict[str, msgspec.Raw])
    return {name: bytes(raw).decode() for name, raw in found.items()}


def trail(facts: Facts) -> Iterator[Finding]:
    """A trail of all events delivers into the logstore that Rolemend reads."""
    installed = facts.scope.installation
    if installed is None:
        return
    for region in facts.scope.trail_regions():
        yield from _trail_of(facts, installed, region)


def _trail_of(facts: Facts, installed: Installation, region: str) -> Iterator[Finding]:
    found = facts.reads.get("trails", region)
    place = facts.place("trail", TRAIL, region)
    if not isinstance(found, Known):
        said = text("The trails of {region} could not be read.", region=region)
        yield unread(guides.TRAIL, place, found, said)
        yield unread(guides.TRAIL_READS, place, found, said)
        return
    ours = [each for each in found.value if each.project.endswith(f"project/{installed.trail_project}")]
    heard = [each for each in ours if _is_heard(each, region)]
    working = [each for each in heard if each.is_logging and not each.error]
    logstore = facts.reads.get("logstore_days", installed.trail_project, TRAIL_LOGSTORE, installed.region)
    if not working:
        evidence = tuple(
            Evidence(
                text("Trail {trail} is off, or fails: {error}", trail=each.name, error=each.error or "-")
            )
            for each in heard
        ) + tuple(
            Evidence(
                text(
                    "Trail {trail} delivers the events of {regions} to {logstore}.",
                    trail=each.name,
                    regions=each.regions,
                    logstore=f"actiontrail_{each.name}",
                )
            )
            for each in ours
            if each not in heard
        )
        said = text(
            "No trail delivers the events of {region} to {project}: no denial is heard of.",
            region=region,
            project=installed.trail_project,
        )
        yield failed(guides.TRAIL, place, said, evidence)
        return
    values = {"trail": working[0].name, "logstore": f"{installed.trail_project}/{TRAIL_LOGSTORE}"}
    if isinstance(logstore, Known):
        said = text("Trail {trail} delivers to {logstore}.", **values)
        yield passed(guides.TRAIL, place, said)
    elif isinstance(logstore, Absent):
        said = text("Trail {trail} is on, but there is no logstore {logstore}.", **values)
        yield failed(guides.TRAIL, place, said)
    else:
        said = text("Whether trail {trail} delivers to {logstore} could not be read.", **values)
        yield unread(guides.TRAIL, place, logstore, said)
    kinds = {each.events for each in working}
    if "All" in kinds or {"Read", "Write"} <= kinds:
        yield passed(guides.TRAIL_READS, place, text("Trail {trail} delivers reads and writes.", **values))
    else:
        told = ", ".join(sorted(kinds))
        said = text(
            "Trail {trail} delivers {events} events only: other denials are not heard of.",
            events=told,
            **values,
        )
        yield failed(guides.TRAIL_READS, place, said)


def _is_heard(trail: TrailState, region: str) -> bool:
    """Whether a trail is of this region, and delivers to the logstore that is read, which its own name names.

    https://www.alibabacloud.com/help/en/actiontrail/user-guide/create-a-single-account-trail
    """
    regions = {each.strip() for each in trail.regions.split(",")}
    return trail.name == TRAIL and bool({"All", region} & regions)


def access_logs(facts: Facts) -> Iterator[Finding]:
    """The access log is on where buckets in use are."""
    if facts.scope.installation is None:
        return
    for bucket in facts.buckets_in_use:
        settings = facts.settings(bucket)
        if not isinstance(settings, Known):
            continue  # told by the checks of the bucket
        region = settings.value.bucket.region
        place = facts.place("bucket", bucket, region)
        project = f"oss-log-{facts.account}-{region}"
        found = facts.reads.get("logstore_days", project, "oss-log-store", region)
        values = {"bucket": bucket, "logstore": f"{project}/oss-log-store"}
        if isinstance(found, Known):
            yield passed(
                guides.ACCESS_LOG, place, text("Requests on {bucket} are logged in {logstore}.", **values)
            )
        elif isinstance(found, Absent):
            said = text("There is no {logstore}: denials on {bucket} are not heard of.", **values)
            yield failed(guides.ACCESS_LOG, place, said)
        else:
            said = text("Whether requests on {bucket} are logged could not be read.", **values)
            yield unread(guides.ACCESS_LOG, place, found, said)


def triggers(facts: Facts) -> Iterator[Finding]:
    """Each function is deployed, and has the triggers that s.yaml gives it, switched on and with a source."""
    installed = facts.scope.installation if facts.scope.whole else None
    for kind, name in installed.functions.items() if installed else ():
        function: Reading[FunctionState] = facts.reads.get("function", name)
        place = facts.place("function", name, installed.region if installed else "")
        if isinstance(function, Absent):
            yield failed(guides.TRIGGER, place, text("There is no function {function}.", function=name))
        elif not isinstance(function, Known):
            said = text("Function {function} could not be read.", function=name)
            yield unread(guides.TRIGGER, place, function, said)
        elif function.value.state.lower() == "failed":
            yield failed(guides.TRIGGER, place, text("Function {function} cannot run.", function=name))
        elif TRIGGERS[kind]:
            yield from _triggers_of(facts, kind, name, place)


def _triggers_of(facts: Facts, kind: str, function: str, place: Place) -> Iterator[Finding]:
    found: Reading[tuple[TriggerState, ...]] = facts.reads.get("triggers", function)
    if not isinstance(found, Known):
        said = text("The triggers of function {function} could not be read.", function=function)
        yield unread(guides.TRIGGER, place, found, said)
        return
    by_name = {each.name: each for each in found.value}
    for name in TRIGGERS[kind]:
        yield _trigger(facts, facts.place("trigger", f"{function}/{name}", place.region), by_name.get(name))


def _trigger(facts: Facts, place: Place, trigger: TriggerState | None) -> Finding:
    values = {"trigger": place.name}
    if trigger is None:
        return failed(guides.TRIGGER, place, text("There is no trigger {trigger}.", **values))
    if not trigger.enabled:
        return failed(guides.TRIGGER, place, text("Trigger {trigger} is switched off.", **values))
    if not trigger.logstore:
        return passed(guides.TRIGGER, place, text("Trigger {trigger} is there and on.", **values))
    source = facts.reads.get("logstore_days", trigger.project, trigger.logstore, place.region)
    values["logstore"] = f"{trigger.project}/{trigger.logstore}"
    if isinstance(source, Absent):
        said = text("Trigger {trigger} reads {logstore}, which does not exist.", **values)
        return failed(guides.TRIGGER, place, said)
    if not isinstance(source, Known):
        said = text(
            "Whether {logstore}, which trigger {trigger} reads, is there could not be read.", **values
        )
        return unread(guides.TRIGGER, place, source, said)
    return passed(guides.TRIGGER, place, text("Trigger {trigger} is on and reads {logstore}.", **values))


def ledger(facts: Facts) -> Iterator[Finding]:
    """The ledger's bucket is there, this account's own, private, and shut to the public."""
    installed = facts.scope.installation if facts.scope.whole else None
    if installed is None:
        return
    place = facts.place("bucket", installed.ledger_bucket, installed.ledger_region)
    settings = facts.reads.get("bucket_settings", installed.ledger_bucket, installed.ledger_region)
    if isinstance(settings, Absent):
        said = text("The ledger's bucket {bucket} does not exist.", bucket=place.name)
        yield failed(guides.LEDGER, place, said)
        return
    blocked = facts.reads.get("public_access_blocked", installed.ledger_bucket, installed.ledger_region)
    if not isinstance(settings, Known) or not isinstance(blocked, Known):
        said = text("The settings of the ledger's bucket {bucket} could not be read.", bucket=place.name)
        yield unread(guides.LEDGER, place, blocked if isinstance(settings, Known) else settings, said)
        return
    wrong = []
    if settings.value.bucket.acl != "private":
        wrong.append(Evidence(text("ACL: {acl}", acl=settings.value.bucket.acl)))
    if not blocked.value:
        wrong.append(Evidence(text("Block Public Access is off.")))
    if settings.value.bucket.owner not in ("", facts.account):
        wrong.append(Evidence(text("It belongs to account {account}.", account=settings.value.bucket.owner)))
    if wrong:
        said = text("The ledger's bucket {bucket} is not as it must be.", bucket=place.name)
        yield failed(guides.LEDGER, place, said, tuple(wrong))
        return
    said = text("The ledger's bucket {bucket} is private and shut to the public.", bucket=place.name)
    yield passed(guides.LEDGER, place, said)
