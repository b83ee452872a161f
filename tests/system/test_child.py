"""What a child can still do after it limited itself, tried from inside: as code would that subverts a decoder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from annotator.system import seccomp
from annotator.system.child import child_environment

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no resource limits")

needs_filter = pytest.mark.skipif(not seccomp.is_available(), reason="needs libseccomp, which nearly every Linux has")

START = """
import ctypes, os, resource, signal, socket, subprocess, sys, threading
from annotator.system.child import confine_self
parent, victim = os.getppid(), sys.argv[1]
libc = ctypes.CDLL(None, use_errno=True)
def called(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
inherited = os.open(victim, os.O_RDWR)
confine_self(200_000_000, cpu_seconds=20)
"""

OPENING = {
    "socket": "socket.socket()",
    "a pair of sockets": "socket.socketpair()",
    "a pipe": "os.pipe()",
    "reading a file": "open(victim)",
    "writing a file": "open(victim, 'w')",
    "a new file": "open(victim + '.new', 'w')",
    "a folder": "os.listdir('/')",
    "the parent's environment": "open(f'/proc/{parent}/environ', 'rb').read()",
    "its own environment": "open('/proc/self/environ', 'rb').read()",
    "the parent's memory": "open(f'/proc/{parent}/mem', 'rb')",
    "another descriptor": "os.dup(1)",
    "writing to a file that is open": "os.write(inherited, b'changed')",
}

WITH_FILTER = {
    "a process": "os.fork()",
    "a program": "os.execv(sys.executable, [sys.executable, '-c', 'print(1)'])",
    "a program of its own": "subprocess.run([sys.executable, '-c', 'print(1)'])",
    "a program without forking": "os.posix_spawn(sys.executable, [sys.executable, '-c', 'print(1)'], {})",
    "removing a file": "os.unlink(victim)",
    "renaming a file": "os.rename(victim, victim + '.new')",
    "an empty folder": "os.mkdir(victim + '.new')",
    "a link": "os.symlink('/etc/passwd', victim + '.new')",
    "rights of a file": "os.chmod(victim, 0o777)",
    "whether a file is there": "os.stat(victim)",
    "a signal to the parent": "os.kill(parent, 0)",
    "a signal to the parent's thread": "called(libc.tgkill(parent, parent, 0))",
    "tracing the parent": "called(libc.ptrace(16, parent, 0, 0))",
    "the parent's memory through the kernel": "called(libc.process_vm_readv(parent, 0, 0, 0, 0, 0))",
    "more files again": "resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))",
    "limits of the parent": "resource.prlimit(parent, resource.RLIMIT_CPU, (1, 1))",
    "another folder to be in": "os.chdir('/')",
    "a thread": "threading.Thread(target=print).start()",
    "shared memory": "os.memfd_create('x')",
}


WITHOUT_FILTER = "from annotator.system import seccomp\nseccomp.is_available = lambda: False\n"

REACHING_OTHERS = ("a process", "a program", "a program of its own", "a program without forking", "a thread",
                   "a signal to the parent", "a signal to the parent's thread", "tracing the parent",
                   "the parent's memory through the kernel", "limits of the parent")  # fmt: skip


def run(code: str, victim: Path, *, before: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", before + START + code, str(victim)],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env=child_environment() | {"SECRET": "known to nobody"},
    )


def require_refused(action: str, tmp_path: Path, *, before: str = "") -> None:
    victim = tmp_path / "victim"
    victim.write_text("as it was")
    rights = victim.stat().st_mode
    done = run(
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"try:\n    {action}\nexcept (OSError, RuntimeError, ValueError) as error:\n    print('refused', error)\n"
        "else:\n    print('possible')",
        victim,
        before=before,
    )
    assert done.stdout.startswith("refused"), (done.stdout, done.stderr)
    assert done.returncode == 0
    assert (victim.read_text(), victim.stat().st_mode) == ("as it was", rights)
    assert os.listdir(tmp_path) == ["victim"]


@pytest.mark.parametrize("before", ["", WITHOUT_FILTER], ids=["all", "limits alone"])
@pytest.mark.parametrize("action", OPENING.values(), ids=OPENING)
def test_nothing_is_opened_and_nothing_written(action: str, before: str, tmp_path: Path) -> None:
    require_refused(action, tmp_path, before=before)


@needs_filter
@pytest.mark.parametrize("action", WITH_FILTER.values(), ids=WITH_FILTER)
def test_no_process_is_started_or_reached_and_no_file_changed(action: str, tmp_path: Path) -> None:
    require_refused(action, tmp_path)


@needs_filter
@pytest.mark.parametrize(
    "action",
    ["socket.socket()", "socket.socketpair()", *(WITH_FILTER[name] for name in REACHING_OTHERS)],
    ids=["socket", "a pair of sockets", *REACHING_OTHERS],
)
def test_who_works_on_files_starts_and_reaches_nothing_else(action: str, tmp_path: Path) -> None:
    before = (
        "from annotator.system import child\n"
        "child.confine_self = lambda memory, *, cpu_seconds: "
        "child.confine_to_files(memory, file_bytes=1_000_000, cpu_seconds=cpu_seconds)\n"
    )
    require_refused(action, tmp_path, before=before)


def test_what_it_is_for_still_works(tmp_path: Path) -> None:
    """It computes, finds modules missing, takes memory up to its limit, answers, and may end itself."""
    (tmp_path / "victim").touch()
    code = """
sys.path.remove("")  # the folder that it is in, which a program has that is given as text
try:
    import no_such_module
except ImportError:
    pass
held = [bytearray(10_000_000) for _ in range(10)]
try:
    bytearray(400_000_000)
except MemoryError:
    print("no more memory")
print(sum(map(len, held)), os.getpid() > 0)
"""
    done = run(code, tmp_path / "victim")
    assert done.stdout.split("\n") == ["no more memory", "100000000 True", ""], done.stderr
    assert run("os.abort()", tmp_path / "victim").returncode == -6


def test_a_child_that_works_for_ever_is_ended_without_its_parent(tmp_path: Path) -> None:
    (tmp_path / "victim").touch()
    done = run("", tmp_path / "victim")
    assert done.returncode == 0
    endless = START.replace("cpu_seconds=20", "cpu_seconds=1") + "while True: pass"
    command = [sys.executable, "-c", endless, str(tmp_path / "victim")]
    done = subprocess.run(command, check=False, timeout=60, env=child_environment())
    assert done.returncode in (-9, -24)  # SIGKILL, SIGXCPU


def test_a_child_is_given_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "secret")
    monkeypatch.setenv("WANTED", "1")
    assert "HF_TOKEN" not in child_environment()
    assert child_environment("WANTED")["WANTED"] == "1"


def test_a_child_finds_libraries_where_its_parent_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "only_here.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    command = [sys.executable, "-c", "import only_here, annotator"]
    subprocess.run(command, check=True, timeout=60, env=child_environment())
