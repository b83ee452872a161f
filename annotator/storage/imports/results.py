"""Stores results in a project as suggestions, for objects that nobody has decided about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from annotator.core.dataset import State, Suggestion
from annotator.core.overlap import unanswered
from annotator.storage import images
from annotator.storage.imports.arrival import ImportReport, Offer
from annotator.storage.instances import instances_of
from annotator.storage.suggestions import set_suggestions

_DECIDED = (State.ACCEPTED, State.REJECTED)


def offers_by_image(offers: Sequence[Offer], reports: Sequence[ImportReport]) -> dict[int, list[Offer]]:
    """By the project's image ids. reports: of the files, in their order."""
    of_image: dict[int, list[Offer]] = {}
    for offer in offers:
        mine = offer.image_id if offer.arrival is None else reports[offer.arrival].image_ids[offer.image_id]
        of_image.setdefault(mine, []).append(offer)
    return of_image


def suggest(connection: Connection, image_id: int, suggestions: Sequence[Suggestion]) -> int:
    """Store results of an image as suggestions inside the caller's transaction; how many that were.

    Results for objects that somebody decided upon already are not offered again.
    """
    known = instances_of(connection, images.image_by_id(connection, image_id), states=_DECIDED)
    fresh = unanswered(suggestions, known)
    set_suggestions(connection, image_id, fresh, found=suggestions)
    return len(fresh)


def in_our_categories(offer: Offer, reports: Sequence[ImportReport]) -> Sequence[Suggestion]:
    """What is offered, in the categories of the project."""
    if offer.arrival is None:
        return offer.suggestions
    ids = reports[offer.arrival].category_ids
    return [replace(one, category_id=ids[one.category_id]) for one in offer.suggestions]
