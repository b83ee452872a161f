"""The formats in which a dataset leaves: one file each, and one line each here. The first is the default.

Enter through `FORMATS`. A format's file ends in the value `FORMAT` (see `base`).
"""

from importlib import import_module
from typing import Final

from annotator.exchange.formats.base import Format, Options

__all__ = ["DEFAULT", "FORMATS", "SUFFIXES", "Format", "Options"]

_MODULES = (
    "coco",
    "yolo_seg",
    "voc",
    "labelme",
    "csv",
)


def _read() -> dict[str, Format]:
    found: list[Format] = [import_module(f"{__name__}.{module}").FORMAT for module in _MODULES]
    return {one.name: one for one in found}


FORMATS: Final = _read()
DEFAULT: Final = next(iter(FORMATS.values()))

SUFFIXES: Final = frozenset[str]().union(*(one.suffixes for one in FORMATS.values()))
"""Of what a format leaves as a file of its own."""
