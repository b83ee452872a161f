"""What was measured, as JSON for programs and as text for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from annotator.evaluation.certainty import Estimate
from annotator.evaluation.confusion import STEPS
from annotator.evaluation.figures import Measured, OfCategory
from annotator.evaluation.matching import Floats
from annotator.evaluation.precision import AT_50, AT_75, FIGURES, RECALLS

_MANY = 10
"""Lines of confusions in a text, and categories that it names one by one: JSON has all."""


def figures_to_json(found: Measured, names: Mapping[int, str]) -> dict[str, Any]:
    """Shares in 0..1; -1 or null where there is nothing to measure. names: of the categories, by id."""
    k = len(found.confusion.categories)
    return {
        "objects": found.objects,
        "objects_by_size": found.sizes,
        "detections": found.detections,
        "threshold": found.threshold,
        "box": found.box,
        "mask": found.mask or dict.fromkeys(FIGURES, -1.0),
        "box_interval": _interval(found.box_ap),
        "mask_interval": _interval(found.mask_ap),
        "by_category": [_category_to_json(one, names) for one in found.categories],
        "curve": curve_to_json(found.curve),
        "confusion": {
            "categories": [names[one] for one in found.confusion.categories],
            "counts": found.confusion.counts[:k, :k].tolist(),
            "missed": found.confusion.counts[:k, k].tolist(),
            "nothing_there": found.confusion.counts[k, :k].tolist(),
        },
        "mask_iou": {
            "steps": STEPS.tolist(),
            "counts": found.confusion.histogram.tolist(),
            "mean": None if found.fit is None else round(found.fit.value, 6),
            "interval": _interval(found.fit),
        },
        "calibration": {
            "bins": [
                {"from": one.low, "to": one.high, "score": round(one.score, 6)}
                | {"right": one.right.share, "low": one.right.low, "high": one.right.high, "total": one.right.total}
                for one in found.calibration
            ],
            "error": found.calibration_error,
        },
    }


def curve_to_json(curve: Floats | None) -> dict[str, Any] | None:
    """The precision at each share of found objects: at two overlaps, and as a mean over all."""
    if curve is None:
        return None
    rows = {"iou50": curve[AT_50], "iou75": curve[AT_75], "mean": curve.mean(axis=0)}
    return {"recall": np.round(RECALLS, 2).tolist()} | {name: np.round(row, 4).tolist() for name, row in rows.items()}


def _category_to_json(one: OfCategory, names: Mapping[int, str]) -> dict[str, Any]:
    return {"category": names[one.category], "objects": one.objects, "objects_by_size": one.sizes} | {
        "box": one.box,
        "mask": one.mask,
    }


def _interval(found: Estimate | None) -> list[float] | None:
    """Both bounds, within 0..1."""
    if found is None or found.low is None or found.high is None:
        return None
    return [round(max(0.0, found.low), 6), round(min(1.0, found.high), 6)]


def figures_to_text(found: Measured, names: Mapping[int, str]) -> str:
    """In percent, a paragraph for each kind of figure."""
    parts = [
        _ap(found),
        _categories(found, names),
        _curve(found),
        _confusion(found, names),
        _fit(found),
        _scores(found),
    ]
    return "\n\n".join("\n".join(lines) for part in parts if (lines := list(part)))


def _ap(found: Measured) -> Iterator[str]:
    yield "      " + "".join(f"{name:>11}" for name in FIGURES)
    for label, figures in (("box", found.box), ("mask", found.mask)):
        cells = (_percent(-1.0 if figures is None else figures[name]) for name in FIGURES)
        yield f"{label:<6}" + "".join(f"{cell:>11}" for cell in cells)
    yield f"{'objects':<28}" + "".join(f"{found.sizes.get(name[3:], found.objects):>11}" for name in FIGURES[2:])
    for label, ap in (("box", found.box_ap), ("mask", found.mask_ap)):
        if (bounds := _interval(ap)) is not None:
            yield f"{label} AP lies between {_percent(bounds[0])} and {_percent(bounds[1])} (95 % interval)"


def _categories(found: Measured, names: Mapping[int, str]) -> Iterator[str]:
    if len(found.categories) < 2:
        return
    k = len(found.confusion.categories)
    yield f"{'category':<24}" + "".join(f"{name:>11}" for name in ("objects", "found", "missed", "box AP", "mask AP"))
    for index, one in enumerate(found.categories):
        row = found.confusion.counts[index]
        counts = (str(one.objects), str(row[index]), str(row[k]))
        aps = (_percent(one.box["AP"]), _percent(-1.0 if one.mask is None else one.mask["AP"]))
        yield f"{names[one.category][:24]:<24}" + "".join(f"{cell:>11}" for cell in (*counts, *aps))


def _curve(found: Measured) -> Iterator[str]:
    if found.curve is None:
        return
    yield "precision where this share of the objects is found"
    yield f"{'found':<9}" + "".join(f"{_percent(RECALLS[at]):>7}" for at in range(0, 101, 10))
    for index, name in ((AT_50, "IoU 0.50"), (AT_75, "IoU 0.75")):
        yield f"{name:<9}" + "".join(f"{_percent(found.curve[index, at]):>7}" for at in range(0, 101, 10))


def _confusion(found: Measured, names: Mapping[int, str]) -> Iterator[str]:
    k = len(found.confusion.categories)
    counts = found.confusion.counts
    right, missed, nothing = int(np.trace(counts[:k, :k])), int(counts[:k, k].sum()), int(counts[k, :k].sum())
    mistaken = found.confusion.mistaken
    yield f"from score {found.threshold:g} on, at IoU 0.50"
    wrong = sum(one[2] for one in mistaken)
    taken = f"{wrong} taken for another category, " if k > 1 else ""
    yield f"{right} found, {taken}{missed} missed, {nothing} seen where nothing is"
    for thing, taken_for, count in mistaken[:_MANY]:
        yield f"{count} x {names[thing]} taken for {names[taken_for]}"


def _fit(found: Measured) -> Iterator[str]:
    if found.fit is None:
        return
    yield f"IoU of the {len(found.confusion.ious)} found ones, mean {found.fit.value:.3f}"
    yield "from  " + "".join(f"{step:>7.2f}" for step in STEPS[:-1])
    yield "      " + "".join(f"{count:>7}" for count in found.confusion.histogram.tolist())


def _scores(found: Measured) -> Iterator[str]:
    if not found.calibration:
        return
    yield f"score against share that is right, {_percent(found.calibration_error or 0.0)} apart on average"
    for one in found.calibration:
        share, low, high = (_percent(value) for value in (one.right.share or 0.0, one.right.low, one.right.high))
        yield f"{one.low:.1f} to {one.high:.1f}: {share:>5} ({low} to {high}) of {one.right.total}"


def _percent(share: float) -> str:
    return "n/a" if share < 0 else f"{100 * share:.1f}"
