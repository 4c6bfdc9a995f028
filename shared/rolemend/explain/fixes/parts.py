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
        role = principal.partition(":")[0]
        named = _ROLE_ARN.fullmatch(answer.resource or "")
        by_user = bool(principal) and not answer.by_role
        is_named = by_user and not principal.isdigit()
        region = _sound(REGION_NAME, answer.region, "YOUR_REGION")
        bucket = _sound(BUCKET_NAME, answer.bucket, "YOUR_BUCKET")
        right = _sound(OSS_ENDPOINT, answer.right_endpoint, f"oss-{region}.aliyuncs.com")
        return cls(
            bucket=bucket,
            role=named[1] if named else _sound(ROLE_NAME, role if answer.by_role else None, "YOUR_ROLE"),
            user=_sound(ROLE_NAME, principal if is_named else None, "YOUR_USER"),
            by_user=by_user,
            action=_sound(
                ACTION_NAME, answer.action, "oss:GetObject" if answer.service == "oss" else "SERVICE:ACTION"
            ),
            region=region,
            endpoint=_sound(OSS_ENDPOINT, answer.endpoint, "YOUR_ENDPOINT"),
            right_endpoint=right,
            path=f"oss://{bucket}/",
            service=answer.service or "",
            ec=answer.ec or "",
            who=principal or (named[1] if named else "YOUR_ROLE"),
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
    create = aliyun("ram", "CreatePolicy", PolicyName=name, PolicyDocument=text)
    attached = {"PolicyType": "Custom", "PolicyName": name, f"{kind}Name": who}
    cli = f"{create} && {aliyun('ram', f'AttachPolicyTo{kind}', **attached)}"
    made = hcl("resource", "alicloud_ram_policy", policy_name=name, policy_document=heredoc(text))
    reference = Raw("alicloud_ram_policy.fix.policy_name")
    target = {"policy_name": reference, "policy_type": "Custom", f"{kind.lower()}_name": who}
    terraform = f"{made}\n" + hcl("resource", f"alicloud_ram_{kind.lower()}_policy_attachment", **target)
    api = "\n".join(
        (
            ram("CreatePolicy", PolicyName=name, PolicyDocument=text),
            ram(f"AttachPolicyTo{kind}", **attached),
        )
    )
    return cli, terraform, api


def list_path(names: Names) -> str:
    return f"hdfs dfs -ls {names.path}"


class Raw(str):
    """An HCL expression, which goes into Terraform without quotes."""

    __slots__ = ()


def hcl(block: str, kind: str, **values: object) -> str:
    """One block of Terraform: `resource` or `data`, its kind, and its arguments."""
    width = max((len(name) for name in values), default=0)
    lines = [f"  {name:<{width}} = {_hcl_value(value)}" for name, value in values.items()]
    return "\n".join([f'{block} "{kind}" "fix" {{', *lines, "}"])


def _hcl_value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, (Raw, int)) else f'"{value}"'


def heredoc(content: str) -> Raw:
    return Raw(f"<<EOF\n{content}\nEOF")


def aliyun(product: str, action: str, **parameters: object) -> str:
    """A command of the aliyun CLI; a document stands between single quotes."""
    words = [f"--{name} {_word(value)}" for name, value in parameters.items()]
    return " ".join(["aliyun", product, action, *words])


def _word(value: object) -> str:
    word = str(value).lower() if isinstance(value, bool) else str(value)
    return word if re.fullmatch(r"[A-Za-z0-9_.:/\-]+", word) else f"'{word}'"
