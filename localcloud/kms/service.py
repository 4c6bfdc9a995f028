"""KMS 2016-01-20: generic secrets.

API: https://www.alibabacloud.com/help/en/kms/key-management-service/developer-reference/api-getsecretvalue and its
neighbours; the RAM actions and resources: https://www.alibabacloud.com/help/en/doc-detail/28953.htm
"""

from __future__ import annotations

import json
import re
import time
from typing import Literal

from localcloud.authorize import require
from localcloud.errors import CloudError, Unsupported
from localcloud.kms.state import Secret, Version
from localcloud.openapi import Answer, Invocation, OpenApiService, Operation, Run

CURRENT, PREVIOUS = "ACSCurrent", "ACSPrevious"
MOST_BYTES = 30_720
MOST_VERSIONS = 10
_DAY = 86_400
_NAME = re.compile(r"[A-Za-z0-9_/+=.@-]{1,192}", re.ASCII)

_NOT_THERE = ("DKMSInstanceId", "ExtendedConfig", "Policy", "RotationInterval", "Tags")
"""Parameters of CreateSecret that would change what it makes."""

_TEXTS: dict[str, tuple[int, str]] = {
    "InvalidParameter": (400, "The specified parameter is not valid."),
    "Forbidden.ResourceNotFound": (404, "Resource not found"),
    "Rejected.ResourceExist": (409, "The resource already exists."),
    "Rejected.ResourceInDeleteWindow": (409, "secret in delete peroid"),
}
"""Statuses and texts of the error tables of DeleteSecret and CreateSecret, the misspelling among them."""


class KmsService(OpenApiService):
    """Secrets of the region whose endpoint is asked."""

    name = "kms"
    event_name = "Kms"
    version = "2016-01-20"
    denial_code = "Forbidden.NoPermission"

    def table(self) -> tuple[Operation, ...]:
        return (
            _operation("CreateSecret", create_secret, "Write", among=True),
            _operation("PutSecretValue", put_secret_value, "Write"),
            _operation("DeleteSecret", delete_secret, "Write"),
            _operation("RestoreSecret", restore_secret, "Write"),
            _operation("GetSecretValue", get_secret_value, "Read"),
            _operation("DescribeSecret", describe_secret, "Read"),
            _operation("ListSecrets", list_secrets, "Read", among=True),
        )


def create_secret(invocation: Invocation) -> Answer:
    """A secret with its first version, which is the current one."""
    name, now = _name(invocation), invocation.call.received
    if not _NAME.fullmatch(name) or name.startswith("acs/"):
        raise _refusal("InvalidParameter")
    if invocation.text("SecretType") not in ("", "Generic"):
        raise Unsupported("kms", "secrets of other types than Generic")
    for parameter in _NOT_THERE:
        if invocation.text(parameter):
            raise Unsupported("kms", f"secrets with {parameter}")
    key = invocation.text("EncryptionKeyId")
    _require_key(invocation, key, "kms:GenerateDataKey")
    secrets = _secrets(invocation, make=True)
    if name in secrets:
        raise _refusal("Rejected.ResourceInDeleteWindow" if secrets[name].gone else "Rejected.ResourceExist")
    version = _given_version(invocation, [CURRENT])
    secrets[name] = Secret(
        name=name,
        versions=[version],
        description=invocation.text("Description"),
        key=key,
        created=now,
        updated=now,
    )
    arn = _arn(invocation, name)
    return {"Arn": arn, "SecretName": name, "SecretType": "Generic", "VersionId": version.id}


def put_secret_value(invocation: Invocation) -> Answer:
    """A new version, which becomes the current one unless other labels are named. The oldest of more than ten goes."""
    secret = _live(invocation)
    stages = invocation.params.get("VersionStages") or [CURRENT]
    if not isinstance(stages, list):
        raise _refusal("InvalidParameter")
    version = _given_version(invocation, [str(stage) for stage in stages])
    known = next((one for one in secret.versions if one.id == version.id), None)
    if known is not None and known.data != version.data:
        raise _refusal("Rejected.ResourceExist")
    if known is None:
        _require_key(invocation, secret.key, "kms:GenerateDataKey")
        _take_labels(secret, version.stages)
        secret.versions = [*secret.versions, version][-MOST_VERSIONS:]
        secret.updated = invocation.call.received
    return {
        "SecretName": secret.name,
        "VersionId": version.id,
        "VersionStages": {"VersionStage": (known or version).stages},
    }


def _take_labels(secret: Secret, stages: list[str]) -> None:
    """Each label marks one version: those of a new one leave the others, and what was current is now the previous."""
    taken = {*stages, PREVIOUS} if CURRENT in stages else set(stages)
    for version in secret.versions:
        was_current = CURRENT in version.stages and CURRENT in stages
        version.stages = [stage for stage in version.stages if stage not in taken]
        if was_current:
            version.stages.append(PREVIOUS)


def get_secret_value(invocation: Invocation) -> Answer:
    """The value of the current version, or of the one that is asked for by label or id."""
    secret = _live(invocation)
    _require_key(invocation, secret.key, "kms:Decrypt")
    wanted, stage = invocation.text("VersionId"), invocation.text("VersionStage")
    stage = stage or ("" if wanted else CURRENT)
    for version in secret.versions:
        if wanted in ("", version.id) and (not stage or stage in version.stages):
            return {
                "SecretName": secret.name,
                "SecretType": "Generic",
                "SecretData": version.data,
                "SecretDataType": version.kind,
                "VersionId": version.id,
                "VersionStages": {"VersionStage": version.stages},
                "CreateTime": _write_time(secret.created),
            }
    raise _refusal("Forbidden.ResourceNotFound")


def describe_secret(invocation: Invocation) -> Answer:
    """Everything but the value; a secret that is to be deleted too."""
    secret = _found(invocation)
    return _described(secret) | {
        "Arn": _arn(invocation, secret.name),
        "Description": secret.description,
        "EncryptionKeyId": secret.key,
        "AutomaticRotation": "Disabled",
    }


def list_secrets(invocation: Invocation) -> Answer:
    """The region's secrets in the order of their names, page by page."""
    if invocation.text("Filters"):
        raise Unsupported("kms", "filters of ListSecrets")
    page, size = invocation.number("PageNumber", 1), invocation.number("PageSize", 10)
    found = [secret for _, secret in sorted(_secrets(invocation).items())]
    shown = [_described(secret) for secret in found[(page - 1) * size : page * size]]
    counts = {"PageNumber": page, "PageSize": size, "TotalCount": len(found)}
    return {"SecretList": {"Secret": shown}, **counts}


def delete_secret(invocation: Invocation) -> Answer:
    """At once where that is forced, else after a number of days in which it can be restored and not be read."""
    secret, now = _live(invocation), invocation.call.received
    if invocation.flag("ForceDeleteWithoutRecovery"):
        del _secrets(invocation)[secret.name]
        return {"SecretName": secret.name, "PlannedDeleteTime": _write_time(now)}
    secret.gone = now + invocation.number("RecoveryWindowInDays", 30) * _DAY
    return {"SecretName": secret.name, "PlannedDeleteTime": _write_time(secret.gone)}


def restore_secret(invocation: Invocation) -> Answer:
    """It is not deleted after all."""
    secret = _found(invocation)
    secret.gone = 0.0
    return {"SecretName": secret.name}


def _described(secret: Secret) -> Answer:
    times = {
        "CreateTime": secret.created,
        "UpdateTime": secret.updated,
        "PlannedDeleteTime": secret.gone,
    }
    told = {name: _write_time(seconds) for name, seconds in times.items() if seconds}
    return {"SecretName": secret.name, "SecretType": "Generic", **told}


def _given_version(invocation: Invocation, stages: list[str]) -> Version:
    """The value as it was sent: JSON stays text."""
    data = invocation.flat.get("SecretData", "")
    data = data if isinstance(data, str) else json.dumps(data)
    id, kind = invocation.text("VersionId"), invocation.text("SecretDataType") or "text"
    if (
        not id
        or len(id) > 64
        or not data
        or len(data.encode()) > MOST_BYTES
        or kind not in ("text", "binary")
    ):
        raise _refusal("InvalidParameter")
    return Version(id=id, data=data, kind=kind, stages=stages, created=invocation.call.received)


def _require_key(invocation: Invocation, key: str, action: str) -> None:
    """Who uses a secret under a key of the account's own needs the right to use that key."""
    if key:
        resource = f"acs:kms:{invocation.call.region}:{invocation.account}:key/{key}"
        require(
            invocation.cloud,
            invocation.caller,
            invocation.call,
            action,
            resource,
            code=KmsService.denial_code,
        )


def _secrets(invocation: Invocation, *, make: bool = False) -> dict[str, Secret]:
    """Those of the account in the region, without the ones whose time is over."""
    accounts = invocation.cloud.state.kms.secrets
    regions = accounts.setdefault(invocation.account, {}) if make else accounts.get(invocation.account, {})
    region = invocation.call.region
    secrets = regions.setdefault(region, {}) if make else regions.get(region, {})
    for name in [name for name, one in secrets.items() if one.gone and one.gone <= invocation.call.received]:
        del secrets[name]
    return secrets


def _found(invocation: Invocation) -> Secret:
    secret = _secrets(invocation).get(_name(invocation))
    if secret is None:
        raise _refusal("Forbidden.ResourceNotFound")
    return secret


def _live(invocation: Invocation) -> Secret:
    secret = _found(invocation)
    if secret.gone:
        raise _refusal("Rejected.ResourceInDeleteWindow")
    return secret


def _name(invocation: Invocation) -> str:
    """The name of a secret, which may be given as its ARN."""
    given = str(invocation.flat.get("SecretName", ""))
    name = given.removeprefix(_arn(invocation, ""))
    if name.startswith("acs:kms:"):
        raise Unsupported("kms", "secrets of other accounts or regions")
    if not name:
        raise _refusal("InvalidParameter")
    return name


def _arn(invocation: Invocation, name: str) -> str:
    return f"acs:kms:{invocation.call.region}:{invocation.account}:secret/{name}"


def _refusal(code: str) -> CloudError:
    status, text = _TEXTS[code]
    return CloudError(code, text, status)


def _write_time(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def _operation(name: str, run: Run, rw: Literal["Read", "Write"], *, among: bool = False) -> Operation:
    """`among`: authorised on the secrets as a whole, else on the one that is named."""

    def resources(invocation: Invocation) -> list[str]:
        return [_arn(invocation, "" if among else _name(invocation)).removesuffix("/")]

    return Operation(name, run, f"kms:{name}", rw, resources)
