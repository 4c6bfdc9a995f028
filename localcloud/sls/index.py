"""What a logstore's index makes searchable: fields, their types and how their values fall into words.

Index: https://help.aliyun.com/zh/sls/developer-reference/api-createindex
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from localcloud.errors import CloudError
from localcloud.sls.messages import Row
from localcloud.sls.spl_functions import json_scalar
from localcloud.sls.state import Logstore

DEFAULT_TOKENS = list(", '\";=()[]{}?@&<>/:\n\t\r")
"""The delimiters that the console proposes."""
_NO_KEY = (
    "key ({}) is not config as key value config,"
    'if symbol : is  in your log,please wrap : with quotation mark "'
)
_ALWAYS = ("__topic__", "__source__", "__time__")


@dataclass(frozen=True, slots=True)
class FieldIndex:
    """One searchable field: where its value is, its type (text, long, double) and how text is split."""

    field: str
    path: tuple[str, ...] = ()
    type: str = "text"
    delimiters: str = "".join(DEFAULT_TOKENS)
    case_sensitive: bool = False

    def value(self, row: Row) -> str | None:
        text = row.get(self.field)
        return json_scalar(text, list(self.path)) if self.path and text is not None else text

    def words(self, text: str) -> set[str]:
        """The words of a value, in lower case unless case matters."""
        if not self.case_sensitive:
            text = text.lower()
        return set(text.translate(_separators(self.delimiters)).split(_BETWEEN)) - {""}


_BETWEEN = "\0"
"""What words are parted by; a blank parts them only where it is a delimiter."""


@lru_cache(maxsize=256)
def _separators(delimiters: str) -> dict[int, str]:
    return dict.fromkeys(map(ord, delimiters), _BETWEEN)


class Index:
    """A logstore's index; in the logstore of a cloud service every field has one."""

    def __init__(self, logstore: Logstore) -> None:
        self._all = bool(logstore.owner_service) and logstore.index is None
        if logstore.index is None and not self._all:
            raise CloudError("IndexConfigNotExist", "logstore without index config.", 400)
        index = logstore.index or {}
        self._keys: dict[str, Any] = index.get("keys") or {}
        self._line: dict[str, Any] | None = {} if self._all else index.get("line")

    def full_text(self) -> FieldIndex:
        """How words without a field are found; an error if the index has no full-text part."""
        if self._line is None:
            raise CloudError(
                "ParameterInvalid", "full text index is not enabled: search with field:word.", 400
            )
        return _text_index("", self._line)

    def field(self, name: str) -> FieldIndex:
        """A field by its name, alias or dotted path into a JSON field; an error if it is not indexed."""
        if name in _ALWAYS or name.startswith("__tag__:"):
            return FieldIndex(name)
        for key, options in self._keys.items():
            if name in (key, options.get("alias")):
                return _text_index(key, options)
            if options.get("type") == "json" and name.startswith(f"{key}."):
                return self._nested(key, name.removeprefix(f"{key}."), options)
        if self._all:
            key, *path = name.split(".")
            return FieldIndex(key, tuple(path), "any")
        raise CloudError("ParameterInvalid", _NO_KEY.format(name), 400)

    def _nested(self, key: str, path: str, options: dict[str, Any]) -> FieldIndex:
        own = (options.get("json_keys") or {}).get(path, {})
        if not own and not options.get("index_all"):
            raise CloudError("ParameterInvalid", _NO_KEY.format(f"{key}.{path}"), 400)
        plain = _text_index(key, options)
        return FieldIndex(
            key, tuple(path.split(".")), own.get("type", "text"), plain.delimiters, plain.case_sensitive
        )


def _text_index(key: str, options: dict[str, Any]) -> FieldIndex:
    """Without delimiters a value is one word: SQL reads it, and a search finds it only whole."""
    tokens = options.get("token")
    kind = options.get("type", "text")
    return FieldIndex(
        key,
        (),
        "text" if kind == "json" else kind,
        "".join(DEFAULT_TOKENS if tokens is None else tokens),
        bool(options.get("caseSensitive", False)),
    )
