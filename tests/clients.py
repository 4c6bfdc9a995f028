"""The real SDK clients: those of the demo."""

from __future__ import annotations

from demo.clients import Keys, actiontrail, bucket, config, emr, log, ram, spark, sts

__all__ = ["Keys", "actiontrail", "bucket", "config", "emr", "log", "ram", "spark", "sts"]
