"""Policy documents as frozen types.

Grammar: https://www.alibabacloud.com/help/document_detail/93739.html (structure and syntax) and
https://www.alibabacloud.com/help/en/ram/policy-elements (elements).
"""

import msgspec

from rolemend.errors import RolemendError
from rolemend.policy.condition import Condition, Keys
from rolemend.policy.index import PolicyIndex
from rolemend.policy.lazily import Lazily
from rolemend.policy.scan import scan

KINDS = ("identity", "trust", "bucket", "session", "control", "resource_group")
RESOURCE_BASED = ("trust", "bucket")


class PolicyError(RolemendError, ValueError):
    """A document that RAM or OSS would refuse.

    `path` names the place (`Statement[2].Condition.IpAddres`, empty for the document as a whole),
    `message` says what is wrong, `expected` what would be right, where that can be said.
    """

    def __init__(self, path: str, message: str, expected: str = "") -> None:
        super().__init__(f"{path}: {message}" if path else message)
        self.path = path
        self.message = message
        self.expected = expected


class Principals(msgspec.Struct, frozen=True):
    """Whom a statement of a trust or bucket policy names.

    A trust policy fills `ram`, `service` and `federated`; a bucket policy fills `listed`
    (user id, account id, `*`, or `arn:sts::<uid>:assumed-role/<role>/<session>`).
    `negated` marks the undocumented `NotPrincipal`.
    """

    ram: tuple[str, ...] = ()
    service: tuple[str, ...] = ()
    federated: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()
    negated: bool = False


class Statement(msgspec.Struct, frozen=True, gc=False):
    """One statement; `negated_*` tells NotAction from Action and NotResource from Resource.

    `resources` is empty in a trust policy, `principals` None in an identity-based one.
    """

    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()
    principals: Principals | None = None
    negated_actions: bool = False
    negated_resources: bool = False

    @property
    def denies(self) -> bool:
        """Whether the effect is Deny."""
        return self.effect == "Deny"

    @property
    def odd(self) -> bool:
        """Whether only the full evaluation can match it: principals, or something undocumented."""
        if self.negated_resources or self.principals is not None:
            return True
        return "${" in "\n".join(self.resources) or "${" in "\n".join(self.actions)


class Policy(msgspec.Struct, frozen=True, dict=True):
    """A parsed policy: `kind` is one of `KINDS`; statements keep the document's order.

    `plain` promises that no statement has principals or a `${`, which spares the search.
    """

    kind: str
    statements: tuple[Statement, ...]
    plain: bool = False

    @Lazily
    def index(self) -> PolicyIndex:
        """The statements by service, action and resource."""
        return PolicyIndex(self.statements)

    @Lazily
    def odd(self) -> bool:
        """Whether the full evaluation has to decide, whatever is asked."""
        return not self.plain and any(statement.odd for statement in self.statements)

    def find(self, action: str, resource: str, keys: Keys) -> int:
        """The rank of the deciding statement: below 0 a Deny (number + DENY), `NONE` if none matches.

        For an identity-based policy that is not `odd`. Raises UnsureError where a condition answers neither
        yes nor no, and for assuming a role, which no identity policy decides alone.
        """
        known = self.__dict__
        if not known:
            # Building an index costs more than reading the policy once; from the second decision on it pays.
            known["asked"] = True
            return scan(self.statements, action, resource, keys)
        index: PolicyIndex = known.get("index") or self.index
        node = index.by_action.get(action)
        return index.find(action, resource, keys) if node is None else node.find(resource, keys)
