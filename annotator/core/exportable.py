"""What forbids an export: everything that would make the file untrue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from annotator.core.dataset import Dataset, Instance, State
from annotator.core.errors import ExportError
from annotator.core.measures import areas_of
from annotator.core.rows import in_chunks, rows_of

_MANY = 5  # reasons in one line


def require_exportable(dataset: Dataset) -> None:
    """Raise ExportError, naming every reason, where the dataset cannot become a true COCO file."""
    reasons = []
    if not dataset.images:
        reasons.append("no image to export: none is reviewed yet")
    sizes = {image.id: [image.height, image.width] for image in dataset.images}
    categories = {category.id for category in dataset.categories}
    for kind, ids in (
        ("image", [image.id for image in dataset.images]),
        ("category", [category.id for category in dataset.categories]),
        ("annotation", rows_of(dataset.instances).ids.tolist()),
    ):
        reasons += [f"{kind} {id}: the id appears {count} times" for id, count in Counter(ids).items() if count > 1]
    for instance, area in _with_areas(dataset.instances):
        path = f"annotation {instance.id}"
        size = sizes.get(instance.image_id)
        if size is None:
            reasons.append(f"{path}: on image {instance.image_id}, which is not exported")
        elif [instance.rle.height, instance.rle.width] != size:
            reasons.append(f"{path}: the mask is {[instance.rle.height, instance.rle.width]}, the image is {size}")
        if instance.category_id not in categories:
            reasons.append(f"{path}: of category {instance.category_id}, which is not exported")
        if instance.state != State.ACCEPTED:
            reasons.append(f"{path}: is {instance.state}, only what was accepted leaves")
        if area == 0:
            reasons.append(f"{path}: the mask is empty")
    if reasons:
        more = f"; and {len(reasons) - _MANY} more" if len(reasons) > _MANY else ""
        raise ExportError("; ".join(reasons[:_MANY]) + more)


def _with_areas(instances: Sequence[Instance]) -> Iterator[tuple[Instance, float]]:
    for chunk in in_chunks(instances):
        yield from zip(chunk, areas_of([one.rle for one in chunk]), strict=True)
