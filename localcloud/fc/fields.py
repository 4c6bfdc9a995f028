"""Reads typed values out of a YAML mapping and collects every mistake with its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Fields:
    """One mapping of the file. `place` is its dotted path; all parts of a file share one list of errors."""

    values: dict[str, Any]
    place: str
    errors: list[str]

    def fail(self, name: str, reason: str) -> None:
        self.errors.append(f"{self.place}.{name}: {reason}" if name else f"{self.place}: {reason}")

    def text(self, name: str, default: str | None = None) -> str:
        """A text, required without a default; one already reported as unresolved is passed over."""
        if name not in self.values:
            if default is None:
                self.fail(name, "is missing")
            return default or ""
        value = self.values[name]
        if value is None and self._reported(name):
            return default or ""
        if not isinstance(value, str) or (not value and default is None):
            self.fail(name, f"is not a text: {value!r}" if value != "" else "is empty")
            return default or ""
        return value

    def number(self, name: str, default: float, low: float, high: float) -> float:
        """A number between two bounds; text of digits is taken too, as the tool's own schema has it."""
        value = self.values.get(name, default)
        if value is None and self._reported(name):
            return default
        try:
            number = default if isinstance(value, bool) else float(value)
        except (TypeError, ValueError):
            number = float("nan")
        if isinstance(value, bool) or not low <= number <= high:
            self.fail(name, f"is not a number from {low:g} to {high:g}: {value!r}")
            return default
        return number

    def flag(self, name: str, default: bool) -> bool:
        value = self.values.get(name, default)
        if value is None and self._reported(name):
            return default
        if not isinstance(value, bool):
            self.fail(name, f"is not true or false: {value!r}")
            return default
        return value

    def choice(self, name: str, allowed: tuple[str, ...], default: str | None = None) -> str:
        value = self.text(name, default)
        if value and value not in allowed:
            self.fail(name, f"is {value!r}, the local cloud takes {', '.join(allowed)}")
        return value

    def part(self, name: str) -> Fields:
        """A nested mapping; an empty one if it is not there."""
        value = self.values.get(name)
        if value is not None and not isinstance(value, dict):
            self.fail(name, f"is not a mapping: {value!r}")
        return Fields(value if isinstance(value, dict) else {}, f"{self.place}.{name}", self.errors)

    def parts(self, name: str) -> list[Fields]:
        """A list of mappings."""
        found = []
        for i, value in enumerate(self.items(name)):
            place = f"{self.place}.{name}[{i}]"
            if isinstance(value, dict):
                found.append(Fields(value, place, self.errors))
            else:
                self.errors.append(f"{place}: is not a mapping: {value!r}")
        return found

    def items(self, name: str) -> list[Any]:
        value = self.values.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            self.fail(name, f"is not a list: {value!r}")
            return []
        return value

    def _reported(self, name: str) -> bool:
        """Whether the value is missing because its variable could not be resolved."""
        return any(error.startswith(f"{self.place}.{name}:") for error in self.errors)
