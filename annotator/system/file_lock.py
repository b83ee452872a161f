"""Exclusive locks on open files, between processes, where the system has them.

Tests: tests/storage/test_write_lock.py, tests/vision/networks/test_fetch.py
"""

from __future__ import annotations

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

HAS_LOCKS = fcntl is not None


def try_to_lock(handle: int) -> bool:
    """Lock an open file or folder; False where another one holds it. Raises OSError where the disk has no locks."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def lock(handle: int) -> None:
    """Lock an open file, however long that takes. Raises OSError where the disk has no locks."""
    fcntl.flock(handle, fcntl.LOCK_EX)
