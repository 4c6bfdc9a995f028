"""Which services the local cloud has, and the system policies it knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localcloud.actiontrail.service import ActionTrailService
from localcloud.cms.service import CmsService
from localcloud.emr.service import EmrService
from localcloud.fc.service import FcService
from localcloud.kms.service import KmsService
from localcloud.metadata.service import MetadataService
from localcloud.oauth.service import OAuthService
from localcloud.openapiexplorer.service import OpenApiExplorerService
from localcloud.oss.service import OssService
from localcloud.ram.service import RamService
from localcloud.ram.system_policies import load_system_policies
from localcloud.sls.service import SlsService
from localcloud.spark.service import SparkService
from localcloud.sts.service import StsService

if TYPE_CHECKING:
    from localcloud.cloud import Cloud, Service

__all__ = ["build_services", "load_system_policies"]


def build_services(cloud: Cloud) -> dict[str, Service]:
    """One instance of each service, by its key in `localcloud.hosts`."""
    return {
        "ram": RamService(cloud),
        "sts": StsService(cloud),
        "actiontrail": ActionTrailService(cloud),
        "emr": EmrService(cloud),
        "openapiexplorer": OpenApiExplorerService(cloud),
        "spark": SparkService(cloud),
        "oss": OssService(cloud),
        "sls": SlsService(cloud),
        "fc": FcService(cloud),
        "cms": CmsService(cloud),
        "kms": KmsService(cloud),
        "metadata": MetadataService(cloud),
        "oauth": OAuthService(cloud),
    }
