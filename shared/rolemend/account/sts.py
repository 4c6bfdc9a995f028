"""STS 2015-04-01, with the SDK `alibabacloud-sts20150401`: whose credentials these are."""

from __future__ import annotations

from rolemend.account.access import Access
from rolemend.account.calls import ask, openapi_config, translate_openapi


def account_of(access: Access) -> str:
    """The account that the credentials belong to; nobody needs a right to ask that. Raises AccountError.

    https://www.alibabacloud.com/help/en/ram/developer-reference/api-sts-2015-04-01-getcalleridentity
    """
    from alibabacloud_sts20150401.client import Client

    client = Client(openapi_config(access, "sts.aliyuncs.com"))
    answer = ask(access, "GetCallerIdentity", translate_openapi, client.get_caller_identity)
    return str(answer.body.account_id)
