"""FAQ: "Why can't I access an OSS bucket from Hadoop Distributed File System (HDFS)?"

https://www.alibabacloud.com/help/en/emr/emr-on-ecs/user-guide/use-a-custom-ecs-application-role-to-access-other-cloud-resources-in-your-alibaba-cloud-account-19

The FAQ's three items are 2.1, 2.2 and 2.3. A number with a letter asks further about the same item: what the FAQ's one
sentence leaves out, but what refuses the same call. The first failed check is the cause, unless OSS itself reported
another one that failed too.
"""

from __future__ import annotations

from rolemend.checklist.facts import BucketFacts, changed_since
from rolemend.checklist.model import Check, Diagnosis, conclude
from rolemend.checklist.oss_bucket_policy import BUCKET_LEVEL, ask_bucket_level
from rolemend.checklist.oss_cross_account import CROSS_ACCOUNT, ask_cross_account
from rolemend.checklist.oss_kms import KMS_KEY, ask_kms_key
from rolemend.checklist.oss_layers import OTHER_LAYERS, ask_other_layers
from rolemend.checklist.oss_policy import RESOURCE_LIST, ask_resource_list
from rolemend.checklist.oss_public_access import PUBLIC_ACCESS, ask_public_access
from rolemend.checklist.oss_region import REGION, ask_region
from rolemend.checklist.oss_settings import BUCKET_SETTINGS, ask_bucket_settings
from rolemend.checklist.reports import reported_causes
from rolemend.text import text

ID = "oss-access"


def diagnose_oss_access(facts: BucketFacts) -> Diagnosis:
    """Ask every check in the FAQ's order."""
    return conclude(
        ID,
        tuple(check.ask(facts) for check in CHECKS),
        changed_since=changed_since(facts.denial.time, facts.policies),
        reported=reported_causes(facts.denial),
    )


CHECKS: tuple[Check[BucketFacts], ...] = (
    Check(*REGION, text("Is the bucket in the cluster's region, or its endpoint in the path?"), ask_region),
    Check(
        *RESOURCE_LIST,
        text("Does the policy list the bucket as a resource, for this action?"),
        ask_resource_list,
    ),
    Check(
        *OTHER_LAYERS,
        text("Did a session policy, a VPC endpoint policy or a control policy refuse?"),
        ask_other_layers,
    ),
    Check(
        *BUCKET_LEVEL, text("Do permissions on the bucket itself conflict with the policy?"), ask_bucket_level
    ),
    Check(
        *CROSS_ACCOUNT,
        text("If the bucket belongs to another account: does its bucket policy allow the principal?"),
        ask_cross_account,
    ),
    Check(
        *PUBLIC_ACCESS,
        text("Was the request anonymous, or does Block Public Access cancel its only grant?"),
        ask_public_access,
    ),
    Check(
        *KMS_KEY, text("May the principal use the KMS key that the bucket is encrypted with?"), ask_kms_key
    ),
    Check(
        *BUCKET_SETTINGS,
        text("Did hotlink protection, requester pays or a suspended account refuse?"),
        ask_bucket_settings,
    ),
)
