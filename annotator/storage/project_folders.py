"""The folder of one person's projects, each in a folder of its own: what is there, found by name, and new folders.

Tests: tests/storage/test_project_folders.py
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from annotator.core.errors import StoreError
from annotator.core.project import ProjectNameError, Summary, is_same_name
from annotator.storage.locations import Location, is_project, location_of, read_location, write_location
from annotator.storage.summaries import summarize

_LONGEST = 60
_RESERVED = re.compile(r"con|prn|aux|nul|com\d|lpt\d")  # Windows knows them as devices


@dataclass(frozen=True)
class Found:
    """A project's folder. summary: None where it cannot be read; reason then says why, in one line."""

    folder: Path
    summary: Summary | None
    reason: str = ""

    @property
    def name(self) -> str:
        """What a person calls it: its name, else its folder's."""
        return (self.summary.name if self.summary is not None else "") or self.folder.name


def look(folder: Path) -> Found:
    """The project in a folder, readable or not."""
    try:
        return Found(folder, summarize(folder))
    except StoreError as error:
        return Found(folder, None, str(error))


def folders_in(home: Path) -> list[Path]:
    """Every folder of `home` that holds a project, by name; those on their way in or out are left out."""
    try:
        return sorted(path for path in home.iterdir() if not path.name.startswith(".") and is_project(path))
    except OSError:  # none was ever made, or it may not be read
        return []


def named(name: str, home: Path) -> Path | None:
    """The folder of the project that is called so, None where there is none; what lies in the bin does not count.

    Raises ProjectNameError where several are.
    """
    found = [look(folder) for folder in folders_in(home)]
    there = [one for one in found if one.summary is None or one.summary.binned is None]
    fits = [one for one in there if is_same_name(one.name, name)]
    if len(fits) > 1:
        folders = ", ".join(str(one.folder) for one in fits)
        raise ProjectNameError(f"{len(fits)} projects are called {name!r}: name the folder ({folders})")
    return fits[0].folder if fits else None


def new_folder(name: str, home: Path) -> Path:
    """A folder in `home` that is not there, named as close to the project's name as every system can."""
    return next(folder for folder in _numbered(home / plain_name(name)) if not folder.exists())


def folder_of_address(address: str, home: Path) -> Path:
    """The folder in `home` of the project that lies at this address, made where there is none.

    Raises StoreError where the server cannot be used; then no folder is made.
    """
    from annotator.storage.server_summaries import is_begun  # psycopg is not there where nobody asks for it

    location = location_of(address)
    is_begun(location)
    known = next((folder for folder in folders_in(home) if _location(folder) == location), None)
    if known is not None:
        return known
    folder = new_folder(f"{location.url.database}-{location.schema}", home)
    write_location(folder, location)
    return folder


def _location(folder: Path) -> Location | None:
    try:
        return read_location(folder)
    except StoreError:
        return None


def plain_name(name: str) -> str:
    """What a folder or a file of a project can be called on every system."""
    plain = re.sub(r"[^\w.-]+", "-", name.casefold())[:_LONGEST].strip("-. ")
    while len(plain.encode()) > 2 * _LONGEST:
        plain = plain[:-1]
    if not plain or _RESERVED.fullmatch(plain.partition(".")[0]):
        plain = f"project-{plain}".rstrip("-")
    return plain


def _numbered(folder: Path) -> Iterable[Path]:
    yield folder
    number = 2
    while True:
        yield folder.with_name(f"{folder.name}-{number}")
        number += 1
