"""May a caller invoke or read a function? Answered with FC's own error.

Actions and resources:
https://www.alibabacloud.com/help/en/functioncompute/fc/developer-reference/api-fc-2023-03-30-ram
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from localcloud.authorize import judge
from localcloud.call import Call
from localcloud.errors import AccessDenied
from localcloud.identity import Caller

if TYPE_CHECKING:
    from localcloud.cloud import Cloud
    from localcloud.fc.spec import FunctionSpec


def require_caller(cloud: Cloud, caller: Caller, call: Call, action: str, resource: str) -> None:
    """Raise AccessDenied 403 with FC's text unless the caller's policies allow the action."""
    decision = judge(cloud, caller, call, action, resource)
    if decision.outcome != "allow":
        message = f"the caller is not authorized to perform '{action}' on resource '{resource}'"
        raise AccessDenied("AccessDenied", message, 403, action=action, resource=resource, decision=decision)


def require_role(cloud: Cloud, spec: FunctionSpec, action: str, resource: str) -> None:
    """The same for a function's own role, which sends results to destinations, and in FC 2.0 writes the log."""
    _, _, _, account, name = (spec.role or "acs:ram::0:role/-").split(":", 4)
    role = name.removeprefix("role/")
    caller = Caller(type="assumed-role", account=account, name=f"{role.lower()}:fc", role=role, session="fc")
    host = f"{spec.key.account}.{spec.key.region}.fc.aliyuncs.com"
    call = Call("POST", host, "/", "/", "", {}, b"", "127.0.0.1", cloud.clock())
    require_caller(cloud, caller, call, action, resource)
