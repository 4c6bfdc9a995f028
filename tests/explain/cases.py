"""The texts that explain is tested with: established samples, and a corpus from documentation and public threads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SAMPLES: dict[str, str] = {
    row["id"]: row["text"] for row in json.loads((HERE / "error_texts.json").read_text("utf-8"))
}
CORPUS: list[dict[str, Any]] = json.loads((HERE / "corpus.json").read_text("utf-8"))
"""`text` with its `source` address and the `cause` that it supports by itself; `want` are further members."""

NAMES = (
    "principal",
    "resource",
    "bucket",
    "object",
    "region",
    "endpoint",
    "right_endpoint",
    "request_id",
    "ec",
)
"""Members of an answer that must stand in the text they were read from."""
