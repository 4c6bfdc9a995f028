"""What refuses a request to a bucket before any right is looked at: suspension, requester pays, VPC endpoint policy.

Sources: the pages of the EC codes, as https://help.aliyun.com/zh/oss/user-guide/0003-00000801 and
https://help.aliyun.com/zh/oss/support/0003-00000401 .
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from localcloud.oss.errors import OssError
from rolemend.policy import Request, Source, decide

if TYPE_CHECKING:
    from localcloud.oss.exchange import Exchange

_BY_URL = ("UriSign", "URI_SIGN4")


def check_suspension(x: Exchange) -> None:
    """Raise UserDisable for a bucket of a suspended account, BucketDisable for a bucket switched off by itself."""
    if x.bucket.owner in x.cloud.state.oss.suspended_accounts:
        raise OssError("UserDisable", "UserDisable", 403, ec="0003-00000801")
    if x.bucket.disabled:
        raise OssError("BucketDisable", "BucketDisable", 403, ec="0003-00000908")


def check_payer(x: Exchange) -> None:
    """Raise AccessDenied for a request of another account that does not say that it pays."""
    if not x.bucket.requester_pays or x.caller.account == x.bucket.owner:
        return
    if x.sign_type == "NotSign":
        message = "<RequestPayer>Anonymous Access</RequestPayer>"
        raise OssError("AccessDenied", message, 403, ec="0003-00000701")
    by_url = x.sign_type in _BY_URL
    said = x.call.argument("x-oss-request-payer") if by_url else x.header("x-oss-request-payer")
    if said.lower() != "requester":
        ec = "0003-00000702" if by_url else "0003-00000703"
        raise OssError("AccessDenied", "Access denied for requester pay bucket", 403, ec=ec)


def check_endpoint_policy(x: Exchange, request: Request) -> None:
    """Raise AccessDenied for what the gateway endpoint of the request's VPC does not admit."""
    vpc = x.call.headers.get("x-localcloud-vpc", "")
    document = x.cloud.state.oss.endpoint_policies.get(vpc)
    if document is None:
        return
    source = Source(kind="identity", policy=x.cloud.shelf.take(document, "identity"))
    # The policy speaks for whoever comes through the endpoint, whatever account owns the bucket.
    own = Request(action=request.action, resource=request.resource, conditions=request.conditions)
    if decide(own, [source]).outcome != "allow":
        raise OssError("AccessDenied", "Access denied by VPC endpoint policy.", 403, ec="0003-00000401")
