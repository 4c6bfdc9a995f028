"""The regions of the public cloud that have OSS.

Source: https://www.alibabacloud.com/help/en/oss/user-guide/regions-and-endpoints (February 2026). The finance
and government clouds, whose endpoints do not follow the pattern, are left out.
"""

from __future__ import annotations

REGIONS = (
    "cn-hangzhou", "cn-shanghai", "cn-nanjing", "cn-fuzhou", "cn-wuhan-lr", "cn-qingdao",
    "cn-beijing", "cn-zhangjiakou", "cn-huhehaote", "cn-wulanchabu", "cn-shenzhen", "cn-heyuan",
    "cn-guangzhou", "cn-chengdu", "cn-hongkong", "ap-northeast-1", "ap-northeast-2",
    "ap-southeast-1", "ap-southeast-3", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7",
    "eu-central-1", "eu-west-1", "us-west-1", "us-east-1", "na-south-1", "me-east-1",
)  # fmt: skip
