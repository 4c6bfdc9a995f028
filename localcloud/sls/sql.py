"""SQL behind a search, as far as Rolemend asks it: one SELECT over what the search found, answered by SQLite in memory.

`<search> | select a, count(1) as n from log where … group by a order by n desc limit 1000`. Syntax:
https://www.alibabacloud.com/help/en/sls/user-guide/query-and-analyze-logs ; without a limit 100 rows are answered:
https://www.alibabacloud.com/help/en/sls/limit-clause . The words are looked through and written anew before SQLite sees
them, so that nothing means there what it does not mean in SLS. Simplified: a text is compared with a number without a
cast, and expressions are columns, constants, comparisons and the functions of `sql_text.py`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from functools import lru_cache
from typing import Any, NamedTuple

from localcloud.errors import CloudError
from localcloud.sls.index import FieldIndex, Index
from localcloud.sls.messages import Row
from localcloud.sls.spl_functions import cast, json_path, json_scalar
from localcloud.sls.spl_tokens import Token, spl_error
from localcloud.sls.sql_text import Statement, read_statement

_MOST_INTEGER = 2**63 - 1


class Analysis(NamedTuple):
    """`search` and `text` stand before and behind the `|`; `fields` are the columns that the statement reads, and where
    each is in a log."""

    search: str
    text: str
    statement: Statement
    fields: dict[str, FieldIndex]

    @property
    def names(self) -> tuple[str, ...]:
        """Those of the answer."""
        return self.statement.names

    def rows(self, found: Iterable[Row]) -> list[Row]:
        """The answer over the logs that the search found; every value is text, nothing is `null`."""
        with closing(sqlite3.connect(":memory:")) as database:
            self._fill(database, found)
            try:
                answer = database.execute(self.statement.sql).fetchall()
            except sqlite3.Error as error:
                raise spl_error(1, str(error)) from error
        return [dict(zip(self.names, map(_shown, row), strict=True)) for row in answer]

    def _fill(self, database: sqlite3.Connection, found: Iterable[Row]) -> None:
        database.execute("pragma case_sensitive_like = on")
        database.create_function("json_extract_scalar", 2, _extract, deterministic=True)
        database.create_aggregate("max_by", 2, _MaxBy)  # type: ignore[arg-type]
        names = list(self.fields)
        types = [_TYPES.get(_kind(name, self.fields[name]), "text") for name in names] or ["text"]
        columns = ", ".join(f'"{at}" {kind}' for at, kind in enumerate(types))
        database.execute(f"create table log ({columns})")
        places = ", ".join("?" * len(types))
        rows = ([_value(name, self.fields[name], row) for name in names] or [None] for row in found)
        database.executemany(f"insert into log values ({places})", rows)


def read_analysis(text: str, bar: int, index: Index) -> Analysis:
    """What stands behind the `|` at `bar`. ParameterInvalid for a mistake, Unsupported for what is not there."""
    statement = read_statement(text, bar + 1)
    fields = {token.value: _field(token, index) for token in statement.columns}
    return Analysis(text[:bar].strip(), text[bar + 1 :].strip(), statement, fields)


def _field(name: Token, index: Index) -> FieldIndex:
    try:
        return index.field(name.value)
    except CloudError as error:
        what = f"Column '{name.value}' cannot be resolved;please add the column in the index attribute"
        raise spl_error(name.place, what) from error


_TYPES = {"long": "integer", "double": "real"}


def _kind(name: str, field: FieldIndex) -> str:
    return "long" if name == "__time__" else field.type


def _value(name: str, field: FieldIndex, row: Row) -> str | float | None:
    """What a log has in a column; null for what is no number where the index says number."""
    found, kind = field.value(row), _kind(name, field)
    if kind == "long":
        number = cast(found, "bigint")
        return number if number is not None and abs(number) <= _MOST_INTEGER else None
    return cast(found, "double") if kind == "double" else found


def _shown(value: Any) -> str:
    return "null" if value is None else str(value)


def _extract(text: str | None, path: str) -> str | None:
    return None if text is None else json_scalar(text, list(_steps(path)))


@lru_cache(maxsize=64)
def _steps(path: str) -> tuple[str | int, ...]:
    return tuple(json_path(Token("text", path, 1), path))


class _MaxBy:
    """The value of the row whose other value is the largest; the first of several."""

    def __init__(self) -> None:
        self._most: Any = None
        self._value: Any = None

    def step(self, value: Any, by: Any) -> None:
        if by is not None and (self._most is None or by > self._most):
            self._most, self._value = by, value

    def finalize(self) -> Any:
        return self._value
