"""ActionTrail events of bucket management.

Source: https://www.alibabacloud.com/help/doc-detail/293590.htm . Data events, which a trail would have to
select first, are not written; the access log shows those requests.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from localcloud.oss.exchange import Exchange
from localcloud.record import base_event

if TYPE_CHECKING:
    from localcloud.errors import CloudError

API_VERSION = "2019-05-17"
_MOST_BODY = 2048
"""Characters of a request document that an event repeats."""


def record(x: Exchange, error: CloudError | None) -> None:
    """Publish the event of a management call to the account it happened in."""
    operation = x.operation
    if operation is None or not operation.managed:
        return
    bucket = x.cloud.state.oss.buckets.get(x.bucket_name)
    if bucket is not None and operation.api == "PutBucket" and bucket.owner != x.caller.account:
        bucket = None  # the name is taken: no matter of the one who has it
    account = bucket.owner if bucket is not None else x.caller.account
    if not account:
        return
    event = base_event(x.call, x.caller, "Oss", operation.api, API_VERSION, operation.rw)
    parameters = _parameters(x)
    event["requestParameters"] = parameters
    event["requestParameterJson"] = json.dumps(parameters, ensure_ascii=False)
    event["recipientAccountId"] = account
    event["acsRegion"] = bucket.region if bucket is not None else x.call.region
    if x.bucket_name:
        event["referencedResources"] = {"ACS::OSS::Bucket": [x.bucket_name]}
        event["resourceType"], event["resourceName"] = "ACS::OSS::Bucket", x.bucket_name
    if error is not None:
        event["errorCode"], event["errorMessage"] = error.code, error.message
    x.cloud.publish(event, account)


def _parameters(x: Exchange) -> dict[str, Any]:
    """What the call said; signatures and tokens in the query are left out."""
    secret = ("Signature", "OSSAccessKeyId", "security-token", "Expires")
    named = {k: v for k, v in x.call.query if k not in secret and not k.startswith("x-oss-")}
    parameters: dict[str, Any] = {"AcsProduct": "Oss", "AcsHost": x.call.host, **named}
    if x.bucket_name:
        parameters["bucketName"] = x.bucket_name
    if acl := x.header("x-oss-acl"):
        parameters["x-oss-acl"] = acl
    if x.call.body:
        parameters["requestBody"] = x.call.body.decode("utf-8", "replace")[:_MOST_BODY]
    if x.caller.type == "assumed-role":
        parameters["stsTokenPrincipalName"] = f"{x.caller.role.lower()}/{x.caller.session}"
        parameters["stsTokenPlayerUid"] = x.caller.player
    return parameters
