"""The program of one function instance: imports the handler and answers one invocation after the other.

It stands alone: it imports nothing of the project and runs on Python 3.10 to 3.12, whichever interpreter the
runtime is set to. Frames go over one inherited socket whose number is the only argument: two big-endian
32-bit lengths, a JSON header and the raw body. Standard output and error belong to the function; they are its
log.

Handler: https://help.aliyun.com/zh/functioncompute/fc/user-guide/event-handlers-1-1
Context: https://alibabacloud.com/help/en/functioncompute/context-1
Errors: https://www.alibabacloud.com/help/en/functioncompute/fc/error-handling-1-1
Hooks: https://help.aliyun.com/zh/functioncompute/lifecycle-hooks-for-function-instances-1
"""

import sys

sys.path.pop(0)  # this file's own folder, whose module names must not hide the function's

import base64
import importlib
import io
import json
import logging
import os
import resource
import socket
import struct
import time
import traceback
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlencode

_LENGTHS = struct.Struct(">II")


class Named:
    """A part of the context: exactly the attributes it was given."""

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)


class Context(Named):
    """What the handler gets as its second argument. `getLogger` is the one documented method."""

    def getLogger(self) -> logging.Logger:  # noqa: N802
        return logging.getLogger()


class Formatter(logging.Formatter):
    """`2023-12-26T07:49:00.123Z <request id> [INFO] text`, as the built-in runtime writes log lines."""

    request_id = ""

    def format(self, record: logging.LogRecord) -> str:
        when = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        text = super().format(record)
        return f"{when}.{int(record.msecs):03d}Z {self.request_id} [{record.levelname}] {text}"


class Clock:
    """The time as the host sets it: `time.time` goes ahead, and of each `time.sleep` a share is waited and the rest
    skipped.
    """

    def __init__(self) -> None:
        self.ahead, self.pace = 0.0, 1.0
        self._time, self._sleep = time.time, time.sleep
        time.time, time.sleep = self.time, self.sleep

    def set(self, ahead: float, pace: float) -> None:
        self.ahead, self.pace = ahead, pace

    def time(self) -> float:
        return self._time() + self.ahead

    def sleep(self, seconds: Any) -> None:
        self._sleep(seconds * self.pace)
        self.ahead += seconds * (1 - self.pace)


made_clock: Clock | None = None
"""Where instances are forked from a process that has imported packages: made there before these were imported."""


class LoadError(Exception):
    """The handler or a hook could not be loaded. `kind` is the errorType that the caller sees."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def load(name: str) -> Callable[..., Any]:
    """The function that `file.function` or `folder/file.function` names."""
    path, _, attribute = name.rpartition(".")
    try:
        module = importlib.import_module(path.replace("/", "."))
    except Exception as error:
        traceback.print_exc()
        raise LoadError("ImportModuleError", f"Unable to import module '{path}': {error}") from error
    found = getattr(module, attribute, None)
    if not callable(found):
        raise LoadError("HandlerNotFound", f"Handler '{attribute}' is missing on module '{path}'")
    return found  # type: ignore[no-any-return]


def build_context(settings: Any, request_id: str) -> Context:
    """The context of one request; which fields it has depends on the runtime (`settings["old_context"]`)."""
    common = {"request_id": request_id, "region": settings["region"], "account_id": settings["account_id"]}
    function = dict(settings["function"])
    log = {"log_project": settings["log_project"], "log_store": settings["log_store"]}
    if not settings["old_context"]:
        versions = {"version_id": settings["version_id"], "qualifier": settings["qualifier"]}
        return Context(**common, **log, function=Named(**function, **versions), logger=logging.getLogger())
    credentials = Named(
        access_key_id=os.environ.get("ALIBABA_CLOUD_ACCESS_KEY_ID", ""),
        access_key_secret=os.environ.get("ALIBABA_CLOUD_ACCESS_KEY_SECRET", ""),
        security_token=os.environ.get("ALIBABA_CLOUD_SECURITY_TOKEN", ""),
    )
    service = Named(
        name=settings["service"], qualifier=settings["qualifier"], version_id=settings["version_id"], **log
    )
    tracing = Named(span_context=None, jaeger_endpoint=None, span_baggages=None)
    return Context(
        **common, credentials=credentials, function=Named(**function), service=service, tracing=tracing
    )


def describe(error: BaseException) -> bytes:
    """The body of a failed invocation. Frames of this file are left out."""
    stack = [
        [f'File "{frame.filename}"', f"line {frame.lineno}", f"in {frame.name}", frame.line or ""]
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename != __file__ and not frame.filename.startswith("<frozen importlib")
    ]
    kind = error.kind if isinstance(error, LoadError) else type(error).__name__
    return json.dumps({"errorMessage": str(error), "errorType": kind, "stackTrace": stack}).encode()


def encode(result: Any) -> bytes:
    """Bytes as they are, text as UTF-8, anything else as JSON."""
    if isinstance(result, (bytes, bytearray)):
        return bytes(result)
    return (result if isinstance(result, str) else json.dumps(result)).encode("utf-8", "surrogatepass")


def serve_wsgi(application: Callable[..., Any], event: bytes, context: Context) -> bytes:
    """Call FC 2.0's HTTP handler `(environ, start_response)` with a request; the answer is written as 3.0's is.

    https://www.alibabacloud.com/help/en/functioncompute/fc-2-0/user-guide/http-handlers
    """
    request = json.loads(event)
    http, encoded = request["requestContext"]["http"], request["isBase64Encoded"]
    body = base64.b64decode(request["body"]) if encoded else request["body"].encode("utf-8", "surrogatepass")
    path, _, query = request["rawPath"].partition("?")
    environ = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in request["headers"].items()}
    environ |= {
        "REQUEST_METHOD": http["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(path, "latin-1"),
        "QUERY_STRING": query or urlencode(request["queryParameters"]),
        "CONTENT_TYPE": environ.pop("HTTP_CONTENT_TYPE", ""),
        "CONTENT_LENGTH": str(len(body)),
        "SERVER_NAME": request["requestContext"]["domainName"],
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": http["protocol"],
        "REMOTE_ADDR": http["sourceIp"],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "fc.context": context,
        "fc.request_uri": request["rawPath"],
    }
    environ.pop("HTTP_CONTENT_LENGTH", None)
    told: dict[str, Any] = {}

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        told.update(statusCode=int(status.split(" ", 1)[0]), headers=dict(headers))

    content = b"".join(application(environ, start_response))
    answer = {**told, "isBase64Encoded": True, "body": base64.b64encode(content).decode()}
    return json.dumps(answer).encode()


def peak_memory() -> int:
    """The process's largest memory use in KB; `ru_maxrss` would count what the parent used before this
    program began.
    """
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak // 1024 if sys.platform == "darwin" else peak


def say(line: str) -> None:
    """Write a line of the runtime's own; a function that closed its output gets none."""
    try:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        pass


class Runtime:
    """Speaks with the host: loads, initialises, invokes, stops."""

    def __init__(self, link: socket.socket) -> None:
        self.link = link
        self.input = link.makefile("rb")
        self.settings: Any = {}
        self.handler: Callable[..., Any] | None = None
        self.unloadable: LoadError | None = None
        self.formatter = Formatter()
        self.clock: Clock | None = None

    def serve(self) -> None:
        while True:
            head = self.input.read(_LENGTHS.size)
            if len(head) < _LENGTHS.size:
                return
            header_size, body_size = _LENGTHS.unpack(head)
            header = json.loads(self.input.read(header_size))
            body = self.input.read(body_size)
            if header["op"] == "start":
                self.start(header)
            elif header["op"] == "invoke":
                if self.clock is not None:
                    self.clock.set(**header["clock"])
                self.invoke(header["request_id"], body)
            else:
                self.stop()
                return

    def start(self, settings: Any) -> None:
        self.settings = settings
        if "clock" in settings:  # before anything is imported that keeps `time.time` under a name of its own
            self.clock = made_clock or Clock()
            self.clock.set(**settings["clock"])
        sys.path.insert(0, settings["code"])
        output = logging.StreamHandler(sys.stdout)
        output.setFormatter(self.formatter)
        logging.getLogger().addHandler(output)
        logging.getLogger().setLevel(logging.INFO)
        request_id = settings["request_id"]
        try:
            self.handler = load(settings["handler"])
        except LoadError as error:
            self.unloadable = error
        if not settings["initializer"]:
            self.answer("", b"")
            return
        self.run("Initialize", request_id, "InitializationError", self.initialize)

    def initialize(self, context: Context) -> bytes:
        load(self.settings["initializer"])(context)
        return b""

    def invoke(self, request_id: str, event: bytes) -> None:
        def call(context: Context) -> bytes:
            if self.handler is None:
                raise self.unloadable or LoadError("HandlerNotFound", "no handler")
            if self.settings["wsgi"]:
                return serve_wsgi(self.handler, event, context)
            return encode(self.handler(event, context))

        self.run("Invoke", request_id, "UnhandledInvocationError", call)

    def stop(self) -> None:
        if self.settings.get("pre_stop"):
            self.run("PreStop", self.settings["request_id"], "UnhandledInvocationError", self.pre_stop)

    def pre_stop(self, context: Context) -> bytes:
        load(self.settings["pre_stop"])(context)
        return b""

    def run(self, phase: str, request_id: str, error_type: str, work: Callable[[Context], bytes]) -> None:
        """Bracket the work with the runtime's log lines and answer its result; only `Exception` is caught."""
        self.formatter.request_id = request_id
        say(f"FC {phase} Start RequestId: {request_id}")
        try:
            body = work(build_context(self.settings, request_id))
            failure = ""
        except Exception as error:  # noqa: BLE001
            body, failure = describe(error), error_type
            if not isinstance(error, LoadError):
                traceback.print_exc()
        end = ", Error: Unhandled function error" if failure else ""
        say(f"FC {phase} End RequestId: {request_id}{end}")
        self.answer(failure, body)

    def answer(self, error_type: str, body: bytes) -> None:
        header = json.dumps({"error_type": error_type, "peak": peak_memory()}).encode()
        self.link.sendall(_LENGTHS.pack(len(header), len(body)) + header + body)


if __name__ == "__main__":
    Runtime(socket.socket(fileno=int(sys.argv[1]))).serve()
