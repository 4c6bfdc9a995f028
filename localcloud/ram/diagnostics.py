"""DecodeDiagnosticMessage.

API: https://www.alibabacloud.com/help/en/ram/developer-reference/api-ram-2015-05-01-decodediagnosticmessage
"""

from __future__ import annotations

from localcloud.openapi import Answer, Invocation
from localcloud.ram import resources
from localcloud.ram.diagnostic_message import Diagnostic, decode
from localcloud.ram.refusals import refusal
from localcloud.ram.resources import reading
from localcloud.ram.wire import take_text

LIFETIME = 24 * 60 * 60
"""Seconds a message can be opened. The page says that messages expire, not when."""


def decode_diagnostic_message(invocation: Invocation) -> Answer:
    """Open a message of a denial in the caller's own account; EntityNotExist for any other text."""
    diagnostic = decode(take_text(invocation, "EncodedDiagnosticMessage"))
    if diagnostic is None or diagnostic.owner != invocation.account:
        raise refusal("EntityNotExist")
    if invocation.call.received - diagnostic.issued > LIFETIME:
        raise refusal("EncodedMessageExpire")
    return {"DecodedDiagnosticMessage": _described(diagnostic)}


def _described(diagnostic: Diagnostic) -> Answer:
    return {
        "ExplicitDeny": diagnostic.explicit,
        "NoPermissionPolicyType": diagnostic.layer,
        "AuthAction": diagnostic.action,
        "AuthResource": diagnostic.resource,
        "AuthPrincipal": {
            "AuthPrincipalType": diagnostic.principal_type,
            "AuthPrincipalOwnerId": diagnostic.owner,
            "AuthPrincipalDisplayName": diagnostic.principal_name,
        },
        "AuthConditions": [
            {"ConditionKey": key, "ConditionValues": list(values)}
            for key, values in diagnostic.conditions.items()
        ],
        "MatchedPolicies": [
            {
                "Effect": policy.effect,
                "PolicyIdentifier": policy.name,
                "PolicyType": policy.type,
                "PolicyVersion": policy.version,
                "AttachedEntityType": policy.entity,
                "AttachedScope": "Folder" if policy.entity == "ResourceDirectoryTarget" else "Account",
            }
            for policy in diagnostic.matched
        ],
    }


OPERATIONS = (reading("DecodeDiagnosticMessage", decode_diagnostic_message, resources.everything),)
