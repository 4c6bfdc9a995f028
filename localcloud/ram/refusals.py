"""What RAM refuses and how it says so.

Codes, statuses and texts: the error lists of RAM's pages, such as
https://www.alibabacloud.com/help/doc-detail/28710.htm for CreateRole.
"""

from __future__ import annotations

from localcloud.errors import CloudError

_TEXTS: dict[str, tuple[int, str]] = {
    "EntityNotExist.User": (404, "The user does not exist."),
    "EntityNotExist.User.AccessKey": (404, "The user access key does not exist."),
    "EntityNotExist.User.Policy": (404, "The indicate policy of the user does not exist."),
    "EntityNotExist.User.Group": (404, "The user has not joined the group."),
    "EntityNotExist.Group": (404, "The group does not exist."),
    "EntityNotExist.Group.Policy": (404, "The indicate policy attached to the group does not exist."),
    "EntityNotExist.Role": (404, "The role does not exist."),
    "EntityNotExist.Role.Policy": (404, "The indicate policy attached to the role does not exist."),
    "EntityNotExist.Policy": (404, "The policy does not exist."),
    "EntityNotExist.Policy.Version": (404, "The policy version does not exist."),
    "EntityNotExist.Service": (404, "The service does not exist."),
    "EntityAlreadyExists.User": (409, "The user does already EXIST."),
    "EntityAlreadyExists.User.Group": (409, "The user has already joined the group."),
    "EntityAlreadyExists.User.Policy": (409, "The user has already been attached this policy."),
    "EntityAlreadyExists.Group": (409, "The group does already EXIST."),
    "EntityAlreadyExists.Group.Policy": (409, "The group has already been attached this policy."),
    "EntityAlreadyExists.Role": (409, "The role does already EXIST."),
    "EntityAlreadyExists.Role.Policy": (409, "The role has already been attached this policy."),
    "EntityAlreadyExists.Policy": (409, "The policy does already EXIST."),
    "DeleteConflict.User.Group": (409, "The user CAN NOT be in any group while deleting the user."),
    "DeleteConflict.User.AccessKey": (409, "The user CAN NOT has any access key while deleting the user."),
    "DeleteConflict.User.Policy": (409, "The user CAN NOT has any attached policy while deleting the user."),
    "DeleteConflict.Group.User": (409, "The group CAN NOT has any user member while deleting the group."),
    "DeleteConflict.Group.Policy": (
        409,
        "The entity CAN NOT has any attached policy while deleting the group.",
    ),
    "DeleteConflict.Role.Policy": (409, "The role CAN NOT has any attached policy while deleting the role."),
    "DeleteConflict.Policy.User": (
        409,
        "The policy CAN NOT been attached to any user while deleting the policy.",
    ),
    "DeleteConflict.Policy.Group": (
        409,
        "The policy CAN NOT been attached to any group while deleting the policy.",
    ),
    "DeleteConflict.Policy.Version": (409, "The policy CAN NOT has any version except the default version."),
    "DeleteConflict.Policy.Version.Default": (
        409,
        "The default policy version CAN NOT been deleted directly.",
    ),
    "LimitExceeded.User": (409, "The count of users beyond the current limits."),
    "LimitExceeded.User.AccessKey": (
        409,
        "The access key count of the user access keys beyond the current limits.",
    ),
    "LimitExceeded.User.Group": (
        409,
        "The count of groups the target user joined beyond the current limits.",
    ),
    "LimitExceeded.User.Policy": (
        409,
        "The policy count of the user attached policies beyond the current limits.",
    ),
    "LimitExceeded.Group": (409, "The count of groups beyond the current limits."),
    "LimitExceeded.Group.Policy": (409, "The policy count of the group beyond the current limits."),
    "LimitExceeded.Role": (409, "The count of roles beyond the current limits."),
    "LimitExceeded.Role.Policy": (
        409,
        "The count of policies attached to the role beyond the current limits.",
    ),
    "LimitExceeded.Policy": (409, "The count of policy beyond the current limits."),
    "LimitExceeded.Policy.Version": (409, "The count of policy version beyond the current limits."),
    "InvalidParameter.PolicyType": (400, 'The parameter - "PolicyType" is incorrect.'),
    "InvalidParameter.VersionId.Format": (400, 'The format of the parameter - "VersionId" is incorrect.'),
    "InvalidParameter.CustomSuffix.NotAllowed": (
        400,
        "Custom suffix is not allowed for this Service Linked Role.",
    ),
    # The code that RAM gives here is published nowhere: docs/local-cloud.md says so.
    "NotSupport.ServiceLinkedRole": (
        403,
        "The service-linked role can be changed only by its cloud service.",
    ),
    "EntityNotExist": (404, "The specific DecodedDiagnosticMessage cannot be found."),
    "EncodedMessageExpire": (400, "The EncodedDiagnosticMessage is expired."),
}


def refusal(code: str) -> CloudError:
    """The error of one of RAM's codes; KeyError for a code that is not in the table."""
    status, text = _TEXTS[code]
    return CloudError(code, text, status)


def invalid(parameter: str, why: str = "") -> CloudError:
    """`InvalidParameter.<parameter>`, which RAM's pages give for a value outside its range."""
    return CloudError(
        f"InvalidParameter.{parameter}", f'The parameter - "{parameter}" {why or "is incorrect."}', 400
    )
