"""Checks the policy documents that come in.

Grammar: https://www.alibabacloud.com/help/document_detail/93739.html ; sizes:
https://www.alibabacloud.com/help/en/ram/product-overview/limits .
"""

from __future__ import annotations

from typing import Literal

from localcloud.errors import CloudError
from localcloud.openapi import Invocation
from localcloud.ram.wire import take_text
from rolemend.policy import PolicyError

MOST_CHARACTERS = 6144
"""Of a custom policy. No page states a limit for trust policies: the same is taken."""


def take_document(invocation: Invocation, parameter: str, kind: Literal["identity", "trust"]) -> str:
    """The document as it was sent.

    Raises `InvalidParameter.<parameter>.Length`, or MalformedPolicyDocument with what is wrong and where.
    """
    text = take_text(invocation, parameter, MOST_CHARACTERS)
    if not text:
        raise CloudError(f"Missing{parameter}", f"{parameter} is mandatory for this action.", 400)
    try:
        invocation.cloud.shelf.take(text, kind)
    except PolicyError as error:
        raise CloudError("MalformedPolicyDocument", str(error), 400) from error
    return text
