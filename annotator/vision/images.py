"""Pictures from outside: checked before they are decoded, then upright RGB, one byte a channel.

Pixels are what trainers read (cv2.imread, Pillow's convert("RGB")): alpha is dropped, of several frames or pages the
first counts, 16-bit values keep their upper byte.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from annotator.core.errors import ImageError
from annotator.system import paths
from annotator.vision import jpeg, kinds, tiff
from annotator.vision.orientation import is_plain, orientation_of

Pixels = NDArray[np.uint8]

# A JPEG of several pictures (MPO, as some cameras write) opens as a JPEG too.
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "AVIF")
FORMATS_IN_WORDS = "JPEG, PNG, WebP, AVIF, GIF, BMP or TIFF"
MAX_MEGAPIXELS = 40.0
# A side beyond this cannot be a mask of COCO's tools.
MAX_SIDE = 65_500
# 40 megapixels of four 16-bit channels are 320 MB.
MAX_FILE_BYTES = 1_000_000_000

# Pillow only warns from 89 to 178 Mpx; nothing here may decode what it warns of.
warnings.simplefilter("error", Image.DecompressionBombWarning)
# A damaged EXIF block or TIFF tag says nothing about the pixels; what matters raises.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")


@dataclass(frozen=True, eq=False)
class Photo:
    """A decoded picture: `pixels` (H, W, 3) uint8 RGB, upright, read-only; `content` the file's own bytes.

    `full_size` is the (width, height) of the picture where it was decoded as a draft: its pixels are fewer then.
    """

    file_name: str
    content: bytes
    sha256: str
    pixels: Pixels
    full_size: tuple[int, int] | None = None

    @property
    def width(self) -> int:
        """Of the upright picture, in pixels; a draft's too."""
        return int(self.pixels.shape[1]) if self.full_size is None else self.full_size[0]

    @property
    def height(self) -> int:
        """Of the upright picture, in pixels; a draft's too."""
        return int(self.pixels.shape[0]) if self.full_size is None else self.full_size[1]


class Room:
    """Memory that one thread decodes one picture after the other into.

    Fresh memory for 12 megapixels can cost more than decoding them. What lies in a room holds until the next picture is
    decoded into it.
    """

    def __init__(self) -> None:
        self._decoded = np.empty(0, np.uint8)
        self._turned = np.empty(0, np.uint8)

    def decoded(self, height: int, width: int) -> Pixels:
        """Room for (height, width, 3) pixels as they come from the file."""
        if self._decoded.size < height * width * 3:
            self._decoded = np.empty(height * width * 3, np.uint8)
        return self._decoded[: height * width * 3].reshape(height, width, 3)

    def turned(self, height: int, width: int) -> Pixels:
        """Room for (height, width, 3) pixels upright."""
        if self._turned.size < height * width * 3:
            self._turned = np.empty(height * width * 3, np.uint8)
        return self._turned[: height * width * 3].reshape(height, width, 3)


def read(path: Path) -> Photo:
    """A file -> Photo. Raises ImageError, also where the file cannot be read."""
    return decode(content_of(path), file_name=path.name)


def content_of(path: Path) -> bytes:
    """A file's bytes. Raises ImageError where they cannot be read, or are more than any picture has."""
    try:
        found = path.stat()
        # A pipe would be waited for, and a device read, for ever.
        if not stat.S_ISREG(found.st_mode):
            raise ImageError(f"{path}: is no file, expected a picture")
        if found.st_size > MAX_FILE_BYTES:
            raise ImageError(f"{path}: {found.st_size / 1e6:.0f} MB, expected at most {MAX_FILE_BYTES / 1e6:.0f}")
        return path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a name with a zero byte
        raise ImageError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from error


def decode(
    content: bytes,
    *,
    file_name: str,
    sha256: str | None = None,
    enough: tuple[int, int] | None = None,
    room: Room | None = None,
) -> Photo:
    """A file's bytes -> Photo, whatever its name ends in.

    sha256: the content's, where it is known. room: where the pixels may lie.
    enough: (width, height) that a draft must have at least: a JPEG of more than twice that is decoded at a half, a
    quarter or an eighth of its sides, in a fraction of the time, and its pixels are means of the picture's own. Without
    it every pixel is decoded.

    Raises ImageError in one line that begins with the file's name: empty, not a picture, a kind that is not read,
    too large (ANNOTATOR_MAX_MEGAPIXELS, 40 by default; seen before anything is decoded), truncated or damaged. In a
    server, on a Space, or with ANNOTATOR_SANDBOX=1, a child process with limits decodes (see `sandbox`).
    """
    if os.environ.get("ANNOTATOR_SANDBOX", "1" if paths.on_a_space() else "0") != "0":
        from annotator.vision import sandbox

        return sandbox.decode(content, file_name=file_name, sha256=sha256, enough=enough, room=room)
    return decode_here(content, file_name=file_name, sha256=sha256, enough=enough, room=room)


def decode_here(
    content: bytes,
    *,
    file_name: str,
    sha256: str | None = None,
    enough: tuple[int, int] | None = None,
    room: Room | None = None,
) -> Photo:
    """As `decode`, in this very process."""
    full_size = None
    with _errors_named(file_name), _opened(content) as picture:
        if _is_plain_jpeg(picture):
            pixels, full_size = _jpeg_pixels(content, picture, enough=enough, room=room)
        else:
            pixels = _pixels(picture)
    pixels.setflags(write=False)
    return Photo(file_name, content, sha256 or hashlib.sha256(content).hexdigest(), pixels, full_size)


# --- checks before decoding ------------------------------------------------------------------------------------------


@contextmanager
def _errors_named(file_name: str) -> Iterator[None]:
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
def _opened(content: bytes) -> Iterator[Image.Image]:
    """The picture with its header read, nothing decoded yet, and its size and kind found harmless."""
    if not content:
        raise ImageError("is empty, expected a picture")
    # Pillow's own limit must not be below the one that was asked for.
    Image.MAX_IMAGE_PIXELS = max(Image.MAX_IMAGE_PIXELS or 0, int(max_megapixels() * 1e6))
    try:
        picture = Image.open(io.BytesIO(content), formats=FORMATS)
    except UnidentifiedImageError as error:
        raise ImageError(f"{kinds.name(content)}, expected {FORMATS_IN_WORDS}") from error
    with picture:
        _require_size(picture.width, picture.height)
        if picture.format in ("JPEG", "MPO"):
            jpeg.require_few_scans(content, megapixels=picture.width * picture.height / 1e6)
        tiff.require_readable(picture)
        yield picture


def max_megapixels() -> float:
    """ANNOTATOR_MAX_MEGAPIXELS, or 40. Raises ImageError where it is not a number above 0."""
    text = os.environ.get("ANNOTATOR_MAX_MEGAPIXELS", "")
    try:
        limit = float(text or MAX_MEGAPIXELS)
    except ValueError:
        limit = 0
    if not 0 < limit < float("inf"):
        raise ImageError(f"ANNOTATOR_MAX_MEGAPIXELS: found {text!r}, expected a number above 0")
    return limit


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


def _is_plain_jpeg(picture: Image.Image) -> bool:
    return picture.format in ("JPEG", "MPO") and picture.mode in ("RGB", "L")


def _jpeg_pixels(
    content: bytes, picture: Image.Image, *, enough: tuple[int, int] | None, room: Room | None
) -> tuple[Pixels, tuple[int, int] | None]:
    """Upright pixels, and the size of the whole picture where they are a draft.

    Pillow's decoder takes twice as long; it has the files without an end, since the others would fill up in silence.
    """
    if not jpeg.has_its_end(content):
        return _pixels(picture), None
    orientation = orientation_of(picture)
    width, height = (picture.height, picture.width) if orientation >= 5 else picture.size
    scale = 1 if enough is None else _draft_scale((width, height), enough)
    decoded = _decoded_jpeg(content, picture, scale=scale, room=room)
    if decoded is None:
        return _pixels(picture), None
    return _upright(decoded, orientation, room), (width, height) if scale > 1 else None


def _draft_scale(size: tuple[int, int], enough: tuple[int, int]) -> int:
    """By how much both sides may be divided with enough left of them: what a JPEG decodes to without its full size."""
    return next(
        (scale for scale in (8, 4, 2) if all(-(-a // scale) >= b for a, b in zip(size, enough, strict=True))), 1
    )


def _decoded_jpeg(content: bytes, picture: Image.Image, *, scale: int, room: Room | None) -> Pixels | None:
    """Pixels as they lie in the file, its sides divided by `scale`; None where they do not come out so."""
    height, width = -(-picture.height // scale), -(-picture.width // scale)
    least = {"min_height": height, "min_width": width} if scale > 1 else {}
    try:
        decoded = simplejpeg.decode_jpeg(
            content, "RGB", buffer=None if room is None else room.decoded(height, width), **least
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


def _pixels(picture: Image.Image) -> Pixels:
    picture.load()
    # A TIFF turns itself while it loads and then has no orientation left.
    orientation = orientation_of(picture)
    if tiff.is_grey_of_its_own(picture):
        grey = _grey_to_uint8(tiff.grey_of(picture))
        return _upright(np.repeat(grey[:, :, None], 3, axis=2), orientation)
    return _upright(np.array(picture.convert("RGB")), orientation)


def _grey_to_uint8(grey: NDArray[np.generic]) -> Pixels:
    """Grey of more than 8 bits (H, W) -> 0..255.

    16-bit values keep their upper byte, as cv2.imread and Pillow's 16-bit colour do. Wider integers and floats stay
    when they lie in 0..255 (floats in 0..1 are scaled up), else they are stretched from their least to their greatest.
    Values that are not finite are black.
    """
    if grey.dtype == np.uint16:
        return np.right_shift(grey.astype(np.uint16, copy=False), 8).astype(np.uint8)
    values = np.array(grey, np.float32)
    np.nan_to_num(values, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    if low >= 0 and high <= 1 and grey.dtype.kind == "f":
        low, high = 0.0, 1.0
    elif low >= 0 and high <= 255:
        low, high = 0.0, 255.0
    elif low >= 0 and high <= 65535 and grey.dtype.kind != "f":
        low, high = 0.0, 65535.0
    values -= low
    values *= 255.0 / max(high - low, 1e-30)
    return np.rint(values, out=values).astype(np.uint8)


# EXIF's orientations as OpenCV has them; 5 mirrors along the diagonal, 7 along the other one.
_FLIPS = {2: 1, 4: 0}
_ROTATIONS = {3: cv2.ROTATE_180, 6: cv2.ROTATE_90_CLOCKWISE, 8: cv2.ROTATE_90_COUNTERCLOCKWISE}


def _upright(pixels: Pixels, orientation: int, room: Room | None = None) -> Pixels:
    """Turn and mirror pixels (H, W, 3) as EXIF's orientation says."""
    if orientation == 1:
        return np.ascontiguousarray(pixels)
    height, width = pixels.shape[:2]
    turned = None
    if room is not None:
        turned = room.turned(width, height) if orientation >= 5 else room.turned(height, width)
    if orientation in _FLIPS:
        return np.asarray(cv2.flip(pixels, _FLIPS[orientation], dst=turned), np.uint8)
    if orientation in _ROTATIONS:
        return np.asarray(cv2.rotate(pixels, _ROTATIONS[orientation], dst=turned), np.uint8)
    turned = cv2.transpose(pixels, dst=turned)
    return np.asarray(cv2.flip(turned, -1, dst=turned) if orientation == 7 else turned, np.uint8)


# --- for the page ----------------------------------------------------------------------------------------------------


def thumbnail(photo: Photo, *, side: int = 192) -> bytes:
    """A JPEG (quality 80) of the photo whose long side is at most `side` pixels."""
    scale = min(side / max(photo.width, photo.height), 1.0)
    size = max(round(photo.width * scale), 1), max(round(photo.height * scale), 1)
    small = cv2.resize(photo.pixels, size, interpolation=cv2.INTER_AREA)
    return _encoded(small, ".jpg", cv2.IMWRITE_JPEG_QUALITY, 80)


def browser_picture(content: bytes) -> tuple[bytes, str]:
    """What a browser shows of a picture, upright: bytes and MIME type, never SVG or HTML.

    The file's own bytes where every browser shows them as they are decoded here, else a new file: PNG up to 2 Mpx,
    JPEG beyond. Raises ImageError as `decode` does.
    """
    with _errors_named("picture"), _opened(content) as picture:
        mime = _shown_as_it_is(content, picture)
    if mime:
        return content, mime
    pixels = decode(content, file_name="picture").pixels
    if pixels.shape[0] * pixels.shape[1] <= 2_000_000:
        return _encoded(pixels, ".png", cv2.IMWRITE_PNG_COMPRESSION, 3), "image/png"
    return _encoded(pixels, ".jpg", cv2.IMWRITE_JPEG_QUALITY, 92), "image/jpeg"


def upright_picture(content: bytes) -> bytes:
    """The picture as trainers must find it beside its masks: many of them do not turn it by its EXIF block.

    The file's own bytes where it is stored upright, else a new file of the same kind without that block (JPEG at
    quality 95). Raises ImageError as `decode` does.
    """
    with _errors_named("picture"), _opened(content) as picture:
        kind = "JPEG" if picture.format == "MPO" else picture.format
        if orientation_of(picture) == 1 and is_plain(picture):
            return content
    turned = io.BytesIO()
    Image.fromarray(decode(content, file_name="picture").pixels).save(turned, format=kind, quality=95)
    return turned.getvalue()


def _shown_as_it_is(content: bytes, picture: Image.Image) -> str | None:
    """The MIME type under which a browser shows this file right, or None."""
    if not is_plain(picture):
        return None
    if _is_plain_jpeg(picture):  # browsers turn a JPEG upright by its EXIF block
        return "image/jpeg" if jpeg.is_common(content) else None
    eight_bit = picture.mode in ("1", "L", "LA", "P", "RGB", "RGBA")
    if picture.format not in ("PNG", "WEBP", "GIF", "AVIF") or not eight_bit:
        return None
    if getattr(picture, "is_animated", False) or orientation_of(picture) != 1:
        return None
    return Image.MIME[picture.format]


def _encoded(pixels: Pixels, extension: str, option: int, value: int) -> bytes:
    done, buffer = cv2.imencode(extension, cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), [option, value])
    if not done:
        raise ImageError(f"{pixels.shape[1]} x {pixels.shape[0]} pixels cannot be written as {extension}")
    return buffer.tobytes()
