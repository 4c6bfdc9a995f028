"""The words for kinds, causes, answers and headings."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rolemend.text import Text, text

KIND_NAMES = {
    "oss_denied": text("OSS denied the call"),
    "emr_creation_denied": text("The cluster could not be created"),
    "api_denied": text("The service denied the call"),
    "not_a_permission_problem": text("Not a matter of permissions"),
    "not_recognised": text("Nothing was recognised"),
}
CONFIDENCE_NAMES = {"certain": text("certain"), "likely": text("likely"), "unknown": text("not known")}
CAUSE_NAMES = {
    "wrong_endpoint": text("the request went to the endpoint of another region"),
    "permission_missing": text("no policy allows it"),
    "identity_policy_deny": text("a RAM policy denies it"),
    "bucket_policy_deny": text("the bucket policy denies it"),
    "session_policy_deny": text("the policy of the session does not cover it"),
    "vpc_endpoint_policy_deny": text("the policy of the VPC endpoint denies it"),
    "control_policy_deny": text("a control policy denies it"),
    "anonymous_request": text("nobody signed the request"),
    "referer_blocked": text("hotlink protection refused the Referer"),
    "kms_permission_missing": text("the KMS key may not be used"),
    "signature_mismatch": text("the signature does not match"),
    "access_key_invalid": text("the AccessKey is not valid"),
    "token_invalid": text("the security token is not valid"),
    "role_not_found": text("the role does not exist"),
    "role_not_trusted": text("the role's trust policy does not name who uses it"),
    "pass_role_missing": text("ram:PassRole is missing"),
    "service_role_missing": text("the service's own role is not authorized"),
    "object_archived": text("the object is archived"),
    "https_required": text("only https is accepted"),
    "client_configuration": text("the client is set up wrongly"),
    "block_public_access": text("Block Public Access is on"),
    "dlf_data_permission_missing": text("DLF's own data permission is missing"),
    "requester_pays": text("the requester must agree to pay"),
    "account_suspended": text("the account is overdue or suspended"),
    "clock_skew": text("the clock is wrong"),
    "unknown": text("the cause is not known"),
}
ANSWER_NAMES = {
    "passed": text("passed"),
    "failed": text("failed"),
    "unknown": text("unknown"),
    "not_applicable": text("not applicable"),
}
HEADINGS = {
    "faq": text("FAQ item"),
    "evidence": text("It rests on"),
    "console": text("In the console"),
    "cli": text("With the aliyun CLI"),
    "terraform": text("With Terraform"),
    "api": text("By API"),
    "risk": text("Risk"),
    "verify": text("Verify with"),
    "source": text("Source"),
}


def name_of(names: Mapping[str, Text], code: str, say: Callable[[Text], str]) -> str:
    """The name of a code in a language; the code itself where it has none."""
    found = names.get(code)
    return code if found is None else say(found)
