"""How far long work has come.

Tests: tests/prelabel/test_batch.py
"""

from collections.abc import Callable

Progress = Callable[[int, int], None]
"""Called with (done, total)."""
