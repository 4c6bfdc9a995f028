"""Sentences that services are known to answer with, and what each supports by itself.

A sentence is weaker than an EC or an AccessDeniedDetail: "because of bucket acl" is answered to a RAM policy that does
not list the bucket, "Access denied by bucket policy." to a Deny of a RAM policy
(https://www.alibabacloud.com/help/en/oss/support/0003-00000201). So none of them decides alone beyond `likely`.
"""

from __future__ import annotations

import re
from functools import cache

import msgspec

OSS_403 = "https://www.alibabacloud.com/help/en/oss/user-guide/http-403-error-code"
OSS_403_OLD = "https://www.alibabacloud.com/help/doc-detail/42777.htm"
RAM_403 = "https://alibabacloud.com/help/en/ram/support/how-to-troubleshoot-an-access-denied-error"
ECS_ERRORS = "https://api.alibabacloud.com/document/Ecs/2014-05-26/errorCode"
STS_ERRORS = "https://www.alibabacloud.com/help/doc-detail/42775.htm"


class Phrase(msgspec.Struct, frozen=True):
    """`pattern` finds the sentence; groups `action` and `resource` name what it names.

    `service` is whose sentence it is ("" for several), `needs` a sign that must stand around it, `codes` the codes it
    comes with where it has codes of its own ("" for the general ones, such as AccessDenied).
    """

    id: str
    pattern: str
    cause: str
    confidence: str = "likely"
    service: str = ""
    action: str = ""
    codes: str = ""
    needs: str = ""
    source: str = OSS_403


_RESOURCE = r"(?P<resource>acs:[^\s,;'\"}\]<>]+)"
_ACTION = r"(?P<action>[a-z][a-z0-9\-]+:[A-Za-z*]+)"

PHRASES = (
    # OSS: nothing allows the call, as far as the sentence goes.
    Phrase("bucket_acl", r"You have no right to access this object because of bucket acl", "permission_missing", service="oss"),
    Phrase("no_right", r"You have no right to access this (?:object|bucket)", "permission_missing", service="oss"),
    Phrase("not_yours", r"The bucket you access does not belong to you", "permission_missing", service="oss"),
    Phrase("list_buckets", r"You are forbidden to list buckets", "permission_missing", service="oss",
           action="oss:ListBuckets", source=OSS_403_OLD),
    Phrase("write_acl", r"You do not have write acl permission on this object", "permission_missing", service="oss",
           action="oss:PutObjectAcl", source=OSS_403_OLD),
    Phrase("read_acl", r"You do not have read acl permission on this object", "permission_missing", service="oss",
           action="oss:GetObjectAcl", source=OSS_403_OLD),
    Phrase("object_right", r"You do not have (?:read|write) permission on this (?:object|bucket)", "permission_missing",
           service="oss", source=OSS_403_OLD),
    Phrase("put_bucket", r"Put bucket request is not resource owner", "permission_missing", service="oss",
           action="oss:PutBucket", source="https://help.aliyun.com/en/oss/user-guide/0003-00000202"),
    Phrase("console", r"There is no corresponding access rights", "permission_missing", service="oss",
           source="https://github.com/aliyun/terraform-provider-alicloud/issues/1583"),
    Phrase("oss_denied", r"(?:OSSException|exceptions\.AccessDenied)[^\S\n]*:[^\S\n]*Access ?denied\.?[^\S\n]*(?=\n|\r|\[|$)",
           "permission_missing", service="oss", source="https://www.alibabacloud.com/help/en/oss/support/0003-00000001"),
    # OSS: something denies it.
    Phrase("bucket_policy", r"Access denied by bucket policy", "unknown", service="oss",
           source="https://www.alibabacloud.com/help/en/oss/support/0003-00000201"),
    Phrase("authorizer", r"Access denied by authorizer.{0,8}?s policy", "session_policy_deny",
           source="https://help.aliyun.com/zh/oss/support/0003-00000301"),
    Phrase("vpc_policy", r"Access denied by VPC endpoint policy", "vpc_endpoint_policy_deny", service="oss",
           source="https://www.alibabacloud.com/help/en/oss/support/0003-00000401"),
    Phrase("referer", r"You are denied by bucket referer policy", "referer_blocked", service="oss",
           source="https://www.alibabacloud.com/help/en/oss/user-guide/0003-00000501"),
    Phrase("kms", r"This request is forbidden by kms", "kms_permission_missing", service="oss"),
    Phrase("cmk", r"This operation for kmsKeyId is forbidden by KMS", "kms_permission_missing",
           codes="kms_permission_missing", source=ECS_ERRORS),
    Phrase("requester", r"Access denied for requester pay bucket", "requester_pays", service="oss",
           source="https://www.alibabacloud.com/help/en/oss/support/0003-00000702"),
    Phrase("anonymous", r"Anonymous (?:user has no right to access this (?:bucket|object)|access is forbidden)",
           "anonymous_request", service="oss", source="https://help.aliyun.com/zh/oss/support/0003-00001201"),
    Phrase("endpoint", r"The bucket you are attempting to access must be addressed using the specified endpoint",
           "wrong_endpoint", service="oss", codes="wrong_endpoint|denied", source="https://help.aliyun.com/zh/oss/user-guide/0003-00001403"),
    Phrase("public_block", r"Put public (?:bucket|object) (?:acl/)?(?:acl|policy) is not allowed", "block_public_access",
           service="oss", source="https://help.aliyun.com/en/oss/developer-reference/putbucketpublicaccessblock"),
    Phrase("security", r"Cannot visit oss, forbidden by security system", "unknown", service="oss"),
    # Keys, tokens, clocks.
    Phrase("signature", r"The request signature we calculated does not match|signature \S+ not match"
           r"|Specified signature (?:is not matched|does not match)", "signature_mismatch", codes="signature_mismatch"),
    Phrase("token_lost", r"The Security Token may be lost", "token_invalid", codes="access_key_invalid|token_invalid",
           source="https://help.aliyun.com/en/oss/user-guide/0002-00000003"),
    Phrase("token", r"The security token you provided (?:has expired|is invalid)"
           r"|The OSS access key id and security token you provided does not match"
           r"|Specified SecurityToken is (?:expired|malformed|mismatch|invalid)|SecurityToken\.Expired"
           r"|SecurityToken is mandatory for this action", "token_invalid", codes="token_invalid",
           source="https://help.aliyun.com/en/oss/user-guide/0002-00000007"),
    Phrase("key", r"The OSS Access ?Key Id you provided (?:does not exist in our records|is disabled)"
           r"|Specified access key is (?:not found|disabled)|AccessKeyId not found", "access_key_invalid",
           codes="access_key_invalid|token_invalid"),
    Phrase("clock", r"The difference between the request time and the (?:current|server's) time is too large"
           r"|Specified time stamp or date value is (?:expired|not well formatted)", "clock_skew", codes="clock_skew"),
    # What looks like a permission and is none.
    Phrase("archived", r"The operation is not valid for the object's state", "object_archived", codes="object_archived",
           source="https://www.alibabacloud.com/help/en/oss/user-guide/http-403-error-code"),
    Phrase("debt", r"Current user is indebted|The status of the bucket owner is abnormal", "account_suspended",
           codes="account_suspended"),
    Phrase("no_kms", r"Your account partner does not have KMS Service", "unknown", service="oss", codes="other"),
    Phrase("url_expired", r"(?:^|[>\"':\s])Request has expired\.", "unknown", service="oss",
           codes="other|denied", source=OSS_403),
    Phrase("form_policy", r"Invalid according to Policy: Policy", "unknown", service="oss", codes="other|denied"),
    Phrase("cors", r"CORSResponse: This CORS request is not allowed", "unknown", service="oss", codes="other|denied"),
    # RAM and STS, by every service.
    Phrase("not_authorized_resource", r"User not authorized to operate on the specified resource", "permission_missing",
           source=RAM_403),
    Phrase("pass_role", r"does not have the privilege to pass a RAM role|not authorized[^\n]{0,160}ram:PassRole"
           r"|Action: ?ram:PassRole|perform 'ram:PassRole'", "pass_role_missing", "certain", codes="pass_role_missing|denied",
           action="ram:PassRole", source="https://www.alibabacloud.com/help/doc-detail/127172.htm"),
    Phrase("not_authorized_action", r"You are not authorized to do this action", "permission_missing", source=RAM_403),
    Phrase("not_authorized_operation", r"You are not authorized to perform (?:the|this) operation"
           r"|It is not allow to execute this operation|You are not authorized by RAM for this request"
           r"|You have no permission to access the requested resource", "permission_missing", source=RAM_403),
    Phrase("sls", rf"denied by sts or ram(?:, action: {_ACTION})?(?:, resource: {_RESOURCE})?",
           "permission_missing", service="log", source="https://github.com/AliyunContainerService/log-pilot/issues/85"),
    Phrase("fc", rf"the caller is not authorized to perform '?{_ACTION}'?(?: on resource '?{_RESOURCE}'?)?",
           "permission_missing", source="https://help.aliyun.com/zh/functioncompute/fc/policies-and-sample-policies"),
    Phrase("fc_logstore", r"No permission to access the logstore", "permission_missing", service="fc",
           source="https://github.com/aliyun/serverless-aliyun-function-compute/issues/62"),
    Phrase("odps_policy", r"You have [Nn][Oo] privilege '?odps:[A-Za-z]+'? on \S+ Explicitly denied by policy", "unknown",
           service="odps", source="https://help.aliyun.com/en/maxcompute/odps-0130013"),
    Phrase("odps", rf"You have [Nn][Oo] privilege '?{_ACTION}'? on \{{?{_RESOURCE}\}}?",
           "permission_missing", service="odps", source="https://help.aliyun.com/en/maxcompute/user-guide/odps-0420095"),
    Phrase("odps_member", r"You don't exist in project", "permission_missing", service="odps",
           source="https://help.aliyun.com/en/maxcompute/user-guide/odps-0420095"),
    Phrase("control_policy", r"[Dd]enied by (?:the |a )?(?:resource directory )?control policy", "control_policy_deny",
           source=RAM_403),
    Phrase("tls", r"Your request is denied as lack of ssl protect|The plain HTTP request was sent to HTTPS port",
           "https_required", codes="https_required|denied", source="http://help.aliyun.com/document_detail/28754.html"),
    # Roles.
    Phrase("no_role", r"The role not exists|The specified (?:parameter )?\"?RAMRoleName\"? does not exist"
           r"|The role [^\s,]{1,80}\s+(?:does )?not exist", "role_not_found", "certain", codes="role_not_found|service_role_missing",
           source=ECS_ERRORS),
    Phrase("no_ecs_trust", r"The specified ram role is not authorized for ecs", "role_not_trusted", "certain",
           codes="role_not_trusted", source=ECS_ERRORS),
    Phrase("no_trust", r"No permission to assume the role", "role_not_trusted",
           source="https://github.com/awesome-fc/fc-faq/blob/main/docs/service_role.md"),
    Phrase("no_service_role", r"The Role for EMR service to operate is Not confirmed", "service_role_missing", "certain",
           service="emr", codes="service_role_missing", source="https://www.alibabacloud.com/help/en/emr/emr-on-ecs/user-guide/emr-service-role-19"),
    Phrase("service_role", r"service role not attach", "service_role_missing", codes="service_role_missing",
           source="https://github.com/aliyun/terraform-provider-alicloud/issues/1034"),
    Phrase("root_assumes", r"Roles may not be assumed by root accounts", "client_configuration", service="sts",
           source=STS_ERRORS),
    # Data Lake Formation's own permissions, which are not RAM's.
    Phrase("paimon", r"(?:Table|Database|View) \S{1,200} has no permission|(?:Table|Database|View)NoPermissionException",
           "dlf_data_permission_missing", service="dlf", codes="denied",
           source="https://www.alibabacloud.com/help/en/dlf/dlf-2-0/user-guide/manage-data-permissions"),
    Phrase("dlf_privilege", r"(?:does not|doesn't|do not|don't) have (?:the |any |enough )?(?:data )?(?:privilege|permission)s?"
           r"|[Nn]o (?:data )?privilege", "dlf_data_permission_missing", service="dlf", codes="denied", needs="dlf",
           source="https://www.alibabacloud.com/help/en/dlf/dlf-1-0/user-guide/permission-description"),
    # The client's own settings.
    Phrase("no_filesystem", r"No (?:FileSystem|Jindo Store) for scheme:? ?\"?oss\b"
           r"|(?:ClassNotFoundException|NoClassDefFoundError):[^\n]{0,80}?(?:AliyunOSSFileSystem|JindoOssFileSystem|JindoOSS)"
           r"|Class \S*(?:AliyunOSSFileSystem|JindoOssFileSystem|JindoOSS)\S* not found|class \S*AliyunOSSFileSystem not found",
           "client_configuration", codes="client_configuration",
           source="https://www.alibabacloud.com/help/en/emr/emr-on-ecs/user-guide/faq-about-accesskey-pairs-when-you-access-oss-or-oss-hdfs"),
    Phrase("no_key", r"[Aa]ccess ?[Kk]ey ?(?:id|ID) (?:should not be null or empty|is empty)"
           r"|invalid access_key_id:", "client_configuration", codes="client_configuration",
           source="https://www.alibabacloud.com/help/en/emr/emr-on-ecs/user-guide/faq-about-accesskey-pairs-when-you-access-oss-or-oss-hdfs"),
    Phrase("header", r"Authorization header is invalid", "client_configuration", service="oss", codes="client_configuration|other"),
    Phrase("account_id", r"The service or function doesn't belong to you|The AccountI[dD] (?:you )?entered is incorrect",
           "client_configuration", service="fc", codes="client_configuration|denied",
           source="https://github.com/alibaba/funcraft/issues/86"),
    Phrase("unknown_host", r"nodename nor servname provided, or not known|Name or service not known", "client_configuration",
           codes="client_configuration", needs="oss", source="https://github.com/leesf/hudi-demos/issues/7"),
    Phrase("local_directory", r"mkdir: Permission denied", "client_configuration", codes="client_configuration", needs="oss",
           source="https://github.com/aliyun/aliyun-emapreduce-datasources/issues/120"),
    Phrase("local_file", r"java\.io\.FileNotFoundException: /\S+ \(Permission denied\)"
           r"|IOException: Permission denied\s+at (?:java\.base/)?java\.io\.UnixFileSystem", "client_configuration",
           codes="client_configuration", source="https://github.com/aliyun/aliyun-emapreduce-datasources/issues/120"),
    Phrase("hdfs", r"Permission denied: user=\S+, access=", "unknown", codes="other"),
    Phrase("not_enabled", r"service is not enabled for current user", "unknown", codes="other|denied"),
)  # fmt: skip

BY_ID = {phrase.id: phrase for phrase in PHRASES}


_NOT_LITERAL = re.compile(r"\(\?P<[^>]*>|\((?:[^()]|\([^()]*\))*\)[?*]?|\[[^\]]*\](?:[?*+]|\{[^}]*\})?|\\.(?:[?*+]|\{[^}]*\})?|.(?:[?*]|\{[^}]*\})|[+^$.{}()]")


def _anchors(phrase: Phrase) -> tuple[str, ...]:
    """For each of a pattern's alternatives the longest words that stand in every text it matches."""
    return tuple(max(branch.split("\0"), key=len) for branch in _NOT_LITERAL.sub("\0", phrase.pattern).split("|"))


@cache
def _looked_for() -> tuple[tuple[Phrase, tuple[str, ...]], ...]:
    return tuple((phrase, _anchors(phrase)) for phrase in PHRASES)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.MULTILINE)


class Found(msgspec.Struct, frozen=True):
    """A known sentence in a text, with the action and the resource that it names itself ("" for none)."""

    start: int
    end: int
    phrase: str
    action: str
    resource: str
    quote: str


def phrases_in(text: str) -> list[Found]:
    """Every known sentence, in order; of two that begin at one place the one that stands first in PHRASES."""
    found = [
        (match.start(), order, match, phrase)
        for order, (phrase, anchors) in enumerate(_looked_for())
        if any(anchor in text for anchor in anchors)
        for match in _compiled(phrase.pattern).finditer(text)
    ]
    kept: list[Found] = []
    for start, _, match, phrase in sorted(found, key=lambda item: item[:2]):
        if not kept or start >= kept[-1].end:
            kept.append(_found(match, phrase))
    return kept


def _found(match: re.Match[str], phrase: Phrase) -> Found:
    groups = match.groupdict()
    action = next((value for name, value in groups.items() if name.startswith("action") and value), phrase.action)
    resource = next((value for name, value in groups.items() if name.startswith("resource") and value), "")
    return Found(match.start(), match.end(), phrase.id, action, resource, match[0].strip())
