"""Lifecycle rules of a bucket: kept and answered; nothing expires by itself here.

API: https://www.alibabacloud.com/help/en/oss/developer-reference/putbucketlifecycle
"""

from __future__ import annotations

from xml.etree.ElementTree import Element

from localcloud.call import Reply
from localcloud.errors import Unsupported
from localcloud.oss.errors import OssError
from localcloud.oss.exchange import Exchange, xml_reply
from localcloud.oss.state import LifecycleRule
from localcloud.oss.xml import child, malformed, node, parse, text

MOST_RULES = 1000
_KNOWN = {"ID", "Prefix", "Status", "Expiration"}


def put_bucket_lifecycle(x: Exchange) -> Reply:
    """Rules that expire objects so many days after they were last changed; they take the place of all others."""
    rules = [_read(element, number) for number, element in enumerate(parse(x.call.body).findall("Rule"), 1)]
    if not 1 <= len(rules) <= MOST_RULES:
        raise malformed()
    x.bucket.lifecycle = rules
    return Reply(200)


def _read(element: Element, number: int) -> LifecycleRule:
    for part in element:
        if part.tag not in _KNOWN:
            raise Unsupported("oss", f"lifecycle rules with {part.tag}")
    days, status = child(element, "Expiration/Days"), child(element, "Status")
    if status not in ("Enabled", "Disabled"):
        raise malformed()
    if not days.isdigit() or int(days) < 1:
        raise Unsupported("oss", "lifecycle rules without Expiration/Days")
    name = child(element, "ID") or f"rule-{number}"
    return LifecycleRule(id=name, prefix=child(element, "Prefix"), status=status, days=int(days))


def get_bucket_lifecycle(x: Exchange) -> Reply:
    if not x.bucket.lifecycle:
        raise OssError("NoSuchLifecycle", "No Row found in Lifecycle Table.", 404, BucketName=x.bucket.name)
    return xml_reply(node("LifecycleConfiguration", *(_written(rule) for rule in x.bucket.lifecycle)))


def _written(rule: LifecycleRule) -> str:
    expiration = node("Expiration", text("Days", rule.days))
    return node(
        "Rule", text("ID", rule.id), text("Prefix", rule.prefix), text("Status", rule.status), expiration
    )


def delete_bucket_lifecycle(x: Exchange) -> Reply:
    x.bucket.lifecycle = []
    return Reply(204)
