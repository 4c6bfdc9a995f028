"""The calls that probes may make: what each leaves or changes, how it is undone, and the rights that it takes."""

from __future__ import annotations

import msgspec


class Made(msgspec.Struct, frozen=True):
    """What a call leaves: the member that names it, what takes it away again, the command that does so by hand, and
    the call that tells whether it is there already, "" for what joins two things that a probe has made itself."""

    name: str
    undo: str
    by_hand: str
    look: str = ""


_JOINED = "--PolicyType Custom --PolicyName ${PolicyName}"
MAKES = {
    "ram.CreateRole": Made(
        "RoleName", "ram.DeleteRole", "aliyun ram DeleteRole --RoleName ${RoleName}", "ram.GetRole"
    ),
    "ram.CreatePolicy": Made(
        "PolicyName",
        "ram.DeletePolicy",
        "aliyun ram DeletePolicy --PolicyName ${PolicyName} --CascadingDelete true",
        "ram.GetPolicy",
    ),
    "ram.CreateUser": Made(
        "UserName", "ram.DeleteUser", "aliyun ram DeleteUser --UserName ${UserName}", "ram.GetUser"
    ),
    "ram.AttachPolicyToRole": Made(
        "PolicyName",
        "ram.DetachPolicyFromRole",
        f"aliyun ram DetachPolicyFromRole {_JOINED} --RoleName ${{RoleName}}",
    ),
    "ram.AttachPolicyToUser": Made(
        "PolicyName",
        "ram.DetachPolicyFromUser",
        f"aliyun ram DetachPolicyFromUser {_JOINED} --UserName ${{UserName}}",
    ),
    "oss.PutBucket": Made(
        "Bucket",
        "oss.DeleteBucket",
        "aliyun ossutil rm oss://${Bucket} -a -r -b --region ${region}",
        "oss.GetBucketInfo",
    ),
    "log.CreateProject": Made(
        "Project",
        "log.DeleteProject",
        "aliyunlog log delete_project --project_name=${Project} --region-endpoint=${region}.log.aliyuncs.com",
        "log.GetProject",
    ),
}
"""Calls that leave something; its name must begin with the prefix."""
CHANGES = {
    "ram.AttachPolicyToRole": ("PolicyName", "RoleName"),
    "ram.AttachPolicyToUser": ("PolicyName", "UserName"),
    "ram.CreatePolicyVersion": ("PolicyName",),
    "oss.PutBucketPolicy": ("Bucket",),
    "oss.PutObject": ("Bucket",),
    "oss.AppendObject": ("Bucket",),
    "oss.DeleteObjects": ("Bucket",),
    "log.CreateLogstore": ("Project",),
    "log.CreateIndex": ("Project",),
    "log.PutLogs": ("Project",),
}
"""Calls that change what must be one's own: the members that name what a step before has made."""
MEMBERS = frozenset(
    {"AssumeRolePolicyDocument", "Description", "DurationSeconds", "ExternalId", "Marker", "MaxItems"}
    | {"Policy", "PolicyDocument", "PolicyName", "PolicyType", "RoleArn", "RoleName", "RoleSessionName"}
    | {"RotateStrategy", "UserName"}
)
"""Members that a step may give to RAM and STS: `Action` would make it another call."""
READS = {
    "log.GetLogs",
    "log.PullLogs",
    "oss.GetBucketInfo",
    "oss.GetBucketPublicAccessBlock",
    "oss.GetObject",
    "oss.ListObjects",
    "ram.GetRole",
    "ram.ListRoles",
}
UNDOING = {
    "oss.DeleteBucket": ("oss.ListObjects", "oss.DeleteObject"),
    "ram.DeletePolicy": ("ram.ListPolicyVersions", "ram.DeletePolicyVersion"),
}
"""What must be done before something can be taken away."""
ACTIONS = {
    "log.CreateLogstore": "log:CreateLogStore",
    "log.GetLogs": "log:GetLogStoreLogs",
    "log.PullLogs": "log:GetCursorOrData",
    "log.PutLogs": "log:PostLogStoreLogs",
    "oss.AppendObject": "oss:PutObject",
    "oss.DeleteObjects": "oss:DeleteObject",
}
"""Calls whose action in RAM has another name."""
