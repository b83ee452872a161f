"""A project as scripts use it: pictures in, suggestions, what people decided, exports."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from annotator.api.detections import Detections
from annotator.api.model import Model
from annotator.api.picture import photo_of
from annotator.core.dataset import Category, Image, Instance, State
from annotator.core.errors import ExportError
from annotator.core.overlap import unanswered
from annotator.core.query import EVERYTHING, parse
from annotator.core.review import Decision
from annotator.core.two_networks import source_of_both
from annotator.exchange import coming, formats, leaving
from annotator.exchange.coco.proof import MaskForm
from annotator.exchange.coco.writer import dataset_to_coco
from annotator.exchange.finding import read_import
from annotator.prelabel.batch import PATIENCE, SCORE_FLOOR, BatchReport, prelabel_queued
from annotator.storage.imports import OnConflict
from annotator.storage.locations import is_address
from annotator.storage.project_folders import folder_of_address
from annotator.storage.store import Store
from annotator.system import paths
from annotator.system.progress import Progress
from annotator.vision.pictures import decode
from annotator.vision.pictures.finding import find_pictures, relative_names

PathLike: TypeAlias = "str | os.PathLike[str]"


@dataclass(frozen=True)
class Exported:
    """What an export wrote: its files, and what a person should know of it, a line each."""

    folder: Path
    files: tuple[Path, ...]
    lines: tuple[str, ...]


def _silent(done: int, total: int) -> None:
    """Progress that nobody sees."""


class Project:
    """A project's folder, made when absent, or the address of its database: postgresql://USER@HOST/DATABASE.

    Use it beside the page: both may work at the same time.

    What a method stored is on the disk when it returns; a method that raises has stored nothing, but for those that say
    so. Raises StoreError where the folder cannot be used.
    """

    def __init__(self, folder: PathLike) -> None:
        is_server = isinstance(folder, str) and is_address(folder)
        self._store = Store.open(folder_of_address(str(folder), paths.projects()) if is_server else Path(folder))

    @property
    def folder(self) -> Path:
        return self._store.folder

    def __repr__(self) -> str:
        return f"Project({str(self.folder)!r})"

    def close(self) -> None:
        self._store.close()

    def __enter__(self) -> Project:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- pictures ---------------------------------------------------------------------------------------------------

    def add_pictures(self, *paths: PathLike, progress: Progress = _silent) -> tuple[Image, ...]:
        """Add files, and everything below folders; the same bytes again are the same picture.

        Raises ImageError at the first one that is none; those before it have come in.
        """
        found = find_pictures(map(Path, paths))
        names = relative_names(found)
        added = []
        for path in found:
            photo = decode.read(path)
            added.append(
                self._store.add_image(photo.content, file_name=names[path], width=photo.width, height=photo.height)
            )
            progress(len(added), len(found))
        return tuple(added)

    def add_picture(self, picture: NDArray[np.uint8] | bytes, *, name: str) -> Image:
        """Add one picture: a file's bytes, or (H, W, 3) uint8 RGB, which is kept as PNG. Raises ImageError."""
        if isinstance(picture, np.ndarray):
            picture = cv2.imencode(".png", photo_of(picture).pixels[..., ::-1])[1].tobytes()
        photo = decode.decode(picture, file_name=name)
        return self._store.add_image(picture, file_name=name, width=photo.width, height=photo.height)

    def pictures(self) -> tuple[Image, ...]:
        """Every picture, in order of id."""
        return self._store.images()

    def pixels(self, picture: Image) -> NDArray[np.uint8]:
        """(H, W, 3) uint8 RGB, upright, read-only. Raises StoreError, ImageError."""
        return decode.decode(self._store.content(picture), file_name=picture.file_name).pixels

    # --- suggestions and decisions ----------------------------------------------------------------------------------

    def prelabel(
        self,
        model: Model,
        *,
        second: Model | None = None,
        floor: float = SCORE_FLOOR,
        progress: Progress = _silent,
    ) -> BatchReport:
        """Let a network suggest instances on every picture that it has not seen; each is stored as soon as it is done.

        second: another network that sees them too: what both suggest is merged, each object once, with its agreement.
        floor: the lowest score that is kept; the page's threshold hides those that are too unsure.
        Returns how many were done, and why others could not be. Raises ModelError where it fails on all it gets.
        """
        by = model.source if second is None else source_of_both(model.source, second.source)
        return prelabel_queued(
            self._store,
            model.detector,
            self._store.images(unseen_by=by),
            second=None if second is None else second.detector,
            floor=floor,
            patience=PATIENCE,
            progress=progress,
        )

    def suggest(self, picture: Image, found: Detections) -> int:
        """Offer what was found on a picture for review, in place of what is undecided there; how many that are.

        What is about an object that somebody has decided upon is not offered again, nor is anything on a blind picture.
        Raises GeometryError where the picture has another size, MissingError where it is not in the project.
        """
        found.require_size(picture.width, picture.height)
        with self._store.together():
            ids = self._store.add_categories(found.categories)
            known = self._store.instances(picture.id, states=tuple(State))
            suggestions = found.to_suggestions(ids.__getitem__)
            offered = unanswered(suggestions, known)
            self._store.set_suggestions(picture.id, offered, by=found.source, found=suggestions)
        return 0 if self._store.blind.is_hidden(picture.id) else len(offered)

    def instances(self, picture: Image, *, states: Collection[State] = (State.ACCEPTED,)) -> tuple[Instance, ...]:
        """The picture's instances in these states, in order of id. Raises MissingError."""
        return self._store.instances(picture.id, states=states)

    def decisions(self, picture: Image | None = None) -> tuple[Decision, ...]:
        """Everything that was ever decided, about one picture or all, oldest first."""
        return self._store.decisions(None if picture is None else picture.id)

    def categories(self) -> tuple[Category, ...]:
        """In order of id."""
        return self._store.categories()

    # --- in and out -------------------------------------------------------------------------------------------------

    def import_coco(
        self, *paths: PathLike, images: PathLike | None = None, on_conflict: OnConflict = "skip"
    ) -> tuple[str, ...]:
        """Bring in COCO files or folders with some, as `annotator import` does; what changed, a line each.

        images: the folder of their pictures; without it, they speak of pictures beside them, else of the project's.
        on_conflict: what becomes of instances that the project has by another outline.
        Raises CocoError listing every offending place; nothing comes in then.
        """
        reading = read_import([Path(path) for path in paths], images=None if images is None else Path(images))
        return (*coming.bring(reading, self._store, on_conflict=on_conflict).lines, *reading.passed_over)

    def to_coco(self, *, reviewed_only: bool = True, masks: MaskForm = "lossless") -> dict[str, Any]:
        """What was accepted as a COCO document, on reviewed pictures only unless asked otherwise."""
        return dataset_to_coco(self._store.dataset(reviewed_only=reviewed_only), masks=masks)

    def export(
        self,
        folder: PathLike,
        *,
        format: str = "coco",
        masks: MaskForm = "lossless",
        with_images: bool = False,
        split: Mapping[str, float] | None = None,
        seed: int = 0,
        only: str = "",
        reviewed_only: bool = True,
        progress: Progress = _silent,
    ) -> Exported:
        """Write what was accepted into a folder, proven by reading it back: as `annotator export`.

        split: shares that add up to 1, such as {"train": 0.8, "val": 0.2}. only: a search expression.
        Raises ExportError; nothing in the folder has changed then. QueryError for an expression that is none.
        """
        if format not in formats.FORMATS:
            raise ExportError(f"format {format!r}: not known, expected one of {', '.join(formats.FORMATS)}")
        written = leaving.export(
            self._store,
            Path(folder),
            format=formats.FORMATS[format],
            options=formats.Options(masks=masks, with_images=with_images),
            reviewed_only=reviewed_only,
            only=parse(only) if only else EVERYTHING,
            split=None if split is None else leaving.Split(split, seed),
            progress=progress,
        )
        return Exported(Path(folder), tuple(Path(folder) / path for path in written.files), written.lines)
