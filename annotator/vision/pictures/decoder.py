"""Pictures from outside: checked before they are decoded, then upright RGB, one byte a channel.

Pixels are what trainers read (cv2.imread, Pillow's convert("RGB")): alpha is dropped, and of several frames or pages
the first counts. Only samples of more than eight bits are scaled by what is there (see `depth`).

Tests: tests/vision/pictures/test_decode.py
"""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import cv2
import numpy as np
import simplejpeg
from PIL import Image, UnidentifiedImageError

from annotator.core.errors import ImageError
from annotator.core.limits import MAX_SIDE
from annotator.system.environment import number_above_0
from annotator.vision.pictures import bounds, jpeg, kinds, png, pnm, tiff
from annotator.vision.pictures.depth import DARK, color_to_uint8, grey_to_uint8
from annotator.vision.pictures.orientation import orientation_of
from annotator.vision.pictures.photo import Buffers, Photo, Pixels

MAX_MEGAPIXELS = 40.0

# Pillow only warns from 89 to 178 Mpx; nothing here may decode what it warns of.
warnings.simplefilter("error", Image.DecompressionBombWarning)
# A damaged EXIF block or TIFF tag says nothing about the pixels; what matters raises.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")


def decode_here(
    content: bytes,
    *,
    file_name: str,
    sha256: str | None = None,
    enough: tuple[int, int] | None = None,
    buffers: Buffers | None = None,
) -> Photo:
    """As `decode.decode`, in this very process."""
    full_size = None
    with naming_errors(file_name), opened(content) as picture:
        if is_plain_jpeg(picture):
            pixels, full_size = _jpeg_pixels(content, picture, enough=enough, buffers=buffers)
        else:
            pixels = _pixels(content, picture)
    pixels.setflags(write=False)
    return Photo(file_name, content, sha256 or hashlib.sha256(content).hexdigest(), pixels, full_size)


# --- checks before decoding ------------------------------------------------------------------------------------------


@contextmanager
def naming_errors(file_name: str) -> Iterator[None]:
    """Whatever a decoder raises on hostile bytes becomes one ImageError that names the file."""
    try:
        yield
    except ImageError as error:
        raise ImageError(f"{file_name}: {error}") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageError(f"{file_name}: too large, expected at most {max_megapixels():g} megapixels") from error
    except MemoryError as error:
        raise ImageError(f"{file_name}: needs more memory than there is") from error
    except Exception as error:
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise ImageError(f"{file_name}: damaged or truncated ({reason})") from error


@contextmanager
def opened(content: bytes) -> Iterator[Image.Image]:
    """The picture with its header read, nothing decoded yet, and its size and kind found harmless."""
    if not content:
        raise ImageError("is empty, expected a picture")
    bounds.require_short_walk(content)
    # Pillow's own limit must not be below the one that was asked for.
    Image.MAX_IMAGE_PIXELS = max(Image.MAX_IMAGE_PIXELS or 0, int(max_megapixels() * 1e6))
    try:
        picture = Image.open(io.BytesIO(content), formats=kinds.FORMATS)
    except UnidentifiedImageError as error:
        raise ImageError(f"{kinds.name(content)}, expected {kinds.IN_WORDS}") from error
    with picture:
        _require_size(picture.width, picture.height)
        if picture.format in ("JPEG", "MPO"):
            jpeg.require_few_scans(content, megapixels=picture.width * picture.height / 1e6)
        tiff.require_readable(picture)
        if picture.format == "PPM":
            pnm.require_binary(content)
        yield picture


def max_megapixels() -> float:
    """ANNOTATOR_MAX_MEGAPIXELS, or 40. Raises ImageError where it is not a number above 0."""
    try:
        return number_above_0("ANNOTATOR_MAX_MEGAPIXELS", MAX_MEGAPIXELS, finite=True)
    except ValueError as error:
        raise ImageError(str(error)) from error


def _require_size(width: int, height: int) -> None:
    limit = max_megapixels()
    if width < 1 or height < 1:
        raise ImageError(f"is {width} x {height} pixels, expected at least 1 x 1")
    if width * height > limit * 1e6:
        raise ImageError(
            f"is {width} x {height} = {width * height / 1e6:.1f} megapixels, expected at most {limit:g} "
            "(ANNOTATOR_MAX_MEGAPIXELS)"
        )
    if max(width, height) > MAX_SIDE:
        raise ImageError(f"is {width} x {height} pixels, expected at most {MAX_SIDE} a side")


# --- JPEG ------------------------------------------------------------------------------------------------------------


def is_plain_jpeg(picture: Image.Image) -> bool:
    return picture.format in ("JPEG", "MPO") and picture.mode in ("RGB", "L")


def _jpeg_pixels(
    content: bytes, picture: Image.Image, *, enough: tuple[int, int] | None, buffers: Buffers | None
) -> tuple[Pixels, tuple[int, int] | None]:
    """Upright pixels, and the size of the whole picture if they are a draft.

    Pillow takes twice as long. It decodes only files without an end marker, because the other decoders would fill what
    is missing with grey and not say so.
    """
    if not jpeg.has_its_end(content):
        return _pixels(content, picture), None
    orientation = orientation_of(picture)
    width, height = (picture.height, picture.width) if orientation >= 5 else picture.size
    scale = 1 if enough is None else _draft_scale((width, height), enough)
    decoded = _decoded_jpeg(content, picture, scale=scale, buffers=buffers)
    if decoded is None:
        return _pixels(content, picture), None
    return _upright(decoded, orientation, buffers), (width, height) if scale > 1 else None


def _draft_scale(size: tuple[int, int], enough: tuple[int, int]) -> int:
    """The greatest divisor of both sides, of those a JPEG decoder offers, that leaves at least `enough`."""
    return next(
        (scale for scale in (8, 4, 2) if all(-(-a // scale) >= b for a, b in zip(size, enough, strict=True))), 1
    )


def _decoded_jpeg(content: bytes, picture: Image.Image, *, scale: int, buffers: Buffers | None) -> Pixels | None:
    """Pixels as stored, before any turn, with both sides divided by `scale`; None if the size comes out otherwise."""
    height, width = -(-picture.height // scale), -(-picture.width // scale)
    least = {"min_height": height, "min_width": width} if scale > 1 else {}
    try:
        decoded = simplejpeg.decode_jpeg(
            content, "RGB", buffer=None if buffers is None else buffers.decoded(height, width), **least
        )
    except ValueError:
        # It refuses what libjpeg only warns of. OpenCV shows such a file as trainers read it, to the same pixels.
        if scale > 1:
            return None
        decoded = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION)
    if decoded is None or decoded.shape[:2] != (height, width):
        return None
    return np.asarray(decoded, np.uint8)


# --- everything else -------------------------------------------------------------------------------------------------


def is_deep(content: bytes, picture: Image.Image) -> bool:
    """Whether a sample of the file has more than eight bits."""
    deep_png = picture.format == "PNG" and png.is_deep(content)
    return deep_png or tiff.is_deep(picture) or tiff.is_grey_of_its_own(picture) or pnm.is_deep(picture)


def _pixels(content: bytes, picture: Image.Image) -> Pixels:
    if pnm.has_own_white(picture):
        return pnm.pixels_of(picture, content)
    significant = png.significant_bits(content) if picture.format == "PNG" else 0
    deep = is_deep(content, picture)
    picture.load()
    # A TIFF turns itself while it loads and then has no orientation left.
    orientation = orientation_of(picture)
    if tiff.is_grey_of_its_own(picture):
        grey = grey_to_uint8(replace(tiff.grey_of(picture), significant=significant))
        return _upright(np.repeat(grey[:, :, None], 3, axis=2), orientation)
    pixels: Pixels = np.array(picture.convert("RGB"))
    # Pillow keeps the upper byte alone. What it read whole, OpenCV may read a second time.
    if deep and pixels.max() <= DARK:
        brighter = color_to_uint8(content, significant=significant)
        pixels = pixels if brighter is None or brighter.shape != pixels.shape else brighter
    return _upright(pixels, orientation)


# EXIF's orientations as OpenCV has them; 5 mirrors along the diagonal, 7 along the other one.
_FLIPS = {2: 1, 4: 0}
_ROTATIONS = {3: cv2.ROTATE_180, 6: cv2.ROTATE_90_CLOCKWISE, 8: cv2.ROTATE_90_COUNTERCLOCKWISE}


def _upright(pixels: Pixels, orientation: int, buffers: Buffers | None = None) -> Pixels:
    """Turn and mirror pixels (H, W, 3) as EXIF's orientation says."""
    if orientation == 1:
        return np.ascontiguousarray(pixels)
    height, width = pixels.shape[:2]
    turned = None
    if buffers is not None:
        turned = buffers.turned(width, height) if orientation >= 5 else buffers.turned(height, width)
    if orientation in _FLIPS:
        return np.asarray(cv2.flip(pixels, _FLIPS[orientation], dst=turned), np.uint8)
    if orientation in _ROTATIONS:
        return np.asarray(cv2.rotate(pixels, _ROTATIONS[orientation], dst=turned), np.uint8)
    turned = cv2.transpose(pixels, dst=turned)
    return np.asarray(cv2.flip(turned, -1, dst=turned) if orientation == 7 else turned, np.uint8)
