"""Translations: one gettext catalogue for everything that people read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

LOCALES = Path(__file__).with_name("locale")


@cache
def translations(language: str) -> Mapping[str, str]:
    """Message ids and their translations; empty for English, which the ids are written in."""
    from gettext import GNUTranslations

    path = LOCALES / language / "LC_MESSAGES" / "rolemend.mo"
    if language == "en" or not path.exists():
        return {}
    with path.open("rb") as file:
        catalogue = GNUTranslations(file)
    return {key: value for key, value in catalogue._catalog.items() if isinstance(key, str) and key}  # type: ignore[attr-defined]
