"""The pages of audit reports: what lies under `reports/` in the ledger's bucket."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from rolemend.console.visit import Visit
from rolemend.errors import NotThere

if TYPE_CHECKING:
    from starlette.responses import Response

PREFIX = "reports/"
MOST = 500
LONGEST = 2_000_000
"""Bytes of a report that a page shows."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=-]*(/[A-Za-z0-9][A-Za-z0-9._=-]*)*", re.ASCII)


def listing(visit: Visit) -> Response:
    """The reports, the last in the order of names first. Raises AccountError."""
    names = (key.removeprefix(PREFIX) for key in visit.parts.store.keys(PREFIX))
    found = sorted(islice((name for name in names if _NAME.fullmatch(name)), MOST), reverse=True)
    return visit.page("reports.html", names=found)


def show(visit: Visit) -> Response:
    """One report as it was written, as text: whatever it holds, a browser is not to run it. Raises AccountError."""
    name = visit.request.path_params["name"]
    words = visit.words
    if len(name) > 300 or not _NAME.fullmatch(name):
        return visit.notice(words.not_found_title, words.not_found, 404)
    try:
        data = visit.parts.store.read(PREFIX + name)
    except NotThere:
        return visit.notice(words.not_found_title, words.not_found, 404)
    if len(data) > LONGEST:
        return visit.notice(words.report, words.say("too_long", key=PREFIX + name), 200)
    return visit.page("report.html", name=name, content=data.decode("utf-8", "replace"))
