"""The whole OSS checklist for what OSS refused a job: the same questions, the advice in Serverless Spark's words.

A job has no core-site.xml and no nodes: its settings are Spark properties
(https://www.alibabacloud.com/help/en/emr/emr-serverless-spark/user-guide/executive-role , "Access OSS objects").
"""

from __future__ import annotations

import msgspec

from rolemend.checklist.answers import unknown
from rolemend.checklist.endpoints import endpoint_of, path_of
from rolemend.checklist.facts import BucketFacts
from rolemend.checklist.grants import HTTPS_SETTING
from rolemend.checklist.model import NOT_APPLICABLE, Advice, Check, Finding, ListBucket
from rolemend.checklist.oss_access import CHECKS
from rolemend.checklist.oss_kms import KMS_KEY
from rolemend.checklist.oss_policy import RESOURCE_LIST
from rolemend.checklist.spark_directory import ATTACH_DEFAULT, WORKSPACE_DIRECTORY, WRITING
from rolemend.checklist.spark_facts import DEFAULT_POLICY, JobFacts, acts_as_role
from rolemend.fix.model import SetJob
from rolemend.fix.spark import WITHOUT_POLICY, restore_default_role
from rolemend.policy.actions import group_of
from rolemend.text import text


def _of_job(check: Check[BucketFacts]) -> Check[JobFacts]:
    """A question about a bucket, asked about the one that OSS refused the job."""

    def ask(facts: JobFacts) -> Finding:
        name = (check.id, check.faq)
        if facts.data is None:
            return unknown(name, text("OSS refused the job, and nothing tells which bucket it was."))
        if not facts.data.denial.action.startswith("oss:"):
            return unknown(name, text("OSS refused the job, and nothing tells what it was about to do."))
        return _in_words_of_spark(facts, facts.data, check.ask(facts.data))

    return Check(check.id, check.faq, check.question, ask)


OSS_CHECKS: tuple[Check[JobFacts], ...] = tuple(map(_of_job, CHECKS))
"""Asked only where OSS refused."""


def _in_words_of_spark(facts: JobFacts, data: BucketFacts, finding: Finding) -> Finding:
    if facts.has_default_role() and _is_for_role(facts, data, finding):
        statement = text(ATTACH_DEFAULT.template, role=facts.role_name, policy=DEFAULT_POLICY)
        remedy = Advice(statement=statement, fix=restore_default_role(WITHOUT_POLICY))
        return msgspec.structs.replace(finding, remedy=remedy, fix=None)
    if finding.cause == "wrong_endpoint":
        return msgspec.structs.replace(finding, remedy=_endpoint(facts, data), fix=None)
    if finding.cause == "https_required":
        return msgspec.structs.replace(finding, remedy=_https(facts), fix=None)
    return finding


def _is_for_role(facts: JobFacts, data: BucketFacts, finding: Finding) -> bool:
    """Whether the execution role is to be given a right, by a policy of its own or an extended one."""
    lacking = (finding.check, finding.cause) in (
        (RESOURCE_LIST[0], "permission_missing"),
        (KMS_KEY[0], "kms_permission_missing"),
    )
    return lacking and acts_as_role(data.denial.principal, facts.role_name)


def _setting(facts: JobFacts, name: str, value: str) -> SetJob:
    return SetJob(
        settings={f"spark.hadoop.{name}": value},
        workspace=facts.target.workspace,
        region=facts.denial.region,
    )


def _endpoint(facts: JobFacts, data: BucketFacts) -> Advice:
    bucket, public = data.target.bucket, endpoint_of(data.region)
    if not public:
        return Advice(
            statement=text("Use the endpoint of the region that bucket {bucket} is in.", bucket=bucket)
        )
    path = path_of(bucket, public)
    return Advice(
        statement=text(
            "Put the bucket's endpoint into the path: {path} (or set spark.hadoop.fs.oss.bucket.{bucket}.endpoint to "
            "{endpoint} in the job's Spark configuration). From another region only this public endpoint works, and "
            "the job needs a way to the Internet.",
            path=path,
            bucket=bucket,
            endpoint=public,
        ),
        document=path,
        fix=_setting(facts, f"fs.oss.bucket.{bucket}.endpoint", public),
    )


def _https(facts: JobFacts) -> Advice:
    setting = f"spark.hadoop.{HTTPS_SETTING}"
    return Advice(
        statement=text("Make the job use HTTPS: set {setting} in its Spark configuration.", setting=setting),
        document=setting,
        fix=_setting(facts, *HTTPS_SETTING.split("=")),
    )


def asked_once(facts: JobFacts, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Where the workspace directory lies in the refused bucket, what the role lacks there is one fault.

    The directory's remedy grants reading and writing, and with them the refused action.
    """
    by_check = {finding.check: finding for finding in findings}
    directory, listed = by_check.get(WORKSPACE_DIRECTORY[0]), by_check.get(RESOURCE_LIST[0])
    if directory is None or listed is None or facts.directory is None or facts.data is None:
        return findings
    remedy, other = directory.remedy, listed.remedy
    if not (isinstance(remedy, ListBucket) and isinstance(other, ListBucket)):
        return findings
    same = (remedy.bucket, remedy.role.lower()) == (other.bucket, other.role.lower())
    if not same or facts.data.denial.action not in group_of(WRITING):
        return findings
    said = text(
        "The workspace directory is in this bucket: what {role} lacks is said there.", role=facts.role_name
    )
    once = Finding(
        check=listed.check, faq=listed.faq, answer=NOT_APPLICABLE, statement=said, evidence=listed.evidence
    )
    return tuple(once if finding is listed else finding for finding in findings)
