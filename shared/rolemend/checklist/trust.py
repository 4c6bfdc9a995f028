"""Whom a trust policy lets in, decided by the policy engine and not by reading its JSON."""

from __future__ import annotations

from rolemend.policy import Principal, Request, Source, decide, parse_policy

EMR, ECS, SPARK = "emr.aliyuncs.com", "ecs.aliyuncs.com", "spark.emr-serverless.aliyuncs.com"
_ASKED = (EMR, ECS, SPARK)


def trusted_services(document: str) -> list[str]:
    """Which of the services that EMR's documents name may assume a role with this trust policy. Raises PolicyError."""
    source = Source(kind="trust", policy=parse_policy(document, "trust"))
    return [service for service in _ASKED if _may_assume(source, service)]


def _may_assume(source: Source, service: str) -> bool:
    request = Request(
        action="sts:AssumeRole",
        resource="acs:ram:*:*:role/role",
        principal=Principal(type="service", service=service),
    )
    return decide(request, [source]).outcome == "allow"
