"""FAQ 2, item 3: permissions set on the bucket itself must not conflict with the principal's policy.

https://www.alibabacloud.com/help/en/oss/user-guide/oss-bucket-policy/ . Outcomes: a statement denies; it denies only
because the connection was not HTTPS; OSS reported a Deny that cannot be found or read.
"""

from __future__ import annotations

from rolemend.account.interface import Absent, Known, Unread
from rolemend.checklist.answers import Name, failed, passed, unknown, unread
from rolemend.checklist.decision import (
    bucket_sources,
    decide_bucket_policy,
    is_denied_for_http,
    unsure_statements,
)
from rolemend.checklist.facts import BucketFacts
from rolemend.checklist.mending import lift_bucket_deny, lift_only_deny
from rolemend.checklist.model import Advice, Evidence, Finding
from rolemend.checklist.oss_policy import https_advice
from rolemend.checklist.reports import BUCKET_POLICY_DENY, reported
from rolemend.policy import Decision, PolicyError
from rolemend.text import Text, text

BUCKET_LEVEL: Name = ("bucket-level", "2.3")


def ask_bucket_level(facts: BucketFacts) -> Finding:
    """Decide the call over the bucket policy alone."""
    policy, bucket = facts.bucket_policy, facts.target.bucket
    if isinstance(policy, Absent):
        return _without_deny(facts)
    if isinstance(policy, Unread):
        return _unreadable(facts, policy)
    try:
        decision = decide_bucket_policy(facts.denial, policy.value)
        plain = is_denied_for_http(facts.denial, bucket_sources(policy.value))
    except PolicyError as error:
        return unknown(
            BUCKET_LEVEL,
            text("The bucket policy of {bucket} does not parse: {why}", bucket=bucket, why=error),
        )
    if decision.outcome == "explicit_deny" and decision.decided_by is not None:
        return _denied(facts, policy.value, decision, plain)
    if decision.outcome != "unknown":
        return _without_deny(facts)
    hangs = _hangs(bucket, decision)
    return _reported_deny(facts, hangs) or unknown(BUCKET_LEVEL, hangs)


def _hangs(bucket: str, decision: Decision) -> Text:
    """On what the log leaves out; or on what a statement says, which the pages leave out: whether Principal `*` means
    RAM users and roles of the owner's account, for one."""
    if decision.unknown_keys:
        return text(
            "Whether the bucket policy of {bucket} denies the call hangs on what the log does not tell: {keys}",
            bucket=bucket,
            keys=", ".join(decision.unknown_keys),
        )
    return text(
        "Whether the bucket policy of {bucket} denies the call hangs on whom or what its statement {statement} means, "
        "which no page of the documentation says for this caller.",
        bucket=bucket,
        statement=unsure_statements(decision) or "-",
    )


def _denied(facts: BucketFacts, document: str, decision: Decision, plain: bool) -> Finding:
    assert decision.decided_by is not None
    bucket, number = facts.target.bucket, decision.decided_by.statement
    statement = quote_statement(document, number)
    evidence = (Evidence(text("The statement is: {statement}", statement=statement)), *reported(facts.denial))
    values = {"number": number, "bucket": bucket, "action": facts.denial.action}
    if plain:
        said = text(
            "Statement {number} of the bucket policy of {bucket} denies every request without HTTPS, and this "
            "one used "
            "HTTP.",
            **values,
        )
        return failed(BUCKET_LEVEL, said, evidence, "https_required", https_advice(facts))
    return failed(
        BUCKET_LEVEL,
        text("Statement {number} of the bucket policy of {bucket} denies {action}.", **values),
        evidence,
        "bucket_policy_deny",
        Advice(
            statement=text(
                "Remove the statement from the bucket policy of {bucket}, or except the role from it, and manage "
                "access through the Action field of the RAM policy.",
                bucket=bucket,
            ),
            document=statement,
            fix=lift_bucket_deny(bucket, facts.region, document, number),
        ),
    )


def _unreadable(facts: BucketFacts, policy: Unread) -> Finding:
    """A policy that may not be read can still be known to have denied; a passing fault is asked again first."""
    said = text("The bucket policy of {bucket} could not be read.", bucket=facts.target.bucket)
    reportable = None if policy.transient else _reported_deny(facts, said)
    return reportable or unread(BUCKET_LEVEL, policy, said)


def _reported_deny(facts: BucketFacts, why: Text) -> Finding | None:
    """A Deny that only OSS's report tells of; None if it reported none."""
    if facts.denial.detail_code not in BUCKET_POLICY_DENY:
        return None
    bucket = facts.target.bucket
    return failed(
        BUCKET_LEVEL,
        text(
            "OSS reported that a Deny in the bucket policy of {bucket} refused {action}.",
            bucket=bucket,
            action=facts.denial.action,
        ),
        (Evidence(why), *reported(facts.denial)),
        "bucket_policy_deny",
        Advice(
            statement=text(
                "Look for the Deny that matches this request in the bucket policy of {bucket}, and remove it or "
                "except "
                "the principal from it; granting more does not help.",
                bucket=bucket,
            ),
            fix=lift_only_deny(bucket, facts.region, document_of(facts.bucket_policy)),
        ),
    )


def _without_deny(facts: BucketFacts) -> Finding:
    """No Deny stands there now; if OSS reported one, it has gone since or cannot be seen."""
    bucket = facts.target.bucket
    if facts.denial.detail_code in BUCKET_POLICY_DENY:
        return unknown(
            BUCKET_LEVEL,
            text(
                "OSS reported a denial by the bucket policy of {bucket}, which has no such statement now.",
                bucket=bucket,
            ),
            reported(facts.denial),
        )
    return passed(
        BUCKET_LEVEL,
        text("No bucket policy statement of {bucket} denies the call.", bucket=bucket),
        reported(facts.denial),
    )


def is_known(policy: Known[str] | Absent | Unread) -> bool:
    """Whether it is known what the bucket policy says; a bucket without one says nothing."""
    return not isinstance(policy, Unread)


def document_of(policy: Known[str] | Absent | Unread) -> str:
    """The bucket policy's text, "" where there is none or it could not be read."""
    return policy.value if isinstance(policy, Known) else ""


def quote_statement(document: str, index: int) -> str:
    """One statement of a policy as it stands there, as indented JSON."""
    import json

    statements = json.loads(document).get("Statement", [])
    chosen = statements[index] if isinstance(statements, list) else statements
    return json.dumps(chosen, ensure_ascii=False, indent=2)
