"""What a snapshot could not read is refused, as it was when the snapshot was made: it must not look like missing."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from localcloud.faults import Fault

if TYPE_CHECKING:
    from localcloud.call import Call
    from localcloud.state import Snapshot

NOT_READ = Fault(status=403, code="NoPermission")

_RAM = {
    "role": ("GetRole",),
    "attached/role": ("ListPoliciesForRole",),
    "attached/user": ("ListPoliciesForUser",),
    "attached/group": ("ListPoliciesForGroup",),
    "document": ("GetPolicy", "ListPolicyVersions", "GetPolicyVersion"),
    "role_tags": ("ListTagResources",),
}
"""Operations that a question about one thing of RAM stands for; the thing's name is one of their parameters."""

_LISTS = {
    "user": ("ListUsers", "GetUser", "ListPoliciesForUser", "ListGroupsForUser"),
    "group": ("ListGroups", "ListGroupsForUser", "ListPoliciesForGroup"),
    "role": ("ListRoles", "GetRole", "ListPoliciesForRole"),
    "policy": ("ListPolicies",),
}
_BUCKETS = {
    "bucket_regions": (),
    "bucket_settings": ("GetBucketInfo", "GetBucketEncryption", "GetBucketAcl", "GetBucketLocation"),
    "bucket_policy": ("GetBucketPolicy",),
    "public_access_blocked": ("GetBucketPublicAccessBlock",),
    "bucket_tags": ("GetBucketTags",),
}
_REGIONAL = {
    "emr": ("ListClusters", "GetCluster"),
    "spark": ("ListWorkspaces", "GetWorkspace"),
}


class Refusals:
    """Tells which calls ask for what is missing from a snapshot.

    A list that was not read takes everything with it that only the list would have told. Clusters and workspaces of
    regions that the snapshot left out are refused, too.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self._regions = frozenset(snapshot.regions)
        self._held: set[tuple[str, str]] = {("emr", "ListNodes")}  # no snapshot holds nodes
        self._named: dict[tuple[str, str], set[str]] = {}
        for each in snapshot.unread:
            self._add(each.question)

    def refuses(self, service: str, operation: str, call: Call) -> bool:
        if operation in _REGIONAL.get(service, ()) and call.region not in self._regions:
            return True
        if (service, operation) in self._held:
            return True
        named = self._named.get((service, operation))
        return named is not None and not named.isdisjoint(_values(call))

    def _add(self, question: tuple[str, ...]) -> None:
        kind, *rest = question
        if kind == "listed":
            self._held.update(("ram", each) for each in _LISTS.get(rest[0], ()))
        elif kind == "members":
            self._held.add(("ram", "ListGroupsForUser"))
        elif kind == "bucket_regions":
            self._held.update(("oss", each) for part in _BUCKETS.values() for each in part)
        elif kind in _BUCKETS:
            self._name("oss", _BUCKETS[kind], rest[0])
        elif kind in ("clusters", "workspaces"):
            service = "emr" if kind == "clusters" else "spark"
            self._name(service, _REGIONAL[service], f"region {rest[0]}")
        elif kind in ("cluster", "workspace"):
            service, operation = ("emr", "GetCluster") if kind == "cluster" else ("spark", "GetWorkspace")
            self._name(service, (operation,), rest[0])
        else:
            key = f"attached/{rest[0]}" if kind == "attached" else kind
            self._name("ram", _RAM.get(key, ()), rest[-1])

    def _name(self, service: str, operations: tuple[str, ...], value: str) -> None:
        for operation in operations:
            self._named.setdefault((service, operation), set()).add(value.lower())


def _values(call: Call) -> set[str]:
    """Everything that a call names, in lower case: bucket, region, parameters and the parts of its path."""
    body = parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True)
    values = {value for _, value in (*call.query, *body)}
    return {each.lower() for each in (*values, *call.path.split("/"), call.label, f"region {call.region}")}
