"""FAQ 2, item 3, asked further: may the principal use the KMS key that the bucket is encrypted with?

Actions: https://www.alibabacloud.com/help/en/oss/user-guide/authorization-syntax-and-elements . A grant on a key is
never written by a program.
"""

from __future__ import annotations

import re

import msgspec

from rolemend.account.interface import Absent, Encryption, Known
from rolemend.checklist.answers import Name, failed, not_applicable, passed, unknown, unread
from rolemend.checklist.decision import identity_sources, principal_of
from rolemend.checklist.facts import KMS_ACTIONS, BucketFacts
from rolemend.checklist.grants import policy_document
from rolemend.checklist.mending import grant
from rolemend.checklist.model import Advice, Evidence, Finding
from rolemend.checklist.oss_policy import acting
from rolemend.checklist.reports import ENCRYPTION, reported
from rolemend.policy import PolicyError, Request, decide
from rolemend.text import text

KMS_KEY: Name = ("kms-key", "2.3c")
_KEY = re.compile(r"[A-Za-z0-9\-/:]{1,200}", re.ASCII)


def ask_kms_key(facts: BucketFacts) -> Finding:
    """Asked of calls that read or write an object; a bucket that names no key of its own asks for no right on one."""
    wanted = KMS_ACTIONS.get(facts.denial.action, ())
    is_reported = facts.denial.detail_code.startswith(ENCRYPTION)
    if not is_reported and (not wanted or facts.denial.principal.type not in ("assumed_role", "ram_user")):
        return not_applicable(
            KMS_KEY, text("No KMS key stands in the way of {action}.", action=facts.denial.action)
        )
    encryption = facts.encryption
    if not isinstance(encryption, Known | Absent):
        said = text("The encryption of bucket {bucket} could not be read.", bucket=facts.target.bucket)
        return unread(KMS_KEY, encryption, said)
    key = key_arn(facts, encryption.value) if isinstance(encryption, Known) else ""
    if not key:
        return _without_key(facts, is_reported)
    return _decided(facts, key, wanted or ("kms:Decrypt",), is_reported)


def key_arn(facts: BucketFacts, encryption: Encryption) -> str:
    """The key that objects are encrypted with if a request asks for no other; "" if rights on it are not asked for."""
    if encryption.algorithm != "KMS" or not encryption.key or not _KEY.fullmatch(encryption.key):
        return ""
    if encryption.key.startswith("acs:kms:"):
        return encryption.key
    return f"acs:kms:{facts.region or '*'}:{facts.owner or '*'}:key/{encryption.key}"


def _without_key(facts: BucketFacts, is_reported: bool) -> Finding:
    bucket = facts.target.bucket
    if is_reported and (lacking := _on_no_key(facts)):
        values = {"who": acting(facts), "actions": ", ".join(lacking), "bucket": bucket}
        document = policy_document(lacking, (f"acs:kms:*:{facts.owner or '*'}:key/YOUR_KEY",))
        return failed(
            KMS_KEY,
            text(
                "OSS reported that encryption refused the call, and no policy of {who} allows {actions} on any key.",
                **values,
            ),
            reported(facts.denial),
            "kms_permission_missing",
            Advice(
                statement=text(
                    "Grant {who} {actions} on the key that the object is encrypted with, in a policy of RAM or in the "
                    "key's own policy; bucket {bucket} names none.",
                    **values,
                ),
                document=document,
                fix=grant(facts.denial.principal, document, "kms", bucket),
            ),
        )
    if is_reported:
        return unknown(
            KMS_KEY,
            text(
                "OSS reported that encryption refused the call, but bucket {bucket} names no KMS key: the "
                "object or the "
                "request may name its own.",
                bucket=bucket,
            ),
            reported(facts.denial),
        )
    return passed(KMS_KEY, text("Bucket {bucket} names no KMS key of its own.", bucket=bucket))


def _on_no_key(facts: BucketFacts) -> tuple[str, ...]:
    """The actions that the call needs and no policy of the principal grants on any key at all."""
    from rolemend.checklist.spark_rights import decide_right

    if not isinstance(facts.policies, Known):
        return ()
    wanted = KMS_ACTIONS.get(facts.denial.action, ("kms:Decrypt",))
    who, policies = facts.denial.principal, facts.policies.value
    try:
        rights = {action: decide_right(facts.denial, who, policies, action, "*") for action in wanted}
    except PolicyError:
        return ()
    return tuple(
        action for action, right in rights.items() if right.outcome == "implicit_deny" and not right.elsewhere
    )


def _decided(facts: BucketFacts, key: str, wanted: tuple[str, ...], is_reported: bool) -> Finding:
    who, policies = acting(facts), facts.policies
    evidence = (
        Evidence(text("Bucket {bucket} is encrypted with {key}.", bucket=facts.target.bucket, key=key)),
        *reported(facts.denial),
    )
    if not isinstance(policies, Known):
        return unread(KMS_KEY, policies, text("The policies of {who} could not be read.", who=who))
    try:
        outcomes = {action: _outcome(facts, action, key) for action in wanted}
    except PolicyError as error:
        return unknown(KMS_KEY, text("A policy of {who} does not parse: {why}", who=who, why=error))
    missing = [
        action for action, outcome in outcomes.items() if outcome in ("implicit_deny", "explicit_deny")
    ]
    document = policy_document(wanted, (key,))
    values = {"who": who, "actions": ", ".join(missing or wanted), "key": key}
    if missing and (is_reported or facts.denial.action == "oss:PutObject"):
        return failed(
            KMS_KEY,
            text("No policy of {who} allows {actions} on key {key}, which the call needs.", **values),
            evidence,
            "kms_permission_missing",
            Advice(
                statement=text(
                    "Grant {who} {actions} on key {key}, in a policy of RAM or in the key's own policy.",
                    **values,
                ),
                document=document,
                fix=grant(facts.denial.principal, document, "kms", facts.target.bucket),
            ),
        )
    if missing:
        said = text(
            "{who} lacks {actions} on key {key}; whether this object is encrypted with it is not known.",
            **values,
        )
        return unknown(KMS_KEY, said, evidence)
    if is_reported or "unknown" in outcomes.values():
        said = text(
            "The policies of {who} do not forbid {actions} on key {key}; the key's own policy may.", **values
        )
        return unknown(KMS_KEY, said, evidence)
    return passed(KMS_KEY, text("The policies of {who} allow {actions} on key {key}.", **values), evidence)


def _outcome(facts: BucketFacts, action: str, key: str) -> str:
    assert isinstance(facts.policies, Known)
    denial = facts.denial
    request = Request(
        action=action,
        resource=key,
        principal=msgspec.structs.replace(
            principal_of(denial), account=key.split(":")[3] or denial.principal.account
        ),
        conditions={name: (value,) for name, value in denial.conditions.items()},
        unknown_conditions=frozenset(denial.unknown_conditions),
    )
    return decide(request, identity_sources(facts.policies.value)).outcome
