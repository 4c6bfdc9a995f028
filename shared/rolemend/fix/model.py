"""Typed fixes: what is to be changed, whole documents included. They are data, and can be kept in the ledger.

`forms.render` shows each as console steps, `aliyun` commands, Terraform and API calls.
"""

from __future__ import annotations

import msgspec

ROLE, USER, GROUP = "role", "user", "group"


class Holder(msgspec.Struct, frozen=True):
    """Who holds a policy: `kind` is ROLE, USER or GROUP."""

    kind: str
    name: str


class GrantPolicy(msgspec.Struct, frozen=True, kw_only=True, tag="grant_policy"):
    """Make a custom policy of this document and attach it."""

    holder: Holder
    policy: str
    document: str


class AttachSystemPolicy(msgspec.Struct, frozen=True, kw_only=True, tag="attach_system_policy"):
    """Attach a system policy."""

    holder: Holder
    policy: str


class ReplacePolicy(msgspec.Struct, frozen=True, kw_only=True, tag="replace_policy"):
    """Make this document the default version of a custom policy that is there."""

    policy: str
    document: str


class DetachPolicy(msgspec.Struct, frozen=True, kw_only=True, tag="detach_policy"):
    """Take a custom policy away from who holds it."""

    holder: Holder
    policy: str


class ReplaceTrust(msgspec.Struct, frozen=True, kw_only=True, tag="replace_trust"):
    """Make this document the trust policy of a role that is there."""

    role: str
    document: str


class CreateRole(msgspec.Struct, frozen=True, kw_only=True, tag="create_role"):
    """Make a role that trusts these services, with these system policies. `default` roles of EMR are made by the
    authorization that its console asks for."""

    role: str
    services: tuple[str, ...]
    policies: tuple[str, ...] = ()
    default: bool = False


class ReplaceBucketPolicy(msgspec.Struct, frozen=True, kw_only=True, tag="replace_bucket_policy"):
    """Make this document the bucket policy, "" for none. `whole` says that it holds what the bucket policy has today;
    otherwise it holds only the statements to be added."""

    bucket: str
    document: str
    region: str = ""
    whole: bool = True


class ReplaceKeyPolicy(msgspec.Struct, frozen=True, kw_only=True, tag="replace_key_policy"):
    """Make this document the policy of a KMS key. It holds only what is to be added, as key policies are not read."""

    key: str
    document: str
    region: str = ""


class SetCoreSite(msgspec.Struct, frozen=True, kw_only=True, tag="set_core_site"):
    """Settings in core-site.xml of a cluster, and those to be taken out; "" for what is not known of the cluster."""

    settings: dict[str, str] = {}
    removed: tuple[str, ...] = ()
    cluster: str = ""
    region: str = ""


class UseRole(msgspec.Struct, frozen=True, kw_only=True, tag="use_role"):
    """Create the cluster again with a role that is there."""

    role: str
    release: str = ""
    region: str = ""


class SetJob(msgspec.Struct, frozen=True, kw_only=True, tag="set_job"):
    """Settings of Spark for the jobs of a Serverless Spark workspace, and those to be taken out."""

    settings: dict[str, str] = {}
    removed: tuple[str, ...] = ()
    workspace: str = ""
    region: str = ""


class GrantData(msgspec.Struct, frozen=True, kw_only=True, tag="grant_data"):
    """DLF's own data permission, which no RAM policy grants. `generation` is 1 (DataLake 2020-07-10) or 2 (DlfNext).

    `principal` is `acs:ram::<account>:user/<name>`; `access` as DLF names it (`SELECT`, `ALTER`, …). Without a
    table the database is meant, without that the catalog.
    """

    principal: str
    access: str
    catalog: str = ""
    database: str = ""
    table: str = ""
    generation: int = 2


class GrantProject(msgspec.Struct, frozen=True, kw_only=True, tag="grant_project"):
    """What a MaxCompute project itself grants, which no RAM policy does: membership, and privileges on a table of it.
    Without a table they are on the project.

    `member` is as MaxCompute names people: `ALIYUN$<account>`, `RAM$<account>:<user id>`, `RAM$<account>:role/<name>`.
    """

    member: str
    privileges: tuple[str, ...]
    project: str = ""
    table: str = ""


Fix = (
    GrantPolicy
    | AttachSystemPolicy
    | ReplacePolicy
    | DetachPolicy
    | ReplaceTrust
    | CreateRole
    | ReplaceBucketPolicy
    | ReplaceKeyPolicy
    | SetCoreSite
    | SetJob
    | UseRole
    | GrantData
    | GrantProject
)
