"""COCO files of visitors, read in a child process with limits.

Parsing one blocks the interpreter, for seconds in which nobody else's gesture is saved, and a hostile file takes memory
without end.

Tests: tests/web/routes/test_annotations.py
"""

from __future__ import annotations

import codecs
import io
import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from threading import Thread, Timer
from typing import Any

from annotator.core.dataset import Category, Dataset, Image
from annotator.core.errors import CocoError
from annotator.core.problems import MOST_OF_A_KIND
from annotator.exchange import coco
from annotator.exchange.coming import CocoFile, Reading
from annotator.system.child import child_environment, confine_self
from annotator.web.sharing.coco_lines import Answer, AnswerError, from_lines, to_lines

TIMEOUT_SECONDS = 60.0
MEMORY_BYTES = 3 << 30
MOST_ANSWERED = 1 << 30
"""Bytes of an answer; of 128 MB of COCO it has some 200 MB."""

_ENCODINGS = ("utf-8-sig", "utf-16", "utf-16-be", "utf-16-le", "utf-32", "utf-32-be", "utf-32-le")
"""What JSON may be in: each is a module, and the child reads none any more."""


def read(content: bytes, *, name: str, known: Dataset) -> Reading:
    """As `coming.read_alone`; a list of results is read for the known images and categories at once.

    Raises CocoError also where the file took too long or too much memory.
    """
    asked = {
        "name": name,
        "images": [[image.id, image.file_name, image.width, image.height] for image in known.images],
        "categories": [category.id for category in known.categories],
    }
    try:
        found = from_lines(io.BytesIO(_run(b"%s\n%s" % (json.dumps(asked).encode(), content), name=name)))
    except AnswerError as error:
        raise CocoError(f"{name}: needs more memory than there is, so it is not taken") from error
    if isinstance(found, list):
        raise CocoError(found)
    return Reading((CocoFile(name, found, Path(name)),))


def _run(asked: bytes, *, name: str) -> bytes:
    """What the child answers. Raises CocoError where it takes too long, or answers without end."""
    command = [sys.executable, "-m", "annotator.web.sharing.coco_child"]
    pipe = subprocess.PIPE
    with subprocess.Popen(  # noqa: S603, our own module
        command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=child_environment()
    ) as process:
        assert process.stdin is not None  # noqa: S101, so was it started
        assert process.stdout is not None  # noqa: S101
        overtime = Timer(TIMEOUT_SECONDS, process.kill)
        feeder = Thread(target=_feed, args=(process.stdin, asked), daemon=True)
        overtime.start()
        feeder.start()
        try:
            answer = process.stdout.read(MOST_ANSWERED + 1)
        finally:
            process.kill()
            feeder.join()
            in_time = overtime.is_alive()
            overtime.cancel()
    if not in_time:
        raise CocoError(f"{name}: took longer than {TIMEOUT_SECONDS:g} s, so it is not taken")
    if len(answer) > MOST_ANSWERED:
        raise CocoError(f"{name}: needs more memory than there is, so it is not taken")
    return answer


def _feed(stream: Any, asked: bytes) -> None:
    with suppress(OSError), stream:  # a child that ended reads no more
        stream.write(asked)


def _answer(asked: dict[str, Any], content: bytes) -> Answer:
    name = asked["name"]
    try:
        document = coco.loads(content, name=name)
        if not isinstance(document, list):
            return coco.coco_to_dataset(document, most=MOST_OF_A_KIND)
        images = tuple(Image(id, file_name, width, height, "") for id, file_name, width, height in asked["images"])
        known = Dataset(tuple(Category(id, "") for id in asked["categories"]), images, ())
        source = coco.source_of(Path(name))
        return coco.results_to_suggestions(document, known, source=source, most=MOST_OF_A_KIND)
    except CocoError as error:
        return error.problems


def main() -> None:
    if hasattr(os, "nice"):
        os.nice(5)
    for encoding in _ENCODINGS:
        codecs.lookup(encoding)
    confine_self(MEMORY_BYTES, cpu_seconds=int(TIMEOUT_SECONDS) + 10)
    asked = json.loads(sys.stdin.buffer.readline())
    for line in to_lines(_answer(asked, sys.stdin.buffer.read())):
        sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
