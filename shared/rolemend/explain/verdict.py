"""Why a call was denied, as far as one sighting supports it.

An AccessDeniedDetail and an EC outrank the error code, and the code outranks the sentence: sentences lie
(https://www.alibabacloud.com/help/en/oss/support/0003-00000201). Where they leave it open, the cause is `unknown`: a
wrong cause is worse than none.
"""

from __future__ import annotations

import re

import msgspec

from rolemend.explain import codes
from rolemend.explain import ec as ecs
from rolemend.explain.names import service_of
from rolemend.explain.phrases import BY_ID, RAM_403, Phrase
from rolemend.explain.sighting import Sighting
from rolemend.text import Text, text

CERTAIN, LIKELY, UNKNOWN = "certain", "likely", "unknown"

OSS_DENIED, CREATION_DENIED, API_DENIED = "oss_denied", "emr_creation_denied", "api_denied"
NO_PERMISSION_PROBLEM, NOT_RECOGNISED = "not_a_permission_problem", "not_recognised"

NOT_PERMISSIONS = frozenset(
    {
        "wrong_endpoint", "referer_blocked", "signature_mismatch", "access_key_invalid", "token_invalid",
        "object_archived", "client_configuration", "requester_pays", "account_suspended", "clock_skew",
    }
)  # fmt: skip
"""Causes that no policy of RAM and no bucket policy can mend. https://help.aliyun.com/zh/oss/support/error-codes"""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """`because` are the words of the text that the cause rests on; `source` is the page that says what they mean."""

    kind: str
    cause: str
    confidence: str
    because: tuple[Text, ...] = ()
    source: str = ""


class _Reading(msgspec.Struct, frozen=True):
    cause: str
    confidence: str
    because: Text
    source: str


def judge(error: Sighting) -> Verdict:
    """The verdict on one sighting; kind NOT_RECOGNISED for one of another cloud or one that tells nothing."""
    reading = _refine(error, _read(error))
    if reading is None and _is_no_error_of_ours(error):
        return Verdict(kind=NOT_RECOGNISED, cause="unknown", confidence=UNKNOWN)
    if reading is None:
        return Verdict(kind=_kind(error, "unknown"), cause="unknown", confidence=UNKNOWN)
    kind = _kind(error, reading.cause)
    if kind == NOT_RECOGNISED:
        return Verdict(kind=kind, cause="unknown", confidence=UNKNOWN)
    confidence = UNKNOWN if reading.cause == "unknown" else reading.confidence
    return Verdict(
        kind=kind,
        cause=reading.cause,
        confidence=confidence,
        because=(reading.because,),
        source=reading.source,
    )


def _is_no_error_of_ours(error: Sighting) -> bool:
    """Sentences that many programs print, without the sign that makes them one of these services."""
    told = error.code or error.ec or error.policy_type
    return not told and not any(_applies(BY_ID[name], error) for name in error.phrases)


def _read(error: Sighting) -> _Reading | None:
    for read in (_special_policy, _fine_code, _identity_policy, _plain_code, _sentence, _bare_denial):
        if (found := read(error)) is not None:
            return found
    return None


_SPECIAL = {
    "controlpolicy": "control_policy_deny",
    "sessionpolicy": "session_policy_deny",
    "assumerolepolicy": "role_not_trusted",
    "vpcendpointpolicy": "vpc_endpoint_policy_deny",
}


def _detail(error: Sighting) -> Text:
    return text(
        "AccessDeniedDetail: PolicyType {policy}, NoPermissionType {kind}",
        policy=error.policy_type or "-",
        kind=error.no_permission or "-",
    )


def _special_policy(error: Sighting) -> _Reading | None:
    cause = _SPECIAL.get(error.policy_type.lower())
    return _Reading(cause, CERTAIN, _detail(error), RAM_403) if cause else None


def _fine_code(error: Sighting) -> _Reading | None:
    if not error.ec:
        return None
    because, source = text("EC {ec}", ec=error.ec), ecs.page_of(error.ec)
    found = ecs.read_ec(error.ec)
    if found is None:
        return None
    cause, confidence = found.cause, found.confidence
    if cause == "permission_missing" and "unsigned" in error.signs:
        return _Reading(
            "anonymous_request",
            CERTAIN,
            text("EC {ec}, and the log says that nobody signed", ec=error.ec),
            source,
        )
    if cause == "permission_missing" and _is_implicit(error):
        confidence = CERTAIN
    return _Reading(cause, confidence, because, source)


def _is_implicit(error: Sighting) -> bool:
    return error.no_permission.lower() == "implicitdeny"


def _identity_policy(error: Sighting) -> _Reading | None:
    kind, policy = error.no_permission.lower(), error.policy_type.lower()
    if kind == "explicitdeny" and policy.endswith("identitybasedpolicy"):
        return _Reading("identity_policy_deny", CERTAIN, _detail(error), RAM_403)
    if (
        kind == "explicitdeny"
        and policy in ("bucketpolicy", "resourcebasedpolicy")
        and error.service == "oss"
    ):
        return _Reading("bucket_policy_deny", CERTAIN, _detail(error), RAM_403)
    if kind == "implicitdeny" and (policy.endswith("identitybasedpolicy") or not policy):
        return _Reading("permission_missing", CERTAIN, _detail(error), RAM_403)
    return None


def _plain_code(error: Sighting) -> _Reading | None:
    cause = codes.cause_of_code(error.code)
    because = text("error code {code}", code=error.code)
    if cause == codes.OTHER and any(BY_ID[name].cause != "unknown" for name in error.phrases):
        return None
    if cause == codes.OTHER:
        return _Reading("unknown", UNKNOWN, because, "")
    if not cause or cause == codes.DENIED:
        return None
    if cause == "access_key_invalid" and ("sts_key" in error.signs or "token_lost" in error.phrases):
        return _Reading(
            "token_invalid",
            LIKELY,
            text("error code {code} for a temporary key", code=error.code),
            _SOURCES["token_invalid"],
        )
    if cause in ("role_not_found", "service_role_missing") and (named := _default_role(error)):
        return _Reading(
            "service_role_missing",
            LIKELY,
            text("error code {code} for the role {role}", code=error.code, role=named),
            _SOURCES["service_role_missing"],
        )
    return _Reading(cause, CERTAIN, because, _SOURCES.get(cause, ""))


_SOURCES = {
    "signature_mismatch": "https://www.alibabacloud.com/help/en/oss/user-guide/http-403-error-code",
    "access_key_invalid": "https://www.alibabacloud.com/help/en/oss/user-guide/http-403-error-code",
    "token_invalid": "https://help.aliyun.com/en/oss/user-guide/0002-00000003",
    "clock_skew": "https://www.alibabacloud.com/help/en/oss/user-guide/http-403-error-code",
    "object_archived": "https://www.alibabacloud.com/help/en/oss/user-guide/http-403-error-code",
    "account_suspended": "https://www.alibabacloud.com/help/en/oss/user-guide/http-403-error-code",
    "role_not_found": "https://api.alibabacloud.com/document/Ecs/2014-05-26/errorCode",
    "role_not_trusted": "https://api.alibabacloud.com/document/Ecs/2014-05-26/errorCode",
    "pass_role_missing": "https://www.alibabacloud.com/help/doc-detail/127172.htm",
    "service_role_missing": "https://www.alibabacloud.com/help/en/emr/emr-on-ecs/user-guide/emr-service-role-19",
    "kms_permission_missing": "https://www.alibabacloud.com/help/en/oss/user-guide/server-side-encryption-8",
    "wrong_endpoint": "https://help.aliyun.com/zh/oss/user-guide/0003-00001403",
    "client_configuration": "https://www.alibabacloud.com/help/en/oss/user-guide/http-403-error-code",
    "https_required": "http://help.aliyun.com/document_detail/28754.html",
}


def _default_role(error: Sighting) -> str:
    """The name of a role that a service creates for itself, if that is the one that is missing."""
    named = (
        error.resource.rpartition("role/")[2]
        if "role/" in error.resource
        else error.code.removeprefix("EntityNotExist.")
    )
    if not named.lower().startswith("aliyun"):
        told = _SERVICES_OWN.search(error.message)
        named = told[0] if told else ""
    return named if named.lower().startswith("aliyun") and named.lower().endswith("role") else ""


_SERVICES_OWN = re.compile(r"\bAliyun[A-Za-z]{2,60}Role\b", re.ASCII)


def _sentence(error: Sighting) -> _Reading | None:
    """The most telling of the sentences: one that names a cause before one that leaves it open."""
    found = [BY_ID[name] for name in error.phrases if _applies(BY_ID[name], error)]
    if not found:
        return None
    chosen = next((phrase for phrase in found if phrase.cause not in ("unknown", "permission_missing")), None)
    chosen = chosen or next((phrase for phrase in found if phrase.cause == "unknown"), found[0])
    because = text("the sentence “{sentence}”", sentence=_shown(chosen, error))
    return _Reading(chosen.cause, chosen.confidence, because, chosen.source)


def _applies(phrase: Phrase, error: Sighting) -> bool:
    return not phrase.needs or phrase.needs in error.signs


def _shown(phrase: Phrase, error: Sighting) -> str:
    quoted = dict(zip(error.phrases, error.quotes, strict=False))
    return quoted.get(phrase.id, "")[:300]


def _bare_denial(error: Sighting) -> _Reading | None:
    """A code that only says "no", with a message that is not known, or without one.

    OSS answers AccessDenied to a wrong endpoint as well, and every service NoPermission to a control policy: a code
    without a message decides nothing. What follows may have been cut off.
    """
    if codes.cause_of_code(error.code) != codes.DENIED:
        return None
    because = text("error code {code}", code=error.code)
    of_oss = error.service in ("oss", "") and error.code.startswith("Access")
    if of_oss and error.message == "AccessDenied":
        return _Reading("permission_missing", LIKELY, because, ecs.page_of("0003-00000001"))
    of_anybody = error.code in codes.ANYBODYS and "alibaba" not in error.signs and not error.service
    if of_oss or of_anybody or "creation" in error.signs or " " not in error.message:
        return _Reading("unknown", UNKNOWN, because, "")
    return _Reading("permission_missing", LIKELY, because, RAM_403)


def _refine(error: Sighting, reading: _Reading | None) -> _Reading | None:
    """What the action makes of a missing permission: passing a role, or the use of a key."""
    if reading is None or reading.cause != "permission_missing":
        return reading
    if error.action.lower() == "ram:passrole":
        return msgspec.structs.replace(reading, cause="pass_role_missing")
    if service_of(error.action) == "kms" or error.service == "kms":
        return msgspec.structs.replace(reading, cause="kms_permission_missing")
    if error.guessed:
        return msgspec.structs.replace(reading, confidence=LIKELY)
    return reading


def _kind(error: Sighting, cause: str) -> str:
    if cause in NOT_PERMISSIONS and not ("s3" in error.signs and cause in _OWN):
        return NO_PERMISSION_PROBLEM
    if "s3" in error.signs or (cause == "unknown" and _is_of_anybody(error)):
        return NOT_RECOGNISED
    if cause == "unknown" and (
        _is_other(error) or (ecs.EC.fullmatch(error.ec) and ecs.is_no_permission_matter(error.ec))
    ):
        return NO_PERMISSION_PROBLEM
    if error.service == "emr" and (
        "creation" in error.signs or cause in ("service_role_missing", "pass_role_missing")
    ):
        return CREATION_DENIED
    return OSS_DENIED if error.service == "oss" else API_DENIED


_OWN = frozenset({"wrong_endpoint", "access_key_invalid", "token_invalid", "client_configuration"})
"""Causes whose remedy is another one on another cloud."""


def _is_of_anybody(error: Sighting) -> bool:
    """A code that any program prints, with a message of its own and nothing of Alibaba Cloud around it."""
    return (
        error.code in codes.ANYBODYS
        and not (error.ec or error.policy_type or error.service or error.phrases)
        and " " in error.message
        and "alibaba" not in error.signs
    )


def _is_other(error: Sighting) -> bool:
    other = {name for name in error.phrases if BY_ID[name].codes.startswith("other")}
    return codes.cause_of_code(error.code) == codes.OTHER or bool(other)
