"""Writes an export beside its target, proves it, and only then moves it there, as files of a folder or as one zip."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from annotator.core.dataset import Dataset
from annotator.core.errors import ExportError
from annotator.core.exportable import require_exportable
from annotator.exchange.formats.base import Format, Options, Outcome, Pictures
from annotator.system import files
from annotator.system.files import sync_folder

PROOF = ".proof"
"""Of the report for programs. It is JSON; but whoever reads a folder takes every `.json` of it for annotations."""

SUFFIXES = frozenset({".zip", ".txt", PROOF})
"""Of what an export of any format may leave beside its own."""

_OWNER = ".project"
"""In an export's folder: the project whose exports it is for."""

_LISTED = ".export"
"""In an export's folder: the paths of what exports have written there, a line each."""

_ABANDONED_AFTER_S = 24 * 3600.0
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # zip has no earlier date; the same pack is the same bytes
_COMPRESSED = frozenset(
    (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".avif", ".heic", ".heif", ".gif", ".jp2", ".zip")
)


def place_of(project: Path, exports: Path, *, claim: bool = False) -> Path:
    """The folder below `exports` for what a project exports: of its own name, unless another project has that one.

    project: its folder. claim: note whose the folder is from now on. Raises ExportError where that cannot be written.
    """
    mine = str(project.resolve())
    folder = exports / project.name
    note = folder / _OWNER
    try:
        if claim and not note.exists():
            folder.mkdir(parents=True, exist_ok=True)
            with suppress(FileExistsError), open(note, "x", encoding="utf-8", errors="surrogateescape") as file:
                file.write(mine)
        is_others = note.exists() and note.read_text("utf-8", errors="surrogateescape") != mine
    except OSError as error:
        raise ExportError(f"{folder}: cannot be written: {error.strerror or error}") from error
    digest = hashlib.sha256(mine.encode(errors="surrogateescape")).hexdigest()[:8]
    return exports / f"{project.name}-{digest}" if is_others else folder


@dataclass(frozen=True)
class Stamp:
    """What tells a file from another that takes its name later: its size, and a token of when and where it was made."""

    bytes: int
    token: str

    @classmethod
    def of(cls, path: Path) -> Stamp:
        """The stamp of the file that is there now. Raises OSError."""
        found = path.stat()
        return cls(found.st_size, f"{found.st_mtime_ns:x}-{found.st_size:x}-{found.st_ino:x}")


@dataclass(frozen=True)
class Pack:
    """What was written: the zip or the folder's files, each with its stamp, and what the format says of them.

    stale: files beside them that an earlier export left, and this one does not have.
    """

    files: Mapping[Path, Stamp]
    outcome: Outcome
    stale: tuple[Path, ...] = ()


Pulse = Callable[[], None]
"""Called now and then, and last before anything of the target changes; what it raises stops the export."""


def write(
    parts: Mapping[str, Dataset],
    target: Path,
    *,
    format: Format,
    options: Options,
    pictures: Pictures,
    pulse: Pulse = lambda: None,
    notes: Sequence[str] = (),
    beside: Mapping[str, bytes] | None = None,
) -> Pack:
    """Write the parts in a format, with its reports beside it, all of it or nothing.

    target: a folder, or a file that ends in `.zip`. notes: lines for the end of each report, of what does not leave.
    beside: more files, by their names.
    Raises ExportError if the format's library is not installed, if the dataset must not leave, if it does not read
    back as it was written, or if the disk refuses; nothing of the target has changed then.
    """
    format.require_library()
    for dataset in parts.values():
        require_exportable(dataset)
    stale: list[Path] = []
    with staged(target, pulse=pulse) as stage:
        outcome = format.write(parts, stage.folder, options=options, pictures=pictures)
        for part, report in outcome.reports.items():
            name = f"report_{part}" if part else "report"
            text = "".join(f"{line}\n" for line in (*report.to_text().splitlines(), *notes))
            files.write_atomically(stage.folder / f"{name}.txt", text.encode(errors="replace"))
            files.write_atomically(stage.folder / f"{name}{PROOF}", report.to_json().encode())
        for name, content in (beside or {}).items():
            files.write_atomically(stage.folder / name, content)
        if not _is_zip(target):
            written = {target / path for path in _files_below(stage.folder)}
            stale = sorted(_stale(target, written))
            listed = sorted(path.relative_to(target).as_posix() for path in (*written, *stale))
            files.write_atomically(stage.folder / _LISTED, "".join(f"{path}\n" for path in listed).encode())
    stage.files.pop(target / _LISTED, None)
    return Pack(stage.files, outcome, tuple(stale))


@dataclass
class Stage:
    """A folder beside the target in which an export comes to be; `files` is what took their place in the end."""

    folder: Path
    files: dict[Path, Stamp] = field(default_factory=dict)


@contextmanager
def staged(target: Path, *, pulse: Pulse = lambda: None) -> Iterator[Stage]:
    """A new folder, whose files are in the target folder, or are the target zip, once the block ends without an error.

    Raises ExportError where the disk refuses; nothing of the target has changed then.
    """
    home = target.parent if _is_zip(target) else target
    stage = Stage(home / f".{target.name}.{secrets.token_hex(6)}.new")
    new = stage.folder.with_suffix(".zip")
    made = [above for above in (home, *home.parents) if not above.exists()]
    done = False
    try:
        _remove_abandoned(home, target.name)
        stage.folder.mkdir(parents=True)
        yield stage
        if _is_zip(target):
            _require_place(target)
            _zip(stage.folder, new, pulse)
            stage.files[target] = Stamp.of(new)
            os.replace(new, target)
        else:
            pulse()
            stage.files.update(_move(stage.folder, target))
        sync_folder(home)
        done = True
    except OSError as error:
        raise ExportError(f"{target}: cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(stage.folder, ignore_errors=True)
        new.unlink(missing_ok=True)
        if not done:
            for above in made:
                with suppress(OSError):
                    above.rmdir()


def _is_zip(target: Path) -> bool:
    return target.suffix.lower() == ".zip"


def _remove_abandoned(home: Path, name: str) -> None:
    """Remove what killed exports to the same target left behind long ago: copies of every picture."""
    ours = re.compile(rf"\.{re.escape(name)}\.[0-9a-f]{{12}}\.(new|zip)")
    for path in home.iterdir() if home.is_dir() else ():
        if ours.fullmatch(path.name) and time.time() - path.lstat().st_mtime > _ABANDONED_AFTER_S:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def _move(folder: Path, target: Path) -> dict[Path, Stamp]:
    """Move every file to its place. Whether anything stands in the way is found out before the first is moved."""
    paths = _files_below(folder)
    for path in paths:
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        _require_place(target / path)
    # Not of the files in their places: another export may have taken these by then.
    stamps = {target / path: Stamp.of(folder / path) for path in paths}
    for path in paths:
        os.replace(folder / path, target / path)
    return stamps


def _files_below(folder: Path) -> list[Path]:
    """In order, as paths from the folder on."""
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())


def _require_place(path: Path) -> None:
    """Raise ExportError where a file must not replace what is there, such as a device."""
    if path.exists() and not path.is_file():
        what = "a folder" if path.is_dir() else "no plain file"
        raise ExportError(f"{path}: is {what}, expected a file or nothing there")


def _stale(target: Path, written: Set[Path]) -> set[Path]:
    """What earlier exports left in the target and this one does not write.

    Those of the list that they keep; what lies in the folders that are written to; in the target itself, what is called
    as exports are.
    """
    found = {target / line for line in _listed(target) if ".." not in Path(line).parts}
    for folder in {path.parent for path in written}:
        for path in folder.iterdir() if folder.is_dir() else ():
            if folder != target or path.name.startswith(("instances", "report_")):
                found.add(path)
    return {path for path in found - written if path.is_file() and not path.name.startswith(".")}


def _listed(target: Path) -> list[str]:
    try:
        return (target / _LISTED).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):  # none yet, or not ours: then the names tell
        return []


def _zip(folder: Path, target: Path, pulse: Pulse) -> None:
    """Every file of the folder, in the order of their names."""
    with open(target, "xb") as file:
        with zipfile.ZipFile(file, "w") as archive:
            for path in sorted(path for path in folder.rglob("*") if path.is_file()):
                entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _LONG_AGO)
                entry.external_attr = 0o644 << 16
                packed = path.suffix.lower() in _COMPRESSED
                entry.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
                with open(path, "rb") as source, archive.open(entry, "w", force_zip64=True) as stream:
                    shutil.copyfileobj(source, stream, 1 << 20)
                pulse()
        file.flush()
        os.fsync(file.fileno())
