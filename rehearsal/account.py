"""Reads an account for a snapshot: the sweep of the audit, asked for everything, each thing once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import msgspec

from rolemend.account.interface import Known
from rolemend.account.surveyed import PolicyText, Survey
from rolemend.audit.reads import Reads
from rolemend.audit.scope import Scope
from rolemend.audit.sweep import sweep

_TAG_KEY = re.compile(r'[A-Za-z]:[A-Za-z]*Tag/([^"\\]{1,128})"')
"""A condition key that tells of a tag: https://www.alibabacloud.com/help/en/ram/policy-elements"""


def read_account(
    survey: Survey,
    account: str,
    regions: tuple[str, ...],
    keep_tags: Iterable[str] = (),
    progress: Callable[[int, int], None] = lambda answered, known: None,
) -> Reads:
    """Everything that a snapshot holds. Tags are asked for only where a policy, or `keep_tags`, names a key."""
    scope = Scope(account=account, regions=regions, home=regions[0], every=True)
    reads = Reads()
    sweep(survey, scope, reads, progress=progress)
    if tag_keys(reads) or tuple(keep_tags):
        sweep(survey, msgspec.structs.replace(scope, tags=True), reads, progress=progress)
    return reads


def tag_keys(reads: Reads) -> frozenset[str]:
    """The tags whose values decide something in a policy of the account."""
    texts = [_document(question[0], answer.value) for question, answer in reads if isinstance(answer, Known)]
    return frozenset(key for text in texts for key in _TAG_KEY.findall(text))


def _document(kind: str, value: object) -> str:
    if isinstance(value, PolicyText):
        return value.document
    return str(value) if kind == "bucket_policy" else ""
