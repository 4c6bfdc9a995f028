"""FAQ 2, item 2, asked further: did a policy refuse that is neither the principal's own nor the bucket's?

A session policy, a VPC endpoint policy and a control policy cannot be read from here. OSS reports the first two by
their EC (https://help.aliyun.com/zh/oss/support/0003-00000301 , https://help.aliyun.com/zh/oss/support/0003-00000401);
a control policy shows only as PolicyType in an AccessDeniedDetail, and its Deny may share the EC of a RAM policy's.
"""

from __future__ import annotations

from rolemend.account.interface import Known
from rolemend.checklist.answers import Name, failed, passed, unknown
from rolemend.checklist.decision import decide_identity
from rolemend.checklist.facts import BucketFacts
from rolemend.checklist.grants import bucket_grant, group_words
from rolemend.checklist.model import Advice, Finding
from rolemend.checklist.oss_policy import acting
from rolemend.checklist.reports import RAM_DENY, SESSION_POLICY, VPC_ENDPOINT, reported
from rolemend.policy import PolicyError
from rolemend.text import text

OTHER_LAYERS: Name = ("other-layers", "2.2a")


def ask_other_layers(facts: BucketFacts) -> Finding:
    """Answered from the service's report alone; without one nothing is known of these layers."""
    denial = facts.denial
    code = denial.detail_code
    if denial.policy_type == "ControlPolicy":
        return _control_policy(facts)
    if code == SESSION_POLICY or denial.policy_type == "SessionPolicy":
        return _session_policy(facts)
    if code == VPC_ENDPOINT:
        return _vpc_endpoint(facts)
    if not code and not denial.policy_type:
        return unknown(
            OTHER_LAYERS, text("OSS reported no code, so that nothing tells which kind of policy refused.")
        )
    if code in RAM_DENY and not denial.policy_type and not _own_deny(facts):
        return unknown(
            OTHER_LAYERS,
            text(
                "OSS reported a Deny of RAM, and no policy of {who} that can be read now has one: it has gone "
                "since, or "
                "a control policy of the resource directory denies.",
                who=acting(facts),
            ),
            reported(denial),
        )
    return passed(
        OTHER_LAYERS,
        text("What OSS reported names no session policy, VPC endpoint policy or control policy."),
        reported(denial),
    )


def _own_deny(facts: BucketFacts) -> bool:
    """Whether the principal's own policies explain a Deny of RAM."""
    if not isinstance(facts.policies, Known):
        return False
    try:
        return decide_identity(facts.denial, facts.policies.value).outcome == "explicit_deny"
    except PolicyError:
        return False


def _control_policy(facts: BucketFacts) -> Finding:
    values = {"who": acting(facts), "action": facts.denial.action}
    return failed(
        OTHER_LAYERS,
        text("A control policy of the resource directory refused {who} {action}.", **values),
        reported(facts.denial),
        "control_policy_deny",
        Advice(
            statement=text(
                "Ask the administrator of the resource directory to let {action} pass in the control policies of this "
                "account and of the folders above it; a grant in this account does not help.",
                **values,
            )
        ),
    )


def _session_policy(facts: BucketFacts) -> Finding:
    denial, bucket = facts.denial, facts.target.bucket
    values = {"session": denial.principal.session or "-", "who": acting(facts), "action": denial.action}
    return failed(
        OTHER_LAYERS,
        text(
            "The session policy of session {session} of {who} does not cover {action} on bucket {bucket}.",
            bucket=bucket,
            **values,
        ),
        reported(denial),
        "session_policy_deny",
        Advice(
            statement=text(
                "Widen the parameter Policy with which the program calls AssumeRole for {who}, at least by this "
                "document, and take a new token: a token may do only what role and session policy both allow. A job "
                "needs these together: {group}",
                group=group_words(denial.action),
                **values,
            ),
            document=bucket_grant(denial.action, bucket),
        ),
    )


def _vpc_endpoint(facts: BucketFacts) -> Finding:
    denial, bucket = facts.denial, facts.target.bucket
    vpc = denial.conditions.get("acs:SourceVpc", "")
    return failed(
        OTHER_LAYERS,
        text(
            "The policy of the VPC endpoint through which the request came ({vpc}) does not admit bucket {bucket}.",
            vpc=vpc or "-",
            bucket=bucket,
        ),
        reported(denial),
        "vpc_endpoint_policy_deny",
        Advice(
            statement=text(
                "Let the endpoint policy of the gateway endpoint for OSS admit bucket {bucket} (VPC console, "
                "Endpoints, "
                "Gateway Endpoint, Endpoint Policy), in both forms: {bucket} and {bucket}/*.",
                bucket=bucket,
            )
        ),
    )
