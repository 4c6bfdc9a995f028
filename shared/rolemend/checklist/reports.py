"""What OSS itself reports about a refusal: the EC code, and the PolicyType where an AccessDeniedDetail told it.

The texts of OSS mislead; what decides is here. Codes: https://help.aliyun.com/zh/oss/support/error-codes and the page
of each (`https://help.aliyun.com/zh/oss/support/<EC>`); PolicyType:
https://www.alibabacloud.com/help/en/ram/support/how-to-troubleshoot-an-access-denied-error .
"""

from __future__ import annotations

from rolemend.checklist.model import REPORTED, Evidence
from rolemend.checklist.told import is_identity_based, said_by_ram
from rolemend.signals.denial import Denial
from rolemend.text import text

WRONG_ENDPOINT = "0003-00001403"
BUCKET_POLICY_DENY = ("0003-00000101", "0003-00000203")
"""A Deny of the bucket policy, alone or beside one of RAM."""
RAM_DENY = ("0003-00000201", "0003-00000203")
"""A Deny of RAM. A control policy's is said to share the code."""
NOTHING_ALLOWS = ("0003-00000001", "0003-00000002", "0003-00000202", "0003-00000905")
OBJECT_ACL = ("0003-00000005", "0003-00000006", "0003-00000007", "0003-00000008")
SESSION_POLICY = "0003-00000301"
VPC_ENDPOINT = "0003-00000401"
REFERER = ("0003-00000501", "0003-00000502", "0003-00000503")
REQUESTER_PAYS = ("0003-00000701", "0003-00000702", "0003-00000703")
SUSPENDED = "0003-000008"
"""The family of an account that is disabled, in debt or gone."""
BUCKET_DISABLED = "0003-00000908"
ENCRYPTION = "0005-"
"""The family of encryption. No page names the number for a missing right on a key."""

_CAUSES: dict[str, tuple[str, ...]] = {
    WRONG_ENDPOINT: ("wrong_endpoint",),
    "0003-00000101": ("bucket_policy_deny", "https_required"),
    "0003-00000201": ("identity_policy_deny", "control_policy_deny", "https_required"),
    "0003-00000203": ("identity_policy_deny", "bucket_policy_deny", "https_required"),
    "0003-00000204": ("identity_policy_deny", "bucket_policy_deny", "https_required"),
    SESSION_POLICY: ("session_policy_deny",),
    VPC_ENDPOINT: ("vpc_endpoint_policy_deny",),
    BUCKET_DISABLED: ("account_suspended",),
    **dict.fromkeys(REFERER, ("referer_blocked",)),
    **dict.fromkeys(REQUESTER_PAYS, ("requester_pays",)),
}
_BY_POLICY_TYPE = {"ControlPolicy": "control_policy_deny", "SessionPolicy": "session_policy_deny"}


def reported_causes(denial: Denial) -> tuple[str, ...]:
    """The causes that the service's report leaves possible; none where it does not narrow them down."""
    if denial.policy_type in _BY_POLICY_TYPE:
        return (_BY_POLICY_TYPE[denial.policy_type],)
    if denial.detail is not None and denial.detail.explicit and is_identity_based(denial.detail):
        return ("identity_policy_deny", "https_required")
    code = denial.detail_code
    if is_suspended(denial):
        return ("account_suspended",)
    if code.startswith(ENCRYPTION):
        return ("kms_permission_missing",)
    return _CAUSES.get(code, ())


def is_suspended(denial: Denial) -> bool:
    """Whether the account or the bucket itself is switched off."""
    code = denial.detail_code
    return (
        code.startswith(SUSPENDED)
        or code == BUCKET_DISABLED
        or denial.code in ("UserDisable", "BucketDisable")
    )


def reported(denial: Denial) -> tuple[Evidence, ...]:
    """The service's own words as evidence."""
    found = [said_by_ram(denial.detail)] if denial.detail is not None else []
    if denial.detail_code:
        found.append(Evidence(text("OSS reported EC {ec}.", ec=denial.detail_code), REPORTED))
    if denial.policy_type and denial.detail is None:
        found.append(
            Evidence(text("The service reported PolicyType {type}.", type=denial.policy_type), REPORTED)
        )
    return tuple(found)
