"""Stores results in a project as suggestions, for objects that nobody has decided about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from annotator.core.dataset import State, Suggestion
from annotator.core.overlap import unanswered
from annotator.storage import images
from annotator.storage.imports.arrival import How, Imported, ImportReport, Offer
from annotator.storage.instances import instances_of
from annotator.storage.suggestions import set_suggestions

_DECIDED = (State.ACCEPTED, State.REJECTED)


def suggest(connection: Connection, offers: Sequence[Offer], reports: Sequence[ImportReport], *, how: How) -> Imported:
    """Store results as suggestions inside the caller's transaction.

    Results for objects that somebody decided upon already are not offered again.
    """
    of_image: dict[int, list[Suggestion]] = {}
    for offer in offers:
        report = None if offer.arrival is None else reports[offer.arrival]
        mine = offer.image_id if report is None else report.image_ids[offer.image_id]
        for one in offer.suggestions:
            category_id = one.category_id if report is None else report.category_ids[one.category_id]
            of_image.setdefault(mine, []).append(replace(one, category_id=category_id))
    offered = answered = 0
    for image_id, suggestions in of_image.items():
        how.pulse()
        known = instances_of(connection, images.image_by_id(connection, image_id), states=_DECIDED)
        fresh = unanswered(suggestions, known)
        set_suggestions(connection, image_id, fresh)
        offered, answered = offered + len(fresh), answered + len(suggestions) - len(fresh)
    return Imported(tuple(reports), offered, answered)
