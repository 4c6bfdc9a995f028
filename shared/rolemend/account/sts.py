"""STS 2015-04-01, with the SDK `alibabacloud-sts20150401`: whose credentials these are."""

from __future__ import annotations

import msgspec

from rolemend.account.access import Access, Credentials
from rolemend.account.calls import ask, openapi_config, translate_openapi


class Caller(msgspec.Struct, frozen=True):
    """Whose credentials are used: the account's id, and the ARN of the user, role session or account."""

    account: str
    arn: str


def caller_of(access: Access) -> Caller:
    """Who the credentials belong to; nobody needs a right to ask that. Raises AccountError.

    https://www.alibabacloud.com/help/en/ram/developer-reference/api-sts-2015-04-01-getcalleridentity
    """
    from alibabacloud_sts20150401.client import Client

    client = Client(openapi_config(access, "sts.aliyuncs.com"))
    body = ask(access, "GetCallerIdentity", translate_openapi, client.get_caller_identity).body
    return Caller(str(body.account_id), str(body.arn))


def assume(access: Access, account: str, role: str) -> Access:
    """The same access to another account, as a role in it. Raises AccountError.

    https://www.alibabacloud.com/help/en/ram/developer-reference/api-sts-2015-04-01-assumerole
    """
    from alibabacloud_sts20150401 import models
    from alibabacloud_sts20150401.client import Client

    client = Client(openapi_config(access, "sts.aliyuncs.com"))
    request = models.AssumeRoleRequest(
        role_arn=f"acs:ram::{account}:role/{role.lower()}", role_session_name="rolemend-audit"
    )
    given = ask(access, "AssumeRole", translate_openapi, client.assume_role, request).body.credentials
    credentials = Credentials(given.access_key_id, given.access_key_secret, given.security_token)
    return msgspec.structs.replace(access, account=account, credentials=credentials)
