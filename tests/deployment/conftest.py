"""Serverless Devs runs on Node."""

from __future__ import annotations

import shutil

collect_ignore = [] if shutil.which("node") and shutil.which("npm") else ["test_serverless_devs.py"]
