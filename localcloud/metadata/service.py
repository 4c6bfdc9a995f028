"""http://100.100.100.200 of an ECS instance, and http://localhost:10011 (MetaService) of old EMR releases.

Sources: https://www.alibabacloud.com/help/en/ecs/user-guide/obtain-a-temporary-authorization-token for the first; for
the second EMR's user guide, page on MetaService, and
https://www.alibabacloud.com/help/en/emr/emr-on-ecs/user-guide/use-a-custom-ecs-application-role-to-access-other-cloud-resources-in-your-alibaba-cloud-account-19
"""

from __future__ import annotations

import json
import time

from localcloud.call import Call, Reply
from localcloud.cloud import Cloud
from localcloud.metadata.instances import Instance, InstanceCredentials, asking_instance, find_instance
from localcloud.metadata.tokens import Tokens
from localcloud.sts.state import Session

_CREDENTIALS = "/latest/meta-data/ram/security-credentials/"
_META_DATA = "/latest/meta-data/"
_TOKEN = "/latest/api/token"

_PAGE = """<?xml version="1.0" encoding="iso-8859-1"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"
         "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">
 <head>
  <title>{title}</title>
 </head>
 <body>
  <h1>{title}</h1>
 </body>
</html>
"""


class MetadataService:
    """Answers by path; what it does not know or may not tell is an HTML page with 404, as it really is."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self._credentials = InstanceCredentials(cloud)
        self._tokens = Tokens()

    def operation_name(self, call: Call) -> str:
        return f"{call.method} {call.path}"

    def handle(self, call: Call) -> Reply:
        instance_id = asking_instance(call)
        instance = find_instance(self.cloud, instance_id) if instance_id else None
        if instance is None:
            return _page(404, "404 - Not Found")
        if call.headers.get("host", "").endswith(":10011"):
            return self._meta_service(call, instance_id, instance)
        if call.path == _TOKEN and call.method == "PUT":
            return self._issue_token(call, instance_id)
        token = call.headers.get("x-aliyun-ecs-metadata-token")
        if token is not None and not self._tokens.accept(token, instance_id, self.cloud.clock()):
            return _page(403, "403 - Forbidden")
        return self._meta_data(call, instance_id, instance)

    def _issue_token(self, call: Call, instance_id: str) -> Reply:
        ttl = call.headers.get("x-aliyun-ecs-metadata-token-ttl-seconds", "")
        token = self._tokens.issue(instance_id, ttl, self.cloud.clock())
        return _text(token) if token else _page(400, "400 - Bad Request")

    def _meta_data(self, call: Call, instance_id: str, instance: Instance) -> Reply:
        if call.method != "GET":
            return _page(405, "405 - Method Not Allowed")
        if call.path in (_CREDENTIALS, _CREDENTIALS.rstrip("/")):
            return _text(instance.role) if instance.role else _page(404, "404 - Not Found")
        if call.path.startswith(_CREDENTIALS):
            return self._role_credentials(call.path.removeprefix(_CREDENTIALS), instance_id, instance)
        simple = {
            "instance-id": instance_id,
            "region-id": instance.region,
            "owner-account-id": instance.account,
        }
        value = simple.get(call.path.removeprefix(_META_DATA)) if call.path.startswith(_META_DATA) else None
        return _text(value) if value else _page(404, "404 - Not Found")

    def _role_credentials(self, role: str, instance_id: str, instance: Instance) -> Reply:
        """The credentials of the attached role; a name that is not attached has no page."""
        session = None
        if role.lower() == instance.role.lower():
            session = self._credentials.session(instance_id, instance, "ecs.aliyuncs.com")
        if session is None:
            return _page(404, "404 - Not Found")
        body = {
            "AccessKeyId": session.access_key_id,
            "AccessKeySecret": session.secret,
            "Expiration": _iso_time(session.expires),
            "SecurityToken": session.token,
            "LastUpdated": _iso_time(session.issued),
            "Code": "Success",
        }
        return Reply(200, {"content-type": "application/json"}, json.dumps(body).encode())

    def _meta_service(self, call: Call, instance_id: str, instance: Instance) -> Reply:
        """Single values as text; the credentials are there only if the role trusts EMR itself."""
        if call.path == "/cluster-region":
            return _text(instance.region)
        if call.path == "/cluster-network-type":
            return _text("vpc")
        if call.path == "/cluster-role-name":
            return _text(instance.role) if instance.role else _page(404, "404 - Not Found")
        session = self._credentials.session(instance_id, instance, "emr.aliyuncs.com")
        value = _credential_part(call.path, session) if session is not None else ""
        return _text(value) if value else _page(404, "404 - Not Found")


def _credential_part(path: str, session: Session) -> str:
    parts = {
        "/role-access-key-id": session.access_key_id,
        "/role-access-key-secret": session.secret,
        "/role-security-token": session.token,
    }
    return parts.get(path, "")


def _text(value: str) -> Reply:
    return Reply(200, {"content-type": "text/plain"}, value.encode())


def _page(status: int, title: str) -> Reply:
    return Reply(status, {"content-type": "text/html"}, _PAGE.format(title=title).encode())


def _iso_time(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
