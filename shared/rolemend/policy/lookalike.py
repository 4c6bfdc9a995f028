"""Characters that look like others: a hyphen out of a document, a Cyrillic letter, a space of no width."""

from __future__ import annotations

_HYPHENS = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2043\ufe58\ufe63\uff0d\u00ad"
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00a0"
_TABLE = {
    **dict.fromkeys(map(ord, _HYPHENS), "-"),
    **dict.fromkeys(map(ord, _INVISIBLE), None),
    **dict.fromkeys(map(ord, "\u2217\u204e\u22c6"), "*"),
    **dict.fromkeys(map(ord, "\u2215\u2044"), "/"),
    **dict.fromkeys(map(ord, "\u2236\ua789"), ":"),
    **dict(zip(map(ord, "аеорсухіѕјԁһԛԝ"), "aeopcyxisjdhqw", strict=True)),  # noqa: RUF001 - Cyrillic, the point
    **dict(zip(map(ord, "АВЕКМНОРСТХІЅЈ"), "ABEKMHOPCTXISJ", strict=True)),  # noqa: RUF001 - Cyrillic, the point
    **dict(zip(map(ord, "ονι"), "ovi", strict=True)),  # noqa: RUF001 - Greek, the point
}


def skeleton(text: str) -> str:
    """`text` with every look-alike replaced by the ASCII character that it looks like."""
    if text.isascii():
        return text.strip()
    import unicodedata

    return unicodedata.normalize("NFKC", text.translate(_TABLE)).strip()


def odd_characters(text: str) -> str:
    """The characters of `text` that look like others, by number and name: `U+2011 NON-BREAKING HYPHEN`."""
    import unicodedata

    odd = [mark for mark in dict.fromkeys(text) if not mark.isascii() and skeleton(mark) != mark]
    spaces = [" "] if text != text.strip(" ") else []
    return ", ".join(f"U+{ord(mark):04X} {unicodedata.name(mark, '')}".strip() for mark in (*odd, *spaces))
