"""The one form of SQL behind a search that is there: how many logs have each combination of some fields.

`<search> | select a, b, count(1) as n group by a, b limit 1000`. Syntax:
https://www.alibabacloud.com/help/en/sls/user-guide/group-by-clause ; without a limit, 100 lines are answered.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from localcloud.sls.messages import Row

_FORM = re.compile(
    r"\|\s*select\s+(?P<fields>\w+(?:\s*,\s*\w+)*)\s*,\s*count\((?:1|\*)\)\s+as\s+(?P<name>\w+)"
    r"\s+group\s+by\s+(?P<groups>\w+(?:\s*,\s*\w+)*)(?:\s+limit\s+(?P<limit>\d{1,7}))?\s*",
    re.IGNORECASE,
)


class Counting(NamedTuple):
    """Fields whose combinations are counted, the name of the count, and the most lines."""

    fields: tuple[str, ...]
    name: str
    limit: int

    def rows(self, found: Iterable[Row]) -> list[Row]:
        """A line for each combination, as many logs as have it; a field that a log lacks is null."""
        counted = Counter(tuple(row.get(field, "null") for field in self.fields) for row in found)
        lines = [
            {**dict(zip(self.fields, values, strict=True)), self.name: str(count)}
            for values, count in counted.items()
        ]
        return lines[: self.limit]


def read_counting(text: str) -> Counting | None:
    """What stands from the `|` on; None for any other SQL."""
    match = _FORM.fullmatch(text)
    if match is None:
        return None
    fields = tuple(re.split(r"\s*,\s*", match["fields"]))
    if fields != tuple(re.split(r"\s*,\s*", match["groups"])):
        return None
    return Counting(fields, match["name"], int(match["limit"] or 100))
