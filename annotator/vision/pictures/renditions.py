"""Pictures for others: thumbnails, what a browser shows, what trainers find beside their masks."""

from __future__ import annotations

import io

import cv2
from PIL import Image

from annotator.core.errors import ImageError
from annotator.vision.pictures import gif, jpeg
from annotator.vision.pictures.decode import decode
from annotator.vision.pictures.decoder import is_plain_jpeg, naming_errors, opened
from annotator.vision.pictures.orientation import is_plain, orientation_of
from annotator.vision.pictures.photo import Photo, Pixels


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
    with naming_errors("picture"), opened(content) as picture:
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
    with naming_errors("picture"), opened(content) as picture:
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
    if is_plain_jpeg(picture):  # browsers turn a JPEG upright by its EXIF block
        return "image/jpeg" if jpeg.is_common(content) else None
    eight_bit = picture.mode in ("1", "L", "LA", "P", "RGB", "RGBA")
    if picture.format not in ("PNG", "WEBP", "GIF", "AVIF") or not eight_bit:
        return None
    # Of a GIF, Pillow would go to the next frame to find that out, however far away it lies.
    moves = gif.frames_of(content).several if picture.format == "GIF" else getattr(picture, "is_animated", False)
    if moves or orientation_of(picture) != 1:
        return None
    return Image.MIME[picture.format]


def _encoded(pixels: Pixels, extension: str, option: int, value: int) -> bytes:
    done, buffer = cv2.imencode(extension, cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), [option, value])
    if not done:
        raise ImageError(f"{pixels.shape[1]} x {pixels.shape[0]} pixels cannot be written as {extension}")
    return buffer.tobytes()
