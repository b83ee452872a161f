"""A cache of the values that were used last, bounded in count and size."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")
Owner = TypeVar("Owner")


class Latest(Generic[Key, Value]):
    """Values by their keys, the one used last at the end; not locked.

    most: how many are kept. most_bytes, bytes_of: how much they may take together; the latest stays whatever it takes.
    """

    def __init__(
        self, most: int, *, most_bytes: int | None = None, bytes_of: Callable[[Value], int] = lambda value: 0
    ) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._bytes_of = bytes_of
        self._values: OrderedDict[Key, Value] = OrderedDict()

    def __contains__(self, key: Key) -> bool:
        return key in self._values

    def peek(self, key: Key) -> Value | None:
        """The value of that key, None where it is not kept. Looking counts as a use."""
        if key not in self._values:
            return None
        self._values.move_to_end(key)
        return self._values[key]

    def get(self, key: Key, make: Callable[[], Value]) -> Value:
        """The value of that key, made where it is not kept."""
        if key not in self._values:
            self._values[key] = make()
        self._values.move_to_end(key)
        while len(self._values) > 1 and (len(self._values) > self._most or self._is_too_large()):
            del self._values[self._next_to_go()]
        return self._values[key]

    def put(self, key: Key, value: Value) -> None:
        """Keep this value, in place of another of that key."""
        self._values.pop(key, None)
        self.get(key, lambda: value)

    def _next_to_go(self) -> Key:
        return next(iter(self._values))

    def _is_too_large(self) -> bool:
        return self._most_bytes is not None and sum(map(self._bytes_of, self._values.values())) > self._most_bytes


class SharedLatest(Latest[tuple[Owner, Key], Value]):
    """As Latest, for values of several owners: who keeps the most loses theirs first, and pushes nobody else's out."""

    def _next_to_go(self) -> tuple[Owner, Key]:
        *older, _ = self._values  # the latest stays
        ((owner, _),) = Counter(owner for owner, _ in self._values).most_common(1)
        return next((key for key in older if key[0] == owner), older[0])
