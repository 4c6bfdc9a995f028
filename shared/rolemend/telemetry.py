"""What every invocation tells its log: one line of JSON, with its place in the trace from `watch` to `notify`.

The line says what was done and how long it took, in numbers that a dashboard adds up, and holds no secret: of errors of
the project's own tree it gives the text, of others the type alone. Trace context: https://www.w3.org/TR/trace-context/
"""

from __future__ import annotations

import functools
import json
import re
import secrets
import sys
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import msgspec

from rolemend.errors import RolemendError

_PARENT = re.compile(rb'"traceparent"\s*:\s*"00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}"')
_INCIDENT = re.compile(rb'"incident"\s*:\s*"(inc-[0-9a-f]{24})"')
_LARGEST = 4096
"""Bytes of an event that may hold a trace: the functions' own payloads are small, and anything else begins a trace."""

Handler = Callable[[bytes, Any], str]


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """One invocation in a trace: 32, 16 and 16 (or no) hexadecimal digits."""

    trace: str
    span: str
    parent: str = ""

    def header(self) -> str:
        """The `traceparent` for whom this invocation calls."""
        return f"00-{self.trace}-{self.span}-01"


_CURRENT: ContextVar[Trace | None] = ContextVar("trace", default=None)


def begin_trace(event: bytes) -> Trace:
    """The invocation's place in the trace that its payload names; a new trace if it names none that is valid.

    Whoever may invoke a function may name any trace: it is written to the log and decides nothing.
    """
    found = _PARENT.search(event) if len(event) <= _LARGEST else None
    span = secrets.token_hex(8)
    if found and any(found[1].strip(b"0")) and any(found[2].strip(b"0")):
        return Trace(trace=found[1].decode(), span=span, parent=found[2].decode())
    return Trace(trace=secrets.token_hex(16), span=span)


def traceparent() -> str:
    """What the running invocation hands on, "" outside of one."""
    trace = _CURRENT.get()
    return trace.header() if trace else ""


def observed(function: str) -> Callable[[Handler], Handler]:
    """Decorate a handler whose answer is a JSON object: its outcome is written to the log, whatever becomes of it."""

    def decorate(handler: Handler) -> Handler:
        warm = False

        @functools.wraps(handler)
        def run(event: bytes, context: Any) -> str:
            nonlocal warm
            cold, warm = not warm, True
            trace = begin_trace(event)
            token = _CURRENT.set(trace)
            began = time.perf_counter()
            line: dict[str, Any] = {
                "rolemend": function,
                "level": "INFO",
                "request_id": str(getattr(context, "request_id", "")),
                "account": str(getattr(context, "account_id", "")),
                "trace_id": trace.trace,
                "span_id": trace.span,
                "parent_span_id": trace.parent,
                "incident": _incident(event),
                "cold_start": cold,
            }
            try:
                answer = handler(event, context)
                line["outcome"] = _outcome(answer)
            except Exception as error:
                line |= {"level": "ERROR", "error": type(error).__name__, "message": _told(error)}
                raise
            finally:
                line["duration_ms"] = round((time.perf_counter() - began) * 1000, 1)
                sys.stdout.write(json.dumps(line) + "\n")
                _CURRENT.reset(token)
            return answer

        return run

    return decorate


def _incident(event: bytes) -> str:
    found = _INCIDENT.search(event) if len(event) <= _LARGEST else None
    return found[1].decode() if found else ""


def _outcome(answer: str) -> Any:
    """What the handler answered; lists of ids become their number, as a line of a log has its limits."""
    outcome = json.loads(answer)
    if not isinstance(outcome, dict):
        return outcome
    return {name: len(value) if isinstance(value, list) else value for name, value in outcome.items()}


def _told(error: Exception) -> str:
    """The text of an error of our own; what another library writes into its errors is not known."""
    return str(error)[:2000] if isinstance(error, RolemendError) else ""
