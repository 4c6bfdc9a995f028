"""Error codes of OSS and of the OpenAPI services, and what each supports by itself.

OSS: https://www.alibabacloud.com/help/en/oss/user-guide/http-403-error-code
OpenAPI: https://alibabacloud.com/help/en/ram/support/how-to-troubleshoot-an-access-denied-error
"""

from __future__ import annotations

import re
from functools import cache

DENIED = "denied"
"""A code that says "no" and nothing more: a sentence, an EC or an AccessDeniedDetail must tell why."""

OTHER = "other"
"""A code that has nothing to do with permissions."""

_CAUSES = {
    "signature_mismatch": "SignatureDoesNotMatch SignatureNotMatch IncompleteSignature InvalidSignature",
    "access_key_invalid": "InvalidAccessKeyId InvalidAccessKeyId.NotFound InvalidAccessKeyId.Inactive "
    "InvalidAccessKeyId.Disabled InvalidAccessKeySecret InvalidKeyId",
    "token_invalid": "SecurityTokenExpired InvalidSecurityToken InvalidSecurityToken.Expired "
    "InvalidSecurityToken.Malformed InvalidSecurityToken.MismatchWithAccessKey InvalidSecurityToken.IsEmpty "
    "MissingSecurityToken AccessKeyIdAndSecurityTokenNotMatch InvalidParameter.SecurityToken.Expired "
    "SecurityTokenNotSupported",
    "clock_skew": "RequestTimeTooSkewed InvalidTimeStamp.Expired InvalidTimeStamp.Format IllegalTimestamp "
    "RequestTimeExpired",
    "object_archived": "InvalidObjectState",
    "account_suspended": "UserDisable UserDisabled InDebt InDebtOverdue AbnormalBucketOwnerStatus "
    "Account.Arrearage Forbidden.InDebt Forbidden.Arrears InvalidAccountStatus.NotEnoughBalance",
    "role_not_found": "InvalidRamRole.NotFound EntityNotExist.Role InvalidRAMRole.NotFound",
    "role_not_trusted": "InvalidRamRole.NotEcsRole InvalidRAMRole.NotEcsRole",
    "pass_role_missing": "InvalidUser.PassRoleForbidden InvalidRamUser.PassRoleForbidden",
    "service_role_missing": "Cluster.Role.NotConfirm ServiceRoleNotFound ServiceLinkedRoleNotExist "
    "ServiceLinkedRole.NotExist ErrKubernetesAuditRoleNotAttach",
    "kms_permission_missing": "InvalidParameter.KMSKeyId.CMKUnauthorized",
    "wrong_endpoint": "PermanentRedirect",
    "client_configuration": "NonStandardHostForbidden SecondLevelDomainForbidden UnknownHost InvalidCredentials",
    "https_required": "InvalidProtocol.NeedSsl",
    DENIED: "AccessDenied AccessDeniedError AccessForbidden Forbidden Forbbiden Forbidden.RAM Forbidden.NoPermission "
    "Forbidden.SubUser Forbidden.Unauthorized Forbidden.AccessDenied NoPermission NotAuthorized Unauthorized "
    "UnauthorizedError StatusForbidden RAM.Permission.NotAllow InvalidAuthorization OTSNoPermissionAccess "
    "OTSAuthFailed BucketNotBelongTo FCAccessDeniedError NoPermissionError UserNotAllowed Forbidden.Access",
    OTHER: "NoSuchKey NoSuchBucket InvalidBucketName BucketAlreadyExists NoSuchUpload ConnectionTimeout SocketTimeout "
    "ProjectNotExist LogStoreNotExist Forbidden.KeyNotFound EntityAlreadyExists.Role EntityAlreadyExists.Policy "
    "EntityNotExist.Policy EntityNotExist.User InvalidInstanceId.NotFound Throttling Throttling.User Throttling.Api "
    "ServiceUnavailable InternalError BucketDisable UbsmsInvalidBid OutOfStock QuotaExceeded RequestTimeout "
    "InvalidArgument ImageDamage CnameDenied User.OtherUserResource.NotAllow",
}  # fmt: skip
_CAUSE_OF = {code: cause for cause, codes in _CAUSES.items() for code in codes.split()}

ANYBODYS = frozenset({"Forbidden", "Unauthorized", "AccessDenied", "AccessForbidden", "NotAuthorized"})
"""Codes that programs of any kind answer with: by themselves no sign of Alibaba Cloud."""

SERVICE_OF = {
    "Cluster.Role.NotConfirm": "emr",
    "RAM.Permission.NotAllow": "emr",
    "Forbbiden": "",
    "InvalidRamRole.NotEcsRole": "ecs",
    "InvalidRamRole.NotFound": "ecs",
    "InvalidUser.PassRoleForbidden": "ecs",
}
"""Codes that one service alone answers with."""

_SPELLED_OUT = sorted(
    (code for code in _CAUSE_OF if code not in ("Forbidden", "Unauthorized")), key=len, reverse=True
)
_PLAIN = frozenset(
    {
        "AccessDenied", "AccessForbidden", "NotAuthorized", "NoPermission", "Throttling", "ServiceUnavailable",
        "InternalError", "InvalidArgument", "QuotaExceeded", "OutOfStock", "RequestTimeout", "NoSuchKey",
        "NoSuchBucket", "UserDisabled", "InvalidSignature", "AccessDeniedError", "UnauthorizedError",
        "NoPermissionError", "UserNotAllowed", "InvalidCredentials", "UnknownHost",
    }
)  # fmt: skip
"""Codes that are words of prose and of other clouds as well: they count behind `Code:` or before a sentence."""


def cause_of_code(code: str) -> str:
    """The cause a code stands for, DENIED or OTHER; "" for a code that is not known."""
    if found := _CAUSE_OF.get(code):
        return found
    for ending in ("Error", "Exception"):
        if code.endswith(ending) and (found := _CAUSE_OF.get(code.removesuffix(ending))):
            return found
    if code.startswith("EntityNotExist.") and re.fullmatch(
        r"EntityNotExist\.[A-Za-z][\w\-]*Role[\w\-]*", code
    ):
        return "service_role_missing"
    if code.startswith("NoPermission."):
        return DENIED
    return ""


@cache
def bare_code() -> re.Pattern[str]:
    """Known codes that stand in a text by themselves, without a name before them."""
    own = "|".join(re.escape(code) for code in _SPELLED_OUT if code not in _PLAIN)
    plain = "|".join(sorted(_PLAIN, key=len, reverse=True))
    return re.compile(
        rf"(?<![\w.\-/])(?:(?P<own>{own}|EntityNotExist\.[A-Za-z]\w*Role\w*)(?:Error|Exception)?(?![\w.]\w|\w)"
        rf"|(?P<plain>{plain})(?=: ?[A-Z]))",
        re.ASCII,
    )
