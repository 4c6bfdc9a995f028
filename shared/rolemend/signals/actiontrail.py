"""ActionTrail events: attempts to create an EMR cluster, denied at once or accepted and perhaps failing later; and
trust policies that were written.

Event structure: https://www.alibabacloud.com/help/document_detail/28819.html .
EMR's audited names: https://alibabacloud.com/help/ja/actiontrail/product-overview/audit-events-of-emr .
"""

from __future__ import annotations

import re
from calendar import timegm
from time import strptime
from typing import Any

import msgspec

from rolemend.errors import RecordRejected
from rolemend.naming import is_region
from rolemend.signals.denial import ClusterTarget, Denial, DeniedPrincipal, PassedOver

TOPIC = "actiontrail_audit_event"

CREATION_EVENTS = frozenset(
    {"RunCluster", "CreateCluster", "CreateClusterV2", "CreateClusterWithTemplate", "Create"}
)
"""Names under which a cluster creation is recorded. `Create` is shared by many services, so the service counts too."""

ROLE_EVENT = "UpdateRole"
"""A trust policy that was written. https://www.alibabacloud.com/help/en/ram/developer-reference/api-ram-2015-05-01-updaterole"""

_SERVICES = frozenset({"emr", "emapreduce", "e-mapreduce"})
"""serviceName without case. No recorded failed EMR event is public, so each spelling in use is accepted."""

_NO_ERROR = frozenset({"", "null", "success"})
"""Spellings of "no error" in errorCode, beside a missing key and JSON null."""

_PERMISSION_CODES = frozenset(
    {
        "nopermission", "forbidden", "forbbiden", "notauthorized", "accessforbidden", "invalidauthorization",
        "accessdenied", "ram.permission.notallow", "cluster.role.notconfirm", "user.otheruserresource.notallow",
        "invaliduser.passroleforbidden", "invalidramrole.notfound", "invalidramrole.notecsrole",
    }
)  # fmt: skip
_PERMISSION_FAMILIES = ("nopermission.", "forbidden.", "entitynotexist.role", "invalidramrole.")

DEFAULT_ROLE = "AliyunECSInstanceForEMRRole"
"""The ECS application role when NodeAttributes.RamRole is left out (EMR 2021-03-20 CreateCluster)."""

DEFAULT_ROLE_2016 = "AliyunEmrEcsDefaultRole"
"""The same for UserDefinedEmrEcsRole (EMR 2016-04-08 CreateClusterV2)."""

DEFAULT_ROLES = frozenset({DEFAULT_ROLE.lower(), DEFAULT_ROLE_2016.lower()})

_DEFAULTS = {"CreateClusterV2": DEFAULT_ROLE_2016, "CreateClusterWithTemplate": ""}

PUSHED_DOWN = (
    "* | where __topic__ = 'actiontrail_audit_event' and (json_extract_scalar(event, '$.eventName') is null"
    " or json_extract_scalar(event, '$.eventName') in ("
    + ", ".join(f"'{name}'" for name in sorted({*CREATION_EVENTS, ROLE_EVENT}))
    + "))"
)
"""The filter that SLS applies before a record is sent. Creations and written trust policies are rare, so those without
an error pass too: an errorCode of a wrong type would look like none to SLS. Records that are no JSON pass, so that they
can be kept aside."""

_CLUSTER = re.compile(r"[cC]-[A-Za-z0-9]{1,62}", re.ASCII)

_Scalar = str | int | float | bool | None


class _Identity(msgspec.Struct):
    type: str = ""
    principalId: _Scalar = None
    accountId: _Scalar = None
    userName: _Scalar = None


class _Event(msgspec.Struct):
    """The members that are read; everything else is ignored. Null counts as absent."""

    eventName: str | None = None
    serviceName: str | None = None
    errorCode: str | None = None
    errorMessage: str | None = None
    eventId: str | None = None
    requestId: str | None = None
    eventTime: str | None = None
    acsRegion: str | None = None
    recipientAccountId: _Scalar = None
    sourceIpAddress: str | None = None
    userIdentity: _Identity | None = None
    requestParameters: dict[str, Any] | None = None
    responseElements: Any = None
    accessDeniedDetail: Any = None
    AccessDeniedDetail: Any = None


class StartedCreation(msgspec.Struct, frozen=True, kw_only=True):
    """A creation that the API accepted. Whether a permission is missing may show only in the cluster's state.

    `cluster` is the id of the cluster, "" where the event tells none; `name` and `denial.time` find it then. `denial`
    is what the creation becomes if it fails: its code and message come from the cluster's state.
    """

    cluster: str
    name: str
    denial: Denial


class RoleEdited(msgspec.Struct, frozen=True, kw_only=True):
    """A trust policy that `principal` wrote, as the log tells it. `time` is in epoch seconds."""

    signal_id: str
    account: str
    principal: DeniedPrincipal
    role: str
    document: str
    time: int


_decoder = msgspec.json.Decoder(_Event)


def read_event(event: str | bytes | dict[str, Any]) -> Denial | StartedCreation | RoleEdited | PassedOver:
    """Read one event (JSON text, or the object that EventBridge and LookupEvents give).

    Raises RecordRejected if it is no JSON object of the documented types, or a creation without the members that
    name it.
    """
    try:
        # An object goes the way of a text, so that what no text can hold (half a surrogate pair) is found here.
        parsed = _decoder.decode(msgspec.json.encode(event) if isinstance(event, dict) else event)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise RecordRejected(f"not an ActionTrail event: {error}") from error
    if parsed.eventName is None:
        raise RecordRejected("not an ActionTrail event: it has no eventName")
    if parsed.eventName == ROLE_EVENT:
        return _edited(parsed) or PassedOver("other event")
    if parsed.eventName not in CREATION_EVENTS or (parsed.serviceName or "").lower() not in _SERVICES:
        return PassedOver("other event")
    code = parsed.errorCode or ""
    if code.lower() in _NO_ERROR:
        return _started(parsed)
    if not is_permission_code(code):
        return PassedOver(code)
    return _denial(parsed, code)


def _started(event: _Event) -> StartedCreation:
    denial = _denial(event, "")
    if not is_region(denial.region):
        raise RecordRejected(f"a creation in a region that is none: {denial.region[:40]!r}")
    answer, parameters = event.responseElements, event.requestParameters or {}
    told = _word(answer.get("ClusterId") or answer.get("clusterId")) if isinstance(answer, dict) else ""
    return StartedCreation(
        cluster=told if _CLUSTER.fullmatch(told) else "",
        name=_word(parameters.get("ClusterName")) or _word(parameters.get("Name")),
        denial=denial,
    )


_ROLE_NAME = re.compile(r"[A-Za-z0-9.\-]{1,64}", re.ASCII)
_LONGEST_DOCUMENT = 8_192
"""Characters; a trust policy has up to 4,096."""


def _edited(event: _Event) -> RoleEdited | None:
    """None where no trust policy was written: the call was refused, or changed something else of the role."""
    parameters, identity, signal = (
        event.requestParameters or {},
        event.userIdentity,
        event.eventId or event.requestId,
    )
    role, document = _word(parameters.get("RoleName")), _word(parameters.get("NewAssumeRolePolicyDocument"))
    if (event.errorCode or "").lower() not in _NO_ERROR or (event.serviceName or "").lower() != "ram":
        return None
    if identity is None or not signal or not document or len(document) > _LONGEST_DOCUMENT:
        return None
    if not _ROLE_NAME.fullmatch(role):
        return None
    account = _word(event.recipientAccountId) or _word(identity.accountId)
    return RoleEdited(
        signal_id=signal,
        account=account,
        principal=_principal(identity, account),
        role=role,
        document=document,
        time=_epoch(event.eventTime or ""),
    )


def event_names(action: str) -> tuple[str, ...]:
    """The names under which creations are recorded that need this right."""
    return tuple(sorted(name for name in CREATION_EVENTS if _action(name) == action))


def _action(event: str) -> str:
    return "emr:CreateCluster" if event == "Create" else f"emr:{event}"


def is_permission_code(code: str) -> bool:
    """Whether an OpenAPI error code can be a permission problem of cluster creation."""
    lower = code.lower()
    return lower in _PERMISSION_CODES or lower.startswith(_PERMISSION_FAMILIES)


def _denial(event: _Event, code: str) -> Denial:
    signal_id = event.eventId or event.requestId
    identity = event.userIdentity
    if not signal_id or identity is None or not event.acsRegion:
        raise RecordRejected("a creation without eventId, userIdentity or acsRegion")
    parameters = event.requestParameters or {}
    account = _word(event.recipientAccountId) or _word(identity.accountId)
    address = event.sourceIpAddress or ""
    conditions = {"acs:SourceIp": address} if _is_address(address) else {}
    return Denial(
        signal_id=signal_id,
        source="actiontrail",
        account=account,
        region=_word(parameters.get("RegionId")) or event.acsRegion,
        principal=_principal(identity, account),
        action=_action(event.eventName or ""),
        target=ClusterTarget(release=_release(parameters), role=_role(event.eventName or "", parameters)),
        code=code,
        message=event.errorMessage or "",
        time=_epoch(event.eventTime or ""),
        request_id=event.requestId or "",
        conditions={**conditions, "acs:SecureTransport": "true"},
        unknown_conditions=("acs:SourceVpc", "acs:MFAPresent", "acs:UserAgent")
        + (() if conditions else ("acs:SourceIp",)),
        diagnostic=_diagnostic(event),
    )


_ENCODED = re.compile(
    r"EncodedDiagnosticMessage\W{1,8}([A-Za-z0-9+/=_\-]{16,8192})", re.ASCII | re.IGNORECASE
)


def _diagnostic(event: _Event) -> str:
    """The EncodedDiagnosticMessage, if one stands in the event. No page shows one there: it is taken where it is."""
    for detail in (
        event.accessDeniedDetail,
        event.AccessDeniedDetail,
        event.errorMessage,
        event.responseElements,
    ):
        if detail and (found := _ENCODED.search(detail if isinstance(detail, str) else repr(detail))):
            return found[1]
    return ""


def _principal(identity: _Identity, account: str) -> DeniedPrincipal:
    owner = _word(identity.accountId) or account
    ident, name = _word(identity.principalId), _word(identity.userName)
    if identity.type == "ram-user":
        return DeniedPrincipal(type="ram_user", account=owner, id=ident, name=name)
    if identity.type == "assumed-role":
        role, _, session = name.partition(":")
        return DeniedPrincipal(
            type="assumed_role", account=owner, id=ident.partition(":")[0], name=role, session=session
        )
    if identity.type == "root-account":
        return DeniedPrincipal(type="root", account=owner, id=owner)
    return DeniedPrincipal(type="service", account=owner, id=ident, name=name)


def _role(event: str, parameters: dict[str, Any]) -> str:
    """The ECS application role, wherever the API's generation and the client put it; "" if a template holds it."""
    for name in ("NodeAttributes.RamRole", "UserDefinedEmrEcsRole"):
        if value := _word(parameters.get(name)):
            return value
    attributes = parameters.get("NodeAttributes")
    if isinstance(attributes, str):
        attributes = _object(attributes)
    role = _word(attributes.get("RamRole")) if isinstance(attributes, dict) else ""
    return role or _DEFAULTS.get(event, DEFAULT_ROLE)


def _object(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None


def _release(parameters: dict[str, Any]) -> str:
    return _word(parameters.get("ReleaseVersion")) or _word(parameters.get("EmrVer"))


def _word(value: Any) -> str:
    """Text of a member that is a string or a number, depending on the source; "" for anything else."""
    if isinstance(value, bool):
        return ""
    return str(value) if isinstance(value, (str, int)) else ""


def _is_address(text: str) -> bool:
    """Whether sourceIpAddress is an address; it can be `Internal` or a service's host name."""
    from ipaddress import ip_address

    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _epoch(text: str) -> int:
    try:
        return timegm(strptime(text, "%Y-%m-%dT%H:%M:%SZ"))
    except ValueError as error:
        raise RecordRejected(f"eventTime is not a UTC time: {text[:40]!r}") from error
