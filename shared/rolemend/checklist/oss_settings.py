"""FAQ 2, item 3, asked further: refusals that no policy and no grant can change, known by what OSS reports alone.

Hotlink protection: https://www.alibabacloud.com/help/en/oss/user-guide/0003-00000501 . Requester pays:
https://help.aliyun.com/zh/oss/user-guide/0003-00000703 . Disabled account and bucket:
https://help.aliyun.com/zh/oss/user-guide/0003-00000801 , https://help.aliyun.com/zh/oss/user-guide/0003-00000908 .
"""

from __future__ import annotations

from rolemend.checklist.answers import Name, failed, passed, unknown
from rolemend.checklist.facts import BucketFacts
from rolemend.checklist.model import Advice, Finding
from rolemend.checklist.reports import REFERER, REQUESTER_PAYS, is_suspended, reported
from rolemend.text import text

BUCKET_SETTINGS: Name = ("bucket-settings", "2.3d")


def ask_bucket_settings(facts: BucketFacts) -> Finding:
    """Answered from OSS's report; a denial without a code leaves it open."""
    denial = facts.denial
    if is_suspended(denial):
        return _suspended(facts)
    if denial.detail_code in REFERER:
        return _referer(facts)
    if denial.detail_code in REQUESTER_PAYS:
        return _requester_pays(facts)
    if not denial.detail_code:
        return unknown(
            BUCKET_SETTINGS, text("OSS reported no code, so that nothing tells whether a setting refused.")
        )
    return passed(
        BUCKET_SETTINGS,
        text("What OSS reported names no hotlink protection, requester pays or suspended account."),
        reported(denial),
    )


def _suspended(facts: BucketFacts) -> Finding:
    return failed(
        BUCKET_SETTINGS,
        text(
            "The account of bucket {bucket}, or the bucket itself, is switched off.",
            bucket=facts.target.bucket,
        ),
        reported(facts.denial),
        "account_suspended",
        Advice(
            statement=text(
                "Settle overdue payments of account {owner} and look for security notices about bucket {bucket}; no "
                "grant helps.",
                owner=facts.owner or "-",
                bucket=facts.target.bucket,
            )
        ),
    )


def _referer(facts: BucketFacts) -> Finding:
    return failed(
        BUCKET_SETTINGS,
        text(
            "The hotlink protection of bucket {bucket} refused the request's Referer.",
            bucket=facts.target.bucket,
        ),
        reported(facts.denial),
        "referer_blocked",
        Advice(
            statement=text(
                "Hotlink protection looks at unsigned requests and signed URLs only: let the job sign its "
                "requests with "
                "the role, or allow its Referer, or an empty one, for bucket {bucket}.",
                bucket=facts.target.bucket,
            )
        ),
    )


def _requester_pays(facts: BucketFacts) -> Finding:
    return failed(
        BUCKET_SETTINGS,
        text(
            "Bucket {bucket} lets the requester pay, and the request did not agree to.",
            bucket=facts.target.bucket,
        ),
        reported(facts.denial),
        "requester_pays",
        Advice(
            statement=text(
                "Send the header x-oss-request-payer: requester with each signed request to bucket {bucket}, or "
                "ask the "
                "owner to switch requester pays off.",
                bucket=facts.target.bucket,
            )
        ),
    )
