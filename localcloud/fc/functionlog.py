"""Writes what a function printed to the logstore that its `logConfig` names.

Fields: https://www.alibabacloud.com/help/en/functioncompute/fc/user-guide/configure-the-logging-feature
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from localcloud.fc.logsource import log_service

if TYPE_CHECKING:
    from localcloud.cloud import Cloud
    from localcloud.fc.outcome import Invocation, Outcome
    from localcloud.fc.spec import FunctionSpec

_LINE_LIMIT = 32 * 1024
"""Bytes of one log line: https://help.aliyun.com/zh/functioncompute/fc/product-overview/limits-of-usage"""


def write_log(cloud: Cloud, spec: FunctionSpec, record: Invocation, outcome: Outcome) -> None:
    """One log for each line. Nothing is written if the logstore does not exist, as in the cloud."""
    project = cloud.state.sls.projects.get(spec.log_project)
    if project is None or spec.log_store not in project.logstores:
        return
    common = [
        ("functionName", spec.key.name),
        ("instanceID", outcome.instance),
        ("qualifier", "LATEST"),
        ("requestId", record.request_id),
        ("serviceName", spec.key.service),
        ("versionId", ""),
    ]
    lines = outcome.log.decode("utf-8", "replace").splitlines()
    logs = [[("message", line[:_LINE_LIMIT]), *common] for line in lines if line]
    if logs:
        topic = f"FCLogs:{spec.key.name}"
        log_service(cloud).append(
            project=spec.log_project, logstore=spec.log_store, logs=logs, topic=topic, time=int(record.ended)
        )
