"""Child processes for input that may be hostile: their environment and their limits."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from annotator.system import seccomp

try:
    import resource
except ImportError:  # Windows: the parent limits a child's time there, nothing else is limited
    resource = None  # type: ignore[assignment]

_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT")


def child_environment(*further: str) -> dict[str, str]:
    """The environment of a child: what it needs to start, the `further` variables, and no secrets.

    It finds this package, and libraries wherever this process finds them: a notebook may have added folders.
    """
    found = {key: os.environ[key] for key in (*_PASSED_ON, *further) if key in os.environ}
    folders = (str(Path(__file__).resolve().parents[2]), *filter(None, sys.path))
    return found | {"PYTHONPATH": os.pathsep.join(folders)}


def limit_self(memory_bytes: int, *, file_bytes: int = 0) -> None:
    """Limit the memory that this process may still map and the size of files that it writes; it dumps no core."""
    if resource is None:
        return
    statm = Path("/proc/self/statm")
    if statm.exists():
        mapped = int(statm.read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (mapped + memory_bytes,) * 2)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def confine_self(memory_bytes: int, *, cpu_seconds: int) -> None:
    """Confine this process for good: it may read what is open, compute, and write to pipes that are open.

    It opens no file and no socket (nor the environment of its parent, which lies in /proc), starts no process and no
    thread, and maps `memory_bytes` more at most. The system ends it after `cpu_seconds` of work, counted from its
    start. Whatever it needs must be imported before.

    Resource limits see to that on each Unix. Where the system has seccomp, this holds for root as well, and what needs
    no open file is refused too, such as removing a file or sending a signal.
    """
    if resource is None:
        return
    limit_self(memory_bytes)
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    filtered = seccomp.is_available()  # its library is a file, which cannot be opened further down
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    if filtered:
        seccomp.allow_only()


def confine_to_files(memory_bytes: int, *, file_bytes: int, cpu_seconds: int) -> None:
    """From here on this process works on files alone: what `limit_self` says, and an end by the system after
    `cpu_seconds` of work, counted from its start.

    Where the system has seccomp, it opens no socket, starts no process, thread or program, and reaches no other process
    by signals or through its memory. Files are those that its user may open: whoever subverts it can still read those.
    """
    if resource is None:
        return
    limit_self(memory_bytes, file_bytes=file_bytes)
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    seccomp.allow_only(seccomp.WITH_FILES)
