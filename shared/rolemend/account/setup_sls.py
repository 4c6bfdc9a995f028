"""Simple Log Service as `rolemend setup` needs it: projects, logstores with their index, and collection policies."""

from __future__ import annotations

import json
from typing import Any

from rolemend.account.access import Access
from rolemend.account.calls import ask, reading
from rolemend.account.interface import Reading
from rolemend.account.sls import open_log_client, translate_sls
from rolemend.errors import NotThere

_ANYWHERE_IN_CHINA, _ANYWHERE_ELSE = "cn-shanghai", "ap-southeast-1"


class SlsSetup:
    """Each kind of thing goes in and comes out as one JSON value."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def project(self, name: str, region: str) -> Reading[dict[str, Any]]:
        """`{"description"}`."""
        return reading(lambda: self._project(name, region))

    def _project(self, name: str, region: str) -> dict[str, Any]:
        answer = self._ask("GetProject", self._client(region).get_project, name)
        return {"description": str(answer.get_description() or "")}

    def make_project(self, name: str, region: str, description: str) -> None:
        self._ask("CreateProject", self._client(region).create_project, name, description)

    def remove_project(self, name: str, region: str) -> None:
        """The project with everything in it."""
        self._ask("DeleteProject", self._client(region).delete_project, name)

    def logstore(self, project: str, region: str, name: str) -> Reading[dict[str, Any]]:
        """`{"days", "indexed"}`: how long logs are kept, and whether they can be searched."""
        return reading(lambda: self._logstore(project, region, name))

    def _logstore(self, project: str, region: str, name: str) -> dict[str, Any]:
        client = self._client(region)
        found = self._ask("GetLogStore", client.get_logstore, project, name)
        try:
            self._ask("GetIndex", client.get_index_config, project, name)
        except NotThere as error:
            if error.code != "IndexConfigNotExist":
                raise
            return {"days": found.get_ttl(), "indexed": False}
        return {"days": found.get_ttl(), "indexed": True}

    def make_logstore(self, project: str, region: str, name: str, days: int) -> None:
        self._ask("CreateLogStore", self._client(region).create_logstore, project, name, days, 1)

    def set_days(self, project: str, region: str, name: str, days: int) -> None:
        self._ask("UpdateLogStore", self._client(region).update_logstore, project, name, ttl=days)

    def make_index(self, project: str, region: str, name: str) -> None:
        """Every word of every field; what functions print, `message`, can be analysed too."""
        from aliyun.log import IndexConfig, IndexKeyConfig, IndexLineConfig

        tokens = list(_SEPARATORS)
        line = IndexLineConfig(token_list=tokens, case_sensitive=False)
        message = IndexKeyConfig(token_list=tokens, case_sensitive=False, index_type="text", doc_value=True)
        config = IndexConfig(line_config=line, key_config_list={"message": message})
        self._ask("CreateIndex", self._client(region).create_index, project, name, config)

    def collection_policy(self, name: str) -> Reading[dict[str, Any]]:
        """As the API answers it: `{"policyName", "productCode", "dataCode", "enabled", "policyConfig", ...}`.

        https://help.aliyun.com/zh/sls/developer-reference/api-sls-2020-12-30-getcollectionpolicy
        """
        return reading(lambda: self._collection_policy(name))

    def _collection_policy(self, name: str) -> dict[str, Any]:
        answer, _ = self._collection("GetCollectionPolicy", "GET", f"/{name}", b"")
        policy: dict[str, Any] = answer["collectionPolicy"]
        return policy

    def put_collection_policy(self, policy: dict[str, Any]) -> None:
        self._collection("UpsertCollectionPolicy", "POST", "", json.dumps(policy).encode())

    def remove_collection_policy(self, name: str) -> None:
        self._collection("DeleteCollectionPolicy", "DELETE", f"/{name}", b"")

    def _collection(self, operation: str, method: str, path: str, body: bytes) -> Any:
        """The SDK has no method for these calls, so its own way of sending any is used.

        Two regions answer them for all: https://help.aliyun.com/zh/sls/developer-reference/api-sls-2020-12-30-upsertcollectionpolicy
        """
        home = self._access.region
        client = self._client(_ANYWHERE_IN_CHINA if home.startswith("cn-") else _ANYWHERE_ELSE)
        headers = {"Content-Type": "application/json"}
        if body:
            headers["x-log-bodyrawsize"] = str(len(body))
        params = {"productCode": "oss", "dataCode": "access_log"} if method != "POST" else {}
        resource = f"/collectionpolicy{path}"
        return self._ask(operation, client._send, method, None, body, resource, params, headers)

    def _client(self, region: str) -> Any:
        return open_log_client(self._access, f"{region}.log.aliyuncs.com")

    def _ask(self, operation: str, call: Any, *values: Any, **named: Any) -> Any:
        return ask(self._access, operation, translate_sls, call, *values, **named)


_SEPARATORS = ", '\";=()[]{}?@&<>/:\n\t\r"
"""Where words end, as in the console's own default."""
