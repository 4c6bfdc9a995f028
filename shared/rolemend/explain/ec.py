"""OSS's fine-grained error codes (EC), and what each supports.

https://help.aliyun.com/zh/oss/support/error-codes . The pages warn that values may change, so an EC that is not known
here decides nothing.
"""

from __future__ import annotations

import re

import msgspec

_PAGE = "https://help.aliyun.com/zh/oss/support/{ec}"
EC = re.compile(r"(?<!\d)00\d\d-\d{8}(?!\d)", re.ASCII)


class Reading(msgspec.Struct, frozen=True):
    """What an EC supports: a cause, and how surely."""

    cause: str
    confidence: str = "certain"


_EXACT = {
    "0003-00000001": Reading("permission_missing", "likely"),  # a wrong key or signature gives it as well
    "0003-00000002": Reading("anonymous_request", "likely"),  # or credentials that cannot be used
    "0003-00000005": Reading("permission_missing", "likely"),  # or the platform blocks the object
    "0003-00000006": Reading("permission_missing"),
    "0003-00000007": Reading("permission_missing"),
    "0003-00000008": Reading("permission_missing"),
    "0003-00000101": Reading("bucket_policy_deny"),
    "0003-00000201": Reading("identity_policy_deny"),
    "0003-00000202": Reading("permission_missing"),
    "0003-00000203": Reading("bucket_policy_deny"),  # a RAM policy denies as well
    "0003-00000301": Reading("session_policy_deny"),
    "0003-00000401": Reading("vpc_endpoint_policy_deny"),
    "0003-00000501": Reading("referer_blocked"),
    "0003-00000502": Reading("referer_blocked"),
    "0003-00000503": Reading("referer_blocked"),
    "0003-00000701": Reading("requester_pays"),
    "0003-00000702": Reading("requester_pays"),
    "0003-00000703": Reading("requester_pays"),
    "0003-00000801": Reading("account_suspended"),
    "0003-00000803": Reading("account_suspended"),
    "0003-00000806": Reading("account_suspended"),
    "0003-00000905": Reading(
        "permission_missing", "likely"
    ),  # or the bucket was released after debt, or nobody signed
    "0003-00001201": Reading("anonymous_request"),
    "0003-00001401": Reading("client_configuration"),
    "0003-00001403": Reading("wrong_endpoint"),
    "0048-00000401": Reading("wrong_endpoint", "likely"),
    "0002-00000003": Reading("token_invalid"),
    "0002-00000004": Reading("token_invalid"),
    "0002-00000006": Reading("token_invalid"),
    "0002-00000007": Reading("token_invalid"),
    "0002-00000008": Reading("token_invalid"),
    "0002-00000040": Reading("signature_mismatch"),
    "0002-00000201": Reading("signature_mismatch"),
    "0002-00000430": Reading("signature_mismatch"),
    "0002-00000501": Reading("clock_skew"),
    "0002-00000504": Reading("clock_skew"),
    "0002-00000503": Reading("client_configuration"),
    "0002-00000707": Reading("client_configuration"),
    "0002-00000901": Reading("access_key_invalid"),
    "0002-00000902": Reading("access_key_invalid"),
    "0002-00000903": Reading("access_key_invalid"),
    "0002-00000904": Reading("access_key_invalid"),
}
_HEADER = re.compile(r"0002-00000(?:10[2-8]|20[2-4]|213|227|303|402)", re.ASCII)
"""An Authorization header that the client has built wrongly."""

BOTH_POLICIES = "0003-00000203"
BATCH = "0003-00000204"
"""Several keys in one call, some of them denied, by the bucket policy or a RAM policy: it does not say by which."""


def read_ec(ec: str) -> Reading | None:
    """What an EC supports, or None if it decides nothing about permissions."""
    if found := _EXACT.get(ec):
        return found
    return Reading("client_configuration", "likely") if _HEADER.fullmatch(ec) else None


def is_known(ec: str) -> bool:
    """Whether an EC that stands by itself in a text is one, and no telephone number."""
    return ec in _EXACT or ec == BATCH or bool(_HEADER.fullmatch(ec))


def is_no_permission_matter(ec: str) -> bool:
    """EC families other than access control and keys: storage class, request, bucket, quality of service."""
    return not ec.startswith(("0002-", "0003-", "0030-", "0048-"))


def page_of(ec: str) -> str:
    """The documentation page of an EC."""
    return _PAGE.format(ec=ec)
