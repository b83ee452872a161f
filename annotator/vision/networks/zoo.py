"""Which models there are; fetch, verify, add your own.

A model is a folder with a `model.toml`. The project's own lie in `models/`; with ANNOTATOR_MODELS in the environment,
fetched and added files go to that folder instead, and models described there join (and win over) the project's own.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from annotator.core.errors import FetchError, ModelError
from annotator.system import paths
from annotator.system.files import hash_of
from annotator.system.progress import Progress
from annotator.vision.networks.description import DESCRIPTION_NAME, NAME_PATTERN, read_description
from annotator.vision.networks.fetch import download
from annotator.vision.networks.model_info import ModelFile, ModelInfo, NetworkInfo, PromptInfo, is_graph
from annotator.vision.networks.transfer import Cancelled, FetchCancelledError

__all__ = [
    "FetchCancelledError",
    "ModelFile",
    "ModelInfo",
    "NetworkInfo",
    "PromptInfo",
    "Survey",
    "add",
    "fetch",
    "find",
    "find_network",
    "find_prompt",
    "free_folder",
    "list_models",
    "list_prompts",
    "models_folder",
    "prompt_here",
    "survey",
    "verify",
]

BUNDLED_MODEL = "starter-person"
"""Works everywhere, at once: its files come with the project."""

BUNDLED_MODELS = (BUNDLED_MODEL, "starter-click")

BUNDLED_FOLDER = paths.bundled_models()


def models_folder() -> Path:
    """Where fetched and added files land: see `paths.models`."""
    return paths.models()


@dataclass(frozen=True)
class Survey:
    """Every model that can be read, in the order of `list_models`, and why the others cannot, by name.

    models: those that detect. prompts: those that answer clicks and boxes.
    """

    models: tuple[ModelInfo, ...]
    prompts: tuple[PromptInfo, ...]
    problems: dict[str, ModelError]

    @property
    def networks(self) -> tuple[NetworkInfo, ...]:
        return *self.models, *self.prompts


def survey() -> Survey:
    """Read every description there is; one that is broken does not hide the others."""
    networks: list[NetworkInfo] = []
    problems = {}
    for name, path in sorted(_descriptions().items()):
        try:
            networks.append(_read(name, path))
        except ModelError as error:
            problems[name] = error
    networks.sort(key=lambda info: (info.name not in BUNDLED_MODELS, _is_published(info), info.name))
    return Survey(
        tuple(info for info in networks if isinstance(info, ModelInfo)),
        tuple(info for info in networks if isinstance(info, PromptInfo)),
        problems,
    )


def _is_published(info: NetworkInfo) -> bool:
    """Whether a model's files come from somewhere else."""
    return any(file.source for file in info.files)


def list_models() -> tuple[ModelInfo, ...]:
    """The models that detect: the bundled one, those of the user's own, those that are fetched."""
    return survey().models


def list_prompts() -> tuple[PromptInfo, ...]:
    """The models that answer clicks and boxes, in the same order."""
    return survey().prompts


def prompt_here() -> PromptInfo | None:
    """The model that answers clicks and boxes here; None where the files of none are.

    One that somebody fetched or added is what they want: it comes before the bundled one.
    """
    return offered_among([info for info in list_prompts() if info.present])


def offered_among(here: Sequence[PromptInfo]) -> PromptInfo | None:
    """As `prompt_here`, of networks whose files are here."""
    return min(here, key=lambda info: info.name in BUNDLED_MODELS, default=None)


def find(name: str) -> ModelInfo:
    """The model that detects of that short or full name. Raises ModelError that lists what there is."""
    found = survey()
    info = _named(name, found, among=found.models)
    if not isinstance(info, ModelInfo):
        there = ", ".join(other.name for other in found.models)
        raise ModelError(f"model {name!r}: answers clicks and boxes, and finds nothing by itself; {there} do")
    return info


def find_prompt(name: str) -> PromptInfo:
    """The model that answers prompts of that short or full name. Raises ModelError that lists what there is."""
    found = survey()
    info = _named(name, found, among=found.prompts)
    if not isinstance(info, PromptInfo):
        there = ", ".join(other.name for other in found.prompts) or "none"
        raise ModelError(f"model {name!r}: finds objects by itself, and answers no clicks; those that do: {there}")
    return info


def find_network(name: str) -> NetworkInfo:
    """The model of that short or full name, whatever it does. Raises ModelError that lists what there is."""
    found = survey()
    return _named(name, found, among=found.networks)


def _named(name: str, found: Survey, *, among: Sequence[NetworkInfo]) -> NetworkInfo:
    """A network of the user's own may keep the title of the published one that it was made from, and does not stand in
    for it."""
    wanted = name.strip().lower()
    if wanted in found.problems:
        raise found.problems[wanted]
    by_name = [info for info in found.networks if info.name == wanted]
    by_title = [info for info in found.networks if info.title.lower() == wanted]
    named = [*by_name, *sorted(by_title, key=lambda info: not _is_published(info))]
    if named:
        return named[0]
    raise ModelError(f"model {name!r}: not known, there are {', '.join(info.name for info in among) or 'none'}")


def fetch(
    info: NetworkInfo, *, progress: Progress = lambda done, total: None, cancelled: Cancelled = lambda: False
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
        ready = [other.name for other in survey().networks if other.present and other.name != info.name]
        files = " and ".join(map(_with_size, info.files))
        raise FetchError(
            f"{error}; ready without it: {', '.join(ready) or 'no model'}; by hand: put {files} into {info.folder}, "
            f"or into {info.name} in the folder that ANNOTATOR_OFFLINE_MODELS names"
        ) from error


def add(name: str, folder: Path) -> NetworkInfo:
    """Take a network of the user's own into the zoo. Raises ModelError as `own_model.add_model` does."""
    # OpenVINO takes a second to import; what only lists models does without it.
    from annotator.vision.networks.own_model import add_model

    return add_model(name, folder, target=free_folder(name))


def free_folder(name: str) -> Path:
    """Where a new model of that name will lie. Raises ModelError where the name is taken or no name at all."""
    if not NAME_PATTERN.fullmatch(name):
        raise ModelError(f"name {name!r}: expected lower-case letters, digits, '.', '_' or '-', at most 64")
    target = models_folder() / name
    titles = {info.title.lower() for info in survey().networks}
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


def _described(path: Path, folder: Path | None = None) -> NetworkInfo:
    """As `read_description`. The same text is understood once: every click asks which networks there are."""
    try:
        content = path.read_bytes()
    except OSError:
        return read_description(path, folder=folder)
    return _understood(path, folder, content, os.environ.get("ANNOTATOR_PRECISION"))


@lru_cache(256)
def _understood(path: Path, folder: Path | None, content: bytes, precision: str | None) -> NetworkInfo:
    """content, precision: what else the answer depends on."""
    return read_description(path, folder=folder)


def _read(name: str, path: Path) -> NetworkInfo:
    info = _described(path)
    if info.name != name:
        raise ModelError(f"{path}: name: found {info.name!r}, expected {name!r} as its folder has it")
    if _is_published(info):
        return _described(path, models_folder() / name)
    if not info.files and info.present:
        # A folder that was put there by hand: its files are what they are.
        weights = [path.with_suffix(".bin") for path in info.graph_paths if path.suffix == ".xml"]
        files = [_as_it_lies(path) for path in (*info.graph_paths, *weights)]
        return replace(info, files=tuple(files))
    return info


def _as_it_lies(path: Path) -> ModelFile:
    return ModelFile("own", path.name, path.stat().st_size, _hash(path, path.stat(), "sha384"))


def _with_size(file: ModelFile) -> str:
    return file.name if file.bytes is None else f"{file.name} ({file.bytes} bytes)"


# --- what lies on disk -----------------------------------------------------------------------------------------------

# A file that was hashed and has not changed since: (path, size, mtime in ns, inode, algorithm) -> hash.
_hashed: dict[tuple[str, int, int, int, str], str] = {}


def verify(info: NetworkInfo) -> None:
    """Hash what is on disk against the description.

    Raises ModelError that names the file, what was found and what was expected. Within a process an unchanged file is
    hashed once.
    """
    for file in info.files:
        path = info.folder / file.name
        try:
            status = path.stat()
            if file.bytes not in (None, status.st_size):
                raise ModelError(f"{path}: {status.st_size} bytes, expected {file.bytes}; fetch {info.name} again")
            found = _hash(path, status, file.algorithm)
        except FileNotFoundError as error:
            raise ModelError(f"{path}: not there; fetch {info.name} first") from error
        except OSError as error:
            raise ModelError(f"{path}: cannot be read ({error.strerror})") from error
        if found != file.hash:
            has = replace(file, hash=found).hash_in_words
            raise ModelError(f"{path}: {has}, expected {file.hash[:16]}…; delete it and fetch {info.name} again")
    for path in () if info.files else info.graph_paths:
        if not is_graph(path):
            raise ModelError(f"{path}: not there, or without its .bin beside it")


def _hash(path: Path, status: os.stat_result, algorithm: str) -> str:
    key = (str(path), status.st_size, status.st_mtime_ns, status.st_ino, algorithm)
    if key not in _hashed:
        _hashed[key] = hash_of(path, algorithm)
    return _hashed[key]
