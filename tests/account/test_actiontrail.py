"""ActionTrail over HTTP: every event of one API in a time, over all pages, or an error."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import pytest

from localcloud.cloud import Cloud
from localcloud.server import LocalCloud
from rolemend.account.actiontrail import ActionTrail
from rolemend.errors import AccountError, Refused, Unreachable
from rolemend.signals.actiontrail import read_event
from rolemend.signals.denial import Denial
from tests import clients
from tests.account.entry import PASSING, access, fault
from tests.clients import Keys
from tests.localcloud.identities import allow, make_user
from tests.samples import ACCOUNT, denied_creation


@pytest.fixture
def trail(root: Keys) -> ActionTrail:
    return ActionTrail(access(root))


def publish(local: LocalCloud, count: int, **changes: Any) -> list[str]:
    """Events of a denied creation that have just happened; their ids."""
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    names = [f"{changes.get('eventName', 'RunCluster')}-{number}" for number in range(count)]
    for name in names:
        event = denied_creation(**({"eventId": name, "requestId": name, "eventTime": moment} | changes))
        local.call(partial(_publish, event))
    return names


def _publish(event: dict[str, Any], cloud: Cloud) -> None:
    cloud.publish(event, ACCOUNT)


def events(
    trail: ActionTrail, name: str = "RunCluster", back: int = 600, until: int = 60
) -> list[dict[str, Any]]:
    now = int(time.time())
    return list(trail.events("Emr", name, now - back, now + until))


def test_the_events_of_one_api_are_found_and_no_others(trail: ActionTrail, local: LocalCloud) -> None:
    wanted = publish(local, 2)
    publish(local, 2, eventName="CreateCluster")
    publish(local, 2, serviceName="Ecs")
    found = events(trail)
    assert {event["eventId"] for event in found} == set(wanted)
    assert all(isinstance(read_event(event), Denial) for event in found)


def test_all_pages_are_read(trail: ActionTrail, local: LocalCloud) -> None:
    wanted = publish(local, 120)
    found = [event["eventId"] for event in events(trail)]
    assert len(found) == 120
    assert set(found) == set(wanted)


def test_what_happened_outside_of_the_time_is_not_found(trail: ActionTrail, local: LocalCloud) -> None:
    publish(local, 1)
    now = int(time.time())
    assert list(trail.events("Emr", "RunCluster", now - 7200, now - 3600)) == []


def test_each_region_has_a_history_of_its_own(trail: ActionTrail, local: LocalCloud) -> None:
    (far,) = publish(local, 1, acsRegion="cn-beijing")
    assert events(trail) == []
    now = int(time.time())
    found = trail.events("Emr", "RunCluster", now - 600, now + 60, "cn-beijing")
    assert [event["eventId"] for event in found] == [far]
    with pytest.raises(AccountError):
        list(trail.events("Emr", "RunCluster", now - 600, now + 60, "evil.example/"))


def test_no_event_is_no_error(trail: ActionTrail) -> None:
    assert events(trail) == []


def test_a_refused_read_is_refused_and_no_empty_history(root: Keys, local: LocalCloud) -> None:
    publish(local, 1)
    keys = make_user(clients.ram(root), "ana", allow("emr:*"))
    with pytest.raises(Refused):
        events(ActionTrail(access(keys)))


@pytest.mark.parametrize("how", PASSING)
def test_a_passing_fault_is_got_over(trail: ActionTrail, local: LocalCloud, how: dict[str, Any]) -> None:
    publish(local, 60)
    fault(local, "actiontrail", "LookupEvents", skip=1, times=3, **how)
    assert len(events(trail)) == 60


@pytest.mark.parametrize("how", PASSING)
def test_a_fault_on_a_later_page_is_an_error_and_no_shorter_history(
    trail: ActionTrail, local: LocalCloud, how: dict[str, Any]
) -> None:
    publish(local, 60)
    fault(local, "actiontrail", "LookupEvents", skip=1, times=None, **how)
    with pytest.raises(Unreachable):
        events(trail)
