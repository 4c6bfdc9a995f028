"""Failed jobs are found by what their events tell, read once each, and never lost while they cannot be read."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from rolemend.account.interface import JobRun
from rolemend.errors import AccountError, Refused, Unreachable
from rolemend.incident.journal import read_journal
from rolemend.signals.denial import JobTarget
from rolemend.work import failed_jobs
from rolemend.work.events import Timer, TrailEvents
from rolemend.work.failed_jobs import GIVE_UP_SECONDS, LISTED_SECONDS, MOST_JOBS
from rolemend.work.watch import watch
from rolemend.work.watch_parts import Watched
from tests.work.scene import Scene

NAME = "EMRSpark:JobRun:FAILED"
WORKSPACE, RUN = "w-d2d82aa09155aaaa", "jr-93d98d2f7061bbbb"
NOW = 1_764_000_000
DENIED = (
    "org.apache.paimon.rest.exceptions.ForbiddenException: You are not authorized to do this action. "
    "Resource: acs:dlf:cn-hangzhou:1:catalog/lake Action: dlf:GetTable"
)
DOWN = Unreachable("GetJobRun", "ServiceUnavailable", "later")
NO = Refused("GetJobRun", "Forbidden.RAM", "no")


def event(run: str = RUN, workspace: str = WORKSPACE, **changes: Any) -> dict[str, Any]:
    content = {"workspaceId": workspace, "jobRunId": run}
    parts = {"name": NAME, "regionId": "cn-hangzhou", "content": content, "time": NOW * 1000}
    return {key: value for key, value in (parts | changes).items() if value is not None}


def failed(run: str = RUN, message: str = DENIED, **changes: Any) -> JobRun:
    parts: dict[str, Any] = {
        "workspace": WORKSPACE,
        "state": "Failed",
        "reason": "NoPermission",
        "message": message,
        "submitter": "200000000000000001",
        "ended": float(NOW),
    }
    return JobRun(id=run, **(parts | changes))


def scene(*runs: JobRun) -> Scene:
    made = Scene(now=NOW + 5.0)
    made.jobs.roles[WORKSPACE] = "job-role"
    made.jobs.runs = list(runs)
    return made


def seen(made: Scene, *events: dict[str, Any]) -> Watched:
    return watch(TrailEvents(events), made.watch_parts())


def follow(made: Scene) -> Watched:
    return watch(Timer("pending"), made.watch_parts())


def sweep(made: Scene) -> Watched:
    return watch(Timer("jobs"), made.watch_parts())


def pending(made: Scene) -> list[str]:
    return [key for key in made.store.objects if key.startswith("pending/jobs/")]


def signals(made: Scene) -> list[str]:
    """The runs that were counted, over all incidents."""
    journals = [made.store.objects[key] for key in made.store.objects if key.startswith("incidents/")]
    facts = [entry.fact for journal in journals for entry in read_journal(journal).entries]
    return sorted(signal for fact in facts for signal in getattr(fact, "signals", ()))


def test_a_failed_job_opens_an_incident_and_starts_its_diagnosis() -> None:
    made = scene(failed())
    watched = seen(made, event())
    assert (watched.read, watched.denials, watched.pending) == (1, 1, 0)
    incident = made.ledger.load(watched.incidents[0])
    assert incident.denial is not None
    assert isinstance(incident.denial.target, JobTarget)
    assert made.started == ["diagnose"]


def test_the_same_job_counts_once_whoever_tells_of_it() -> None:
    made = scene(failed())
    for _ in range(2):
        seen(made, event(), event(), {"data": event(), "specversion": "1.0", "type": NAME})
        sweep(made)
    assert signals(made) == [RUN]


def test_the_log_is_read_only_if_the_reason_does_not_tell() -> None:
    made = scene(failed(logs=("a", "b")))
    made.jobs.logs = {"a": "x", "b": "y"}
    seen(made, event())
    assert not [call for call in made.jobs.asked if call[0] == "log_end"]
    made = scene(failed(message="The driver exited with code 1.", reason="ERR-100000", logs=("a", "b", "c")))
    made.jobs.logs = {"b": DENIED, "c": "never asked for"}
    assert seen(made, event()).denials == 1
    assert [call[-1] for call in made.jobs.asked if call[0] == "log_end"] == ["a", "b"]


def test_a_log_that_tells_less_than_the_reason_changes_nothing() -> None:
    made = scene(failed(message="Forbidden.RAM: User not authorized to operate on the resource", logs=("a",)))
    made.jobs.logs = {"a": "nothing of interest"}
    assert seen(made, event()).denials == 1


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        (failed(message="Path does not exist", reason="ERR"), "job failed: no permission problem"),
        (failed(message="NoSuchBucket: no such bucket", reason="ERR"), "job failed: no permission problem"),
        (failed(message="SignatureDoesNotMatch", reason="SignatureDoesNotMatch"), "job failed: signature_mismatch"),
        (failed(state="Success"), "job run Success"),
        (failed(state="Cancelled"), "job run Cancelled"),
    ],
)  # fmt: skip
def test_what_is_no_permission_problem_is_passed_over_by_reason(run: JobRun, reason: str) -> None:
    made = scene(run)
    assert seen(made, event()).passed_over == {reason: 1}
    assert pending(made) == []


def test_ids_that_nobody_knows_lead_to_the_failed_runs_around_the_event() -> None:
    old = failed("jr-old", ended=float(NOW - LISTED_SECONDS - 1))
    made = scene(failed(), old, failed("jr-well", state="Success"))
    for wrong in (event(run="jr-000000000000"), event(content={}), event(content="?", regionId=None)):
        assert seen(made, wrong).denials == 1
    assert signals(made) == [RUN]
    assert seen(scene(), event()).passed_over == {"job run not found": 1}


def test_of_several_named_runs_those_that_failed_count() -> None:
    made = scene(
        failed(), failed("jr-running0000", state="Running"), failed("jr-fine00000000", state="Success")
    )
    named = event(content={"jobRunId": [RUN, "jr-running0000", "jr-fine00000000", "jr-unknown00000"]})
    watched = seen(made, named)
    assert (signals(made), watched.passed_over) == ([RUN], {"job run Success": 1})


def test_a_run_that_is_not_over_yet_is_looked_at_again() -> None:
    made = scene(failed(state="Running"))
    assert seen(made, event()).pending == 1
    made.jobs.runs = [failed()]
    assert follow(made).denials == 1
    assert (signals(made), pending(made)) == ([RUN], [])


@pytest.mark.parametrize("call", ["job_run", "execution_role", "log_end"])
@pytest.mark.parametrize("error", [DOWN, NO, AccountError("x", "y", "z")])
def test_what_cannot_be_read_is_read_later_and_holds_up_no_other(call: str, error: AccountError) -> None:
    made = scene(failed(message="?", logs=("a",)), failed("jr-other0000000", message="?", logs=("a",)))
    made.jobs.logs = {"a": DENIED}
    made.jobs.failing = {call: error}
    for _ in range(2):
        assert seen(made, event(), event("jr-other0000000")).pending == 2
    assert len(pending(made)) == 2
    with pytest.raises(AccountError):
        follow(made)
    assert len(pending(made)) == 2
    made.jobs.failing = {}
    assert follow(made).denials == 2
    assert (signals(made), pending(made)) == ([RUN, "jr-other0000000"], [])


def test_a_job_that_stays_unread_is_kept_aside_in_the_end() -> None:
    made = scene(failed())
    made.jobs.failing = {"job_run": DOWN}
    seen(made, event())
    made.now = NOW + GIVE_UP_SECONDS + 10.0
    with pytest.raises(Unreachable):
        follow(made)
    assert pending(made) == []
    (kept,) = [json.loads(value) for key, value in made.store.objects.items() if key.startswith("rejected/")]
    assert kept["reason"].startswith("a failed job was read no further: GetJobRun: ServiceUnavailable")
    assert kept["record"]["job"]["runs"] == [RUN]


def test_a_damaged_pending_job_is_kept_aside_and_the_others_go_on() -> None:
    made = scene(failed())
    made.store.objects["pending/jobs/cn-hangzhou/1-0123456789abcdef.json"] = b'{"half'
    made.store.objects["pending/jobs/cn-hangzhou/note.txt"] = b"left alone"
    made.jobs.failing = {"job_run": DOWN}
    seen(made, event())
    made.jobs.failing = {}
    watched = follow(made)
    assert (watched.denials, watched.rejected, watched.given_up) == (1, 1, 1)
    assert pending(made) == ["pending/jobs/cn-hangzhou/note.txt"]


def test_a_stop_before_the_object_is_dropped_counts_nothing_twice() -> None:
    made = scene(failed())
    made.jobs.failing = {"job_run": DOWN}
    seen(made, event())
    made.jobs.failing = {}
    (key,) = pending(made)
    kept = made.store.objects[key]
    follow(made)
    made.store.objects[key] = kept
    follow(made)
    assert (signals(made), pending(made)) == ([RUN], [])


def test_a_storm_is_read_in_parts_and_loses_nothing() -> None:
    runs = [f"jr-{number:012d}" for number in range(MOST_JOBS + 25)]
    made = scene(*(failed(run) for run in runs))
    watched = seen(made, *(event(run) for run in runs))
    assert (watched.denials, watched.pending) == (MOST_JOBS, 25)
    follow(made)
    assert (signals(made), pending(made)) == (runs, [])


def test_a_service_that_does_not_answer_is_not_asked_for_every_job() -> None:
    runs = [f"jr-{number:012d}" for number in range(30)]
    made = scene(*(failed(run) for run in runs))
    made.jobs.failing = {"job_run": DOWN}
    assert seen(made, *(event(run) for run in runs)).pending == 30
    assert len(made.jobs.asked) == 1
    with pytest.raises(Unreachable):
        follow(made)
    assert len(made.jobs.asked) == 2


def test_jobs_that_stay_refused_do_not_keep_out_the_others() -> None:
    refused = [f"jr-{number:012d}" for number in range(MOST_JOBS)]
    made = scene(failed())
    made.jobs.failing = {"job_run": NO}
    seen(made, *(event(run) for run in refused))
    seen(made, event())
    made.jobs.failing = {}
    made.jobs.runs += [failed(run, state="Running") for run in refused]
    for _ in range(3):
        made.now += 60
        with pytest.raises(AccountError):
            follow(made)
    assert signals(made) == [RUN]
    assert len(pending(made)) == MOST_JOBS


def test_the_timer_lists_what_failed_lately_and_says_when_it_was_too_much(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = scene(*(failed(f"jr-{number:012d}") for number in range(5)))
    assert sweep(made).denials == 5
    monkeypatch.setattr(failed_jobs, "MOST_LISTED", 3)
    assert sweep(made).passed_over == {"failed runs that were not listed": 1}
    made.jobs.failing = {"workspaces": DOWN}
    with pytest.raises(Unreachable):
        sweep(made)


def test_a_workspace_or_a_gateway_that_is_gone_leaves_its_names_out() -> None:
    made = scene(failed())
    made.jobs.roles = {}
    content = {"workspaceId": WORKSPACE, "jobRunId": RUN, "livyComputeId": "lc-123456789"}
    watched = seen(made, event(content=content))
    denial = made.ledger.load(watched.incidents[0]).denial
    assert denial is not None
    assert isinstance(denial.target, JobTarget)
    assert (denial.target.role, denial.target.gateway, denial.target.token_creator) == (
        "",
        "lc-123456789",
        None,
    )


def test_denials_of_rolemends_own_roles_are_left_alone() -> None:
    made = scene(failed(message=DENIED.replace("dlf:GetTable", "dlf-auth:ActOnBehalfOfAnotherUser")))
    made.jobs.roles[WORKSPACE] = "rolemend-job"
    assert seen(made, event()).passed_over == {"own role": 1}


def test_the_engine_that_reads_error_texts_is_loaded_only_for_a_failed_job() -> None:
    program = (
        "import sys, rolemend.work.watch; print([m for m in sys.modules if m.startswith('rolemend.explain')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
