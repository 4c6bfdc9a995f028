"""Jobs on tables: DLF is asked as whoever the role acts for, MaxCompute as the submitter."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from alibabacloud_emr_serverless_spark20230808 import models

from localcloud.server import LocalCloud
from localcloud.spark.state import Catalog, Grant, Project
from tests import clients
from tests.clients import Keys
from tests.localcloud.identities import allow, make_role, make_user, trusts
from tests.localcloud.test_spark_jobs import OF_BUCKET, OF_OBJECT, SPARK_SERVICE, create_workspace, run_to_end

ON_BEHALF = ["dlf-auth:ActOnBehalfOfAnotherUser", "odps:ActOnBehalfOfAnotherUser"]
DLF = ["dlf:GetTable", "dlf:AlterTable", "dlf:CommitTable"]
READ, WRITE = ("--input", "dlf://lake/sales/orders"), ("--output", "dlf://lake/sales/orders")
DW = ("--input", "odps://dw/orders")


@pytest.fixture
def lab(root: Keys) -> str:
    bucket = clients.bucket(root, "lab-bucket")
    bucket.create_bucket()
    bucket.put_object("jobs/etl.py", b"print('hello')")
    return "lab-bucket"


def workspace(root: Keys, *more: str) -> str:
    """A workspace whose execution role may do these things as well as work in its bucket."""
    make_role(clients.ram(root), "job-role", trusts(SPARK_SERVICE), allow([*OF_BUCKET, *OF_OBJECT, *more]))
    return create_workspace(clients.spark(root), "job-role")


def submitter(root: Keys, *actions: str) -> Any:
    """The Spark client of a RAM user who may start jobs and do these things."""
    keys = make_user(clients.ram(root), "ana", allow(["emr-serverless-spark:*", *actions]))
    return clients.spark(keys)


def ana(cloud: Any, account: str) -> str:
    return str(cloud.state.accounts[account].ram.users["ana"].id)


@pytest.fixture
def lake(local: LocalCloud, account: str) -> Callable[..., None]:
    """Makes the catalog `lake`; `granted` are data permissions of the user ana."""

    def make(generation: str = "legacy", controlled: bool = True, granted: tuple[str, ...] = ()) -> None:
        def put(cloud: Any) -> None:
            grants = [Grant(uid=ana(cloud, account), privilege=one, on="sales.orders") for one in granted]
            catalog = Catalog(account=account, name="lake", access_control=controlled, grants=grants)
            catalog.generation = generation  # type: ignore[assignment]
            cloud.state.spark.catalogs[f"{account}/lake"] = catalog

        local.call(put)

    return make


def failure(run: Any) -> str:
    assert run.state == "Failed"
    return str(run.state_change_reason.message)


def test_a_catalog_without_access_control_is_asked_as_the_role(root: Keys, lab: str, lake: Any) -> None:
    place, spark = workspace(root, *DLF), submitter(root)
    lake(controlled=False)
    assert run_to_end(spark, place, *READ).state == "Success"
    assert run_to_end(spark, place, *WRITE).state == "Success"


def test_a_role_without_the_right_is_refused_by_that_catalog(root: Keys, lab: str, lake: Any) -> None:
    place, spark = workspace(root), submitter(root, *DLF)
    lake(controlled=False)
    text = failure(run_to_end(spark, place, *READ))
    assert "Action: dlf:GetTable" in text
    assert "acs:dlf:cn-hangzhou:" in text


@pytest.mark.parametrize("generation", ["legacy", "next"])
def test_with_access_control_role_right_and_data_permission_are_asked_in_turn(
    root: Keys, lab: str, lake: Any, generation: str
) -> None:
    lone = workspace(root, *DLF)
    make_role(clients.ram(root), "second", trusts(SPARK_SERVICE), allow([*OF_BUCKET, *OF_OBJECT, *ON_BEHALF]))
    place = create_workspace(clients.spark(root), "second")
    plain = clients.spark(make_user(clients.ram(root), "bob", allow("emr-serverless-spark:*")))
    spark = submitter(root, *DLF)
    lake(generation)
    assert "dlf-auth:ActOnBehalfOfAnotherUser" in failure(run_to_end(spark, lone, *READ))
    assert "Action: dlf:GetTable" in failure(run_to_end(plain, place, *READ))
    refused = failure(run_to_end(spark, place, *READ))
    told = {"legacy": "does not have data permission SELECT", "next": "Table sales.orders has no permission."}
    assert told[generation] in refused
    assert "Action:" not in refused
    lake(generation, granted=("SELECT",))
    assert run_to_end(spark, place, *READ).state == "Success"
    assert told[generation].replace("SELECT", "UPDATE") in failure(run_to_end(spark, place, *WRITE))
    lake(generation, granted=("UPDATE",))
    assert run_to_end(spark, place, *WRITE).state == "Success"


def test_the_new_generation_always_asks_for_data_permissions(root: Keys, lab: str, lake: Any) -> None:
    place, spark = workspace(root, *ON_BEHALF, *DLF), submitter(root, *DLF)
    lake("next", controlled=False)
    assert "has no permission" in failure(run_to_end(spark, place, *READ))


def test_the_account_itself_has_every_data_permission(root: Keys, lab: str, lake: Any) -> None:
    place = workspace(root, *ON_BEHALF)
    submitter(root)
    lake("next")
    assert run_to_end(clients.spark(root), place, *WRITE).state == "Success"


def test_a_job_through_livy_asks_dlf_as_the_creator_of_its_token(
    local: LocalCloud, root: Keys, lab: str, lake: Any, account: str
) -> None:
    place, spark = workspace(root, *ON_BEHALF), submitter(root, *DLF)
    lake("next")
    gateway = clients.spark(root).create_livy_compute(place, models.CreateLivyComputeRequest(name="g"))
    compute = gateway.body.data.livy_compute_id
    token = models.CreateLivyComputeTokenRequest(name="t", token="s" * 32)
    spark.create_livy_compute_token(place, compute, token)
    request = {
        "codeType": "JAR",
        "jobDriver": {
            "sparkSubmit": {"entryPoint": "oss://lab-bucket/jobs/etl.py", "entryPointArguments": [*READ]}
        },
    }
    run = local.call(lambda cloud: cloud.services["spark"].submit_by_livy("s" * 32, request))  # type: ignore[attr-defined]
    local.do(local.cloud.services["spark"].ended())  # type: ignore[attr-defined]
    assert (run.creator, run.acting) == (account, local.call(lambda cloud: ana(cloud, account)))
    assert "has no permission" in run.reason["message"]
    with pytest.raises(LookupError):
        local.call(lambda cloud: cloud.services["spark"].submit_by_livy("none", request))  # type: ignore[attr-defined]


def test_maxcompute_asks_for_the_roles_right_then_for_the_submitters(
    local: LocalCloud, root: Keys, lab: str, account: str
) -> None:
    lone, spark = workspace(root), submitter(root)
    make_role(clients.ram(root), "second", trusts(SPARK_SERVICE), allow([*OF_BUCKET, *OF_OBJECT, *ON_BEHALF]))
    place = create_workspace(clients.spark(root), "second")
    project = Project(account=account, name="dw")
    local.call(lambda cloud: cloud.state.spark.projects.update({f"{account}/dw": project}))
    user = local.call(lambda cloud: ana(cloud, account))
    text = failure(run_to_end(spark, lone, *DW))
    assert text.endswith(f"users/default/ramuser/{user} Action: odps:ActOnBehalfOfAnotherUser")
    assert "ODPS-0420095: Access Denied - You don't exist in project dw." in failure(
        run_to_end(spark, place, *DW)
    )
    project.members.append(user)
    assert "You have NO privilege 'odps:Select' on {acs:odps:*:projects/dw/tables/orders}" in failure(
        run_to_end(spark, place, *DW)
    )
    project.grants.append(Grant(uid=user, privilege="Select", on="orders"))
    assert run_to_end(spark, place, *DW).state == "Success"
    assert "odps:Update" in failure(run_to_end(spark, place, "--output", "odps://dw/orders"))
    assert run_to_end(clients.spark(root), place, *DW).state == "Success"


def test_what_is_not_there_is_no_matter_of_permissions(root: Keys, lab: str, local: LocalCloud) -> None:
    place = workspace(root, *ON_BEHALF)
    spark = clients.spark(root)
    assert "Catalog lake not found" in failure(run_to_end(spark, place, *READ))
    assert "Project not found" in failure(run_to_end(spark, place, *DW))


def test_a_kms_encrypted_bucket_takes_rights_of_the_role(root: Keys, lab: str) -> None:
    place = workspace(root)
    bucket = clients.bucket(root, "secret-bucket")
    bucket.create_bucket()
    bucket.put_object(
        "in/a",
        b"1",
        headers={"x-oss-server-side-encryption": "KMS", "x-oss-server-side-encryption-key-id": "k-1"},
    )
    run = run_to_end(clients.spark(root), place, "--input", "oss://secret-bucket/in/")
    assert "This request is forbidden by kms" in failure(run)


def test_a_deleted_role_and_one_that_spark_may_not_assume_fail_with_the_words_of_ram_and_sts(
    root: Keys, lab: str
) -> None:
    from alibabacloud_ram20150501.models import DeleteRoleRequest

    ram, spark = clients.ram(root), clients.spark(root)
    make_role(ram, "gone", trusts(SPARK_SERVICE))
    make_role(ram, "ecs-role", trusts("ecs.aliyuncs.com"))
    places = [create_workspace(spark, name) for name in ("gone", "ecs-role")]
    ram.delete_role(DeleteRoleRequest(role_name="gone"))
    told = [failure(run_to_end(spark, place)) for place in places]
    assert told[0].startswith("EntityNotExist.Role: The role not exists: acs:ram::")
    assert told[1].endswith("role/ecs-role Action: sts:AssumeRole")


def test_a_reason_may_say_nothing_and_leave_it_to_the_log(local: LocalCloud, root: Keys, lab: str) -> None:
    place = workspace(root)
    local.cloud.services["spark"].quiet_reasons = True  # type: ignore[attr-defined]
    run = run_to_end(clients.spark(root), place, "--input", "oss://none-bucket/in/")
    assert run.state_change_reason.code == "ERR-100000"
    assert "NoSuchBucket" not in failure(run)


def test_a_rule_sends_the_event_to_a_function_in_either_envelope(
    local: LocalCloud, root: Keys, lab: str, account: str
) -> None:
    place = workspace(root)
    sent: list[tuple[str, str, bytes]] = []

    def route(cloud: Any) -> None:
        cloud.services["fc"].send = lambda *message: sent.append(message)
        cloud.state.spark.event_functions = [(account, "a", "cloudmonitor"), (account, "b", "cloudevents")]

    local.call(route)
    run = run_to_end(clients.spark(root), place, "oss://lab-bucket/nothing/")
    for _ in range(100):
        if len(sent) == 2:
            break
        time.sleep(0.01)
    assert [function for _, function, _ in sent] == ["a", "b"]
    assert all(run.job_run_id.encode() in payload for _, _, payload in sent)
    assert b'"specversion": "1.0"' in sent[1][2]
