"""Checks of the buckets that roles use: encryption keys, and bucket policies and ACLs that say otherwise than RAM.

https://www.alibabacloud.com/help/en/oss/user-guide/oss-bucket-policy/
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rolemend.account.interface import Absent, Known, Unread
from rolemend.account.surveyed import BucketSettings
from rolemend.audit import guides
from rolemend.audit.answers import failed, passed, unknown, unread
from rolemend.audit.facts import Facts
from rolemend.audit.model import Finding, Place
from rolemend.checklist.grants import policy_document
from rolemend.checklist.mending import lift_bucket_deny
from rolemend.checklist.model import Evidence
from rolemend.fix.model import GrantPolicy, Holder
from rolemend.fix.names import policy_name
from rolemend.fix.own import is_own_role
from rolemend.policy import Policy, PolicyError, Principal, Request, Source, decide
from rolemend.policy.matching import covers_action
from rolemend.text import text

_KEY = re.compile(r"[A-Za-z0-9\-/:]{1,200}", re.ASCII)
_ASKED = ("oss:ListObjects", "oss:GetObject", "oss:PutObject")
_UNTOLD = frozenset({
    "acs:SourceIp", "acs:SourceVpc", "acs:SecureTransport", "acs:CurrentTime", "acs:UserAgent", "oss:Prefix",
    "oss:Delimiter",
})  # fmt: skip
"""Condition keys of a request that is only imagined."""


def keys_usable(facts: Facts) -> Iterator[Finding]:
    """Roles that use a bucket with a KMS key of its own may use the key."""
    for key, users in facts.users.items():
        if isinstance(facts.role(users.name), Absent):
            continue  # another check tells
        place = facts.place("role", facts.role_name(users.name))
        policies = facts.policies("role", users.name)
        if not isinstance(policies, Known):
            said = text("The policies of {who} could not be read.", who=place.name)
            yield unread(guides.KMS, place, policies, said)
            continue
        try:
            sources = facts.sources(policies.value)
        except PolicyError as error:
            said = text("A policy of {who} does not parse: {why}", who=place.name, why=error)
            yield unknown(guides.KMS, place, said)
            continue
        told, judged = [], False
        for bucket in facts.buckets_of_role.get(key, ()):
            settings = facts.settings(bucket)
            if isinstance(settings, Unread):
                said = text("The encryption of bucket {bucket} could not be read.", bucket=bucket)
                told.append(unread(guides.KMS, place, settings, said, bucket))
            elif isinstance(settings, Known) and (arn := key_arn(settings.value)):
                judged = True
                found = _key(facts, place, sources, settings.value, arn)
                told += [found] if found is not None else []
        yield from told
        if not told:
            said = (
                text("{role} may use the keys of the encrypted buckets that it uses.", role=place.name)
                if judged
                else text(
                    "No bucket that {role} names is encrypted with a KMS key of its own.", role=place.name
                )
            )
            yield passed(guides.KMS, place, said)


def key_arn(settings: BucketSettings) -> str:
    """The key that a bucket's objects are encrypted with by default; "" if rights on it are not asked for."""
    if settings.algorithm != "KMS" or not settings.key or not _KEY.fullmatch(settings.key):
        return ""
    if settings.key.startswith("acs:kms:"):
        return settings.key
    return f"acs:kms:{settings.bucket.region}:{settings.bucket.owner or '*'}:key/{settings.key}"


def _key(
    facts: Facts, place: Place, sources: list[Source], settings: BucketSettings, arn: str
) -> Finding | None:
    """What is missing on a key; None if nothing is."""
    bucket = settings.bucket
    writes = (
        _outcome(facts, place.name, sources, "oss:PutObject", f"{_arn(settings)}/some/object")[0] == "allow"
    )
    wanted = ("kms:GenerateDataKey", "kms:Decrypt") if writes else ("kms:Decrypt",)
    outcomes = {action: _outcome(facts, place.name, sources, action, arn)[0] for action in wanted}
    missing = [action for action in wanted if outcomes[action] in ("implicit_deny", "explicit_deny")]
    values = {"role": place.name, "actions": ", ".join(missing), "key": arn, "bucket": bucket.name}
    if not missing and "unknown" in outcomes.values():
        said = text("Whether {role} may use {key} of bucket {bucket} hangs on the request.", **values)
        return unknown(guides.KMS, place, said, subject=bucket.name)
    if not missing:
        return None
    said = text("Bucket {bucket} is encrypted with {key}, and {role} lacks {actions} on it.", **values)
    fix = None
    if not is_own_role(place.name):
        name = policy_name(place.name, "kms", bucket.name)
        document = policy_document(missing, (arn,))
        fix = GrantPolicy(holder=Holder("role", place.name), policy=name, document=document)
    return failed(guides.KMS, place, said, subject=bucket.name, fix=fix)


def _arn(settings: BucketSettings) -> str:
    return f"acs:oss:*:{settings.bucket.owner or '*'}:{settings.bucket.name}"


def _outcome(
    facts: Facts, role: str, sources: list[Source], action: str, resource: str, acl: str | None = None
) -> tuple[str, str, int]:
    """What is decided, the kind of policy and the number of the statement that decided it."""
    request = Request(
        action=action,
        resource=resource,
        principal=Principal(type="assumed_role", account=facts.account, role=role.lower(), session="job"),
        unknown_conditions=_UNTOLD,
    )
    decision = decide(request, sources, bucket_acl=acl)
    by = decision.decided_by
    return decision.outcome, by.kind if by else "", by.statement if by else -1


def no_conflicts(facts: Facts) -> Iterator[Finding]:
    """No bucket policy denies what RAM grants to a role in use, and no ACL opens to all what RAM grants to a few."""
    roles: dict[str, list[str]] = {}
    for key, named in facts.buckets_of_role.items():
        for bucket in named:
            roles.setdefault(bucket, []).append(facts.role_name(facts.users[key].name))
    for bucket in facts.buckets_in_use:
        settings = facts.settings(bucket)
        if isinstance(settings, Absent):
            continue  # told by the check of what policies name
        if not isinstance(settings, Known):
            said = text("Bucket {bucket} could not be read.", bucket=bucket)
            yield unread(guides.BUCKET_CONFLICT, facts.place("bucket", bucket), settings, said)
            continue
        yield from _of_bucket(facts, settings.value, roles[bucket])


def _of_bucket(facts: Facts, settings: BucketSettings, roles: list[str]) -> Iterator[Finding]:
    place = facts.place("bucket", settings.bucket.name, settings.bucket.region)
    policy = facts.bucket_policy(settings)
    told = [*_open_to_all(facts, place, settings)]
    if not isinstance(policy, Known | Absent):
        said = text("The bucket policy of {bucket} could not be read.", bucket=place.name)
        told.append(unread(guides.BUCKET_CONFLICT, place, policy, said))
    elif isinstance(policy, Known):
        parsed = facts.parsed_bucket_policy(settings.bucket, policy.value)
        if isinstance(parsed, PolicyError):
            said = text("The bucket policy of {bucket} does not parse: {why}", bucket=place.name, why=parsed)
            told.append(unknown(guides.BUCKET_CONFLICT, place, said))
        elif _denies_work(parsed):
            for role in roles:
                told += _denied(facts, place, settings, parsed, policy.value, role)
    yield from told
    if not told:
        said = text("Neither bucket policy nor ACL of {bucket} says otherwise than RAM.", bucket=place.name)
        yield passed(guides.BUCKET_CONFLICT, place, said)


def _denies_work(policy: Policy) -> bool:
    """Whether a Deny speaks of an action that jobs need."""
    return any(
        covers_action(each, action.lower()) is not False
        for each in policy.statements
        if each.denies
        for action in _ASKED
    )


def _denied(
    facts: Facts, place: Place, settings: BucketSettings, parsed: Policy, document: str, role: str
) -> Iterator[Finding]:
    policies = facts.policies("role", role)
    if not isinstance(policies, Known):
        said = text("The policies of {who} could not be read.", who=role)
        yield unread(guides.BUCKET_CONFLICT, place, policies, said, role)
        return
    try:
        identity = facts.sources(policies.value)
    except PolicyError as error:
        said = text("A policy of {who} does not parse: {why}", who=role, why=error)
        yield unknown(guides.BUCKET_CONFLICT, place, said, subject=role)
        return
    both = [*identity, Source(kind="bucket", policy=parsed)]
    denied: list[str] = []
    unsure: list[str] = []
    number = -1
    for action in _ASKED:
        resource = _arn(settings) if action == "oss:ListObjects" else f"{_arn(settings)}/some/object"
        if _outcome(facts, role, identity, action, resource)[0] != "allow":
            continue
        outcome, kind, statement = _outcome(facts, role, both, action, resource, settings.bucket.acl)
        if outcome == "explicit_deny" and kind == "bucket":
            denied.append(action)
            number = statement
        elif outcome == "unknown":
            unsure.append(action)
    values = {"role": role, "bucket": place.name}
    if denied:
        said = text(
            "The bucket policy of {bucket} denies {role} what RAM grants it: {actions}",
            actions=", ".join(denied),
            **values,
        )
        fix = lift_bucket_deny(place.name, place.region, document, number)
        yield failed(guides.BUCKET_CONFLICT, place, said, subject=role, fix=fix)
    elif unsure:
        said = text("Whether the bucket policy of {bucket} denies {role} hangs on the request.", **values)
        yield unknown(guides.BUCKET_CONFLICT, place, said, subject=role)


def _open_to_all(facts: Facts, place: Place, settings: BucketSettings) -> Iterator[Finding]:
    """A public ACL, unless Block Public Access voids it."""
    acl = settings.bucket.acl
    if acl == "private":
        return
    region = settings.bucket.region
    blocked = facts.reads.get("public_access_blocked", place.name, region)
    if isinstance(blocked, Known) and blocked.value:
        return
    values = {"bucket": place.name, "acl": acl}
    if not isinstance(blocked, Known):
        said = text(
            "Bucket {bucket} has the ACL {acl}; whether Block Public Access voids it is not known.", **values
        )
        yield unread(guides.BUCKET_CONFLICT, place, blocked, said, "acl")
        return
    said = text("Bucket {bucket} has the ACL {acl}: everybody has what RAM grants to a few.", **values)
    remedy = text("Make the bucket private, or switch on Block Public Access.")
    evidence = (Evidence(text("ACL: {acl}", acl=acl)),)
    yield failed(guides.BUCKET_CONFLICT, place, said, evidence, subject="acl", remedy=remedy)
