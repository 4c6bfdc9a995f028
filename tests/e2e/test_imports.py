"""Which packages `watch` loads for a batch in which nothing was denied: SLS's SDK, and no other."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from demo import clients
from demo.stage import HOME, ROOT, Stage
from localcloud.fc.host import FunctionHost

_PROBE = """

def handler(event, context, real=handler):
    import sys

    real(event, context)
    return json.dumps(sorted({name.partition(".")[0] for name in sys.modules}))
"""
SDKS = {"Tea", "aliyun", "darabonba", "fc2", "oss2", "aliyunsdkcore"}


@pytest.fixture
def probed(stage: Stage, tmp_path: Path) -> FunctionHost:
    """The host, with a `watch` that answers which packages it has loaded."""
    found = stage.local.cloud.services["fc"]._host  # type: ignore[attr-defined]
    assert isinstance(found, FunctionHost)
    (tmp_path / "handler.py").write_text((ROOT / "functions" / "watch" / "handler.py").read_text() + _PROBE)
    found.settings.preloaded = None
    (key,) = [key for key in found.pools if key.name == "rolemend-watch"]
    spec = found.pools[key].spec
    stage.local.call(lambda cloud: found.put(replace(spec, code=tmp_path)))
    return found


def test_a_batch_without_a_denial_loads_no_sdk_but_that_of_the_logs(
    stage: Stage, probed: FunctionHost
) -> None:
    from aliyun.log import LogItem, PutLogsRequest

    probed.settings.pause_triggers = True
    log, project = clients.log(stage.root), f"oss-log-{stage.account}-{HOME}"
    item = LogItem(contents=[("operation", "GetObject"), ("http_status", "200"), ("bucket", "data")])
    log.put_logs(PutLogsRequest(project, "oss-log-store", "oss_access_log", "", [item]))
    cursors = [log.get_cursor(project, "oss-log-store", 0, which).get_cursor() for which in ("begin", "end")]
    source = {
        "endpoint": f"http://{HOME}.log.aliyuncs.com",
        "projectName": project,
        "logstoreName": "oss-log-store",
        "shardId": 0,
        "beginCursor": cursors[0],
        "endCursor": cursors[1],
    }
    event = {"parameter": {"source": "oss_access_log"}, "source": source, "jobName": "j", "taskId": "1"}
    (key,) = [key for key in probed.pools if key.name == "rolemend-watch"]
    outcome = stage.local.do(probed.invoke(key, json.dumps(event).encode(), "sync", "probe"))
    loaded = set(json.loads(outcome.body))
    assert {name for name in loaded if name in SDKS or name.startswith("alibabacloud")} == {"aliyun"}
    assert not loaded & {"aiohttp", "asyncio", "cryptography", "Crypto", "apscheduler", "jmespath", "jinja2"}
