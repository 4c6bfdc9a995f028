"""Who may do what: RAM policies, bucket policy, ACLs and Block Public Access, and how OSS words a refusal.

Evaluation: https://www.alibabacloud.com/help/en/oss/user-guide/authentication . The texts mislead as
those of the real service do; the EC code and AccessDeniedDetail tell what decided.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from localcloud.authorize import context_of, identity_sources, judge, matched_policies
from localcloud.errors import AccessDenied
from localcloud.oss.errors import OssError
from localcloud.oss.gates import check_endpoint_policy
from localcloud.oss.tags import read_tag_header
from rolemend.policy import Decision, Request, Source, decide

if TYPE_CHECKING:
    from localcloud.oss.exchange import Exchange
    from localcloud.oss.state import Bucket, Version

DATA_ACTIONS = frozenset(("oss:GetObject", "oss:PutObject", "oss:DeleteObject"))
"""The actions that an ACL can grant."""
LISTS = frozenset(("oss:ListObjects", "oss:ListObjectVersions", "oss:ListMultipartUploads"))
KMS_REFUSED_EC = "0005-00000001"
"""The family 0005 is documented for encryption; no page names the number for a missing KMS right."""


def bucket_arn(bucket: Bucket, key: str = "") -> str:
    """The ARN that policies are matched with; the region part is always `*`."""
    path = f"{bucket.name}/{key}" if key else bucket.name
    return f"acs:oss:*:{bucket.owner}:{path}"


def is_blocked(x: Exchange, bucket: Bucket) -> bool:
    """Whether Block Public Access is on for the bucket, by itself or through its account."""
    return bucket.block_public or bucket.owner in x.cloud.state.oss.blocked_accounts


def require(
    x: Exchange,
    action: str,
    bucket: Bucket,
    key: str = "",
    version: Version | None = None,
    batch: bool = False,
) -> None:
    """Raise AccessDenied unless the caller may do `action` on the bucket, or on the object if `key` is given.

    `version` is the object as it stands, for its ACL and tags; `batch`: one item of DeleteMultipleObjects.
    """
    if version is None and key:
        version = bucket.current(key)
    request = Request(
        action=action,
        resource=bucket_arn(bucket, key),
        principal=x.caller.principal(),
        conditions=context_of(x.call, _context(x, action, bucket, version)),
    )
    check_endpoint_policy(x, request)
    sources = identity_sources(x.cloud, x.caller)
    if bucket.policy:
        policy = x.cloud.shelf.take(bucket.policy, "bucket")
        sources.append(Source(kind="bucket", policy=policy, name=bucket.name))
    acl = None if version is None or version.acl == "default" else version.acl
    grantable = action in DATA_ACTIONS
    decision = decide(
        request,
        sources,
        bucket_acl=bucket.acl if grantable and bucket.acl != "private" else None,
        object_acl=acl if grantable else None,
        block_public_access=is_blocked(x, bucket),
    )
    if decision.outcome == "allow":
        return
    ec, message = _explicit_or_session(decision, request, sources) or _nothing_allows(x, request, acl)
    if batch and decision.outcome == "explicit_deny":
        ec = "0003-00000204"
    raise _denied(x, request, decision, ec, message)


def require_service(x: Exchange, action: str, resource: str = "") -> None:
    """The same for a call that names no existing bucket, such as ListBuckets and PutBucket."""
    if x.caller.type == "anonymous":
        message = "Anonymous access is forbidden for this operation."
        raise AccessDenied("AccessDenied", message, 403, action=action, resource="*", EC="0003-00001201")
    request = Request(
        action=action,
        resource=resource or f"acs:oss:*:{x.caller.account}:*",
        principal=x.caller.principal(),
        conditions=context_of(x.call, _caller_context(x) | _acl_context(x)),
    )
    sources = identity_sources(x.cloud, x.caller)
    decision = decide(request, sources)
    if decision.outcome != "allow":
        ec, message = _explicit_or_session(decision, request, sources) or ("0003-00000202", "AccessDenied")
        raise _denied(x, request, decision, ec, message)


def require_kms(x: Exchange, bucket: Bucket, kms_key: str, *actions: str) -> None:
    """The rights on the KMS key that SSE-KMS takes; OSS's own managed key is `alias/acs/oss`."""
    name = f"key/{kms_key}" if kms_key else "alias/acs/oss"
    resource = f"acs:kms:{bucket.region}:{bucket.owner}:{name}"
    for action in actions:
        if judge(x.cloud, x.caller, x.call, action, resource, _caller_context(x)).outcome != "allow":
            raise OssError("AccessDenied", "This request is forbidden by kms", 403, ec=KMS_REFUSED_EC)


def refuse_public_acl(x: Exchange, bucket: Bucket, acl: str, what: str) -> None:
    """Block Public Access lets nobody set a public ACL on `what` (bucket, object)."""
    if acl.startswith("public-") and is_blocked(x, bucket):
        raise OssError("AccessDenied", f"Put public {what} acl is not allowed", 403)


def _caller_context(x: Exchange) -> dict[str, tuple[str, ...]]:
    """A request from the internet has an empty VPC id, so that `StringNotEquals acs:SourceVpc` meets it."""
    context: dict[str, tuple[str, ...]] = {"acs:SourceVpc": (x.call.headers.get("x-localcloud-vpc", ""),)}
    if x.caller.access_key_id:
        context["acs:AccessId"] = (x.caller.access_key_id,)
    return context


def _acl_context(x: Exchange) -> dict[str, tuple[str, ...]]:
    names = (("x-oss-acl", "oss:x-oss-acl"), ("x-oss-object-acl", "oss:x-oss-object-acl"))
    return {key: (x.header(name),) for name, key in names if name in x.call.headers}


def _context(x: Exchange, action: str, bucket: Bucket, version: Version | None) -> dict[str, tuple[str, ...]]:
    """Keys of https://www.alibabacloud.com/help/en/oss/user-guide/authorization-syntax-and-elements"""
    context = _caller_context(x) | _acl_context(x)
    if action in LISTS:
        context["oss:Prefix"] = (x.call.argument("prefix"),)
        context["oss:Delimiter"] = (x.call.argument("delimiter"),)
    for key, value in bucket.tags.items():
        context[f"oss:BucketTag/{key}"] = (value,)
    if version is not None:
        for key, value in version.tags.items():
            context[f"oss:ExistingObjectTag/{key}"] = (value,)
    if "x-oss-tagging" in x.call.headers:
        for key, value in read_tag_header(x.header("x-oss-tagging")).items():
            context[f"oss:RequestObjectTag/{key}"] = (value,)
    return context


def _bucket_policy_denies(request: Request, sources: list[Source]) -> bool:
    bucket_only = [source for source in sources if source.kind == "bucket"]
    return bool(bucket_only) and decide(request, bucket_only).outcome == "explicit_deny"


def _explicit_or_session(
    decision: Decision, request: Request, sources: list[Source]
) -> tuple[str, str] | None:
    """EC and text where a policy refused, rather than none allowed.

    The sample of 0003-00000201, a RAM policy's Deny, carries the text about the bucket policy:
    https://www.alibabacloud.com/help/en/oss/user-guide/0003-00000201
    """
    if decision.layer == "SessionPolicy":
        return "0003-00000301", "Access denied by authorizer's policy."
    if decision.outcome != "explicit_deny":
        return None
    if decision.layer == "BucketPolicy":
        ec = "0003-00000101"
    else:
        ec = "0003-00000203" if _bucket_policy_denies(request, sources) else "0003-00000201"
    return ec, "Access denied by bucket policy."


def _nothing_allows(x: Exchange, request: Request, acl: str | None) -> tuple[str, str]:
    """EC and text of an implicit denial, by what was asked for and by whom."""
    if "Tagging" in request.action:
        return "0003-00000905", "The bucket you access does not belong to you."
    if "/" in request.resource:
        if acl is None:
            return "0003-00000001", "You have no right to access this object because of bucket acl."
        ec = "0003-00000005" if "Get" in request.action else "0003-00000006"
        return ec, "You have no right to access this object."
    if x.caller.type == "anonymous":
        return "0003-00000002", "Anonymous user has no right to access this bucket."
    return "0003-00000001", "The bucket you access does not belong to you."


def _denied(x: Exchange, request: Request, decision: Decision, ec: str, message: str) -> AccessDenied:
    told = x.caller.type in ("ram-user", "assumed-role")
    return AccessDenied(
        "AccessDenied",
        message,
        403,
        action=request.action,
        resource=request.resource,
        decision=decision,
        conditions=request.conditions,
        matched=matched_policies(x.cloud, x.caller, decision) if told else (),
        EC=ec,
    )
