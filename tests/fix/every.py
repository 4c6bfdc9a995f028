"""One of each typed fix, with names of one's choice."""

from __future__ import annotations

from rolemend.fix import model
from rolemend.fix.documents import trust
from rolemend.fix.model import Fix, Holder

GRANT = '{"Version":"1","Statement":[{"Effect":"Allow","Action":["oss:GetObject"],"Resource":["acs:oss:*:*:data"]}]}'


def every(name: str = "data", document: str = GRANT) -> list[Fix]:
    """Every type of fix, all of whose names are this one."""
    role, user = Holder(model.ROLE, name), Holder(model.USER, name)
    return [
        model.GrantPolicy(holder=role, policy=name, document=document),
        model.GrantPolicy(holder=user, policy=name, document=document),
        model.AttachSystemPolicy(holder=user, policy=name),
        model.ReplacePolicy(policy=name, document=document),
        model.DetachPolicy(holder=Holder(model.GROUP, name), policy=name),
        model.ReplaceTrust(role=name, document=document),
        model.CreateRole(role=name, services=("ecs.aliyuncs.com",), policies=(name, name)),
        model.CreateRole(role=name, services=(name,), default=True),
        model.ReplaceBucketPolicy(bucket=name, document=document, region=name),
        model.ReplaceBucketPolicy(bucket=name, document=document, whole=False),
        model.ReplaceBucketPolicy(bucket=name, document=""),
        model.ReplaceKeyPolicy(key=name, document=document, region=name),
        model.SetCoreSite(settings={f"fs.oss.bucket.{name}.endpoint": name}, cluster=name, region=name),
        model.SetCoreSite(removed=("fs.oss.accessKeyId",), cluster=name),
        model.SetJob(settings={name: name}, workspace=name, region=name),
        model.UseRole(role=name, release=name, region=name),
        model.GrantData(principal=name, access=name, catalog=name, database=name, table=name),
        model.GrantData(principal=name, access=name, catalog=name, database=name, generation=1),
        model.SetJob(removed=("spark.hadoop.fs.oss.accessKeyId",), workspace=name),
        model.GrantProject(member=name, privileges=(name,), project=name, table=name),
    ]


SOUND: list[Fix] = [
    *every(),
    model.ReplaceTrust(role="emr-role", document=trust("emr.aliyuncs.com", "ecs.aliyuncs.com")),
    model.UseRole(role="emr-role", release="EMR-5.16.0", region="cn-hangzhou"),
    model.GrantData(
        principal="acs:ram::100000000000001:user/dana", access="SELECT", database="sales", table="orders"
    ),
    model.GrantProject(
        member="RAM$1000000000000001:290000000000000001", privileges=("Describe", "Select"), table="orders"
    ),
    model.GrantProject(
        member="RAM$1000000000000001:role/etl", privileges=("CreateInstance",), project="sales"
    ),
]
