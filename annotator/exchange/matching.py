"""The picture that a name in a file means: in a folder, or in the project."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar
from urllib.parse import unquote_to_bytes

from annotator.core.words import counted
from annotator.exchange.names import folded
from annotator.system.files import is_file
from annotator.vision.pictures.kinds import is_hidden

T = TypeVar("T")

_MANY = 5  # names in one hint
_DEEP = 8  # folders around a file that are looked into


@dataclass(frozen=True)
class Sought(Generic[T]):
    """What a name means, or why nothing was found or more than one thing."""

    found: T | None
    hint: str = ""
    is_clash: bool = False

    def why_not(self, missing: str) -> str:
        """Why nothing was found; `missing` says that nothing has the name."""
        if self.is_clash:
            return self.hint
        return f"{missing}; {self.hint}" if self.hint else missing


class Names(Generic[T]):
    """Things by their names, which are paths with slashes, found by the name that another program has for them.

    A name means, in this order: what is called so beside the file that says it; what is called so; what lies below
    that file's folder and has its last part; the only thing that has its last part, or the only such one in a folder
    that the file is called after (`train2017` of `instances_train2017.json`). Accents are one letter or two, `\\` is a
    slash, and a name that nothing has is tried with its %C3%A9 decoded, and without what follows a web address.
    Capitals make another name, and a hint.
    """

    def __init__(self, named: Iterable[tuple[str, T]]) -> None:
        self._whole: dict[str, list[T]] = {}
        self._by_last: dict[str, list[tuple[str, T]]] = {}
        self._decoded: dict[str, str] = {}
        self._folded: dict[str, list[str]] | None = None
        for name, thing in named:
            key = composed(name)
            self._whole.setdefault(key, []).append(thing)
            self._by_last.setdefault(last_part(key), []).append((key, thing))
            if "%" in key:
                self._decoded.setdefault(percent_decoded(key), key)
                self._decoded.setdefault(percent_decoded(last_part(key)), last_part(key))

    def find(self, name: str, *, beside: str = "", called: str = "") -> Sought[T]:
        """beside: the folder of the file that says the name; its last parts are enough. called: that file's stem."""
        clashing: list[str] = []
        for wanted in self._spellings(name):
            candidates = self._candidates(wanted, beside)
            if len(candidates) > 1 and called:
                words = {called.casefold(), *re.split(r"[\W_]+", called.casefold())}
                mine = [one for one in candidates if words & set(one[0].casefold().split("/")[:-1])]
                candidates = mine or candidates
            if len(candidates) == 1:
                return Sought(candidates[0][1])
            clashing = clashing or [key for key, _ in candidates]
        if clashing:
            some = ", ".join(map(repr, clashing[:_MANY])) + (", ..." if len(clashing) > _MANY else "")
            return Sought(None, f"{counted(len(clashing), 'picture')} have that name: {some}", is_clash=True)
        return Sought(None, self._nearly(name))

    def _spellings(self, name: str) -> Iterator[str]:
        key = composed(name)
        yield key
        if "%" in key:
            yield percent_decoded(key)
        if "://" in name and any(mark in name for mark in "?#"):
            yield from self._spellings(re.split(r"[?#]", name, maxsplit=1)[0])
        for one in (key, last_part(key)):
            if one in self._decoded:
                yield self._decoded[one]

    def _candidates(self, wanted: str, beside: str) -> list[tuple[str, T]]:
        """Those that the name may mean, under the first rule by which there are any: one, or too many."""
        folders = _ending_folders(composed(beside)) if beside else []
        for path in (*(normal(f"{folder}/{wanted}") for folder in folders), wanted):
            if path in self._whole:
                return [(path, thing) for thing in self._whole[path]]
        alike = self._by_last.get(last_part(wanted), [])
        for folder in folders:
            below = [(key, thing) for key, thing in alike if key.startswith(f"{folder}/")]
            if below:
                return below
        ending = [(key, thing) for key, thing in alike if key.endswith(f"/{wanted}")]
        return ending or alike

    def _nearly(self, name: str) -> str:
        if self._folded is None:
            self._folded = {}
            for key in self._whole:
                self._folded.setdefault(folded(last_part(key)), []).append(key)
        near = self._folded.get(folded(last_part(composed(name))), [])
        if not near:
            return ""
        return f"there is {', '.join(map(repr, near[:_MANY]))}, spelled otherwise"


class Folder:
    """The files below a folder, found by the names that a COCO file has for them. No name leads out of it.

    beside: the folder of the file that says the names; only looked into where it is this one, or below it. called: that
    file's stem.
    """

    def __init__(self, path: Path, *, beside: Path | None = None, called: str = "") -> None:
        self.path = path.resolve()
        self._called = called
        inside = beside is not None and beside.resolve().is_relative_to(self.path)
        self._beside = beside.resolve() if inside and beside is not None else None
        self._names: Names[Path] | None = None

    def find(self, name: str) -> Sought[Path]:
        named = self.named(name)
        if named is not None:
            return Sought(named)
        return self.elsewhere(name)

    def named(self, name: str) -> Path | None:
        """The file under that very name, beside the file that says it or in the folder."""
        for folder in (self._beside, self.path):
            if folder is None or "\0" in name:
                continue
            for spelled in (name, name.replace("\\", "/")):
                # A link that the user laid is followed; a name leads nowhere else.
                path = Path(os.path.normpath(folder / spelled))
                if path.is_relative_to(self.path) and is_file(path):
                    return path
        return None

    def elsewhere(self, name: str) -> Sought[Path]:
        """The file that the name means, anywhere below the folder."""
        if self._names is None:
            below = ((path.relative_to(self.path), path) for path in sorted(self.path.rglob("*")))
            seen = ((name, path) for name, path in below if not is_hidden(name) and is_file(path))
            self._names = Names((name.as_posix(), path) for name, path in seen)
        beside = "" if self._beside is None else self._beside.relative_to(self.path).as_posix()
        return self._names.find(name, beside="" if beside == "." else beside, called=self._called)


def last_part(name: str) -> str:
    return name.rsplit("/", 1)[-1]


def composed(name: str) -> str:
    """A name as names are compared: accents composed, slashes, no lone surrogates."""
    plain = name.encode("utf-8", "replace").decode("utf-8").replace("\0", "?")
    return normal(unicodedata.normalize("NFC", plain).replace("\\", "/"))


def normal(path: str) -> str:
    """Without `.`, `..` and doubled slashes."""
    return os.path.normpath(path).replace("\\", "/") if path else path


def percent_decoded(name: str) -> str:
    return composed(os.fsdecode(unquote_to_bytes(name)))


def _ending_folders(path: str) -> list[str]:
    """a/b/c -> a/b/c, b/c, c."""
    parts = path.strip("/").split("/")[-_DEEP:]
    return ["/".join(parts[start:]) for start in range(len(parts))]
