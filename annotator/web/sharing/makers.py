"""From which address each project was made, in memory, so that one address does not take what there is for all.

Tests: tests/web/test_visitor_projects.py
"""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Container

from annotator.web.sharing.limits import LimitError, Limits

KNOWN_ADDRESSES = 10_000

HOUR_S = 3600.0


class Makers:
    """Not safe to use from several threads at once; `Projects` sees to that. An address of "" is nobody's."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._made: OrderedDict[str, deque[tuple[float, str]]] = OrderedDict()
        self._address_of: dict[str, str] = {}

    def require_modest(self, address: str, there: Container[str]) -> None:
        """Raise LimitError where an address makes project after project, and so would lock out everybody else.

        there: the keys of the projects that are still there.
        """
        made = self._made.get(address, ())
        lately = sum(time.monotonic() - at < HOUR_S for at, _ in made)
        if lately >= self._limits.new_projects:
            raise LimitError(f"{lately} projects were made from here within an hour, which is the limit: wait a while")
        kept = sum(key in there for _, key in made)
        if kept >= self._limits.address_projects:
            raise LimitError(f"{kept} projects were made from here and are still kept, which is the limit")

    def note(self, key: str, address: str, there: Container[str]) -> None:
        """A project was made. there: as above."""
        if not address:
            return
        made = self._made.setdefault(address, deque())
        self._made.move_to_end(address)
        now = time.monotonic()
        kept = [(at, other) for at, other in made if now - at < HOUR_S or other in there]
        for _, other in set(made) - set(kept):
            self._address_of.pop(other, None)
        self._made[address] = deque([*kept, (now, key)])
        self._address_of[key] = address
        while len(self._made) > KNOWN_ADDRESSES:
            _, forgotten = self._made.popitem(last=False)
            for _, other in forgotten:
                self._address_of.pop(other, None)

    def forget(self, key: str) -> None:
        """A project that was noted beforehand has not come to be."""
        address = self._address_of.pop(key, "")
        if address in self._made:
            self._made[address] = deque(item for item in self._made[address] if item[1] != key)

    def made_from(self, address: str) -> list[str]:
        """The keys of what was made from an address, also of what is gone."""
        return [key for _, key in self._made.get(address, ())]

    def made_beside(self, key: str) -> list[str]:
        """The keys of what else was made from where this project was."""
        return [other for other in self.made_from(self._address_of.get(key, "")) if other != key]
