"""What people were told of is closed once the same principal succeeds, or after a quiet time; and is opened again."""

from __future__ import annotations

import re
from typing import Any

import pytest

from rolemend.account.interface import Known
from rolemend.errors import Refused, Unreachable
from rolemend.incident.next_step import REMIND_SECONDS
from rolemend.work import closing
from rolemend.work.events import Timer
from rolemend.work.watch import watch
from rolemend.work.watch_parts import Watched
from tests.fakes import FakeLogs
from tests.samples import ACCOUNT, LISTING, altered, denied_line
from tests.work.scene import ID, Scene, deny, rule

SUCCESS = {
    **denied_line(),
    "__time__": str(LISTING.time + 50),
    "http_status": "200",
    "error_code": "-",
    "ec": "-",
    "operation": "GetBucket",
    "object": "-",
    "bucket": "data",
    "extend_information": f"{ACCOUNT},emr-role,another-session,{ACCOUNT}",
}


def told() -> Scene:
    """An incident that only a person can mend, and of which people know."""
    scene = Scene()
    scene.account.types["reader"] = "System"
    scene.mended()
    scene.notify()
    assert scene.incident.state == "alerted"
    return scene


def asked(scene: Scene, *found: dict[str, Any]) -> tuple[Watched, FakeLogs]:
    logs = FakeLogs([])
    logs.found = list(found)
    return watch(Timer("close"), scene.watch_parts(logs=logs)), logs


def test_a_success_of_the_same_principal_closes_the_incident() -> None:
    scene = told()
    seen, logs = asked(scene, SUCCESS)
    assert seen.incidents == (ID,)
    assert (scene.incident.state, list(scene.ledger.unmended_ids())) == ("closed", [])
    ((project, query),) = logs.asked
    assert project == f"oss-log-{ACCOUNT}-cn-hangzhou"
    assert 'bucket: "data"' in query
    assert "operation: GetBucket" in query
    assert "emr-role" in query


@pytest.mark.parametrize(
    "changes",
    [
        {"__time__": str(LISTING.time)},
        {"__time__": "soon"},
        {"http_status": "403"},
        {"bucket": "other"},
        {"operation": "GetObject", "object": "key"},
        {"extend_information": f"{ACCOUNT},emr-role-2,s,{ACCOUNT}"},
        {"extend_information": "2000000000000002,emr-role,s,2000000000000002"},
        {"extend_information": "-"},
    ],
)
def test_another_success_closes_nothing(changes: dict[str, str]) -> None:
    scene = told()
    asked(scene, SUCCESS | changes)
    assert scene.incident.state == "alerted"


def test_a_success_in_another_folder_says_nothing_of_this_one() -> None:
    scene = Scene(
        denial=altered(
            LISTING,
            action="oss:GetObject",
            target=altered(LISTING.target, key="a/b/part-0"),  # type: ignore[arg-type]
        )
    )
    scene.account.types["reader"] = "System"
    scene.mended()
    scene.notify()
    line = SUCCESS | {"operation": "GetObject", "object": "c%2Fb%2Fpart-0"}
    asked(scene, line)
    assert scene.incident.state == "alerted"
    asked(scene, line | {"object": "a%2Fb%2Fpart-1"})
    assert scene.incident.state == "closed"


def test_a_plan_that_waits_for_a_person_is_closed_too() -> None:
    scene = Scene(guardrails=rule("approve"))
    scene.mended()
    scene.notify()
    asked(scene, SUCCESS)
    assert scene.incident.state == "closed"


def test_without_open_incidents_nothing_is_asked() -> None:
    _, logs = asked(Scene())
    assert logs.asked == []


def test_a_mended_incident_is_asked_for_no_more() -> None:
    scene = told()
    asked(scene, SUCCESS)
    scene.ledger.mark_unmended(ID)
    _, logs = asked(scene, SUCCESS)
    assert (logs.asked, list(scene.ledger.unmended_ids())) == ([], [])


def test_a_denial_right_before_the_closing_keeps_it_open() -> None:
    scene = told()
    late = altered(LISTING, signal_id="late", time=LISTING.time + 60)
    scene.store.before_append.append(lambda: scene.denied(late))
    asked(scene, SUCCESS)
    assert scene.incident.state == "alerted"


def test_a_quiet_time_closes_what_no_log_can_tell() -> None:
    scene = told()
    scene.now = LISTING.time + scene.watch_parts().quiet
    asked(scene)
    assert scene.incident.state == "alerted"
    scene.now += 1
    _, logs = asked(scene)
    assert (scene.incident.state, logs.asked) == ("closed", [])
    assert "7 days" in scene.incident.closed


def test_a_time_that_a_record_makes_up_keeps_nothing_open_for_ever() -> None:
    scene = told()
    scene.denied(altered(LISTING, signal_id="forged", time=9_999_999_999))
    scene.diagnose()
    scene.remediate()
    scene.notify()
    assert scene.incident.state == "alerted"
    scene.now += 8 * 86_400
    asked(scene)
    assert scene.incident.state == "closed"


@pytest.mark.parametrize("bucket", ["and", "not"])
def test_a_bucket_named_as_a_word_of_the_query_language_is_asked_for_as_a_name(bucket: str) -> None:
    scene = Scene(denial=altered(LISTING, target=altered(LISTING.target, bucket=bucket)))  # type: ignore[arg-type]
    scene.diagnosed()
    scene.remediate()
    scene.notify()
    scene.ledger.mark_unmended(scene.id)
    ((_, query),) = asked(scene)[1].asked
    assert f'bucket: "{bucket}" and' in query


@pytest.mark.parametrize("name", ["data' or 1=1", "a b", "x) or (*", "ä"])
def test_a_name_that_is_none_becomes_part_of_no_query(name: str) -> None:
    for denial in (
        altered(LISTING, target=altered(LISTING.target, bucket=name)),  # type: ignore[arg-type]
        altered(LISTING, principal=altered(LISTING.principal, name=name)),  # type: ignore[arg-type]
    ):
        scene = Scene(denial=denial)
        scene.diagnosed()
        scene.remediate()
        scene.notify()
        scene.ledger.mark_unmended(scene.id)
        _, logs = asked(scene)
        assert logs.asked == []


@pytest.mark.parametrize(
    "region", ["", "evil.example/", "evil.example:443/#", "x@evil", "CN-HANGZHOU", "cn-hangzhou\n"]
)
def test_a_region_that_is_none_becomes_part_of_no_host(region: str) -> None:
    """Credentials are sent to it, and a job's own text may have told it."""
    scene = Scene(denial=altered(LISTING, target=altered(LISTING.target, region=region)))  # type: ignore[arg-type]
    scene.account.types["reader"] = "System"
    scene.mended()
    scene.notify()
    assert scene.incident.state == "alerted"
    assert asked(scene)[1].asked == []


def test_a_log_that_does_not_answer_is_an_error_and_closes_nothing() -> None:
    class Silent(FakeLogs):
        def search(self, *values: Any) -> Any:
            raise Unreachable("GetLogs", "Timeout", "no answer")

    scene = told()
    with pytest.raises(Unreachable):
        watch(Timer("close"), scene.watch_parts(logs=Silent([])))
    assert scene.incident.state == "alerted"


class Searched(FakeLogs):
    """An access log that answers as SLS does: the newest 100 lines of a time that name a principal of the query."""

    def search(self, region: str, project: str, logstore: str, query: str, since: int, until: int) -> Any:
        self.asked.append((project, query))
        named = set(re.findall(r"'%,([^,]*),%'", query))
        hits = [
            line
            for line in self.found
            if since <= int(line["__time__"]) < until and line["extend_information"].split(",")[1] in named
        ]
        return sorted(hits, key=lambda line: -int(line["__time__"]))[:100]


def success(role: str, at: int) -> dict[str, Any]:
    who = f"{ACCOUNT},{role},s,{ACCOUNT}"
    return SUCCESS | {"extend_information": who, "__time__": str(at)}


def got(folder: str, at: int) -> dict[str, Any]:
    return success("emr-role", at) | {"operation": "GetObject", "object": f"{folder}%2Fpart-1"}


def told_of_an_object() -> Scene:
    target = altered(LISTING.target, key="a/part-0")  # type: ignore[arg-type]
    scene = Scene(denial=altered(LISTING, action="oss:GetObject", target=target))
    scene.account.types["reader"] = "System"
    scene.mended()
    scene.notify()
    scene.now += 1_000
    return scene


def told_of(*roles: str) -> Scene:
    """Incidents of several roles on one bucket, which only people can mend."""
    scene = Scene()
    scene.account.types["reader"] = "System"
    for role in roles:
        scene.denial = altered(LISTING, principal=altered(LISTING.principal, name=role))  # type: ignore[arg-type]
        scene.mended()
        scene.notify()
        assert scene.incident.state == "alerted"
    return scene


def test_a_success_behind_many_others_of_the_same_principal_is_found() -> None:
    """Many of them in the same second, and none in the folder of what was denied."""
    scene = told_of_an_object()
    logs = Searched([])
    logs.found = [got("b", LISTING.time + 300 + at) for at in range(250)]
    logs.found += [got("b", LISTING.time + 200) for _ in range(120)]
    logs.found += [got("a", LISTING.time + 50)]
    watch(Timer("close"), scene.watch_parts(logs=logs))
    assert scene.incident.state == "closed"
    assert len(logs.asked) == 5


def test_pages_are_asked_for_within_a_bound_and_only_while_something_is_open() -> None:
    scene = told_of_an_object()
    logs = Searched([])
    logs.found = [got("b", LISTING.time + 1 + at // 10) for at in range(5_000)]
    watch(Timer("close"), scene.watch_parts(logs=logs))
    assert (scene.incident.state, len(logs.asked)) == ("alerted", 5)
    logs.asked.clear()
    logs.found += [got("a", int(scene.now))]
    watch(Timer("close"), scene.watch_parts(logs=logs))
    assert (scene.incident.state, len(logs.asked)) == ("closed", 1)


def test_every_principal_gets_its_turn_however_many_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of the others ever succeeds; a query names two, and at most four queries are made at once."""
    monkeypatch.setattr(closing, "_MOST_NAMED", 2)
    scene = told_of(*(f"emr-{number:02}" for number in range(15)))
    logs = Searched([])
    logs.found = [success("emr-14", LISTING.time + 50)]
    for _ in range(40):
        logs.asked.clear()
        watch(Timer("close"), scene.watch_parts(logs=logs))
        assert len(logs.asked) <= 4
        scene.now += 600
        if scene.incident.state == "closed":
            break
    assert scene.incident.state == "closed"


def test_a_denial_after_the_success_opens_it_again() -> None:
    scene = told()
    asked(scene, SUCCESS)
    assert scene.denied(altered(LISTING, signal_id="b", time=LISTING.time + 111)).state == "reopened"


def test_what_is_still_denied_a_day_after_the_alert_is_looked_at_anew() -> None:
    scene = told()
    day = int(scene.incident.told_at) + REMIND_SECONDS
    assert scene.denied(altered(LISTING, signal_id="b", time=day)).state == "alerted"
    assert scene.denied(altered(LISTING, signal_id="c", time=day + 1)).state == "reopened"


def test_an_observed_incident_is_not_opened_by_every_batch() -> None:
    scene = Scene(guardrails=rule("observe"))
    scene.mended()
    closed = int(scene.incident.closed_at)
    for number in range(3):
        late = altered(LISTING, signal_id=f"n{number}", time=closed + 3_000 * (number + 1))
        assert scene.denied(late).state == "closed"
    late = altered(LISTING, signal_id="day", time=closed + REMIND_SECONDS + 1)
    assert scene.denied(late).state == "reopened"


def test_after_two_changes_it_is_left_to_people() -> None:
    scene = Scene()
    for number in range(2):
        scene.mended()
        assert scene.incident.state == "verified"
        scene.account.policies["reader"]["v99"] = scene.account.policies["reader"]["v1"]
        scene.account.defaults["reader"] = "v99"
        scene.now += 1_000
        scene.denied(altered(LISTING, signal_id=f"again-{number}", time=int(scene.now) - 1))
        scene.denial = LISTING
    writes = len(scene.account.writes)
    scene.diagnose()
    scene.remediate()
    scene.notify()
    incident = scene.incident
    assert incident.verdict is not None
    assert (incident.state, incident.verdict.held, len(scene.account.writes)) == (
        "alerted",
        "flapping",
        writes,
    )
    assert any("Two changes were made" in line for line in scene.sent[-1].lines + scene.sent[-1].advice)


def test_changes_that_did_not_help_and_could_not_be_rolled_back_count_too() -> None:
    scene = Scene()
    open_bucket = scene.account.the_bucket_policy
    refused = Refused("SetDefaultPolicyVersion", "NoPermission", "no")

    def spoil() -> None:
        scene.account.the_bucket_policy, scene.account.failing = Known(deny()), refused

    for number in range(2):
        scene.account.after_write.append(spoil)
        scene.mended()
        scene.notify()
        assert [change.outcome for change in scene.incident.changes] == ["not taken back"] * (number + 1)
        scene.account.the_bucket_policy, scene.account.failing = open_bucket, None
        scene.account.policies["reader"]["v99"] = scene.account.policies["reader"]["v1"]
        scene.account.defaults["reader"] = "v99"  # a person does it by hand
        scene.now += REMIND_SECONDS + 1_000
        scene.denied(altered(LISTING, signal_id=f"again-{number}", time=int(scene.now) - 1))
    writes = len(scene.account.writes)
    scene.diagnose()
    scene.remediate()
    assert scene.incident.verdict is not None
    assert (scene.incident.verdict.held, len(scene.account.writes)) == ("flapping", writes)
