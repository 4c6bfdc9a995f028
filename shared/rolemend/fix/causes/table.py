"""Which fix belongs to which cause."""

from __future__ import annotations

from collections.abc import Callable

from rolemend.fix.causes import requests, rights, roles, services
from rolemend.fix.causes.case import Case
from rolemend.fix.names import Names

_FIXES: dict[str, Callable[[Names], Case]] = {
    "wrong_endpoint": requests.wrong_endpoint,
    "identity_policy_deny": rights.identity_deny,
    "bucket_policy_deny": rights.bucket_deny,
    "session_policy_deny": rights.session_deny,
    "vpc_endpoint_policy_deny": rights.vpc_endpoint_deny,
    "control_policy_deny": rights.control_deny,
    "anonymous_request": requests.anonymous,
    "referer_blocked": requests.referer,
    "kms_permission_missing": rights.kms_right,
    "signature_mismatch": requests.signature,
    "access_key_invalid": requests.access_key,
    "token_invalid": requests.token,
    "role_not_found": roles.role_not_found,
    "role_not_trusted": roles.role_not_trusted,
    "pass_role_missing": roles.pass_role,
    "service_role_missing": roles.service_role,
    "object_archived": requests.archived,
    "https_required": requests.https_only,
    "client_configuration": requests.client,
    "block_public_access": requests.public_block,
    "dlf_data_permission_missing": rights.dlf_data_right,
    "requester_pays": requests.requester_pays,
    "account_suspended": requests.suspended,
    "clock_skew": requests.clock,
}
_MISSING = {
    "oss_denied": rights.oss_right,
    "emr_creation_denied": rights.creation_right,
    "api_denied": services.api_right,
}


def fix_for(kind: str, cause: str) -> Callable[[Names], Case] | None:
    """The fix for a cause, or None where nobody knows one."""
    if cause == "permission_missing":
        return _MISSING.get(kind)
    if cause == "unknown":
        return (
            rights.some_deny
            if kind == "oss_denied"
            else rights.creation_right
            if kind == "emr_creation_denied"
            else None
        )
    return _FIXES.get(cause)
