"""The console's list of incidents, served from a ledger of 100,000 and from one of 100."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from bench import ledger
from bench.figure import Figure
from demo import clients
from demo.__main__ import through_proxy
from demo.clients import Keys
from demo.stage import HOME, LEDGER
from localcloud.accounts import DEMO_ACCOUNT, open_account
from localcloud.server import LocalCloud
from rolemend.console.access.identity import App
from rolemend.console.access.local import LocalAccess
from rolemend.console.app import build_app
from rolemend.console.exchange import Asked, exchange
from rolemend.operator import Operator
from rolemend.settings import read_operator_settings

FEW, ROUNDS = 100, 7
LATENCY = 0.010
"""Seconds that each call of OSS takes longer where the reads of a page are many."""


def pages() -> Iterable[Figure]:
    """Each page as a browser waits for it: the best of some openings, through OSS's SDK and the local cloud."""
    many = ledger.objects()
    one_day = ledger.objects(days=1)
    with LocalCloud() as local, through_proxy(local.proxy):
        key = local.call(lambda cloud: open_account(cloud.state, DEMO_ACCOUNT))
        keys = Keys(key.id, key.secret)
        clients.bucket(keys, LEDGER).create_bucket("private")
        found = [
            _opened(local, keys, each)
            for each in (ledger.objects(FEW, 1), many, one_day, ledger.objects(FEW, 1))
        ]
        local.cloud.latency = LATENCY
        apart = _opened(local, keys, ledger.objects(FEW, FEW))
    few = min(found[0], found[3])
    for name, seconds in ((f"over {ledger.DAYS} days", found[1]), ("of one day", found[2])):
        title = f"list of {ledger.INCIDENTS:,} incidents {name}"
        yield Figure(title, seconds * 1000, "ms", ratio=seconds / few, bar=300)
    name = f"{FEW} incidents on as many days, each call {LATENCY * 1000:.0f} ms late"
    yield Figure(name, apart * 1000, "ms", ratio=apart / few)


def _opened(local: LocalCloud, keys: Keys, objects: dict[str, bytes]) -> float:
    """Seconds until the list is there, with these objects as the index."""
    bucket = clients.bucket(keys, LEDGER)
    for item in bucket.list_objects_v2("index/", max_keys=1000).object_list:
        bucket.delete_object(item.key)
    for name, data in objects.items():
        bucket.put_object(name, data)
    app, cookie = _console(local, keys)
    asked = Asked(method="GET", path="/incidents", headers=(("cookie", cookie),))
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.perf_counter()
        answered = exchange(app, asked)
        best = min(best, time.perf_counter() - began)
        assert answered.status == 200
        assert answered.body.count(b"<li>\n<a href=") == 50
    return best


def _console(local: LocalCloud, keys: Keys) -> tuple[App, str]:
    """The console, and the cookie of a session in it."""
    environment = {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": keys.id,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": keys.secret,
        "ROLEMEND_LEDGER_BUCKET": LEDGER,
        "ROLEMEND_REGION": HOME,
        "ROLEMEND_SCHEME": "http",
        "http_proxy": local.proxy,
    }
    operator = Operator(read_operator_settings(environment), environment, Path("/nowhere"))
    access = LocalAccess(operator.account, operator.name, 80)
    app = build_app(operator.console(access, "en"))
    answered = exchange(app, Asked(method="GET", path=urlsplit(access.start_address).path))
    return app, answered.header("set-cookie").partition(";")[0]
