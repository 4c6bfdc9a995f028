"""JSON in a text whose members say more than their names do: events, access-log lines, clusters, decoded diagnoses.

ActionTrail: https://www.alibabacloud.com/help/document_detail/28819.html . OSS access log:
https://help.aliyun.com/zh/sls/log-fields-17 . DecodeDiagnosticMessage:
https://www.alibabacloud.com/help/en/ram/developer-reference/api-ram-2015-05-01-decodediagnosticmessage
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from rolemend.explain.gather import sightings_in
from rolemend.explain.names import SERVICES, is_bucket, oss_host
from rolemend.explain.operations import LOGGED
from rolemend.explain.sighting import Sighting

_NO_ERROR = frozenset({"", "-", "null", "none", "success"})
_CREATIONS = frozenset(
    {"RunCluster", "CreateCluster", "CreateClusterV2", "CreateClusterWithTemplate", "Create"}
)
_OPENING = re.compile(r"\{\s*\"")
_HINT = re.compile(
    r"\"(?:eventName|http_status|[sS]tateChangeReason|AuthConditions|NoPermissionPolicyType|requester_id)\\*\""
)
_DEEP = 40
_decoder = json.JSONDecoder()


def split_documents(text: str) -> tuple[list[Sighting], str]:
    """The sightings of all documents that are known by their members, and the text without those documents."""
    if not _HINT.search(text):
        return [], text
    found: list[Sighting] = []
    rest: list[str] = []
    at, budget = 0, 8 * len(text)
    while (opening := _OPENING.search(text, at)) and budget > 0:
        value, end = _decode(text, opening.start())
        rest.append(text[at : opening.start()])
        inside = list(_known_in(value)) if end else []
        budget -= (end or len(text)) - opening.start()
        if not inside:
            end = end if end and not _HINT.search(text, opening.start(), end) else opening.start() + 1
            rest.append(text[opening.start() : end])
        found += inside
        at = end
    return found, "".join(rest) + text[at:]


def _decode(text: str, start: int) -> tuple[Any, int]:
    """The JSON value that begins here and where it ends; 0 if there is none."""
    try:
        return _decoder.raw_decode(text, start)
    except (ValueError, RecursionError):
        return None, 0


def _known_in(value: Any, depth: int = 0) -> Iterator[Sighting]:
    if depth > _DEEP:
        return
    if isinstance(value, str) and value.lstrip()[:1] == "{" and _HINT.search(value):
        inner, end = _decode(value, len(value) - len(value.lstrip()))
        yield from _known_in(inner, depth + 1) if end else ()
    elif isinstance(value, list):
        for item in value:
            yield from _known_in(item, depth + 1)
    elif isinstance(value, dict):
        read = _reader_of(value)
        if read is not None:
            yield from read(value)
            return
        for item in value.values():
            yield from _known_in(item, depth + 1)


def _reader_of(value: dict[str, Any]) -> Callable[[dict[str, Any]], Iterator[Sighting]] | None:
    if "eventName" in value and ("userIdentity" in value or "eventId" in value or "errorCode" in value):
        return _event
    if "operation" in value and "http_status" in value:
        return _logged
    if isinstance(value.get("AuthAction"), str) and (
        "ExplicitDeny" in value or "NoPermissionPolicyType" in value
    ):
        return _decoded
    if isinstance(value.get("StateChangeReason"), dict) or isinstance(value.get("stateChangeReason"), dict):
        return _state
    return None


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return ""
    return str(value) if isinstance(value, (str, int)) else ""


def _members(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        value, _ = _decode(value, 0) if value[:1] == "{" else (None, 0)
    return value if isinstance(value, dict) else {}


def _event(event: dict[str, Any]) -> Iterator[Sighting]:
    """An ActionTrail event. "No error" is spelled in several ways."""
    code, message = _word(event.get("errorCode")), _word(event.get("errorMessage"))
    name, spelled = _word(event.get("eventName")), _word(event.get("serviceName")).lower()
    service = SERVICES.get(spelled, spelled)
    parameters = _members(event.get("requestParameters"))
    identity = _members(event.get("userIdentity"))
    denied = code.lower() not in _NO_ERROR
    told = _told(code, message) if denied else Sighting()
    bucket = _word(parameters.get("bucketName"))
    creation = service in ("emr", "e-mapreduce") and name in _CREATIONS
    told.code = told.code or (code if denied else "")
    told.message = message
    told.principal = told.principal or _word(identity.get("userName")) or _word(identity.get("principalId"))
    told.action = told.action or (f"{service}:{name}" if service and name else "")
    told.guessed = False
    told.principal_type = _IDENTITIES.get(_word(identity.get("type")), "")
    told.principal_id = _word(identity.get("principalId"))
    told.owner = _word(identity.get("accountId")) or _word(event.get("recipientAccountId"))
    told.encoded = told.encoded or _encoded_in(event)
    told.record = event
    told.service = "emr" if creation else service or told.service
    told.bucket = bucket if is_bucket(bucket) else told.bucket
    told.object = _word(parameters.get("objectName")) or told.object
    told.region = _word(event.get("acsRegion")) or told.region
    told.host = told.host or _word(event.get("eventSource"))
    told.request_id = _word(event.get("requestId")) or told.request_id
    told.signs = told.signs | ({"creation"} if creation else set()) | (set() if denied else {"no_error"})
    yield told


_IDENTITIES = {"ram-user": "SubUser", "assumed-role": "AssumedRoleUser", "root-account": "RootUser"}
"""ActionTrail's words for principals -> AccessDeniedDetail's."""


def _encoded_in(event: dict[str, Any]) -> str:
    for name in ("accessDeniedDetail", "AccessDeniedDetail", "responseElements"):
        detail = _members(event.get(name))
        detail = _members(detail.get("AccessDeniedDetail")) or detail
        if encoded := _word(detail.get("EncodedDiagnosticMessage") or detail.get("encodedDiagnosticMessage")):
            return encoded
    return ""


def _told(code: str, message: str) -> Sighting:
    """What code and message tell; a message may hold a whole answer of another service."""
    found = list(sightings_in(f"Code: {code}\nMessage: {message}\n"))
    found += list(sightings_in(message)) if len(found) != 1 else []
    return found[0] if found else Sighting(code=code)


def _logged(line: dict[str, Any]) -> Iterator[Sighting]:
    """A line of the OSS access log: all values are text, `-` is empty."""
    values = {key: "" if value == "-" else _word(value) for key, value in line.items()}
    host = oss_host(values.get("host", ""))
    parts = (
        [part if part != "-" else "" for part in values.get("extend_information", "").split(",")] + [""] * 4
    )[:4]
    role = parts[1]
    bucket, operation = values.get("bucket", ""), values.get("operation", "")
    denied = values.get("error_code", "") != "" or values.get("http_status", "")[:1] in ("4", "5")
    unsigned = values.get("sign_type") == "NotSign" or (
        "requester_id" in values and not values["requester_id"]
    )
    yield Sighting(
        code=values.get("error_code", "").strip(),
        ec=values.get("ec", ""),
        status=values.get("http_status", ""),
        principal=role or values.get("requester_id", ""),
        record=line,
        action=LOGGED.get(operation, f"oss:{operation}" if operation else ""),
        service="oss",
        bucket=bucket if is_bucket(bucket) else "",
        object=values.get("object", ""),
        region=values.get("bucket_location", "").removeprefix("oss-") or (host.region if host else ""),
        host=host.endpoint if host else values.get("host", ""),
        request_id=values.get("request_id", ""),
        signs=frozenset({"oss", *({"unsigned"} if unsigned else ()), *(() if denied else ("no_error",))}),
    )


def _decoded(message: dict[str, Any]) -> Iterator[Sighting]:
    """A decoded diagnostic message: what RAM itself says of the denial."""
    explicit = message.get("ExplicitDeny")
    principal = _members(message.get("AuthPrincipal")) or message
    yield Sighting(
        code="NoPermission",
        policy_type=_word(message.get("NoPermissionPolicyType")) or _word(message.get("PolicyType")),
        no_permission={True: "ExplicitDeny", False: "ImplicitDeny"}.get(explicit, "")
        if isinstance(explicit, bool)
        else "",
        action=_word(message.get("AuthAction")),
        principal=_word(principal.get("AuthPrincipalDisplayName")),
        principal_type=_word(principal.get("AuthPrincipalType")),
        owner=_word(principal.get("AuthPrincipalOwnerId")),
        resource=_word(message.get("AuthResource")),
        service=_word(message.get("AuthAction")).partition(":")[0],
    )


_FAILED_STATES = frozenset({"START_FAILED", "TERMINATED_WITH_ERRORS", "TERMINATE_FAILED", "FAILED", "Failed"})


def _state(value: dict[str, Any]) -> Iterator[Sighting]:
    """A cluster, an operation or a job run, and the reason of its state."""
    reason = _members(value.get("StateChangeReason") or value.get("stateChangeReason"))
    code = _word(reason.get("Code")) or _word(reason.get("code"))
    message = _word(reason.get("Message")) or _word(reason.get("message"))
    is_cluster = any(name in value for name in ("ClusterId", "ClusterState", "OperationId", "OperationType"))
    state = next(
        (_word(value[name]) for name in ("ClusterState", "OperationState", "state") if name in value), ""
    )
    told = list(sightings_in(message)) or list(sightings_in(f"Code: {code}\nMessage: {message}\n"))
    for sighting in told or [Sighting(code=code, message=message)]:
        sighting.service = sighting.service or ("emr" if is_cluster else "emr-serverless-spark")
        if is_cluster:
            sighting.service = "emr"
            sighting.signs = sighting.signs | {"creation"}
        sighting.region = sighting.region or _word(value.get("RegionId")) or _word(value.get("regionId"))
        if not told and ((state and state not in _FAILED_STATES) or not code):
            sighting.signs = sighting.signs | {"no_error"}
        yield sighting
