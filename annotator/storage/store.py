"""One project: a folder with its database and its images. The only way to what is stored."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from sqlalchemy import Connection

from annotator.core import review
from annotator.core.dataset import Category, Dataset, Image, Instance, State, Suggestion
from annotator.core.errors import MissingError, StoreError
from annotator.core.heatmap import Heatmap
from annotator.core.review import Decision, Gesture
from annotator.core.settings import KEY, Setting
from annotator.storage import categories, datasets, decisions, heatmaps, images, imports, instances, suggestions
from annotator.storage.answers import AnswersReader
from annotator.storage.blind_pictures import BlindPictures
from annotator.storage.bulk import BulkDecisions
from annotator.storage.categories import CategoryBook
from annotator.storage.category_manager import CategoryManager
from annotator.storage.clashes import ClashReader
from annotator.storage.comparisons import ComparisonReader
from annotator.storage.database import Database
from annotator.storage.decisions import Prepared
from annotator.storage.gallery import GalleryReader
from annotator.storage.hand_out import HandOut
from annotator.storage.images import QueueRow
from annotator.storage.imports import Arrival, Imported, ImportReport, Offer
from annotator.storage.looks import Looks
from annotator.storage.people import People
from annotator.storage.picture_store import PictureStore, settle_pictures
from annotator.storage.placed import PlacedReader
from annotator.storage.search import Search
from annotator.storage.settings import read_setting, write_setting
from annotator.storage.snapshot import write_snapshot
from annotator.storage.statistics import StatisticsReader
from annotator.storage.take_review import TakeReviews
from annotator.storage.twice import TwicePictures
from annotator.storage.unseen import UnseenAccepts
from annotator.storage.verdicts import Verdicts, forget_verdicts
from annotator.storage.waiting import WaitingReader
from annotator.storage.worklist import Worklist

__all__ = ["ImportReport", "QueueRow", "Store"]

_VISIBLE = (State.SUGGESTED, State.ACCEPTED, State.REJECTED)


class Store:
    """A project's images, suggestions, decisions and settings.

    Safe to use from several threads, and beside other processes. What a method stored is on the disk when it returns;
    a method that raises has stored nothing. Every failure is a StoreError of one line.
    """

    def __init__(self, folder: Path, database: Database, pictures: PictureStore) -> None:
        """Use `open`."""
        self.folder = folder
        self._database = database
        self._pictures = pictures
        self.worklist = Worklist(database)
        self.bulk = BulkDecisions(database)
        self.statistics = StatisticsReader(database)
        self.evidence = AnswersReader(database, folder)
        self.looks = Looks(folder, database)
        self.gallery = GalleryReader(database, self.looks)
        self.waiting = WaitingReader(database)
        self.unseen = UnseenAccepts(database, self.bulk)
        self.placed = PlacedReader(database)
        self.clashes = ClashReader(database)
        self.comparisons = ComparisonReader(database)
        self.blind = BlindPictures(database)
        self.twice = TwicePictures(database)
        self.takes = TakeReviews(database)
        self.hand_out = HandOut(database)
        self.verdicts = Verdicts(database)
        self.people = People(database, self.evidence)
        images.order_names(database)
        self.category_manager = CategoryManager(database)
        self.key = self._project_key()

    @classmethod
    def open(cls, folder: Path, *, patience: float = 30.0, pictures: str | None = None) -> Store:
        """Open the project in this folder, or make one.

        patience: seconds to wait while another program keeps the database locked. pictures: the address of the store
        for those of a new project; of another one, it must be the same.
        Raises StoreError if the folder cannot be used, or if its database is damaged, newer or not a project's.
        """
        folder = Path(folder).absolute()
        try:
            (folder / "images").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{folder}: the project's folder cannot be made: {error.strerror or error}") from error
        database = Database(folder, patience=patience)
        try:
            found = settle_pictures(folder, database, pictures)
            found.sweep()
            return cls(folder, database, found)
        except BaseException:
            database.close()
            raise

    def close(self) -> None:
        self._database.close()

    def database_size(self) -> int:
        """In bytes."""
        return self._database.size()

    def write_snapshot(self, target: Path) -> None:
        """The database as it is at this moment, as an SQLite file. target: is not there."""
        write_snapshot(self._database, target)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Everything that this thread stores inside the block is stored when it ends, or nothing of it.

        One commit waits for the disk once. A MissingError may be passed over; any other failure must end the block.
        """
        with self._database.together():
            yield

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- images ----------------------------------------------------------------------------------------------------

    def add_image(self, content: bytes, *, file_name: str, width: int, height: int) -> Image:
        """Add a picture; the same bytes again give the same image, out of the bin if it was there.

        file_name: only ever text. width, height: of the upright picture.
        """
        sha256 = self._pictures.put(content)
        with self._database.write() as connection:
            if self._pictures.missing([sha256]):  # somebody emptied the bin just now; nobody can any more
                self._pictures.put(content)
            return images.add_image(connection, sha256=sha256, file_name=file_name, width=width, height=height)

    def image(self, image_id: int, *, in_bin: bool = False) -> Image:
        """Raises MissingError if there is no such image, or if it is in the bin.

        in_bin: also one that is there, unless the bin was emptied since.
        """
        with self._database.read() as connection:
            return self._image_or_binned(connection, image_id) if in_bin else images.image_by_id(connection, image_id)

    def image_by_sha256(self, sha256: str) -> Image | None:
        with self._database.read() as connection:
            return images.image_by_sha256(connection, sha256)

    def images(self, *, unseen_by: str | None = None) -> tuple[Image, ...]:
        """Every image, in order of id. unseen_by: those that this network, model@version, has not pre-labelled."""
        with self._database.read() as connection:
            rows = images.fetch_images(connection, unseen_by=unseen_by)
        return tuple(map(images.image_of, rows))

    def image_count(self) -> int:
        with self._database.read() as connection:
            return images.image_count(connection)

    def queue(self) -> tuple[QueueRow, ...]:
        """Every image with how many of its instances stand where, in order of id."""
        with self._database.read() as connection:
            return images.queue(connection)

    def content(self, image: Image) -> bytes:
        """The image's own bytes. Raises StoreError where they cannot be read."""
        try:
            return self.content_path(image.sha256).read_bytes()
        except OSError as error:
            raise StoreError(f"{image.file_name}: the stored picture cannot be read: {error.strerror}") from error

    def content_path(self, sha256: str) -> Path:
        """A file with the image's original bytes, there or not. Raises StoreError where a store does not answer."""
        return self._pictures.path(sha256)

    def content_size(self, sha256: str) -> int | None:
        """Bytes of the image's original, None where they are gone."""
        return self._pictures.size(sha256)

    def remove_image(self, image_id: int) -> None:
        """Put the image into the bin: out of the queue and of every export, its decisions kept."""
        with self._database.write() as connection:
            images.set_removed(connection, image_id, removed=True)

    def restore_image(self, image_id: int) -> None:
        """Take the image out of the bin again. Raises MissingError if it is not in there, or if the bin was emptied."""
        with self._database.write() as connection:
            self._require_kept(connection, image_id)
            images.set_removed(connection, image_id, removed=False)

    def remove_images(self) -> int:
        """Put every image into the bin; how many that were."""
        with self._database.write() as connection:
            return images.remove_all(connection)

    def restore_images(self) -> int:
        """Take everything out of the bin that is still whole; how many images that were."""
        return len(self.restore_some(None))

    def restore_some(self, ids: Collection[int] | None) -> list[int]:
        """Take these out of the bin, or all, where they are still whole; the ids of those that were."""
        with self._database.write() as connection:
            kept = [image.id for image in self._kept(images.bin_images(connection, only=ids))]
            images.restore(connection, kept)
            return kept

    def _image_or_binned(self, connection: Connection, image_id: int) -> Image:
        try:
            return images.image_by_id(connection, image_id)
        except MissingError:
            self._require_kept(connection, image_id)
            return images.image_by_id(connection, image_id, in_bin=True)

    def _require_kept(self, connection: Connection, image_id: int) -> None:
        for image in images.bin_images(connection, only=[image_id]):
            if self._pictures.missing([image.sha256]):
                raise MissingError(f"image {image_id}: was deleted when the bin was emptied")

    def bin(self, *, emptied: bool = False) -> tuple[Image, ...]:
        """The removed images that can be restored, in order of id. emptied: also those that cannot any more."""
        with self._database.read() as connection:
            found = images.bin_images(connection)
        return found if emptied else tuple(self._kept(found))

    def _kept(self, binned: Sequence[Image]) -> list[Image]:
        """Those whose pictures are still there."""
        missing = self._pictures.missing([image.sha256 for image in binned])
        return [image for image in binned if image.sha256 not in missing]

    def empty_bin(self) -> int:
        """Delete the bytes of everything in the bin, and its instances; how many images still had some.

        The history stays, as it always does, so that the same picture added again is the same image, not yet reviewed.
        What others made of a picture is theirs to delete, beforehand.
        """
        with self._database.write() as connection:
            removed = self._kept(images.bin_images(connection))
            for image in removed:
                instances.delete_instances(connection, image.id)
                images.forget_review(connection, image.id)
            forget_verdicts(connection, [image.id for image in removed])
            self._pictures.remove([image.sha256 for image in removed])
        return len(removed)

    # --- categories ------------------------------------------------------------------------------------------------

    def categories(self) -> tuple[Category, ...]:
        """In order of id."""
        with self._database.read() as connection:
            return categories.categories(connection)

    def add_category(self, name: str, *, supercategory: str = "", id: int | None = None) -> Category:
        """Add a category; a known name gives the known category.

        COCO's names get COCO's ids and supercategories, others the next id from 91 on, unless `id` says another.
        Raises StoreError for an empty name, or if `id` belongs to another category.
        """
        wanted = Category(0, categories.category_name(name), supercategory)
        with self._database.write() as connection:
            book = CategoryBook(connection)
            return book.named(wanted.name) or book.add(wanted, id=id)

    def add_categories(self, table: Sequence[Category]) -> dict[int, int]:
        """A network's table of categories: its ids -> the project's, of the same name each, or of what that became.

        What is new is added, under its own id where no other name holds that. What somebody removed stays so.
        """
        ids: dict[int, int] = {}
        with self._database.write() as connection:
            book = CategoryBook(connection)
            for category in table:
                name = categories.category_name(category.name)
                gone = book.gone(name)
                mine = None if gone is not None else book.meant(name)
                ids[category.id] = gone if gone is not None else (mine or book.join(replace(category, name=name))).id
        return ids

    # --- suggestions and decisions ---------------------------------------------------------------------------------

    def set_suggestions(
        self,
        image_id: int,
        offered: Sequence[Suggestion],
        *,
        by: str | Sequence[str] | None = None,
        found: Sequence[Suggestion] | None = None,
    ) -> None:
        """Replace the image's undecided suggestions by these; `suggestions.set_suggestions` says what stays."""
        with self._database.write() as connection:
            suggestions.set_suggestions(connection, image_id, offered, by=by, found=found)

    def instances(self, image_id: int, *, states: Collection[State] = _VISIBLE) -> tuple[Instance, ...]:
        """The image's instances in these states, in order of id. Raises MissingError if there is no such image."""
        with self._database.read() as connection:
            image = images.image_by_id(connection, image_id)
            rows = instances.fetch_instances(connection, image, states=states)
        return tuple(instances.instance_of(row, image) for row in rows)

    def masks_size(self, image_id: int) -> int:
        """Bytes of the masks and polygons that a page shows of the image, 0 also where there is no such image."""
        with self._database.read() as connection:
            return instances.size_of(connection, image_id)

    def heatmap(self, image_id: int, key: str) -> Heatmap | None:
        """The heatmap of an instance of the image, None where none is kept. Raises MissingError."""
        with self._database.read() as connection:
            return heatmaps.heatmap_now(connection, images.image_by_id(connection, image_id), key)

    def record(self, gesture: Gesture, *, before: Callable[[], object] = lambda: None) -> int:
        """Apply a gesture once, however often it is sent; the image's new revision, which is on the disk by then.

        An image in the bin takes gestures too: whoever made them did not know yet, and finds them when it comes back.
        before: called while nobody else writes; what it raises is raised, and nothing is stored.
        Raises GestureError if it is malformed, MissingError if the image is not there, StaleRevisionError if the image
        was changed since the revision that it was made on.
        """
        review.require_well_formed(gesture)
        digest = decisions.digest_of(gesture)
        return self._database.persist(lambda: self._record(gesture, digest, before))

    def _record(self, gesture: Gesture, digest: str, before: Callable[[], object]) -> int:
        with self._database.read() as connection:
            known = decisions.answered(connection, gesture, digest)
            if known is not None:
                return known
            image = self._image_or_binned(connection, gesture.image_id)
            decisions.require_current(gesture, image)
            found = decisions.heatmaps_of(connection, gesture, image)
        # Masks may take a second: nobody waits for it to write something else.
        prepared = Prepared(gesture, digest, review.draw(gesture, image=image, heatmaps=found))
        with self._database.write() as connection:
            known = decisions.answered(connection, gesture, digest)
            if known is not None:
                return known
            before()
            return decisions.record(connection, prepared, self._image_or_binned(connection, gesture.image_id))

    def decisions(self, image_id: int | None = None) -> tuple[Decision, ...]:
        """The append-only history of one image or of all, oldest first."""
        with self._database.read() as connection:
            rows = decisions.fetch_decisions(connection, image_id)
        return tuple(map(decisions.decision_of, rows))

    # --- datasets --------------------------------------------------------------------------------------------------

    def dataset(self, *, reviewed_only: bool = True, only: Search | None = None) -> Dataset:
        """What an export holds: the accepted instances, on reviewed images only unless asked otherwise.

        only: of the images that fit.
        """
        return datasets.read(self._database, reviewed_only=reviewed_only, only=only)

    def import_files(
        self, arrivals: Sequence[Arrival], offers: Sequence[Offer] = (), *, how: imports.How | None = None
    ) -> Imported:
        """Take in datasets, a file's each, and suggestions.

        Instances become accepted, their images reviewed; pictures are asked for one at a time.
        Raises CocoError, listing every image without a picture or with one of another size; nothing comes in then.
        What ends a large import later leaves whole images, and the setting UNFINISHED; the same import again goes on.
        """
        how = how or imports.How()
        hashes = imports.put_contents(self._pictures, arrivals, most=how.most)
        return imports.Importing(self._pictures, arrivals, hashes, offers, how).bring(self._database.write)

    # --- settings --------------------------------------------------------------------------------------------------

    def setting(self, setting: Setting) -> Any | None:
        """A stored JSON value, None where there is none."""
        with self._database.read() as connection:
            return read_setting(connection, setting)

    def set_setting(self, setting: Setting, value: Any) -> None:
        """value: anything that JSON holds."""
        with self._database.write() as connection:
            write_setting(connection, setting, value)

    def _project_key(self) -> str:
        key = self.setting(KEY)
        if key is None:
            with self._database.write() as connection:
                key = read_setting(connection, KEY)
                if key is None:  # nobody was faster
                    key = secrets.token_urlsafe(24)
                    write_setting(connection, KEY, key)
        return str(key)
