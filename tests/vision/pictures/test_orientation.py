"""A picture comes out upright, by the block that browsers read too."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image

from annotator.vision.pictures import decode, renditions
from tests.vision.pictures.material import (
    BLUE,
    GREEN,
    ORIENTATION,
    RED,
    WHITE,
    corners,
    decoded,
    encoded,
    soft,
)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize(
    ("orientation", "expected"),
    [
        (1, (RED, GREEN, BLUE, WHITE)),
        (2, (GREEN, RED, WHITE, BLUE)),
        (3, (WHITE, BLUE, GREEN, RED)),
        (4, (BLUE, WHITE, RED, GREEN)),
        (5, (RED, BLUE, GREEN, WHITE)),
        (6, (BLUE, RED, WHITE, GREEN)),
        (7, (WHITE, GREEN, BLUE, RED)),
        (8, (GREEN, WHITE, RED, BLUE)),
    ],
)
def test_every_orientation_comes_out_upright(kind: str, orientation: int, expected: tuple[tuple[int, ...]]) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    content = encoded(corners(), kind, exif=exif.tobytes(), **({} if kind in ("PNG", "TIFF") else {"quality": 95}))
    pixels = decoded(content)
    assert pixels.shape == ((48, 32, 3) if orientation >= 5 else (32, 48, 3))
    found = [pixels[y, x] for y in (4, -5) for x in (4, -5)]
    assert np.allclose(np.array(found, int), expected, atol=12)
    shown, mime = renditions.browser_picture(content)
    if mime == "image/jpeg":
        assert shown == content  # a browser turns it by the same block
    elif orientation != 1:
        assert np.array_equal(decoded(shown), pixels)


def test_an_orientation_that_is_none_changes_nothing() -> None:
    for value in (0, 9, 255):
        exif = Image.Exif()
        exif[ORIENTATION] = value
        assert np.array_equal(decoded(encoded(corners(), "PNG", exif=exif.tobytes())), corners())


def test_an_orientation_in_xmp_alone_is_ignored_as_browsers_do() -> None:
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    content = encoded(corners(), "JPEG", quality=95, xmp=xmp)
    assert decoded(content).shape == (32, 48, 3)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_draft_is_upright(orientation: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    content = encoded(soft(640, 320), "JPEG", exif=exif)
    draft, whole = decode.decode(content, file_name="picture", enough=(50, 50)), decoded(content)
    assert (draft.width, draft.height) == (whole.shape[1], whole.shape[0])
    assert max(draft.pixels.shape) < 640
    small = cv2.resize(whole, draft.pixels.shape[1::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(small.astype(int) - draft.pixels).mean() < 3
