"""FAQ 2, item 3, asked further: was it an anonymous request, and does only a public grant speak for it?

ACLs: https://www.alibabacloud.com/help/en/oss/user-guide/authentication . Block Public Access cancels public grants and
nothing else: https://www.alibabacloud.com/help/en/oss/user-guide/block-public-access .
"""

from __future__ import annotations

from rolemend.account.interface import Absent, Bucket, Known
from rolemend.checklist.answers import Name, failed, not_applicable, passed, unknown, unread
from rolemend.checklist.decision import bucket_sources, request_of
from rolemend.checklist.facts import BucketFacts
from rolemend.checklist.model import Advice, Evidence, Finding
from rolemend.checklist.oss_bucket_policy import document_of, is_known
from rolemend.checklist.reports import OBJECT_ACL, reported
from rolemend.policy import PolicyError, decide
from rolemend.text import text

PUBLIC_ACCESS: Name = ("public-access", "2.3b")


def ask_public_access(facts: BucketFacts) -> Finding:
    """Asked of anonymous callers and of other accounts': nobody else lives by a public grant."""
    anonymous = facts.denial.principal.type == "anonymous"
    if not anonymous and not facts.is_foreign():
        return not_applicable(
            PUBLIC_ACCESS,
            text(
                "The request was signed for the bucket's own account, for which ACL and Block Public Access do "
                "not count."
            ),
        )
    if not isinstance(facts.bucket, Known):
        said = text("The ACL of bucket {bucket} could not be read.", bucket=facts.target.bucket)
        return unread(PUBLIC_ACCESS, facts.bucket, said)
    if _is_granted(facts, facts.bucket.value):
        return _granted(facts, facts.bucket.value)
    if not is_known(facts.bucket_policy) and facts.public_access_blocked != Known(False):
        return _uncertain(facts)
    if anonymous:
        return _anonymous(facts, facts.bucket.value)
    return passed(
        PUBLIC_ACCESS,
        text("Block Public Access cancels no grant that would allow the call."),
        _settings(facts, facts.bucket.value),
    )


def _is_granted(facts: BucketFacts, bucket: Bucket) -> bool:
    """Whether ACL or bucket policy would let the call pass, were there no Block Public Access."""
    if facts.denial.detail_code in OBJECT_ACL:
        return False
    try:
        sources = bucket_sources(document_of(facts.bucket_policy))
        return decide(request_of(facts.denial), sources, bucket_acl=bucket.acl).outcome == "allow"
    except (PolicyError, ValueError):
        return False


def _is_cancelled(facts: BucketFacts, bucket: Bucket) -> bool:
    """Whether Block Public Access takes that grant away; it leaves alone what names this very principal."""
    sources = bucket_sources(document_of(facts.bucket_policy))
    decision = decide(request_of(facts.denial), sources, bucket_acl=bucket.acl, block_public_access=True)
    return decision.outcome != "allow"


def _granted(facts: BucketFacts, bucket: Bucket) -> Finding:
    """A grant stands there: cancelled, or at work by now."""
    blocked = facts.public_access_blocked
    if not _is_cancelled(facts, bucket) or blocked == Known(False):
        return passed(
            PUBLIC_ACCESS,
            text("ACL or bucket policy of {bucket} allow the call by now.", bucket=bucket.name),
            _settings(facts, bucket),
        )
    if not isinstance(blocked, Known):
        return unread(
            PUBLIC_ACCESS,
            blocked,
            text(
                "Whether Block Public Access is on for bucket {bucket} could not be read.", bucket=bucket.name
            ),
        )
    return _blocked(facts, bucket)


def _uncertain(facts: BucketFacts) -> Finding:
    return unknown(
        PUBLIC_ACCESS,
        text(
            "The bucket policy of {bucket} is not known: it may hold a public grant that Block Public Access cancels.",
            bucket=facts.target.bucket,
        ),
        reported(facts.denial),
    )


def _settings(facts: BucketFacts, bucket: Bucket) -> tuple[Evidence, ...]:
    acl = Evidence(text("Bucket {bucket} has the ACL {acl}.", bucket=bucket.name, acl=bucket.acl))
    if not isinstance(facts.public_access_blocked, Known):
        return (acl,)
    block = (
        text("Block Public Access is on.")
        if facts.public_access_blocked.value
        else text("Block Public Access is off.")
    )
    return (acl, Evidence(block))


def _blocked(facts: BucketFacts, bucket: Bucket) -> Finding:
    return failed(
        PUBLIC_ACCESS,
        text(
            "A public grant on bucket {bucket} would allow {action}, but Block Public Access cancels it.",
            bucket=bucket.name,
            action=facts.denial.action,
        ),
        (*_settings(facts, bucket), *reported(facts.denial)),
        "block_public_access",
        Advice(
            statement=text(
                "Leave Block Public Access on, sign the requests, and name the role in a policy for bucket {bucket} "
                "instead of relying on a public grant.",
                bucket=bucket.name,
            )
        ),
    )


def _anonymous(facts: BucketFacts, bucket: Bucket) -> Finding:
    policy = facts.bucket_policy
    read = () if isinstance(policy, Known | Absent) else (_unread_policy(bucket.name),)
    return failed(
        PUBLIC_ACCESS,
        text(
            "The request was not signed, and nothing lets everybody do {action} on bucket {bucket}.",
            action=facts.denial.action,
            bucket=bucket.name,
        ),
        (*_settings(facts, bucket), *read, *reported(facts.denial)),
        "anonymous_request",
        Advice(
            statement=text(
                "Let the job sign its requests: give the nodes an ECS application role, and let no setting in "
                "core-site.xml name another or an empty credentials provider (fs.oss.credentials.provider)."
            )
        ),
    )


def _unread_policy(bucket: str) -> Evidence:
    return Evidence(text("The bucket policy of {bucket} could not be read.", bucket=bucket))
