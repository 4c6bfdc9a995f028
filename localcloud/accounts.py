"""Opens accounts in a state: the first step of every test, demo and `rolemend local up`."""

from __future__ import annotations

import secrets
import time

from localcloud.ram.state import AccessKey
from localcloud.state import Account, State

DEMO_ACCOUNT = "1000000000000001"


def open_account(state: State, account_id: str = DEMO_ACCOUNT, alias: str = "") -> AccessKey:
    """Create an empty account with an AccessKey of its root user, and return that key.

    An account that is there already keeps everything; its first active root key is returned, or a new one.
    """
    account = state.accounts.setdefault(account_id, Account(id=account_id, alias=alias))
    for key in account.ram.access_keys.values():
        if not key.user and key.status == "Active":
            return key
    key = AccessKey(
        id="LTAI5t" + secrets.token_hex(9),
        secret=secrets.token_hex(15),
        account=account_id,
        created=time.time(),
    )
    account.ram.access_keys[key.id] = key
    return key
