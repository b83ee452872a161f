"""The rows of suggestions: what a model offered once, which never changes."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, exists, func, insert, select, update

from annotator.core import masks
from annotator.core.dataset import Image, Instance, State, Suggestion
from annotator.core.errors import GeometryError, StoreError
from annotator.core.masks import Rle
from annotator.core.two_networks import source_of_both
from annotator.storage import heatmaps, images, schema
from annotator.storage.blind import hides_suggestions
from annotator.storage.categories import Standing, standing
from annotator.storage.instances import require_room, row_of
from annotator.storage.runs import add_runs

# Made once: making a statement takes longer than running it.
_ADD_INSTANCE = insert(schema.instances)
_ADD_SUGGESTION = insert(schema.suggestions)
_CHANGE_IMAGE = update(schema.images).where(schema.images.c.id == bindparam("of"))


def set_suggestions(
    connection: Connection,
    image_id: int,
    suggestions: Sequence[Suggestion],
    *,
    by: str | Sequence[str] | None = None,
    found: Sequence[Suggestion] | None = None,
) -> None:
    """Replace what nobody has touched yet; whatever a person decided or changed stays.

    by: the network, or two, model@version; that of the suggestions where none is named. found: all that it found, these
    among it; the others are kept, so that the network can be measured, and not offered.
    What is of a category that somebody removed is not offered, nor is anything on a blind picture.
    The image's revision stays too: a gesture that a page makes meanwhile still finds the suggestion it was made on.
    """
    image = images.image_by_id(connection, image_id)
    offered = set(map(id, suggestions))
    fresh = _instances_of(connection, image, [*suggestions, *(one for one in found or () if id(one) not in offered)])
    if hides_suggestions(connection, image):
        offered = set()
    if image.prelabelled:
        forget_untouched(connection, image_id)
    named = [by] if isinstance(by, str) else by or [one.source for one in suggestions][:1]
    at = add_runs(connection, image_id, {one.source for _, one in fresh} | set(named))
    if fresh:
        connection.execute(_ADD_SUGGESTION, [_suggestion_row(instance, at) for instance, _ in fresh])
    shown = [(instance, one) for instance, one in fresh if id(one) in offered]
    if shown:
        connection.execute(_ADD_INSTANCE, [row_of(instance) for instance, _ in shown])
        require_room(connection, [image_id], error=StoreError)
        soft = {instance.key: one.heatmap for instance, one in shown if one.heatmap is not None}
        heatmaps.add_heatmaps(connection, image_id, soft)
    connection.execute(
        _CHANGE_IMAGE, _seen(image_id, source_of_both(*named) if len(named) > 1 else next(iter(named), None))
    )


def forget_untouched(connection: Connection, image_id: int) -> None:
    """Take back what is offered on an image and nobody has touched yet."""
    kept, old, of_old = schema.instances, schema.suggestions, schema.categories
    counts_as = func.coalesce(of_old.c.merged_into, of_old.c.id)
    untouched = exists().where(
        old.c.key == kept.c.key,
        old.c.rle == kept.c.rle,
        of_old.c.id == old.c.category_id,
        kept.c.category_id == counts_as,
    )
    replaced = (kept.c.image_id == image_id, kept.c.state == State.SUGGESTED.value, untouched)
    heatmaps.delete_heatmaps(connection, schema.heatmaps.c.key.in_(select(kept.c.key).where(*replaced)))
    connection.execute(delete(kept).where(*replaced))


def _instances_of(
    connection: Connection, image: Image, suggestions: Sequence[Suggestion]
) -> list[tuple[Instance, Suggestion]]:
    """The instance that each is as long as nobody has decided about it; without those of removed categories."""
    known = standing(connection)
    normal = masks.are_normal([one.rle.counts for one in suggestions], height=image.height, width=image.width)
    made = []
    for index, suggestion in enumerate(suggestions):
        if known.of(suggestion.category_id) in known.removed:
            continue
        one = _checked(suggestion, index, image=image, known=known, normal=normal)
        instance = Instance(
            id=0,
            key=secrets.token_hex(8),
            image_id=image.id,
            category_id=one.category_id,
            state=State.SUGGESTED,
            rle=one.rle,
            source=one.source,
            score=one.score,
            vote=one.vote,
        )
        made.append((instance, suggestion))
    return made


def _seen(image_id: int, by: str | None) -> dict[str, Any]:
    return {"of": image_id, "prelabelled": True, "failure": "", "prelabelled_by": by}


def _checked(suggestion: Suggestion, index: int, *, image: Image, known: Standing, normal: bool) -> Suggestion:
    """In the category that its own counts as. normal: its RLE is in the normal form of an image of this size."""
    place = f"image {image.id}: suggestions[{index}]"
    rle = suggestion.rle
    if suggestion.category_id not in known.ids:
        raise StoreError(f"{place}: category {suggestion.category_id} is not in the project")
    if not 0 <= suggestion.score <= 1:
        raise StoreError(f"{place}: score is {suggestion.score}, expected 0 to 1")
    if (rle.height, rle.width) != (image.height, image.width):
        raise StoreError(f"{place}: size {[rle.height, rle.width]}, image is {[image.height, image.width]}")
    try:
        masks.require_storable(rle)
        if not normal:
            rle = masks.checked_rle(rle.counts, height=image.height, width=image.width)
    except GeometryError as error:
        raise StoreError(f"{place}: {error}") from error
    if masks.rle_area(rle) == 0:
        raise StoreError(f"{place}: the mask is empty")
    category_id, vote = known.of(suggestion.category_id), suggestion.vote
    if vote is not None and vote.category_id is not None:
        vote = replace(vote, category_id=known.of(vote.category_id))
    return replace(suggestion, category_id=category_id, score=float(suggestion.score), rle=rle, vote=vote)


def _suggestion_row(instance: Instance, at: str) -> dict[str, Any]:
    return {
        "key": instance.key,
        "image_id": instance.image_id,
        "category_id": instance.category_id,
        "score": instance.score,
        "rle": instance.rle.counts,
        "source": instance.source,
        "at": at,
    }


def instance_offered(row: Row[Any], image: Image) -> Instance:
    """The instance that a suggestion of the image is as long as nobody has decided about it."""
    return Instance(
        id=0,
        key=row.key,
        image_id=row.image_id,
        category_id=row.category_id,
        state=State.SUGGESTED,
        rle=Rle(image.height, image.width, row.rle),
        source=row.source,
        score=row.score,
    )
