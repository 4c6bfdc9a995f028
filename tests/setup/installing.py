"""An account on which `rolemend setup` is run as a shell would run it."""

from __future__ import annotations

import json
from typing import Any

from tests.clients import Keys
from tests.commands.shell import Done, rolemend

HOME = "cn-hangzhou"
LEDGER = "corp-rolemend-ledger"


def setup(keys: Keys, *arguments: str, **environment: str) -> Done:
    """Run `rolemend setup` with these keys; further names are variables of the shell, `given` what somebody types."""
    given = environment.pop("given", "").encode()
    variables = {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": keys.id,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": keys.secret,
        "ALIBABA_CLOUD_SECURITY_TOKEN": keys.token,
        "ROLEMEND_LEDGER_BUCKET": LEDGER,
        "ROLEMEND_REGION": HOME,
        "ROLEMEND_SCHEME": "http",
    }
    return rolemend("setup", *arguments, given=given, **(variables | environment))


def applied(keys: Keys, *arguments: str, **environment: str) -> Done:
    """Run `apply` without questions; it must succeed."""
    done = setup(keys, "apply", "--yes", *arguments, **environment)
    assert (done.code, done.err) == (0, "")
    return done


def steps(keys: Keys, **environment: str) -> dict[str, dict[str, Any]]:
    """What `plan` says of each thing, by kind and name."""
    done = setup(keys, "plan", "--format", "json", **environment)
    told = [json.loads(line) for line in done.lines]
    return {f"{step['kind']} {step['name']}": step for step in told if "change" in step}
