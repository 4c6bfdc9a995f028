"""The real SDK clients: those of the demo."""

from __future__ import annotations

from demo.clients import Keys, actiontrail, bucket, config, emr, log, ram, spark, sts

__all__ = ["SDKS", "Keys", "actiontrail", "bucket", "config", "emr", "log", "ram", "spark", "sts"]

SDKS = (
    "alibabacloud_actiontrail20200706.client",
    "alibabacloud_emr20210320.client",
    "alibabacloud_emr_serverless_spark20230808.client",
    "alibabacloud_fc20230330.client",
    "alibabacloud_ram20150501.client",
    "alibabacloud_sts20150401.client",
    "aliyun.log",
    "fc2",
    "oss2",
)
"""The modules of the SDKs that functions import."""
