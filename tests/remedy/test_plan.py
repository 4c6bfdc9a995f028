"""A remedy becomes exactly one document that is proved to grant what it states, or a reason why a person must act."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from rolemend.account.interface import Absent, Known, PolicyUsers, PolicyVersions, Reading, Role, Unread
from rolemend.checklist.model import ListBucket, TrustService
from rolemend.checklist.trust import trusted_services
from rolemend.remedy.model import NoPlan, Plan, TypedRemedy, is_sealed, sealed
from rolemend.remedy.plan import plan_remedy
from rolemend.remedy.untouchable import DEFAULT_ROLES
from tests.fakes import WritableAccount
from tests.samples import ACCOUNT, LISTING

EMR, ECS, SPARK = "emr.aliyuncs.com", "ecs.aliyuncs.com", "spark.emr-serverless.aliyuncs.com"
LIST_DATA = ListBucket(role="emr-role", bucket="data", action="oss:ListObjects")
TRUST_EMR = TrustService(role="emr-role", service=EMR)


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "1", "Statement": list(statements)}, separators=(",", ":"))


def reading(*buckets: str) -> dict[str, Any]:
    resources = [f"acs:oss:*:*:{name}{end}" for name in buckets for end in ("", "/*")]
    actions = ["oss:GetObject", "oss:ListObjects", "oss:GetBucketInfo"]
    return {"Effect": "Allow", "Action": actions, "Resource": resources}


def trusting(*services: str) -> str:
    return policy({"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": list(services)}})


def account(**policies: str) -> WritableAccount:
    role = Role(name="emr-role", arn=f"acs:ram::{ACCOUNT}:role/emr-role", trust_policy=trusting(ECS))
    fake = WritableAccount(the_role=Known(role))
    for name, document in policies.items():
        fake.attach(name.replace("_", "-"), document)
    return fake


def named(fake: WritableAccount, name: str, **changes: Any) -> WritableAccount:
    """The same account, whose role has another name."""
    assert isinstance(fake.the_role, Known)
    fake.the_role = Known(msgspec.structs.replace(fake.the_role.value, name=name, **changes))
    return fake


def planned(fake: WritableAccount, remedy: TypedRemedy = LIST_DATA, trust_mode: str = "add") -> Plan:
    plan = plan_remedy(remedy, fake, trust_mode=trust_mode)
    assert isinstance(plan, Plan), plan
    return plan


def reason(fake: WritableAccount, remedy: TypedRemedy = LIST_DATA, trust_mode: str = "add") -> str:
    plan = plan_remedy(remedy, fake, trust_mode=trust_mode)
    assert isinstance(plan, NoPlan), plan
    return plan.reason


def services(document: str) -> list[str]:
    return list(json.loads(document)["Statement"][0]["Principal"]["Service"])


def test_a_bucket_is_listed_in_both_forms_beside_the_others() -> None:
    plan = planned(account(reader=policy(reading("other"))))
    assert json.loads(plan.write.after)["Statement"] == [reading("other", "data")]
    assert (plan.write.kind, plan.write.name, plan.write.version) == ("policy", "reader", "v1")
    assert plan.gains == (
        "oss:GetObject, oss:ListObjects, oss:GetBucketInfo on acs:oss:*:*:data, acs:oss:*:*:data/*",
    )


def test_planning_writes_nothing_and_twice_gives_the_same_plan() -> None:
    fake = account(reader=policy(reading("other")))
    assert planned(fake) == planned(fake)
    assert fake.writes == []


def test_the_policy_that_already_lists_the_action_is_extended_wherever_it_is_attached() -> None:
    logs = policy({"Effect": "Allow", "Action": ["log:Get*"], "Resource": ["*"]})
    assert planned(account(logs=logs, reader=policy(reading("other")))).write.name == "reader"
    assert planned(account(reader=policy(reading("other")), logs=logs)).write.name == "reader"


def test_without_such_a_policy_the_first_custom_one_gets_a_statement_of_its_own() -> None:
    logs = policy({"Effect": "Allow", "Action": ["log:Get*"], "Resource": ["*"]})
    plan = planned(account(logs=logs))
    assert len(json.loads(plan.write.after)["Statement"]) == 2


def test_the_hash_binds_everything_that_the_plan_says() -> None:
    plan = planned(account(reader=policy(reading("other"))))
    assert is_sealed(plan)
    changed: list[Plan] = [
        msgspec.structs.replace(plan, write=msgspec.structs.replace(plan.write, **{name: value}))
        for name, value in [(n, "x") for n in ("kind", "name", "before", "after", "version")]
        + [("versions", ("v9",))]
    ]
    elsewhere = msgspec.structs.replace(LIST_DATA, bucket="data2")
    others: dict[str, Any] = {
        "remedy": elsewhere, "gains": (), "actions": (), "extent": "exact", "breaks": ("x",), "rotates": "v1",
        "expires": 1,
    }  # fmt: skip
    changed += [msgspec.structs.replace(plan, **{name: value}) for name, value in others.items()]
    assert not any(is_sealed(one) for one in changed)
    assert len({sealed(one).hash for one in [plan, *changed]}) == len(changed) + 1


@pytest.mark.parametrize(
    "users",
    [
        PolicyUsers(roles=("emr-role", "other-role")),
        PolicyUsers(roles=("emr-role",), users=("ana",)),
        PolicyUsers(roles=("emr-role",), groups=("team",)),
        PolicyUsers(roles=("other-role",)),
        PolicyUsers(),
    ],
)
def test_a_policy_that_others_use_too_is_not_widened(users: PolicyUsers) -> None:
    fake = account(reader=policy(reading("other")))
    fake.policy_users = Known(users)
    plan = plan_remedy(LIST_DATA, fake)
    assert isinstance(plan, NoPlan)
    assert (plan.reason, plan.detail, plan.principals) == ("shared_policy", "reader", users.described())
    own = json.loads(plan.document)["Statement"]
    assert own == [reading("data")]


class Counting(WritableAccount):
    """RAM counts one attachment more than it lists."""

    def policy_versions(self, name: str) -> Reading[PolicyVersions]:
        found = super().policy_versions(name)
        assert isinstance(found, Known)
        return Known(msgspec.structs.replace(found.value, attachments=2))


def test_a_policy_that_is_attached_more_often_than_is_listed_is_not_widened() -> None:
    """It may be attached to others for a resource group alone."""
    fake = Counting(the_role=account().the_role)
    fake.attach("reader", policy(reading("other")))
    plan = plan_remedy(LIST_DATA, fake)
    assert isinstance(plan, NoPlan)
    assert (plan.reason, plan.principals) == ("shared_policy", ("role emr-role", "…"))


def test_a_system_policy_is_never_planned_for() -> None:
    fake = WritableAccount(the_role=account().the_role)
    fake.attach("AliyunOSSReadOnlyAccess", policy(reading("other")), "System")
    assert reason(fake) == "system_policy"
    fake.attach("reader", policy(reading("other")))
    assert planned(fake).write.name == "reader"


def test_a_role_without_policies_has_none_to_be_extended() -> None:
    assert reason(account()) == "no_policy"


@pytest.mark.parametrize("name", sorted(DEFAULT_ROLES))
@pytest.mark.parametrize("remedy", [LIST_DATA, TRUST_EMR])
def test_a_default_role_is_never_touched(name: str, remedy: TypedRemedy) -> None:
    for spelt in (name, name.upper()):
        fake = named(account(reader=policy(reading("other"))), spelt)
        assert reason(fake, remedy) == "default_role"


@pytest.mark.parametrize(
    ("name", "linked"), [("AliyunServiceRoleForEMR", False), ("aliyunservicerolefor-x", False), ("odd", True)]
)
@pytest.mark.parametrize("remedy", [LIST_DATA, TRUST_EMR])
def test_a_service_linked_role_is_never_touched(name: str, linked: bool, remedy: TypedRemedy) -> None:
    fake = named(account(reader=policy(reading("other"))), name, service_linked=linked)
    assert reason(fake, remedy) == "service_linked_role"


@pytest.mark.parametrize(
    "bucket", ["", "a", "Data", "data/*", "*", "data\n", "da_ta", "-data", "d" * 64, "дата"]
)
def test_a_bucket_name_that_is_none_enters_no_document(bucket: str) -> None:
    remedy = msgspec.structs.replace(LIST_DATA, bucket=bucket)
    assert reason(account(reader=policy(reading("other"))), remedy) == "bucket_name"


@pytest.mark.parametrize(
    ("action", "why"),
    [
        ("oss:ListBuckets", "not_editable"),
        *(
            (one, "action_name")
            for one in ("ram:CreateUser", "*", "oss:*", "oss:Get*", "oss:GetObjec?", "oss:")
        ),
    ],
)
def test_an_action_that_is_no_bucket_s_is_not_granted(action: str, why: str) -> None:
    remedy = msgspec.structs.replace(LIST_DATA, action=action)
    assert reason(account(reader=policy(reading("other"))), remedy) == why


def test_a_document_that_would_be_too_long_is_left_to_a_person() -> None:
    names = [f"a-rather-long-bucket-name-{number:03}" for number in range(99)]
    full = max(
        (policy(reading(*names[:count])) for count in range(99)),
        key=lambda text: len(text) * (len(text) <= 6_144),
    )
    plan = plan_remedy(msgspec.structs.replace(LIST_DATA, bucket="d" * 63), account(reader=full))
    assert isinstance(plan, NoPlan)
    assert plan.reason == "not_editable"
    assert "6144" in plan.detail


@pytest.mark.parametrize(
    "document", ["{half", "[]", '{"Version":"2"}', '{"Version":"1","Statement":[{"Effect":"Maybe"}]}']
)
def test_a_document_that_does_not_parse_is_left_to_a_person(document: str) -> None:
    assert reason(account(reader=document)) == "not_editable"
    assert reason(named(account(), "emr-role", trust_policy=document), TRUST_EMR) == "not_editable"


@pytest.mark.parametrize("part", ["the_role", "role_policies", "policy_users"])
@pytest.mark.parametrize(
    ("answer", "transient"),
    [
        (Unread("GetX", "throttled", transient=True), True),
        (Unread("GetX", "refused"), False),
        (Absent(), False),
    ],
)
def test_what_cannot_be_read_is_not_planned_on(part: str, answer: Reading[Any], transient: bool) -> None:
    fake = account(reader=policy(reading("other")))
    setattr(fake, part, answer)
    plan = plan_remedy(LIST_DATA, fake)
    assert isinstance(plan, NoPlan)
    assert (plan.reason, plan.transient) == ("refused_read", transient)


def test_a_policy_that_vanished_since_it_was_listed_is_not_planned_on() -> None:
    fake = account()
    other = account(reader=policy(reading("other")))
    fake.role_policies = other.policies_of_role("emr-role")
    assert reason(fake) == "refused_read"


def test_a_service_is_trusted_beside_those_that_are() -> None:
    plan = planned(account(), TRUST_EMR)
    assert services(plan.write.after) == [ECS, EMR]
    assert (plan.write.kind, plan.write.name, plan.write.version) == ("trust_policy", "emr-role", "")
    assert plan.gains == (f"sts:AssumeRole for {EMR} on acs:ram::{ACCOUNT}:role/emr-role",)


@pytest.mark.parametrize(("wanted", "other"), [(EMR, ECS), (ECS, EMR)])
def test_in_the_mode_replace_a_service_takes_the_place_of_the_other_and_the_plan_says_so(
    wanted: str, other: str
) -> None:
    fake = named(account(), "emr-role", trust_policy=trusting(other, "fc.aliyuncs.com"))
    plan = planned(fake, TrustService(role="emr-role", service=wanted), "replace")
    assert services(plan.write.after) == [wanted, "fc.aliyuncs.com"]
    assert f"in the place of {other}" in plan.gains[0]


@pytest.mark.parametrize("mode", ["add", "replace"])
def test_spark_is_trusted_beside_the_others_and_takes_the_place_of_none(mode: str) -> None:
    plan = planned(account(), TrustService(role="emr-role", service=SPARK), mode)
    assert trusted_services(plan.write.after) == [ECS, SPARK]
    assert plan.gains == (f"sts:AssumeRole for {SPARK} on acs:ram::{ACCOUNT}:role/emr-role",)


def test_there_is_nothing_to_replace_where_the_other_service_is_not_trusted() -> None:
    fake = named(account(), "emr-role", trust_policy=trusting("fc.aliyuncs.com"))
    assert reason(fake, TRUST_EMR, "replace") == "not_editable"


@pytest.mark.parametrize("mode", ["add", "replace"])
def test_a_trust_policy_that_grants_more_than_the_statement_says_is_not_written(
    mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the edit makes of a document, only the proof lets it through."""
    wider = json.loads(trusting(EMR, "evil.example.com"))
    monkeypatch.setattr("rolemend.remedy.plan.trust_service", lambda *values, **named: wider)
    assert reason(account(), TRUST_EMR, mode) == "not_proved"


SPARK = "spark.emr-serverless.aliyuncs.com"


@pytest.mark.parametrize("mode", ["add", "replace"])
def test_serverless_spark_is_trusted_and_takes_nobody_s_place(mode: str) -> None:
    plan = planned(account(), TrustService(role="emr-role", service=SPARK), mode)
    (statement,) = json.loads(plan.write.after)["Statement"]
    assert statement["Principal"]["Service"] == [ECS, SPARK]
    assert "in the place of" not in plan.gains[0]


@pytest.mark.parametrize("service", [EMR, SPARK])
def test_a_role_that_trusts_only_another_service_keeps_it(service: str) -> None:
    fake = account()
    plan = planned(fake, TrustService(role="emr-role", service=service))
    assert ECS in plan.write.after
    assert service in plan.write.after


def granting(
    condition: dict[str, Any] | None = None, action: str = "oss:ListObjects", effect: str = "Allow"
) -> str:
    statement = {
        "Effect": effect,
        "Action": [action],
        "Resource": ["acs:oss:*:*:other", "acs:oss:*:*:other/*"],
    }
    return policy(statement | ({"Condition": condition} if condition else {}))


OFFICE = {"IpAddress": {"acs:SourceIp": "192.0.2.0/24"}}


@pytest.mark.parametrize("action", ["oss:ListObjects", "oss:*", "*"])
def test_where_the_action_is_granted_under_a_condition_only_no_statement_without_it_is_added(
    action: str,
) -> None:
    plan = plan_remedy(LIST_DATA, account(reader=granting(OFFICE, action)))
    assert plan == NoPlan("conditional_statement", "reader Statement[0]")


def test_a_condition_on_another_statement_stands_in_nobody_s_way() -> None:
    assert planned(account(office=granting(OFFICE), reader=policy(reading("other")))).write.name == "reader"
    assert planned(account(office=granting(OFFICE, "oss:PutObject"))).write.name == "office"
    assert planned(account(office=granting(OFFICE, "*"), wide=granting(action="oss:*"))).write.name in (
        "office",
        "wide",
    )


@pytest.mark.parametrize(
    ("extent", "actions"),
    [
        ("exact", ["oss:ListObjects"]),
        ("group", ["oss:GetObject", "oss:ListObjects", "oss:GetBucketInfo"]),
        ("statement", ["oss:Get*", "oss:ListObjects"]),
    ],
)
def test_a_grant_goes_as_far_as_its_extent(extent: str, actions: list[str]) -> None:
    wide = policy({**reading("other"), "Action": ["oss:Get*", "oss:ListObjects"]})
    plan = plan_remedy(LIST_DATA, account(reader=wide), extent=extent)
    assert isinstance(plan, Plan)
    assert sorted(plan.actions) == sorted(actions)
    assert plan.extent == extent


def test_without_a_statement_to_go_by_the_extent_statement_grants_the_group() -> None:
    logs = policy({"Effect": "Allow", "Action": ["log:Get*"], "Resource": ["*"]})
    plan = plan_remedy(LIST_DATA, account(logs=logs), extent="statement")
    assert isinstance(plan, Plan)
    assert len(plan.actions) == 3


def test_at_the_version_limit_the_plan_names_the_oldest_version_that_is_not_in_force() -> None:
    fake = account(reader=policy(reading("other")))
    now = fake.in_force("reader")
    fake.policies["reader"] = {"v9": now, "v11": now, "v8": now, "v10": now, "v12": now}
    fake.defaults["reader"] = "v8"
    plan = planned(fake)
    assert (plan.rotates, plan.write.version) == ("v9", "v8")
    assert "version v9" in plan.breaks[0]
    assert plan.write.versions == ("v9", "v11", "v8", "v10", "v12")


def test_below_the_version_limit_nothing_is_taken_away() -> None:
    plan = planned(account(reader=policy(reading("other"))))
    assert (plan.rotates, plan.breaks) == ("", ())


def test_in_the_mode_replace_the_plan_says_whom_it_shuts_out() -> None:
    assert ECS in planned(account(), TRUST_EMR, "replace").breaks[0]
    assert planned(account(), TRUST_EMR).breaks == ()


def denied(fake: WritableAccount) -> Plan | NoPlan:
    return plan_remedy(LIST_DATA, fake, denial=LISTING)


def test_a_plan_for_a_denial_is_shown_to_allow_it() -> None:
    assert isinstance(denied(account(reader=policy(reading("other")))), Plan)


def test_a_deny_in_any_policy_of_the_role_makes_a_grant_useless() -> None:
    never = policy({"Effect": "Deny", "Action": "oss:*", "Resource": "*"})
    assert denied(account(reader=policy(reading("other")), never=never)) == NoPlan("explicit_deny", "never")


def test_a_deny_that_hangs_on_what_is_not_known_leaves_the_plan_unproved() -> None:
    unsure = policy({"Effect": "Deny", "Action": "oss:*", "Resource": "*", "Condition": OFFICE})
    fake = account(reader=policy(reading("other")), unsure=unsure)
    hidden = msgspec.structs.replace(LISTING, conditions={}, unknown_conditions=("acs:SourceIp",))
    assert plan_remedy(LIST_DATA, fake, denial=hidden) == NoPlan("would_not_help", "reader")


def test_a_trust_policy_that_denies_the_service_is_not_extended() -> None:
    statement = {"Action": "sts:AssumeRole", "Effect": "Deny", "Principal": {"Service": [EMR]}}
    document = json.dumps({"Version": "1", "Statement": [*json.loads(trusting(ECS))["Statement"], statement]})
    plan = plan_remedy(TRUST_EMR, named(account(), "emr-role", trust_policy=document))
    assert isinstance(plan, NoPlan)
    assert plan.reason in ("would_not_help", "not_proved")


def test_where_no_further_policy_can_be_attached_none_is_proposed() -> None:
    full = {f"p{n}": granting(action="log:GetX") for n in range(10)}
    fake = account(**full)
    fake.policy_users = Known(PolicyUsers(roles=("emr-role", "other-role")))
    plan = plan_remedy(LIST_DATA, fake)
    assert isinstance(plan, NoPlan)
    assert (plan.reason, plan.document) == ("attachment_limit", "")
    assert plan.principals == ("role emr-role", "role other-role")


CONDITIONED: dict[str, dict[str, Any]] = {
    "an address": reading("data") | {"Condition": OFFICE},
    "https": reading("data") | {"Condition": {"Bool": {"acs:SecureTransport": "true"}}},
    "one form": reading("data") | {"Resource": "acs:oss:*:*:data/*", "Condition": OFFICE},
    "a pattern of buckets": reading("data") | {"Resource": "acs:oss:*:*:d?t*", "Condition": OFFICE},
    "every resource": reading("data") | {"Resource": "*", "Condition": OFFICE},
    "a variable": reading("data") | {"Resource": "acs:oss:*:*:${acs:x}/*", "Condition": OFFICE},
    "another letter case": reading("data") | {"Action": "OSS:Get*", "Condition": OFFICE},
    "another action of the group": reading("data") | {"Action": "oss:GetObject", "Condition": OFFICE},
    "what NotAction leaves": {
        "Effect": "Allow", "NotAction": "ram:*", "Resource": "*", "Condition": OFFICE,
    },
    "what NotResource leaves": {
        "Effect": "Allow", "Action": "*", "NotResource": "acs:oss:*:*:other", "Condition": OFFICE,
    },
}  # fmt: skip


@pytest.mark.parametrize("extent", ["group", "statement"])
@pytest.mark.parametrize("name", CONDITIONED)
def test_a_bucket_that_is_granted_under_a_condition_is_not_granted_without_it(name: str, extent: str) -> None:
    """Who calls from outside of the condition provokes a denial; other buckets without a condition permit nothing."""
    beside = account(reader=policy(reading("other"), CONDITIONED[name]))
    assert plan_remedy(LIST_DATA, beside, extent=extent) == NoPlan("under_condition", "reader Statement[1]")
    elsewhere = account(reader=policy(reading("other")), office=policy(CONDITIONED[name]))
    found = plan_remedy(LIST_DATA, elsewhere, extent=extent)
    assert found == NoPlan("under_condition", "office Statement[0]")
    system = account(reader=policy(reading("other")))
    system.attach("AliyunOfficeOnly", policy(CONDITIONED[name]), "System")
    assert reason(system) == "under_condition"


@pytest.mark.parametrize(
    "statement",
    [
        reading("data2", "dat", "the-data") | {"Condition": OFFICE},
        reading("data") | {"Action": "oss:PutObject", "Condition": OFFICE},
        reading("data") | {"Effect": "Deny", "Action": "oss:DeleteBucket", "Condition": OFFICE},
        {"Effect": "Allow", "NotAction": "oss:*", "Resource": "*", "Condition": OFFICE},
        {"Effect": "Allow", "Action": "ecs:*", "Resource": "*", "Condition": OFFICE},
    ],
)
def test_a_condition_on_something_else_stands_in_nobody_s_way(statement: dict[str, Any]) -> None:
    assert planned(account(reader=policy(reading("other"), statement))).write.name == "reader"


def test_of_an_exact_grant_only_the_one_action_s_conditions_count() -> None:
    fake = account(reader=policy(reading("other"), CONDITIONED["another action of the group"]))
    assert isinstance(plan_remedy(LIST_DATA, fake, extent="exact"), Plan)
    assert reason(fake) == "under_condition"


def test_conditions_that_take_long_to_read_count_as_being_on_the_bucket() -> None:
    names = [f"acs:oss:*:*:{'*a' * 200}{number}*" for number in range(20)]
    slow = {"Effect": "Allow", "Action": "oss:*", "Resource": names, "Condition": OFFICE}
    fake = account(reader=policy(reading("other")), slow=policy(slow))
    assert reason(fake) == "under_condition"


@pytest.mark.parametrize("mode", ["add", "replace"])
@pytest.mark.parametrize(
    "principal",
    [{"Service": [EMR]}, {"Service": [ECS, EMR]}, {"Service": ["*"]}],
)
def test_a_service_that_is_trusted_under_a_condition_is_not_trusted_without_it(
    principal: dict[str, Any], mode: str
) -> None:
    conditioned = {
        "Action": "sts:AssumeRole", "Effect": "Allow", "Principal": principal, "Condition": OFFICE,
    }  # fmt: skip
    document = policy(json.loads(trusting(ECS))["Statement"][0], conditioned)
    plan = plan_remedy(TRUST_EMR, named(account(), "emr-role", trust_policy=document), trust_mode=mode)
    assert plan == NoPlan("under_condition", "emr-role Statement[1]")
