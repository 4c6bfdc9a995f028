"""Jobs of Serverless Spark that fail, each provoked on the local cloud with the real SDKs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from demo import clients
from demo.clients import Keys
from demo.scenarios import trust
from demo.stage import HOME, Stage, make_role, make_user
from localcloud.spark.state import Catalog, Grant, Project
from tests.e2e.failures import allowing

SPARK = "spark.emr-serverless.aliyuncs.com"
LAB, DATA, ROLE, USER = "job-lab", "job-data", "job-role", "ana"
IN_LAB = (f"acs:oss:*:*:{LAB}", f"acs:oss:*:*:{LAB}/*")
WORKING = ("oss:GetObject", "oss:PutObject", "oss:ListObjects")
ON_BEHALF = ("dlf-auth:ActOnBehalfOfAnotherUser", "odps:ActOnBehalfOfAnotherUser")
ORDERS, DW_ORDERS = "dlf://lake/sales/orders", "odps://sales_dw/orders"

Job = Callable[[Stage], str]
"""Makes what it needs in the account, runs a job that fails, and answers its id."""


def lab(stage: Stage, *more: str, role: str = ROLE, services: tuple[str, ...] = (SPARK,)) -> str:
    """A workspace in a bucket of its own, whose role may work there and do these things besides."""
    from alibabacloud_emr_serverless_spark20230808 import models

    bucket = clients.bucket(stage.root, LAB)
    bucket.create_bucket("private")
    bucket.put_object("jobs/etl.py", b"print('hello')")
    policies: dict[str, Any] = {role: allowing(*WORKING, resources=IN_LAB)}
    if more:
        policies[f"{role}-more"] = allowing(*more)
    make_role(stage, role, trust(*services), policies)
    request = models.CreateWorkspaceRequest(
        region_id=HOME, workspace_name="lab", oss_bucket=f"oss://{LAB}/", ram_role_name=role
    )
    return str(clients.spark(stage.root).create_workspace(request).body.workspace_id)


def submitter(stage: Stage, name: str = USER) -> Keys:
    return make_user(stage, name, "AliyunEMRServerlessSparkFullAccess")


def user_id(stage: Stage, name: str = USER) -> str:
    return str(stage.local.cloud.state.accounts[stage.account].ram.users[name].id)


def request_of(*arguments: str) -> dict[str, Any]:
    driver = {"entryPoint": f"oss://{LAB}/jobs/etl.py", "entryPointArguments": list(arguments)}
    return {"codeType": "PYTHON", "name": "etl", "jobDriver": {"sparkSubmit": driver}}


def run(stage: Stage, keys: Keys, workspace: str, *arguments: str) -> str:
    """Start a job and wait until it has ended and everything that follows is done; its id."""
    from alibabacloud_emr_serverless_spark20230808 import models

    request = models.StartJobRunRequest().from_map(request_of(*arguments) | {"regionId": HOME})
    started = clients.spark(keys).start_job_run(workspace, request)
    finish(stage)
    return str(started.body.job_run_id)


def finish(stage: Stage) -> None:
    stage.local.do(stage.local.cloud.services["spark"].ended())  # type: ignore[attr-defined]
    stage.settle()


def fire(stage: Stage, timer: str) -> None:
    """Let one of `watch`'s timers fire, and wait for what follows."""
    stage.local.call(lambda cloud: cloud.services["fc"].fire_timer("rolemend-watch", timer))  # type: ignore[attr-defined]
    stage.settle()


def catalog(stage: Stage, generation: str = "legacy", *granted: str) -> None:
    """The DLF catalog `lake`, in which the submitter has these data permissions."""
    grants = [Grant(uid=user_id(stage), privilege=one) for one in granted]
    made = Catalog(account=stage.account, name="lake", grants=grants)
    made.generation = generation  # type: ignore[assignment]
    stage.local.call(lambda cloud: cloud.state.spark.catalogs.update({f"{stage.account}/lake": made}))


def project(stage: Stage, *members: str) -> None:
    """The MaxCompute project `sales_dw` with these members, who have no privilege yet."""
    made = Project(account=stage.account, name="sales_dw", members=list(members))
    stage.local.call(lambda cloud: cloud.state.spark.projects.update({f"{stage.account}/sales_dw": made}))


def oss(stage: Stage) -> str:
    """The execution role has no right in the bucket of the data."""
    bucket = clients.bucket(stage.root, DATA)
    bucket.create_bucket("private")
    bucket.put_object("in/a.csv", b"1")
    return run(stage, submitter(stage), lab(stage), "--input", f"oss://{DATA}/in/")


def kms(stage: Stage) -> str:
    """The execution role may read the bucket, and not use the key that its objects are encrypted with."""
    bucket = clients.bucket(stage.root, DATA)
    bucket.create_bucket("private")
    headers = {"x-oss-server-side-encryption": "KMS", "x-oss-server-side-encryption-key-id": "key-1"}
    bucket.put_object("in/a.csv", b"1", headers=headers)
    return run(
        stage,
        submitter(stage),
        lab(stage, "oss:GetObject", "oss:ListObjects"),
        "--input",
        f"oss://{DATA}/in/",
    )


def dlf_identity(stage: Stage) -> str:
    """The role may act for others, and the submitter has no right to DLF."""
    place, keys = lab(stage, *ON_BEHALF), submitter(stage)
    catalog(stage, "legacy", "SELECT")
    return run(stage, keys, place, "--input", ORDERS)


def dlf_data(stage: Stage) -> str:
    """The submitter has the RAM right, and no data permission on the table."""
    place, keys = lab(stage, *ON_BEHALF), submitter(stage)
    give(stage, USER, "dlf:GetTable")
    catalog(stage, "next")
    return run(stage, keys, place, "--input", ORDERS)


def dlf_on_behalf(stage: Stage) -> str:
    """The role may not act for others towards DLF."""
    place, keys = lab(stage), submitter(stage)
    catalog(stage, "next")
    return run(stage, keys, place, "--input", ORDERS)


def dlf_livy(stage: Stage) -> str:
    """A job comes with a Livy token, whose creator has no right to DLF."""
    from alibabacloud_emr_serverless_spark20230808 import models

    place, keys = lab(stage, *ON_BEHALF), submitter(stage)
    catalog(stage, "legacy")
    gateway = clients.spark(stage.root).create_livy_compute(place, models.CreateLivyComputeRequest(name="g"))
    compute = gateway.body.data.livy_compute_id
    token = models.CreateLivyComputeTokenRequest(name="t", token="s" * 32)
    clients.spark(keys).create_livy_compute_token(place, compute, token)
    spark: Any = stage.local.cloud.services["spark"]
    started = stage.local.call(lambda _: spark.submit_by_livy("s" * 32, request_of("--input", ORDERS)))
    finish(stage)
    return str(started.id)


def maxcompute(stage: Stage) -> str:
    """The submitter is a member of the project without a privilege on the table."""
    place, keys = lab(stage, *ON_BEHALF), submitter(stage)
    project(stage, user_id(stage))
    return run(stage, keys, place, "--input", DW_ORDERS)


def maxcompute_on_behalf(stage: Stage) -> str:
    """The role may not act for others towards MaxCompute."""
    place, keys = lab(stage), submitter(stage)
    project(stage, user_id(stage))
    return run(stage, keys, place, "--input", DW_ORDERS)


def role_deleted(stage: Stage) -> str:
    """The execution role was deleted after the workspace had been made."""
    place, keys = lab(stage), submitter(stage)
    roles = stage.local.cloud.state.accounts[stage.account].ram.roles
    stage.local.call(lambda cloud: roles.pop(ROLE))
    return run(stage, keys, place)


def role_not_trusting(stage: Stage) -> str:
    """The execution role trusts ECS instead of Serverless Spark."""
    return run(stage, submitter(stage), lab(stage, services=("ecs.aliyuncs.com",)))


def directory_closed(stage: Stage) -> str:
    """The execution role may no longer write in the workspace's directory."""
    from alibabacloud_ram20150501 import models

    place, keys = lab(stage), submitter(stage)
    request = models.DetachPolicyFromRoleRequest(policy_type="Custom", policy_name=ROLE, role_name=ROLE)
    clients.ram(stage.root).detach_policy_from_role(request)
    return run(stage, keys, place)


def log_only(stage: Stage) -> str:
    """The run's reason names no error: the driver's log does."""
    stage.local.cloud.services["spark"].quiet_reasons = True  # type: ignore[attr-defined]
    return oss(stage)


def give(stage: Stage, user: str, *actions: str) -> None:
    """A custom policy of a user."""
    import json

    from alibabacloud_ram20150501 import models

    ram, name = clients.ram(stage.root), f"{user}-{len(actions)}"
    document = json.dumps(allowing(*actions))
    ram.create_policy(models.CreatePolicyRequest(policy_name=name, policy_document=document))
    ram.attach_policy_to_user(
        models.AttachPolicyToUserRequest(policy_type="Custom", policy_name=name, user_name=user)
    )
