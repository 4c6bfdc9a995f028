"""Writes what a function printed to the logstore that its `logConfig` names.

Fields: https://www.alibabacloud.com/help/en/functioncompute/fc/user-guide/configure-the-logging-feature
A service's role must be allowed to write: https://github.com/devsapp/fc/blob/8fe237e8b43216f19d150ad56d5a402b1c5de8d2/docs/en/yaml/service.md
Rule: https://www.alibabacloud.com/help/en/functioncompute/fc-2-0/developer-reference/api-fc-open-2021-04-06-struct-logconfig
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from localcloud.errors import AccessDenied
from localcloud.fc.access import require_role
from localcloud.fc.logsource import log_service

if TYPE_CHECKING:
    from localcloud.cloud import Cloud
    from localcloud.fc.outcome import Invocation, Outcome
    from localcloud.fc.spec import FunctionSpec

_LINE_LIMIT = 32 * 1024
"""Bytes of one log line: https://help.aliyun.com/zh/functioncompute/fc/product-overview/limits-of-usage"""

_DATED = re.compile(r"\d{4}-\d{2}-\d{2}")
"""What a line begins with that begins a log under `DefaultRegex`; the page's own example."""


def write_log(cloud: Cloud, spec: FunctionSpec, record: Invocation, outcome: Outcome) -> None:
    """One log for each line, or under `DefaultRegex` for each dated line with those after it that are not.

    Nothing is written if the logstore does not exist, or if a service's role may not write to it, as in the cloud.
    """
    project = cloud.state.sls.projects.get(spec.log_project)
    if project is None or spec.log_store not in project.logstores or not _may_write(cloud, spec):
        return
    common = [
        ("functionName", spec.key.name),
        ("instanceID", outcome.instance),
        ("qualifier", "LATEST"),
        ("requestId", record.request_id),
        ("serviceName", spec.key.service),
        ("versionId", ""),
    ]
    lines = [line for line in outcome.log.decode("utf-8", "replace").splitlines() if line]
    texts = lines if spec.log_begin == "None" else _blocks(lines)
    logs = [[("message", text[:_LINE_LIMIT]), *common] for text in texts]
    if logs:
        topic = f"FCLogs:{spec.key.name}"
        log_service(cloud).append(
            project=spec.log_project, logstore=spec.log_store, logs=logs, topic=topic, time=int(record.ended)
        )


def _may_write(cloud: Cloud, spec: FunctionSpec) -> bool:
    """FC 2.0 writes in the name of the service's role; FC 3.0 with its own service-linked role."""
    if not spec.key.service:
        return True
    place = f"project/{spec.log_project}/logstore/{spec.log_store}"
    resource = f"acs:log:{spec.key.region}:{spec.key.account}:{place}"
    try:
        require_role(cloud, spec, "log:PostLogStoreLogs", resource)
    except AccessDenied:
        return False
    return True


def _blocks(lines: Iterable[str]) -> list[str]:
    """A block for each dated line; what stands before the first of them is one too."""
    blocks: list[list[str]] = []
    for line in lines:
        if not blocks or _DATED.match(line):
            blocks.append([])
        blocks[-1].append(line)
    return ["\n".join(block) for block in blocks]
