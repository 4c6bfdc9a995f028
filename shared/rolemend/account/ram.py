"""RAM 2015-05-01, with the SDK `alibabacloud-ram20150501`."""

from __future__ import annotations

from calendar import timegm
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from time import strptime
from typing import Any, TypeVar
from urllib.parse import unquote

from rolemend.account.access import Access
from rolemend.account.calls import ask, once, openapi_config, reading, translate_openapi
from rolemend.account.interface import AttachedPolicy, PolicyUsers, PolicyVersions, Reading, Role
from rolemend.account.surveyed import Listed, PolicyName, PolicyText
from rolemend.errors import AccountError, NotThere, Unreachable
from rolemend.together import together

T = TypeVar("T")


class Ram:
    """`IdentityWrites` on the live account. Lists are read to their last page."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._made: Any = None

    @property
    def _client(self) -> Any:
        if self._made is None:  # two that are made at once are as good as one
            from alibabacloud_ram20150501.client import Client

            self._made = Client(openapi_config(self._access, "ram.aliyuncs.com"))
        return self._made

    def _ask(self, operation: str, call: Callable[..., T], *values: Any) -> T:
        return ask(self._access, operation, translate_openapi, call, *values)

    # reads

    def policies_of_user(self, name: str) -> Reading[tuple[AttachedPolicy, ...]]:
        return reading(lambda: self._policies_of_user(name))

    def policies_of_role(self, name: str) -> Reading[tuple[AttachedPolicy, ...]]:
        return reading(lambda: tuple(self._read_attached(self._list_for_role(name), "")))

    def user_name(self, user_id: str) -> Reading[str]:
        return reading(lambda: self._user_name(user_id))

    def role(self, name: str) -> Reading[Role]:
        return reading(lambda: self._role(name))

    def role_names(self) -> Reading[tuple[str, ...]]:
        return reading(lambda: tuple(role.role_name for role in self._roles()))

    def role_tags(self, name: str) -> Reading[Mapping[str, str]]:
        return reading(lambda: self._role_tags(name))

    def users_of_policy(self, name: str) -> Reading[PolicyUsers]:
        return reading(lambda: self._users_of_policy(name))

    def policy_versions(self, name: str) -> Reading[PolicyVersions]:
        return reading(lambda: self._policy_versions(name))

    def attached(self, kind: str, name: str) -> Reading[tuple[PolicyName, ...]]:
        return reading(lambda: tuple(map(_policy_name, self._list_for(kind, name))))

    def listed(self, kind: str) -> Reading[tuple[Listed, ...]]:
        return reading(lambda: tuple(self._listed(kind)))

    def members(self, group: str) -> Reading[tuple[str, ...]]:
        return reading(lambda: tuple(self._members(group)))

    def document(self, type: str, name: str) -> Reading[PolicyText]:
        return reading(lambda: PolicyText(*self._document(type, name)))

    def holders(self, type: str, name: str) -> Reading[PolicyUsers]:
        return reading(lambda: self._users_of_policy(name, type))

    # writes

    def add_policy_version(self, name: str, document: str) -> str:
        """Rotation removes the oldest version that is not the default, so the one to roll back to survives."""
        from alibabacloud_ram20150501.models import CreatePolicyVersionRequest

        request = CreatePolicyVersionRequest(
            policy_name=name,
            policy_document=document,
            set_as_default=True,
            rotate_strategy="DeleteOldestNonDefaultVersionWhenLimitExceeded",
        )
        answer = once("CreatePolicyVersion", translate_openapi, self._client.create_policy_version, request)
        return str(answer.body.policy_version.version_id)

    def set_default_version(self, name: str, version: str) -> None:
        from alibabacloud_ram20150501.models import SetDefaultPolicyVersionRequest

        request = SetDefaultPolicyVersionRequest(policy_name=name, version_id=version)
        self._ask("SetDefaultPolicyVersion", self._client.set_default_policy_version, request)

    def set_trust_policy(self, role: str, document: str) -> None:
        """Sent once: whoever lost the answer reads first, as a person may have written the document since."""
        from alibabacloud_ram20150501.models import UpdateRoleRequest

        request = UpdateRoleRequest(role_name=role, new_assume_role_policy_document=document)
        once("UpdateRole", translate_openapi, self._client.update_role, request)

    # the calls behind the reads

    def _policies_of_user(self, name: str) -> tuple[AttachedPolicy, ...]:
        from alibabacloud_ram20150501 import models

        of_user = models.ListPoliciesForUserRequest(user_name=name)
        membership = models.ListGroupsForUserRequest(user_name=name)
        direct, groups = together(
            lambda: self._ask("ListPoliciesForUser", self._client.list_policies_for_user, of_user),
            lambda: self._ask("ListGroupsForUser", self._client.list_groups_for_user, membership),
        )
        found = list(self._read_attached(direct.body.policies.policy or [], ""))
        for group in groups.body.groups.group or []:
            request = models.ListPoliciesForGroupRequest(group_name=group.group_name)
            of_group = self._ask("ListPoliciesForGroup", self._client.list_policies_for_group, request)
            found += self._read_attached(of_group.body.policies.policy or [], group.group_name)
        return tuple(found)

    def _list_for(self, kind: str, name: str) -> Any:
        from alibabacloud_ram20150501 import models

        if kind == "role":
            return self._list_for_role(name)
        word = kind.capitalize()
        request = getattr(models, f"ListPoliciesFor{word}Request")(**{f"{kind}_name": name})
        call = getattr(self._client, f"list_policies_for_{kind}")
        return self._ask(f"ListPoliciesFor{word}", call, request).body.policies.policy or []

    def _list_for_role(self, name: str) -> Any:
        from alibabacloud_ram20150501.models import ListPoliciesForRoleRequest

        request = ListPoliciesForRoleRequest(role_name=name)
        answer = self._ask("ListPoliciesForRole", self._client.list_policies_for_role, request)
        return answer.body.policies.policy or []

    def _read_attached(self, listed: Any, via: str) -> Iterator[AttachedPolicy]:
        items = list(listed)
        reads = (partial(self._document, item.policy_type, item.policy_name) for item in items)
        for item, (version, document, updated) in zip(items, together(*reads), strict=True):
            yield AttachedPolicy(
                name=item.policy_name,
                type=item.policy_type,
                version=version,
                document=document,
                via=via,
                updated=max(updated, _epoch(item.attach_date)),
            )

    def _document(self, policy_type: str, name: str) -> tuple[str, str, float]:
        """Version, document and last change of a policy."""
        from alibabacloud_ram20150501.models import GetPolicyRequest

        request = GetPolicyRequest(policy_type=policy_type, policy_name=name)
        body = self._ask("GetPolicy", self._client.get_policy, request).body
        default = body.default_policy_version
        changed = max(_epoch(body.policy.update_date), _epoch(default.create_date))
        return default.version_id, default.policy_document, changed

    def _user_name(self, user_id: str) -> str:
        from alibabacloud_ram20150501.models import ListUsersRequest

        for page in self._pages("ListUsers", ListUsersRequest, self._client.list_users):
            for user in page.users.user or []:
                if user.user_id == user_id:
                    return str(user.user_name)
        raise NotThere("ListUsers", "EntityNotExist.User", f"no RAM user has the id {user_id}")

    def _role(self, name: str) -> Role:
        from alibabacloud_ram20150501.models import GetRoleRequest

        try:
            role = self._ask("GetRole", self._client.get_role, GetRoleRequest(role_name=name)).body.role
        except AccountError as error:
            # A name that no role can have: characters that only look like others, or too many.
            if error.code.startswith(("InvalidParameter.RoleName", "InvalidRoleName")):
                raise NotThere(error.operation, error.code, error.message, error.request_id) from error
            raise
        return Role(
            name=role.role_name,
            arn=role.arn,
            trust_policy=unquote(role.assume_role_policy_document)
            if role.assume_role_policy_document.startswith("%7B")
            else role.assume_role_policy_document,
            updated=_epoch(role.update_date),
            service_linked=role.role_name.lower().startswith("aliyunservicerolefor"),
        )

    def _roles(self) -> Iterator[Any]:
        from alibabacloud_ram20150501.models import ListRolesRequest

        for page in self._pages("ListRoles", ListRolesRequest, self._client.list_roles):
            yield from page.roles.role or []

    def _listed(self, kind: str) -> Iterator[Listed]:
        """Kinds are `user`, `group`, `role` and `policy`, of which only custom ones are the account's own."""
        from alibabacloud_ram20150501 import models

        word = {"user": "Users", "group": "Groups", "role": "Roles", "policy": "Policies"}[kind]
        wanted = {"policy_type": "Custom"} if kind == "policy" else {}
        request_type = partial(getattr(models, f"List{word}Request"), **wanted)
        call = getattr(self._client, f"list_{word.lower()}")
        for page in self._pages(f"List{word}", request_type, call):
            for item in getattr(getattr(page, word.lower()), kind) or []:
                yield Listed(getattr(item, f"{kind}_name"), getattr(item, f"{kind}_id", "") or "")

    def _members(self, group: str) -> Iterator[str]:
        from alibabacloud_ram20150501.models import ListUsersForGroupRequest

        request_type = partial(ListUsersForGroupRequest, group_name=group)
        for page in self._pages("ListUsersForGroup", request_type, self._client.list_users_for_group):
            yield from (user.user_name for user in page.users.user or [])

    def _role_tags(self, name: str) -> dict[str, str]:
        """A role has at most 20 tags, and a page up to 100."""
        from alibabacloud_ram20150501.models import ListTagResourcesRequest

        request = ListTagResourcesRequest(resource_type="role", resource_names=[name], page_size=100)
        body = self._ask("ListTagResources", self._client.list_tag_resources, request).body
        return {str(tag.tag_key): str(tag.tag_value or "") for tag in body.tag_resources or []}

    def _pages(self, operation: str, request_type: Any, call: Callable[[Any], Any]) -> Iterator[Any]:
        """Every page of a list; RAM truncates at 100 unless asked for more."""
        marker = None
        while True:
            request = request_type(marker=marker, max_items=_PAGES.get(operation, 1000))
            body = self._ask(operation, call, request).body
            yield body
            if not body.is_truncated:
                return
            marker = body.marker

    def _users_of_policy(self, name: str, type: str = "Custom") -> PolicyUsers:
        from alibabacloud_ram20150501.models import ListEntitiesForPolicyRequest

        request = ListEntitiesForPolicyRequest(policy_type=type, policy_name=name)
        body = self._ask("ListEntitiesForPolicy", self._client.list_entities_for_policy, request).body
        return PolicyUsers(
            users=tuple(user.user_name for user in (body.users.user if body.users else None) or []),
            groups=tuple(group.group_name for group in (body.groups.group if body.groups else None) or []),
            roles=tuple(role.role_name for role in (body.roles.role if body.roles else None) or []),
        )

    def _policy_versions(self, name: str) -> PolicyVersions:
        """Always from the account, never from what was read before: a write is about to be based on it.

        Both answers must name the same version in force: one that somebody makes between them would count as known
        already, and be written over. Raises Unreachable while they do not.
        """
        from alibabacloud_ram20150501.models import GetPolicyRequest, ListPolicyVersionsRequest

        wanted = GetPolicyRequest(policy_type="Custom", policy_name=name)
        request = ListPolicyVersionsRequest(policy_type="Custom", policy_name=name)
        for _ in range(_LOOKS):
            policy, listed = together(
                lambda: self._ask("GetPolicy", self._client.get_policy, wanted).body,
                lambda: self._ask("ListPolicyVersions", self._client.list_policy_versions, request).body,
            )
            default = policy.default_policy_version
            versions = listed.policy_versions.policy_version or []
            if default.version_id in [one.version_id for one in versions if one.is_default_version]:
                ids = tuple(one.version_id for one in versions)
                return PolicyVersions(
                    default=default.version_id,
                    document=default.policy_document,
                    ids=ids,
                    documents={one.version_id: one.policy_document or "" for one in versions},
                    attachments=policy.policy.attachment_count or 0,
                )
        raise Unreachable("GetPolicy", "Changing", f"{name} was edited while it was read")


_PAGES = {"ListGroups": 100}
"""Items of a page where a list gives fewer than 1,000."""

_LOOKS = 3
"""How often a policy that somebody edits at the same moment is read."""


def _policy_name(item: Any) -> PolicyName:
    return PolicyName(item.policy_type, item.policy_name, _epoch(item.attach_date))


def _epoch(text: str | None) -> float:
    """RAM's dates, `2015-01-23T12:33:18Z`, in epoch seconds; 0.0 if there is none."""
    return float(timegm(strptime(text, "%Y-%m-%dT%H:%M:%SZ"))) if text else 0.0
