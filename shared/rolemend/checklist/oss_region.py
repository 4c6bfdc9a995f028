"""FAQ 2, item 1: the bucket must be in the cluster's region, or its endpoint must stand in the path.

https://www.alibabacloud.com/help/en/emr/emr-on-ecs/user-guide/use-a-custom-ecs-application-role-to-access-other-cloud-resources-in-your-alibaba-cloud-account-19
"""

from __future__ import annotations

from rolemend.account.interface import Known
from rolemend.checklist.answers import Name, failed, passed, unknown
from rolemend.checklist.endpoints import (
    ACCELERATION,
    INTERNAL,
    OSS_HDFS,
    Endpoint,
    endpoint_of,
    has_oss_hdfs,
    path_of,
    read_host,
    same_region,
)
from rolemend.checklist.facts import BucketFacts
from rolemend.checklist.mending import set_core_site
from rolemend.checklist.model import REPORTED, Advice, Evidence, Finding
from rolemend.checklist.reports import WRONG_ENDPOINT, reported
from rolemend.text import Text, text

REGION: Name = ("region", "2.1")


def ask_region(facts: BucketFacts) -> Finding:
    """Failed for a request that another region's endpoint received; its code is AccessDenied all the same."""
    target, region = facts.target, facts.region
    reached = read_host(target.host)
    elsewhere = bool(reached.region and region) and not same_region(reached.region, region)
    evidence = _evidence(facts, region, reached)
    if facts.denial.detail_code == WRONG_ENDPOINT or elsewhere:
        where = text(
            "Bucket {bucket} is in {region}; the request went to {host}.",
            bucket=target.bucket,
            region=region,
            host=target.host,
        )
        return failed(REGION, where, evidence, "wrong_endpoint", _advice(facts, region, reached))
    if region and reached.kind == ACCELERATION:
        return passed(
            REGION,
            text("The acceleration endpoint {host} serves buckets of every region.", host=target.host),
            evidence,
        )
    if not region or not reached.region:
        return unknown(
            REGION,
            text("The log does not tell which region was asked ({host}).", host=target.host or "-"),
            evidence,
        )
    return passed(
        REGION,
        text("The request reached {region}, where bucket {bucket} is.", region=region, bucket=target.bucket),
        evidence,
    )


def _advice(facts: BucketFacts, region: str, reached: Endpoint) -> Advice:
    """The bucket's endpoint for this cluster; nothing to paste where a region is spelt like none."""
    home = _home(facts)
    near = bool(home) and same_region(home, region)
    endpoint = endpoint_of(region, internal=near) or endpoint_of(region)
    if not endpoint:
        return Advice(
            statement=text("Use the endpoint of the region that bucket {bucket} is in.", **_of(facts))
        )
    path = path_of(facts.target.bucket, endpoint)
    values = {**_of(facts), "path": path, "endpoint": endpoint, "region": region, "home": home}
    if reached.kind == OSS_HDFS:
        return Advice(statement=text(_HDFS.template, **values))
    chosen = _NEAR if near else _FAR if home else _UNSURE
    internal = endpoint_of(region, internal=True) or endpoint
    setting = {f"fs.oss.bucket.{facts.target.bucket}.endpoint": endpoint}
    return Advice(
        statement=text(chosen.template, **values, internal=internal),
        document=path,
        fix=set_core_site(facts, setting),
        verify=f"hdfs dfs -ls {path}",
    )


def _home(facts: BucketFacts) -> str:
    return facts.cluster.value.region if isinstance(facts.cluster, Known) else ""


def _of(facts: BucketFacts) -> dict[str, str]:
    return {"bucket": facts.target.bucket}


_NEAR = text(
    "Put the bucket's endpoint into the path: {path} (or set fs.oss.bucket.{bucket}.endpoint to {endpoint} in "
    "core-site.xml). The cluster is in the bucket's own region, so this internal endpoint works without a public IP "
    "address."
)
_FAR = text(
    "Put the bucket's endpoint into the path: {path} (or set fs.oss.bucket.{bucket}.endpoint to {endpoint} in "
    "core-site.xml). From {home} only this public endpoint works, and the nodes need a public IP address. Without one "
    "nothing reaches {region}: internal endpoints and OSS-HDFS serve their own region only, so create the cluster in "
    "{region}, or copy the data to a bucket in {home}."
)
_UNSURE = text(
    "Put the bucket's endpoint into the path: {path} (or set fs.oss.bucket.{bucket}.endpoint to {endpoint} in "
    "core-site.xml). From another region only this public endpoint works, and the nodes need a public IP address; in "
    "{region} itself {internal} works without one."
)
_HDFS = text(
    "OSS-HDFS serves its own region over VPC only: no endpoint reaches it from another region. Create the cluster in "
    "{region}, or copy the data to a bucket in the cluster's region. As plain OSS the bucket can be reached at {path} "
    "by nodes with a public IP address."
)


def _evidence(facts: BucketFacts, region: str, reached: Endpoint) -> tuple[Evidence, ...]:
    bucket = facts.target.bucket
    live = isinstance(facts.bucket, Known)
    found = [
        Evidence(text("Bucket {bucket} is in {region}.", bucket=bucket, region=region))
        if live
        else Evidence(
            text("The access log says that bucket {bucket} is in {region}.", bucket=bucket, region=region),
            REPORTED,
        )
    ]
    if isinstance(facts.cluster, Known):
        cluster = facts.cluster.value
        found.append(Evidence(_cluster(cluster.id, cluster.name, cluster.region, cluster.role)))
    found += [Evidence(each) for each in _limits(facts, region, reached)]
    return (*found, *reported(facts.denial))


def _cluster(cluster: str, name: str, region: str, role: str) -> Text:
    return text(
        "Cluster {cluster} ({name}), whose role is {role}, is in {region}.",
        cluster=cluster,
        name=name,
        role=role,
        region=region,
    )


def _limits(facts: BucketFacts, region: str, reached: Endpoint) -> list[Text]:
    """What the documentation says cannot work, though this request arrived: worth knowing, and never the cause."""
    home, found = _home(facts), []
    if home and region and not same_region(home, region) and reached.kind in (INTERNAL, OSS_HDFS):
        found.append(
            text(
                "The documentation lets {host} serve {region} only, and the cluster is in {home}: that the request "
                "arrived shows a connection of its own between the two.",
                host=facts.target.host,
                region=region,
                home=home,
            )
        )
    if reached.kind == OSS_HDFS and region and not has_oss_hdfs(region):
        found.append(text("The documentation names no OSS-HDFS in {region}.", region=region))
    return found
