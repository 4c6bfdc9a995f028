"""Jobs of Serverless Spark that fail, each provoked on the local cloud with the real SDKs.

Each function prepares the account and answers the call that starts the job and waits for its end: it raises JobFailed.
All it makes bears its name, so that several can be played in one account.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from demo import clients
from demo.clients import Keys
from demo.scenarios import Call, trust
from demo.stage import HOME, Stage, make_role, make_user
from localcloud.spark.state import Catalog, Grant, Project

SPARK = "spark.emr-serverless.aliyuncs.com"
DEFAULT_ROLE = "AliyunEMRSparkJobRunDefaultRole"
WORKING = ("oss:GetObject", "oss:PutObject", "oss:ListObjects")
ON_BEHALF = ("dlf-auth:ActOnBehalfOfAnotherUser", "odps:ActOnBehalfOfAnotherUser")
TOKEN = "s" * 32


class JobFailed(Exception):
    """The job with the id `run` has ended as Failed; `code` and `message` are its StateChangeReason."""

    def __init__(self, run: str, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.run, self.code, self.message = run, code, message


@dataclass(frozen=True)
class Lab:
    """A workspace in a bucket of its own; its execution role, and the RAM user who submits jobs, with her keys."""

    stage: Stage
    name: str
    workspace: str
    keys: Keys

    @property
    def bucket(self) -> str:
        return f"{self.name}-lab"

    @property
    def data(self) -> str:
        """The bucket that its jobs read."""
        return f"{self.name}-data"

    @property
    def user(self) -> str:
        return f"{self.name}-ana"

    @property
    def user_id(self) -> str:
        return str(self.stage.local.cloud.state.accounts[self.stage.account].ram.users[self.user].id)

    @property
    def project(self) -> str:
        return self.name.replace("-", "_")

    @property
    def lake_table(self) -> str:
        return f"dlf://{self.name}/sales/orders"

    @property
    def project_table(self) -> str:
        return f"odps://{self.project}/orders"

    def request(self, *arguments: str) -> dict[str, Any]:
        """The body of StartJobRun."""
        driver = {"entryPoint": f"oss://{self.bucket}/jobs/etl.py", "entryPointArguments": list(arguments)}
        return {"codeType": "PYTHON", "name": "etl", "jobDriver": {"sparkSubmit": driver}}

    def running(self, *arguments: str) -> Call:
        """The call that starts a job as the user, and waits until it has ended."""

        def call() -> str:
            from alibabacloud_emr_serverless_spark20230808 import models

            request = models.StartJobRunRequest().from_map(self.request(*arguments) | {"regionId": HOME})
            started = clients.spark(self.keys).start_job_run(self.workspace, request).body
            return self.ended(str(started.job_run_id))

        return call

    def ended(self, run: str) -> str:
        """The id of a job run once it has ended; JobFailed if it has failed."""
        from alibabacloud_emr_serverless_spark20230808 import models

        self.stage.local.do(self.stage.local.cloud.services["spark"].ended())  # type: ignore[attr-defined]
        request = models.GetJobRunRequest(region_id=HOME)
        found = clients.spark(self.stage.root).get_job_run(self.workspace, run, request).body.job_run
        if found.state == "Failed":
            raise JobFailed(run, found.state_change_reason.code, found.state_change_reason.message)
        return run


def lab(stage: Stage, name: str, *more: str, service: str = SPARK, role: str = "") -> Lab:
    """A lab whose execution role, called `name`, trusts `service` and may do these things besides; with `role` it is
    one that is there already."""
    from alibabacloud_emr_serverless_spark20230808 import models

    made = Lab(stage, name, "", make_user(stage, f"{name}-ana", "AliyunEMRServerlessSparkFullAccess"))
    bucket = clients.bucket(stage.root, made.bucket)
    bucket.create_bucket("private")
    bucket.put_object("jobs/etl.py", b"print('hello')")
    own = allowing(*WORKING, resources=(f"acs:oss:*:*:{made.bucket}", f"acs:oss:*:*:{made.bucket}/*"))
    policies: dict[str, Any] = {name: own} | ({f"{name}-more": allowing(*more)} if more else {})
    if not role:
        make_role(stage, name, trust(service), policies)
    request = models.CreateWorkspaceRequest(
        region_id=HOME, workspace_name=name, oss_bucket=f"oss://{made.bucket}/", ram_role_name=role or name
    )
    workspace = clients.spark(stage.root).create_workspace(request).body.workspace_id
    return Lab(stage, name, str(workspace), made.keys)


def allowing(*actions: str, resources: tuple[str, ...] = ("*",)) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
    return {"Version": "1", "Statement": [statement]}


def catalog(made: Lab, generation: str = "legacy", *granted: str) -> None:
    """A DLF catalog in which the user has these data permissions."""
    grants = [Grant(uid=made.user_id, privilege=one) for one in granted]
    found = Catalog(account=made.stage.account, name=made.name, grants=grants)
    found.generation = generation  # type: ignore[assignment]
    key = f"{made.stage.account}/{made.name}"
    made.stage.local.call(lambda cloud: cloud.state.spark.catalogs.update({key: found}))


def project(made: Lab) -> None:
    """A MaxCompute project in which the user is a member without a privilege."""
    found = Project(account=made.stage.account, name=made.project, members=[made.user_id])
    key = f"{made.stage.account}/{made.project}"
    made.stage.local.call(lambda cloud: cloud.state.spark.projects.update({key: found}))


def give(made: Lab, *actions: str) -> None:
    """A custom policy of the user."""
    from alibabacloud_ram20150501 import models

    ram, document = clients.ram(made.stage.root), json.dumps(allowing(*actions))
    ram.create_policy(models.CreatePolicyRequest(policy_name=made.user, policy_document=document))
    ram.attach_policy_to_user(
        models.AttachPolicyToUserRequest(policy_type="Custom", policy_name=made.user, user_name=made.user)
    )


def oss(stage: Stage, name: str = "job-oss") -> Call:
    """The execution role has no right in the bucket of the data."""
    made = lab(stage, name)
    bucket = clients.bucket(stage.root, made.data)
    bucket.create_bucket("private")
    bucket.put_object("in/a.csv", b"1")
    return made.running("--input", f"oss://{made.data}/in/")


def kms(stage: Stage, name: str = "job-kms") -> Call:
    """The execution role may read the bucket, and not use the key that its objects are encrypted with."""
    made = lab(stage, name, "oss:GetObject", "oss:ListObjects")
    bucket = clients.bucket(stage.root, made.data)
    bucket.create_bucket("private")
    headers = {"x-oss-server-side-encryption": "KMS", "x-oss-server-side-encryption-key-id": "key-1"}
    bucket.put_object("in/a.csv", b"1", headers=headers)
    return made.running("--input", f"oss://{made.data}/in/")


def dlf_identity(stage: Stage, name: str = "job-dlf") -> Call:
    """The role may act for others, and the submitter has no right to DLF."""
    made = lab(stage, name, *ON_BEHALF)
    catalog(made, "legacy", "SELECT")
    return made.running("--input", made.lake_table)


def dlf_data(stage: Stage, name: str = "job-dlf-data") -> Call:
    """The submitter has the RAM right, and no data permission on the table."""
    made = lab(stage, name, *ON_BEHALF)
    give(made, "dlf:GetTable")
    catalog(made, "next")
    return made.running("--input", made.lake_table)


def dlf_on_behalf(stage: Stage, name: str = "job-dlf-role") -> Call:
    """The role may not act for others towards DLF."""
    made = lab(stage, name)
    catalog(made, "next")
    return made.running("--input", made.lake_table)


def dlf_livy(stage: Stage, name: str = "job-livy") -> Call:
    """A job comes with a Livy token of the user, who has no right to DLF; the gateway is the account's."""
    from alibabacloud_emr_serverless_spark20230808 import models

    made = lab(stage, name, *ON_BEHALF)
    catalog(made, "legacy")
    gateway = models.CreateLivyComputeRequest(name="gateway")
    compute = clients.spark(stage.root).create_livy_compute(made.workspace, gateway).body.data.livy_compute_id
    token = models.CreateLivyComputeTokenRequest(name="token", token=TOKEN)
    clients.spark(made.keys).create_livy_compute_token(made.workspace, compute, token)
    spark: Any = stage.local.cloud.services["spark"]

    def call() -> str:
        request = made.request("--input", made.lake_table)
        return made.ended(str(stage.local.call(lambda _: spark.submit_by_livy(TOKEN, request)).id))

    return call


def maxcompute(stage: Stage, name: str = "job-odps") -> Call:
    """The submitter is a member of the project without a privilege on the table."""
    made = lab(stage, name, *ON_BEHALF)
    project(made)
    return made.running("--input", made.project_table)


def maxcompute_on_behalf(stage: Stage, name: str = "job-odps-role") -> Call:
    """The role may not act for others towards MaxCompute."""
    made = lab(stage, name)
    project(made)
    return made.running("--input", made.project_table)


def role_deleted(stage: Stage, name: str = "job-no-role") -> Call:
    """The execution role was deleted after the workspace had been made."""
    made = lab(stage, name)
    roles = stage.local.cloud.state.accounts[stage.account].ram.roles
    stage.local.call(lambda cloud: roles.pop(name))
    return made.running()


def default_role_deleted(stage: Stage, name: str = "job-default-gone") -> Call:
    """Somebody deleted the default execution role, which the documentation warns of."""
    made = lab(stage, name, role=DEFAULT_ROLE)
    roles = stage.local.cloud.state.accounts[stage.account].ram.roles
    stage.local.call(lambda cloud: roles.pop(DEFAULT_ROLE.lower()))
    return made.running()


def default_role_edited(stage: Stage, name: str = "job-default-cut") -> Call:
    """Somebody took the default execution role its policy."""
    from alibabacloud_ram20150501 import models

    made = lab(stage, name, role=DEFAULT_ROLE)
    request = models.DetachPolicyFromRoleRequest(
        policy_type="System", policy_name=f"{DEFAULT_ROLE}Policy", role_name=DEFAULT_ROLE
    )
    clients.ram(stage.root).detach_policy_from_role(request)
    return made.running()


def role_not_trusting(stage: Stage, name: str = "job-no-trust") -> Call:
    """The execution role trusts ECS instead of Serverless Spark."""
    return lab(stage, name, service="ecs.aliyuncs.com").running()


def directory_closed(stage: Stage, name: str = "job-closed") -> Call:
    """The execution role may no longer write in the workspace's directory."""
    from alibabacloud_ram20150501 import models

    made = lab(stage, name)
    request = models.DetachPolicyFromRoleRequest(policy_type="Custom", policy_name=name, role_name=name)
    clients.ram(stage.root).detach_policy_from_role(request)
    return made.running()


def log_only(stage: Stage, name: str = "job-log") -> Call:
    """The run's reason names no error: the driver's log does."""
    stage.local.cloud.services["spark"].quiet_reasons = True  # type: ignore[attr-defined]
    return oss(stage, name)
