"""Writes docs/checklists.md: `make docs`."""

from __future__ import annotations

from pathlib import Path

from docs.generator.page import page

PAGE = Path(__file__).parents[1] / "checklists.md"

if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
