"""All checks of the audit with severity, documentation and remedy. An id never changes and is never given again."""

from __future__ import annotations

from rolemend.audit.model import CRITICAL, HIGH, INFO, LOW, MEDIUM, CheckGuide
from rolemend.text import text

_EMR = "https://www.alibabacloud.com/help/en/emr/"
ECS_ROLE = _EMR + (
    "emr-on-ecs/user-guide/use-a-custom-ecs-application-role-to-access-other-cloud-resources-in-your-alibaba-cloud-account-19"
)
_SERVICE_ROLE = _EMR + "emr-on-ecs/user-guide/emr-service-role-19"
_OSS_GRANT = _EMR + "emr-on-ecs/user-guide/grant-permissions-to-access-oss-or-oss-hdfs"
EXECUTION_ROLE = _EMR + "emr-serverless-spark/user-guide/executive-role"
_OSS = "https://www.alibabacloud.com/help/en/oss/"
_RAM_ELEMENTS = "https://www.alibabacloud.com/help/en/ram/policy-elements"

TRUST = "RM-TRUST-RELEASE"
CLUSTER_ROLE = "RM-CLUSTER-ROLE"
WORKSPACE_ROLE = "RM-WORKSPACE-ROLE"
WORKSPACE_TRUST = "RM-WORKSPACE-TRUST"
BUCKET_GONE = "RM-BUCKET-GONE"
BUCKET_REGION = "RM-BUCKET-REGION"
RESOURCE_FORMS = "RM-RESOURCE-FORMS"
WRITE_SET = "RM-WRITE-SET"
EXECUTION_RIGHTS = "RM-EXECUTION-RIGHTS"
EXECUTION_EXTRA = "RM-EXECUTION-EXTRA"
DEFAULT_ROLE = "RM-DEFAULT-ROLE"
WORKSPACE_DIRECTORY = "RM-WORKSPACE-DIRECTORY"
KMS = "RM-KMS"
BUCKET_CONFLICT = "RM-BUCKET-CONFLICT"
NEVER_MATCHES = "RM-NEVER-MATCHES"
UNUSED_GRANT = "RM-UNUSED-GRANT"
OWN_RIGHTS = "RM-OWN-RIGHTS"
OWN_UNUSED = "RM-OWN-UNUSED"
TRAIL = "RM-TRAIL"
TRAIL_READS = "RM-TRAIL-READS"
ACCESS_LOG = "RM-ACCESS-LOG"
TRIGGER = "RM-TRIGGER"
LEDGER = "RM-LEDGER"

_ALL = (
    CheckGuide(
        id=TRUST,
        severity=CRITICAL,
        title=text("ECS application roles trust the service that each release in use needs"),
        doc=ECS_ROLE,
        remedy=text(
            "Add the service to the role's trust policy; keep the services that other clusters need."
        ),
    ),
    CheckGuide(
        id=CLUSTER_ROLE,
        severity=CRITICAL,
        title=text("The role that a cluster names exists"),
        doc=ECS_ROLE,
        remedy=text(
            "Create the role again under exactly this name, or create the cluster with a role that exists."
        ),
    ),
    CheckGuide(
        id=WORKSPACE_ROLE,
        severity=CRITICAL,
        title=text("The execution role of a workspace exists"),
        doc=EXECUTION_ROLE,
        remedy=text(
            "Create the role again under exactly this name: the execution role of a workspace cannot be changed."
        ),
    ),
    CheckGuide(
        id=WORKSPACE_TRUST,
        severity=CRITICAL,
        title=text("The execution role of a workspace trusts Serverless Spark"),
        doc=EXECUTION_ROLE,
        remedy=text("Add spark.emr-serverless.aliyuncs.com to the role's trust policy."),
    ),
    CheckGuide(
        id=BUCKET_GONE,
        severity=MEDIUM,
        title=text("Buckets that a policy names exist"),
        doc=ECS_ROLE,
        remedy=text("Correct the name of the bucket in the policy, or take its entries out of the policy."),
    ),
    CheckGuide(
        id=BUCKET_REGION,
        severity=MEDIUM,
        title=text("Buckets that a policy names are in the region of the clusters that use it"),
        doc=ECS_ROLE,
        remedy=text(
            "Use a bucket in the cluster's region, or the public endpoint of the bucket's region in core-site.xml."
        ),
    ),
    CheckGuide(
        id=RESOURCE_FORMS,
        severity=HIGH,
        title=text("A policy names a bucket and its objects, each where its actions need it"),
        doc=ECS_ROLE,
        remedy=text("List both forms as Resource: acs:oss:*:*:BUCKET and acs:oss:*:*:BUCKET/*."),
    ),
    CheckGuide(
        id=WRITE_SET,
        severity=HIGH,
        title=text("Who may write to a bucket may do all that Hive and Spark do when they write"),
        doc=_OSS_GRANT,
        remedy=text("Add the actions that are missing to the statement."),
    ),
    CheckGuide(
        id=EXECUTION_RIGHTS,
        severity=HIGH,
        title=text("A custom execution role has what the default role's policy grants"),
        doc=EXECUTION_ROLE,
        remedy=text("Add the actions that the workspace's services need to a policy of the role."),
    ),
    CheckGuide(
        id=EXECUTION_EXTRA,
        severity=INFO,
        title=text("A custom execution role has no more than the default role's policy grants"),
        doc=EXECUTION_ROLE,
        remedy=text("Keep what jobs of the workspace need, and take the rest out of the role's policies."),
    ),
    CheckGuide(
        id=DEFAULT_ROLE,
        severity=CRITICAL,
        title=text("The default roles are as Alibaba Cloud made them"),
        doc=_SERVICE_ROLE,
        remedy=text("Authorise the default role again in the EMR console with the Alibaba Cloud account."),
    ),
    CheckGuide(
        id=WORKSPACE_DIRECTORY,
        severity=CRITICAL,
        title=text("The execution role of a workspace may read and write the workspace directory"),
        doc=EXECUTION_ROLE,
        remedy=text("Grant the role reading and writing on the bucket of the directory."),
    ),
    CheckGuide(
        id=KMS,
        severity=HIGH,
        title=text("Roles that use a bucket encrypted with a KMS key may use the key"),
        doc=_OSS + "user-guide/server-side-encryption-8",
        remedy=text("Grant kms:GenerateDataKey and kms:Decrypt on the key."),
    ),
    CheckGuide(
        id=BUCKET_CONFLICT,
        severity=HIGH,
        title=text("No bucket policy takes away what RAM grants to a role of EMR"),
        doc=_OSS + "user-guide/oss-bucket-policy/",
        remedy=text(
            "Ask the bucket's owner to except the role from the Deny; granting more in RAM does not help."
        ),
    ),
    CheckGuide(
        id=NEVER_MATCHES,
        severity=MEDIUM,
        title=text("Every statement of a policy can match a request"),
        doc=_RAM_ELEMENTS,
        remedy=text("Correct the statement, or take it out of the policy."),
    ),
    CheckGuide(
        id=UNUSED_GRANT,
        severity=LOW,
        title=text("Roles are granted no buckets that they did not use in 90 days"),
        doc=_OSS + "user-guide/logging",
        remedy=text("Take the bucket's entries out of the policy, after asking who keeps it for rarer jobs."),
    ),
    CheckGuide(
        id=OWN_RIGHTS,
        severity=HIGH,
        title=text("Rolemend's functions have the rights that they need"),
        doc="https://www.alibabacloud.com/help/en/functioncompute/fc/user-guide/grant-function-compute-permissions-to-access-other-alibaba-cloud-services",
        remedy=text("Attach the policy that stands beside the function, policy.json, to its role."),
        doctor=True,
    ),
    CheckGuide(
        id=OWN_UNUSED,
        severity=LOW,
        title=text("Rolemend's functions have no rights that they never use"),
        doc="https://www.alibabacloud.com/help/en/functioncompute/fc/user-guide/grant-function-compute-permissions-to-access-other-alibaba-cloud-services",
        remedy=text("Take what the function's policy.json does not name out of its role's policies."),
        doctor=True,
    ),
    CheckGuide(
        id=TRAIL,
        severity=CRITICAL,
        title=text("A trail delivers events to the logstore that Rolemend reads"),
        doc="https://www.alibabacloud.com/help/en/actiontrail/user-guide/create-a-single-account-trail",
        remedy=text("Create a trail for all regions that delivers to Simple Log Service, and switch it on."),
        doctor=True,
    ),
    CheckGuide(
        id=TRAIL_READS,
        severity=HIGH,
        title=text("The trail delivers reads and writes"),
        doc="https://www.alibabacloud.com/help/en/actiontrail/developer-reference/api-actiontrail-2020-07-06-updatetrail",
        remedy=text("Set the trail's event type (EventRW) to All: denied reads are events too."),
        doctor=True,
    ),
    CheckGuide(
        id=ACCESS_LOG,
        severity=HIGH,
        title=text("Real-time log query is on for the buckets that EMR uses"),
        doc="https://www.alibabacloud.com/help/en/oss/user-guide/real-time-log-query",
        remedy=text("Switch on real-time log query for the bucket, so that its denials are heard of."),
        doctor=True,
    ),
    CheckGuide(
        id=TRIGGER,
        severity=CRITICAL,
        title=text("Rolemend's triggers are there, on and working"),
        doc="https://www.alibabacloud.com/help/en/functioncompute/fc/user-guide/simple-log-service-triggers",
        remedy=text("Deploy Rolemend again with s.yaml, and switch the trigger on."),
        doctor=True,
    ),
    CheckGuide(
        id=LEDGER,
        severity=HIGH,
        title=text("The ledger's bucket is there, private and shut to the public"),
        doc=_OSS + "user-guide/block-public-access",
        remedy=text("Make the ledger's bucket private and switch on Block Public Access."),
        doctor=True,
    ),
)

GUIDES: dict[str, CheckGuide] = {guide.id: guide for guide in _ALL}
"""Every check by its id, in the order in which a report shows them."""
