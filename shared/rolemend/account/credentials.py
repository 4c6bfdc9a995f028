"""Whose credentials a command on a person's machine has: Alibaba Cloud's default chain, but only what is set up.

https://www.alibabacloud.com/help/en/sdk/developer-reference/v2-manage-python-access-credentials
The chain ends by asking for the metadata of an ECS instance. That is done only where ALIBABA_CLOUD_ECS_METADATA names
the instance's role: without credentials nothing may touch the network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from rolemend.account.access import Credentials
from rolemend.errors import NoCredentials

_KEY, _SECRET, _TOKEN = (
    "ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN",
)  # fmt: skip
_OIDC = ("ALIBABA_CLOUD_ROLE_ARN", "ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "ALIBABA_CLOUD_OIDC_TOKEN_FILE")


def find_credentials(environment: Mapping[str, str], home: Path) -> Credentials | None:
    """The first of the chain that is set up and works; None if none is set up, without any import or call.

    Raises NoCredentials with every reason if some are set up and none of them works.
    """
    if environment.get(_KEY) and environment.get(_SECRET):
        return Credentials(environment[_KEY], environment[_SECRET], environment.get(_TOKEN, ""))
    reasons: list[str] = []
    for name, provider in _set_up(environment, home):
        found = _ask(name, provider, reasons)
        if found is not None:
            return found
    if reasons:
        raise NoCredentials("no credentials could be used: " + "; ".join(reasons)[:500])
    return None


def _set_up(environment: Mapping[str, str], home: Path) -> Iterator[tuple[str, Callable[[], Any]]]:
    """The providers that have something to go by, in the chain's order."""
    if all(environment.get(name) for name in _OIDC):
        yield "OIDC", _provider("OIDCRoleArnCredentialsProvider")
    disabled = environment.get("ALIBABA_CLOUD_CLI_PROFILE_DISABLED", "").lower() == "true"
    if not disabled and (home / ".aliyun" / "config.json").is_file():
        yield "aliyun CLI", _provider("CLIProfileCredentialsProvider")
    named = environment.get("ALIBABA_CLOUD_CREDENTIALS_FILE")
    if (Path(named) if named else home / ".alibabacloud" / "credentials.ini").is_file():
        yield "credentials file", _provider("ProfileCredentialsProvider")
    if environment.get("ALIBABA_CLOUD_ECS_METADATA"):
        yield "ECS metadata", _provider("EcsRamRoleCredentialsProvider")
    if environment.get("ALIBABA_CLOUD_CREDENTIALS_URI"):
        yield "credentials URI", _provider("URLCredentialsProvider")


def _provider(name: str) -> Callable[[], Any]:
    def make() -> Any:
        from alibabacloud_credentials import provider

        return getattr(provider, name)()

    return make


def _ask(name: str, provider: Callable[[], Any], reasons: list[str]) -> Credentials | None:
    try:
        given = provider().get_credentials()
    except Exception as error:  # noqa: BLE001 - the package raises its own errors, the file system's and JSON's
        reasons.append(f"{name}: {error}")
        return None
    return Credentials(
        given.get_access_key_id() or "", given.get_access_key_secret() or "", given.get_security_token() or ""
    )
