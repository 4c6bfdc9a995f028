"""Every answer becomes one kind of error, what may pass is tried again, and nothing secret is told."""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from localcloud.server import LocalCloud
from rolemend.account.access import Access, Credentials
from rolemend.account.actiontrail import ActionTrail
from rolemend.account.calls import ask, classify, once, reading
from rolemend.account.emr import Emr
from rolemend.account.interface import Absent, Known, LogRange, Unread
from rolemend.account.oss import Oss, OssStore
from rolemend.account.ram import Ram
from rolemend.account.sls import Sls
from rolemend.errors import AccountError, Conflict, NotThere, Refused, Unreachable
from tests.account.entry import REGION, access, fault
from tests.clients import Keys

ACCESS = Access(account="1", region=REGION, credentials=Credentials("k", "s"), tries=4, pause=0.2)
BUSY = Unreachable("Op", "Throttling", "later")
RANGE = LogRange(
    endpoint="cn-hangzhou.log.aliyuncs.com", project="p", logstore="l", shard=0, begin="MA==", end="MQ=="
)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (403, "NoPermission", Refused),
        (403, "AccessDenied", Refused),
        (403, "Forbidden.RAM", Refused),
        (401, "Unauthorized", Refused),
        (404, "EntityNotExist.Role", NotThere),
        (400, "EntityNotExist.User.Policy", NotThere),
        (404, "NoSuchKey", NotThere),
        (404, "FunctionNotFound", NotThere),
        (404, "LogStoreNotExist", NotThere),
        (409, "PositionNotEqualToLength", Conflict),
        (409, "EntityAlreadyExists.Role", Conflict),
        (400, "Throttling.User", Unreachable),
        (403, "ReadQuotaExceed", Unreachable),
        (429, "ResourceExhausted", Unreachable),
        (503, "", Unreachable),
        (500, "InternalError", Unreachable),
        (400, "InvalidParameter.PolicyDocument", AccountError),
        (404, "InvalidAccessKeyId.NotFound", AccountError),
        (404, "InvalidApi.NotFound", AccountError),
        (404, "InvalidAction.NotFound", AccountError),
        (400, "InvalidSecurityToken.Expired", AccountError),
        (403, "SomethingNew", AccountError),
        (302, "", AccountError),
    ],
)
def test_each_answer_is_one_kind_of_error(status: int, code: str, kind: type[AccountError]) -> None:
    error = classify("Op", status, code, "words", "request-1")
    assert type(error) is kind
    assert (error.operation, error.message, error.request_id) == ("Op", "words", "request-1")
    assert error.code == (code or str(status))


def failing(*errors: Exception) -> Callable[[], str]:
    left = list(errors)

    def call() -> str:
        if left:
            raise left.pop(0)
        return "done"

    return call


def same(operation: str, error: Exception) -> AccountError:
    assert isinstance(error, AccountError)
    return error


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    found: list[float] = []
    monkeypatch.setattr("rolemend.account.calls.time.sleep", found.append)
    return found


def test_what_may_pass_is_tried_again_with_growing_pauses(pauses: list[float]) -> None:
    assert ask(ACCESS, "Op", same, failing(BUSY, BUSY, BUSY)) == "done"
    assert [low <= pause <= 3 * low for pause, low in zip(pauses, (0.1, 0.2, 0.4), strict=True)] == [True] * 3


def test_after_the_last_try_it_is_unreachable(pauses: list[float]) -> None:
    with pytest.raises(Unreachable):
        ask(ACCESS, "Op", same, failing(*[BUSY] * 4))
    assert len(pauses) == 3


@pytest.mark.parametrize(
    "error", [Refused("Op", "c", "m"), NotThere("Op", "c", "m"), Conflict("Op", "c", "m")]
)
def test_what_will_not_pass_is_not_tried_again(pauses: list[float], error: AccountError) -> None:
    with pytest.raises(type(error)):
        ask(ACCESS, "Op", same, failing(error))
    assert pauses == []


def test_a_write_that_is_not_the_same_twice_is_tried_once(pauses: list[float]) -> None:
    with pytest.raises(Unreachable):
        once("Op", same, failing(BUSY))
    assert once("Op", same, failing()) == "done"
    assert pauses == []


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (NotThere("Op", "NoSuchKey", "m"), Absent("Op: NoSuchKey")),
        (Refused("Op", "NoPermission", "m"), Unread("Op", "NoPermission: m")),
        (Unreachable("Op", "Throttling", "m"), Unread("Op", "Throttling: m", transient=True)),
        (AccountError("Op", "Odd", "m" * 999), Unread("Op", ("Odd: " + "m" * 999)[:300])),
    ],
)
def test_a_read_is_a_value_whatever_happens(error: AccountError, answer: Absent | Unread) -> None:
    assert reading(failing(error)) == answer


def test_what_was_read_is_known_even_if_it_is_nothing() -> None:
    assert reading(lambda: ()) == Known(())


def requests(reach: Access) -> list[Callable[[], Any]]:
    """One call of each gateway that raises or answers its error."""
    return [
        lambda: Ram(reach).add_policy_version("p", "{}"),
        lambda: Ram(reach).role("r"),
        lambda: OssStore(reach, "ledger", REGION).read("k"),
        lambda: Oss(reach).bucket("ledger", REGION),
        lambda: Emr(reach).cluster_with_role("r", REGION),
        lambda: list(Sls(reach).pages(RANGE, "")),
        lambda: list(ActionTrail(reach).events("Emr", "RunCluster", int(time.time()) - 60, int(time.time()))),
    ]


def told(call: Callable[[], Any]) -> str:
    """All that a caller or a log sees of the failure."""
    try:
        return repr(call())
    except AccountError as error:
        return "".join(traceback.format_exception(error)) + repr(error)


@pytest.mark.parametrize("number", range(7))
@pytest.mark.parametrize("trouble", ["signature", "refused", "broken"])
def test_no_error_log_or_traceback_shows_a_secret(
    root: Keys, local: LocalCloud, number: int, trouble: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    secret = "wrong-secret" if trouble == "signature" else root.secret
    keys = Keys(root.id, secret, "")
    if trouble != "signature":
        how = {"status": 403, "code": "NoPermission"} if trouble == "refused" else {"kind": "reset"}
        fault(local, "*", "*", times=None, **how)
    seen = told(requests(access(keys))[number])
    assert seen
    assert secret not in seen + caplog.text
    assert "Signature=" not in seen + caplog.text


def test_a_session_token_is_in_no_error(root: Keys, local: LocalCloud) -> None:
    reach = access(Keys(root.id, root.secret, "the-session-token"))
    for call in requests(reach):
        assert "the-session-token" not in told(call)
