"""Replaces ids and names in a snapshot so that every policy decides as before. The key is thrown away.

A name becomes a keyed hash. A pattern such as `data-*` must go on matching `data-orders`, so names are hashed in pieces
that end where the patterns' literal beginnings end. Where a pattern names more of a name than its beginning, that name
stays as it is; the snapshot tells how many did.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from localcloud.state import State, Unread

_NUMBER = re.compile(r"(?<!\d)\d{15,20}(?!\d)")
"""Account ids have 16 digits, users' and roles' ids up to 20."""
_UNTOUCHED = frozenset({"Action", "NotAction", "Effect", "Version", "Service"})
_OFFERED = "aliyun"
"""Names of Alibaba Cloud's own roles and policies begin so; they are nobody's secret, and checks know them."""
_PIECE = 8
"""Characters of a hash, of 5 bits each."""
UNREADABLE = "not readable, and masked"
"""In the place of a document that no parser reads: it decides nothing, and may hold any name."""


class Mask:
    """`names` are those of the account, `documents` its policies as text. Names in `stay` are kept."""

    def __init__(
        self, names: Iterable[str], documents: Iterable[str], stay: frozenset[str] = frozenset()
    ) -> None:
        self._key = secrets.token_bytes(32)
        self._stay = stay
        self._exact = {name.lower(): name for name in names if name}
        self._patterns: set[str] = set()
        for document in documents:
            self._gather(document)
        self.kept = self._kept_names()
        begins = {_literal(pattern).lower() for pattern in self._patterns}
        self._cuts = {begin for begin in begins if begin and not self._holds(begin)}

    def name(self, text: str) -> str:
        """A name as a policy or a list has it; a pattern keeps its wildcards."""
        literal = _literal(text)
        if literal != text:
            begin = literal.lower()
            known = begin in self._cuts
            return (self._cased(literal, self._pieces(begin)) if known else literal) + text[len(literal) :]
        if not text or text.lower() in self.kept:
            return text
        return self._cased(text, self._pieces(text.lower()))

    def numbers(self, text: str) -> str:
        return _NUMBER.sub(lambda found: self._number(found[0]), text)

    def document(self, text: str) -> str:
        """A policy document with the names in it replaced."""
        if not text:
            return text
        try:
            parsed = json.loads(text)
        except (ValueError, RecursionError):
            return UNREADABLE
        return json.dumps(_each(parsed, self.resource))

    def resource(self, text: str) -> str:
        """An ARN, an id, or a value of a condition."""
        parts = text.split(":", 4)
        if len(parts) < 5 or parts[0] not in ("acs", "arn"):
            bare = self.numbers(text)
            return self.name(text) if bare == text and text.lower() in self._exact else bare
        *head, rest = parts
        return ":".join([*map(self.numbers, head), self._rest(head[1], rest)])

    def misled(self) -> frozenset[str]:
        """The names that some pattern, or another name, matches by chance since they were replaced."""
        masked = {name: self.name(name) for name in self._exact.values()}
        count = Counter(masked.values())
        found = {name for name, new in masked.items() if count[new] > 1}
        for pattern in self._patterns:
            before, after = _regex(pattern), _regex(self.name(pattern))
            found |= {
                name
                for name, new in masked.items()
                if bool(before.fullmatch(name)) != bool(after.fullmatch(new))
            }
        return frozenset(name.lower() for name in found)

    def _rest(self, service: str, rest: str) -> str:
        """A bucket stands first, other names behind the word for their kind."""
        parts = rest.split("/")
        for place in (0,) if service == "oss" else range(1, len(parts), 2):
            if place < len(parts) and parts[place] != "*":
                numbered = self.numbers(parts[place])
                parts[place] = numbered if numbered != parts[place] else self.name(parts[place])
        return "/".join(parts)

    def _gather(self, document: str) -> None:
        try:
            parsed = json.loads(document)
        except (ValueError, RecursionError):
            return
        _each(parsed, self._note)

    def _note(self, text: str) -> str:
        parts = text.split(":", 4)
        if len(parts) == 5 and parts[0] in ("acs", "arn"):
            names = parts[4].split("/")
            for name in names[:1] if parts[1] == "oss" else names[1::2]:
                if _literal(name) != name:
                    self._patterns.add(name)
                elif name:
                    self._exact.setdefault(name.lower(), name)
        return text

    def _kept_names(self) -> frozenset[str]:
        """Alibaba Cloud's own, those of which a pattern names more than the beginning, and what begins like them."""
        kept = {name for name in self._exact if name.startswith(_OFFERED) or name in self._stay}
        for pattern in self._patterns:
            if pattern[len(_literal(pattern)) :] != "*":
                matches = _regex(pattern.lower())
                kept.update(name for name in self._exact if matches.fullmatch(name))
        begins = {_literal(pattern).lower() for pattern in self._patterns} - {""}
        while True:
            held = {begin for begin in begins if any(name.startswith(begin) for name in kept)}
            more = {name for name in self._exact if any(name.startswith(begin) for begin in held)} - kept
            if not more:
                return frozenset(kept)
            kept |= more

    def _holds(self, begin: str) -> bool:
        return any(name.startswith(begin) for name in self.kept)

    def _pieces(self, text: str) -> str:
        ends = sorted({len(cut) for cut in self._cuts if text.startswith(cut)} | {len(text)})
        return "m" + "".join(self._hash(text[:end]) for end in ends)

    def _cased(self, text: str, masked: str) -> str:
        """RAM's names know no case, some comparisons do: another spelling of a name stays another one."""
        known = any(name.startswith(text) for name in self._exact.values())
        other = any(name.startswith(text.lower()) for name in self._exact)
        return masked.upper() if other and not known else masked

    def _hash(self, text: str) -> str:
        found = hmac.new(self._key, text.encode(), hashlib.sha256).digest()
        return base64.b32encode(found).decode().lower()[:_PIECE]

    def _number(self, text: str) -> str:
        found = int.from_bytes(hmac.new(self._key, text.encode(), hashlib.sha256).digest(), "big")
        return str(found % (9 * 10 ** (len(text) - 1)) + 10 ** (len(text) - 1))


def _literal(pattern: str) -> str:
    return re.split(r"[*?]", pattern, maxsplit=1)[0]


def _regex(pattern: str) -> re.Pattern[str]:
    parts = (".*" if each == "*" else "." if each == "?" else re.escape(each) for each in pattern)
    return re.compile("".join(parts), re.DOTALL)


def _each(value: Any, change: Callable[[str], str]) -> Any:
    """The same document with each string changed that may hold a name."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_each(item, change) for item in value]
    if isinstance(value, dict):
        return {key: item if key in _UNTOUCHED else _each(item, change) for key, item in value.items()}
    return value


def mask_for(names: Iterable[str], documents: Iterable[str]) -> Mask:
    """A mask under which every pattern matches the same names as before.

    A pattern as short as `*a*` matches some hash by chance: such names stay, so this comes to an end.
    """
    known, texts, stay = list(names), list(documents), frozenset[str]()
    while True:
        mask = Mask(known, texts, stay)
        misled = mask.misled()
        if not misled:
            return mask
        stay |= misled


def mask_of(state: State) -> Mask:
    return mask_for(_names(state), _documents(state))


def _names(state: State) -> list[str]:
    found = [*state.oss.buckets, *(each.name for each in state.emr.clusters.values())]
    found += [*state.emr.clusters, *state.spark.workspaces]
    found += [each.name for each in state.spark.workspaces.values()]
    found += [each.encryption.kms_key for each in state.oss.buckets.values() if each.encryption]
    for account in state.accounts.values():
        ram = account.ram
        for things in (ram.users, ram.groups, ram.roles, ram.policies):
            found += [each.name for each in things.values()]
    return found


def _documents(state: State) -> list[str]:
    found = [each.policy for each in state.oss.buckets.values()]
    for account in state.accounts.values():
        found += [each.trust_policy for each in account.ram.roles.values()]
        found += [each.document for each in account.ram.policies.values()]
    return found


def masked(state: State, mask: Mask) -> State:
    """The snapshot with account ids, users' ids and names replaced; the one that was given stays."""
    state = msgspec.json.decode(msgspec.json.encode(state), type=State)
    state.accounts = {mask.numbers(key): account for key, account in state.accounts.items()}
    for key, account in state.accounts.items():
        account.id = key
        _mask_ram(account.ram, mask)
    state.oss.buckets = {bucket.name: bucket for bucket in _mask_buckets(state, mask)}
    for cluster in state.emr.clusters.values():
        cluster.id, cluster.name = mask.name(cluster.id), mask.name(cluster.name)
        cluster.account, cluster.role = mask.numbers(cluster.account), mask.name(cluster.role)
        cluster.node_attributes = {"RamRole": cluster.role} if cluster.role else {}
    state.emr.clusters = {each.id: each for each in state.emr.clusters.values()}
    _mask_workspaces(state, mask)
    if state.snapshot is not None:
        _mask_note(state, mask)
    return state


def _mask_ram(ram: Any, mask: Mask) -> None:
    for things in (ram.users, ram.groups, ram.roles, ram.policies):
        for each in things.values():
            each.name = mask.name(each.name)
            if hasattr(each, "id"):
                each.id = mask.numbers(each.id)
            for attachment in getattr(each, "attachments", ()):
                if attachment.type == "Custom":
                    msgspec.structs.force_setattr(attachment, "name", mask.name(attachment.name))
        renamed = {each.name.lower(): each for each in things.values()}
        things.clear()
        things.update(renamed)
    for group in ram.groups.values():
        group.members = {mask.name(name).lower(): joined for name, joined in group.members.items()}
    for role in ram.roles.values():
        role.trust_policy = mask.document(role.trust_policy)
    for policy in ram.policies.values():
        for version in policy.versions:
            version.document = mask.document(version.document)


def _mask_buckets(state: State, mask: Mask) -> list[Any]:
    for bucket in state.oss.buckets.values():
        bucket.name, bucket.owner = mask.name(bucket.name), mask.numbers(bucket.owner)
        bucket.policy = mask.document(bucket.policy)
        if bucket.encryption is not None:
            bucket.encryption.kms_key = mask.name(bucket.encryption.kms_key)
    return list(state.oss.buckets.values())


def _mask_workspaces(state: State, mask: Mask) -> None:
    for each in state.spark.workspaces.values():
        each.id, each.name, each.role = mask.name(each.id), mask.name(each.name), mask.name(each.role)
        each.account, each.owner = mask.numbers(each.account), mask.numbers(each.owner)
        scheme, _, path = each.storage.partition("oss://")
        bucket, slash, rest = path.partition("/")
        each.storage = f"{scheme}oss://{mask.name(bucket)}{slash}{rest}" if path else ""
        each.wanted = {
            key: mask.name(str(value)) if key == "dlfCatalogId" else value
            for key, value in each.wanted.items()
        }
    state.spark.workspaces = {each.id: each for each in state.spark.workspaces.values()}


_WORDS = frozenset({"listed", "clusters", "workspaces", "bucket_regions", "role_names"})


def _mask_note(state: State, mask: Mask) -> None:
    note = state.snapshot
    assert note is not None
    note.account, note.masked = mask.numbers(note.account), True
    note.kept = sum(not name.startswith(_OFFERED) for name in mask.kept)
    note.unread = [Unread(_question(each.question, mask), each.reason.split()[0]) for each in note.unread]


def _question(question: tuple[str, ...], mask: Mask) -> tuple[str, ...]:
    """The name in it stands last, or first where a region follows."""
    if question[0] in _WORDS:
        return question
    kind, *rest = question
    place = -1 if kind in ("attached", "document") else 0
    rest[place] = mask.name(rest[place])
    return (kind, *rest)
