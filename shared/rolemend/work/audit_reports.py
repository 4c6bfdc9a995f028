"""What becomes of a finished audit: it is compared with the one before, and kept for people and for the next."""

from __future__ import annotations

from rolemend.account.interface import ObjectStore
from rolemend.audit.archive import compare_with_kept, keep
from rolemend.audit.model import Report


def publish(store: ObjectStore, report: Report, language: str) -> str:
    """Keep a report, under the same key however often; answer the key. Raises AccountError."""
    noted, comparison = compare_with_kept(store, report)
    return keep(store, noted, comparison, language)
