"""OSS: the way of one request: whose it is, which bucket, is it allowed, run, log, answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from localcloud.call import Call, Reply, new_hex_request_id
from localcloud.errors import CloudError, Unsupported
from localcloud.oss import access_log, trail
from localcloud.oss.access import require, require_service
from localcloud.oss.errors import refuse, wrong_endpoint
from localcloud.oss.exchange import Exchange, read_target
from localcloud.oss.gates import check_payer, check_suspension
from localcloud.oss.operations import Operation, select
from localcloud.oss.referer import check_referer
from localcloud.oss.stored import check_key
from localcloud.signatures import oss as signature

if TYPE_CHECKING:
    from localcloud.cloud import Cloud
    from localcloud.identity import Caller
    from localcloud.oss.state import Bucket

Identify = Callable[[Exchange], None]
"""Finds out whose request it is, and sets caller and sign type."""

_SERVICE_ADDRESS = "100.64.0.1"
"""Where requests of other services inside the cloud come from."""


class OssService:
    """Answers OSS requests over HTTP (`handle`) and those of other services in this process (`as_caller`)."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    def operation_name(self, call: Call) -> str:
        """The API's name, for faults and counts."""
        try:
            operation = select(call, *read_target(call))
        except CloudError:
            return f"{call.method} {call.path}"
        return operation if isinstance(operation, str) else operation.api

    def handle(self, call: Call) -> Reply:
        """Answer one signed, presigned or anonymous request."""
        call.request_id = new_hex_request_id()
        x = Exchange(self.cloud, call)
        reply, _ = self._serve(x, self._authenticate)
        return reply

    def as_caller(
        self,
        caller: Caller,
        method: str,
        bucket: str,
        key: str = "",
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        region: str = "",
        user_agent: str = "",
    ) -> Reply:
        """A request of another service of the local cloud: `caller`'s rights, no signature.

        Everything else is as over HTTP: authorisation, regions (`region` "" reaches every bucket), access log
        and events. `query` and `headers` (lower-case names) are those of the REST API, for example
        `as_caller(caller, "GET", "b", query={"list-type": "2", "prefix": "p/"})`. Raises CloudError.
        """
        host = f"oss-{region or 'cn-hangzhou'}-internal.aliyuncs.com"
        path = "/" + quote(key, safe="/")
        call = Call(
            method=method,
            host=f"{bucket}.{host}" if bucket else host,
            path="/" + key,
            raw_path=path,
            raw_query=urlencode(query or {}),
            headers={"user-agent": user_agent or "aliyun-internal", **(headers or {})},
            body=body,
            source_ip=_SERVICE_ADDRESS,
            received=self.cloud.clock(),
            region=region,
            label=bucket,
            request_id=new_hex_request_id(),
        )
        x = Exchange(self.cloud, call)

        def known(x: Exchange) -> None:
            x.caller, x.sign_type = caller, "NORMAL_SIGN4"

        reply, error = self._serve(x, known)
        if error is not None:
            raise error
        return reply

    def _authenticate(self, x: Exchange) -> None:
        x.sign_type = signature.sign_type_of(x.call)
        x.caller, x.sign_type = signature.authenticate(x.call, self.cloud.state, x.now, x.bucket_name, x.key)
        self.cloud.note_caller(x.call, x.caller)

    def _serve(self, x: Exchange, identify: Identify) -> tuple[Reply, CloudError | None]:
        """The answer, and the refusal behind it if it is one; both logs are written."""
        started = time.perf_counter()
        error: CloudError | None = None
        bucket: Bucket | None = None
        try:
            x.bucket_name, x.key = read_target(x.call)
            bucket = self._bucket(x)
            reply = self._run(x, identify)
        except CloudError as refusal:
            error = refusal
            reply = self._refuse(x, refusal)
        reply.headers |= {"x-oss-request-id": x.call.request_id, "x-oss-server-time": "1"}
        trail.record(x, error)
        # A bucket that was just made has its first record, one that was just deleted its last.
        bucket = self._bucket(x) or bucket
        if bucket is not None:
            access_log.write(x, bucket, error, reply, time.perf_counter() - started)
        return reply, error

    def _bucket(self, x: Exchange) -> Bucket | None:
        return self.cloud.state.oss.buckets.get(x.bucket_name)

    def _run(self, x: Exchange, identify: Identify) -> Reply:
        """Understand the request, find out whose it is, check the rights and do it."""
        selected = select(x.call, x.bucket_name, x.key)
        x.logged_as = selected if isinstance(selected, str) else selected.log_name
        identify(x)
        if isinstance(selected, str):
            raise Unsupported("oss", selected)
        x.operation = selected
        self._authorise(x, selected)
        return selected.run(x)

    def _authorise(self, x: Exchange, operation: Operation) -> None:
        """Bucket, region, what refuses without looking at rights, and rights, in this order."""
        if x.bucket_name and operation.api != "PutBucket":
            bucket = x.bucket
            if x.call.region not in ("", bucket.region):
                raise wrong_endpoint(bucket.name, bucket.region)
            check_suspension(x)
            check_referer(x)
            check_payer(x)
        if x.key:
            check_key(x.key)
        if operation.authorise is not None:
            operation.authorise(x)
            return
        if not x.bucket_name:
            require_service(x, operation.action)
            return
        version_id = x.call.argument("versionId")
        version = x.bucket.version(x.key, version_id) if version_id else None
        require(x, operation.action, x.bucket, x.key, version)
        if version_id and operation.version_action:
            require(x, operation.version_action, x.bucket, x.key, version)

    def _refuse(self, x: Exchange, error: CloudError) -> Reply:
        if isinstance(error, Unsupported):
            self.cloud.count_unsupported(error.service, error.operation)
        return refuse(error, x.call, x.caller)
