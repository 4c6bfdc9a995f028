"""Reads the triggers of a function out of an `s.yaml`.

The schema lets any object pass as `triggerConfig`, so each kind is checked here by its own definition.
Definitions: https://github.com/devsapp/fc3/blob/4ca1c1b8c33e654438bb73b64cfc95a5c9d94f5a/src/schema.json ,
https://www.alibabacloud.com/help/en/functioncompute/fc/developer-reference/api-fc-2023-03-30-struct-jobconfig
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from localcloud.fc.cron import parse_schedule
from localcloud.fc.fields import Fields
from localcloud.fc.pattern import check_pattern
from localcloud.fc.spec import EventTrigger, HttpTrigger, LogTrigger, TimerTrigger, Trigger

_PROJECT_ARN = re.compile(r"acs:log:([a-z0-9-]+):(\d+):project/([a-z0-9][a-z0-9-]{1,61}[a-z0-9])")
_METHODS = ("GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS")


def read_trigger(fields: Fields, account: str, region: str) -> Trigger | None:
    """One trigger; None if it is switched off or wrong (then with errors)."""
    name = fields.text("triggerName")
    kind = fields.choice("triggerType", tuple(_READERS))
    if fields.text("qualifier", "LATEST") != "LATEST":
        fields.fail("qualifier", "the local cloud has only LATEST")
    config = fields.part("triggerConfig")
    if "triggerConfig" not in fields.values:
        fields.fail("triggerConfig", "is missing")
    reader = _READERS.get(kind)
    return reader(name, fields, config, account, region) if reader else None


def _log(name: str, fields: Fields, config: Fields, account: str, region: str) -> Trigger | None:
    arn = fields.text("sourceArn")
    match = _PROJECT_ARN.fullmatch(arn)
    if arn and (match is None or match.group(1, 2) != (region, account)):
        fields.fail("sourceArn", f"is not acs:log:{region}:{account}:project/<project>: {arn!r}")
    job, source = config.part("jobConfig"), config.part("sourceConfig")
    parameter = config.part("functionParameter").values
    trigger = LogTrigger(
        name=name,
        project=match.group(3) if match else "",
        logstore=source.text("logstore"),
        interval=job.number("triggerInterval", 60, 3, 600),
        retries=int(job.number("maxRetryTime", 3, 0, 100)),
        start=source.number("startTime", 0, 0, 1e11),
        parameter=dict(parameter),
    )
    return trigger if config.flag("enable", True) else None


def _timer(name: str, fields: Fields, config: Fields, account: str, region: str) -> Trigger | None:
    schedule = config.text("cronExpression")
    if schedule:
        try:
            parse_schedule(schedule)
        except ValueError as error:
            config.fail("cronExpression", f"{error}: {schedule!r}")
    trigger = TimerTrigger(name, schedule, config.text("payload", ""))
    return trigger if config.flag("enable", True) else None


def _eventbridge(name: str, fields: Fields, config: Fields, account: str, region: str) -> Trigger | None:
    text = config.text("eventRuleFilterPattern", "{}")
    try:
        pattern = json.loads(text)
        if reason := check_pattern(pattern):
            config.fail("eventRuleFilterPattern", reason)
    except ValueError as error:
        config.fail("eventRuleFilterPattern", f"is not JSON: {error}")
        pattern = {}
    config.part("eventSourceConfig").choice("eventSourceType", ("Default",), "Default")
    run = config.part("runOptions")
    mode = run.choice("mode", ("event-driven", "event-streaming"), "event-driven")
    strategies = ("BACKOFF_RETRY", "EXPONENTIAL_DECAY_RETRY")
    strategy = run.part("retryStrategy").choice("PushRetryStrategy", strategies, "BACKOFF_RETRY")
    trigger = EventTrigger(
        name=name,
        pattern=pattern if isinstance(pattern, dict) else {},
        streaming=mode == "event-streaming",
        asynchronous=config.flag("asyncInvocationType", False),
        retries=3 if strategy == "BACKOFF_RETRY" else 176,
    )
    return trigger if config.flag("triggerEnable", True) else None


def _http(name: str, fields: Fields, config: Fields, account: str, region: str) -> Trigger | None:
    methods = config.items("methods")
    for method in methods:
        if method not in _METHODS:
            config.fail("methods", f"{method!r} is none of {', '.join(_METHODS)}")
    if not methods:
        config.fail("methods", "is missing or empty")
    auth = config.choice("authType", ("anonymous", "function"))
    return HttpTrigger(name, auth, tuple(map(str, methods)), config.flag("disableURLInternet", False))


_READERS: dict[str, Callable[[str, Fields, Fields, str, str], Trigger | None]] = {
    "log": _log,
    "timer": _timer,
    "eventbridge": _eventbridge,
    "http": _http,
}
"""The kinds that the local cloud fires; `oss`, `mns_topic`, `tablestore` and `cdn_events` are refused by
name.
"""
