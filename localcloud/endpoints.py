"""What a request tells about itself apart from its host name: the AccessKey id, and the service it is meant for."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

from localcloud.errors import CloudError
from localcloud.hosts import DEFAULT_REGION, Address, own_label
from localcloud.openapi import rpc_parameters

if TYPE_CHECKING:
    from localcloud.call import Call
    from localcloud.oss.state import Bucket
    from localcloud.sls.state import Project
    from localcloud.state import State

METASERVICE = "localhost:10011"
"""Where nodes of old EMR releases ask for credentials; the port is what tells it from the local cloud itself."""

_KEY_IN_HEADER = re.compile(r"(?:Credential=|AccessKeyId:|^(?:OSS|LOG|FC|acs) )([^:/,\s]+)")
_SIGNED_REGION = re.compile(r"[^/]+/\d{8}/([^/]+)/")
_OSS_QUERY = ("OSSAccessKeyId", "x-oss-signature-version", "x-oss-credential")
_PARAMETERS = ("application/x-www-form-urlencoded", "application/json")
_LONGEST_PARAMETERS = 1024 * 1024

_REAL_HOST = {
    "ram": "ram",
    "sts": "sts",
    "actiontrail": "actiontrail.{region}",
    "emr": "emr.{region}",
    "openapiexplorer": "openapi-mcp.{region}",
    "spark": "emr-serverless-spark.{region}",
    "cms": "metrics.{region}",
    "kms": "kms.{region}",
    "fc": "fcv3.{region}",
    "oss": "oss-{region}",
    "sls": "{region}.log",
}

_SERVICE_OF_VERSION = {
    "2015-05-01": "ram",
    "2015-04-01": "sts",
    "2020-07-06": "actiontrail",
    "2021-03-20": "emr",
    "2016-04-08": "emr",
    "2023-08-08": "spark",
    "2024-11-30": "openapiexplorer",
    "2019-01-01": "cms",
    "2016-01-20": "kms",
    "2023-03-30": "fc",
    "2016-08-15": "fc",
}
"""The API versions of each service; no two services share one."""


def access_key_id_of(call: Call) -> str:
    """The AccessKey id that a request names in a header, the query or its body, not verified; "" if none."""
    if match := _KEY_IN_HEADER.search(call.headers.get("authorization", "")):
        return match.group(1)
    for name in ("OSSAccessKeyId", "AccessKeyId", "x-oss-access-key-id"):
        if value := call.argument(name):
            return value
    if scope := call.argument("x-oss-credential"):
        return scope.partition("/")[0]
    return _in_body(call, "AccessKeyId")


def locate_by_content(call: Call, state: State) -> Address | None:
    """The service of a request that was sent to the local cloud's own address, or to a node's own MetaService.

    Known by, in this order: the form of the signature, the API version, the path. The region is the one that was
    signed for, else that of the bucket or project, else cn-hangzhou. None if the request does not tell.
    """
    if call.headers.get("host", "") == METASERVICE:
        return Address("metadata", "")
    label = own_label(call.host)
    if label is None:
        return None
    service = _by_signature(call) or _by_version(call) or _by_path(call, state, label)
    if not service:
        return None
    return Address(service, _signed_region(call) or _kept_region(call, state, service, label), label)


def real_host(address: Address) -> str:
    """The public host name of an address, for the events and logs of a call that did not use it."""
    if address.service not in _REAL_HOST:
        return "100.100.100.200"
    name = _REAL_HOST[address.service].format(region=address.region)
    return f"{address.label}.{name}.aliyuncs.com" if address.label else f"{name}.aliyuncs.com"


def _by_signature(call: Call) -> str:
    authorization = call.headers.get("authorization", "")
    if authorization.startswith(("OSS ", "OSS2 ", "OSS4-")) or any(
        call.has_argument(name) for name in _OSS_QUERY
    ):
        return "oss"
    if authorization.startswith(("LOG ", "SLS4-")):
        return "sls"
    return "fc" if authorization.startswith("FC ") else ""


def _by_version(call: Call) -> str:
    version = call.headers.get("x-acs-version") or call.argument("Version") or _in_body(call, "Version")
    return _SERVICE_OF_VERSION.get(version, "")


def _by_path(call: Call, state: State, label: str) -> str:
    """Requests that carry neither signature nor version: FC, a node's metadata, an anonymous one to a bucket."""
    first = call.path.split("/", 2)[1] if call.path.startswith("/") else ""
    if first in ("2016-08-15", "2023-03-30"):
        return "fc"
    if call.path.startswith("/latest/"):
        return "metadata"
    return "oss" if (label or first) in state.oss.buckets else ""


def _signed_region(call: Call) -> str:
    """The region in the scope of an OSS or SLS signature of version 4."""
    scope = (
        call.argument("x-oss-credential") or call.headers.get("authorization", "").partition("Credential=")[2]
    )
    match = _SIGNED_REGION.match(scope)
    return match.group(1) if match else ""


def _kept_region(call: Call, state: State, service: str, label: str) -> str:
    """Where the bucket or project is that a request names."""
    found: Bucket | Project | None = None
    if service == "oss":
        found = state.oss.buckets.get(label or call.path.split("/")[1])
    if service == "sls":
        found = state.sls.projects.get(label)
    return found.region if found else DEFAULT_REGION


def _in_body(call: Call, name: str) -> str:
    """A parameter of a form or a JSON body; bodies too large for parameters are not read."""
    kind = call.headers.get("content-type", "")
    if not kind.startswith(_PARAMETERS) or len(call.body) > _LONGEST_PARAMETERS:
        return ""
    value = None
    with suppress(CloudError):
        value = rpc_parameters(call).get(name)
    return value if isinstance(value, str) else ""
