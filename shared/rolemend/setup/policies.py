"""A function's policy.json with the account's own names in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from string import Template
from typing import Any

from rolemend.errors import SettingsError
from rolemend.naming import TRAIL_LOGSTORE
from rolemend.setup.parts import Names


def filled(function: str, names: Names) -> Any:
    """The document of a function's policy. Raises SettingsError for a `${name}` that nobody knows."""
    return fill(function, names.policies[function], values(names))


def values(names: Names) -> dict[str, str]:
    """What stands for each `${name}` of a policy.json."""
    return {
        "account": names.account,
        "region": names.region,
        "ledger_bucket": names.ledger,
        "trail_project": names.trail_project,
        "trail_logstore": TRAIL_LOGSTORE,
        "event_logstore": names.event_logstore,
    }


def fill(function: str, text: str, known: Mapping[str, str]) -> Any:
    """`text` as JSON with the values filled in. Raises SettingsError."""
    try:
        return json.loads(Template(text).substitute(known))
    except KeyError as error:
        raise SettingsError(
            [f"functions/{function}/policy.json: ${{{error.args[0]}}} has no value"]
        ) from error
    except ValueError as error:
        raise SettingsError([f"functions/{function}/policy.json: {error}"]) from error
