"""What fixes are put together from: names that are safe in a command, policies, and the four forms."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import msgspec

from rolemend.explain.names import ACTION_NAME, BUCKET_NAME, OSS_ENDPOINT, REGION_NAME, ROLE_NAME
from rolemend.text import Text

if TYPE_CHECKING:
    from rolemend.explain.answer import Answer

_ROLE_ARN = re.compile(r"acs:ram::[0-9]{5,20}:role/([A-Za-z0-9][A-Za-z0-9.\-_]{0,63})", re.ASCII)


class Names(msgspec.Struct, frozen=True, kw_only=True):
    """Names for commands and documents. A name that does not keep to its grammar is an upper-case placeholder.

    `shown_*` are for sentences, as the text has them.
    """

    bucket: str
    role: str
    user: str
    by_user: bool
    action: str
    region: str
    endpoint: str
    right_endpoint: str
    path: str
    service: str
    ec: str
    who: str
    kind: str

    @classmethod
    def of(cls, answer: Answer) -> Names:
        """The names of an answer."""
        principal = answer.principal or ""
        role, colon, _ = principal.partition(":")
        named = _ROLE_ARN.fullmatch(answer.resource or "")
        is_user = bool(principal) and not colon and not principal.isdigit()
        region = _sound(REGION_NAME, answer.region, "YOUR_REGION")
        bucket = _sound(BUCKET_NAME, answer.bucket, "YOUR_BUCKET")
        right = _sound(OSS_ENDPOINT, answer.right_endpoint, f"oss-{region}.aliyuncs.com")
        return cls(
            bucket=bucket,
            role=named[1] if named else _sound(ROLE_NAME, role if colon else None, "YOUR_ROLE"),
            user=_sound(ROLE_NAME, principal if is_user else None, "YOUR_USER"),
            by_user=is_user or bool(principal) and not colon,
            action=_sound(
                ACTION_NAME, answer.action, "oss:GetObject" if answer.service == "oss" else "SERVICE:ACTION"
            ),
            region=region,
            endpoint=_sound(OSS_ENDPOINT, answer.endpoint, "YOUR_ENDPOINT"),
            right_endpoint=right,
            path=f"oss://{bucket}/",
            service=answer.service or "",
            ec=answer.ec or "",
            who=principal or "-",
            kind=answer.kind,
        )


def _sound(grammar: re.Pattern[str], name: str | None, placeholder: str) -> str:
    return name if name and grammar.fullmatch(name) else placeholder


class Fix(msgspec.Struct, frozen=True, kw_only=True):
    """A fix in four forms, and the command that shows whether it helped."""

    what: Text
    console: tuple[Text, ...]
    cli: str
    terraform: str
    api: str
    risk: Text
    verify: str
    faq: str = ""


def compact(document: Any) -> str:
    """A document on one line. It never holds a single quote, so that it can stand between two in a shell."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=True).replace("'", "\\u0027")


def statement(actions: list[str], resources: list[str], effect: str = "Allow") -> dict[str, Any]:
    return {"Effect": effect, "Action": actions, "Resource": resources}


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "1", "Statement": list(statements)}


def bucket_resources(bucket: str) -> list[str]:
    """Both forms that a policy needs: the bucket, and what is in it."""
    return [f"acs:oss:*:*:{bucket}", f"acs:oss:*:*:{bucket}/*"]


def call(product: str, version: str, action: str, **parameters: Any) -> str:
    """An OpenAPI call as one line of JSON."""
    return compact({"product": product, "version": version, "action": action, "parameters": parameters})


def ram(action: str, **parameters: Any) -> str:
    return call("Ram", "2015-05-01", action, **parameters)


def oss(method: str, bucket: str, subresource: str, body: Any = None) -> str:
    """An OSS call as one line of JSON."""
    asked = {"product": "Oss", "method": method, "bucket": bucket, "subresource": subresource}
    return compact(asked if body is None else asked | {"body": body})


def grant(names: Names, document: dict[str, Any], name: str) -> tuple[str, str, str]:
    """CLI, Terraform and API of a custom policy that is created and attached to who was denied."""
    kind, who = ("User", names.user) if names.by_user else ("Role", names.role)
    text = compact(document)
    cli = (
        f"aliyun ram CreatePolicy --PolicyName {name} --PolicyDocument '{text}'"
        f" && aliyun ram AttachPolicyTo{kind} --PolicyType Custom --PolicyName {name} --{kind}Name {who}"
    )
    terraform = (
        f'resource "alicloud_ram_policy" "fix" {{\n  policy_name     = "{name}"\n  policy_document = <<EOF\n{text}\nEOF\n}}\n'
        f'resource "alicloud_ram_{kind.lower()}_policy_attachment" "fix" {{\n  policy_name = alicloud_ram_policy.fix.policy_name\n'
        f'  policy_type = "Custom"\n  {kind.lower()}_name   = "{who}"\n}}'
    )
    api = "\n".join(
        (
            ram("CreatePolicy", PolicyName=name, PolicyDocument=text),
            ram(f"AttachPolicyTo{kind}", PolicyType="Custom", PolicyName=name, **{f"{kind}Name": who}),
        )
    )
    return cli, terraform, api


def list_path(names: Names) -> str:
    return f"hdfs dfs -ls {names.path}"
