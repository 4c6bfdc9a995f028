"""Buckets themselves: create, delete, list, describe, ACL.

Source: https://www.alibabacloud.com/help/en/oss/developer-reference/bucket-operations and each API's page.
"""

from __future__ import annotations

import re

from localcloud.call import Reply
from localcloud.hosts import DEFAULT_REGION
from localcloud.oss.access import is_blocked, refuse_public_acl, require, require_service
from localcloud.oss.errors import OssError, invalid_argument
from localcloud.oss.exchange import Exchange, xml_reply
from localcloud.oss.listing import owner_element
from localcloud.oss.regions import REGIONS
from localcloud.oss.state import Bucket
from localcloud.oss.stored import STORAGE_CLASSES, check_acl
from localcloud.oss.xml import child, iso_time, node, parse, text

BUCKET_ACLS = ("private", "public-read", "public-read-write")
MOST_BUCKETS = 100
"""Buckets of one account in one region: https://www.alibabacloud.com/help/en/oss/product-overview/limits-1"""
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")


def list_buckets(x: Exchange) -> Reply:
    """GetService: the buckets of the caller's account in all regions."""
    prefix, marker = x.call.argument("prefix"), x.call.argument("marker")
    most = x.number("max-keys", 100, 1, 1000)
    mine = sorted(
        (
            b
            for b in x.cloud.state.oss.buckets.values()
            if b.owner == x.caller.account and b.name.startswith(prefix)
        ),
        key=lambda bucket: bucket.name,
    )
    rest = [bucket for bucket in mine if bucket.name > marker]
    shown = rest[:most]
    truncated = len(rest) > most
    owner = node("Owner", text("ID", x.caller.account), text("DisplayName", x.caller.account))
    return xml_reply(
        node(
            "ListAllMyBucketsResult",
            text("Prefix", prefix),
            text("Marker", marker),
            text("MaxKeys", most),
            text("IsTruncated", truncated),
            text("NextMarker", shown[-1].name) if truncated else "",
            owner,
            node("Buckets", *(node("Bucket", *_facts(bucket)) for bucket in shown)),
        )
    )


def _facts(bucket: Bucket) -> tuple[str, ...]:
    return (
        text("Comment", ""),
        text("CreationDate", iso_time(bucket.created)),
        text("ExtranetEndpoint", f"oss-{bucket.region}.aliyuncs.com"),
        text("IntranetEndpoint", f"oss-{bucket.region}-internal.aliyuncs.com"),
        text("Location", f"oss-{bucket.region}"),
        text("Name", bucket.name),
        text("Region", bucket.region),
        text("StorageClass", bucket.storage_class),
        text("ResourceGroupId", "rg-default"),
    )


def authorise_put_bucket(x: Exchange) -> None:
    """A new bucket belongs to the caller's account; repeating the call on an own one changes its ACL."""
    require_service(x, "oss:PutBucket", f"acs:oss:*:{x.caller.account}:{x.bucket_name}")
    existing = x.cloud.state.oss.buckets.get(x.bucket_name)
    if existing is not None and existing.owner == x.caller.account and "x-oss-acl" in x.call.headers:
        require(x, "oss:PutBucketAcl", existing)


def put_bucket(x: Exchange) -> Reply:
    if not _NAME.fullmatch(x.bucket_name):
        raise OssError(
            "InvalidBucketName",
            "The specified bucket is not valid.",
            400,
            ec="0015-00000001",
            BucketName=x.bucket_name,
        )
    acl = x.header("x-oss-acl")
    if acl:
        check_acl("x-oss-acl", acl, BUCKET_ACLS)
    region, storage_class, redundancy = _configuration(x)
    buckets = x.cloud.state.oss.buckets
    existing = buckets.get(x.bucket_name)
    if existing is not None:
        return _put_again(x, existing, region, acl)
    bucket = Bucket(
        name=x.bucket_name,
        owner=x.caller.account,
        region=region,
        created=x.now,
        acl=acl or "private",
        storage_class=storage_class,
        redundancy=redundancy,
    )
    refuse_public_acl(x, bucket, acl, "bucket")
    if sum(b.owner == bucket.owner and b.region == region for b in buckets.values()) >= MOST_BUCKETS:
        raise OssError("TooManyBuckets", "You have attempted to create more buckets than allowed.", 400)
    buckets[bucket.name] = bucket
    return Reply(200, {"location": f"/{bucket.name}"})


def _configuration(x: Exchange) -> tuple[str, str, str]:
    """Region, storage class, redundancy; an old LocationConstraint may only repeat the endpoint's region."""
    region, storage_class, redundancy = x.call.region, "Standard", "LRS"
    if x.call.body:
        root = parse(x.call.body)
        storage_class = child(root, "StorageClass", storage_class)
        redundancy = child(root, "DataRedundancyType", redundancy)
        location = child(root, "LocationConstraint").removeprefix("oss-")
        if location and region and location != region:
            raise OssError(
                "InvalidLocationConstraint", "The specified location-constraint is not valid.", 400
            )
        region = region or location
    if storage_class not in STORAGE_CLASSES:
        raise invalid_argument("StorageClass", storage_class, "The StorageClass you specified is not valid.")
    if redundancy not in ("LRS", "ZRS"):
        raise invalid_argument(
            "DataRedundancyType", redundancy, "The DataRedundancyType you specified is not valid."
        )
    return region or DEFAULT_REGION, storage_class, redundancy


def _put_again(x: Exchange, existing: Bucket, region: str, acl: str) -> Reply:
    if existing.owner != x.caller.account or existing.region != region:
        message = (
            "The requested bucket name is not available. The bucket namespace is shared by all users of the "
            "system. Please select a different name and try again."
        )
        raise OssError("BucketAlreadyExists", message, 409, ec="0015-00000102", BucketName=existing.name)
    if acl:
        refuse_public_acl(x, existing, acl, "bucket")
        existing.acl = acl
    return Reply(200, {"location": f"/{existing.name}"})


def delete_bucket(x: Exchange) -> Reply:
    bucket = x.bucket
    if bucket.objects or bucket.uploads:
        message = (
            "The bucket has objects. Please delete them first."
            if bucket.objects
            else "The bucket has multipart uploads. Please abort them first."
        )
        raise OssError("BucketNotEmpty", message, 409, BucketName=bucket.name)
    del x.cloud.state.oss.buckets[bucket.name]
    return Reply(204)


def get_bucket_info(x: Exchange) -> Reply:
    bucket = x.bucket
    encryption = bucket.encryption
    rule = [text("SSEAlgorithm", encryption.algorithm if encryption else "None")]
    if encryption and encryption.algorithm == "KMS":
        rule.append(text("KMSMasterKeyID", encryption.kms_key))
    facts = (
        *_facts(bucket),
        text("AccessMonitor", "Disabled"),
        text("BlockPublicAccess", is_blocked(x, bucket)),
        text("CrossRegionReplication", "Disabled"),
        text("DataRedundancyType", bucket.redundancy),
        text("TransferAcceleration", "Disabled"),
        text("Versioning", bucket.versioning) if bucket.versioning else "",
        owner_element(bucket),
        node("AccessControlList", text("Grant", bucket.acl)),
        node("ServerSideEncryptionRule", *rule),
        node("BucketPolicy", _logging_target(bucket)),
    )
    return xml_reply(node("BucketInfo", node("Bucket", *facts)))


def _logging_target(bucket: Bucket) -> str:
    target = bucket.logging
    return text("LogBucket", target.target_bucket if target else "") + text(
        "LogPrefix", target.target_prefix if target else ""
    )


def get_bucket_location(x: Exchange) -> Reply:
    return xml_reply(text("LocationConstraint", f"oss-{x.bucket.region}"))


def get_bucket_stat(x: Exchange) -> Reply:
    bucket = x.bucket
    versions = [version for each in bucket.objects.values() for version in each]
    current = [each[0] for each in bucket.objects.values() if not each[0].delete_marker]
    size = sum(len(version.body) for version in versions)
    return xml_reply(
        node(
            "BucketStat",
            text("Storage", size),
            text("ObjectCount", len(current)),
            text("MultipartUploadCount", len(bucket.uploads)),
            text("LiveChannelCount", 0),
            text("LastModifiedTime", int(x.now)),
            text("StandardStorage", size),
            text("StandardObjectCount", len(current)),
            text("MultipartPartCount", sum(len(upload.parts) for upload in bucket.uploads.values())),
            text("DeleteMarkerCount", sum(version.delete_marker for version in versions)),
        )
    )


def put_bucket_acl(x: Exchange) -> Reply:
    acl = x.header("x-oss-acl")
    check_acl("x-oss-acl", acl, BUCKET_ACLS)
    refuse_public_acl(x, x.bucket, acl, "bucket")
    x.bucket.acl = acl
    return Reply(200)


def get_bucket_acl(x: Exchange) -> Reply:
    grant = node("AccessControlList", text("Grant", x.bucket.acl))
    return xml_reply(node("AccessControlPolicy", owner_element(x.bucket), grant))


def describe_regions(x: Exchange) -> Reply:
    wanted = x.call.argument("regions").removeprefix("oss-")
    rows = [region for region in REGIONS if wanted in ("", region)]
    if not rows:
        raise OssError("NoSuchRegion", "The specified region does not exist.", 404, Region=wanted)
    infos = (
        node(
            "RegionInfo",
            text("Region", f"oss-{region}"),
            text("InternetEndpoint", f"oss-{region}.aliyuncs.com"),
            text("InternalEndpoint", f"oss-{region}-internal.aliyuncs.com"),
            text("AccelerateEndpoint", "oss-accelerate.aliyuncs.com"),
        )
        for region in rows
    )
    return xml_reply(node("RegionInfoList", *infos))
