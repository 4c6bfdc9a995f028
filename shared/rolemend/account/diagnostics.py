"""What the services keep of a denied call: RAM's DecodeDiagnosticMessage and OpenAPI Explorer's GetRequestLog.

https://www.alibabacloud.com/help/en/ram/developer-reference/api-ram-2015-05-01-decodediagnosticmessage
https://help.aliyun.com/en/openapi/developer-reference/api-openapiexplorer-2024-11-30-getrequestlog
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from rolemend.account.access import Access
from rolemend.account.calls import ask, openapi_config, reading, translate_openapi
from rolemend.account.interface import Reading
from rolemend.errors import NotThere
from rolemend.signals.denial import DeniedDetail

_ENDPOINT = "openapi-mcp.cn-hangzhou.aliyuncs.com"
"""The one for accounts of the China site; it answers for the calls of every region."""
_SECONDS = 5
"""How long an answer is waited for: the diagnosis goes on without it."""


class LiveDiagnostics:
    """`Diagnostics` on the live account. Each call is tried once: what it tells is more than is needed."""

    def __init__(self, access: Access) -> None:
        self._access = msgspec.structs.replace(access, tries=1)

    def decode(self, encoded: str) -> Reading[DeniedDetail]:
        return reading(lambda: self._decode(encoded))

    def request_log(self, request_id: str) -> Reading[DeniedDetail]:
        return reading(lambda: self._request_log(request_id))

    def _ask(self, operation: str, call: Callable[..., Any], *values: Any) -> Any:
        return ask(self._access, operation, translate_openapi, call, *values)

    def _decode(self, encoded: str) -> DeniedDetail:
        from alibabacloud_ram20150501.client import Client
        from alibabacloud_ram20150501.models import DecodeDiagnosticMessageRequest

        client = Client(openapi_config(self._access, "ram.aliyuncs.com"))
        request = DecodeDiagnosticMessageRequest(encoded_diagnostic_message=encoded)
        answer = self._ask("DecodeDiagnosticMessage", client.decode_diagnostic_message, request)
        return _decoded(answer.body.decoded_diagnostic_message.to_map())

    def _request_log(self, request_id: str) -> DeniedDetail:
        """With the client that all OpenAPI SDKs are made of: a package of its own would be loaded for one call."""
        from alibabacloud_tea_openapi.client import Client
        from alibabacloud_tea_openapi.models import OpenApiRequest, Params
        from alibabacloud_tea_util.models import RuntimeOptions

        config = openapi_config(self._access, _ENDPOINT)
        config.connect_timeout = config.read_timeout = _SECONDS * 1000
        params = Params(
            action="GetRequestLog", version="2024-11-30", protocol=self._access.scheme, pathname="/getRequestLog",
            method="GET", auth_type="AK", style="ROA", req_body_type="json", body_type="json",
        )  # fmt: skip
        request = OpenApiRequest(query={"logRequestId": request_id})
        answer = self._ask("GetRequestLog", Client(config).call_api, params, request, RuntimeOptions())
        info = _members(_members(_members(answer.get("body")).get("logInfo")).get("basicInfo"))
        detail = _members(info.get("accessDeniedDetail"))
        if not detail:
            raise NotThere("GetRequestLog", "NoAccessDeniedDetail", "the log of the call holds none")
        return _logged(detail)


def _members(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _word(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _decoded(message: dict[str, Any]) -> DeniedDetail:
    principal = _members(message.get("AuthPrincipal"))
    explicit = message.get("ExplicitDeny")
    policies = message.get("MatchedPolicies")
    return DeniedDetail(
        action=_word(message.get("AuthAction")),
        resource=_word(message.get("AuthResource")),
        owner=_word(principal.get("AuthPrincipalOwnerId")),
        principal_type=_word(principal.get("AuthPrincipalType")),
        principal=_word(principal.get("AuthPrincipalDisplayName")),
        explicit=explicit if isinstance(explicit, bool) else None,
        policy_type=_word(message.get("NoPermissionPolicyType")),
        matched=tuple(map(_policy, policies if isinstance(policies, list) else [])),
    )


def _policy(value: Any) -> str:
    policy = _members(value)
    name, entity = _word(policy.get("PolicyIdentifier")), _word(policy.get("AttachedEntityType"))
    return f"{name} ({entity})" if entity else name


def _logged(detail: dict[str, Any]) -> DeniedDetail:
    kind = _word(detail.get("noPermissionType"))
    return DeniedDetail(
        action=_word(detail.get("authAction")),
        owner=_word(detail.get("authPrincipalOwnerId")),
        principal_type=_word(detail.get("authPrincipalType")),
        principal=_word(detail.get("authPrincipalDisplayName")),
        explicit={"ExplicitDeny": True, "ImplicitDeny": False}.get(kind),
        policy_type=_word(detail.get("policyType")),
        encoded=_word(detail.get("encodedDiagnosticMessage")),
    )
