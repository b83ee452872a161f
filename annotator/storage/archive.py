"""The whole project as one file, and back: a zip of the database and the pictures.

What comes in is somebody's file: nothing of it is believed before it is checked, and nothing of it takes its place
before everything is.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import secrets
import shutil
import sqlite3
import stat
import struct
import time
import zipfile
import zlib
from collections.abc import Callable, Collection, Sequence
from contextlib import closing, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from annotator.core.dataset import Image
from annotator.core.errors import AnnotatorError, ArchiveError, StoreError
from annotator.core.settings import NAME
from annotator.storage import contents, vetting
from annotator.storage.dialects.sqlite import DATABASE_NAME
from annotator.storage.store import Store
from annotator.system.files import replacing, sync_folder
from annotator.system.progress import Progress

MAX_BYTES = 2 * 2**30
"""Of an archive, packed as well as unpacked."""

MAX_ENTRIES = 60_000
"""Each picture is one, and a zip counts them in 16 bits. A larger project is copied as the folder it is."""

MAX_RATIO = 100
"""Unpacked to packed, of each entry."""

# Nothing else is in a project's archive, so that no name needs to be understood, and none can lead anywhere.
_NAME = re.compile(r"project\.db|images/([0-9a-f]{2})/(?=\1)([0-9a-f]{64})")
_FOLDERS = re.compile(r"images/(?:[0-9a-f]{2}/)?")
# What the reader of zips meets in a damaged one, beside its own error.
_DAMAGED = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError, ValueError)

# What the disk is to blame for.
_NOT_THE_ARCHIVES = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO)

_NEW = ".new-"
_ABANDONED = re.compile(r"\.new-[0-9a-f]{16}")
ABANDONED_S = 3600.0
"""Nobody unpacks for so long."""

_BLOCK = 1 << 20
_END, _END_64, _END_BYTES = b"PK\x05\x06", b"PK\x06\x07", 22
_ENTRY_BYTES = 256
"""Of an entry in the list at an archive's end, at most; as much again stands before its content."""

_OTHER_ENTRIES = 8_000
"""A small project's list may name this much beside its pictures: the database, folders, what is refused by its name."""

_TINY = 4096

Vet = Callable[[Path], tuple[Image, ...]]

CheckPicture = Callable[[bytes, Image], None]
"""Called with a picture's content and what the database says of it."""

CHECKING_S, CHECKING_EACH_S = 300.0, 0.03
"""For all pictures of an archive, or for each where that is more; ten thousand small ones, or two gigabytes of large
ones, take a minute or two."""


# --- packing ---------------------------------------------------------------------------------------------------------


def pack_project(store: Store, path: Path, *, name: str = "", progress: Progress = lambda done, total: None) -> None:
    """Write the project as one zip: its database as it is at this moment, and every picture that it knows.

    name: what it is called where it does not say so itself; by its folder, say, which does not travel. Raises
    StoreError if it is too large for an archive, or cannot be written; then no file is left.
    """
    require_packable(store)
    copy = path.with_name(f".{path.name}.{secrets.token_hex(4)}.db")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        hashes = _copy_database(store, copy, name=name)
        pictures = [found for sha256 in hashes if (found := store.content_path(sha256)).is_file()]
        _require_fits([found.stat().st_size for found in pictures], database=copy.stat().st_size)
        with (
            replacing(path) as part,
            zipfile.ZipFile(part, "x", zipfile.ZIP_STORED, allowZip64=False) as archive,
        ):
            archive.write(copy, DATABASE_NAME, zipfile.ZIP_DEFLATED, compresslevel=6)
            for done, found in enumerate(pictures, start=1):
                archive.write(found, f"images/{found.parent.name}/{found.name}")  # compressed already
                progress(done, len(pictures))
    except (OSError, sqlite3.Error, zipfile.LargeZipFile) as error:
        raise StoreError(f"the project cannot be packed: {_reason(error)}") from error
    finally:
        copy.unlink(missing_ok=True)


def require_packable(store: Store) -> None:
    """Raise StoreError if the project is too large for an archive, before anything of it is copied."""
    images = (*store.images(), *store.bin())
    sizes = [size for image in images if (size := store.content_size(image.sha256)) is not None]
    _require_fits(sizes, database=store.database_size())


def _require_fits(pictures: Sequence[int], *, database: int) -> None:
    """pictures: bytes of each."""
    size = database + sum(pictures)
    if size > MAX_BYTES or len(pictures) >= MAX_ENTRIES:
        raise StoreError(
            f"the project has {len(pictures)} pictures and {size / 1e9:.1f} GB, an archive holds at most "
            f"{MAX_ENTRIES - 1} and {MAX_BYTES / 1e9:.1f} GB: copy its folder instead"
        )


def _copy_database(store: Store, target: Path, *, name: str) -> list[str]:
    """A consistent copy without what must not travel; the SHA-256 of every picture in it."""
    store.write_snapshot(target)
    with closing(sqlite3.connect(target)) as copy:
        copy.execute("PRAGMA secure_delete = ON")  # what is removed is not to be found in free pages either
        vetting.remove_what_stays(copy)
        if name:
            copy.execute("INSERT OR IGNORE INTO settings (name, value) VALUES (?, ?)", (NAME.name, json.dumps(name)))
        copy.commit()
        copy.execute("VACUUM")
        return [sha256 for (sha256,) in copy.execute("SELECT sha256 FROM images ORDER BY id")]


# --- unpacking -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Limits:
    """What is taken of an archive: bytes when it is unpacked, pictures, and bytes of one picture."""

    bytes: int = MAX_BYTES
    images: float = MAX_ENTRIES
    picture_bytes: int = MAX_BYTES


def unpack_project(
    archive: Path | IO[bytes],
    folder: Path,
    *,
    limits: Limits = Limits(),
    vet: Vet = vetting.vet,
    check_picture: CheckPicture | None = None,
    progress: Progress = lambda done, total: None,
) -> None:
    """Make a project of an archive, all of it or nothing. The project gets a key of its own.

    folder: does not exist yet, or is empty. vet: as `vetting.vet`, in this process or another.
    check_picture: raises an AnnotatorError for a picture that is not to be taken. progress: unpacking
    is one half, looking at the pictures the other.
    Raises ArchiveError in one line for what is no project's, damaged or too large, StoreError for a folder that cannot
    be used; then nothing is left.
    """
    folder = Path(folder).absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise StoreError(f"{folder}: is not empty, expected a new folder for the project of the archive")
    new = beside(folder)
    try:
        (new / "images").mkdir(parents=True)
        _extract(archive, new, limits=limits, progress=progress)
        images = vet(new)
        if check_picture is not None:
            _check_pictures(images, new, check_picture, progress)
        sync_folder(new)
        if folder.exists():
            folder.rmdir()
        os.replace(new, folder)
        sync_folder(folder.parent)
    except (OSError, *_DAMAGED) as error:
        if isinstance(error, OSError) and error.errno in _NOT_THE_ARCHIVES:
            raise StoreError(f"the project cannot be unpacked: {_reason(error)}") from error
        raise ArchiveError(f"archive: is damaged or no zip ({_reason(error)})") from error
    finally:
        shutil.rmtree(new, ignore_errors=True)


def beside(folder: Path) -> Path:
    """A folder that is not there, on the same disk as this one, for a project on its way in."""
    return folder.with_name(f"{_NEW}{secrets.token_hex(8)}")


def remove_abandoned(parent: Path) -> None:
    """Remove what killed programs left here of projects on their way in."""
    for left in parent.glob(f"{_NEW}*"):
        with suppress(OSError):
            if _ABANDONED.fullmatch(left.name) and time.time() - left.stat().st_mtime > ABANDONED_S:
                shutil.rmtree(left, ignore_errors=True)


def _check_pictures(images: Collection[Image], new: Path, check: CheckPicture, progress: Progress) -> None:
    """Raise ArchiveError at the first picture that is not taken, or when all of them together take too long."""
    patience = max(CHECKING_S, CHECKING_EACH_S * len(images))
    end = time.monotonic() + patience
    for done, image in enumerate(images):
        progress(len(images) + done, 2 * len(images))
        path = contents.path_of(new / "images", image.sha256)
        if not path.is_file():  # as a project may be: it says so when the picture is looked at
            continue
        if time.monotonic() > end:
            raise ArchiveError(f"archive: its pictures took longer than {patience:g} s to look at")
        try:
            check(path.read_bytes(), image)
        except AnnotatorError as error:
            raise ArchiveError(f"archive: {error}") from error


def unpacked_bytes(archive: IO[bytes], limits: Limits) -> int:
    """What an archive says that it unpacks to, which `unpack_project` holds it to.

    Raises ArchiveError where that is beyond the limits, or the list of its entries is not one of a project.
    """
    try:
        _require_small_directory(archive, limits)
        with zipfile.ZipFile(archive) as opened:
            return sum(entry.file_size for entry in _entries(opened, file_size=_size(archive), limits=limits))
    except (OSError, *_DAMAGED) as error:
        raise ArchiveError(f"archive: is damaged or no zip ({_reason(error)})") from error


def _extract(archive: Path | IO[bytes], new: Path, *, limits: Limits, progress: Progress) -> None:
    with open(archive, "rb") if isinstance(archive, Path) else nullcontext(archive) as file:
        _require_small_directory(file, limits)
        with zipfile.ZipFile(file) as opened:
            entries = _entries(opened, file_size=_size(file), limits=limits)
            for done, entry in enumerate(entries, start=1):
                _write_entry(opened, entry, new)
                progress(done, 2 * len(entries))
            contents.sync_files([new / entry.filename for entry in entries])


def _entries(opened: zipfile.ZipFile, *, file_size: int, limits: Limits) -> list[zipfile.ZipInfo]:
    """Those of the database and of the pictures. Raises ArchiveError unless they are a project's and no trap."""
    entries = [entry for entry in opened.infolist() if not _FOLDERS.fullmatch(entry.filename)]
    _require_entries(entries, file_size=file_size, limits=limits)
    return entries


def _size(file: IO[bytes]) -> int:
    return file.seek(0, os.SEEK_END)


def _require_small_directory(file: IO[bytes], limits: Limits) -> None:
    """Before the list of entries is read: that it is there, and that it is not a flood."""
    size = _size(file)
    most = int(min(limits.images + _OTHER_ENTRIES, MAX_ENTRIES))
    if size > limits.bytes + 2 * most * _ENTRY_BYTES:
        raise ArchiveError(f"archive: {size / 1e6:.0f} MB, expected at most {limits.bytes / 1e6:.0f} MB")
    file.seek(max(0, size - _END_BYTES - 65_535))
    tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) < at + _END_BYTES:
        raise ArchiveError("archive: is not a zip, expected a project that was downloaded as one file")
    count = int.from_bytes(tail[at + 10 : at + 12], "little")
    directory = int.from_bytes(tail[at + 12 : at + 16], "little")
    # An entry takes 46 bytes and its name of 75; others may note times and owners too.
    if _END_64 in tail[:at] or count > most or directory > most * _ENTRY_BYTES:
        raise ArchiveError(f"archive: more than {most} entries, expected at most that")


def _require_entries(entries: list[zipfile.ZipInfo], *, file_size: int, limits: Limits) -> None:
    """Raise ArchiveError unless these are the entries of a project and no trap."""
    names: set[str] = set()
    for entry in entries:
        _require_entry(entry, limits)
        if entry.filename in names:
            raise ArchiveError(f"archive: entry {entry.filename}: appears twice")
        names.add(entry.filename)
    if DATABASE_NAME not in names:
        raise ArchiveError(f"archive: no {DATABASE_NAME} in it, expected a project that was downloaded as one file")
    most = min(limits.images, MAX_ENTRIES - 1)
    if len(names) - 1 > most:
        raise ArchiveError(f"archive: {len(names) - 1} pictures, expected at most {most:g}")
    unpacked, packed = sum(entry.file_size for entry in entries), sum(entry.compress_size for entry in entries)
    if packed > file_size:
        raise ArchiveError("archive: its entries overlap")
    if unpacked > limits.bytes:
        raise ArchiveError(f"archive: unpacks to {unpacked / 1e6:.0f} MB, expected at most {limits.bytes / 1e6:.0f} MB")


def _require_entry(entry: zipfile.ZipInfo, limits: Limits) -> None:
    place = f"archive: entry {entry.orig_filename!r:.80}"
    # Python cuts a name at its first zero byte: what other programs see counts.
    if not _NAME.fullmatch(entry.orig_filename) or entry.filename != entry.orig_filename:
        raise ArchiveError(f"{place}: expected project.db or images/xx/SHA-256")
    if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG):
        raise ArchiveError(f"{place}: is a link or a device, expected a file")
    if entry.flag_bits & 1 or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ArchiveError(f"{place}: is encrypted or packed in a rare way, expected stored or deflated")
    size = entry.file_size
    if size > MAX_RATIO * entry.compress_size + _TINY:
        raise ArchiveError(f"{place}: unpacks to {size} from {entry.compress_size} bytes, a ratio above {MAX_RATIO}")
    if entry.filename != DATABASE_NAME and size > limits.picture_bytes:
        raise ArchiveError(
            f"{place}: a picture of {size / 1e6:.0f} MB, expected at most {limits.picture_bytes / 1e6:.0f} MB"
        )


def _write_entry(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, new: Path) -> None:
    """Unpack one entry, never beyond the size it says, and a picture only if it is the one that it is named for."""
    target = new / entry.filename
    target.parent.mkdir(exist_ok=True)
    digest, left = hashlib.sha256(), entry.file_size
    with opened.open(entry) as source, open(target, "xb") as file:
        while block := source.read(_BLOCK):
            left -= len(block)
            if left < 0:
                raise ArchiveError(f"archive: entry {entry.filename}: is larger than it says")
            digest.update(block)
            file.write(block)
    if left:
        raise ArchiveError(f"archive: entry {entry.filename}: is shorter than it says")
    if entry.filename != DATABASE_NAME and digest.hexdigest() != target.name:
        raise ArchiveError(f"archive: entry {entry.filename}: its SHA-256 is not the one in its name")


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return " ".join(str(error).split())[:120] or type(error).__name__
