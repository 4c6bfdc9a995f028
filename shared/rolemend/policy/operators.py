"""The condition operators: what one value of the request meets.

Operators: https://www.alibabacloud.com/help/en/ram/conditional-operator . A matcher takes one value
of the request and answers True, False, or None where no page says what happens (a request value
that is no number, a policy value with `${...}`).
"""

from collections.abc import Callable, Sequence
from typing import Any

from rolemend.policy.pattern import compile_glob, has_variable, has_wildcard, variable_as_wildcard

ValueTest = Callable[[str], bool | None]

NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
    "NotIpAddressIncludeBorder": "IpAddressIncludeBorder",
}
_ORDERED = ("Equals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
POSITIVE = (
    "StringEquals",
    "StringEqualsIgnoreCase",
    "StringLike",
    *("Numeric" + order for order in _ORDERED),
    *("Date" + order for order in _ORDERED),
    "Bool",
    "IpAddress",
    "IpAddressIncludeBorder",
)
OPERATORS = frozenset((*POSITIVE, *NEGATED))
QUANTIFIERS = ("ForAllValues", "ForAnyValue")
# Named once (https://www.alibabacloud.com/help/en/oss/user-guide/authorization-syntax-and-elements)
# or seen only in a third party's types; what they mean is said nowhere.
UNDOCUMENTED = frozenset(("IpAddressIncludeBorder",))


def parse_number(text: str) -> Any:
    """`text` as an exact number, or None if it is none."""
    digits = text[1:] if text[:1] in ("+", "-") else text
    whole, dot, fraction = digits.partition(".")
    if not (whole + fraction).isascii() or not whole.isdigit() or (dot and not fraction.isdigit()):
        return None
    if not dot:
        return int(text)
    from decimal import Decimal

    return Decimal(text)


def parse_date(text: str) -> Any:
    """`text` (ISO 8601) as a datetime, naive where it names no zone, or None if it is none."""
    from datetime import datetime

    if len(text) < 16 or text[10] not in "Tt " or text[4] != "-":
        return None
    try:
        return datetime.fromisoformat(text[:-1] + "+00:00" if text[-1] in "Zz" else text)
    except ValueError:
        return None


def parse_address(text: str) -> tuple[int, int] | None:
    """(bits, value) of an IPv4 or IPv6 address, or None if it is none."""
    import socket

    try:
        return 32, int.from_bytes(socket.inet_pton(socket.AF_INET, text), "big")
    except (OSError, ValueError):
        pass
    try:
        return 128, int.from_bytes(socket.inet_pton(socket.AF_INET6, text), "big")
    except (OSError, ValueError):
        return None


def parse_network(text: str) -> tuple[int, int, int] | None:
    """(bits, shift, value >> shift) of an address or CIDR block, or None if it is none.

    Bits of the address beyond the mask are ignored, as in any CIDR comparison.
    """
    host, slash, mask = text.partition("/")
    address = parse_address(host)
    if address is None or (slash and not (mask.isascii() and mask.isdigit())):
        return None
    bits, value = address
    length = int(mask) if slash else bits
    if length > bits:
        return None
    return bits, bits - length, value >> (bits - length)


def value_error(operator: str, value: str) -> str | None:
    """What is expected where `value` cannot be a policy value of the positive `operator`."""
    if has_variable(value):
        return None
    if operator.startswith("Numeric"):
        return None if parse_number(value) is not None else 'a number as a string, such as "10"'
    if operator.startswith("Date"):
        expected = 'a date and time in ISO 8601 with its zone, such as "2026-01-31T08:00:00+08:00"'
        return None if parse_date(value) is not None else expected
    if operator == "Bool":
        return None if value.lower() in ("true", "false") else '"true" or "false"'
    if operator == "IpAddress":
        expected = 'an address or CIDR block, such as "192.0.2.0/24"'
        return None if parse_network(value) is not None else expected
    return None


def compile_values(operator: str, values: Sequence[str]) -> ValueTest:
    """A test whether one request value meets any of `values` under the positive `operator`."""
    if operator in UNDOCUMENTED:
        return lambda value: None
    plain = [value for value in values if not has_variable(value)]
    test = _compile_plain(operator, plain)
    variables = [value for value in values if has_variable(value)]
    if not variables:
        return test
    possible = [_possible(operator, value) for value in variables]

    def with_variables(value: str) -> bool | None:
        met = test(value)
        if met is not False:
            return met
        return None if any(may(value) for may in possible) else False

    return with_variables


def _possible(operator: str, value: str) -> Callable[[str], bool]:
    """Whether a request value could meet a policy value that holds `${...}`, whatever it stands for."""
    if operator == "StringLike":
        return compile_glob(variable_as_wildcard(value))
    if operator == "StringEquals":
        start = value[: value.find("${")]
        return lambda text: text.startswith(start)
    return lambda text: True


def _compile_plain(operator: str, values: list[str]) -> ValueTest:
    if operator == "StringEquals":
        return frozenset(values).__contains__
    if operator == "StringEqualsIgnoreCase":
        lowered = frozenset(value.lower() for value in values)
        return lambda value: value.lower() in lowered
    if operator == "StringLike":
        return _any_glob(values)
    if operator == "Bool":
        wanted = frozenset(value.lower() for value in values)
        return lambda value: value.lower() in wanted if value.lower() in ("true", "false") else None
    if operator == "IpAddress":
        return _in_networks(values)
    parse = parse_number if operator.startswith("Numeric") else parse_date
    return _ordered(operator.removeprefix("Numeric").removeprefix("Date"), values, parse)


def _any_glob(values: list[str]) -> ValueTest:
    exact = frozenset(value for value in values if not has_wildcard(value))
    globs = tuple(compile_glob(value) for value in values if has_wildcard(value))
    if not exact and len(globs) == 1:
        return globs[0]

    def like(value: str) -> bool:
        return value in exact or any(matches(value) for matches in globs)

    return like


def _in_networks(values: list[str]) -> ValueTest:
    networks = tuple(network for value in values if (network := parse_network(value)) is not None)

    def inside(value: str) -> bool | None:
        address = parse_address(value)
        if address is None:
            return None
        bits, number = address
        return any(bits == size and number >> shift == head for size, shift, head in networks)

    return inside


def _ordered(order: str, values: list[str], parse: Callable[[str], Any]) -> ValueTest:
    """Numbers and dates: `order` is Equals, LessThan, LessThanEquals, GreaterThan or GreaterThanEquals."""
    limits = [parse(value) for value in values]

    def compare(value: str) -> bool | None:
        given = parse(value)
        if given is None:
            return None
        answers = [_in_order(order, given, limit) for limit in limits]
        if True in answers:
            return True
        return None if None in answers else False

    return compare


def _in_order(order: str, given: Any, limit: Any) -> bool | None:
    if getattr(given, "tzinfo", True) is None or getattr(limit, "tzinfo", True) is None:
        return None  # a date without its zone names no instant
    if order == "Equals":
        return bool(given == limit)
    if order.startswith("LessThan"):
        return bool(given <= limit if order.endswith("Equals") else given < limit)
    return bool(given >= limit if order.endswith("Equals") else given > limit)
