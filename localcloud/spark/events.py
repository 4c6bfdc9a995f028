"""The CloudMonitor system event of a failed job run, delivered to SLS and to functions where a rule routes it.

Names: https://www.alibabacloud.com/help/en/emr/emr-serverless-spark/user-guide/subscribe-to-system-event-notifications
Envelope: CloudMonitor's API reference, SendDryRunSystemEvent. What `content`, `resourceId`, `level` and
`status` hold for this event is not published: they are assumptions.
"""

from __future__ import annotations

import json
import time
import uuid
from typing import TYPE_CHECKING, Any

from localcloud.cms.service import CmsService
from localcloud.sls.service import SlsService
from localcloud.spark.parameters import milliseconds

if TYPE_CHECKING:
    from localcloud.cloud import Cloud
    from localcloud.spark.state import JobRun

FAILED = "EMRSpark:JobRun:FAILED"
TOPIC = "cloudmonitor_event"
SOURCE = "cloudmonitor"


def failure_event(run: JobRun) -> dict[str, Any]:
    """The event of a run that has ended as Failed. It does not tell why: that is GetJobRun's to say."""
    content: dict[str, Any] = {
        "workspaceId": run.workspace,
        "jobRunId": run.id,
        "jobRunName": run.name,
        "creator": run.creator,
        "state": run.state,
        "submitTime": milliseconds(run.submitted),
        "endTime": milliseconds(run.ended),
    }
    if run.gateway:
        content["livyComputeId"] = run.gateway
    resource = f"workspace/{run.workspace}/jobRun/{run.id}"
    return {
        "product": "EMRSpark",
        "resourceId": f"acs:emr-serverless-spark:{run.region}:{run.account}:{resource}",
        "level": "CRITICAL",
        "instanceName": run.name or run.id,
        "regionId": run.region,
        "name": FAILED,
        "content": content,
        "status": "Failed",
        "time": milliseconds(run.ended),
    }


def deliver(cloud: Cloud, run: JobRun) -> None:
    """Append the event to every logstore, and send it to every function, that a rule of the account names."""
    event = failure_event(run)
    fields = [(k, v if isinstance(v, str) else json.dumps(v, ensure_ascii=False)) for k, v in event.items()]
    sls = cloud.services["sls"]
    assert isinstance(sls, SlsService)
    cms = cloud.services["cms"]
    assert isinstance(cms, CmsService)
    put_in = [
        (project, logstore)
        for owner, project, logstore in cloud.state.spark.event_targets
        if owner == run.account
    ]
    for project, logstore in [*put_in, *cms.logstores_for(run.account, event)]:
        sls.append(
            project=project, logstore=logstore, logs=[fields], topic=TOPIC, source=SOURCE, time=int(run.ended)
        )
    for account, function, form in cloud.state.spark.event_functions:
        if account == run.account:
            payload = cloud_event(event, account) if form == "cloudevents" else event
            cloud.services["fc"].send(account, function, json.dumps(payload).encode())  # type: ignore[attr-defined]


def cloud_event(event: dict[str, Any], account: str) -> dict[str, Any]:
    """The event in the envelope of EventBridge. That this event comes there, and how, is assumed.

    Members: https://www.alibabacloud.com/help/en/eventbridge/user-guide/event-overview
    """
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(event["time"] / 1000))
    return {
        "id": str(uuid.uuid4()),
        "source": "acs.cms",
        "specversion": "1.0",
        "type": event["name"],
        "datacontenttype": "application/json;charset=utf-8",
        "subject": event["resourceId"],
        "time": at,
        "aliyunaccountid": account,
        "aliyunregionid": event["regionId"],
        "aliyuneventbusname": "default",
        "data": event,
    }
