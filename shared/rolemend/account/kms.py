"""KMS 2016-01-20: the value of a secret.

https://www.alibabacloud.com/help/en/kms/key-management-service/developer-reference/api-getsecretvalue
"""

from __future__ import annotations

import msgspec

from rolemend.account.access import Access, region_name
from rolemend.account.calls import call_rpc
from rolemend.errors import AccountError

_TRIES = 2
_READ_SECONDS = 5
"""A function has a minute for everything: where KMS hangs, it says so rather than being cut off."""


def secret_text(access: Access, name: str) -> str:
    """The current value (ACSCurrent) of a text secret in the region of `access`. Raises AccountError.

    The endpoint is KMS's public one, which answers for secrets of every KMS instance of the region.
    """
    patient = msgspec.structs.replace(access, tries=min(access.tries, _TRIES))
    endpoint = f"kms.{region_name(access.region)}.aliyuncs.com"
    asked = {"SecretName": name}
    answer = call_rpc(patient, endpoint, "2016-01-20", "GetSecretValue", asked, read_seconds=_READ_SECONDS)
    value = answer.get("SecretData")
    if not isinstance(value, str) or answer.get("SecretDataType", "text") != "text":
        raise AccountError("GetSecretValue", "NoText", "the secret's value is no text")
    return value
