"""CloudMonitor 2019-01-01: the rule that sends a system event to a logstore."""

from __future__ import annotations

from typing import Any

from rolemend.account.access import Access
from rolemend.account.calls import call_rpc, reading
from rolemend.account.interface import Reading
from rolemend.errors import AccountError, NotThere


class CloudMonitor:
    """Event rules belong to the account; the endpoint of any region answers for them."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def rule(self, name: str) -> Reading[dict[str, Any]]:
        """`{"description", "state", "product", "names", "targets": {id: "region/project/logstore"}}`."""
        return reading(lambda: self._rule(name))

    def _rule(self, name: str) -> dict[str, Any]:
        body = self._call("DescribeEventRuleList", NamePrefix=name, PageSize=100)
        found = next(
            (rule for rule in _listed(body, "EventRules", "EventRule") if rule["Name"] == name), None
        )
        if found is None:
            raise NotThere("DescribeEventRuleList", "ResourceNotFound", f"no event rule is named {name}")
        pattern: dict[str, Any] = next(iter(_listed(found, "EventPattern", "EventPattern")), {})
        targets = self._call("DescribeEventRuleTargetList", RuleName=name)
        return {
            "description": found.get("Description") or "",
            "state": found.get("State") or "",
            "product": pattern.get("Product") or "",
            "names": sorted(_listed(pattern, "NameList", "NameList")),
            "targets": {
                str(target["Id"]): _place(target)
                for target in _listed(targets, "SlsParameters", "SlsParameter")
            },
        }

    def put_rule(self, name: str, wanted: dict[str, Any]) -> None:
        """Make or change a rule and its targets to what `rule` is to answer."""
        pattern = {"Product": wanted["product"], "NameList": wanted["names"], "EventTypeList": ["*"]}
        self._call(
            "PutEventRule",
            RuleName=name,
            EventType="SYSTEM",
            State=wanted["state"],
            Description=wanted["description"],
            EventPattern=[pattern],
        )
        targets = [
            dict(zip(("Id", "Region", "Project", "LogStore"), (key, *place.split("/")), strict=True))
            for key, place in wanted["targets"].items()
        ]
        self._call("PutEventRuleTargets", RuleName=name, SlsParameters=targets)

    def remove_rule(self, name: str) -> None:
        self._call("DeleteEventRules", RuleNames=[name])

    def _call(self, action: str, **parameters: Any) -> dict[str, Any]:
        """One RPC call. An answer of status 200 that tells a failure is one."""
        endpoint = f"metrics.{self._access.region}.aliyuncs.com"
        body = call_rpc(self._access, endpoint, "2019-01-01", action, parameters)
        if str(body.get("Code", "200")) != "200":
            raise AccountError(action, str(body["Code"]), str(body.get("Message", ""))[:300])
        return body


def _listed(value: dict[str, Any], outer: str, inner: str) -> list[Any]:
    """The list in the one member of a member, as these answers nest lists."""
    return list((value.get(outer) or {}).get(inner) or [])


def _place(target: dict[str, Any]) -> str:
    return "/".join(str(target.get(name) or "") for name in ("Region", "Project", "LogStore"))
