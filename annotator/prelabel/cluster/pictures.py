"""Which pictures are meant by paths and by addresses of a store, what they are called, and their bytes.

An address is one of fsspec's, such as s3://bucket/folder. It is listed once, and read by whichever machine has the
picture's turn.

Tests: tests/prelabel/cluster/test_pictures.py
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from annotator.core.errors import AnnotatorError, ImageError, StoreError, last_line
from annotator.storage.picture_store import reach
from annotator.system.patience import patiently
from annotator.vision.pictures.decode import MAX_FILE_BYTES, content_of
from annotator.vision.pictures.finding import find_pictures, relative_names
from annotator.vision.pictures.kinds import SUFFIXES, is_hidden

PAUSES_S = (0.5, 2.0, 8.0)
"""A store that does not answer is asked again after these."""

_LOST: set[Any] = set()
"""Stores that did not answer for so long, when they were last asked."""

MISSING = "ray: is not installed, expected the extra: pip install 'photo-annotator[ray]'"


@dataclass(frozen=True)
class Picture:
    """A picture of a batch. index: its place in the list. address: a path, or an address of a store. name: in the
    project. sha256: of what is done of this name already, "" where nothing is. store: the address by which its store
    is reached, "" for a path here; path: where it lies there.
    """

    index: int
    address: str
    name: str
    sha256: str = ""
    store: str = ""
    path: str = ""

    def read(self) -> bytes:
        """Its bytes.

        Raises ImageError if they cannot be read, or are more than any picture has; StoreError where its store does not
        answer.
        """
        return _content_in_store(self) if self.store else content_of(Path(self.address))


def is_address(text: str) -> bool:
    """Whether it is of a store, and not a path here."""
    return "://" in text


def list_pictures(asked: Sequence[str]) -> list[Picture]:
    """Files, folders and addresses -> the pictures below them, each with a name of its own.

    Raises ImageError for what is not there, or cannot be listed, or where two have one name.
    """
    here = find_pictures([Path(text) for text in asked if not is_address(text)])
    listed = [Picture(0, str(path), name) for path, name in relative_names(here).items()]
    for text in filter(is_address, asked):
        listed += _listed(text)
    found: dict[str, Picture] = {}
    for index, one in enumerate(listed):
        if one.name in found:
            first = found[one.name].address
            raise ImageError(f"{one.name}: found twice, as {first} and as {one.address}; expected names of their own")
        found[one.name] = replace(one, index=index)
    return list(found.values())


def _listed(address: str) -> list[Picture]:
    """The pictures below an address, by the names that they have from there."""
    store, root = _store(address)
    try:
        if not store.exists(root):
            raise ImageError(f"{address}: nothing is there")
        if store.isfile(root):
            return [Picture(0, address, posixpath.basename(root), store=address, path=root)]
        paths = sorted(_below(store, root))
    except AnnotatorError:
        raise
    except Exception as error:  # each store has errors of its own
        raise ImageError(f"{address}: cannot be listed ({last_line(error)})") from error
    names = [posixpath.relpath(path, root) for path in paths]
    return [
        Picture(0, _inside(address, name), name, store=address, path=path)
        for name, path in zip(names, paths, strict=True)
    ]


def _inside(address: str, name: str) -> str:
    """The address of what lies below one; of an archive, zip://FOLDER::s3://BUCKET/A.zip, before the `::`."""
    first, *rest = address.split("::")
    return "::".join([f"{first}{'' if first.endswith('/') else '/'}{name}", *rest])


def _below(store: Any, root: str) -> Iterator[str]:
    """Folder by folder: a bucket may hold a million files that are no pictures."""
    for folder, _, files in store.walk(root):
        for name in files:
            path = posixpath.join(folder, name)
            inside = Path(posixpath.relpath(path, root))
            if inside.suffix.lower() in SUFFIXES and not is_hidden(inside):
                yield path


def _content_in_store(picture: Picture) -> bytes:
    # Not by its own address: fsspec takes a `::` in a name for the end of it.
    store, _ = _store(picture.store)

    def read() -> bytes:
        with store.open(picture.path, "rb") as stream:
            return bytes(stream.read(MAX_FILE_BYTES + 1))

    try:
        content = _read_patiently(store, read)
    except FileNotFoundError as error:
        raise ImageError(f"{picture.address}: cannot be read (it is no longer there)") from error
    except PermissionError as error:
        raise ImageError(f"{picture.address}: cannot be read ({last_line(error)})") from error
    except Exception as error:  # each store has errors of its own
        raise StoreError(f"{picture.address}: the store does not answer ({last_line(error)})") from error
    if len(content) > MAX_FILE_BYTES:
        raise ImageError(f"{picture.address}: expected at most {MAX_FILE_BYTES / 1e6:.0f} MB")
    return content


def _read_patiently(store: Any, read: Callable[[], bytes]) -> bytes:
    """Once a picture of a store waited in vain, others do not wait until one is read."""
    lasting = (FileNotFoundError, PermissionError)
    try:
        content = patiently(read, () if store in _LOST else PAUSES_S, at_once=lasting)
    except lasting:
        raise
    except Exception:
        _LOST.add(store)
        raise
    _LOST.discard(store)
    return content


def _store(address: str) -> tuple[Any, str]:
    try:
        store, path = reach(address)
    except ImportError as error:
        if (error.name or "").startswith("fsspec"):
            raise AnnotatorError(MISSING) from error
        raise ImageError(f"{address}: {last_line(error)}") from error
    except Exception as error:  # an unknown protocol, an address that is none
        raise ImageError(f"{address}: {last_line(error)}") from error
    return store, str(path)
