"""The normalised fact in a signal: who was denied what, where, when, and with which code."""

from __future__ import annotations

import hashlib

import msgspec


class DeniedPrincipal(msgspec.Struct, frozen=True, kw_only=True):
    """The principal as the signal names it.

    `type` is `ram_user`, `assumed_role`, `root`, `anonymous` or `service`; `id` the user's or role's numeric id,
    `name` the user's or role's name ("" where the source does not tell), `session` a role session's name.
    """

    type: str
    account: str = ""
    id: str = ""
    name: str = ""
    session: str = ""


def same_principal(one: DeniedPrincipal, other: DeniedPrincipal) -> bool:
    """Whether two signals name the same principal, whatever its session. One without name and id is nobody's."""
    if (one.type, one.account) != (other.type, other.account):
        return False
    if one.name and other.name:
        return one.name.lower() == other.name.lower()
    return bool(one.id) and one.id == other.id


class ClusterTarget(msgspec.Struct, frozen=True, kw_only=True, tag="cluster"):
    """A cluster that was to be created: its release (`EMR-3.30.0`) and the ECS application role asked for."""

    release: str = ""
    role: str = ""


class BucketTarget(msgspec.Struct, frozen=True, kw_only=True, tag="bucket"):
    """A bucket, or an object in it (`key`, decoded; "" for the bucket itself).

    `region` is the bucket's own region, `host` the endpoint the request was sent to, `owner` the bucket's account.
    """

    bucket: str
    key: str = ""
    region: str = ""
    host: str = ""
    owner: str = ""


class JobTarget(msgspec.Struct, frozen=True, kw_only=True, tag="spark_job"):
    """A job of EMR Serverless Spark that failed, and what it was denied.

    `service` is what refused it: `oss`, `dlf`, `maxcompute`, `kms`, `sts` (the execution role could not be assumed),
    or "" where nothing tells. `bucket` is set for `oss` and where `kms` refused an object's key; `resource` is the
    catalog, database, table, project or key in the words of the error, "" if it names none. `role` is the workspace's
    execution role, `submitter` who started the job, `gateway` the Livy gateway it came through and `token_creator`
    whose token that was; "" or None where the service does not tell. `cause` is what the text of the error supports, in
    the words of `rolemend explain` (`dlf_data_permission_missing` against `permission_missing`), "" for nothing.
    """

    workspace: str
    job_run: str = ""
    service: str = ""
    bucket: BucketTarget | None = None
    resource: str = ""
    role: str = ""
    submitter: DeniedPrincipal | None = None
    gateway: str = ""
    token_creator: DeniedPrincipal | None = None
    cause: str = ""


Target = ClusterTarget | BucketTarget | JobTarget


class DeniedDetail(msgspec.Struct, frozen=True, kw_only=True):
    """What RAM itself says of a denied call. `principal` is a user's id, or `role:session`; "" for what it leaves out.

    `explicit` is None where it does not say whether a Deny was met; `matched` names the policies that had a say, each
    as `name` or `name (where it is attached)`. `encoded` is what RAM can open to say more.
    """

    action: str = ""
    resource: str = ""
    owner: str = ""
    principal_type: str = ""
    principal: str = ""
    explicit: bool | None = None
    policy_type: str = ""
    matched: tuple[str, ...] = ()
    encoded: str = ""


class Denial(msgspec.Struct, frozen=True, kw_only=True):
    """One denied call.

    `signal_id` names the record it was read from and never changes between deliveries; `code` and `detail_code` are
    the service's error code and OSS's EC; `time` is in epoch seconds; `conditions` are the condition keys the record
    tells, `unknown_conditions` those it leaves open; `account` is the account whose log this is; `policy_type` is the
    PolicyType of an AccessDeniedDetail, which no log holds; `diagnostic` is the EncodedDiagnosticMessage of one, which
    RAM can open, and `detail` what it said then. A failed job's error may name no action and no code: "".
    """

    signal_id: str
    source: str
    account: str
    region: str
    principal: DeniedPrincipal
    action: str
    target: Target
    code: str
    detail_code: str = ""
    message: str = ""
    time: int = 0
    request_id: str = ""
    conditions: dict[str, str] = {}
    unknown_conditions: tuple[str, ...] = ()
    policy_type: str = ""
    diagnostic: str = ""
    detail: DeniedDetail | None = None


class PassedOver(msgspec.Struct, frozen=True):
    """A record that is no denial; `reason` is counted, for example an error code that is no permission problem."""

    reason: str


def fingerprint(denial: Denial) -> tuple[str, ...]:
    """Principal, action group, resource and code: what makes denials the same incident.

    Sessions of one role count as one principal, and reading or writing actions on one bucket as one group. A job that
    OSS refused belongs to the incident of OSS's own log if its text tells as much as a line there.
    """
    principal = denial.principal
    who = f"{principal.type}:{principal.account}:{principal.name.lower() or principal.id}"
    code = f"{denial.code}/{denial.detail_code}"
    bucket = _bucket_of(denial)
    if bucket or isinstance(denial.target, BucketTarget):
        return (denial.account, who, action_group(denial.action), f"bucket:{bucket}", code)
    if isinstance(denial.target, JobTarget):
        target = denial.target
        named = f"bucket:{target.bucket.bucket}" if target.bucket else f"{target.service}:{target.resource}"
        place = f"workspace:{denial.region}:{target.workspace}"
        return (denial.account, who, action_group(denial.action), f"{place}:{named}", code)
    resource = f"cluster:{denial.region}:{denial.target.release}:{denial.target.role.lower()}"
    return (denial.account, who, denial.action, resource, code)


def _bucket_of(denial: Denial) -> str:
    """The bucket that the access log would name, "" for what is no refusal of OSS, or tells too little of it."""
    target = denial.target
    if isinstance(target, BucketTarget):
        return target.bucket
    if not isinstance(target, JobTarget) or target.bucket is None:
        return ""
    return target.bucket.bucket if denial.action and denial.detail_code and denial.principal.name else ""


def incident_id(denial: Denial) -> str:
    """The id of the incident a denial belongs to: the same for ever, computed from the fingerprint."""
    digest = hashlib.sha256("\x1f".join(fingerprint(denial)).encode()).hexdigest()
    return f"inc-{digest[:24]}"


READ_ACTIONS = ("oss:GetObject", "oss:ListObjects", "oss:GetBucketInfo")
WRITE_ACTIONS = (
    "oss:PutObject",
    "oss:DeleteObject",
    "oss:AbortMultipartUpload",
    "oss:ListMultipartUploads",
    "oss:ListParts",
    "oss:RestoreObject",
    "oss:ListObjectVersions",
    "oss:DeleteObjectVersion",
)
"""What Hive and Spark need in order to write, beside reading.

https://www.alibabacloud.com/help/en/emr/emr-on-ecs/user-guide/grant-permissions-to-access-oss-or-oss-hdfs
"""


def action_group(action: str) -> str:
    """`read`, `write`, or the action itself."""
    if action in READ_ACTIONS:
        return "read"
    return "write" if action in WRITE_ACTIONS else action
