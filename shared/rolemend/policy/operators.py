"""The condition operators: what one value of the request meets.

Operators: https://www.alibabacloud.com/help/en/ram/conditional-operator . A matcher takes one value
of the request and answers True, False, or None where no page says what happens (a request value
that is no number, a policy value with `${...}`).
"""

from collections.abc import Callable, Sequence
from functools import cache
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
LONGEST_NUMBER = 100
"""Python takes no more than 4,300 digits, and nothing that is counted has a hundred."""
_MASKS = {str(length): length for length in range(129)}
QUANTIFIERS = ("ForAllValues", "ForAnyValue")
# Named once (https://www.alibabacloud.com/help/en/oss/user-guide/authorization-syntax-and-elements)
# or seen only in a third party's types; what they mean is said nowhere.
UNDOCUMENTED = frozenset(("IpAddressIncludeBorder",))


def parse_number(text: str) -> Any:
    """`text` as an exact number, or None if it is none, or has more than `LONGEST_NUMBER` characters."""
    if len(text) > LONGEST_NUMBER:
        return None
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


@cache
def _reader() -> tuple[Callable[[int, str], bytes], int, int]:
    """What reads addresses; the module behind it is not needed by most policies."""
    import socket

    return socket.inet_pton, socket.AF_INET, socket.AF_INET6


def parse_address(text: str) -> tuple[int, int] | None:
    """(bits, value) of an IPv4 or IPv6 address, or None if it is none."""
    read, ipv4, ipv6 = _reader()
    try:
        if ":" in text:
            return 128, int.from_bytes(read(ipv6, text), "big")
        return 32, int.from_bytes(read(ipv4, text), "big")
    except (OSError, ValueError):
        return None


def parse_network(text: str) -> tuple[int, int, int] | None:
    """(bits, shift, value >> shift) of an address or CIDR block, or None if it is none.

    Bits of the address beyond the mask are ignored, as in any CIDR comparison.
    """
    host, slash, mask = text.partition("/")
    address = parse_address(host)
    if address is None:
        return None
    bits, value = address
    if not slash:
        return bits, 0, value
    shift = bits - _MASKS.get(mask, 999)
    return (bits, shift, value >> shift) if shift >= 0 else None


def value_error(operator: str, value: str) -> str | None:
    """What is expected where `value` cannot be a policy value of the positive `operator`."""
    if None not in parse_values(operator, (value,)):
        return None
    if operator.startswith("Numeric"):
        return 'a number as a string, such as "10"'
    if operator.startswith("Date"):
        return 'a date and time in ISO 8601 with its zone, such as "2026-01-31T08:00:00+08:00"'
    if operator == "Bool":
        return '"true" or "false"'
    return 'an address or CIDR block, such as "192.0.2.0/24"'


def parse_values(operator: str, values: Sequence[str]) -> tuple[Any, ...]:
    """What the policy values of the operator stand for, None for one that cannot be meant.

    Values with `${...}` are left out; operators on texts have nothing to parse.
    """
    parse = PARSERS.get(operator)
    return () if parse is None else tuple([parse(value) for value in values if "${" not in value])


def parse_bool(text: str) -> str | None:
    """`true` or `false`, in whichever case `text` has it, or None if it is neither."""
    lowered = text.lower()
    return lowered if lowered in ("true", "false") else None


_BY_FAMILY: dict[str, Callable[[str], Any]] = {
    "Numeric": parse_number,
    "Date": parse_date,
    "Bool": parse_bool,
    "IpAddress": parse_network,
    "NotIpAddress": parse_network,
}
PARSERS: dict[str, Callable[[str], Any]] = {
    operator: parse
    for family, parse in _BY_FAMILY.items()
    for operator in OPERATORS
    if operator.startswith(family) and not operator.endswith("IncludeBorder")
}
"""What reads the values of an operator, for those that know more than texts."""


def compile_values(operator: str, values: Sequence[str], limits: Sequence[Any]) -> ValueTest:
    """A test whether one request value meets any of `values` under the positive, documented `operator`.

    `limits` is what `parse_values` makes of them.
    """
    for value in values:
        if "${" in value:
            return _with_variables(operator, values, limits)
    return _compile_plain(operator, values, limits)


def _with_variables(operator: str, values: Sequence[str], limits: Sequence[Any]) -> ValueTest:
    """A test that answers None where it hangs on what a `${...}` stands for."""
    test = _compile_plain(operator, [value for value in values if not has_variable(value)], limits)
    possible = [_possible(operator, value) for value in values if has_variable(value)]

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


def _compile_plain(operator: str, values: Sequence[str], limits: Sequence[Any]) -> ValueTest:
    if operator == "StringEquals":
        return frozenset(values).__contains__
    if operator == "StringEqualsIgnoreCase":
        lowered = frozenset(value.lower() for value in values)
        return lambda value: value.lower() in lowered
    if operator == "StringLike":
        return _any_glob(values)
    if operator == "Bool":
        return lambda value: None if (given := parse_bool(value)) is None else given in limits
    if operator == "IpAddress":
        return _in_networks(limits)
    parse = parse_number if operator.startswith("Numeric") else parse_date
    return _ordered(operator.removeprefix("Numeric").removeprefix("Date"), limits, parse)


def _any_glob(values: Sequence[str]) -> ValueTest:
    if len(values) == 1:
        return compile_glob(values[0])
    exact = frozenset(value for value in values if not has_wildcard(value))
    globs = tuple(compile_glob(value) for value in values if has_wildcard(value))

    def like(value: str) -> bool:
        return value in exact or any(matches(value) for matches in globs)

    return like


def _in_networks(networks: Sequence[tuple[int, int, int]]) -> ValueTest:
    def inside(value: str) -> bool | None:
        address = parse_address(value)
        if address is None:
            return None
        bits, number = address
        for size, shift, head in networks:
            if size == bits and number >> shift == head:
                return True
        if bits == 128 and number >> 32 == 0xFFFF:  # an IPv4 address written as one of IPv6
            number &= 0xFFFFFFFF
            met = any(size == 32 and number >> shift == head for size, shift, head in networks)
            return None if met else False
        return False

    return inside


def _ordered(order: str, limits: Sequence[Any], parse: Callable[[str], Any]) -> ValueTest:
    """Numbers and dates: `order` is Equals, LessThan, LessThanEquals, GreaterThan or GreaterThanEquals."""

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
