"""Minimal edits of a user's policy document: entries for a bucket, a trusted service.

What is asked is stated first, as a set; an edit that `compare` cannot show to stay inside it is not made.
The user's order of elements is kept, and nothing that stands in the document is rewritten.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import msgspec

from rolemend.errors import RolemendError
from rolemend.policy.actions import ON_OBJECTS, ON_SERVICE, bucket_entries, group_of
from rolemend.policy.comparison import difference
from rolemend.policy.document import Policy, PolicyError, Statement
from rolemend.policy.grammar import repeated_names
from rolemend.policy.limits import CUSTOM_POLICY, dump
from rolemend.policy.parse import parse_policy
from rolemend.policy.region import Region
from rolemend.policy.scan import covers
from rolemend.text import text

EXTENTS = ("exact", "group", "statement")

Document = str | bytes | dict[str, Any]

_MESSAGES = {
    "too_long": text(
        "The policy would have {length} characters, {limit} are allowed. Merge buckets that share a "
        "beginning into one entry with a wildcard, remove entries that are no longer used, or put the "
        "statement into a policy of its own and attach that too."
    ),
    "no_statement": text("No Allow statement of the policy lists {action}, so there is none to extend."),
    "not_inside": text("The edit would grant more than {actions} on {resources}."),
    "bad_bucket": text("{bucket} cannot be the name of a bucket."),
    "on_service": text("{action} is not granted on a bucket."),
    "not_trusting": text("No statement of the trust policy trusts {replaced}."),
}


class EditError(RolemendError, ValueError):
    """An edit that cannot be made: `code` names why, `text` says it to a person."""

    def __init__(self, code: str, **values: str | int) -> None:
        self.code = code
        self.text = text(_MESSAGES[code].template, **values)
        super().__init__(self.text.render())


class Edit(msgspec.Struct, frozen=True):
    """An edited document and what it was asked to grant.

    `actions` on `resources` is the stated set, outside of which nothing is gained. `statement` is the place
    of the changed or the new statement; `appended` tells whether a statement of the user's was extended.
    """

    document: dict[str, Any]
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    statement: int
    appended: bool

    @property
    def text(self) -> str:
        """The document as it is written."""
        return dump(self.document)


def grant_entries(
    document: Document, action: str, bucket: str, *, extent: str = "group", limit: int = CUSTOM_POLICY
) -> Edit:
    """Grant `action` on `bucket` with the FAQ's two entries.

    `extent` (one of `EXTENTS`): `group` grants the group of the action, `exact` the one action on the one
    resource form, `statement` (by name only) what the statement that lists the action grants on its other
    buckets. Raises EditError, and PolicyError for an unreadable document.
    """
    _check(action, bucket)
    before = parse_policy(document)
    edit = _edited(_loaded(document), before, action, bucket, extent)
    length = len(edit.text)
    if length > limit:
        raise EditError("too_long", length=length, limit=limit)
    return edit


def _edited(original: dict[str, Any], before: Policy, action: str, bucket: str, extent: str) -> Edit:
    entries: tuple[str, ...] = bucket_entries(bucket)
    if extent == "exact":
        entries = entries[1:] if action.lower() in ON_OBJECTS else entries[:1]
    actions = group_of(action) if extent == "group" else (action,)
    for number, statement in enumerate(before.statements):
        if _lists(statement, action):
            stated = statement.actions if extent == "statement" else actions
            edit = Edit(_with_entries(original, number, entries), stated, entries, number, True)
            if _gains_only(before, edit):
                return edit
    if extent == "statement":
        raise EditError("no_statement", action=action)
    missing = [each for each in actions if not _granted(before, each, entries)] or [action]
    edited = deepcopy(original)
    _append_statement(edited, {"Effect": "Allow", "Action": missing, "Resource": list(entries)})
    edit = Edit(edited, actions, entries, len(before.statements), False)
    if not _gains_only(before, edit):
        raise EditError("not_inside", actions=", ".join(actions), resources=", ".join(entries))
    return edit


def trust_service(
    document: Document, service: str, mode: str = "add", *, replaced: str = "ecs.aliyuncs.com"
) -> dict[str, Any]:
    """A trust policy that trusts `service` too, or (mode `replace`) in the place of `replaced`.

    Adding keeps whatever else relies on the role; replacing is the FAQ's literal wording
    (https://www.alibabacloud.com/help/en/emr/emr-on-ecs/user-guide/use-a-custom-ecs-application-role-to-access-other-cloud-resources-in-your-alibaba-cloud-account-19).
    Raises EditError, and PolicyError for an unreadable document.
    """
    before = parse_policy(document, "trust")
    edited = deepcopy(_loaded(document))
    if mode == "replace":
        _replace_service(edited, service, replaced)
    else:
        _add_service(edited, before, service)
    return edited


def _add_service(edited: dict[str, Any], before: Policy, service: str) -> None:
    trusting = [(number, _plainly_trusted(each)) for number, each in enumerate(before.statements)]
    if any(service in services for _, services in trusting):
        return
    number = next((number for number, services in trusting if services), None)
    if number is None:
        principal: dict[str, Any] = {"Service": [service]}
        _append_statement(edited, {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": principal})
        return
    principal = _statements(edited)[number]["Principal"]
    name = next(key for key in principal if key.lower() == "service")
    principal[name] = [*_listed(principal[name]), service]


def _loaded(document: Document) -> dict[str, Any]:
    """The document as a dict in the user's order; PolicyError where a name stands twice in one object."""
    if isinstance(document, dict):
        return document
    refuse_repeated(document)
    found: dict[str, Any] = msgspec.json.decode(document)
    return found


def refuse_repeated(document: Document) -> None:
    """Raise PolicyError if the text of a document holds a name twice in one object."""
    repeated = [] if isinstance(document, dict) else repeated_names(document)
    if repeated:
        raise PolicyError(repeated[0], "stands twice in one object", "one value for each name")


def _check(action: str, bucket: str) -> None:
    plain = bucket.replace("-", "")
    if not 3 <= len(bucket) <= 63 or not (plain.isascii() and plain.isalnum() and plain == plain.lower()):
        raise EditError("bad_bucket", bucket=bucket[:80])
    if action.lower() in ON_SERVICE or not action.lower().startswith("oss:"):
        raise EditError("on_service", action=action[:80])


def _lists(statement: Statement, action: str) -> bool:
    """Whether entries added to the statement would grant `action` without a condition."""
    if statement.denies or statement.conditions or statement.negated_actions or statement.negated_resources:
        return False
    return any(covers(pattern.lower(), action.lower()) for pattern in statement.actions)


def _with_entries(original: dict[str, Any], number: int, entries: Sequence[str]) -> dict[str, Any]:
    edited = deepcopy(original)
    statement = _statements(edited)[number]
    present = _listed(statement["Resource"])
    statement["Resource"] = [*present, *(entry for entry in entries if entry not in present)]
    return edited


def _append_statement(edited: dict[str, Any], statement: dict[str, Any]) -> None:
    """Append, with the elements in the order of the document's first statement."""
    statements = _statements(edited)
    order = list(statements[0]) if statements else []
    known = [name for name in order if name in statement]
    ordered = {name: statement[name] for name in (*known, *(name for name in statement if name not in known))}
    edited["Statement"] = [*statements, ordered]


def _statements(document: dict[str, Any]) -> list[dict[str, Any]]:
    given = document["Statement"]
    return given if isinstance(given, list) else [given]


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _gains_only(before: Policy, edit: Edit) -> bool:
    stated = Region(edit.actions, edit.resources)
    return difference(before, parse_policy(edit.document), beyond=(stated,)).proven_empty


def _granted(before: Policy, action: str, entries: Sequence[str]) -> bool:
    """Whether `action` is allowed on all of `entries` already."""
    wanted = Policy("identity", (Statement("Allow", (action,), tuple(entries)),))
    return difference(before, wanted).proven_empty


def _plainly_trusted(statement: Statement) -> tuple[str, ...]:
    """The services that a statement trusts without a condition."""
    trusting = not statement.denies and not statement.conditions and not statement.negated_actions
    assumes = any(covers(pattern.lower(), "sts:assumerole") for pattern in statement.actions)
    principals = statement.principals
    if not trusting or not assumes or principals is None or principals.negated or statement.resources:
        return ()
    return principals.service


def _replace_service(edited: dict[str, Any], service: str, replaced: str) -> None:
    found = False
    for statement in _statements(edited):
        principal = statement.get("Principal", {})
        for name, names in principal.items():
            listed = _listed(names)
            if name.lower() == "service" and statement["Effect"] == "Allow" and replaced in listed:
                found = True
                swapped = list(dict.fromkeys(service if each == replaced else each for each in listed))
                principal[name] = swapped[0] if isinstance(names, str) else swapped
    if not found:
        raise EditError("not_trusting", replaced=replaced)
