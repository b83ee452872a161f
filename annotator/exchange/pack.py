"""Datasets with their pictures, in the layout that trainers expect, as a folder or as one zip."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from annotator.core.dataset import Dataset, Image
from annotator.core.errors import ExportError
from annotator.exchange import coco
from annotator.exchange.coco.proof import ExportReport, MaskForm
from annotator.exchange.names import safe_names
from annotator.system import files
from annotator.system.files import sync_folder

_ABANDONED_AFTER_S = 24 * 3600.0
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # zip has no earlier date; the same pack is the same bytes


@dataclass(frozen=True)
class Pack:
    """What was written: the zip or the folder's files, the proof of each part, and which pictures got another name.

    stale: annotations in the folder that an earlier export left, and this one does not have.
    """

    target: Path
    files: tuple[Path, ...]
    reports: dict[str, ExportReport]
    renamed: dict[int, tuple[str, str]]
    stale: tuple[Path, ...] = ()


def write(
    parts: Mapping[str, Dataset],
    target: Path,
    *,
    pictures: Callable[[Image], bytes] | None = None,
    masks: MaskForm = "lossless",
    provenance: bool = True,
) -> Pack:
    """Write `annotations/instances_NAME.json` for each part, each with its proof, and `images/` for all of them.

    target: a folder, or a file that ends in `.zip`. The part "" is `annotations/instances.json`.
    pictures: an image's bytes as they shall lie in the pack, which must show it upright; without it no picture is
    packed. Two images never share a file: where names collide or lead elsewhere, the pack and its JSON use others.
    Raises ExportError as `coco.write` does, and then nothing of the target has changed.
    """
    target = Path(target)
    with staged(target) as folder:
        pack = _write_folder(parts, folder, pictures=pictures, masks=masks, provenance=provenance)
    if target.suffix.lower() == ".zip":
        return replace(pack, target=target, files=(target,))
    files = tuple(target / path.relative_to(folder) for path in pack.files)
    stale = sorted(set((target / "annotations").glob("instances*.json")) - set(files))
    return replace(pack, target=target, files=files, stale=tuple(stale))


@contextmanager
def staged(target: Path) -> Iterator[Path]:
    """A new folder, whose files are in the target folder, or are the target zip, once the block ends without an error.

    Raises ExportError where the disk refuses; nothing of the target has changed then.
    """
    zipped = target.suffix.lower() == ".zip"
    home = target.parent if zipped else target
    folder = home / f".{target.name}.{secrets.token_hex(6)}.new"
    new = folder.with_suffix(".zip")
    made = [above for above in (home, *home.parents) if not above.exists()]
    done = False
    try:
        _remove_abandoned(home, target.name)
        folder.mkdir(parents=True)
        yield folder
        if zipped:
            _zip(folder, new)
            os.replace(new, target)
        else:
            _move(folder, target)
        sync_folder(home)
        done = True
    except OSError as error:
        raise ExportError(f"{target}: cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        new.unlink(missing_ok=True)
        if not done:
            for above in made:
                with suppress(OSError):
                    above.rmdir()


def _remove_abandoned(home: Path, name: str) -> None:
    """What exports to the same place left half made when they were killed long ago: copies of every picture."""
    ours = re.compile(rf"\.{re.escape(name)}\.[0-9a-f]{{12}}\.(new|zip)")
    for path in home.iterdir() if home.is_dir() else ():
        if ours.fullmatch(path.name) and time.time() - path.lstat().st_mtime > _ABANDONED_AFTER_S:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def _move(folder: Path, target: Path) -> None:
    """Every file to its place; whatever stands in the way of one is found before the first is moved."""
    paths = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    for path in paths:
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        if (target / path).is_dir():
            raise ExportError(f"{target / path}: is a folder, expected a place for a file")
    for path in paths:
        os.replace(folder / path, target / path)


def _write_folder(
    parts: Mapping[str, Dataset],
    folder: Path,
    *,
    pictures: Callable[[Image], bytes] | None,
    masks: MaskForm,
    provenance: bool,
) -> Pack:
    every = {image.id: image for dataset in parts.values() for image in dataset.images}
    names = safe_names(every.values()) if pictures is not None else {}
    written: list[Path] = []
    reports = {}
    try:
        if pictures is not None:
            for id, image in every.items():
                path = folder / "images" / names[id]
                files.write_atomically(path, pictures(image))
                written.append(path)
    except OSError as error:
        raise ExportError(f"{folder}: cannot be written: {error.strerror or error}") from error
    for part, dataset in parts.items():
        suffix = f"_{part}" if part else ""
        images = tuple(replace(image, file_name=names.get(image.id, image.file_name)) for image in dataset.images)
        path = folder / "annotations" / f"instances{suffix}.json"
        reports[part] = coco.write(
            replace(dataset, images=images),
            path,
            masks=masks,
            provenance=provenance,
            # Ultralytics' converter takes every .json of the folder `annotations` for one of COCO's.
            report_name=f"../report{suffix}",
        )
        written += [path, folder / f"report{suffix}.json", folder / f"report{suffix}.txt"]
    renamed = {id: (every[id].file_name, name) for id, name in names.items() if name != every[id].file_name}
    return Pack(folder, tuple(written), reports, renamed)


def _zip(folder: Path, target: Path) -> None:
    """Every file of the folder, in the order of their names; pictures are compressed already."""
    with open(target, "xb") as file:
        with zipfile.ZipFile(file, "w") as archive:
            for path in sorted(path for path in folder.rglob("*") if path.is_file()):
                entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _LONG_AGO)
                entry.external_attr = 0o644 << 16
                is_text = path.suffix in (".json", ".txt")
                entry.compress_type = zipfile.ZIP_DEFLATED if is_text else zipfile.ZIP_STORED
                with open(path, "rb") as source, archive.open(entry, "w", force_zip64=True) as packed:
                    shutil.copyfileobj(source, packed, 1 << 20)
        file.flush()
        os.fsync(file.fileno())
