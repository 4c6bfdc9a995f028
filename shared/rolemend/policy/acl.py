"""ACLs of buckets and objects, and Block Public Access.

Authentication flow: https://www.alibabacloud.com/help/en/oss/user-guide/authentication ; operations:
https://help.aliyun.com/document_detail/31986.html ; public statements:
https://www.alibabacloud.com/help/en/oss/user-guide/block-public-access
"""

from __future__ import annotations

from rolemend.policy.condition import Condition
from rolemend.policy.document import Statement
from rolemend.policy.operators import parse_network
from rolemend.policy.pattern import has_wildcard
from rolemend.policy.principal import any_of

BUCKET_ACLS = ("private", "public-read", "public-read-write", "unknown")
OBJECT_ACLS = ("default", *BUCKET_ACLS)
READS = frozenset(("oss:getobject",))
WRITES = frozenset(("oss:putobject", "oss:deleteobject"))


def acl_allows(
    action: str, on_object: bool, bucket_acl: str | None, object_acl: str | None, blocked: bool
) -> bool | None:
    """Whether the ACLs let everybody do `action` (lower case) on an object; None where no page says.

    An object's ACL that is not `default` overrides the bucket's. `blocked`: Block Public Access is on,
    which leaves nothing public. The ACL `unknown` is one that could not be read.
    """
    acl = object_acl if object_acl not in (None, "default") else bucket_acl or "private"
    if blocked or not on_object or acl == "private":
        return False
    if action not in READS and action not in WRITES:
        return None  # an operation on an object that the list of reads and writes does not name
    if acl == "unknown":
        return None
    return acl == "public-read-write" or action in READS


def is_public(statement: Statement) -> bool | None:
    """Whether Block Public Access makes a bucket-policy statement void."""
    if statement.denies or statement.principals is None:
        return False
    if any(_pins(condition) for condition in statement.conditions):
        return False
    if statement.principals.negated:
        return None
    return any_of(_is_open(name) for name in statement.principals.listed)


def _is_open(name: str) -> bool | None:
    """Whether a name is no fixed id; a session `*` under a fixed role is taken as fixed."""
    if not has_wildcard(name):
        return False
    account, slash, role = name.removeprefix("arn:sts::").partition(":assumed-role/")
    if not slash or has_wildcard(account):
        return True
    return None if has_wildcard(role.partition("/")[0]) else False


def _pins(condition: Condition) -> bool:
    key = condition.key.lower()
    if condition.quantifier:
        return False
    if key in ("acs:sourcevpc", "acs:sourcevpcid", "acs:accessid"):
        named = condition.operator in ("StringEquals", "StringEqualsIgnoreCase", "StringLike")
        return named and not any("*" in value for value in condition.values)
    if key in ("acs:sourceip", "acs:sourcevpcip") and condition.operator == "IpAddress":
        return all(_is_narrow(value) for value in condition.values)
    return False


def _is_narrow(value: str) -> bool:
    """A mask of at least 8 bits for IPv4, 32 for IPv6."""
    network = parse_network(value)
    if network is None:
        return False
    bits, shift, _ = network
    return bits - shift >= (8 if bits == 32 else 32)
