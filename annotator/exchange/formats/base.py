"""A format: its name, its options, what it can hold, the library that it needs, and the function that writes it.

A new format is a file beside this one that ends in a `Format`, and its line in the registry (`formats/__init__.py`).
The command line, the page, the Hub's card, the routes and the README's table are made from what stands there.

Tests: tests/exchange/formats/test_formats.py, tests/test_cli.py
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from importlib import import_module
from pathlib import Path
from typing import Protocol

from annotator.core.dataset import Dataset, Image
from annotator.core.errors import ExportError
from annotator.exchange.coco.proof import MaskForm
from annotator.exchange.names import safe_names
from annotator.system import files

Pictures = Callable[[Image], bytes]
"""An image's bytes as they lie in an export; they show it upright."""


@dataclass(frozen=True)
class Options:
    """What can be asked of an export beside its format. A format takes some of the first three (`Format.takes`).

    masks: how the masks are written. with_images: the pictures come along. provenance: each instance says where it
    comes from. zipped: everything is to become one file.
    """

    masks: MaskForm = "lossless"
    with_images: bool = False
    provenance: bool = True
    zipped: bool = False


class Report(Protocol):
    """What an export holds, found by reading it back."""

    def to_text(self) -> str:
        """Lines for a person."""

    def to_json(self) -> str:
        """The same for a program."""


@dataclass(frozen=True)
class Outcome:
    """What a format wrote.

    reports: by part, or one under "". pictures: where in the folder each picture lies, by image id; a picture that is
    not there was not written. lines: what a person should know beside the reports.
    """

    reports: Mapping[str, Report]
    pictures: Mapping[int, str] = field(default_factory=dict)
    lines: tuple[str, ...] = ()


class Writer(Protocol):
    """Write the parts of a dataset, each named ("" is the whole), into a new folder, and read them back.

    Raises ExportError where they cannot be written; the folder goes then.
    """

    def __call__(
        self, parts: Mapping[str, Dataset], folder: Path, *, options: Options, pictures: Pictures
    ) -> Outcome: ...


@dataclass(frozen=True)
class Format:
    """One way in which a dataset leaves.

    name: on the command line. title: for a person, and `titles` in other languages than English, where it differs.
    holds: what it can hold, a clause for the README and for the card of a dataset on the Hub.
    takes: the options that change what it writes; every other one is refused or hidden.
    brings_pictures: they always come along, asked for or not.
    suffixes: of what it writes when it writes no folder, which the page hands out as it is.
    extra, library: what has to be installed for it, and the module which shows that it is.
    tasks, tags: what the Hub sorts a dataset by.
    keeps_pictures: its readers need the pictures of all parts in one folder, where the files say they are.
    """

    name: str
    title: str
    holds: str
    write: Writer
    takes: frozenset[str] = frozenset()
    brings_pictures: bool = True
    suffixes: frozenset[str] = frozenset()
    extra: str | None = None
    library: str | None = None
    titles: Mapping[str, str] = field(default_factory=dict)
    tasks: tuple[str, ...] = ("object-detection",)
    tags: tuple[str, ...] = ()
    keeps_pictures: bool = False

    def refused(self, asked: Iterable[str]) -> list[str]:
        """The options that were asked for although this format does not take them."""
        return [name for name in asked if name not in self.takes]

    def row(self) -> str:
        """Its row in the README's table."""
        extra = f"`.[{self.extra}]`" if self.extra else "-"
        return f"| `{self.name}` | {self.title} | {self.holds} | {extra} |"

    def require_library(self) -> None:
        """Raise ExportError, which says how to install it, where the format's library is not there."""
        if self.library is None:
            return
        try:
            import_module(self.library)
        except ImportError as error:
            raise ExportError(
                f"format {self.name}: the extra {self.extra} is not installed, expected pip install "
                f"'photo-annotator[{self.extra}]' (in a clone: pip install -e '.[{self.extra}]')"
            ) from error


def asked_for(options: Options) -> list[str]:
    """The names of the options that a format may take or not, and that differ from their default."""
    return [one.name for one in fields(options) if one.name in OPTIONAL and getattr(options, one.name) != one.default]


OPTIONAL = ("masks", "with_images", "provenance")
"""The options that a format takes or not."""


def put_pictures(parts: Mapping[str, Dataset], folder: Path, pictures: Pictures) -> dict[int, str]:
    """Write every picture below `images/`, under a name that any system can write; where each one is, by image id."""
    images = [image for dataset in parts.values() for image in dataset.images]
    placed = {id: f"images/{name}" for id, name in safe_names(images).items()}
    for image in images:
        files.write_atomically(folder / placed[image.id], pictures(image))
    return placed
