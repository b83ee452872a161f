"""COCO files of visitors, read in a child process with limits.

Reading one takes this interpreter for as long as its JSON lasts, seconds in which nobody else's gesture is saved, and a
hostile one takes memory without end.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys

from annotator.core.errors import CocoError
from annotator.exchange import coming
from annotator.system.child import child_environment, limit_self

TIMEOUT_SECONDS = 60.0
MEMORY_BYTES = 3 << 30
MOST_TOLD = 1_000
"""Problems of one file that are told; a hostile one has millions."""


def read(content: bytes, *, name: str) -> coming.Reading:
    """As `coming.read_alone`. Raises CocoError also where the file took too long or too much memory."""
    asked = b"%s\n%s" % (name.encode(), content)  # the name has no line break
    try:
        done = subprocess.run(
            [sys.executable, "-m", "annotator.web.sharing.coco_child"],
            input=asked,
            capture_output=True,
            timeout=TIMEOUT_SECONDS,
            env=child_environment(),
            check=True,
        )
        # What a child of ours wrote, no visitor's bytes.
        found = pickle.loads(done.stdout)  # noqa: S301
    except subprocess.TimeoutExpired as error:
        raise CocoError([f"{name}: took longer than {TIMEOUT_SECONDS:g} s, so it is not taken"]) from error
    except (subprocess.CalledProcessError, pickle.UnpicklingError, EOFError) as error:
        raise CocoError([f"{name}: needs more memory than there is, so it is not taken"]) from error
    if isinstance(found, coming.Reading):
        return found
    problems, untold = found
    raise CocoError(problems, untold=untold)


def _answer(content: bytes, name: str) -> coming.Reading | tuple[list[str], int]:
    try:
        return coming.read_alone(content, name=name)
    except CocoError as error:
        short = error.shortened(MOST_TOLD)
        return short.problems, short.untold


if __name__ == "__main__":
    if hasattr(os, "nice"):
        os.nice(5)
    limit_self(MEMORY_BYTES)
    first = sys.stdin.buffer.readline()
    sys.stdout.buffer.write(pickle.dumps(_answer(sys.stdin.buffer.read(), first[:-1].decode())))
