"""Plays that together use every right of every function, and what came out of each."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from demo import clients, spark_jobs
from demo.clients import Keys
from demo.node import node_keys, start_cluster
from demo.receiver import Receiver
from demo.scenarios import GUARDRAILS, SCENARIOS, list_bucket, reading, run_cluster, trust
from demo.stage import HOME, LEDGER, TRAIL_PROJECT, Stage, make_role, make_user, set_stage
from localcloud.server import LocalCloud
from rolemend.setup.wanted import FUNCTION_LOGSTORE
from tests.e2e.watching import essence, failures, fire, host

Play = Callable[[Stage], None]


def perform(
    local: LocalCloud, play: Play, without: tuple[str, str] | None = None, fc2: bool | None = None
) -> dict[str, Any]:
    """Perform a play on a fresh account, with one action taken from one function's own policy; what came of it.

    `fc2`: as services of FC 2.0, or as functions of 3.0; None leaves it to the run of the tests.
    """
    local.reset()
    with Receiver() as receiver:
        stage = set_stage(local, receiver.url, GUARDRAILS, fc2=fc2)
        host(stage).settings.retry_scale = 0.001
        clients.log(stage.root).create_logstore(TRAIL_PROJECT, FUNCTION_LOGSTORE, shard_count=1)
        if without is not None:
            take_action(stage, *without)
        play(stage)
        incidents = stage.incidents()
        return {
            "incidents": {
                key: essence(incident) | {"found": found(incident)} for key, incident in incidents.items()
            },
            "messages": sorted(
                (message["kind"], message.get("message", {}).get("advice", []))
                for message in receiver.messages
            ),
            "left in the ledger": left(stage),
            "still open": sorted(stage.ledger().open_ids()),
            "still pending": still_pending(stage),
            "still granted": len(clients.bucket(stage.root, LEDGER).list_objects_v2("expiring/").object_list),
            "audit": audited(stage),
            "errors": sorted({function for function, _ in failures(stage)}),
            "logged": logged(stage) if fc2 else [],
        }


def logged(stage: Stage) -> list[str]:
    """The functions whose logs were kept: in FC 2.0 a function's own role writes them."""
    log = clients.log(stage.root)
    begin = log.get_cursor(TRAIL_PROJECT, FUNCTION_LOGSTORE, 0, "begin").get_cursor()
    kept = log.pull_logs(TRAIL_PROJECT, FUNCTION_LOGSTORE, 0, begin).get_flatten_logs_json()
    return sorted({one["functionName"] for one in kept})


def left(stage: Stage) -> dict[str, int]:
    """How many objects `notify` keeps of each kind; of tokens, those of minutes long past."""
    bucket = clients.bucket(stage.root, LEDGER)
    return {
        kind: len(bucket.list_objects_v2(kind).object_list)
        for kind in ("digests/", "told/", "tokens/webhook/00000", "waiting/")
    }


def still_pending(stage: Stage) -> int:
    """How many creations are followed yet."""
    return len(clients.bucket(stage.root, LEDGER).list_objects_v2("pending/").object_list)


def found(incident: Any) -> list[Any]:
    """Every statement and piece of evidence, which is how a read that was refused shows."""
    findings = incident.diagnosis.findings if incident.diagnosis else ()
    return [
        (f.statement.template, [(e.statement.template, e.certainty) for e in f.evidence]) for f in findings
    ]


def audited(stage: Stage) -> list[tuple[str, ...]]:
    """What the reports of audits say, without names that differ from run to run."""
    bucket = clients.bucket(stage.root, LEDGER)
    keys = [item.key for item in bucket.list_objects_v2("audits/").object_list]
    reports = [json.loads(bucket.get_object(key).read()) for key in keys if key.endswith("/report.json")]
    said = {
        (each["check"], each["place"]["kind"], each["answer"], each["statement"]["template"])
        for report in reports
        for each in report["findings"]
    }
    unsaid = {("incomplete", each["template"]) for report in reports for each in report["incomplete"]}
    return sorted(said | unsaid)


def audit(stage: Stage) -> None:
    """A nightly audit of two accounts, which has something to read with every right."""
    from rolemend.audit.accounts import ACCESS_ROLE
    from tests.audit import stage as made

    made.make_healthy(stage)
    made.make_old_log(stage, ("corp-data", "Etl"))
    make_role(stage, "Gone", made.trust(made.ECS), {})
    made.cluster(stage, "Gone")
    delete = made.ram_models().DeleteRoleRequest(role_name="Gone")
    clients.ram(stage.root).delete_role(delete)
    make_user(stage, "gina", "AliyunEMRFullAccess")
    made.make_group(stage, "builders", "AliyunEMRFullAccess")
    clients.bucket(stage.root, "corp-data").put_bucket_acl("public-read")
    made.make_member(stage, made.MEMBER, ACCESS_ROLE)
    accounts = f'[[accounts]]\nid = "{made.MEMBER}"\n'
    clients.bucket(stage.root, LEDGER).put_object("config/audit-accounts.toml", accounts.encode())
    stage.local.call(lambda cloud: cloud.services["fc"].fire_timer("rolemend-audit", "nightly"))  # type: ignore[attr-defined]
    stage.settle()


def take_action(stage: Stage, function: str, action: str) -> None:
    """Take one action out of every statement of a function's own policy that allows it; one left with none goes too."""
    name = f"rolemend-{function}"

    def rewrite(cloud: Any) -> None:
        policy = cloud.state.accounts[stage.account].ram.policies[name]
        document = json.loads(policy.document)
        for statement in document["Statement"]:
            if statement["Effect"] == "Deny":
                continue
            listed = statement["Action"]
            statement["Action"] = [
                one for one in ([listed] if isinstance(listed, str) else listed) if one != action
            ]
        document["Statement"] = [statement for statement in document["Statement"] if statement["Action"]]
        policy.versions[0].document = json.dumps(document)

    stage.local.call(rewrite)


def denied(stage: Stage, call: Callable[[], Any]) -> None:
    try:
        call()
    except Exception:  # noqa: BLE001
        stage.settle()
        return
    raise AssertionError("the call was answered")


def scenario(name: str) -> Play:
    """A scenario of the demo."""
    chosen = next(one for one in SCENARIOS if one.name == name)
    return lambda stage: denied(stage, chosen.prepare(stage))


def creator_in_group(stage: Stage) -> None:
    """The creator's right comes through a group, and the role lacks the service that the release needs."""
    from alibabacloud_ram20150501 import models

    ram, keys = clients.ram(stage.root), make_user(stage, "gina")
    ram.create_group(models.CreateGroupRequest(group_name="builders"))
    ram.add_user_to_group(models.AddUserToGroupRequest(group_name="builders", user_name="gina"))
    ram.attach_policy_to_group(
        models.AttachPolicyToGroupRequest(
            policy_type="System", policy_name="AliyunEMRFullAccess", group_name="builders"
        )
    )
    make_role(stage, "emr-demo-group", trust("ecs.aliyuncs.com"), {"emr-demo-group": reading("demo-data-a")})
    denied(stage, run_cluster(keys, "emr-demo-group", "EMR-3.30.0"))


def creator_without_rights(stage: Stage) -> None:
    """Nothing allows the creation: what refused it stands in the log of the call and its diagnostic message alone."""
    make_role(stage, "emr-demo-plain", trust("ecs.aliyuncs.com"), {"emr-demo-plain": reading("demo-data-a")})
    denied(stage, run_cluster(make_user(stage, "nora"), "emr-demo-plain", "EMR-5.16.0"))


def tags(stage: Stage) -> None:
    """The guardrails ask for a tag of the role and one of the bucket before they let a grant be applied."""
    from alibabacloud_ram20150501 import models
    from oss2.models import Tagging

    guardrails = GUARDRAILS + 'role_tag = "owner=data"\nbucket_tag = "open=yes"\n'
    clients.bucket(stage.root, LEDGER).put_object("config/guardrails.toml", guardrails.encode())
    call = next(one for one in SCENARIOS if one.name == "resource-list").prepare(stage)
    tag = models.TagResourcesRequestTag(key="owner", value="data")
    request = models.TagResourcesRequest(resource_type="role", resource_names=["emr-demo-reader"], tag=[tag])
    clients.ram(stage.root).tag_resources(request)
    tagging = Tagging()
    tagging.tag_set.add("open", "yes")
    clients.bucket(stage.root, "demo-data-clicks").put_bucket_tagging(tagging)
    denied(stage, call)


def expires(stage: Stage) -> None:
    """A grant that ends is taken back by the timer, an hour later by its clock."""
    guardrails = GUARDRAILS + 'expires = "1h"\n'
    clients.bucket(stage.root, LEDGER).put_object("config/guardrails.toml", guardrails.encode())
    scenario("resource-list")(stage)
    bucket = clients.bucket(stage.root, LEDGER)
    for item in bucket.list_objects_v2("expiring/").object_list:
        bucket.put_object(f"expiring/0000000001{item.key[19:]}", b"")
        bucket.delete_object(item.key)
    stage.local.call(lambda cloud: cloud.services["fc"].fire_timer("rolemend-remediate", "expire"))  # type: ignore[attr-defined]
    stage.settle()


def told_later(stage: Stage) -> None:
    """What waits for a channel is told by the timer, and an incident that people were told of is looked at again."""
    scenario("role-name")(stage)
    bucket = clients.bucket(stage.root, LEDGER)
    key = next(iter(stage.incidents()))
    for item in bucket.list_objects_v2("told/").object_list:
        bucket.put_object(f"told/0000000001{item.key[15:]}", b"")
        bucket.delete_object(item.key)
    fields = {"incident": key, "kind": "alert", "severity": "warning", "count": 2, "first": 1, "last": 2}
    fields |= {"who": "ana", "action": "oss:GetObject", "target": "oss://data/x", "code": "AccessDenied"}
    lines = [json.dumps({"message": f"{key}-1-alert-{number}", **fields}) + "\n" for number in (8, 9)]
    bucket.append_object("waiting/webhook/2026-01-01/0.jsonl", 0, "".join(lines).encode())
    bucket.put_object("tokens/webhook/0000000001.jsonl", b"")
    stage.local.call(lambda cloud: cloud.services["fc"].fire_timer("rolemend-notify", "deliver"))  # type: ignore[attr-defined]
    stage.settle()


def user_on_oss(stage: Stage) -> None:
    """A RAM user is denied on a bucket; the log tells only the user's id."""
    clients.bucket(stage.root, "demo-private").create_bucket("private")
    denied(stage, list_bucket(make_user(stage, "omar"), "demo-private"))


def writing(stage: Stage) -> None:
    """A node may read a bucket and not write there; no key stands in the way, which must be read to be known."""
    from tests.e2e.failures import made, node, putting

    made(stage, "demo-data-written")
    keys = node(stage, reading("demo-data-written"), role="emr-demo-writer")
    denied(stage, putting(keys, "demo-data-written"))


def untrusting_job(stage: Stage) -> None:
    """A job cannot begin, as its workspace's role does not trust Serverless Spark."""
    from tests.e2e.refused_jobs import denied_job, refuse, workspace

    place = workspace(stage, "ecs.aliyuncs.com")
    refuse(stage, denied_job(stage, place, "sts", "sts:AssumeRole"))


def failing(name: str) -> Play:
    """One of the failures of OSS access."""
    from tests.e2e.failures import FAILURES

    chosen = next(one for one in FAILURES if one.name == name)
    return lambda stage: denied(stage, chosen.prepare(stage))


def change_that_does_not_help(stage: Stage) -> None:
    """Right after the change, somebody puts a Deny into another policy of the role: the change is taken back."""
    names = ("emr-demo-late", "emr-demo-late-two")
    clients.bucket(stage.root, "demo-data-late").create_bucket("private")
    make_role(stage, names[0], trust("ecs.aliyuncs.com"), {name: reading("demo-data-a") for name in names})
    keys: Keys = node_keys(stage, start_cluster(stage, names[0], HOME))
    stage.settle()
    deny = {"Version": "1", "Statement": [{"Effect": "Deny", "Action": "oss:*", "Resource": "*"}]}

    def interfere(service: str, operation: str, caller: str) -> None:
        if (operation, caller) == ("CreatePolicyVersion", "rolemend-remediate"):
            policies = stage.local.cloud.state.accounts[stage.account].ram.policies
            policies[names[1]].versions[0].document = json.dumps(deny)

    stage.local.cloud.after_call.append(interfere)
    denied(stage, list_bucket(keys, "demo-data-late"))


def sweep(stage: Stage) -> None:
    """The triggers are held back: the sweep finds a denied creation in ActionTrail's history."""
    host(stage).settings.pause_triggers = True
    call = next(one for one in SCENARIOS if one.name == "role-name").prepare(stage)
    try:
        call()
    except Exception:  # noqa: BLE001
        stage.local.call(lambda cloud: cloud.services["fc"].fire_timer("rolemend-watch", "sweep"))  # type: ignore[attr-defined]
    stage.local.do(host(stage).quiet(30.0))


def swept(stage: Stage) -> None:
    """The first sweep makes room for checkpoints, which the next ranges that a trigger tells leave there."""
    fire(stage, "sweep")
    scenario("role-name")(stage)


def ended(stage: Stage) -> None:
    """People were told, one of them gives the role the right by hand, and the same call succeeds: that closes it."""
    clients.bucket(stage.root, LEDGER).put_object("config/guardrails.toml", b"")
    clients.bucket(stage.root, "demo-data-late").create_bucket("private")
    make_role(stage, "emr-demo-late", trust("ecs.aliyuncs.com"), {"emr-demo-late": reading("demo-data-a")})
    call = list_bucket(node_keys(stage, start_cluster(stage, "emr-demo-late", HOME)), "demo-data-late")
    denied(stage, call)

    def give(cloud: Any) -> None:
        policy = cloud.state.accounts[stage.account].ram.policies["emr-demo-late"]
        policy.versions[0].document = json.dumps(reading("demo-data-late"))

    stage.local.call(give)
    time.sleep(1.1)  # a log tells whole seconds, and a success counts from the next one on
    call()
    fire(stage, "close")


def later(stage: Stage) -> None:
    """The API accepts a creation, and its cluster fails: only the timer that looks after it can tell."""
    stage.local.cloud.services["emr"].failure_mode = "later"  # type: ignore[attr-defined]
    next(one for one in SCENARIOS if one.name == "role-name").prepare(stage)()
    stage.settle()
    stage.local.call(lambda cloud: cloud.services["fc"].fire_timer("rolemend-watch", "pending"))  # type: ignore[attr-defined]
    stage.settle()


def spark_job(stage: Stage) -> None:
    """A job that came with a Livy token may not use DLF, and only its log says so."""
    stage.local.cloud.services["spark"].quiet_reasons = True  # type: ignore[attr-defined]
    denied(stage, spark_jobs.dlf_livy(stage))


def unseen_job(stage: Stage) -> None:
    """A job fails, and its event never comes: the timer finds it."""
    stage.local.call(lambda cloud: cloud.state.spark.event_targets.clear())
    denied(stage, spark_jobs.maxcompute(stage))
    fire(stage, "jobs")


def in_console(stage: Stage) -> None:
    """Somebody signs in to the console, finds the incident that waits there, and approves its plan."""
    from tests.e2e.signing_in import Person, open_console

    console = open_console(stage)
    guardrails = GUARDRAILS.replace('mode = "auto"', 'mode = "approve"')
    clients.bucket(stage.root, LEDGER).put_object("config/guardrails.toml", guardrails.encode())
    scenario("resource-list")(stage)
    ana = Person(stage, console, "ana")
    for incident in stage.incidents():
        if incident in ana.home.text:
            ana.press(f"/incidents/{incident}", f"/incidents/{incident}/approve")
    stage.settle()


def secrets_in_kms(stage: Stage) -> None:
    """What notify and the console hold secret lies in KMS; people are told, and somebody opens the console."""
    import requests

    from tests.e2e.signing_in import SECRET, open_console
    from tests.localcloud.kms_secrets import keep

    keep(stage.root, "rolemend-notify", json.dumps({"webhook": stage.webhook}))
    keep(stage.root, "rolemend-link", "l" * 32)
    keep(stage.root, "rolemend-console", json.dumps({"client": SECRET, "session": "s" * 32}))
    console = open_console(
        stage,
        ROLEMEND_WEBHOOK_URL="kms:rolemend-notify#webhook",
        ROLEMEND_LINK_KEY="kms:rolemend-link",
        ROLEMEND_CONSOLE_CLIENT_SECRET="kms:rolemend-console#client",
        ROLEMEND_CONSOLE_SESSION_KEY="kms:rolemend-console#session",
    )
    scenario("role-name")(stage)
    requests.get(console, proxies={"http": stage.local.proxy}, allow_redirects=False, timeout=60)


def half_an_event(stage: Stage) -> None:
    """A record that is no JSON stands among the trail's events; the denial beside it is handled all the same."""
    stage.local.call(
        lambda cloud: cloud.services["sls"].append(  # type: ignore[attr-defined]
            project=TRAIL_PROJECT,
            logstore="actiontrail_rolemend",
            logs=[[("event", '{"half')]],
            topic="actiontrail_audit_event",
            time=int(cloud.clock()),
        )
    )
    scenario("role-name")(stage)
