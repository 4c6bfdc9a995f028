"""CloudMonitor 2019-01-01: event rules and their targets in Simple Log Service.

API: https://www.alibabacloud.com/help/en/cms/developer-reference/api-cms-2019-01-01-puteventrule and its neighbours.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from localcloud.cms.state import Rule, Target
from localcloud.errors import CloudError, Unsupported
from localcloud.openapi import Answer, Invocation, OpenApiService, Operation, Run

MOST_TARGETS = 5
"""Targets of one kind that a rule may have."""

_OTHER_TARGETS = (
    "ContactParameters",
    "FcParameters",
    "MnsParameters",
    "OpenApiParameters",
    "WebhookParameters",
)


class CmsService(OpenApiService):
    """Rules for system events. Every region's endpoint answers for the whole account."""

    name = "cms"
    event_name = "Cms"
    version = "2019-01-01"
    denial_code = "Forbidden.RAM"

    def table(self) -> tuple[Operation, ...]:
        return (
            _operation("PutEventRule", put_event_rule, "Write"),
            _operation("PutEventRuleTargets", put_event_rule_targets, "Write"),
            _operation("DeleteEventRules", delete_event_rules, "Write"),
            _operation("DeleteEventRuleTargets", delete_event_rule_targets, "Write"),
            _operation("DescribeEventRuleList", describe_event_rule_list, "Read"),
            _operation("DescribeEventRuleTargetList", describe_event_rule_target_list, "Read"),
        )

    def logstores_for(self, account: str, event: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """Project and logstore of every target of the account's rules that take the event."""
        for rule in self.cloud.state.cms.rules.get(account, {}).values():
            if rule.state == "ENABLED" and _takes(rule, event):
                yield from ((target.project, target.logstore) for target in rule.targets)


def _takes(rule: Rule, event: dict[str, Any]) -> bool:
    asked = ((rule.names, event["name"]), (rule.levels, event["level"]))
    wide = [not wanted or "*" in wanted or value in wanted for wanted, value in asked]
    return rule.product.lower() in (event["product"].lower(), "*") and all(wide)


def put_event_rule(invocation: Invocation) -> Answer:
    """Make a rule, or change the one of that name; its targets stay."""
    name = invocation.require_text("RuleName")
    patterns = invocation.params.get("EventPattern")
    if not isinstance(patterns, list) or not patterns:
        raise CloudError("MissingEventPattern", "EventPattern is mandatory for this action.", 400)
    if len(patterns) > 1:
        raise Unsupported("cms", "event rules with more than one EventPattern")
    pattern = patterns[0]
    rules = invocation.cloud.state.cms.rules.setdefault(invocation.account, {})
    known = rules.get(name)
    rules[name] = Rule(
        name=name,
        product=str(pattern.get("Product", "")),
        names=_texts(pattern.get("NameList")),
        levels=_texts(pattern.get("LevelList")),
        types=_texts(pattern.get("EventTypeList")),
        description=invocation.text("Description"),
        state=invocation.text("State") or "ENABLED",
        silence=invocation.number("SilenceTime", 0),
        targets=known.targets if known else [],
    )
    return _done(Data="1")


def _texts(value: Any) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def put_event_rule_targets(invocation: Invocation) -> Answer:
    """Add targets to a rule, or change those with the same id."""
    rule = _rule(invocation)
    for name in _OTHER_TARGETS:
        if invocation.params.get(name):
            raise Unsupported("cms", f"targets of event rules other than SlsParameters ({name})")
    given = invocation.params.get("SlsParameters")
    targets = {target.id: target for target in rule.targets}
    for item in given if isinstance(given, list) else []:
        target = Target(
            id=str(item.get("Id", "")),
            region=str(item.get("Region", "")),
            project=str(item.get("Project", "")),
            logstore=str(item.get("LogStore", "")),
        )
        targets[target.id] = target
    if len(targets) > MOST_TARGETS:
        raise CloudError("ExceedLimit", "The number of targets exceeds the upper limit (5).", 400)
    rule.targets = list(targets.values())
    return _done(FailedParameterCount="0")


def delete_event_rules(invocation: Invocation) -> Answer:
    """Rules go with their targets; a name that no rule has is passed over."""
    for name in _texts(invocation.params.get("RuleNames")):
        _rules(invocation).pop(name, None)
    return _done()


def delete_event_rule_targets(invocation: Invocation) -> Answer:
    rule, gone = _rule(invocation), _texts(invocation.params.get("Ids"))
    rule.targets = [target for target in rule.targets if target.id not in gone]
    return _done()


def describe_event_rule_list(invocation: Invocation) -> Answer:
    """Rules in the order of their names, page by page."""
    prefix, size = invocation.text("NamePrefix"), invocation.number("PageSize", 10)
    found = [rule for name, rule in sorted(_rules(invocation).items()) if name.startswith(prefix)]
    begin = (invocation.number("PageNumber", 1) - 1) * size
    page = [_described(rule) for rule in found[begin : begin + size]]
    return _done(Total=len(found), EventRules={"EventRule": page})


def describe_event_rule_target_list(invocation: Invocation) -> Answer:
    targets = [
        {
            "Id": target.id,
            "Region": target.region,
            "Project": target.project,
            "LogStore": target.logstore,
            "Arn": f"acs:log:{target.region}:{invocation.account}:project/{target.project}/logstore/{target.logstore}",
        }
        for target in _rule(invocation).targets
    ]
    return _done(SlsParameters={"SlsParameter": targets})


def _described(rule: Rule) -> Answer:
    pattern = {
        "Product": rule.product,
        "NameList": {"NameList": rule.names},
        "LevelList": {"LevelList": rule.levels},
        "EventTypeList": {"EventTypeList": rule.types},
    }
    return {
        "Name": rule.name,
        "EventType": "SYSTEM",
        "State": rule.state,
        "Description": rule.description,
        "SilenceTime": rule.silence,
        "EventPattern": {"EventPattern": [pattern]},
    }


def _rules(invocation: Invocation) -> dict[str, Rule]:
    """The account's rules, to be read; `put_event_rule` makes room for the first."""
    return invocation.cloud.state.cms.rules.get(invocation.account, {})


def _rule(invocation: Invocation) -> Rule:
    found = _rules(invocation).get(invocation.require_text("RuleName"))
    if found is None:
        raise CloudError("ResourceNotFound", "The specified resource is not found.", 404)
    return found


def _done(**more: Any) -> Answer:
    return {"Code": "200", "Message": "success", "Success": True, **more}


def _operation(name: str, run: Run, rw: Literal["Read", "Write"]) -> Operation:
    """Authorised on `*`: CloudMonitor knows no permissions on single rules."""
    return Operation(name, run, f"cms:{name}", rw)
