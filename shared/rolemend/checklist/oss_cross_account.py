"""FAQ 2, item 3, asked further: where the bucket is another account's, its owner's bucket policy must name the role.

RAM policies grant nothing on a bucket of another account:
https://www.alibabacloud.com/help/en/oss/user-guide/authentication . The statement is the same on either side; the owner
adds it, and nothing of it is ever written by a program.
"""

from __future__ import annotations

from rolemend.account.interface import Known, Unread
from rolemend.checklist.answers import Name, failed, not_applicable, passed, unknown, unread
from rolemend.checklist.decision import bucket_sources, request_of, unsure_statements
from rolemend.checklist.facts import BucketFacts
from rolemend.checklist.grants import bucket_policy_principal, bucket_policy_statement, group_words
from rolemend.checklist.mending import admit_in_bucket_policy
from rolemend.checklist.model import Advice, Evidence, Finding
from rolemend.checklist.oss_bucket_policy import document_of, is_known
from rolemend.checklist.oss_policy import acting
from rolemend.checklist.reports import NOTHING_ALLOWS, reported
from rolemend.policy import Decision, PolicyError, decide
from rolemend.text import Text, text

CROSS_ACCOUNT: Name = ("cross-account", "2.3a")
_NAMED = ("assumed_role", "ram_user", "root")


def ask_cross_account(facts: BucketFacts) -> Finding:
    """Whether the bucket policy allows a principal of another account, and the statement to add where it does not."""
    who = facts.denial.principal
    if who.type not in _NAMED:
        return not_applicable(CROSS_ACCOUNT, text("The request names no account of its own."))
    if not facts.owner or not who.account:
        return unknown(
            CROSS_ACCOUNT,
            text("Which account bucket {bucket} belongs to is not known.", bucket=facts.target.bucket),
        )
    if not facts.is_foreign():
        return not_applicable(
            CROSS_ACCOUNT,
            text(
                "Bucket {bucket} and {who} belong to one account.",
                bucket=facts.target.bucket,
                who=acting(facts),
            ),
        )
    if isinstance(facts.bucket_policy, Unread):
        return _unreadable(facts, facts.bucket_policy)
    try:
        decision = decide(
            request_of(facts.denial),
            bucket_sources(document_of(facts.bucket_policy)),
            bucket_acl=facts.bucket.value.acl if isinstance(facts.bucket, Known) else "unknown",
            block_public_access=facts.public_access_blocked == Known(True),
        )
    except (PolicyError, ValueError) as error:
        return unknown(
            CROSS_ACCOUNT,
            text(
                "The bucket policy of {bucket} does not parse: {why}", bucket=facts.target.bucket, why=error
            ),
        )
    return _decided(facts, decision)


def _decided(facts: BucketFacts, decision: Decision) -> Finding:
    values, outcome = _values(facts), decision.outcome
    if outcome == "allow":
        return passed(
            CROSS_ACCOUNT,
            text("The bucket policy of {bucket} allows {who} of account {account} {action}.", **values),
        )
    if outcome == "explicit_deny":
        return not_applicable(
            CROSS_ACCOUNT,
            text("The bucket policy of {bucket} denies the call; an Allow would not help.", **values),
        )
    if outcome == "unknown":
        said = _hangs(facts, decision)
        return unknown(CROSS_ACCOUNT, said)
    return _missing(facts, ())


def _hangs(facts: BucketFacts, decision: Decision) -> Text:
    statements = unsure_statements(decision)
    if decision.unknown_keys or not statements:
        return text(
            "Whether the bucket policy of {bucket} allows the call hangs on what the log does not tell: {keys}",
            bucket=facts.target.bucket,
            keys=", ".join(decision.unknown_keys) or "ACL",
        )
    return text(
        "Whether the bucket policy of {bucket} allows the call hangs on whom or what its statement {statement} means, "
        "which no page of the documentation says for this caller.",
        bucket=facts.target.bucket,
        statement=statements,
    )


def _unreadable(facts: BucketFacts, policy: Unread) -> Finding:
    """From the role's side the owner's policy can hardly be read; that nothing allows, OSS reports by itself."""
    said = text("The bucket policy of {bucket} could not be read.", bucket=facts.target.bucket)
    if policy.transient or facts.denial.detail_code not in NOTHING_ALLOWS:
        return unread(CROSS_ACCOUNT, policy, said)
    return _missing(facts, (Evidence(said),))


def _missing(facts: BucketFacts, evidence: tuple[Evidence, ...]) -> Finding:
    denial = facts.denial
    values = _values(facts)
    named = bucket_policy_principal(denial.principal)
    added = bucket_policy_statement(denial.principal, denial.action, facts.target.bucket, facts.owner)
    today = document_of(facts.bucket_policy) if is_known(facts.bucket_policy) else None
    statement = text(
        "Ask account {owner}, the owner of bucket {bucket}, to add this statement to the bucket policy; only "
        "the owner "
        "can. It lets {named} do: {group}",
        **values,
        named=named or values["who"],
        group=group_words(denial.action),
    )
    return failed(
        CROSS_ACCOUNT,
        text(
            "Bucket {bucket} belongs to account {owner}, and its bucket policy does not allow {who} of account "
            "{account} "
            "{action}; no policy of RAM can.",
            **values,
        ),
        (*evidence, *reported(denial)),
        "permission_missing",
        Advice(
            statement=statement,
            document=added,
            fix=admit_in_bucket_policy(facts.target.bucket, facts.region, today, added),
        ),
    )


def _values(facts: BucketFacts) -> dict[str, str]:
    return {
        "bucket": facts.target.bucket,
        "owner": facts.owner,
        "who": acting(facts),
        "account": facts.denial.principal.account,
        "action": facts.denial.action,
    }
