"""The documents that people paste: a policy for a role, a statement for a bucket policy, a statement for a KMS key.

Forms: https://www.alibabacloud.com/help/en/oss/user-guide/authorization-syntax-and-elements . A document is made only
of names that were proved to be names: what a log says is hostile text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from rolemend.policy.actions import ON_SERVICE, bucket_entries, group_of
from rolemend.signals.denial import DeniedPrincipal

_BUCKET = re.compile(r"[a-z0-9][a-z0-9\-]{1,61}[a-z0-9]", re.ASCII)
_ROLE = re.compile(r"[A-Za-z0-9.\-]{1,64}", re.ASCII)
_ACCOUNT = re.compile(r"[0-9]{5,30}", re.ASCII)
_ACTION = re.compile(r"[a-z]{2,20}:[A-Za-z]{2,80}", re.ASCII)

HTTPS_SETTING = "fs.oss.https.enable=true"
"""JindoSDK's setting: https://github.com/aliyun/alibabacloud-jindodata/issues/129"""


def group_words(action: str) -> str:
    """The actions that are granted together with one, for a sentence."""
    return ", ".join(group_of(action))


def bucket_grant(action: str, bucket: str) -> str:
    """A whole RAM policy that grants the group of an action on a bucket, "" if a name is no name."""
    if not (_BUCKET.fullmatch(bucket) and _ACTION.fullmatch(action)):
        return ""
    return policy_document(group_of(action), bucket_entries(bucket))


def policy_document(actions: Sequence[str], resources: Sequence[str]) -> str:
    """A RAM policy with one Allow statement."""
    return policy_document_of([(actions, resources)])


def policy_document_of(parts: Sequence[tuple[Sequence[str], Sequence[str]]]) -> str:
    """A RAM policy with an Allow statement for each pair of actions and resources."""
    statements = [
        {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
        for actions, resources in parts
    ]
    return _shown({"Version": "1", "Statement": statements})


def bucket_policy_statement(principal: DeniedPrincipal, action: str, bucket: str, owner: str) -> str:
    """The statement that a bucket's owner adds for a principal of another account, "" if a name is no name.

    https://www.alibabacloud.com/help/en/oss/user-guide/oss-bucket-policy/ : Principal is a list of account and user
    ids and of `arn:sts::<account>:assumed-role/<role in lower case>/<session>`; Resource has the owner's account.
    """
    named = bucket_policy_principal(principal)
    proved = _BUCKET.fullmatch(bucket) and _ACCOUNT.fullmatch(owner) and _ACTION.fullmatch(action)
    if not named or not proved or action.lower() in ON_SERVICE:
        return ""
    resources = [f"acs:oss:*:{owner}:{bucket}", f"acs:oss:*:{owner}:{bucket}/*"]
    return _shown(
        {"Effect": "Allow", "Action": list(group_of(action)), "Principal": [named], "Resource": resources}
    )


def bucket_policy_principal(principal: DeniedPrincipal) -> str:
    """A principal as a bucket policy names it, "" for one that it cannot name."""
    if principal.type == "assumed_role":
        if not (_ACCOUNT.fullmatch(principal.account) and _ROLE.fullmatch(principal.name)):
            return ""
        return f"arn:sts::{principal.account}:assumed-role/{principal.name.lower()}/*"
    if principal.type in ("ram_user", "root") and _ACCOUNT.fullmatch(principal.id):
        return principal.id
    return ""


def _shown(document: object) -> str:
    return json.dumps(document, indent=2)
