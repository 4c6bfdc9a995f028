"""The environment of a function instance, and the credentials of its role.

Source: https://www.alibabacloud.com/help/en/functioncompute/fc/environment-variables
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from localcloud.errors import CloudError
from localcloud.fc.spec import FunctionSpec
from localcloud.sts.service import open_session, service_may_assume

if TYPE_CHECKING:
    from localcloud.cloud import Cloud
    from localcloud.sts.state import Session

_INHERITED = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR")
"""All that an instance gets of this process's environment."""

_SERVICE = "fc.aliyuncs.com"


def open_role_session(cloud: Cloud, spec: FunctionSpec, seconds: float) -> Session | None:
    """Credentials of the function's role, None if it has none.

    Raises CloudError 403 AccessDenied if the role is missing or does not trust Function Compute.
    """
    if not spec.role:
        return None
    _, _, _, account, name = spec.role.split(":", 4)
    name = name.removeprefix("role/")
    owner = cloud.state.accounts.get(account)
    role = owner.ram.roles.get(name.lower()) if owner else None
    if role is None:
        raise CloudError("AccessDenied", f"the role {spec.role} does not exist", 403)
    if not service_may_assume(cloud, role, _SERVICE):
        raise CloudError(
            "AccessDenied", f"the service {_SERVICE} is not authorized to assume role {spec.role}", 403
        )
    session_name = re.sub(r"[^\w.@-]", "-", f"fc-{spec.key.name}", flags=re.ASCII)[:64]
    return open_session(cloud, account, role, session_name, spec.key.account, seconds)


def build_environment(
    spec: FunctionSpec, instance: str, session: Session | None, code: Path, layers: list[Path], proxy: str
) -> dict[str, str]:
    """All variables of one instance: this machine's few, the function's own, the runtime's, and the way to
    the cloud.
    """
    values = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    values |= spec.environment
    values |= {
        "FC_ACCOUNT_ID": spec.key.account,
        "FC_REGION": spec.key.region,
        "FC_FUNCTION_NAME": spec.key.name,
        "FC_FUNCTION_HANDLER": spec.handler,
        "FC_FUNCTION_MEMORY_SIZE": str(spec.memory),
        "FC_FUNC_CODE_PATH": str(code),
        "FC_CUSTOM_LISTEN_PORT": "9000",
        "FC_INSTANCE_ID": instance,
        _version_variable(spec.runtime): "LATEST",
    }
    if spec.key.service:
        values |= {"FC_SERVICE_NAME": spec.key.service, "FC_QUALIFIER": "LATEST"}
    if session is not None:
        values |= {
            "ALIBABA_CLOUD_ACCESS_KEY_ID": session.access_key_id,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": session.secret,
            "ALIBABA_CLOUD_SECURITY_TOKEN": session.token,
        }
    paths = [path for path in (values.get("PYTHONPATH"), *map(str, layers)) if path]
    if paths:
        values["PYTHONPATH"] = os.pathsep.join(paths)
    return values | _way_to_the_cloud(proxy)


def _version_variable(runtime: str) -> str:
    """Images of Debian 11 and later say FC_FUNCTION_VERSION, older ones FC_VER_ID."""
    return "FC_FUNCTION_VERSION" if runtime in ("python3.12", "python3.10") else "FC_VER_ID"


def _way_to_the_cloud(proxy: str) -> dict[str, str]:
    if not proxy:
        return {}
    direct = "127.0.0.1,localhost"
    return {"http_proxy": proxy, "HTTP_PROXY": proxy, "no_proxy": direct, "NO_PROXY": direct}
