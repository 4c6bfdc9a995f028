"""Fixes of settings, worked out: a cluster's core-site.xml, the conf of a job, the role of a new cluster."""

from __future__ import annotations

from typing import Any

from rolemend.fix.documents import compact
from rolemend.fix.model import SetCoreSite, SetJob, UseRole
from rolemend.fix.names import ID, REGION, RELEASE, ROLE, SETTING, sound
from rolemend.fix.steps import Block, Call, Steps
from rolemend.text import text


def set_core_site(fix: SetCoreSite) -> Steps:
    """Settings of a cluster.

    https://help.aliyun.com/zh/emr/emr-on-ecs/developer-reference/api-emr-2021-03-20-updateapplicationconfigs
    """
    cluster, region = sound(ID, fix.cluster, "YOUR_CLUSTER"), sound(REGION, fix.region, "YOUR_REGION")
    chosen, removed = _settings(fix.settings), [sound(SETTING, key, "YOUR_SETTING") for key in fix.removed]
    calls = []
    if chosen:
        calls.append(_core_site(cluster, region, "ADD", chosen))
    if removed:
        calls.append(_core_site(cluster, region, "DELETE", dict.fromkeys(removed, "")))
    console = []
    if chosen:
        shown = ", ".join(f"{key}={value}" for key, value in chosen.items())
        console.append(
            text(
                "In the EMR console, open the cluster, Services > Hadoop-Common > Configure > core-site.xml, set "
                "{settings}, save, and restart the services that use it.",
                settings=shown,
            )
        )
    if removed:
        console.append(
            text(
                "In the EMR console, open the cluster, Services > Hadoop-Common > Configure > core-site.xml, remove "
                "{settings}, save, and restart the services that use it.",
                settings=", ".join(removed),
            )
        )
    note = "Add the blocks to the resource of the cluster."
    return Steps(
        console=tuple(console),
        calls=tuple(calls),
        blocks=(Block(kind="alicloud_emrv2_cluster", nested=_blocks(chosen)),) if chosen else (),
        note=note
        if chosen
        else f"Take the application_configs of {', '.join(removed)} out of the cluster's resource.",
        risk=text("Services of the cluster must be restarted after core-site.xml was changed."),
    )


def _core_site(cluster: str, region: str, action: str, items: dict[str, str]) -> Call:
    """Each setting with its value; one that is taken out has none."""
    configs = [
        {"ConfigFileName": "core-site.xml", "ConfigItemKey": key}
        | ({"ConfigItemValue": value} if value else {})
        for key, value in items.items()
    ]
    asked = {
        "RegionId": region,
        "ClusterId": cluster,
        "ApplicationName": "HADOOP-COMMON",
        "ConfigAction": action,
        "ConfigScope": "CLUSTER",
        "ApplicationConfigs": configs,
    }
    return Call("Emr", "2021-03-20", "UpdateApplicationConfigs", asked)


def _blocks(items: dict[str, str]) -> tuple[tuple[str, dict[str, str]], ...]:
    fixed = {"application_name": "HADOOP-COMMON", "config_file_name": "core-site.xml"}
    return tuple(
        (
            "application_configs",
            {**fixed, "config_item_key": key, "config_item_value": value, "config_scope": "CLUSTER"},
        )
        for key, value in items.items()
    )


def set_job(fix: SetJob) -> Steps:
    """Settings of a job, which are handed over when it is started (StartJobRun of Serverless Spark 2023-08-08)."""
    workspace = sound(ID, fix.workspace, "YOUR_WORKSPACE")
    settings = _settings(fix.settings)
    removed = [sound(SETTING, key, "YOUR_SETTING") for key in fix.removed]
    conf = " ".join(f"--conf {key}={value}" for key, value in settings.items())
    changed = [
        {"configFileName": "spark-defaults.conf", "configItemKey": key, "configItemValue": value}
        for key, value in settings.items()
    ]
    console = []
    if settings:
        console.append(
            text(
                "In the EMR console, open EMR Serverless > Spark, the workspace and the job, and add to its Spark "
                "configurations: {settings}",
                settings=conf,
            )
        )
    if removed:
        console.append(
            text(
                "In the EMR console, open EMR Serverless > Spark, the workspace and the job, and take out of its Spark "
                "configurations: {settings}",
                settings=", ".join(removed),
            )
        )
    return Steps(
        console=tuple(console),
        calls=(start_job(workspace, fix.region, {"configurations": changed} if changed else {}),),
        note="The provider has no resource for jobs of Serverless Spark: use the console or the API.",
        risk=text("The setting counts for every run that is started with it."),
    )


def start_job(workspace: str, region: str, overrides: dict[str, Any]) -> Call:
    """A job that is started (again). What it runs is in the hands of who starts it."""
    driver = {"sparkSubmit": {"entryPoint": "YOUR_ENTRY_POINT"}}
    body = {"name": "YOUR_JOB", "codeType": "JAR", "jobDriver": driver}
    asked = {
        "regionId": sound(REGION, region, "YOUR_REGION"),
        "workspaceId": sound(ID, workspace, "YOUR_WORKSPACE"),
        "body": body | ({"configurationOverrides": overrides} if overrides else {}),
    }
    return Call("emr-serverless-spark", "2023-08-08", "StartJobRun", asked)


def use_role(fix: UseRole) -> Steps:
    """The creation once more. Of its parameters only those are shown that count here."""
    role = sound(ROLE, fix.role, "YOUR_ROLE")
    release = sound(RELEASE, fix.release, "YOUR_RELEASE")
    call = Call(
        "Emr",
        "2021-03-20",
        "RunCluster",
        {
            "RegionId": sound(REGION, fix.region, "YOUR_REGION"),
            "ClusterName": "YOUR_CLUSTER",
            "ReleaseVersion": release,
            "NodeAttributes": compact({"RamRole": role}),
        },
    )
    cluster = Block(
        kind="alicloud_emrv2_cluster",
        arguments={"release_version": release},
        nested=(("node_attributes", {"ram_role": role}),),
    )
    return Steps(
        console=(
            text(
                "In the EMR console, create the cluster again, and enter {role} as ECS application role under Basic "
                "Configuration > Advanced Settings.",
                role=role,
            ),
        ),
        calls=(call,),
        blocks=(cluster,),
        note="Change the role in the resource of the cluster; its other arguments stay.",
        risk=text("The nodes of the cluster get all the rights of the role: see what it may do first."),
    )


def _settings(settings: dict[str, str]) -> dict[str, str]:
    return {
        sound(SETTING, key, "YOUR_SETTING"): sound(SETTING, value, "YOUR_VALUE")
        for key, value in settings.items()
    }
