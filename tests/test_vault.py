"""Settings that name secrets of KMS: how they are written, when they are read again, and that no text shows them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from rolemend.account.access import Access, Credentials
from rolemend.errors import AccountError, Conflict, NotThere, Refused, RolemendError, Unreachable
from rolemend.vault import REREAD_SECONDS, SILENT_SECONDS, Reference, Vault, read_reference, what_to_do

PLACE = Access(account="1000000000000001", region="cn-hangzhou", credentials=Credentials("k", "s"))
LINK = Reference("rolemend-link")


class Kms:
    """Answers what `values` holds, raises what is an error there, and counts."""

    def __init__(self, **values: str | AccountError) -> None:
        self.values, self.asked, self.time = values, 0, 1000.0
        self.vault = Vault(self.read, lambda: self.time)

    def read(self, access: Access, name: str) -> str:
        self.asked += 1
        found = self.values[name.replace("-", "_")]
        if isinstance(found, AccountError):
            raise found
        return found

    def value(self, name: str, member: str = "") -> str:
        return self.vault.value(PLACE, Reference(name, member))


DOWN = Unreachable("GetSecretValue", "503", "no answer")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("kms:rolemend-link", Reference("rolemend-link")),
        ("kms:rolemend/a_b+c=d.e@f", Reference("rolemend/a_b+c=d.e@f")),
        ("kms:rolemend-notify#ops.secret", Reference("rolemend-notify", "ops.secret")),
        ("kms:" + "n" * 192, Reference("n" * 192)),
        ("kms:", None),
        ("kms:" + "n" * 193, None),
        ("kms:a b", None),
        ("kms:a\n", None),
        ("kms:a#", None),
        ("kms:#b", None),
        ("kms:a#b#c", None),
        ("KMS:a", None),
        ("https://kms:a", None),
    ],
)
def test_references_as_they_are_written(written: str, read: Reference | None) -> None:
    assert read_reference(written) == read


def test_a_secret_is_read_once_and_again_after_minutes() -> None:
    kms = Kms(a="one\n")
    assert [kms.value("a"), kms.value("a"), kms.asked] == ["one", "one", 1]
    kms.values["a"], kms.time = "two", kms.time + REREAD_SECONDS - 1
    assert kms.value("a") == "one"
    kms.time += 1
    assert (kms.value("a"), kms.asked) == ("two", 2)
    kms.time = 0.0  # a clock that was set back
    assert (kms.value("a"), kms.asked) == ("two", 3)


def test_members_of_one_secret_take_one_call() -> None:
    kms = Kms(a='{"url": " https://x ", "n": 1}')
    assert kms.value("a", "url") == "https://x"
    for member, why in (("gone", "no member"), ("n", "no text")):
        with pytest.raises(AccountError, match=why):
            kms.value("a", member)
    assert kms.asked == 1


@pytest.mark.parametrize("value", ["hush", '["hush"]', '"hush"', '{"a": "hush"', "", "\udcff"])
def test_what_is_no_json_object_has_no_members_and_is_not_repeated(value: str) -> None:
    with pytest.raises(AccountError, match="no JSON object") as error:
        Kms(a=value).value("a", "b")
    assert "hush" not in str(error.value)
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__


def test_while_kms_does_not_answer_what_it_answered_counts_and_it_is_not_asked_at_once_again() -> None:
    kms = Kms(a="one", b="two")
    kms.value("a")
    kms.values |= {"a": DOWN, "b": DOWN}
    kms.time += REREAD_SECONDS
    assert kms.value("a") == "one"
    with pytest.raises(Unreachable):
        kms.value("b")
    assert kms.asked == 2
    kms.values["b"], kms.time = "two", kms.time + SILENT_SECONDS
    assert (kms.value("b"), kms.asked) == ("two", 3)


@pytest.mark.parametrize("error", [NotThere, Refused, Conflict])
def test_what_was_withdrawn_counts_no_longer(error: type[AccountError]) -> None:
    kms = Kms(a="one")
    kms.value("a")
    kms.values["a"], kms.time = error("GetSecretValue", "Forbidden", ""), kms.time + REREAD_SECONDS
    for _ in range(2):
        with pytest.raises(error):
            kms.value("a")
    kms.values["a"] = DOWN
    with pytest.raises(Unreachable):
        kms.value("a")


def test_another_account_or_region_has_secrets_of_its_own() -> None:
    from msgspec.structs import replace

    kms = Kms(a="one")
    for place in (PLACE, replace(PLACE, region="cn-beijing"), replace(PLACE, account="2")):
        kms.vault.value(place, Reference("a"))
    assert kms.asked == 3


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (NotThere("o", "Forbidden.ResourceNotFound", "m"), "create it, or correct the name"),
        (
            Refused("o", "Forbidden.NoPermission", "m", "REQ"),
            "kms:GetSecretValue on acs:kms:cn-hangzhou:1000000000000001:secret/rolemend-link",
        ),
        (Conflict("o", "Rejected.ResourceInDeleteWindow", "m"), "restore it"),
        (DOWN, "the next invocation asks again"),
        (AccountError("o", "NoText", "the secret's value is no text"), "is no text"),
        (AccountError("o", "InvalidAccessKeyId.NotFound", "m"), "InvalidAccessKeyId.NotFound"),
    ],
)
def test_what_failed_is_told_with_the_name_and_what_helps(error: AccountError, said: str) -> None:
    told = what_to_do(error, LINK, PLACE.region, PLACE.account)
    assert "secret 'rolemend-link' of KMS in cn-hangzhou" in told
    assert said in told
    assert isinstance(error, RolemendError)


def test_no_text_shows_a_value() -> None:
    kms = Kms(a="hush")
    kms.value("a")
    assert "hush" not in repr(kms.vault) + str(kms.vault)


def test_a_function_whose_settings_name_no_secret_loads_nothing_of_kms() -> None:
    program = """
import sys
from rolemend.bootstrap import build_console, build_notify
environment = {
    "FC_ACCOUNT_ID": "1000000000000001", "FC_REGION": "cn-hangzhou", "FC_FUNCTION_NAME": "f",
    "ROLEMEND_LEDGER_BUCKET": "ledger-bucket", "ROLEMEND_WEBHOOK_URL": "https://hooks.example.com",
    "ALIBABA_CLOUD_ACCESS_KEY_ID": "k", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "s",
    "ROLEMEND_LINK_KEY": "l" * 32, "ROLEMEND_CONSOLE_URL": "https://console.example.com",
    "ROLEMEND_CONSOLE_CLIENT_ID": "1", "ROLEMEND_CONSOLE_CLIENT_SECRET": "x",
    "ROLEMEND_CONSOLE_SESSION_KEY": "s" * 32, "ROLEMEND_CONSOLE_VIEWERS": "200000000000000001",
}
build_notify(None, environment)
build_console(None, environment)
wanted = {"rolemend.vault", "rolemend.account.kms", "alibabacloud_tea_openapi", "darabonba", "Tea"}
print(sorted(wanted & set(sys.modules)))
"""
    shared = Path(__file__).parents[1] / "shared"
    done = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": str(shared)}, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")
