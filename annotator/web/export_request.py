"""What a page asks to be exported: read from JSON, and checked against what a format takes.

Tests: tests/web/routes/test_exports.py
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from annotator.core.errors import GestureError
from annotator.core.numbers import is_finite, is_id
from annotator.core.query import EVERYTHING, Query, of_ids, parse
from annotator.exchange import leaving
from annotator.exchange.coco.proof import MASK_FORMS
from annotator.exchange.formats import DEFAULT, FORMATS, Format, Options
from annotator.exchange.formats.base import OPTIONAL
from annotator.storage.store import Store

SPLITS: Final = {
    "none": None,
    "0.8": leaving.Split({"train": 0.8, "val": 0.2}),
    "0.7": leaving.Split({"train": 0.7, "val": 0.2, "test": 0.1}),
    "folder": leaving.Split(),
}
"""By the name that a page has for it."""


@dataclass(frozen=True)
class Which:
    """The pictures that leave. threshold: of the suggestions that count; None: the project's own."""

    only: Query
    reviewed_only: bool
    threshold: float | None


@dataclass(frozen=True)
class Asked:
    """One export. agreement: with the tables of how far people agree."""

    which: Which
    format: Format
    options: Options
    split: leaving.Split | None
    agreement: bool


def choices(store: Store) -> dict[str, Any]:
    """What there is to choose from, for a page: formats with what each takes, forms of masks, splits.

    agreement: whether two people have annotated a picture apart, or begun to.
    """
    return {
        "formats": [
            {"name": one.name, "titles": {"en": one.title, **one.titles}, "takes": sorted(one.takes)}
            for one in FORMATS.values()
        ],
        "masks": list(MASK_FORMS),
        "splits": list(SPLITS),
        "agreement": store.twice.is_begun(),
    }


def read_which(wanted: Any) -> Which:
    """Raises GestureError, and QueryError for an expression that cannot be read."""
    if not isinstance(wanted, dict):
        raise GestureError("export: expected an object")
    expression, ids, threshold = wanted.get("only", ""), wanted.get("ids"), wanted.get("threshold")
    if not isinstance(expression, str):
        raise GestureError("export.only: expected an expression")
    if ids is not None and not (isinstance(ids, list) and ids and all(is_id(id) for id in ids)):
        raise GestureError("export.ids: expected the ids of pictures")
    if threshold is not None and not (is_finite(threshold) and 0 <= threshold <= 1):
        raise GestureError(f"export.threshold: {threshold!r:.40}, expected 0 to 1")
    picked = EVERYTHING if ids is None else of_ids(ids)
    return Which(
        Query((*parse(expression).terms, *picked.terms)),
        reviewed_only=_flag(wanted, "unreviewed", default=False) is False,
        threshold=None if threshold is None else float(threshold),
    )


def read(wanted: Any) -> Asked:
    """Raises as `read_which`. What the format does not take is passed over: a page hides it, and it keeps its value.

    What leaves as more than one file leaves as a zip: a browser downloads one file at a time.
    """
    which = read_which(wanted)
    name, split_name = wanted.get("format", DEFAULT.name), wanted.get("split", "none")
    if not isinstance(name, str) or name not in FORMATS:
        raise GestureError(f"export.format: {name!r:.40}, expected one of {', '.join(FORMATS)}")
    if not isinstance(split_name, str) or split_name not in SPLITS:
        raise GestureError(f"export.split: {split_name!r:.40}, expected one of {', '.join(SPLITS)}")
    masks = wanted.get("masks", Options.masks)
    if masks not in MASK_FORMS:
        raise GestureError(f"export.masks: {masks!r:.40}, expected one of {', '.join(MASK_FORMS)}")
    format, split = FORMATS[name], SPLITS[split_name]
    said = {"masks": masks} | {
        option: _flag(wanted, option, default=getattr(Options, option)) for option in OPTIONAL if option != "masks"
    }
    options = Options(**{option: value for option, value in said.items() if option in format.takes})
    agreement = _flag(wanted, "agreement", default=False)
    zipped = format.brings_pictures or options.with_images or split is not None or agreement
    return Asked(which, format, replace(options, zipped=zipped), split, agreement)


def _flag(wanted: dict[str, Any], name: str, *, default: bool) -> bool:
    value = wanted.get(name, default)
    if not isinstance(value, bool):
        raise GestureError(f"export.{name}: {value!r:.40}, expected true or false")
    return value
