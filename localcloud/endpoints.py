"""What a request tells apart from its host name: AccessKey id, service by content, faults in its format."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from localcloud.call import Reply, new_hex_request_id, new_request_id
from localcloud.hosts import DEFAULT_REGION, Address

if TYPE_CHECKING:
    from localcloud.call import Call
    from localcloud.faults import Fault

METASERVICE = "localhost:10011"
"""Where nodes of old EMR releases ask for credentials; the port is what tells it from the local cloud itself."""

_KEY_IN_HEADER = re.compile(r"(?:Credential=|^(?:OSS|LOG|FC|acs) )([^:/,\s]+)")


def access_key_id_of(call: Call) -> str:
    """The AccessKey id a request names, not verified; "" if none."""
    if match := _KEY_IN_HEADER.search(call.headers.get("authorization", "")):
        return match.group(1)
    for name in ("OSSAccessKeyId", "AccessKeyId"):
        if value := call.argument(name):
            return value
    return call.argument("x-oss-credential").partition("/")[0]


def locate_by_content(call: Call, services: dict[str, Any]) -> Address | None:
    """The service of a request that was sent to the local cloud's own address, or to a node's own MetaService."""
    if call.headers.get("host", "") == METASERVICE:
        return Address("metadata", "")
    authorization = call.headers.get("authorization", "")
    if authorization.startswith(("OSS ", "OSS4-")) or call.has_argument("OSSAccessKeyId"):
        return Address("oss", "")
    if authorization.startswith(("LOG ", "SLS4-")):
        return Address("sls", DEFAULT_REGION)
    if authorization.startswith("FC ") or call.path.startswith(("/2016-08-15/", "/2023-03-30/")):
        return Address("fc", DEFAULT_REGION)
    version = call.headers.get("x-acs-version") or call.argument("Version")
    for name, service in services.items():
        if version and getattr(service, "version", None) == version:
            return Address(name, DEFAULT_REGION)
    return None


def fault_reply(fault: Fault, call: Call, service: str) -> Reply:
    """An injected error in the format of the service that it hits."""
    throttled = fault.kind == "throttle"
    status = _THROTTLE_STATUS.get(service, 429) if throttled else fault.status
    code = _THROTTLE_CODE.get(service, "Throttling.User") if throttled else fault.code
    message = "Request was denied due to user flow control." if throttled else "An injected fault."
    if service == "oss":
        request_id = new_hex_request_id()
        body = (
            f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{escape(code)}</Code><Message>{message}</Message>'
            f"<RequestId>{request_id}</RequestId><HostId>{escape(call.host)}</HostId></Error>"
        )
        return Reply(
            status, {"content-type": "application/xml", "x-oss-request-id": request_id}, body.encode()
        )
    if service == "sls":
        request_id = new_hex_request_id()
        answer = {"errorCode": code, "errorMessage": message}
        headers = {"content-type": "application/json", "x-log-requestid": request_id}
        return Reply(status, headers, json.dumps(answer).encode())
    request_id = new_request_id()
    answer = {"RequestId": request_id, "HostId": call.host, "Code": code, "Message": message}
    if service == "fc":
        answer |= {"ErrorCode": code, "ErrorMessage": message}
    return Reply(status, {"content-type": "application/json"}, json.dumps(answer).encode())


_THROTTLE_STATUS = {"oss": 503, "sls": 403}
_THROTTLE_CODE = {"oss": "RequestRateLimitExceeded", "sls": "ReadQuotaExceed", "fc": "ResourceExhausted"}
