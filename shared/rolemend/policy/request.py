"""What is decided (`Request`), from what (`Source`), and the answer (`Decision`)."""

from collections.abc import Mapping

import msgspec

from rolemend.policy.document import Policy

OUTCOMES = ("allow", "explicit_deny", "implicit_deny", "unknown")


class Principal(msgspec.Struct, frozen=True):
    """Who asks. `type`: ram_user, assumed_role, service, federated, root or anonymous.

    A field that is empty was not told; role and session compare exactly as given. `provider` is the
    full ARN of a federated caller's identity provider.
    """

    type: str
    account: str = ""
    uid: str = ""
    name: str = ""
    role: str = ""
    session: str = ""
    service: str = ""
    provider: str = ""


class Request(msgspec.Struct, frozen=True):
    """One call to decide.

    `conditions` maps a condition key to its values; a key that is missing is absent from the request,
    one in `unknown_conditions` may have any value or none. `principal` None stands for a RAM user of
    the account that owns the resource, whom the identity policies belong to.
    """

    action: str
    resource: str
    principal: Principal | None = None
    conditions: Mapping[str, tuple[str, ...]] = {}
    unknown_conditions: frozenset[str] = frozenset()


class Source(msgspec.Struct, frozen=True):
    """One policy that takes part: `kind` as in `KINDS`; `level` of a control policy, 0 = the account."""

    kind: str
    policy: Policy
    name: str | None = None
    level: int | None = None


class DecidedBy(msgspec.Struct, frozen=True, gc=False):
    """The deciding statement: the policy's name or place among the sources, the statement from 0."""

    kind: str
    policy: str | int
    statement: int


class Reason(msgspec.Struct, frozen=True, gc=False):
    """One step of the way to the answer: a code of `reasons.MESSAGES`, with its parameters."""

    code: str
    kind: str = ""
    policy: str | int = ""
    statement: int = -1
    detail: str = ""


class Decision(msgspec.Struct, frozen=True, gc=False):
    """The answer: `outcome` is one of `OUTCOMES`.

    `layer` is the step that decided, in the words of AccessDeniedDetail's PolicyType
    (`ControlPolicy`, `SessionPolicy`, `AssumeRolePolicy`, `AccountLevelIdentityBasedPolicy`,
    `ResourceGroupLevelIdentityBasedPolicy`), beside them our own `BucketPolicy`, `ACL`, `Owner`.
    `unknown_keys` are the condition keys that would decide an `unknown`.
    """

    outcome: str
    decided_by: DecidedBy | None = None
    reasons: tuple[Reason, ...] = ()
    layer: str = ""
    unknown_keys: tuple[str, ...] = ()
