"""Checks of the policies that roles, users and groups have: they match what they name, and name what is there."""

from __future__ import annotations

from collections.abc import Iterator

from rolemend.account.interface import Absent, AttachedPolicy, Known, Unread
from rolemend.audit import guides
from rolemend.audit.answers import failed, not_applicable, passed, unknown, unread
from rolemend.audit.facts import Facts, Holder
from rolemend.audit.model import Finding, Place
from rolemend.audit.sweep import bucket_entry, named_buckets
from rolemend.checklist.grants import policy_document
from rolemend.checklist.model import Evidence
from rolemend.fix.model import Fix, GrantPolicy
from rolemend.fix.model import Holder as FixHolder
from rolemend.fix.own import is_own_role
from rolemend.policy import PolicyError, Statement
from rolemend.policy.actions import WRITE, bucket_entries
from rolemend.policy.lint import without_effect
from rolemend.policy.scan import covers
from rolemend.text import Text, text

ON_BUCKET = ("oss:ListObjects", "oss:GetBucketInfo", "oss:ListMultipartUploads", "oss:ListObjectVersions")
ON_OBJECT = tuple(action for action in WRITE if action not in ON_BUCKET)
"""Which of the actions that jobs need are asked on the bucket, and which on its objects."""
_MEANT = frozenset({"oss:ListObjects", "oss:GetObject", "oss:PutObject", "oss:DeleteObject"})
"""What somebody means who writes a wildcard; what else it takes in is missed by nobody on the other form."""


def never_match(facts: Facts) -> Iterator[Finding]:
    """Statements that can match no request."""
    for policy in facts.custom_policies:
        place, parsed = facts.place("policy", policy.name), facts.parsed(policy)
        if isinstance(parsed, PolicyError):
            yield unknown(guides.NEVER_MATCHES, place, _does_not_parse(policy, parsed))
            continue
        mistakes = tuple(Evidence(each.text) for each in without_effect(parsed))
        if mistakes:
            said = text("Policy {policy} holds statements that can never match.", policy=policy.name)
            yield failed(guides.NEVER_MATCHES, place, said, mistakes)
        else:
            said = text("Every statement of policy {policy} can match.", policy=policy.name)
            yield passed(guides.NEVER_MATCHES, place, said)


def _does_not_parse(policy: AttachedPolicy, error: PolicyError) -> Text:
    return text("Policy {policy} does not parse: {why}", policy=policy.name, why=error)


def buckets_exist(facts: Facts) -> Iterator[Finding]:
    """Buckets that a custom policy names are there."""
    for policy in facts.custom_policies:
        place, parsed = facts.place("policy", policy.name), facts.parsed(policy)
        if isinstance(parsed, PolicyError):
            yield unknown(guides.BUCKET_GONE, place, _does_not_parse(policy, parsed))
            continue
        named = named_buckets(parsed)
        told = [each for bucket in named if (each := _there(facts, place, bucket)) is not None]
        yield from told
        if not told:
            said = text("All buckets that policy {policy} names exist.", policy=policy.name)
            yield passed(guides.BUCKET_GONE, place, said)


def _there(facts: Facts, place: Place, bucket: str) -> Finding | None:
    """None for a bucket that is there."""
    known = facts.regions_of_buckets
    if isinstance(known, Known) and bucket in known.value:
        return None
    found = facts.settings(bucket)
    values = {"policy": place.name, "bucket": bucket}
    if isinstance(found, Known):
        return None
    if isinstance(found, Unread):
        said = text(
            "Whether bucket {bucket}, which policy {policy} names, exists could not be read.", **values
        )
        return unread(guides.BUCKET_GONE, place, found, said, subject=bucket)
    said = text("Policy {policy} names bucket {bucket}, which does not exist.", **values)
    return failed(guides.BUCKET_GONE, place, said, subject=bucket)


def buckets_near(facts: Facts) -> Iterator[Finding]:
    """Buckets that a role names are in a region of the clusters and workspaces that use it."""
    for key, users in facts.users.items():
        if isinstance(facts.role(users.name), Absent):
            continue  # another check tells
        place = facts.place("role", facts.role_name(users.name))
        named = facts.buckets_of_role.get(key, ())
        told = [
            each for bucket in named if (each := _near(facts, place, users.regions(), bucket)) is not None
        ]
        yield from told
        policies = facts.policies("role", users.name)
        if not isinstance(policies, Known):
            said = text("The policies of {who} could not be read.", who=place.name)
            yield unread(guides.BUCKET_REGION, place, policies, said)
        elif broken := facts.broken(policies.value):
            yield unknown(guides.BUCKET_REGION, place, _does_not_parse(*broken))
        elif not told:
            said = text("The buckets that {role} names are where it is used.", role=place.name)
            yield passed(guides.BUCKET_REGION, place, said)


def _near(facts: Facts, place: Place, regions: tuple[str, ...], bucket: str) -> Finding | None:
    """None for a bucket that is near, or is not there, which another check tells."""
    settings = facts.settings(bucket)
    values = {"role": place.name, "bucket": bucket}
    if isinstance(settings, Unread):
        said = text("The region of bucket {bucket}, which {role} is granted, could not be read.", **values)
        return unread(guides.BUCKET_REGION, place, settings, said, bucket)
    if not isinstance(settings, Known) or settings.value.bucket.region in regions:
        return None
    said = text(
        "Bucket {bucket}, which {role} is granted, is in {region}; what uses the role is in {regions}.",
        regions=", ".join(regions),
        region=settings.value.bucket.region,
        **values,
    )
    return failed(guides.BUCKET_REGION, place, said, subject=bucket)


def resource_forms(facts: Facts) -> Iterator[Finding]:
    """Where a bucket is named without its objects, or they without it, and an action needs the other form."""
    for holder in facts.holders:
        place = facts.place(holder.kind, holder.name)
        statements = _statements(facts, holder)
        if statements is None:
            yield _not_judged(facts, guides.RESOURCE_FORMS, place, holder)
            continue
        lacking = _lacking_forms(statements)
        for bucket, (actions, entry) in lacking.items():
            values = {"who": holder.name, "actions": ", ".join(actions), "entry": entry}
            said = text("{who} is granted {actions}, but not on {entry}, where they are asked for.", **values)
            fix = _grant(holder, actions, (entry,), bucket)
            yield failed(guides.RESOURCE_FORMS, place, said, subject=bucket, fix=fix)
        if not lacking:
            said = text(
                "Policies of {who} name buckets and objects where their actions need it.", who=holder.name
            )
            yield passed(guides.RESOURCE_FORMS, place, said)


def _statements(facts: Facts, holder: Holder) -> list[Statement] | None:
    """All Allow statements of a holder that list what they allow; None if a policy is not known."""
    if not isinstance(holder.policies, Known):
        return None
    found: list[Statement] = []
    for policy in holder.policies.value:
        parsed = facts.parsed(policy)
        if isinstance(parsed, PolicyError):
            return None
        found += [each for each in parsed.statements if not each.denies and not each.negated_resources]
    return found


def _not_judged(facts: Facts, check: str, place: Place, holder: Holder) -> Finding:
    if not isinstance(holder.policies, Known):
        said = text("The policies of {who} could not be read.", who=holder.name)
        return unread(check, place, holder.policies, said)
    broken = facts.broken(holder.policies.value)
    assert broken is not None
    return unknown(check, place, _does_not_parse(*broken))


def _lacking_forms(statements: list[Statement]) -> dict[str, tuple[tuple[str, ...], str]]:
    """By bucket: the actions that are granted on its other form alone, and the entry that is missing."""
    found: dict[str, tuple[tuple[str, ...], str]] = {}
    for statement in statements:
        forms: dict[str, set[bool]] = {}
        for resource in statement.resources:
            entry = bucket_entry(resource)
            if entry is not None:
                forms.setdefault(entry[0], set()).add(bool(entry[1]))
        for bucket, given in forms.items():
            if len(given) == 2:
                continue
            on_objects = given == {True}
            needed, entry_missing = (
                (ON_BUCKET, bucket_entries(bucket)[0])
                if on_objects
                else (ON_OBJECT, bucket_entries(bucket)[1])
            )
            actions = tuple(
                each
                for each in needed
                if _lists(statement, each) and not _granted(statements, each, _asked(bucket, not on_objects))
            )
            if not any(each in _MEANT for each in actions):
                actions = tuple(each for each in actions if _names(statement, each))
            if actions:
                found[bucket] = (actions, entry_missing)
    return found


def _names(statement: Statement, action: str) -> bool:
    """Whether it lists an action by its whole name."""
    return not statement.negated_actions and action.lower() in {each.lower() for each in statement.actions}


def _asked(bucket: str, on_object: bool) -> str:
    return f"acs:oss:*:*:{bucket}/some/object" if on_object else f"acs:oss:*:*:{bucket}"


def _lists(statement: Statement, action: str) -> bool:
    lower = action.lower()
    listed = any(covers(pattern.lower(), lower) for pattern in statement.actions)
    return listed is not statement.negated_actions


def _granted(statements: list[Statement], action: str, resource: str) -> bool:
    return any(
        _lists(each, action) and any(_reaches(pattern, resource) for pattern in each.resources)
        for each in statements
    )


def _reaches(pattern: str, resource: str) -> bool:
    """Whether a Resource entry covers a bucket's ARN, whatever region and account it names."""
    if pattern == "*":
        return True
    parts = pattern.split(":", 4)
    return len(parts) == 5 and covers(":".join((*parts[:2], "*", "*", parts[4])), resource)


def write_sets(facts: Facts) -> Iterator[Finding]:
    """A role that may write to a bucket may do all that Hive and Spark do when they write."""
    for holder in facts.holders:
        if holder.kind != "role":
            continue
        place, statements = facts.place("role", holder.name), _statements(facts, holder)
        if statements is None:
            yield _not_judged(facts, guides.WRITE_SET, place, holder)
            continue
        lacking, vague = _lacking_writes(statements)
        for bucket, actions in lacking.items():
            values = {"role": holder.name, "bucket": bucket, "actions": ", ".join(actions)}
            said = text("{role} may write to bucket {bucket}, but lacks {actions}.", **values)
            fix = _grant(holder, actions, bucket_entries(bucket), bucket)
            yield failed(guides.WRITE_SET, place, said, subject=bucket, fix=fix)
        if vague and not lacking:
            said = text("{role} may write where no bucket is named as a whole, which is not judged: {resources}",
                        role=holder.name, resources=", ".join(vague[:_SHOWN]))  # fmt: skip
            yield not_applicable(guides.WRITE_SET, place, said)
        elif not lacking:
            said = text("{role} has all of the write set, or writes to no bucket.", role=holder.name)
            yield passed(guides.WRITE_SET, place, said)


_SHOWN = 5
"""How many resources a sentence names."""
_WRITE_LOWER = frozenset(action.lower() for action in WRITE)


def _lacking_writes(statements: list[Statement]) -> tuple[dict[str, tuple[str, ...]], list[str]]:
    """By bucket that is named whole and may be written: actions of the write set that no statement grants on it.

    And the resources that may be written without some of the set, but are no whole bucket: folders and patterns.
    """
    found: dict[str, tuple[str, ...]] = {}
    vague: dict[str, None] = {}
    for statement in statements:
        if not _lists(statement, "oss:PutObject") or statement.conditions:
            continue
        if not statement.negated_actions and _lists_all(statement):
            continue
        for resource in statement.resources:
            entry = bucket_entry(resource)
            if entry is None or entry[1] != "/*":
                if entry is None or entry[1]:  # objects cannot be written on a bucket's own form
                    vague[resource] = None
                continue
            bucket = entry[0]
            actions = tuple(action for action in WRITE if not _granted_somehow(statements, action, bucket))
            if actions:
                found[bucket] = actions
    return found, list(vague)


def _lists_all(statement: Statement) -> bool:
    return {each.lower() for each in statement.actions} >= _WRITE_LOWER or all(
        _lists(statement, each) for each in WRITE
    )


def _granted_somehow(statements: list[Statement], action: str, bucket: str) -> bool:
    """On either form: the form that is missing is another check's to tell."""
    return _granted(statements, action, _asked(bucket, True)) or _granted(
        statements, action, _asked(bucket, False)
    )


def _grant(holder: Holder, actions: tuple[str, ...], resources: tuple[str, ...], bucket: str) -> Fix | None:
    """A policy of its own with what is missing; nothing for one of Rolemend's own roles."""
    from rolemend.fix.names import policy_name

    if is_own_role(holder.name):
        return None
    document = policy_document(actions, resources)
    name = policy_name(holder.name, "audit", bucket)
    return GrantPolicy(holder=FixHolder(holder.kind, holder.name), policy=name, document=document)
