"""The child process of `sandbox`: it decodes what it is sent, until the parent hangs up.

Only numbers and bytes go over the two pipes, never objects: somebody who takes over a decoder gets no further.

Tests: tests/vision/pictures/test_decode_hostile.py
"""

from __future__ import annotations

import struct
import sys
from typing import IO

import cv2
from PIL import Image

from annotator.core.errors import ImageError
from annotator.system.child import confine_self
from annotator.vision.pictures import decoder, kinds
from annotator.vision.pictures.look import MIMES, look_here
from annotator.vision.pictures.photo import Buffers

MEMORY_BYTES = 1 << 30
CPU_SECONDS = 300
"""Of one child's life; the parent gives it far less for each picture."""

# What is asked, lengths of name and content, width and height that are enough (0 for all there is); name and content.
REQUEST = struct.Struct("<BIIII")
DECODE, LOOK = 0, 1

# What is answered, and four numbers:
# PIXELS: height and width of the pixels, height and width of the whole picture; then the pixels.
# LOOKED: the kind's place in kinds.FORMATS, the type's in MIMES, the change, 0.
# REFUSED: length of the line, 0, 0, 0; then the line.
ANSWER = struct.Struct("<BIIII")
PIXELS, LOOKED, REFUSED = 0, 1, 2


def exactly(stream: IO[bytes], count: int) -> bytes:
    """So many bytes. Raises EOFError where the other end is gone before."""
    content = stream.read(count)
    if len(content) != count:
        raise EOFError("the other end is gone")
    return content


def serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Answer each request until there is none."""
    buffers = Buffers()
    while header := requests.read(REQUEST.size):
        asked, name_length, length, *enough = REQUEST.unpack(header)
        file_name = exactly(requests, name_length).decode("utf-8")
        content = exactly(requests, length)
        try:
            if asked == LOOK:
                look = look_here(content)
                kind = kinds.FORMATS.index(look.kind)
                answers.write(ANSWER.pack(LOOKED, kind, MIMES.index(look.mime), look.change, 0))
            else:
                least = (enough[0], enough[1]) if any(enough) else None
                photo = decoder.decode_here(content, file_name=file_name, enough=least, buffers=buffers)
                answers.write(ANSWER.pack(PIXELS, *photo.pixels.shape[:2], photo.height, photo.width))
                answers.write(photo.pixels.data.cast("B"))
        except ImageError as error:
            line = str(error).encode("utf-8", "replace")
            answers.write(ANSWER.pack(REFUSED, len(line), 0, 0, 0) + line)
        answers.flush()


def _prepare() -> None:
    """Load what decoding needs, and let nothing in it start threads: no file is opened and no thread started later."""
    cv2.setNumThreads(1)
    Image.init()
    from PIL import AvifImagePlugin

    AvifImagePlugin.DEFAULT_MAX_THREADS = 1


if __name__ == "__main__":
    _prepare()
    confine_self(MEMORY_BYTES, cpu_seconds=CPU_SECONDS)
    serve(sys.stdin.buffer, sys.stdout.buffer)
