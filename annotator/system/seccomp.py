"""System calls that a process gives up for good, through libseccomp, which nearly every Linux has.

Source: seccomp_rule_add(3), seccomp_attr_set(3), seccomp_load(3).

Tests: tests/system/test_child.py, tests/vision/pictures/test_decode_hostile.py
"""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Iterable
from functools import cache

_LIBRARY = "libseccomp.so.2"

_ALLOW = 0x7FFF0000
_REFUSE = 0x00050000 | errno.EPERM
_ALL_THREADS = 4  # the attribute SCMP_FLTATR_CTL_TSYNC
_EQUAL = 4

_OPEN_ALREADY = ("read", "readv", "write", "writev", "lseek", "close", "fstat")
_MEMORY = ("brk", "mmap", "munmap", "mremap", "mprotect", "madvise")
# Those that run already.
_THREADS = ("futex", "sched_yield", "sched_getaffinity", "set_robust_list", "rseq", "membarrier", "getcpu")
_OWN_SIGNALS = ("rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "restart_syscall")
_TIME = ("clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "time", "times", "getrusage")
_REST = ("getrandom", "getpid", "gettid", "uname", "sysinfo", "exit", "exit_group")

COMPUTING = (*_OPEN_ALREADY, *_MEMORY, *_THREADS, *_OWN_SIGNALS, *_TIME, *_REST)
"""What a program needs that reads its input, computes and writes its output: no files, processes or sockets."""

_OPENING = (
    "open",
    "openat",
    "creat",
    "dup",
    "dup2",
    "dup3",
    "fcntl",
    "flock",
    "ioctl",
    "pread64",
    "pwrite64",
    "preadv",
    "pwritev",
)
_CHANGING = (
    "unlink",
    "unlinkat",
    "rename",
    "renameat",
    "renameat2",
    "mkdir",
    "mkdirat",
    "rmdir",
    "ftruncate",
    "fallocate",
)
_SYNCING = ("fsync", "fdatasync", "sync_file_range", "copy_file_range", "sendfile", "fchmod", "chmod", "fchown")
_LOOKING = (
    "stat",
    "lstat",
    "newfstatat",
    "statx",
    "statfs",
    "fstatfs",
    "access",
    "faccessat",
    "faccessat2",
    "readlink",
)
_LOOKING_ON = ("readlinkat", "getdents64", "getcwd", "getuid", "geteuid", "getgid", "getegid", "poll", "ppoll")

WITH_FILES = (*COMPUTING, *_OPENING, *_CHANGING, *_SYNCING, *_LOOKING, *_LOOKING_ON)
"""What a program needs that works on a database as well: still no processes, sockets or signals to others."""


class _Condition(ctypes.Structure):
    """libseccomp's scmp_arg_cmp."""

    _fields_ = (
        ("argument", ctypes.c_uint),
        ("operator", ctypes.c_int),
        ("value", ctypes.c_uint64),
        ("unused", ctypes.c_uint64),
    )


def is_available() -> bool:
    """Whether `allow_only` works here."""
    return _library() is not None


def allow_only(calls: Iterable[str] = COMPUTING) -> bool:
    """Let every system call of this process but these fail with EPERM; False where the system has no such filter.

    Signals reach this process alone. Nothing takes that back, and no program that is started could escape it.
    """
    library = _library()
    if library is None:
        return False
    rules = ctypes.c_void_p(library.seccomp_init(_REFUSE))
    if not rules:
        return False
    try:
        for name in calls:
            # A name that this machine's kernel does not know is passed over.
            library.seccomp_rule_add_array(rules, _ALLOW, library.seccomp_syscall_resolve_name(name.encode()), 0, None)
        mine = _Condition(0, _EQUAL, os.getpid(), 0)
        aborting = library.seccomp_syscall_resolve_name(b"tgkill")
        library.seccomp_rule_add_array(rules, _ALLOW, aborting, 1, ctypes.byref(mine))
        library.seccomp_attr_set(rules, _ALL_THREADS, 1)
        return bool(library.seccomp_load(rules) == 0)
    finally:
        library.seccomp_release(rules)


@cache
def _library() -> ctypes.CDLL | None:
    try:
        library = ctypes.CDLL(_LIBRARY)
    except OSError:
        return None
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_init.argtypes = [ctypes.c_uint32]
    library.seccomp_syscall_resolve_name.argtypes = [ctypes.c_char_p]
    library.seccomp_rule_add_array.argtypes = [
        ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint, ctypes.c_void_p
    ]  # fmt: skip
    library.seccomp_attr_set.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_uint32]
    library.seccomp_load.argtypes = [ctypes.c_void_p]
    library.seccomp_release.argtypes = [ctypes.c_void_p]
    library.seccomp_release.restype = None
    return library
