"""The pictures of an import: written first, outside the transaction; none of them where one is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from annotator.core.dataset import Image
from annotator.core.errors import AnnotatorError, CocoError, MissingError
from annotator.core.problems import Findings, Problem
from annotator.storage.imports.arrival import Arrival, Pictures
from annotator.storage.picture_store import PictureStore


def put_contents(store: PictureStore, arrivals: Sequence[Arrival], *, most: int | None) -> list[dict[int, str]]:
    """Write every picture of all files; for each file the SHA-256 by its image ids.

    most: problems of a kind that are told.
    Raises CocoError, listing every image without a picture or with one of another size; then none is written.
    """
    findings = Findings(most)
    found = []
    with store.batch() as batch:
        for arrival in arrivals:
            hashes = {}
            for image in arrival.dataset.images:
                try:
                    content = _content(arrival, image)
                except AnnotatorError as error:
                    path = f"image {image.id} {image.file_name!r:.120}"
                    findings.add(Problem("error", path, str(error), arrival.name))
                    continue
                if not findings.problems:
                    hashes[image.id] = content if isinstance(content, str) else batch.add(content)
            found.append(hashes)
        if findings.problems:
            raise CocoError(findings.problems)
    return found


def _content(arrival: Arrival, image: Image) -> bytes | str:
    """The picture's bytes, or the SHA-256 of one that the project has.

    Raises AnnotatorError where there is none, or one of another size.
    """
    try:
        found = arrival.pictures[image.id]
    except KeyError:
        raise CocoError("no picture was given for it") from None
    if (found.width, found.height) != (image.width, image.height):
        turned = (
            "; its EXIF orientation may turn it" if (found.height, found.width) == (image.width, image.height) else ""
        )
        size = f"{found.width} x {found.height}"
        raise CocoError(f"the picture is {size}, the file says {image.width} x {image.height}{turned}")
    return found.sha256 if isinstance(found, Image) else found.content


def restore_contents(
    store: PictureStore, images: Sequence[Image], hashes: Mapping[int, str], pictures: Pictures
) -> None:
    """Write again what somebody who emptied the bin took since `put_contents`; nobody can while the caller writes.

    Raises MissingError for a picture that only the project had.
    """
    missing = store.missing({hashes[image.id] for image in images})
    for image_id in (image.id for image in images):
        if hashes[image_id] in missing:
            picture = pictures[image_id]
            if isinstance(picture, Image):
                raise MissingError(f"{picture.file_name}: the picture left the project during the import")
            store.put(picture.content)
