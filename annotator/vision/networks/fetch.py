"""Bring a network's files onto the disk: from an offline folder or over HTTP, resumed, checked, renamed at the end.

Environment: ANNOTATOR_MIRROR replaces the base address of a model's sources; ANNOTATOR_OFFLINE_MODELS is a folder that
is looked into first; ANNOTATOR_FETCH_TIMEOUT is the number of seconds after which silence is an error (15).
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from annotator.core.errors import FetchError
from annotator.system.file_lock import HAS_LOCKS, try_to_lock
from annotator.system.files import hash_of
from annotator.system.progress import Progress
from annotator.vision.networks.model_info import ModelFile, NetworkInfo
from annotator.vision.networks.transfer import Cancelled, FetchCancelledError, Transfer


def download(info: NetworkInfo, *, progress: Progress, cancelled: Cancelled) -> None:
    """Bring every file of the model that is absent or not what its hash says.

    progress: called with bytes done and bytes in all, over all files. Raises FetchError in one line.
    """
    try:
        info.folder.mkdir(parents=True, exist_ok=True)
        with _locked(info, cancelled=cancelled):
            total = sum(file.bytes or 0 for file in info.files)
            done = 0
            for file in info.files:

                def advance(count: int, done: int = done) -> None:
                    progress(done + count, max(total, done + count))  # a size may not be known

                if not _is_right(info.folder / file.name, file):
                    _bring(info, file, advance=advance, cancelled=cancelled)
                done += (info.folder / file.name).stat().st_size
                progress(done, max(total, done))
    except OSError as error:
        raise FetchError(
            f"{error.filename or info.folder}: cannot be read or written ({error.strerror or error}); "
            "ANNOTATOR_MODELS can name another folder"
        ) from error


@contextmanager
def _locked(info: NetworkInfo, *, cancelled: Cancelled) -> Iterator[None]:
    """Hold the model's folder, so that a second fetch waits and then finds the files there."""
    # Where there are no locks, two fetches at once are not kept apart, but a mixed file never passes its hash.
    if not HAS_LOCKS:
        yield
        return
    handle = os.open(info.folder, os.O_RDONLY)
    try:
        while not try_to_lock(handle):
            if cancelled():
                raise FetchCancelledError(f"{info.name}: fetch cancelled while another one was running")
            time.sleep(0.1)
        yield
    finally:
        os.close(handle)


def _bring(info: NetworkInfo, file: ModelFile, *, advance: Callable[[int], None], cancelled: Cancelled) -> None:
    """One file, from the offline folder or else over the network, with its hash checked before the rename."""
    target = info.folder / file.name
    partial = target.with_name(file.name + ".part")
    offline = _offline_path(info, file)
    if offline is not None:
        shutil.copyfile(offline, partial)
    else:
        address = _address(info, file)
        _require_space(info, file, partial=partial)
        Transfer(address, partial, file, name=info.name, advance=advance, cancelled=cancelled).run()
    if not _is_right(partial, file):
        partial.unlink()
        origin = offline or address
        raise FetchError(f"{info.name}: {origin} does not have the {file.hash_in_words}; it was deleted")
    with partial.open("rb") as stream:
        os.fsync(stream.fileno())
    os.replace(partial, target)


def _is_right(path: Path, file: ModelFile) -> bool:
    """Whether the file is there with the size and the hash that it must have."""
    if not path.is_file() or file.bytes not in (None, path.stat().st_size):
        return False
    return hash_of(path, file.algorithm) == file.hash


def _require_space(info: NetworkInfo, file: ModelFile, *, partial: Path) -> None:
    needed = (file.bytes or 0) - (partial.stat().st_size if partial.is_file() else 0)
    free = shutil.disk_usage(info.folder).free
    if free < needed:
        raise FetchError(f"{info.folder}: {free / 1e6:.0f} MB free, {info.name} needs {needed / 1e6:.0f} MB")


# --- where from ------------------------------------------------------------------------------------------------------


def _address(info: NetworkInfo, file: ModelFile) -> str:
    """The file's source, with the mirror in place of the model's base."""
    if file.source is None:
        raise FetchError(f"{info.folder / file.name}: not what {info.name} expects, and no address to fetch it from")
    mirror = os.environ.get("ANNOTATOR_MIRROR", "")
    if not mirror or not info.base or not file.source.startswith(info.base):
        return file.source
    parts = urlsplit(mirror)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise FetchError(f"ANNOTATOR_MIRROR: found {mirror!r}, expected an http(s) address")
    return urljoin(mirror.rstrip("/") + "/", file.source.removeprefix(info.base))


def _offline_path(info: NetworkInfo, file: ModelFile) -> Path | None:
    """The file within ANNOTATOR_OFFLINE_MODELS, laid as NAME/file, or as the zoo or its downloader lay it.

    Raises FetchError where it is there, but with another hash.
    """
    root = os.environ.get("ANNOTATOR_OFFLINE_MODELS", "")
    if not root:
        return None
    folder = Path(root).expanduser()
    if not folder.is_dir():
        raise FetchError(f"ANNOTATOR_OFFLINE_MODELS: {folder} is not a folder")
    places = [folder / name / file.name for name in (info.name, info.title)]
    if file.source is not None:
        published = Path(urlsplit(file.source).path).name
        places += [
            folder / name / file.precision / published for name in (info.title, f"intel/{info.title}", info.name)
        ]
        if info.base and file.source.startswith(info.base):
            places.append(folder / file.source.removeprefix(info.base))
    there = [place for place in places if place.is_file()]
    for place in there:
        if _is_right(place, file):
            return place
    if there:
        size = "" if file.bytes is None else f"{file.bytes} bytes, "
        raise FetchError(f"{info.name}: {there[0]} is not the file expected ({size}{file.precision})")
    return None
