"""Handlers that do one thing each, for the tests of the function host."""

import json
import logging
import os
import subprocess
import sys
import time
from pathlib import Path
from time import time as kept_time
from typing import Any

calls = 0
prepared = ""


def echo(event: bytes, context: Any) -> Any:
    return event


def kind(event: bytes, context: Any) -> Any:
    return {"type": type(event).__name__, "text": event.decode()}


def nothing(event: bytes, context: Any) -> Any:
    return None


def describe(event: bytes, context: Any) -> Any:
    """Everything the handler is given: the context's attributes and the environment."""
    plain = {
        name: vars(value) if hasattr(value, "__dict__") and name != "logger" else str(value)
        for name, value in vars(context).items()
    }
    return {"context": plain, "environment": dict(os.environ), "folder": os.getcwd(), "path": sys.path}


def count(event: bytes, context: Any) -> Any:
    global calls
    calls += 1
    return {"calls": calls, "pid": os.getpid(), "prepared": prepared}


def talk(event: bytes, context: Any) -> Any:
    print("printed")  # noqa: T201
    print("to stderr", file=sys.stderr)  # noqa: T201
    logging.getLogger().info("logged")
    context.getLogger().warning("warned")
    os.write(1, b"raw " + event + b"\n")
    return "done"


def fail(event: bytes, context: Any) -> Any:
    raise ValueError("something is wrong")


def unwritable(event: bytes, context: Any) -> Any:
    return object()


def crash(event: bytes, context: Any) -> Any:
    os._exit(7)


def leave(event: bytes, context: Any) -> Any:
    sys.exit(0)


def hang(event: bytes, context: Any) -> Any:
    print("before the long wait")  # noqa: T201
    subprocess.Popen(["sleep", "600"])
    time.sleep(600)


def nap(event: bytes, context: Any) -> Any:
    time.sleep(float(event))
    return str(os.getpid())


def clock(event: bytes, context: Any) -> Any:
    """What it takes for the time, by two names, and how long ten seconds are to it."""
    before = time.time()
    time.sleep(10)
    return {"now": before, "kept": kept_time(), "slept": time.time() - before}


def deaf(event: bytes, context: Any) -> Any:
    """Closes its own output."""
    os.close(1)
    os.close(2)
    return "still here"


def record(event: bytes, context: Any) -> Any:
    """Append the event to the file RECORD; fail as often as FAILURES says first, die on CRASHES."""
    place = Path(os.environ["RECORD"])
    with place.open("a") as file:
        file.write(json.dumps({"event": event.decode(), "request_id": context.request_id}) + "\n")
    tries = len(place.read_text().splitlines())
    if tries <= int(os.environ.get("CRASHES", "0")):
        os._exit(1)
    if tries <= int(os.environ.get("FAILURES", "0")):
        raise RuntimeError(f"try {tries}")
    return f"try {tries}"


def prepare(context: Any) -> None:
    global prepared
    prepared = context.function.name
    print("preparing")  # noqa: T201


def prepare_badly(context: Any) -> None:
    raise RuntimeError("not ready")


def clean_up(context: Any) -> None:
    Path(os.environ["RECORD"]).write_text("cleaned up")


def web(event: bytes, context: Any) -> Any:
    request = json.loads(event)
    if request["rawPath"].endswith("/plain"):
        return "just text"
    if request["rawPath"].endswith("/object"):
        return {"a": 1}
    if request["rawPath"].endswith("/wrong"):
        return {"statusCode": "many"}
    if request["rawPath"].endswith("/fail"):
        raise ValueError("no page")
    headers = {"Content-Type": "application/json", "X-Own": "yes", "X-Fc-Own": "no", "Server": "no"}
    return {"statusCode": 201, "headers": headers, "isBase64Encoded": False, "body": json.dumps(request)}


def pages(environ: dict[str, Any], start_response: Any) -> Any:
    """The same as a WSGI application, as FC 2.0 calls HTTP functions."""
    from rolemend.work.wsgi import application

    return application(web)(environ, start_response)


def who_am_i(event: bytes, context: Any) -> Any:
    """Ask STS with the SDK from the layer and the credentials of the environment."""
    from alibabacloud_sts20150401.client import Client
    from alibabacloud_tea_openapi.models import Config

    config = Config(
        access_key_id=os.environ["ALIBABA_CLOUD_ACCESS_KEY_ID"],
        access_key_secret=os.environ["ALIBABA_CLOUD_ACCESS_KEY_SECRET"],
        security_token=os.environ["ALIBABA_CLOUD_SECURITY_TOKEN"],
        protocol="http",
        endpoint="sts.aliyuncs.com",
    )
    if "RECORD" in os.environ:
        with open(os.environ["RECORD"], "a") as file:
            file.write("asked\n")
    return Client(config).get_caller_identity().body.to_map()
