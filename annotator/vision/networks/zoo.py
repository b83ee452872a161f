"""Which models there are; fetch, verify, add your own.

A model is a folder with a `model.toml`. The project's own lie in `models/`; with ANNOTATOR_MODELS in the environment,
fetched and added files go to that folder instead, and models described there join (and win over) the project's own.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from annotator.core.errors import FetchError, ModelError
from annotator.system import paths
from annotator.system.files import sha384_of
from annotator.system.progress import Progress
from annotator.vision.networks.description import DESCRIPTION_NAME, NAME_PATTERN, read_description
from annotator.vision.networks.fetch import download
from annotator.vision.networks.model_info import ModelFile, ModelInfo
from annotator.vision.networks.transfer import Cancelled, FetchCancelledError

__all__ = [
    "FetchCancelledError",
    "ModelFile",
    "ModelInfo",
    "Survey",
    "add",
    "fetch",
    "find",
    "free_folder",
    "list_models",
    "models_folder",
    "survey",
    "verify",
]

BUNDLED_MODEL = "starter-person"
"""Works everywhere, at once: its files come with the project."""

BUNDLED_FOLDER = paths.bundled_models()


def models_folder() -> Path:
    """Where fetched and added files land: see `paths.models`."""
    return paths.models()


@dataclass(frozen=True)
class Survey:
    """Every model that can be read, in the order of `list_models`, and why the others cannot, by name."""

    models: tuple[ModelInfo, ...]
    problems: dict[str, ModelError]


def survey() -> Survey:
    """Read every description there is; one that is broken does not hide the others."""
    models, problems = [], {}
    for name, path in sorted(_descriptions().items()):
        try:
            models.append(_read(name, path))
        except ModelError as error:
            problems[name] = error
    models.sort(key=lambda info: (info.name != BUNDLED_MODEL, _is_published(info), info.name))
    return Survey(tuple(models), problems)


def _is_published(info: ModelInfo) -> bool:
    """Whether a model's files come from somewhere else."""
    return any(file.source for file in info.files)


def list_models() -> tuple[ModelInfo, ...]:
    """The models that can be used or fetched: the bundled one, those of the user's own, those that are fetched."""
    return survey().models


def find(name: str) -> ModelInfo:
    """The model of that short or full name. Raises ModelError that lists what there is.

    A network of the user's own may keep the title of the published one that it was made from, and does not stand in
    for it.
    """
    found = survey()
    wanted = name.strip().lower()
    if wanted in found.problems:
        raise found.problems[wanted]
    by_name = [info for info in found.models if info.name == wanted]
    by_title = [info for info in found.models if info.title.lower() == wanted]
    named = [*by_name, *sorted(by_title, key=lambda info: not _is_published(info))]
    if named:
        return named[0]
    raise ModelError(f"model {name!r}: not known, there are {', '.join(info.name for info in found.models) or 'none'}")


def fetch(
    info: ModelInfo, *, progress: Progress = lambda done, total: None, cancelled: Cancelled = lambda: False
) -> None:
    """Bring the model's files onto the disk, unless they are there and right.

    progress: called with bytes done and bytes in all. Raises FetchError in one line: what could not be reached or was
    not what it should be, what works without it, and where to put the files by hand; FetchCancelledError when stopped.
    """
    try:
        download(info, progress=progress, cancelled=cancelled)
    except FetchCancelledError:
        raise
    except FetchError as error:
        ready = [other.name for other in list_models() if other.present and other.name != info.name]
        files = " and ".join(f"{file.name} ({file.bytes} bytes)" for file in info.files)
        raise FetchError(
            f"{error}; ready without it: {', '.join(ready) or 'no model'}; by hand: put {files} into {info.folder}, "
            "or name a folder that has them in ANNOTATOR_OFFLINE_MODELS"
        ) from error


def add(name: str, folder: Path) -> ModelInfo:
    """Take a network of the user's own into the zoo. Raises ModelError as `own_model.add_model` does."""
    # OpenVINO takes a second to import; what only lists models does without it.
    from annotator.vision.networks.own_model import add_model

    return add_model(name, folder, target=free_folder(name))


def free_folder(name: str) -> Path:
    """Where a new model of that name will lie. Raises ModelError where the name is taken or no name at all."""
    if not NAME_PATTERN.fullmatch(name):
        raise ModelError(f"name {name!r}: expected lower-case letters, digits, '.', '_' or '-', at most 64")
    target = models_folder() / name
    titles = {info.title.lower() for info in list_models()}
    if name in _descriptions() or name in titles or target.exists():
        instead = f"remove {target} or choose another" if target.exists() else "choose another"
        raise ModelError(f"name {name!r}: there is a model of that name already; {instead}")
    return target


def _descriptions() -> dict[str, Path]:
    """Name of the folder -> its model.toml; those of ANNOTATOR_MODELS win over the project's own."""
    found = {}
    for root in (BUNDLED_FOLDER, models_folder()):
        for path in root.glob(f"*/{DESCRIPTION_NAME}"):
            if not path.parent.name.startswith("."):
                found[path.parent.name] = path
    return found


def _read(name: str, path: Path) -> ModelInfo:
    info = read_description(path)
    if info.name != name:
        raise ModelError(f"{path}: name: found {info.name!r}, expected {name!r} as its folder has it")
    if _is_published(info):
        return read_description(path, folder=models_folder() / name)
    if not info.files and info.present:
        # A folder that was put there by hand: its files are what they are.
        paths = (info.xml_path, info.xml_path.with_suffix(".bin"))
        files = (ModelFile("own", path.name, path.stat().st_size, _sha384(path, path.stat())) for path in paths)
        return replace(info, files=tuple(files))
    return info


# --- what lies on disk -----------------------------------------------------------------------------------------------

# A file that was hashed and has not changed since: (path, size, mtime in ns, inode) -> SHA-384.
_hashed: dict[tuple[str, int, int, int], str] = {}


def verify(info: ModelInfo) -> None:
    """Hash what is on disk against the description.

    Raises ModelError that names the file, what was found and what was expected. Within a process an unchanged file is
    hashed once.
    """
    for file in info.files:
        path = info.folder / file.name
        try:
            status = path.stat()
            if status.st_size != file.bytes:
                raise ModelError(f"{path}: {status.st_size} bytes, expected {file.bytes}; fetch {info.name} again")
            found = _sha384(path, status)
        except FileNotFoundError as error:
            raise ModelError(f"{path}: not there; fetch {info.name} first") from error
        except OSError as error:
            raise ModelError(f"{path}: cannot be read ({error.strerror})") from error
        if found != file.sha384:
            raise ModelError(
                f"{path}: SHA-384 {found[:16]}…, expected {file.sha384[:16]}…; delete it and fetch {info.name} again"
            )
    if not info.present:
        raise ModelError(f"{info.xml_path}: not there, or without its .bin beside it")


def _sha384(path: Path, status: os.stat_result) -> str:
    key = (str(path), status.st_size, status.st_mtime_ns, status.st_ino)
    if key not in _hashed:
        _hashed[key] = sha384_of(path)
    return _hashed[key]
