"""Which images of a project fit an expression, and in what order.

Every condition but that of a name is answered by an index: no mask is read on the way.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    false,
    func,
    literal_column,
    not_,
    or_,
    select,
    true,
)

from annotator.core.dataset import Category, State
from annotator.core.query import EVERYTHING, FIELDS, NUMBER, Query, Range, Term
from annotator.core.review import MANUAL
from annotator.core.settings import EXPORTED
from annotator.storage import categories, schema
from annotator.storage.images import IMPORT
from annotator.storage.settings import read_setting
from annotator.storage.standing import is_worked_on_by, stands_as
from annotator.storage.votes import doubt_of, has_agreement, is_disagreement

DOUBT = 0.1
"""A suggestion is doubtful whose score is as near as this to the threshold."""

_SLACK = 1e-9  # a threshold of 0.3 shows a score of 0.3, whatever its last bit
_SHOWN = 0.005  # scores are shown in hundredths: one number stands for all that are shown as it

_SIZES = {"small": Range(None, 32**2 - 1), "medium": Range(32**2, 96**2 - 1), "large": Range(96**2, None)}
"""Pixels of a mask, as COCO's evaluation bounds its sizes; each pixel count is of one of them."""

_images, _instances, _gestures = schema.images, schema.instances, schema.gestures
_ACCEPTED, _OPEN, _REJECTED = State.ACCEPTED.value, State.SUGGESTED.value, State.REJECTED.value
_DELETED = State.DELETED.value
_OF_IMAGE = _instances.c.image_id == _images.c.id


class Sort(StrEnum):
    """What images are ordered by."""

    ADDED = "added"
    NAME = "name"
    DOUBT = "doubt"  # what networks disagree about, then the suggestion nearest to the threshold
    COUNT = "count"  # accepted instances
    CHANGED = "changed"  # the last gesture
    GAIN = "gain"  # as added here: insight/gain.py orders what was found


@dataclass(frozen=True)
class Search:
    """What is asked for. threshold: of suggestions that count.

    keep: an image that is listed although it does not fit, as long as somebody works on it.
    """

    query: Query = EVERYTHING
    sort: Sort = Sort.ADDED
    descending: bool = False
    threshold: float = 0.5
    keep: int | None = None


@dataclass(frozen=True)
class Known:
    """What conditions are made with: the search's threshold, and what the project says."""

    threshold: float
    categories: Sequence[Category]
    exported: str
    """When the project was exported last, "" before that."""


def matching_ids(connection: Connection, search: Search) -> list[int]:
    """The ids of the images that fit, in order; those in the bin are none of them."""
    ids = connection.scalars(query_of(search, known_for(connection, search))).all()
    numbers = search.query.of(NUMBER.name)
    return [id for id in ids if id == search.keep or has_numbers(id, numbers)] if numbers else list(ids)


def query_of(search: Search, known: Known) -> Select[Any]:
    """The ids of the images that fit, whatever their numbers, in order."""
    fits = and_(true(), *image_conditions(search.query, known))
    if search.keep is not None:
        fits = or_(fits, _images.c.id == search.keep)
    return select(_images.c.id).where(~_images.c.removed, fits).order_by(*_order(search, known))


def known_for(connection: Connection, search: Search) -> Known:
    """What the conditions of a search are made with."""
    exported = read_setting(connection, EXPORTED)
    return Known(search.threshold, categories.categories(connection), str(exported or ""))


def image_conditions(query: Query, known: Known) -> list[ColumnElement[bool]]:
    """Of `schema.images`: one for each term but those of numbers, the terms of instances together as one."""
    found = []
    for term in query.terms:
        if term.field in (NUMBER,) or term.field.of_instance:
            continue
        condition = _any(term, _IMAGE_CONDITIONS[term.field.name], known)
        found.append(not_(condition) if term.negated else condition)
    asked = [term for term in query.terms if term.field.of_instance]
    wanted = [term for term in asked if not term.negated]
    if wanted:
        found.append(_holds(wanted, known))
    found += [not_(_holds([Term(term.field, term.values)], known)) for term in asked if term.negated]
    return found


def _holds(terms: Sequence[Term], known: Known) -> ColumnElement[bool]:
    """Whether an instance of the picture fits; a flag may be the picture's own, whatever is on it."""
    if len(terms) == 1 and terms[0].field is FIELDS["flag"]:
        return or_(_holds_flagged(terms[0], known), _any(terms[0], _flag_of_picture, known))
    has = _has_instance(*instance_conditions(terms, known))
    if any(term.field.name != "flag" for term in terms):
        return has
    return or_(has, and_(*(_any(term, _flag_of_picture, known) for term in terms)))


def _holds_flagged(term: Term, known: Known) -> ColumnElement[bool]:
    """Whether an instance of the picture has the flag itself. Few have any, so they are looked up for all pictures."""
    conditions = [*instance_conditions((), known), _any(term, _own_flag, known)]
    if not {"crowd", "locked"} & set(term.texts):
        # As the index `instances_flagged` says it, letter for letter.
        conditions.append(_instances.c.flags != literal_column("'[]'"))
    return _images.c.id.in_(select(_instances.c.image_id).where(*conditions).scalar_subquery())


def instance_conditions(terms: Iterable[Term], known: Known) -> list[ColumnElement[bool]]:
    """Of `schema.instances`: what fits the terms of instances among these.

    Where no term says otherwise, these are the instances that a page shows: accepted, or suggested from the threshold
    on. `is:` names other states, `score:` takes suggestions below the threshold in.
    """
    asked = [term for term in terms if term.field.of_instance]
    names = {term.field.name for term in asked if not term.negated}
    # Each value of `is:` says its state itself: once more, and the index would be led through all of them.
    found: list[ColumnElement[bool]] = [] if "is" in names else [_instances.c.state.in_([_ACCEPTED, _OPEN])]
    if "score" not in names:
        found.append(or_(_instances.c.state != _OPEN, is_above(known.threshold, known.categories)))
    for term in asked:
        condition = _any(term, _INSTANCE_CONDITIONS[term.field.name], known)
        found.append(not_(func.coalesce(condition, false())) if term.negated else condition)
    return found


# --- putting together ------------------------------------------------------------------------------------------------

Value = str | Range | None
"""One of a term's; None where it has none, and asks for whatever has one."""

Condition = Callable[[Any, Known], ColumnElement[bool]]


def _any(term: Term, condition: Condition, known: Known) -> ColumnElement[bool]:
    values: tuple[Value, ...] = term.values or (None,)
    return or_(*(condition(value, known) for value in values))


def _has_instance(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return select(_instances.c.id).where(_OF_IMAGE, *conditions).correlate(_images).exists()


def _count_of(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
    return select(func.count()).where(_OF_IMAGE, *conditions).correlate(_images).scalar_subquery()


def has_numbers(id: int, terms: Sequence[Term]) -> bool:
    """Whether an image's id fits all terms of numbers."""
    return all(term.has_number(id) is not term.negated for term in terms)


def is_above(threshold: float, known: Iterable[Category]) -> ColumnElement[bool]:
    """Of `schema.instances`: whether a page with this threshold shows a suggestion.

    known: the project's categories, which may have thresholds of their own.
    """
    return or_(_instances.c.score.is_(None), _instances.c.score >= categories.least_score(threshold, known) - _SLACK)


def _is_within(column: ColumnElement[Any], numbers: Range, *, slack: float = 0.0) -> ColumnElement[bool]:
    ends = []
    if numbers.low is not None:
        ends.append(column >= numbers.low - slack)
    if numbers.high is not None:
        ends.append(column <= numbers.high + slack)
    return and_(*ends)


# --- of images -------------------------------------------------------------------------------------------------------


def _name(value: str, known: Known) -> ColumnElement[bool]:
    """LIKE knows only the capitals of ASCII, and names from a Mac have their accents apart."""
    cases = {value} if value.isascii() else {value, value.lower(), value.upper(), value.title()}
    forms = {unicodedata.normalize(form, one) for one in cases for form in ("NFC", "NFD")}
    return or_(*(_images.c.file_name.contains(one, autoescape=True) for one in sorted(forms)))


def _state(value: str, known: Known) -> ColumnElement[bool]:
    reviewed, prelabelled = _images.c.reviewed, _images.c.prelabelled
    decided = _has_instance(_instances.c.state.in_([_ACCEPTED, _REJECTED]))
    shown = _has_instance(_instances.c.state == _OPEN, is_above(known.threshold, known.categories))
    away = _instances.c.score - categories.least_score(known.threshold, known.categories)
    states: Mapping[str, Callable[[], ColumnElement[bool]]] = {
        "reviewed": lambda: reviewed,
        "unreviewed": lambda: ~reviewed,
        "new": lambda: reviewed & shown,
        "started": lambda: ~reviewed & decided,
        "suggested": lambda: ~reviewed & ~decided & shown,
        "untouched": lambda: ~reviewed & ~decided & ~shown & ~prelabelled,
        "nothing": lambda: prelabelled & ~decided & ~shown,
        "doubtful": lambda: _has_instance(
            _instances.c.state == _OPEN, _is_within(away, Range(-DOUBT, DOUBT), slack=_SLACK)
        ),
        "failed": lambda: _images.c.failure != "",
    }
    return states[value]()


def _disagree(value: str | None, known: Known) -> ColumnElement[bool]:
    """network: two disagree about what is accepted or open, or several were asked apart; person: somebody disagreed."""
    shown = or_(
        _instances.c.state == _ACCEPTED, (_instances.c.state == _OPEN) & is_above(known.threshold, known.categories)
    )
    source = _instances.c.source
    # Two that were asked together contribute to the same pictures: that alone is no disagreement.
    apart = select(func.min(source) < func.max(source)).where(_OF_IMAGE, shown, _is_of_network(), ~has_agreement(None))
    several = func.coalesce(apart.correlate(_images).scalar_subquery(), false())
    networks = or_(several, _has_instance(shown, is_disagreement()))
    against = or_(
        (_instances.c.state == _REJECTED) & _is_of_network() & is_above(known.threshold, known.categories),
        (_instances.c.state == _ACCEPTED) & _is_of_network() & not_(is_above(known.threshold, known.categories)),
        (_instances.c.state == _ACCEPTED) & (_instances.c.source == MANUAL) & _images.c.prelabelled,
    )
    # The index goes by the state: said once more for all of them, it leads past those that are open.
    person = _has_instance(_instances.c.state.in_([_REJECTED, _ACCEPTED]), against)
    return {"network": networks, "person": person}.get(value or "", or_(person, networks))


def _changed(value: str, known: Known) -> ColumnElement[bool]:
    since = select(_gestures.c.id).where(_gestures.c.image_id == _images.c.id, _gestures.c.at > known.exported)
    return since.correlate(_images).exists()


def _note(value: str | None, known: Known) -> ColumnElement[bool]:
    """Of the picture or of an instance on it."""
    if value is None:
        return or_(_images.c.note != "", _has_instance(_instances.c.state != _DELETED, _instances.c.note != ""))
    noted = _has_instance(_instances.c.state != _DELETED, _instances.c.note.contains(value, autoescape=True))
    return or_(_images.c.note.contains(value, autoescape=True), noted)


_IMAGE_CONDITIONS: Mapping[str, Condition] = {
    "name": _name,
    "state": _state,
    "instances": lambda numbers, known: _is_within(_count_of(_instances.c.state == _ACCEPTED), numbers),
    "suggestions": lambda numbers, known: _is_within(
        _count_of(_instances.c.state == _OPEN, is_above(known.threshold, known.categories)), numbers
    ),
    "changed": _changed,
    "disagree": _disagree,
    "verdict": lambda value, known: stands_as(value),
    "by": lambda name, known: is_worked_on_by(name),
    "note": _note,
}


# --- of instances ----------------------------------------------------------------------------------------------------


def _category(value: str | None, known: Known) -> ColumnElement[bool]:
    if value is None:
        return true()
    ids = [one.id for one in known.categories if one.name.casefold() == value.casefold()]
    return _instances.c.category_id.in_(ids)


def _score(numbers: Range | None, known: Known) -> ColumnElement[bool]:
    if numbers is None:
        return _instances.c.score.is_not(None)
    return _is_within(_instances.c.score, numbers, slack=_SHOWN if numbers.low == numbers.high else _SLACK)


def _iou(numbers: Range | None, known: Known) -> ColumnElement[bool]:
    iou = _instances.c.vote_iou
    return iou.is_not(None) if numbers is None else _is_within(iou, numbers, slack=_SLACK)


def _area(numbers: Range, known: Known) -> ColumnElement[bool]:
    return _is_within(_instances.c.area, numbers)


def _size(value: str, known: Known) -> ColumnElement[bool]:
    return _is_within(_instances.c.area, _SIZES[value])


def _is_of_network() -> ColumnElement[bool]:
    return _instances.c.source.contains("@")


def _network(value: str | None, known: Known) -> ColumnElement[bool]:
    if value is None:
        return _is_of_network()
    return and_(_is_of_network(), _instances.c.source.contains(value, autoescape=True))


def _is(value: str, known: Known) -> ColumnElement[bool]:
    accepted = _instances.c.state == _ACCEPTED
    return {
        "open": _instances.c.state == _OPEN,
        "accepted": accepted,
        "rejected": _instances.c.state == _REJECTED,
        "adjusted": accepted & _instances.c.edited & (_instances.c.source != MANUAL),
        "drawn": accepted & (_instances.c.source == MANUAL),
        "imported": accepted & (_instances.c.source == IMPORT),
        "crowd": accepted & _instances.c.crowd,
    }[value]


def _flag(value: str | None, known: Known) -> ColumnElement[bool]:
    """What is said of a picture is said of all that is on it."""
    own = _own_flag(value, known)
    if value in ("crowd", "locked"):
        return own
    flagged = _instances.c.image_id.in_(select(_images.c.id).where(_flag_of_picture(value, known)).scalar_subquery())
    return or_(own, flagged)


def _own_flag(value: str | None, known: Known) -> ColumnElement[bool]:
    return {"crowd": _instances.c.crowd, "locked": _instances.c.locked}.get(
        value or "", _has_flag(_instances.c.flags, value)
    )


def _flag_of_picture(value: str | None, known: Known) -> ColumnElement[bool]:
    return _has_flag(_images.c.flags, value)


def _has_flag(flags: ColumnElement[str], value: str | None) -> ColumnElement[bool]:
    """Own flags have any letters: they are compared as JSON has them."""
    return flags != "[]" if value is None else flags.contains(json.dumps(value), autoescape=True)


_INSTANCE_CONDITIONS: Mapping[str, Condition] = {
    "category": _category,
    "score": _score,
    "size": _size,
    "area": _area,
    "network": _network,
    "is": _is,
    "flag": _flag,
    "agreement": lambda value, known: has_agreement(value),
    "iou": _iou,
}


# --- order -----------------------------------------------------------------------------------------------------------


def _order(search: Search, known: Known) -> list[ColumnElement[Any]]:
    """What has nothing to be ordered by comes last, both ways."""
    if search.sort in (Sort.ADDED, Sort.GAIN):
        return [_images.c.id.desc() if search.descending else _images.c.id]
    value = _sort_value(search, known)
    first = value.desc() if search.descending else value.asc()
    return [first.nulls_last(), _images.c.id]


def _sort_value(search: Search, known: Known) -> ColumnElement[Any]:
    if search.sort is Sort.NAME:
        return _images.c.name_order
    if search.sort is Sort.COUNT:
        return _count_of(_instances.c.state == _ACCEPTED)
    if search.sort is Sort.CHANGED:
        last = select(func.max(_gestures.c.at)).where(_gestures.c.image_id == _images.c.id)
        return last.correlate(_images).scalar_subquery()
    away = func.abs(_instances.c.score - categories.least_score(known.threshold, known.categories))
    # What is hidden is no matter of doubt: nearly all of it only one network sees.
    ahead = case((is_above(known.threshold, known.categories), doubt_of(_instances.c.agreement)), else_=0)
    nearest = select(func.min(away + ahead)).where(_OF_IMAGE, _instances.c.state == _OPEN)
    return nearest.correlate(_images).scalar_subquery()
