"""Every failure of OSS access that the FAQ and its sub-questions know: provoked, diagnosed, and people are told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from demo import clients
from demo.receiver import Receiver
from demo.scenarios import Scenario
from demo.stage import Stage
from rolemend.checklist.model import Advice, Finding
from rolemend.incident.life import Incident
from tests.e2e.failures import BUCKET, FAILURES, Failure, other_account
from tests.e2e.watching import attempt, failures


def incident_of(stage: Stage, failure: Failure) -> Incident:
    """The one incident that comes of a failure."""
    attempt(stage, Scenario(failure.name, "", failure.name, failure.prepare, failure.cause, "alerted", None))
    found = stage.incidents()
    assert len(found) == 1, failure.name
    return next(iter(found.values()))


def finding(incident: Incident, check: str) -> Finding:
    assert incident.diagnosis is not None
    return next(each for each in incident.diagnosis.findings if each.check == check)


def advised(incident: Incident, message: dict[str, Any]) -> str:
    """All that a person is told to do."""
    told = message["message"]
    return "\n".join([*told["advice"], told["document"]])


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.name)
def test_a_failure_is_diagnosed_and_people_are_told(
    stage: Stage, receiver: Receiver, failure: Failure
) -> None:
    incident = incident_of(stage, failure)
    assert incident.diagnosis is not None
    answers = [(each.check, each.answer, each.cause) for each in incident.diagnosis.findings]
    assert incident.diagnosis.cause == failure.cause, answers
    expected = ("failed", failure.cause) if failure.cause else ("unknown", None)
    assert (finding(incident, failure.check).answer, finding(incident, failure.check).cause) == expected
    assert incident.state == "alerted"
    assert failures(stage) == []
    (message,) = receiver.messages
    assert failure.says in advised(incident, message)


def test_the_statement_that_the_owner_pastes_lets_the_other_account_in(
    stage: Stage, receiver: Receiver
) -> None:
    call = other_account(stage)
    with pytest.raises(Exception, match="AccessDenied"):
        call()
    stage.settle()
    (incident,) = stage.incidents().values()
    assert incident.diagnosis is not None
    remedy = incident.diagnosis.remedy
    assert isinstance(remedy, Advice)
    statement = json.loads(remedy.document)
    assert statement["Principal"] == ["arn:sts::2000000000000002:assumed-role/emr-foreign/*"]
    owner = clients.bucket(stage.root, BUCKET)
    owner.put_bucket_policy(json.dumps({"Version": "1", "Statement": [statement]}))
    assert [item.key for item in call().object_list] == ["a"]
