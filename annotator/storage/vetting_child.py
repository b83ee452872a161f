"""A database from outside, checked in a child process, so that one made to take long harms nobody else.

Checking it in the server would keep everybody's gestures waiting as long as it lasts.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from dataclasses import asdict
from pathlib import Path

from annotator.core.dataset import Image
from annotator.core.errors import ArchiveError, StoreError
from annotator.storage import vetting
from annotator.storage.dialects.sqlite import DATABASE_NAME
from annotator.system.child import child_environment, confine_to_files

TIMEOUT_SECONDS = 120.0
"""A database of 400 MB took 34 on two cores that eight others used."""

MEMORY_BYTES = 1 << 30
_FURTHER_BYTES = 64 << 20
"""By which the database may grow: a migration, its backup and SQLite's journal."""


def vet(folder: Path) -> tuple[Image, ...]:
    """As `vetting.vet`. Raises ArchiveError also for what takes too long, or more memory than it may."""
    most = (folder / DATABASE_NAME).stat().st_size + _FURTHER_BYTES
    lifeline, mine = os.pipe()
    try:
        done = subprocess.run(  # noqa: S603, this program itself
            [sys.executable, "-m", "annotator.storage.vetting_child", str(folder), str(most)],
            stdin=lifeline,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=TIMEOUT_SECONDS,
            env=child_environment(),
            check=True,
        )
        found = json.loads(done.stdout)
    except subprocess.TimeoutExpired as error:
        raise ArchiveError(f"archive: its database took longer than {TIMEOUT_SECONDS:g} s to check") from error
    except (subprocess.CalledProcessError, ValueError) as error:
        raise ArchiveError("archive: its database needs more memory to be checked than there is") from error
    finally:
        os.close(mine)
        os.close(lifeline)
    if "refused" in found:
        raise ArchiveError(found["refused"])
    if "failed" in found:
        raise StoreError(found["failed"])
    return tuple(Image(**image | {"flags": tuple(image["flags"])}) for image in found["images"])


def _answer(folder: Path) -> dict[str, object]:
    try:
        return {"images": [asdict(image) for image in vetting.vet(folder)]}
    except ArchiveError as error:
        return {"refused": str(error)}
    except StoreError as error:
        return {"failed": str(error)}


def _end_with_the_server() -> None:
    """The server writes nothing to this pipe, and closes it when it ends in whatever way."""
    sys.stdin.buffer.read()
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with_the_server, daemon=True).start()
    if hasattr(os, "nice"):
        os.nice(5)
    confine_to_files(MEMORY_BYTES, file_bytes=int(sys.argv[2]), cpu_seconds=int(TIMEOUT_SECONDS) + 10)
    sys.stdout.write(json.dumps(_answer(Path(sys.argv[1]))))
    sys.stdout.flush()
    os._exit(0)  # whatever the other thread waits for
