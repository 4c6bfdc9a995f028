"""Whose rights count at which service: the table of the document "Execution roles", in sentences.

https://www.alibabacloud.com/help/en/emr/emr-serverless-spark/user-guide/executive-role . OSS (and with it KMS) asks
for rights of the execution role; DLF, with access control, for those of the submitter, or of the creator of the token
where the job came through a Livy Gateway; MaxCompute for those of the submitter.
"""

from __future__ import annotations

from rolemend.signals.denial import DeniedPrincipal, JobTarget
from rolemend.text import Text, text

ACTING_IDENTITY = "acting-identity"
"""The check that asks about this table."""

SERVICES = {"oss": "OSS", "dlf": "DLF", "maxcompute": "MaxCompute", "kms": "KMS", "sts": "STS"}


def called(who: DeniedPrincipal | None) -> str:
    """A principal as people know it, "-" for one that is not told."""
    return (who.name or who.id or who.type or "-") if who is not None else "-"


def table_line(target: JobTarget, role: str) -> Text:
    """The line of the document's table that matters for what was refused."""
    values = {"role": role or "-", "gateway": target.gateway, "service": SERVICES.get(target.service, "")}
    if target.service == "oss":
        return text("At OSS a job acts as its workspace's execution role: {role} needs the rights.", **values)
    if target.service == "kms":
        return text(
            "Objects that KMS encrypts are read and written as the workspace's execution role: {role} needs the "
            "rights on the key.",
            **values,
        )
    if target.service == "sts":
        return text(
            "A job begins with Serverless Spark assuming the workspace's execution role: {role} must exist and "
            "trust it.",
            **values,
        )
    if target.service == "dlf" and target.gateway:
        return text(
            "At DLF with access control, a job of the Livy Gateway {gateway} acts as the creator of its token: {who} "
            "needs the rights, not the execution role.",
            who=called(target.token_creator),
            **values,
        )
    if target.service in ("dlf", "maxcompute"):
        line = _DLF if target.service == "dlf" else _MAXCOMPUTE
        return text(line.template, who=called(target.submitter))
    return text("Nothing tells which service refused the job.")


_DLF = text(
    "At DLF with access control, a job acts as who submitted it: {who} needs the rights, not the execution role."
)
_MAXCOMPUTE = text(
    "At MaxCompute a job acts as who submitted it: {who} needs the rights, and the execution role the right to act "
    "for others."
)
