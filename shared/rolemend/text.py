"""Text that people read: a message id in English with named values, translated only where it is shown."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class Text(msgspec.Struct, frozen=True):
    """One sentence: `template` is the gettext msgid, `values` fill its `{names}`.

    Values may be hostile (they come from logs); they are filled in last and never read as a template.
    """

    template: str
    values: Mapping[str, str] = {}

    def render(self, translate: Mapping[str, str] | None = None) -> str:
        """The sentence in the catalogue's language, in English without one or where it has no entry."""
        template = (translate or {}).get(self.template) or self.template
        return template.format_map(_Values(self.values))


class _Values(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


def text(template: str, /, **values: object) -> Text:
    """Make a `Text`.

    Babel extracts the templates by this function's name, so a template is written out in the call, or it is
    that of another `Text`: `text(TABLE[code].template, name=name)`.
    """
    return Text(template, {key: str(value) for key, value in values.items()})
