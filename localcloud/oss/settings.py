"""What can be set on a bucket: policy, Block Public Access, encryption, referer, tags, logging, versioning.

Source: https://www.alibabacloud.com/help/en/oss/developer-reference/bucket-operations and each API's page.
"""

from __future__ import annotations

from localcloud.call import Reply
from localcloud.oss.access import is_blocked, require
from localcloud.oss.errors import OssError
from localcloud.oss.exchange import Exchange, xml_reply
from localcloud.oss.state import Bucket, Encryption, Logging, Referer
from localcloud.oss.stored import ALGORITHMS
from localcloud.oss.tags import MOST_BUCKET_TAGS, read_tag_body, tag_document
from localcloud.oss.xml import child, flag, malformed, node, parse, text
from rolemend.policy import Policy, PolicyError, parse_policy
from rolemend.policy.acl import is_public

LONGEST_POLICY = 16 * 1024
"""Bytes of a bucket policy: https://www.alibabacloud.com/help/en/oss/user-guide/oss-bucket-policy/"""


def put_bucket_policy(x: Exchange) -> Reply:
    x.check_body()
    policy = _read_policy(x.call.body)
    if is_blocked(x, x.bucket) and _grants_everybody(policy):
        raise OssError("AccessDenied", "Put public bucket policy is not allowed", 403)
    x.bucket.policy = x.call.body.decode()
    return Reply(200)


def _read_policy(body: bytes) -> Policy:
    """A bucket policy, or InvalidPolicyDocument with the EC of the first mistake."""
    if len(body) > LONGEST_POLICY:
        raise _invalid("The policy document exceeds the limit of 16 KB.", "0030-00000001")
    try:
        policy = parse_policy(body.decode(), "bucket")
    except UnicodeDecodeError as error:
        raise _invalid("The policy document is not encoded in UTF-8.", "0030-00000004") from error
    except PolicyError as error:
        ec = "0030-00000002" if error.path == "Version" else "0030-00000005"
        raise _invalid(str(error), ec) from error
    if any("**" in resource for statement in policy.statements for resource in statement.resources):
        raise _invalid("Two or more consecutive asterisks are not supported.", "0030-00000007")
    return policy


def _invalid(message: str, ec: str) -> OssError:
    return OssError("InvalidPolicyDocument", f"Invalid policy document: {message}", 400, ec=ec)


def _grants_everybody(policy: Policy) -> bool:
    """Whether a statement makes the bucket public; what no page decides counts as public."""
    return any(is_public(statement) is not False for statement in policy.statements)


def get_bucket_policy(x: Exchange) -> Reply:
    if not x.bucket.policy:
        message = "The bucket policy does not exist"
        raise OssError("NoSuchBucketPolicy", message, 404, ec="0030-00000006", BucketName=x.bucket.name)
    return Reply(200, {"content-type": "application/json"}, x.bucket.policy.encode())


def delete_bucket_policy(x: Exchange) -> Reply:
    x.bucket.policy = ""
    return Reply(204)


def get_bucket_policy_status(x: Exchange) -> Reply:
    policy = x.bucket.policy
    public = bool(policy) and _grants_everybody(x.cloud.shelf.take(policy, "bucket"))
    return xml_reply(node("PolicyStatus", text("IsPublic", public)))


def _public_access_block(blocked: bool) -> Reply:
    return xml_reply(node("PublicAccessBlockConfiguration", text("BlockPublicAccess", blocked)))


def put_public_access_block(x: Exchange) -> Reply:
    _block_account(x, flag(parse(x.call.body), "BlockPublicAccess"))
    return Reply(200)


def get_public_access_block(x: Exchange) -> Reply:
    return _public_access_block(x.caller.account in x.cloud.state.oss.blocked_accounts)


def delete_public_access_block(x: Exchange) -> Reply:
    _block_account(x, False)
    return Reply(204)


def _block_account(x: Exchange, blocked: bool) -> None:
    accounts = x.cloud.state.oss.blocked_accounts
    (accounts.add if blocked else accounts.discard)(x.caller.account)


def put_bucket_public_access_block(x: Exchange) -> Reply:
    x.bucket.block_public = flag(parse(x.call.body), "BlockPublicAccess")
    return Reply(200)


def get_bucket_public_access_block(x: Exchange) -> Reply:
    return _public_access_block(x.bucket.block_public)


def delete_bucket_public_access_block(x: Exchange) -> Reply:
    x.bucket.block_public = False
    return Reply(204)


def put_bucket_encryption(x: Exchange) -> Reply:
    rule = parse(x.call.body).find("ApplyServerSideEncryptionByDefault")
    if rule is None:
        raise malformed()
    algorithm, kms_key = child(rule, "SSEAlgorithm"), child(rule, "KMSMasterKeyID")
    if algorithm not in ALGORITHMS:
        message = "The Encryption request you specified is not valid. Supported value: AES256/SM4/KMS."
        raise OssError("InvalidEncryptionAlgorithmError", message, 400)
    if kms_key and algorithm != "KMS":
        raise OssError(
            "InvalidArgument", "KMSMasterKeyID is not applicable if the SSEAlgorithm is not KMS.", 400
        )
    data = child(rule, "KMSDataEncryption")
    x.bucket.encryption = Encryption(algorithm=algorithm, kms_key=kms_key, data_encryption=data)
    return Reply(200)


def get_bucket_encryption(x: Exchange) -> Reply:
    encryption = x.bucket.encryption
    if encryption is None:
        message = "The server side encryption configuration was not found."
        raise OssError("NoSuchServerSideEncryptionRule", message, 404, BucketName=x.bucket.name)
    rule = node(
        "ApplyServerSideEncryptionByDefault",
        text("SSEAlgorithm", encryption.algorithm),
        text("KMSMasterKeyID", encryption.kms_key),
        text("KMSDataEncryption", encryption.data_encryption) if encryption.data_encryption else "",
    )
    return xml_reply(node("ServerSideEncryptionRule", rule))


def delete_bucket_encryption(x: Exchange) -> Reply:
    x.bucket.encryption = None
    return Reply(204)


def put_bucket_referer(x: Exchange) -> Reply:
    root = parse(x.call.body)
    x.bucket.referer = Referer(
        allow_empty=flag(root, "AllowEmptyReferer", True),
        truncate_query=flag(root, "AllowTruncateQueryString", True),
        allowed=[each.text or "" for each in root.findall("RefererList/Referer") if each.text],
        refused=[each.text or "" for each in root.findall("RefererBlacklist/Referer") if each.text],
    )
    return Reply(200)


def get_bucket_referer(x: Exchange) -> Reply:
    referer = x.bucket.referer or Referer()
    refused = (
        node("RefererBlacklist", *(text("Referer", each) for each in referer.refused))
        if referer.refused
        else ""
    )
    return xml_reply(
        node(
            "RefererConfiguration",
            text("AllowEmptyReferer", referer.allow_empty),
            text("AllowTruncateQueryString", referer.truncate_query),
            node("RefererList", *(text("Referer", each) for each in referer.allowed)),
            refused,
        )
    )


def put_bucket_tags(x: Exchange) -> Reply:
    x.check_body()
    x.bucket.tags = read_tag_body(x.call.body, MOST_BUCKET_TAGS)
    return Reply(200)


def get_bucket_tags(x: Exchange) -> Reply:
    return xml_reply(tag_document(x.bucket.tags))


def delete_bucket_tags(x: Exchange) -> Reply:
    """All tags, or those that `tagging=key1,key2` names."""
    named = [key for key in x.call.argument("tagging").split(",") if key]
    x.bucket.tags = {key: value for key, value in x.bucket.tags.items() if named and key not in named}
    return Reply(204)


def authorise_put_bucket_logging(x: Exchange) -> None:
    """A target bucket other than this one takes the right to write there."""
    require(x, "oss:PutBucketLogging", x.bucket)
    target = _read_logging(x)
    if target is not None and target.target_bucket != x.bucket_name:
        require(x, "oss:PutObject", _target(x, target), f"{target.target_prefix}*")


def put_bucket_logging(x: Exchange) -> Reply:
    x.bucket.logging = _read_logging(x)
    return Reply(200)


def _read_logging(x: Exchange) -> Logging | None:
    enabled = parse(x.call.body).find("LoggingEnabled")
    if enabled is None:
        return None
    logging = Logging(
        target_bucket=child(enabled, "TargetBucket"), target_prefix=child(enabled, "TargetPrefix")
    )
    _target(x, logging)
    return logging


def _target(x: Exchange, logging: Logging) -> Bucket:
    target = x.cloud.state.oss.buckets.get(logging.target_bucket)
    if target is None or target.owner != x.bucket.owner or target.region != x.bucket.region:
        message = "Put bucket log requester is not target bucket owner."
        raise OssError("InvalidTargetBucketForLogging", message, 400, TargetBucket=logging.target_bucket)
    return target


def get_bucket_logging(x: Exchange) -> Reply:
    logging = x.bucket.logging
    enabled = ""
    if logging is not None:
        target = text("TargetBucket", logging.target_bucket)
        enabled = node("LoggingEnabled", target, text("TargetPrefix", logging.target_prefix))
    return xml_reply(node("BucketLoggingStatus", enabled))


def delete_bucket_logging(x: Exchange) -> Reply:
    x.bucket.logging = None
    return Reply(204)


def put_bucket_versioning(x: Exchange) -> Reply:
    status = child(parse(x.call.body), "Status")
    if status not in ("Enabled", "Suspended"):
        raise malformed()
    x.bucket.versioning = status
    return Reply(200)


def get_bucket_versioning(x: Exchange) -> Reply:
    status = text("Status", x.bucket.versioning) if x.bucket.versioning else ""
    return xml_reply(node("VersioningConfiguration", status))


def put_bucket_request_payment(x: Exchange) -> Reply:
    payer = child(parse(x.call.body), "Payer")
    if payer not in ("BucketOwner", "Requester"):
        raise malformed()
    x.bucket.requester_pays = payer == "Requester"
    return Reply(200)


def get_bucket_request_payment(x: Exchange) -> Reply:
    payer = "Requester" if x.bucket.requester_pays else "BucketOwner"
    return xml_reply(node("RequestPaymentConfiguration", text("Payer", payer)))
