"""Child processes that work on what may be hostile: what they are given of the environment, and their limits."""

from __future__ import annotations

import os
from pathlib import Path

try:
    import resource
except ImportError:  # Windows: a child's time is limited there, its memory is not
    resource = None  # type: ignore[assignment]

_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT")


def child_environment(*further: str) -> dict[str, str]:
    """What a child needs to start and to find this package, and the `further` variables: none of the secrets."""
    found = {key: os.environ[key] for key in (*_PASSED_ON, *further) if key in os.environ}
    return found | {"PYTHONPATH": str(Path(__file__).resolve().parents[2])}


def limit_self(memory_bytes: int, *, file_bytes: int = 0) -> None:
    """From here on this process maps so much more memory, writes files of such a size, and dumps no core."""
    if resource is None:
        return
    statm = Path("/proc/self/statm")
    if statm.exists():
        mapped = int(statm.read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (mapped + memory_bytes,) * 2)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
