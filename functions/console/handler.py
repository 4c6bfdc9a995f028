"""Function `console`: an HTTP trigger, for people's browsers."""

from typing import Any

from rolemend.bootstrap import build_console
from rolemend.console.app import build_app
from rolemend.console.event import answer_event


def handler(event: bytes, context: Any) -> dict[str, Any]:
    """Answer one request. The parts are built anew for each, as the credentials of a function's role expire."""
    return answer_event(event, build_app(build_console(context)))
