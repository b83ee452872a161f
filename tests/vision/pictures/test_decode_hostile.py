"""Hostile pictures in the child process: each is right or one clear line, in time, and the next one works.

ANNOTATOR_FULL_TESTS makes it 10,000 malformed pictures instead of 100.
"""

from __future__ import annotations

import io
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from annotator.core.errors import ImageError
from annotator.system import seccomp
from annotator.vision.pictures import decode, decoder, decoder_child, look, renditions, sandbox
from annotator.vision.pictures.photo import Pixels
from tests.vision.pictures.material import bomb, corners, encoded, photo_like

COUNT = 10_000 if os.environ.get("ANNOTATOR_FULL_TESTS") else 100


@pytest.fixture(autouse=True)
def own_children() -> Iterator[None]:
    """No child of an earlier test, which may have lived under other limits."""
    sandbox.end_all()
    yield
    sandbox.end_all()


def seeds() -> dict[str, bytes]:
    """One small picture of every kind and trait, well formed."""
    photo = Image.fromarray(photo_like())
    exif = Image.Exif()
    exif[0x0112] = 6
    others: dict[str, Any] = {"save_all": True, "append_images": [photo.rotate(90), photo.rotate(180)]}
    deep = np.arange(120 * 90, dtype=np.uint16).reshape(90, 120) * 6
    return {
        "jpeg": encoded(photo, "JPEG", exif=exif.tobytes()),
        "progressive jpeg": encoded(photo, "JPEG", progressive=True),
        "grey jpeg": encoded(photo.convert("L"), "JPEG"),
        "cmyk jpeg": encoded(photo.convert("CMYK"), "JPEG"),
        "png": encoded(photo, "PNG", exif=exif.tobytes()),
        "palette png": encoded(photo.quantize(16), "PNG"),
        "alpha png": encoded(photo.convert("RGBA"), "PNG"),
        "deep png": encoded(deep, "PNG"),
        "deep colour png": cv2.imencode(".png", np.dstack([deep >> 6] * 3))[1].tobytes(),
        "deep colour tiff": cv2.imencode(".tiff", np.dstack([deep >> 6] * 3))[1].tobytes(),
        "ppm": encoded(photo, "PPM"),
        "deep pgm": b"P5 120 90 1023 " + (deep >> 6).astype(">u2").tobytes(),
        "webp": encoded(photo, "WEBP"),
        "animated webp": encoded(photo, "WEBP", **others),
        "animated gif": encoded(photo, "GIF", **others),
        "bmp": encoded(photo, "BMP"),
        "rle bmp": encoded(photo.quantize(16), "BMP"),
        "tiff": encoded(photo, "TIFF", compression="tiff_lzw"),
        "jpeg tiff": encoded(photo, "TIFF", compression="jpeg"),
        "fax tiff": encoded(photo.convert("1"), "TIFF", compression="group4"),
        "pages tiff": encoded(photo, "TIFF", compression="tiff_adobe_deflate", **others),
        "avif": encoded(photo, "AVIF"),
    }


def malformed(content: bytes, rng: random.Random) -> bytes:
    """One mutation: cut, cut out, doubled, bits flipped, a number at its limits, or another file's middle."""
    mutated = bytearray(content)
    kind = rng.randrange(6)
    if kind == 0:
        del mutated[rng.randrange(len(mutated)) :]
    elif kind == 1:
        start = rng.randrange(len(mutated))
        del mutated[start : start + rng.randrange(1, 200)]
    elif kind == 2:
        start = rng.randrange(len(mutated))
        mutated[start:start] = mutated[start : start + rng.randrange(1, 2000)] * rng.randrange(1, 20)
    elif kind == 3:
        for _ in range(rng.randrange(1, 40)):
            mutated[rng.randrange(len(mutated))] ^= 1 << rng.randrange(8)
    elif kind == 4:
        # Headers hold the sizes, offsets and counts.
        for _ in range(rng.randrange(1, 4)):
            start = rng.randrange(min(len(mutated), 400))
            mutated[start : start + 4] = rng.choice(
                [b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"\0\0\0\1"]
            )
    else:
        start = rng.randrange(len(mutated))
        mutated[start:] = rng.randbytes(len(mutated) - start)
    return bytes(mutated)


def test_malformed_pictures_crash_nothing_hang_nothing_and_say_why() -> None:
    rng = random.Random(20)
    good = seeds()
    names = sorted(good)
    refused = taken = 0
    for index in range(COUNT):
        name = names[index % len(names)]
        began = time.monotonic()
        try:
            photo = sandbox.decode(malformed(good[name], rng), file_name=name)
        except ImageError as error:
            line = str(error)
            assert line.startswith(f"{name}: ")
            assert "\n" not in line
            assert "brought the decoder down" not in line
            refused += 1
        else:
            assert photo.pixels.size > 0
            taken += 1
        assert time.monotonic() - began < 10
    assert refused > taken > 0
    for name, content in good.items():
        assert sandbox.decode(content, file_name=name).pixels.size == 90 * 120 * 3


def test_the_child_decodes_and_refuses_as_this_process_does() -> None:
    for name, content in seeds().items():
        here, child = decoder.decode_here(content, file_name=name), sandbox.decode(content, file_name=name)
        assert np.array_equal(here.pixels, child.pixels)
        assert here.sha256 == child.sha256
        assert not child.pixels.flags.writeable
    for content in (b"", b"<svg/>", bomb(9000, 9000), seeds()["png"][:500]):
        with pytest.raises(ImageError) as here_error:
            decoder.decode_here(content, file_name="bad \u2028 näme")
        with pytest.raises(ImageError) as child_error:
            sandbox.decode(content, file_name="bad \u2028 näme")
        assert str(here_error.value) == str(child_error.value)


def test_uploads_are_decoded_in_the_child_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(sandbox, "decode", lambda content, file_name, **_: asked.append(file_name))
    content = encoded(corners(), "PNG")
    for variable, value, expected in (("SPACE_ID", "someone/space", 1), ("ANNOTATOR_SANDBOX", "0", 0)):
        monkeypatch.setenv(variable, value)
        asked.clear()
        decode.decode(content, file_name="picture")
        assert len(asked) == expected


def test_a_child_that_gets_no_core_is_waited_for_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    content = encoded(corners(), "PNG")
    sandbox.decode(content, file_name="starts the child")
    child = sandbox._idle_child()
    sandbox._keep(child)
    monkeypatch.setattr(sandbox, "TIMEOUT_SECONDS", 0.3)
    child.process.send_signal(signal.SIGSTOP)  # as on a machine where others take every core
    threading.Timer(1.0, child.process.send_signal, [signal.SIGCONT]).start()
    assert np.array_equal(sandbox.decode(content, file_name="late").pixels, corners())
    monkeypatch.setattr(sandbox, "PATIENCE_SECONDS", 0.8)
    child.process.send_signal(signal.SIGSTOP)
    with pytest.raises(ImageError, match="took longer than"):
        sandbox.decode(content, file_name="stuck")
    monkeypatch.undo()
    assert np.array_equal(sandbox.decode(content, file_name="next").pixels, corners())


def test_a_picture_that_takes_too_long_is_refused_and_the_next_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    content = encoded(corners(), "PNG")
    monkeypatch.setattr(sandbox, "TIMEOUT_SECONDS", 0.02)  # a child needs longer to start
    with pytest.raises(ImageError, match=r"^slow: took longer than 0\.02 s, so it is not taken$"):
        sandbox.decode(content, file_name="slow")
    monkeypatch.setattr(sandbox, "TIMEOUT_SECONDS", 10.0)
    assert np.array_equal(sandbox.decode(content, file_name="next").pixels, corners())


def test_a_decoder_that_something_else_killed_costs_no_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    content = encoded(corners(), "PNG")
    sandbox.decode(content, file_name="starts the child")
    whole, killed = sandbox.Child.decode, []

    def killing(child: sandbox.Child, *args: Any) -> Pixels:
        if not killed:
            killed.append(child.process.kill())
        return whole(child, *args)

    monkeypatch.setattr(sandbox.Child, "decode", killing)
    assert np.array_equal(sandbox.decode(content, file_name="next").pixels, corners())
    assert killed


def test_a_picture_that_kills_the_decoder_costs_itself_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    content = encoded(corners(), "PNG")
    whole = sandbox.Child.decode

    def killing(child: sandbox.Child, *args: Any) -> Pixels:
        child.process.kill()
        return whole(child, *args)

    monkeypatch.setattr(sandbox.Child, "decode", killing)
    with pytest.raises(ImageError, match=r"^killer: brought the decoder down, so it is not taken$"):
        sandbox.decode(content, file_name="killer")
    monkeypatch.setattr(sandbox.Child, "decode", whole)
    assert np.array_equal(sandbox.decode(content, file_name="next").pixels, corners())


def test_a_picture_that_ends_its_decoder_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither where the decoder ended itself, nor where it was killed after it had worked for a while."""
    whole, asked = sandbox.Child.decode, []

    def ending(child: sandbox.Child, *args: Any) -> Pixels:
        asked.append(child)
        child.process.send_signal(signal.SIGABRT)
        return whole(child, *args)

    def late(child: sandbox.Child, *args: Any) -> Pixels:
        asked.append(child)
        time.sleep(0.2)
        child.process.kill()
        return whole(child, *args)

    for end in (ending, late):
        asked.clear()
        monkeypatch.setattr(sandbox, "INNOCENT_SECONDS", 0.1)
        monkeypatch.setattr(sandbox.Child, "decode", end)
        with pytest.raises(ImageError, match=r"^killer: brought the decoder down, so it is not taken$"):
            sandbox.decode(encoded(corners(), "PNG"), file_name="killer")
        assert len(asked) == 1


def test_a_child_that_answers_nonsense_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As one would that a picture took over: a type of its own, pixels beyond the limit, another answer."""
    content = encoded(corners(), "PNG")
    for answer in (
        decoder_child.ANSWER.pack(decoder_child.LOOKED, 1, len(look.MIMES), 0, 0),
        decoder_child.ANSWER.pack(decoder_child.LOOKED, 99, 1, 0, 0),
        decoder_child.ANSWER.pack(decoder_child.LOOKED, 1, 1, 99, 0),
        decoder_child.ANSWER.pack(decoder_child.PIXELS, 60_000, 60_000, 60_000, 60_000),
        decoder_child.ANSWER.pack(decoder_child.PIXELS, 0, 7, 0, 7),
        decoder_child.ANSWER.pack(decoder_child.PIXELS, 9, 9, 8, 8),
        decoder_child.ANSWER.pack(7, 0, 0, 0, 0),
    ):
        lying = f"import sys; sys.stdin.buffer.read(1); sys.stdout.buffer.write({answer!r}); sys.stdout.flush()"
        whole = subprocess.Popen
        with monkeypatch.context() as patch:
            patch.setattr(sandbox.subprocess, "Popen", lambda _, **rest: whole([sys.executable, "-c", lying], **rest))  # noqa: B023
            for ask in (lambda: sandbox.look(content), lambda: sandbox.decode(content, file_name="picture")):
                with pytest.raises(ImageError, match="brought the decoder down"):
                    ask()


def test_memory_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANNOTATOR_MAX_MEGAPIXELS", "500")
    with pytest.raises(ImageError, match=r"^bomb: needs more memory than there is$"):
        sandbox.decode(bomb(21_000, 21_000), file_name="bomb")
    # What the default lets through fits; of all kinds, WebP needs the most.
    side = 6300
    done, content = cv2.imencode(".webp", np.zeros((side, side, 3), np.uint8))
    assert done
    monkeypatch.delenv("ANNOTATOR_MAX_MEGAPIXELS")
    assert sandbox.decode(content.tobytes(), file_name="large").pixels.shape == (side, side, 3)


def test_the_child_knows_no_secrets_is_limited_and_ends_with_its_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "secret")
    child = sandbox.Child()
    environment = Path(f"/proc/{child.process.pid}/environ")
    if environment.exists():
        assert b"secret" not in environment.read_bytes()
    child.look(encoded(corners(), "PNG"))  # it has limited itself when it answers
    status = Path(f"/proc/{child.process.pid}/status")
    if status.exists() and seccomp.is_available():
        assert "Seccomp:\t2" in status.read_text()
    assert child.process.stdin is not None
    child.process.stdin.close()
    assert child.process.wait(10) == 0


def test_a_child_is_kept_warm_and_replaced_when_worn_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "PICTURES_A_CHILD", 2)
    started: list[int] = []
    start = sandbox.Child.__init__

    def counting(child: sandbox.Child) -> None:
        start(child)
        started.append(child.process.pid)

    monkeypatch.setattr(sandbox.Child, "__init__", counting)
    content = encoded(corners(), "PNG")
    for _ in range(5):
        sandbox.decode(content, file_name="picture")
    assert len(started) == 3


def test_a_thumbnail_of_a_childs_photo_works() -> None:
    photo = sandbox.decode(encoded(corners(), "PNG"), file_name="picture")
    assert Image.open(io.BytesIO(renditions.thumbnail(photo))).size == (48, 32)
