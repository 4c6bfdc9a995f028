"""Function `watch`: log, timer and EventBridge triggers."""

import json
from typing import Any

import msgspec

from rolemend.bootstrap import build_watch
from rolemend.telemetry import observed
from rolemend.work.events import read_watch_event
from rolemend.work.watch import watch


@observed("watch")
def handler(event: bytes, context: Any) -> str:
    """Read what the trigger names; answer what was seen. An error makes the trigger deliver the event again."""
    watched = watch(read_watch_event(event), build_watch(context))
    return json.dumps(msgspec.to_builtins(watched))
