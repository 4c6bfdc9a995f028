"""Grants that nobody used: buckets that a role is granted, and did not touch while the access log was kept.

https://www.alibabacloud.com/help/en/oss/user-guide/real-time-log-query
"""

from __future__ import annotations

from collections.abc import Iterator

from rolemend.account.interface import Absent, Known, Reading, Unread
from rolemend.account.surveyed import BucketUse
from rolemend.audit import guides
from rolemend.audit.answers import failed, not_applicable, passed, unknown, unread
from rolemend.audit.facts import Facts, Users
from rolemend.audit.model import Finding, Place
from rolemend.audit.sweep import directory_bucket
from rolemend.text import text

_DAY = 86_400


def unused_grants(facts: Facts) -> Iterator[Finding]:
    """A role that used each bucket it is granted, as far as the access log reaches back."""
    for key, users in facts.users.items():
        place = facts.place("role", facts.role_name(users.name))
        if isinstance(facts.policies("role", users.name), Known):
            yield from _of_role(facts, place, key, users)


def _of_role(facts: Facts, place: Place, key: str, users: Users) -> Iterator[Finding]:
    directories = {directory_bucket(each) for each in users.workspaces}
    told: list[Finding] = []
    judged = False
    named = facts.buckets_of_role.get(key, ())
    for bucket in named:
        settings = facts.settings(bucket)
        if isinstance(settings, Unread):
            said = text(
                "Whether {role} used bucket {bucket} could not be read.", role=place.name, bucket=bucket
            )
            told.append(unread(guides.UNUSED_GRANT, place, settings, said, bucket))
            continue
        if not isinstance(settings, Known) or bucket in directories:
            continue
        region = settings.value.bucket.region
        used: Reading[tuple[BucketUse, ...]] = facts.reads.get("bucket_use", region, str(facts.scope.days))
        days = facts.reads.get("logstore_days", f"oss-log-{facts.account}-{region}", "oss-log-store", region)
        if isinstance(days, Absent) or (isinstance(days, Known) and days.value < facts.scope.days):
            continue
        if not isinstance(used, Known):
            said = text(
                "Whether {role} used bucket {bucket} could not be read.", role=place.name, bucket=bucket
            )
            told.append(unread(guides.UNUSED_GRANT, place, used, said, bucket))
            continue
        judged = True
        if (bucket, key) in _used(facts, region, used.value) or _is_young(facts, users, bucket):
            continue
        values = {"role": place.name, "bucket": bucket, "days": facts.scope.days}
        said = text("{role} is granted bucket {bucket}, and did not use it in {days} days.", **values)
        told.append(failed(guides.UNUSED_GRANT, place, said, subject=bucket))
    yield from told
    policies = facts.policies("role", users.name)
    if isinstance(policies, Known) and (broken := facts.broken(policies.value)):
        said = text("A policy of {who} does not parse: {why}", who=place.name, why=broken[1])
        yield unknown(guides.UNUSED_GRANT, place, said)
    elif told:
        return
    elif judged:
        said = text("{role} used every bucket that its policies name.", role=place.name)
        yield passed(guides.UNUSED_GRANT, place, said)
    elif not named:
        said = text("The policies of {role} name no bucket.", role=place.name)
        yield not_applicable(guides.UNUSED_GRANT, place, said)
    else:
        said = text("No access log that is old enough tells what {role} used.", role=place.name)
        yield not_applicable(guides.UNUSED_GRANT, place, said)


def _used(facts: Facts, region: str, used: tuple[BucketUse, ...]) -> frozenset[tuple[str, str]]:
    known = facts.used_buckets.get(region)
    if known is None:
        known = facts.used_buckets[region] = frozenset((each.bucket, each.role) for each in used)
    return known


def _is_young(facts: Facts, users: Users, bucket: str) -> bool:
    """Whether a policy that names the bucket is younger than the days that are looked at."""
    since = facts.now - facts.scope.days * _DAY
    policies = facts.policies("role", users.name)
    return isinstance(policies, Known) and any(
        each.updated > since and bucket in each.document for each in policies.value
    )
