"""Properties of frozen types that are worked out when first asked for."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Lazily(Generic[T]):
    """`functools.cached_property` without the lock that it takes before Python 3.12.

    Two threads may both do the work; the results are equal, and the last one stays.
    """

    def __init__(self, work: Callable[[Any], T]) -> None:
        self.work = work
        self.__doc__ = work.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: type) -> T:
        value = self.work(instance)
        instance.__dict__[self.name] = value
        return value
