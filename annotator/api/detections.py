"""What a network saw on one picture, as values that other programs take: boxes, masks, RLE, COCO."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotator.core.categories import COCO_BY_NAME, FIRST_OWN_ID
from annotator.core.dataset import Category, Dataset, Image, Instance, State, Suggestion
from annotator.core.errors import GeometryError
from annotator.core.heatmap import Heatmap
from annotator.core.masks import Rle, mask_to_rle, rle_area, rle_to_mask
from annotator.core.measures import areas_of, boxes_of
from annotator.exchange.coco.writer import dataset_to_coco


@dataclass(frozen=True, eq=False)
class Detections:
    """The objects that were found on one picture, the surest first. Every mask has a pixel.

    scores: (n,) float64 in 0..1. category_ids: (n,) int64. rles: n masks as COCO's run lengths.
    categories: all that whoever found them knows. source: who that was, `model@version`.
    width, height: of the picture, in pixels.
    """

    scores: NDArray[np.float64]
    category_ids: NDArray[np.int64]
    rles: tuple[Rle, ...]
    categories: tuple[Category, ...]
    width: int
    height: int
    source: str
    heatmaps: tuple[Heatmap | None, ...] = ()
    """What the masks came from, where that is known: a person can then still shrink and grow them."""

    @classmethod
    def from_masks(
        cls, masks: NDArray[np.bool_], *, scores: Sequence[float], names: Sequence[str], source: str
    ) -> Detections:
        """What a network of your own found. Masks without a pixel are left out.

        masks: (n, H, W) bool. names: the n categories; COCO's 80 get COCO's ids, others 91 and on, in their order.
        source: `model@version`.
        Raises GeometryError where these do not fit together.
        """
        masks = np.asarray(masks)
        if masks.ndim != 3 or masks.dtype != np.bool_:
            raise GeometryError(f"masks: found {masks.dtype} {list(masks.shape)}, expected bool [n, H, W]")
        if not len(masks) == len(scores) == len(names):
            raise GeometryError(
                f"found {len(masks)} masks, {len(scores)} scores and {len(names)} names, expected as many of each"
            )
        values = np.asarray(scores, np.float64).reshape(-1)
        if not ((values >= 0) & (values <= 1)).all():
            raise GeometryError("scores: expected numbers from 0 to 1")
        table = _table_of(names)
        rles = [mask_to_rle(mask) for mask in masks]
        order = [index for index in np.argsort(-values, kind="stable").tolist() if rle_area(rles[index])]
        return cls(
            scores=values[order],
            category_ids=np.array([table[names[index]].id for index in order], np.int64),
            rles=tuple(rles[index] for index in order),
            categories=tuple(table.values()),
            width=masks.shape[2],
            height=masks.shape[1],
            source=source,
        )

    def __len__(self) -> int:
        return len(self.rles)

    @property
    def names(self) -> list[str]:
        """The category of each object, by name."""
        by_id = {category.id: category.name for category in self.categories}
        return [by_id[id] for id in self.category_ids.tolist()]

    @property
    def boxes(self) -> NDArray[np.float64]:
        """The tight box of each mask, (n, 4): x0, y0, x1, y1 in image pixels."""
        boxes = np.array(boxes_of(self.rles), np.float64).reshape(-1, 4)
        boxes[:, 2:] += boxes[:, :2]
        return boxes

    @property
    def masks(self) -> NDArray[np.bool_]:
        """(n, H, W) bool, decoded anew each time: n times the pixels of the picture."""
        masks = np.zeros((len(self), self.height, self.width), np.bool_)
        for index, rle in enumerate(self.rles):
            masks[index] = rle_to_mask(rle)
        return masks

    def above(self, threshold: float) -> Detections:
        """Those of at least this score."""
        return self._only([index for index, score in enumerate(self.scores) if score >= threshold])

    def of(self, *names: str) -> Detections:
        """Those of these categories."""
        return self._only([index for index, name in enumerate(self.names) if name in names])

    def to_results(self, image_id: int) -> list[dict[str, Any]]:
        """A list of results, as `COCO.loadRes` and `annotator import` read it."""
        rows = zip(self.category_ids.tolist(), self.scores.tolist(), self.rles, boxes_of(self.rles), strict=True)
        return [
            {
                "image_id": image_id,
                "category_id": category_id,
                "score": score,
                "bbox": box,
                "segmentation": {"size": [rle.height, rle.width], "counts": rle.counts},
            }
            for category_id, score, rle, box in rows
        ]

    def to_coco(self, file_name: str) -> dict[str, Any]:
        """A COCO document of this picture and its objects: polygons where they hold the mask exactly, else RLE."""
        image = Image(1, file_name, self.width, self.height, "", reviewed=True)
        instances = [
            Instance(
                id=index + 1,
                key=str(index + 1),
                image_id=1,
                category_id=int(self.category_ids[index]),
                state=State.ACCEPTED,
                rle=rle,
                source=self.source,
                extra={"score": round(float(self.scores[index]), 6)},
                provenance={"source": self.source},
            )
            for index, rle in enumerate(self.rles)
        ]
        return dataset_to_coco(Dataset(self.categories, (image,), tuple(instances)))

    def require_size(self, width: int, height: int) -> None:
        """Raises GeometryError where these were found on a picture of another size."""
        if (self.width, self.height) != (width, height):
            raise GeometryError(f"found on {self.width} x {self.height} pixels, the picture has {width} x {height}")

    def to_suggestions(self, ids: Callable[[int], int]) -> list[Suggestion]:
        """What a project offers for review. ids: the project's category for each id of these."""
        heatmaps = self.heatmaps or (None,) * len(self)
        rows = zip(self.category_ids.tolist(), self.scores.tolist(), self.rles, heatmaps, strict=True)
        return [Suggestion(ids(category), score, rle, self.source, heatmap) for category, score, rle, heatmap in rows]

    def _only(self, indices: list[int]) -> Detections:
        return replace(
            self,
            scores=self.scores[indices],
            category_ids=self.category_ids[indices],
            rles=tuple(self.rles[index] for index in indices),
            heatmaps=tuple(self.heatmaps[index] for index in indices) if self.heatmaps else (),
        )

    def __repr__(self) -> str:
        areas = ", ".join(
            f"{name} {score:.2f} ({area:.0f} px)"
            for name, score, area in zip(self.names, self.scores.tolist(), areas_of(self.rles), strict=True)
        )
        return f"Detections({areas})"


def _table_of(names: Sequence[str]) -> dict[str, Category]:
    """A category for each name, in the order of their first appearance."""
    table: dict[str, Category] = {}
    own = FIRST_OWN_ID
    for name in dict.fromkeys(names):
        known = COCO_BY_NAME.get(name)
        table[name] = known or Category(own, name)
        own += known is None
    return table
