"""How far people agree on the pictures of a project that two of them annotated.

Tests: tests/evaluation/test_takes.py
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from annotator.core.errors import GeometryError
from annotator.evaluation.certainty import Estimate
from annotator.evaluation.two_people import STRICT_IOU, Agreement, Doubled, agreement, by_people, compare
from annotator.exchange.tables import to_csv
from annotator.storage.store import Store
from annotator.storage.take_review import Both
from annotator.system.progress import Progress

AT_ONCE = 100
"""Pictures that are read together."""

Known = Mapping[tuple[Both, str], Doubled | None]


@dataclass(frozen=True)
class Takes:
    """What the takes of a project say.

    names: of its categories, by id. files: names of the pictures, by id. pictures: those of two different people, the
    least agreement first. settled: what a reviewer chose, by picture. of_one: pictures that one person did both times.
    too_many: pictures whose masks lie over each other too much to be compared. known: for the next time.
    """

    names: Mapping[int, str]
    files: Mapping[int, str]
    pictures: tuple[Doubled, ...]
    settled: Mapping[int, str | None]
    of_one: int
    too_many: int
    known: Known = field(compare=False, default_factory=dict)

    def agreement(self) -> Agreement:
        return agreement(self.pictures)

    def by_people(self) -> dict[tuple[str, str], Agreement]:
        return by_people(self.pictures)


def compare_takes(store: Store, *, known: Known | None = None, progress: Progress = lambda done, total: None) -> Takes:
    """known: what was compared before; only what is new is compared again."""
    known = known or {}
    changes = store.category_manager.version()
    done = store.takes.done()
    apart = [one for one in done if not one.is_of_one]
    found: dict[tuple[Both, str], Doubled | None] = {
        (one, changes): known[one, changes] for one in apart if (one, changes) in known
    }
    new = [one for one in apart if (one, changes) not in found]
    for start in range(0, len(new), AT_ONCE):
        progress(start, len(new))
        some = new[start : start + AT_ONCE]
        for one, (first, second) in zip(some, store.takes.read(some), strict=True):
            try:
                found[one, changes] = compare(one.image_id, one.people, first, second)
            except GeometryError:
                found[one, changes] = None
    progress(len(new), len(new))
    pictures = [one for one in found.values() if one is not None]
    wanted = {one.image_id for one in pictures}
    return Takes(
        names={one.id: one.name for one in store.categories()},
        files={image.id: image.file_name for image in store.images() if image.id in wanted},
        pictures=tuple(sorted(pictures, key=lambda one: (one.agreement, one.iou or 0.0, one.image_id))),
        settled={one.image_id: one.settled for one in apart},
        of_one=len(done) - len(apart),
        too_many=len(found) - len(pictures),
        known=found,
    )


# --- told ------------------------------------------------------------------------------------------------------------


def agreement_to_json(found: Agreement, names: Mapping[int, str]) -> dict[str, Any]:
    """Counts, and estimates with the bounds of their 95 % interval; null where nothing can be said."""
    return {
        "pictures": found.pictures,
        "first": found.first,
        "second": found.second,
        "both": found.both,
        "same": found.same,
        "close": found.close,
        "f1": estimate_to_json(found.f1),
        "f1_close": estimate_to_json(found.f1_close),
        "iou": estimate_to_json(found.iou),
        "alpha": estimate_to_json(found.alpha, least=-1.0),
        "categories": [
            {
                "category": names.get(one.category, str(one.category)),
                "first": one.first,
                "second": one.second,
                "both": one.both,
                "f1": round(one.f1, 4),
                "iou": None if one.iou is None else round(one.iou, 4),
            }
            for one in found.categories
        ],
    }


def estimate_to_json(found: Estimate | None, *, least: float = 0.0) -> dict[str, float | None] | None:
    """The value and its bounds, which reach no further than the figure can: from `least` to 1."""
    if found is None:
        return None
    bounds = [None if one is None else round(min(1.0, max(least, one)), 4) for one in (found.low, found.high)]
    return {"value": round(found.value, 4), "low": bounds[0], "high": bounds[1]}


def takes_to_json(found: Takes, *, most: int | None = None) -> dict[str, Any]:
    """most: pictures that are listed, those with the least agreement."""
    return {
        "strict": STRICT_IOU,
        "of_one": found.of_one,
        "too_many": found.too_many,
        "all": agreement_to_json(found.agreement(), found.names),
        "people": [
            {"people": list(people), **agreement_to_json(one, found.names)} for people, one in found.by_people().items()
        ],
        "pictures": list(picture_rows(found))[:most],
    }


def summary_rows(found: Takes) -> Iterator[dict[str, Any]]:
    """A table: of all and of each two people, over all categories and by category."""
    for people, one in ((("", ""), found.agreement()), *found.by_people().items()):
        told = agreement_to_json(one, found.names)
        row = {"first": people[0], "second": people[1], "category": "", "pictures": one.pictures}
        row |= {"objects_first": one.first, "objects_second": one.second, "both": one.both}
        row |= {"f1": "", "f1_low": "", "f1_high": "", "iou": "", "iou_low": "", "iou_high": ""}
        row |= {"f1_close": "", "same_category": one.same, "alpha": "", "alpha_low": "", "alpha_high": ""}
        for name in ("f1", "iou", "alpha"):
            if told[name] is not None:
                row |= {name: told[name]["value"]}
                row |= {f"{name}_{end}": "" if told[name][end] is None else told[name][end] for end in ("low", "high")}
        if told["f1_close"] is not None:
            row["f1_close"] = told["f1_close"]["value"]
        yield row
        for each in told["categories"]:
            of_category = dict.fromkeys(row, "") | {"first": people[0], "second": people[1], "pictures": one.pictures}
            counts = {"objects_first": each["first"], "objects_second": each["second"], "both": each["both"]}
            iou = "" if each["iou"] is None else each["iou"]
            yield of_category | counts | {"category": each["category"], "f1": each["f1"], "iou": iou}


def summary_csv(found: Takes) -> str:
    return to_csv(list(summary_rows(found)))


def tables_of(store: Store) -> dict[str, bytes]:
    """The two tables as files for an export, by their names."""
    found = compare_takes(store)
    return {
        "agreement.csv": summary_csv(found).encode(),
        "agreement_pictures.csv": to_csv(list(picture_rows(found))).encode(),
    }


def picture_rows(found: Takes) -> Iterator[dict[str, Any]]:
    """A table: each picture, the least agreement first."""
    for one in found.pictures:
        yield {
            "image_id": one.image_id,
            "name": found.files.get(one.image_id, ""),
            "first": one.people[0],
            "second": one.people[1],
            "both": len(one.pairs),
            "same_category": sum(mine == other for mine, other, _ in one.pairs),
            "only_first": len(one.only_first),
            "only_second": len(one.only_second),
            "agreement": round(one.agreement, 4),
            "iou": None if one.iou is None else round(one.iou, 4),
            "settled": found.settled.get(one.image_id) or "",
        }
