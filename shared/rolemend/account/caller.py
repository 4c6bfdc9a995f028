"""Who runs a command: the default credentials chain of Alibaba Cloud's SDKs, and STS's answer about them.

Environment variables, OIDC, `~/.aliyun/config.json`, `~/.alibabacloud/credentials.ini`, the role of an ECS instance:
https://www.alibabacloud.com/help/en/sdk/developer-reference/v2-manage-python-access-credentials
"""

from __future__ import annotations

from rolemend.account.access import Access, Credentials
from rolemend.account.calls import ask, openapi_config, translate_openapi
from rolemend.errors import NoCredentials


def find_caller(region: str, scheme: str) -> tuple[Access, str]:
    """Access with the credentials that were found, and the ARN of whose they are.

    Raises NoCredentials if there are none, AccountError if STS does not take them.
    """
    access = Access(account="", region=region, credentials=_credentials(), scheme=scheme)
    from alibabacloud_sts20150401.client import Client

    client = Client(openapi_config(access, "sts.aliyuncs.com"))
    body = ask(access, "GetCallerIdentity", translate_openapi, client.get_caller_identity).body
    found = Access(account=str(body.account_id), region=region, credentials=access.credentials, scheme=scheme)
    return found, str(body.arn)


def _credentials() -> Credentials:
    from alibabacloud_credentials.client import Client
    from alibabacloud_credentials.exceptions import CredentialException

    try:
        found = Client().get_credential()
    except (CredentialException, OSError) as error:
        raise NoCredentials(f"no credentials were found: {str(error)[:500]}") from error
    return Credentials(found.access_key_id, found.access_key_secret, found.security_token or "")
