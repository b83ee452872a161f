"""How far long work has come."""

from collections.abc import Callable

Progress = Callable[[int, int], None]
"""Called with (done, total)."""
