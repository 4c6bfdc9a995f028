"""What a program on a node of an EMR cluster does: take the role's credentials from the metadata service, use OSS."""

from __future__ import annotations

from typing import Any

import requests

from demo import clients
from demo.clients import Keys
from demo.stage import Stage

_METADATA = "http://100.100.100.200/latest/meta-data/ram/security-credentials/"


def node_keys(stage: Stage, instance: str) -> Keys:
    """The credentials of a node's role; the proxy knows by its user name which node asks."""
    proxy = stage.local.proxy.replace("://", f"://{instance}:node@")
    session = requests.Session()
    session.trust_env = False
    session.proxies = {"http": proxy}
    role = session.get(_METADATA, timeout=10).text.strip()
    answer = session.get(_METADATA + role, timeout=10).json()
    return Keys(answer["AccessKeyId"], answer["AccessKeySecret"], answer["SecurityToken"])


def start_cluster(stage: Stage, role: str, region: str, release: str = "EMR-5.16.0") -> str:
    """Create a cluster with an ECS application role, and answer the instance id of a node."""
    from alibabacloud_emr20210320 import models

    emr = clients.emr(stage.root, region)
    cluster = emr.run_cluster(cluster_request(role, region, release)).body.cluster_id
    nodes = emr.list_nodes(models.ListNodesRequest(region_id=region, cluster_id=cluster)).body.nodes
    return str(nodes[0].node_id)


def cluster_request(role: str, region: str, release: str) -> Any:
    from alibabacloud_emr20210320 import models

    return models.RunClusterRequest(
        region_id=region,
        cluster_name=f"demo-{role}",
        cluster_type="DATALAKE",
        release_version=release,
        node_attributes=models.NodeAttributes(ram_role=role),
    )
