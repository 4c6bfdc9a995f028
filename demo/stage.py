"""Sets the stage: an account on the local cloud with Rolemend deployed in it, everything made with the real SDKs."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from demo import clients
from demo.clients import Keys
from localcloud.accounts import DEMO_ACCOUNT, open_account
from localcloud.fc.archives import use_archives
from localcloud.ram.default_roles import grant_default_roles
from rolemend.account.access import Access, Credentials
from rolemend.account.oss import OssStore
from rolemend.incident.ledger import Ledger
from rolemend.naming import EVENT_LOGSTORE, TRAIL_LOGSTORE, log_project

if TYPE_CHECKING:
    from localcloud.server import LocalCloud
    from rolemend.incident.life import Incident

ROOT = Path(__file__).parent.parent
FUNCTIONS = ("watch", "diagnose", "remediate", "notify", "audit", "console")
HOME = "cn-hangzhou"
TRAIL_PROJECT = log_project(DEMO_ACCOUNT, HOME)
LEDGER = "rolemend-ledger-demo"
_FC2_VARIABLES = {
    "ROLEMEND_AUDIT_REGIONS": "auditRegions",
    "ROLEMEND_AUDIT_SECONDS": "auditSeconds",
    "ROLEMEND_CONSOLE_APPROVERS": "consoleApprovers",
    "ROLEMEND_CONSOLE_CLIENT_ID": "consoleClientId",
    "ROLEMEND_CONSOLE_CLIENT_SECRET": "consoleClientSecret",
    "ROLEMEND_CONSOLE_SESSION_KEY": "consoleSessionKey",
    "ROLEMEND_CONSOLE_SITE": "consoleSite",
    "ROLEMEND_CONSOLE_URL": "consoleUrl",
    "ROLEMEND_CONSOLE_VIEWERS": "consoleViewers",
    "ROLEMEND_LANGUAGE": "language",
    "ROLEMEND_LEDGER_REGION": "ledgerRegion",
    "ROLEMEND_LINK_KEY": "linkKey",
    "ROLEMEND_NETWORK": "network",
    "ROLEMEND_RAM_RATE": "ramRate",
    "ROLEMEND_REGION": "region",
    "ROLEMEND_REST_SECONDS": "restSeconds",
    "ROLEMEND_SCHEME": "scheme",
    "ROLEMEND_TRAIL_PROJECT": "trailProject",
    "ROLEMEND_EVENT_LOGSTORE": "eventLogstore",
    "ROLEMEND_CHANNELS": "channels",
    "ROLEMEND_PAUSE_SECONDS": "pauseSeconds",
}
"""What is set in the shell for s.yaml, and changed at the top of deploy/fc2/s.yaml."""
FC_TRUST = {
    "Version": "1",
    "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": ["fc.aliyuncs.com"]}}
    ],
}


@dataclass
class Stage:
    """A local cloud in which Rolemend runs. `root` are the keys of the account's root user; `fc2`: the functions are
    services of FC 2.0."""

    local: LocalCloud
    root: Keys
    account: str
    webhook: str
    fc2: bool = False

    def settle(self) -> None:
        """Wait until every event has arrived and every function has done its work."""
        self.local.do(self.local.cloud.services["fc"].drain(60.0))  # type: ignore[attr-defined]

    def ledger(self) -> Ledger:
        """The ledger, read as the account's root user."""
        credentials = Credentials(self.root.id, self.root.secret)
        access = Access(account=self.account, region=HOME, credentials=credentials, scheme="http")
        return Ledger(OssStore(access, LEDGER, HOME), "operator")

    def incidents(self) -> dict[str, Incident]:
        """Every incident in the ledger by id."""
        store = self.ledger()
        keys = [
            item.key for item in clients.bucket(self.root, LEDGER).list_objects_v2("incidents/").object_list
        ]
        ids = [key.removeprefix("incidents/").removesuffix(".jsonl") for key in keys]
        return {incident_id: store.load(incident_id) for incident_id in ids}


def set_stage(
    local: LocalCloud, webhook: str, guardrails: str, account: str = DEMO_ACCOUNT, fc2: bool | None = None
) -> Stage:
    """Open an account, make what Rolemend needs in it, and deploy the functions from s.yaml, or deploy/fc2/s.yaml.

    ROLEMEND_GENERATION=fc2 takes the latter where the caller leaves it open.
    """
    if fc2 is None:
        fc2 = os.environ.get("ROLEMEND_GENERATION") == "fc2"
    key = local.call(lambda cloud: open_account(cloud.state, account))
    local.call(lambda cloud: grant_default_roles(cloud.state, account))
    stage = Stage(local, Keys(key.id, key.secret), account, webhook, fc2)
    make_log_projects(stage)
    make_ledger(stage, guardrails)
    for function in FUNCTIONS:
        make_function_role(stage, function)
    deploy(stage)
    return stage


def make_log_projects(stage: Stage) -> None:
    """The trail's project with a trail that delivers every event, the project of OSS's access log, and CloudMonitor's
    rule for failed jobs of Serverless Spark."""
    from alibabacloud_actiontrail20200706 import models

    log = clients.log(stage.root)
    access_log = f"oss-log-{stage.account}-{HOME}"
    log.create_project(TRAIL_PROJECT, "trail of Rolemend")
    log.create_project(access_log, "OSS access log")
    log.create_logstore(access_log, "oss-log-store", 7, 1)
    log.create_index(access_log, "oss-log-store", access_log_index())
    log.create_logstore(TRAIL_PROJECT, EVENT_LOGSTORE, 7, 1)
    rule = (stage.account, TRAIL_PROJECT, EVENT_LOGSTORE)
    stage.local.call(lambda cloud: cloud.state.spark.event_targets.append(rule))
    trail = clients.actiontrail(stage.root)
    arn = f"acs:log:{HOME}:{stage.account}:project/{TRAIL_PROJECT}"
    trail.create_trail(models.CreateTrailRequest(name="rolemend", event_rw="All", sls_project_arn=arn))
    trail.start_logging(models.StartLoggingRequest(name="rolemend"))


_SEARCHED = ("bucket", "operation")
_READ_BY_SQL = (
    "error_code", "ec", "owner_id", "extend_information", "requester_id", "request_id", "object", "bucket_location",
    "host", "client_ip", "http_type", "vpc_id", "user_agent",
)  # fmt: skip


def access_log_index() -> Any:
    """As OSS's own logstore has it, as far as Rolemend asks: some fields are searched, and others only read by SQL."""
    from aliyun.log import IndexConfig, IndexKeyConfig

    texts = {name: IndexKeyConfig([",", " ", "/"], index_type="text") for name in _SEARCHED}
    read = {name: IndexKeyConfig([], index_type="text") for name in _READ_BY_SQL}
    return IndexConfig(key_config_list={**texts, **read, "http_status": IndexKeyConfig(index_type="long")})


def make_ledger(stage: Stage, guardrails: str) -> None:
    ledger = clients.bucket(stage.root, LEDGER)
    ledger.create_bucket("private")
    ledger.put_object("config/guardrails.toml", guardrails.encode())


def make_function_role(stage: Stage, function: str) -> None:
    """The role of one function with exactly its own policy.json."""
    make_role(
        stage,
        f"rolemend-{function}",
        FC_TRUST,
        {f"rolemend-{function}": function_policy(function, stage.account)},
    )


def function_policy(function: str, account: str = DEMO_ACCOUNT) -> str:
    """A function's policy with the account's own names filled in."""
    text = (ROOT / "functions" / function / "policy.json").read_text("utf-8")
    names = {
        "account": account,
        "region": HOME,
        "ledger_bucket": LEDGER,
        "trail_project": TRAIL_PROJECT,
        "trail_logstore": TRAIL_LOGSTORE,
        "event_logstore": EVENT_LOGSTORE,
    }
    return Template(text).substitute(names)


def make_role(
    stage: Stage, name: str, trust: dict[str, Any], policies: dict[str, str | dict[str, Any]]
) -> None:
    """A role with custom policies of its own, by name."""
    from alibabacloud_ram20150501 import models

    ram = clients.ram(stage.root)
    ram.create_role(models.CreateRoleRequest(role_name=name, assume_role_policy_document=json.dumps(trust)))
    for policy, document in policies.items():
        text = document if isinstance(document, str) else json.dumps(document)
        ram.create_policy(models.CreatePolicyRequest(policy_name=policy, policy_document=text))
        request = models.AttachPolicyToRoleRequest(policy_type="Custom", policy_name=policy, role_name=name)
        ram.attach_policy_to_role(request)


def make_user(stage: Stage, name: str, *system_policies: str) -> Keys:
    """A RAM user with an AccessKey and system policies."""
    from alibabacloud_ram20150501 import models

    ram = clients.ram(stage.root)
    ram.create_user(models.CreateUserRequest(user_name=name))
    for policy in system_policies:
        request = models.AttachPolicyToUserRequest(policy_type="System", policy_name=policy, user_name=name)
        ram.attach_policy_to_user(request)
    key = ram.create_access_key(models.CreateAccessKeyRequest(user_name=name)).body.access_key
    return Keys(key.access_key_id, key.access_key_secret)


def deploy(stage: Stage, **environment: str) -> None:
    """Deploy the manifest as it stands, with the variables that a user would set in the shell; the code is that of
    the folders unless the host has archives.

    Those that are set in this shell are for the user's own account, and count for nothing here.
    """
    variables = {
        "ROLEMEND_LEDGER_BUCKET": LEDGER,
        "ROLEMEND_WEBHOOK_URL": stage.webhook,
        "ROLEMEND_SCHEME": "http",
        "ROLEMEND_TRAIL_PROJECT": TRAIL_PROJECT,
        **environment,
    }
    generation = "fc2" if stage.fc2 else "fc3"
    service: Any = stage.local.cloud.services["fc"]
    stage.local.call(lambda cloud: _choose_code(service.settings, generation))
    others = {name: value for name, value in os.environ.items() if not name.startswith("ROLEMEND_")}
    environment = others | variables
    manifest = ROOT / ("deploy/fc2/s.yaml" if stage.fc2 else "s.yaml")
    options: dict[str, Any] = {"account": stage.account, "env": environment}
    if stage.fc2:
        told = _FC2_VARIABLES.items()
        options["variables"] = {own: environment[name] for name, own in told if name in environment}
    stage.local.call(lambda cloud: cloud.services["fc"].deploy(manifest, **options))  # type: ignore[attr-defined]


def _choose_code(settings: Any, generation: str) -> None:
    """The archives in the folder that ROLEMEND_ARCHIVES names (in it fc3 and fc2), or the folders of the functions."""
    if archives := os.environ.get("ROLEMEND_ARCHIVES"):
        use_archives(settings, Path(archives) / generation)
    else:
        settings.code = settings.code or ROOT / "functions"
