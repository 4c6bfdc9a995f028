"""What ActionTrail refuses and how it says so.

Codes, statuses and texts: the error tables of
https://alibabacloud.com/help/en/actiontrail/developer-reference/api-actiontrail-2020-07-06-createtrail
and its neighbours.
"""

from __future__ import annotations

from localcloud.errors import CloudError

_TEXTS: dict[str, tuple[int, str]] = {
    "InvalidDeliveryConfigurationException": (
        400,
        "You must specify at least one Log Service project or OSS bucket for a Trail.",
    ),
    "InvalidQueryParameter": (400, "The specified query parameter is invalid."),
    "InvalidTrailNameException": (400, "The specified Trail name is invalid."),
    "SlsProjectDoesNotExistException": (400, "The specified Log Service project does not exist."),
    "TrailAlreadyExistsException": (400, "The specified Trail name already exists."),
    "NotAllowCreateOrganizationTrail": (
        400,
        (
            "Your account does not allow you to create organization trail. "
            "Submit a ticket to get customer support."
        ),
    ),
    "InsufficientSlsPolicyException": (403, "Access to the specified Log Service project was denied."),
    "MaximumNumberOfTrailsExceededException": (
        403,
        "The number of Trails in the same region exceeds the upper limit (5).",
    ),
    "TrailNotFoundException": (404, "The specified Trail does not exist."),
    "InvalidParameterCombination": (400, "The end time must be later than the start time."),
    "InvalidParameterStartTime": (400, "The specified StartTime is invalid."),
    "InvalidParameterEndTime": (400, "The specified EndTime is invalid."),
}


def refusal(code: str) -> CloudError:
    """The error of one of ActionTrail's codes; KeyError for a code that is not in the table."""
    status, text = _TEXTS[code]
    return CloudError(code, text, status)
