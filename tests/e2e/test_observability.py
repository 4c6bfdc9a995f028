"""What the running functions tell their logs."""

from __future__ import annotations

import json
import re
from typing import Any

from demo import clients
from demo.receiver import Receiver
from demo.run import play
from demo.scenarios import SCENARIOS
from demo.stage import LEDGER, ROOT, TRAIL_PROJECT, Stage
from rolemend.setup.wanted import FUNCTION_LOGSTORE

TRUST = next(scenario for scenario in SCENARIOS if scenario.name == "trust-policy")


def lines_of(stage: Stage) -> list[dict[str, Any]]:
    invocations = stage.local.cloud.services["fc"].invocations  # type: ignore[attr-defined]
    said = [line for one in invocations for line in one.log.splitlines()]
    return [json.loads(line) for line in said if line.startswith("{")]


def test_one_trace_leads_from_the_log_to_the_message(stage: Stage, receiver: Receiver) -> None:
    play(stage, receiver, TRUST)
    (incident,) = stage.incidents()
    spans = {line["span_id"]: line for line in lines_of(stage)}
    message = next(
        line for line in spans.values() if line["rolemend"] == "notify" and line["incident"] == incident
    )
    way = [message]
    while way[-1]["parent_span_id"]:
        way.append(spans[way[-1]["parent_span_id"]])
    assert [line["rolemend"] for line in way] == ["notify", "remediate", "diagnose", "watch"]
    assert {line["trace_id"] for line in way} == {message["trace_id"]}


def test_dashboard_and_alerts_read_what_the_functions_write(stage: Stage, receiver: Receiver) -> None:
    play(stage, receiver, TRUST)
    written: set[str] = {"error", "message"}  # of a failed invocation, which tests/test_telemetry.py looks at
    for line in lines_of(stage):
        written |= line.keys() | {f"outcome.{name}" for name in line["outcome"]}
    dashboard = json.loads((ROOT / "deploy/sls/dashboard.json").read_text("utf-8"))
    rules = json.loads((ROOT / "deploy/sls/alerts.json").read_text("utf-8"))
    queries = [chart["search"]["query"] for chart in dashboard["charts"]]
    queries += [query["query"] for rule in rules for query in rule["configuration"]["queryList"]]
    read = {path for query in queries for path in re.findall(r"\$\.([a-z_.]+)", query)}
    assert read
    assert read <= written


def test_each_line_is_a_log_of_its_own_which_the_queries_find(stage: Stage, receiver: Receiver) -> None:
    """The queries take messages that begin as a function's line does: a line joined to others would be missed."""
    log = clients.log(stage.root)
    log.create_logstore(TRAIL_PROJECT, FUNCTION_LOGSTORE, shard_count=1)
    play(stage, receiver, TRUST)
    begin = log.get_cursor(TRAIL_PROJECT, FUNCTION_LOGSTORE, 0, "begin").get_cursor()
    kept = log.pull_logs(TRAIL_PROJECT, FUNCTION_LOGSTORE, 0, begin).get_flatten_logs_json()
    found = [one["message"] for one in kept if one["message"].startswith('{"rolemend"')]
    assert sorted(json.loads(message)["span_id"] for message in found) == sorted(
        line["span_id"] for line in lines_of(stage)
    )


def test_no_log_holds_a_secret(stage: Stage, receiver: Receiver) -> None:
    secrets: set[str] = set()
    play(stage, receiver, TRUST)
    stage.local.call(
        lambda cloud: secrets.update(
            secret for session in cloud.state.sessions.values() for secret in (session.secret, session.token)
        )
    )
    invocations = stage.local.cloud.services["fc"].invocations  # type: ignore[attr-defined]
    logs = "".join(one.log for one in invocations)
    ledger = clients.bucket(stage.root, LEDGER)
    kept = b"".join(ledger.get_object(item.key).read() for item in ledger.list_objects_v2().object_list)
    assert secrets
    assert not [secret for secret in secrets if secret in logs or secret.encode() in kept]
