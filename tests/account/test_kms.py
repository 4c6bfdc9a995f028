"""The value of a secret, through the real client."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.server import LocalCloud
from rolemend.account.kms import secret_text
from rolemend.errors import AccountError, Conflict, NotThere, Refused, Unreachable
from tests import clients
from tests.account.entry import PASSING, access, fault
from tests.clients import Keys
from tests.localcloud.identities import allow, make_user
from tests.localcloud.kms_secrets import keep, kms, rotate


def test_the_current_value_is_read(root: Keys) -> None:
    keep(root, "rolemend-link", '{"key": "one"}')
    assert secret_text(access(root), "rolemend-link") == '{"key": "one"}'
    rotate(root, "rolemend-link", "two ", "v2")
    assert secret_text(access(root), "rolemend-link") == "two "


def test_a_secret_that_is_not_there_refused_or_going_is_told_apart(root: Keys) -> None:
    keep(root, "rolemend-link", "hush")
    keys = make_user(clients.ram(root), "ana", allow("oss:*"))
    with pytest.raises(NotThere, match=r"Forbidden\.ResourceNotFound"):
        secret_text(access(root), "other")
    with pytest.raises(Refused, match=r"Forbidden\.NoPermission"):
        secret_text(access(keys), "rolemend-link")
    kms(root, "DeleteSecret", SecretName="rolemend-link")
    with pytest.raises(Conflict, match=r"Rejected\.ResourceInDeleteWindow"):
        secret_text(access(root), "rolemend-link")


def test_a_secret_of_bytes_is_none(root: Keys) -> None:
    keep(root, "rolemend-link", "aHVzaA==", SecretDataType="binary")
    with pytest.raises(AccountError, match="no text") as error:
        secret_text(access(root), "rolemend-link")
    assert "aHVzaA" not in str(error.value)


@pytest.mark.parametrize("passing", PASSING, ids=str)
def test_what_passes_is_tried_again(local: LocalCloud, root: Keys, passing: dict[str, Any]) -> None:
    keep(root, "rolemend-link", "hush")
    fault(local, "kms", "GetSecretValue", **passing)
    assert secret_text(access(root), "rolemend-link") == "hush"


def test_kms_is_asked_twice_and_no_more(local: LocalCloud, root: Keys) -> None:
    found = fault(local, "kms", "GetSecretValue", kind="error", status=503, times=None)
    with pytest.raises(Unreachable):
        secret_text(access(root), "rolemend-link")
    assert found.hits == 2


def test_a_key_that_nobody_has_is_no_missing_secret(root: Keys) -> None:
    with pytest.raises(AccountError, match="InvalidAccessKeyId") as error:
        secret_text(access(Keys("LTAIgone", "secret")), "rolemend-link")
    assert not isinstance(error.value, NotThere | Refused)


def test_the_region_is_part_of_no_other_host(root: Keys) -> None:
    with pytest.raises(AccountError, match="no region"):
        secret_text(access(root, region="evil.example/x"), "rolemend-link")
