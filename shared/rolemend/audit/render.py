"""A report in the form that is asked for."""

from __future__ import annotations

from collections.abc import Callable

from rolemend.audit.comparison import Comparison, compare
from rolemend.audit.model import Report

JSON = "json"
FORMATS = (JSON, "html", "csv", "sarif", "ocsf")


def render(report: Report, format: str, language: str = "en", comparison: Comparison | None = None) -> bytes:
    """The report in one of FORMATS. HTML holds both languages and shows `language` first.

    Without a comparison no failure counts as new or accepted. Raises ValueError for another format.
    """
    if format not in FORMATS:
        raise ValueError(f"{format!r} is none of {', '.join(FORMATS)}")
    return _writer(format)(report, comparison or compare(report), language)


def _writer(format: str) -> Callable[[Report, Comparison, str], bytes]:
    """Each is imported only when it is asked for: no other pays for its libraries."""
    if format == "html":
        from rolemend.audit.formats.page import to_html

        return to_html
    if format == "csv":
        from rolemend.audit.formats.table import to_csv

        return to_csv
    if format == "sarif":
        from rolemend.audit.formats.sarif import to_sarif

        return to_sarif
    if format == "ocsf":
        from rolemend.audit.formats.ocsf import to_ocsf

        return to_ocsf
    from rolemend.audit.formats.document import to_json

    return to_json
