"""What an export would hold and what it would leave out, known before anything is written."""

from __future__ import annotations

from dataclasses import dataclass

from annotator.core.query import EVERYTHING, FIELDS, Query, Term
from annotator.core.settings import DEFAULT_THRESHOLD, THRESHOLD, UNFINISHED
from annotator.core.words import counted
from annotator.storage.search import Search
from annotator.storage.store import Store

_UNREVIEWED = Query((Term(FIELDS["state"], ("unreviewed",)), Term(FIELDS["is"], ("accepted",))))
_REVIEWED = Query((Term(FIELDS["state"], ("reviewed",)),))


@dataclass(frozen=True)
class Outlook:
    """pictures and instances: how many leave. undecided: suggestions from the threshold on, on reviewed pictures.
    unreviewed: pictures with accepted instances that do not leave, as they are not marked reviewed. unfinished: an
    import that was stopped on its way: its name, and how many of how many images came in.
    """

    pictures: int
    instances: int
    undecided: int
    undecided_pictures: int
    unreviewed: int
    threshold: float
    unfinished: tuple[str, int, int] | None = None

    @property
    def lines(self) -> list[str]:
        """What does not leave, a line each."""
        lines = []
        if self.undecided:
            hold = "holds" if self.undecided_pictures == 1 else "hold"
            are = "which is" if self.undecided == 1 else "which are"
            lines.append(
                f"{counted(self.undecided_pictures, 'reviewed image')} {hold} {counted(self.undecided, 'suggestion')} "
                f"from the threshold {self.threshold:.2f} on that nobody decided about, {are} not in the file"
            )
        if self.unreviewed:
            found = counted(self.unreviewed, "image")
            lines.append(f"{found} with accepted instances not marked reviewed, and so not in the file")
        if self.unfinished:
            name, done, total = self.unfinished
            lines.append(
                f"the import of {name!r:.120} was stopped after {done:,} of {total:,} images; the same import again "
                "brings the rest"
            )
        return lines


def outlook(
    store: Store, *, only: Query = EVERYTHING, reviewed_only: bool = True, threshold: float | None = None
) -> Outlook:
    """only: of the pictures that fit. threshold: the project's own where none is given."""
    least = threshold_of(store) if threshold is None else threshold

    def found(*queries: Query) -> list[int]:
        terms = tuple(term for query in (only, *queries) for term in query.terms)
        return store.worklist.ids(Search(Query(terms), threshold=least))

    leaving = found(_REVIEWED) if reviewed_only else found()
    left = store.setting(UNFINISHED)
    undecided_pictures, undecided = store.worklist.undecided(least, only)
    return Outlook(
        pictures=len(leaving),
        instances=store.worklist.accepted(leaving),
        undecided=undecided,
        undecided_pictures=undecided_pictures,
        unreviewed=len(found(_UNREVIEWED)) if reviewed_only else 0,
        threshold=least,
        unfinished=None if left is None else (left["name"], left["done"], left["total"]),
    )


def threshold_of(store: Store) -> float:
    """The score from which on the project's suggestions count."""
    found = store.setting(THRESHOLD)
    return DEFAULT_THRESHOLD if found is None else float(found)
