"""Probes: the local cloud answers each as the documents assume, and whatever a probe makes goes away again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

import localcloud.authorize
import localcloud.oss.access
import localcloud.sts.service
from localcloud.faults import Fault
from localcloud.server import LocalCloud
from rolemend.account.access import Access, Credentials
from rolemend.account.probing import LiveProber
from rolemend.cli import main
from rolemend.errors import UnreadableInput
from rolemend.policy import Decision, Request, decide
from rolemend.probe.calls import MAKES
from rolemend.probe.model import Answer, Expect, Probe, Step, check_prefix, read_probes, rights
from rolemend.probe.run import Runner, fill
from tests.clients import Keys

FOLDER = Path(__file__).with_name("probes")
PROBES = read_probes(FOLDER)
PREFIX = "probe-of-a-test"
TRUST = (
    '{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", '
    '"Principal": {"Service": ["ecs.aliyuncs.com"]}}]}'
)
NOTHING = (
    '{"Version": "1", "Statement": [{"Effect": "Deny", "Action": ["oss:GetObject"], '
    '"Resource": ["acs:oss:*:*:none"]}]}'
)


@pytest.fixture
def runner(local: LocalCloud, root: Keys, account: str) -> Runner:
    """A runner as the administrator of an account, as the root user assumes no role."""
    return runner_of(operator(local, root), account)


def runner_of(credentials: Credentials, account: str) -> Runner:
    access = Access(account=account, region="cn-hangzhou", credentials=credentials, scheme="http", tries=1)
    values = {"prefix": PREFIX, "account": account, "region": "cn-hangzhou"}
    return Runner(LiveProber(access), values, patience=0, pause=0)


def operator(local: LocalCloud, root: Keys, actions: Iterable[str] = ("*",)) -> Credentials:
    """The keys of the RAM user ana, who may do these actions."""
    access = Access(
        account="", region="cn-hangzhou", credentials=Credentials(root.id, root.secret), scheme="http"
    )
    cloud = LiveProber(access)
    statement = {"Effect": "Allow", "Action": sorted(actions), "Resource": ["*"]}
    document = json.dumps({"Version": "1", "Statement": [statement]})
    cloud.call("ram", "CreateUser", {"UserName": "ana"}, "")
    cloud.call("ram", "CreatePolicy", {"PolicyName": "anas", "PolicyDocument": document}, "")
    values = {"PolicyName": "anas", "PolicyType": "Custom", "UserName": "ana"}
    assert not cloud.call("ram", "AttachPolicyToUser", values, "").code
    key = cloud.call("ram", "CreateAccessKey", {"UserName": "ana"}, "").body["AccessKey"]
    return Credentials(key["AccessKeyId"], key["AccessKeySecret"])


def left(local: LocalCloud, account: str) -> list[str]:
    """What stands in the account under the probes' prefix."""
    ram = local.cloud.state.accounts[account].ram
    names = [
        *ram.roles,
        *ram.policies,
        *ram.users,
        *local.cloud.state.oss.buckets,
        *local.cloud.state.sls.projects,
    ]
    return [name for name in names if name.lower().startswith(PREFIX)]


@pytest.fixture
def decided(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str]]:
    """Who asked for which action, and how it was decided."""
    seen: list[tuple[str, str, str]] = []

    def watched(request: Request, *values: Any, **named: Any) -> Decision:
        decision = decide(request, *values, **named)
        seen.append((request.principal.name if request.principal else "", request.action, decision.outcome))
        return decision

    for module in (localcloud.authorize, localcloud.oss.access, localcloud.sts.service):
        monkeypatch.setattr(module, "decide", watched)
    return seen


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.id)
def test_with_the_rights_told_alone_the_local_cloud_answers_as_assumed_and_nothing_is_left(
    probe: Probe, local: LocalCloud, root: Keys, account: str, decided: list[tuple[str, str, str]]
) -> None:
    told = set(rights((probe,)))
    runner = runner_of(operator(local, root, told), account)
    decided.clear()
    outcome = runner.run(probe)
    assert (outcome.result, outcome.differences, outcome.reason, outcome.left) == ("agrees", (), "", ())
    assert left(local, account) == []
    asked = {action for who, action, _ in decided if who == "ana"}
    refused = {action for who, action, outcome in decided if who == "ana" and outcome != "allow"}
    assert refused <= {"sts:AssumeRole"}  # by the trust policy that the question is about
    assert asked <= told
    assert told - asked <= NOT_ALWAYS_ASKED_FOR


NOT_ALWAYS_ASKED_FOR = {
    *(right.replace(".", ":", 1) for made in MAKES.values() for right in (made.undo, made.look) if right),
    "ram:ListPolicyVersions",
    "ram:DeletePolicyVersion",
    "oss:ListObjects",
    "oss:DeleteObject",
    "oss:GetObject",  # another region's endpoint refuses before it asks for rights
}
"""Rights that the local cloud does not ask for: it has made nothing, has nothing there, or refuses before."""


def test_every_probe_asks_something_and_stays_under_its_prefix() -> None:
    for probe in PROBES:
        assert any(step.expect for step in probe.steps), probe.id
        made = [str(step.with_[MAKES[step.do].name]) for step in probe.steps if step.do in MAKES]
        assert all(name.startswith("${prefix}-") for name in made)
    assert len({probe.id for probe in PROBES}) == len(PROBES)


def test_another_answer_is_told_with_both(runner: Runner) -> None:
    probe = next(probe for probe in PROBES if probe.id == "role-missing")
    step = Step("ram.GetRole", probe.steps[0].with_, expect=Expect(code="", status=200))
    outcome = runner.run(Probe("x", "?", "?", "here", (step,)))
    (difference,) = outcome.differences
    assert outcome.result == "differs"
    assert difference.assumed == {"code": "", "status": 200}
    assert difference.came == {"code": "EntityNotExist.Role", "status": 404}


def test_a_step_that_prepares_and_fails_leaves_the_question_unasked_and_nothing_behind(
    runner: Runner, local: LocalCloud, account: str
) -> None:
    probe = next(probe for probe in PROBES if probe.id == "question-mark")
    local.cloud.faults.append(Fault(service="ram", operation="AttachPolicyToRole", kind="error", times=20))
    outcome = runner.run(probe)
    local.cloud.faults.clear()
    assert outcome.result == "not asked"
    assert "AttachPolicyToRole" in outcome.reason
    assert left(local, account) == []


def made_before(local: LocalCloud, root: Keys, made: list[tuple[str, dict[str, Any]]]) -> None:
    access = Access(
        account="", region="cn-hangzhou", credentials=Credentials(root.id, root.secret), scheme="http"
    )
    for call, values in made:
        service, operation = call.split(".")
        assert not LiveProber(access).call(service, operation, values, "").code, call


BEFORE: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "role-without-policies": [
        ("ram.CreateRole", {"RoleName": f"{PREFIX}-role-without-policies", "AssumeRolePolicyDocument": TRUST})
    ],
    "policy-version-limit": [
        ("ram.CreatePolicy", {"PolicyName": f"{PREFIX}-policy-version-limit", "PolicyDocument": NOTHING})
    ],
    "append-position": [
        ("oss.PutBucket", {"Bucket": f"{PREFIX}-append-position"}),
        ("oss.PutObject", {"Bucket": f"{PREFIX}-append-position", "Key": "mine"}),
    ],
    "log-quoted-order": [("log.CreateProject", {"Project": f"{PREFIX}-log-quoted-order"})],
}


@pytest.mark.parametrize("name", sorted(BEFORE))
def test_what_was_there_before_is_neither_changed_nor_taken_away(
    name: str, runner: Runner, local: LocalCloud, root: Keys, account: str
) -> None:
    made_before(local, root, BEFORE[name])
    before = left(local, account)
    assert before
    outcome = runner.run(next(probe for probe in PROBES if probe.id == name))
    assert outcome.result == "not asked"
    assert "is there already" in outcome.reason
    assert f"{PREFIX}-{name}" in outcome.reason
    assert left(local, account) == before
    buckets = local.cloud.state.oss.buckets
    if f"{PREFIX}-{name}" in buckets:
        assert list(buckets[f"{PREFIX}-{name}"].objects) == ["mine"]


@pytest.mark.parametrize("status", [403, 404, 500])
def test_nothing_is_made_where_it_could_not_be_seen_whether_it_is_there(
    status: int, runner: Runner, local: LocalCloud
) -> None:
    probe = next(probe for probe in PROBES if probe.id == "append-position")
    local.cloud.keep_calls = True
    local.cloud.faults.append(Fault(service="oss", operation="GetBucketInfo", status=status, times=None))
    outcome = runner.run(probe)
    assert (outcome.result, "is not known" in outcome.reason, outcome.left) == ("not asked", True, ())
    assert "PutBucket" not in {operation for _, operation, _ in local.cloud.calls}


class Scripted:
    """Answers each call from a list, and keeps what was asked."""

    def __init__(self, answers: dict[str, list[Answer]]) -> None:
        self.answers, self.asked = answers, list[str]()

    def call(self, service: str, operation: str, values: Any, role: str) -> Answer:
        self.asked.append(operation)
        waiting = self.answers.get(operation)
        return waiting.pop(0) if waiting else Answer()


MISSING = Answer(code="EntityNotExist.Role", status=404)
EXISTS = Answer(code="EntityAlreadyExists.Role", status=409)
LOST = Answer(code="NoAnswer", status=0)


@pytest.mark.parametrize(
    ("created", "undone"),
    [
        ([EXISTS, LOST, EXISTS], False),
        ([LOST, EXISTS], True),
        ([Answer(code="NoPermission", status=403), EXISTS], False),
        ([LOST, Answer()], True),
        ([Answer()], True),
    ],
    ids=["another's", "lost, then there", "refused, then another's", "lost, then made", "made"],
)
def test_only_what_a_call_may_have_made_is_taken_away(created: list[Answer], undone: bool) -> None:
    cloud = Scripted({"GetRole": [MISSING], "CreateRole": created})
    step = Step("ram.CreateRole", {"RoleName": "${prefix}-x"})
    runner = Runner(cloud, {"prefix": "p"}, patience=10, pause=5, sleep=lambda _: None)
    runner.run(Probe("x", "?", "?", "here", (step,)))
    assert ("DeleteRole" in cloud.asked) is undone


def test_what_cannot_be_taken_away_is_named(runner: Runner, local: LocalCloud) -> None:
    probe = next(probe for probe in PROBES if probe.id == "append-position")
    local.cloud.faults.append(Fault(service="oss", operation="DeleteBucket", kind="error", times=20))
    outcome = runner.run(probe)
    (one,) = outcome.left
    assert f"{PREFIX}-append-position" in one.what
    assert f"oss://{PREFIX}-append-position " in one.by_hand


def test_what_is_not_taken_away_at_once_is_tried_again(
    runner: Runner, local: LocalCloud, account: str
) -> None:
    probe = next(probe for probe in PROBES if probe.id == "question-mark")
    for service, operation in (
        ("ram", "DetachPolicyFromRole"),
        ("ram", "DeletePolicy"),
        ("ram", "DeleteRole"),
        ("oss", "DeleteBucket"),
    ):
        local.cloud.faults.append(Fault(service=service, operation=operation, times=2))
    outcome = runner.run(probe)
    assert all(fault.hits == 2 for fault in local.cloud.faults)
    assert (outcome.result, outcome.left, left(local, account)) == ("agrees", (), [])


def test_a_refusal_to_take_something_away_is_final_and_told_with_the_command_for_it() -> None:
    refused = Answer(code="NoPermission", status=403)
    made = [
        Step("ram.CreateRole", {"RoleName": "${prefix}-r"}),
        Step("ram.CreatePolicy", {"PolicyName": "${prefix}-p"}),
        Step("ram.AttachPolicyToRole", {"PolicyName": "${prefix}-p", "RoleName": "${prefix}-r"}),
        Step("log.CreateProject", {"Project": "${prefix}-l"}),
    ]
    looks = {"GetRole": [MISSING], "GetPolicy": [MISSING], "GetProject": [MISSING]}
    undos = [MAKES[step.do].undo.split(".")[1] for step in made]
    cloud = Scripted(looks | {undo: [refused] for undo in undos})
    outcome = Runner(cloud, {"prefix": "p", "region": "r"}).run(Probe("x", "?", "?", "here", tuple(made)))
    assert [one.by_hand for one in outcome.left] == [
        "aliyunlog log delete_project --project_name=p-l --region-endpoint=r.log.aliyuncs.com",
        "aliyun ram DetachPolicyFromRole --PolicyType Custom --PolicyName p-p --RoleName p-r",
        "aliyun ram DeletePolicy --PolicyName p-p --CascadingDelete true",
        "aliyun ram DeleteRole --RoleName p-r",
    ]
    assert sorted(call for call in cloud.asked if call in undos) == sorted(undos)


def test_an_answer_that_is_late_is_waited_for() -> None:
    class Late:
        calls = 0

        def call(self, service: str, operation: str, values: Any, role: str) -> Any:
            self.calls += 1
            return Answer() if self.calls == 3 else Answer(code="AccessDenied", status=403)

    paused: list[float] = []
    runner = Runner(Late(), {"prefix": "p"}, patience=10, pause=5, sleep=paused.append)
    outcome = runner.run(Probe("x", "?", "?", "here", (Step("ram.GetRole", expect=Expect(code="")),)))
    assert outcome.result == "agrees"
    assert paused == [5, 5]


OWN_ROLE = {"do": "ram.CreateRole", "with": {"RoleName": "${prefix}-x"}}
OWN_POLICY = {"do": "ram.CreatePolicy", "with": {"PolicyName": "${prefix}-x"}}
OWN_USER = {"do": "ram.CreateUser", "with": {"UserName": "${prefix}-x"}}


@pytest.mark.parametrize(
    ("do", "values", "why"),
    [
        ("ram.CreateRole", {"RoleName": "mine"}, "RoleName of ram.CreateRole does not begin with"),
        ("ram.CreateUser", {"UserName": "mine"}, "UserName of ram.CreateUser does not begin with"),
        ("oss.DeleteObjects", {"Bucket": "corp-data", "Keys": ["a"]}, "does not begin with"),
        ("oss.PutObject", {"Bucket": "${prefix}-y", "Key": "a"}, "no step before it made"),
        ("oss.PutBucketPolicy", {"Bucket": "${prefix}-${region}", "Policy": {}}, "does not begin with"),
        ("ram.DeleteRole", {"RoleName": "${prefix}-x"}, "no call that probes may make"),
        ("emr.RunCluster", {}, "no call that probes may make"),
        (
            "ram.AttachPolicyToRole",
            {"PolicyName": "${prefix}-x", "RoleName": "corp-admin"},
            "RoleName of ram.AttachPolicyToRole does not begin with",
        ),
        (
            "ram.AttachPolicyToRole",
            {"PolicyName": "${prefix}-x", "RoleName": "${prefix}-y"},
            "no step before it made",
        ),
        ("ram.AttachPolicyToRole", {"PolicyName": "corp", "RoleName": "${prefix}-x"}, "PolicyName of"),
        ("ram.AttachPolicyToRole", {"PolicyName": "${prefix}-x"}, "RoleName of"),
        ("ram.AttachPolicyToUser", {"PolicyName": "${prefix}-x", "UserName": "ana"}, "UserName of"),
        ("ram.CreatePolicyVersion", {"PolicyName": "${prefix}-y"}, "no step before it made"),
        ("ram.CreatePolicyVersion", {"PolicyName": "${prefix}-X"}, "no step before it made"),
        ("sts.AssumeRole", {"RoleArn": "acs:ram::${account}:role/corp-admin"}, "RoleArn of sts.AssumeRole"),
        ("sts.AssumeRole", {"RoleArn": "acs:ram::1:role/${prefix}-x"}, "RoleArn of sts.AssumeRole"),
        ("sts.AssumeRole", {"RoleArn": "acs:ram::${account}:role/${prefix}-y"}, "no step before it made"),
        ("sts.AssumeRole", {}, "RoleArn of sts.AssumeRole"),
        ("ram.ListRoles", {"Action": "DeleteRole", "RoleName": "corp-admin"}, "Action of ram.ListRoles"),
    ],
)
def test_a_probe_may_touch_nothing_but_its_own(
    tmp_path: Path, do: str, values: dict[str, Any], why: str
) -> None:
    written(tmp_path, OWN_ROLE, OWN_POLICY, OWN_USER, {"do": do, "with": values})
    with pytest.raises(UnreadableInput, match=re.escape(why)):
        read_probes(tmp_path)


def test_a_probe_may_use_all_that_it_made(tmp_path: Path) -> None:
    joined = {"PolicyName": "${prefix}-x", "RoleName": "${prefix}-x"}
    to_user = {"PolicyName": "${prefix}-x", "UserName": "${prefix}-x"}
    written(
        tmp_path,
        OWN_ROLE,
        OWN_POLICY,
        OWN_USER,
        {"do": "ram.AttachPolicyToRole", "with": joined},
        {"do": "ram.AttachPolicyToUser", "with": to_user},
        {"do": "sts.AssumeRole", "with": {"RoleArn": "acs:ram::${account}:role/${prefix}-X"}},
        {"do": "oss.GetObject", "with": {"Bucket": "any", "Key": "a"}, "as": "x"},
    )
    assert len(read_probes(tmp_path)[0].steps) == 7


@pytest.mark.parametrize(
    ("step", "why"),
    [
        ({"do": "oss.GetObject", "with": {"Bucket": "b"}, "as": "corp"}, "no step before it made the role"),
        ({"do": "ram.ListRoles", "save": {"prefix": "Roles.Role.0.RoleName"}}, "may not replace prefix"),
    ],
)
def test_a_probe_may_act_as_nobody_but_its_own_and_not_move_its_prefix(
    tmp_path: Path, step: dict[str, Any], why: str
) -> None:
    written(tmp_path, OWN_ROLE, step)
    with pytest.raises(UnreadableInput, match=why):
        read_probes(tmp_path)


def written(folder: Path, *steps: dict[str, Any]) -> None:
    probe = {"id": "x", "question": "?", "assumed": "?", "where": "?", "steps": steps}
    (folder / "x.json").write_text(json.dumps(probe))


@pytest.mark.parametrize("prefix", ["", "a", "Up-per", "-x-y", "x" * 40, "rolemend_", "a/../b"])
def test_a_prefix_that_no_bucket_may_have_is_refused(prefix: str) -> None:
    with pytest.raises(UnreadableInput, match="--prefix"):
        check_prefix(prefix)


def test_names_are_filled_in_and_policies_become_text() -> None:
    filled = fill(
        {"PolicyDocument": {"Resource": ["${prefix}-x"]}, "Keys": ["${prefix}"], "n": 1}, {"prefix": "p"}
    )
    assert filled == {"PolicyDocument": '{"Resource": ["p-x"]}', "Keys": ["p"], "n": 1}


def test_the_plan_tells_questions_rights_and_cost_and_calls_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["verify-cloud", "--prefix", PREFIX, "--plan", "--probes", str(FOLDER)]) == 0
    said = capsys.readouterr().out
    assert all(probe.question in said for probe in PROBES)
    assert all(right in said for right in rights(PROBES))
    assert "cent" in said


def test_the_rights_told_are_those_of_the_chosen_probe_and_hold_the_role_it_assumes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = ["verify-cloud", "--prefix", PREFIX, "--probes", str(FOLDER), "--only", "action-case"]
    assert main([*asked, "--plan", "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)["rights"]
    assert "sts:AssumeRole" in told
    assert "oss:GetObject" not in told  # the role's
    assert "log:CreateProject" not in told


def test_the_command_runs_probes_on_the_account(
    local: LocalCloud,
    root: Keys,
    account: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    keys = operator(local, root)
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", keys.key_id)
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", keys.secret)
    monkeypatch.setenv("ROLEMEND_SCHEME", "http")
    asked = [
        "verify-cloud",
        "--prefix",
        PREFIX,
        "--probes",
        str(FOLDER),
        "--only",
        "role-missing",
        "--patience",
        "0",
    ]
    assert main(asked) == 1
    assert "--yes" in capsys.readouterr().err
    assert main([*asked, "--yes"]) == 0
    said = capsys.readouterr()
    assert "role-missing: as assumed" in said.out
    assert "Rights needed: ram:GetRole" in said.err
    assert "cent" in said.err
    assert main([*asked[:-4], "--only", "nothing-like-it"]) == 2
    assert left(local, account) == []
