"""How RAM takes and writes values: names and texts in, times and ids out.

Rules of the names: doc strings of alibabacloud_ram20150501 1.3.0 and
https://www.alibabacloud.com/help/en/ram/product-overview/limits .
"""

from __future__ import annotations

import re
import secrets
import time
from typing import NamedTuple

from localcloud.errors import CloudError
from localcloud.openapi import Invocation


class NameRule(NamedTuple):
    """What a name may be made of, and its greatest length in characters."""

    pattern: re.Pattern[str]
    length: int


USER_NAME = NameRule(re.compile(r"[A-Za-z0-9._-]+"), 64)
GROUP_NAME = NameRule(re.compile(r"[A-Za-z0-9._-]+"), 64)
ROLE_NAME = NameRule(re.compile(r"[A-Za-z0-9.-]+"), 64)
POLICY_NAME = NameRule(re.compile(r"[A-Za-z0-9-]+"), 128)


def take_name(invocation: Invocation, parameter: str, rule: NameRule) -> str:
    """A name that has to be given; `InvalidParameter.<parameter>.InvalidChars` or `.Length` otherwise."""
    name = take_text(invocation, parameter)
    if not name:
        raise CloudError(f"Missing{parameter}", f"{parameter} is mandatory for this action.", 400)
    if not rule.pattern.fullmatch(name):
        raise CloudError(
            f"InvalidParameter.{parameter}.InvalidChars",
            f'The parameter - "{parameter}" contains invalid chars.',
            400,
        )
    return _within(parameter, name, rule.length)


def take_text(invocation: Invocation, parameter: str, length: int = 0) -> str:
    """A parameter as it was sent, "" if it was not; beyond `length`, `InvalidParameter.<parameter>.Length`.

    `Invocation.text` would hand out a JSON text decoded.
    """
    text = str(invocation.flat.get(parameter, ""))
    return _within(parameter, text, length) if length else text


def _within(parameter: str, text: str, length: int) -> str:
    if len(text) > length:
        raise CloudError(
            f"InvalidParameter.{parameter}.Length",
            f'The parameter - "{parameter}" beyond the length limit.',
            400,
        )
    return text


def iso_time(seconds: float) -> str:
    """`2026-01-13T08:46:56Z`"""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def new_id(first: str) -> str:
    """The id of a user or a role: 18 digits, `first` at the front."""
    return first + "".join(secrets.choice("0123456789") for _ in range(18 - len(first)))
