"""Writes an `s.yaml` for the sample functions and deploys it into the running local cloud."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from alibabacloud_fc20230330 import models
from alibabacloud_tea_util.models import RuntimeOptions

from localcloud.fc.outcome import Invocation
from localcloud.fc.service import FcService
from localcloud.fc.spec import FunctionSpec
from localcloud.server import LocalCloud
from tests import clients
from tests.clients import Keys

CODE = Path(__file__).with_name("code")
REGION = "cn-hangzhou"
T = TypeVar("T")


def function(name: str, **properties: Any) -> dict[str, Any]:
    """The properties of a function that runs the sample handler of its name."""
    return {
        "functionName": name,
        "region": REGION,
        "runtime": "python3.12",
        "handler": f"sample.{name}",
        "code": str(CODE),
        **properties,
    }


@dataclass(frozen=True)
class Deployment:
    """The function host of the running local cloud, as the tests drive it."""

    local: LocalCloud
    root: Keys
    account: str
    folder: Path

    @property
    def service(self) -> FcService:
        service = self.local.cloud.services["fc"]
        assert isinstance(service, FcService)
        return service

    @property
    def invocations(self) -> list[Invocation]:
        return list(self.service.invocations)

    def deploy(self, *functions: dict[str, Any], **options: Any) -> list[FunctionSpec]:
        resources = {props["functionName"]: {"component": "fc3", "props": props} for props in functions}
        return self.deploy_document(
            {"edition": "3.0.0", "name": "samples", "resources": resources}, **options
        )

    def deploy_document(self, document: dict[str, Any], **options: Any) -> list[FunctionSpec]:
        path = self.folder / "s.yaml"
        path.write_text(yaml.safe_dump(document, allow_unicode=True))
        return self.local.call(lambda _: self.service.deploy(path, account=self.account, **options))

    def set(self, **settings: Any) -> None:
        for name, value in settings.items():
            setattr(self.service.settings, name, value)

    def drain(self, timeout: float = 20.0) -> None:
        self.local.do(self.service.drain(timeout))

    def wait(self, until: Callable[[], T], timeout: float = 10.0) -> T:
        """Wait until a condition holds and return what it gave."""
        deadline = time.monotonic() + timeout
        while not (value := until()):
            assert time.monotonic() < deadline, "the condition did not come true in time"
            time.sleep(0.005)
        return value

    def client(self, keys: Keys | None = None) -> Any:
        from alibabacloud_fc20230330.client import Client

        endpoint = f"{self.account}.{REGION}.fc.aliyuncs.com"
        return Client(clients.config(keys or self.root, endpoint, REGION))

    def old_client(self, keys: Keys | None = None) -> Any:
        import fc2

        key = keys or self.root
        endpoint = f"http://{self.account}.{REGION}.fc.aliyuncs.com"
        return fc2.Client(
            endpoint=endpoint, accessKeyID=key.id, accessKeySecret=key.secret, securityToken=key.token
        )

    def invoke(
        self,
        name: str,
        payload: bytes = b"",
        *,
        keys: Keys | None = None,
        qualifier: str | None = None,
        **headers: str,
    ) -> Answer:
        """Call InvokeFunction with the 3.0 SDK; `headers` are `x_fc_…` of its model."""
        request = models.InvokeFunctionRequest(body=payload, qualifier=qualifier)
        options = RuntimeOptions(autoretry=False)
        answer = self.client(keys).invoke_function_with_options(
            name, request, models.InvokeFunctionHeaders(**headers), options
        )
        body = b"" if answer.body is None else answer.body.read()
        return Answer(answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, body)


@dataclass(frozen=True)
class Answer:
    """What InvokeFunction answered: header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def open_host(local: LocalCloud, root: Keys, account: str, folder: Path) -> Deployment:
    """The function host of an empty local cloud, with waiting cut short."""
    deployment = Deployment(local, root, account, folder)
    deployment.set(retry_scale=0.005, interval_scale=0.001)
    return deployment
