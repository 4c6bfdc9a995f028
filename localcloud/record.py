"""Writes every authenticated OpenAPI call as an ActionTrail event.

Event structure: https://www.alibabacloud.com/help/document_detail/28819.html
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from localcloud.call import Call
    from localcloud.cloud import Cloud
    from localcloud.errors import CloudError
    from localcloud.identity import Caller
    from localcloud.openapi import Invocation, OpenApiService, Operation

_NEVER_RECORDED = {
    "SecurityToken", "Signature", "SignatureNonce", "AccessKeyId", "SignatureMethod", "SignatureVersion", "Timestamp",
    "MasterRootPassword", "Password", "AccessKeySecret",
    "SecretData",
}  # fmt: skip
"""Parameters that carry secrets or belong to the signature."""

GLOBAL_SERVICES = {"Ram", "Sts", "Ims"}
GLOBAL_REGION = "cn-hangzhou"
"""Events of global services are kept there (China site)."""


def record_api_call(
    cloud: Cloud,
    service: OpenApiService,
    operation: Operation,
    invocation: Invocation,
    *,
    answer: dict[str, Any] | None = None,
    error: CloudError | None = None,
) -> None:
    """Publish the event of one call, successful or refused."""
    call, caller = invocation.call, invocation.caller
    event = base_event(call, caller, service.event_name, operation.name, service.version, operation.rw)
    parameters = {
        k: v for k, v in invocation.flat.items() if k not in _NEVER_RECORDED and "Password" not in k
    }
    parameters |= {"AcsProduct": service.event_name, "AcsHost": call.host, **session_parameters(caller)}
    event["requestParameters"] = parameters
    event["requestParameterJson"] = json.dumps(parameters, ensure_ascii=False)
    event["isGlobal"] = service.event_name in GLOBAL_SERVICES
    event["acsRegion"] = GLOBAL_REGION if event["isGlobal"] else invocation.region
    if error is not None:
        event["errorCode"], event["errorMessage"] = error.code, error.message
    elif operation.rw == "Write" and answer is not None:
        event["responseElements"] = _without_secrets(answer) | {"RequestId": call.request_id}
    event.update(invocation.notes)
    cloud.publish(event, caller.account)


def base_event(
    call: Call, caller: Caller, service: str, name: str, version: str, rw: str, event_type: str = "ApiCall"
) -> dict[str, Any]:
    """The members that every event has. SLS and old samples spell `eventVersion` as text."""
    return {
        "eventId": call.request_id,
        "eventVersion": "1",
        "eventSource": call.host,
        "eventType": event_type,
        "eventCategory": "Management",
        "eventRW": rw,
        "eventTime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(call.received)),
        "eventName": name,
        "serviceName": service,
        "apiVersion": version,
        "acsRegion": call.region,
        "requestId": call.request_id,
        "sourceIpAddress": call.source_ip,
        "userAgent": call.user_agent,
        "userIdentity": user_identity(caller, call),
        "additionalEventData": {"Scheme": "https"},
        "recipientAccountId": caller.account,
        "isGlobal": False,
    }


def user_identity(caller: Caller, call: Call) -> dict[str, Any]:
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(call.received))
    if caller.type == "system":
        return {"type": "system", "userName": caller.service}
    return {
        "type": caller.type,
        "principalId": caller.principal_id,
        "accountId": caller.account,
        "accessKeyId": caller.access_key_id,
        "userName": caller.name,
        "sessionContext": {"attributes": {"mfaAuthenticated": "false", "creationDate": created}},
    }


def session_parameters(caller: Caller) -> dict[str, str]:
    if caller.type != "assumed-role":
        return {}
    return {
        "stsTokenPrincipalName": f"{caller.role.lower()}/{caller.session}",
        "stsTokenPlayerUid": caller.player,
    }


def _without_secrets(answer: dict[str, Any]) -> dict[str, Any]:
    if "Credentials" not in answer and "AccessKey" not in answer:
        return dict(answer)
    hidden = {"AccessKeySecret", "SecurityToken"}
    return {
        key: {k: v for k, v in value.items() if k not in hidden} if isinstance(value, dict) else value
        for key, value in answer.items()
    }
