"""Work that may go well a moment later: a store of pictures that does not answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TypeVar

Value = TypeVar("Value")


def patiently(
    work: Callable[[], Value], pauses: Iterable[float], *, at_once: tuple[type[Exception], ...] = ()
) -> Value:
    """What the work gives; where it raises anything, it is done again after each of the pauses, in seconds.

    Raises what the last try raises, and at once what is of one of these kinds.
    """
    for pause in pauses:
        try:
            return work()
        except at_once:
            raise
        except Exception:  # stores raise errors of their own libraries
            time.sleep(pause)
    return work()
