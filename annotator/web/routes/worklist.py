"""The queue as a list to work from: a stretch of what fits an expression, and what is done to many pictures at once."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from annotator.core.errors import GestureError
from annotator.core.limits import MAX_FLAG
from annotator.core.numbers import is_id
from annotator.core.query import Query as Expression
from annotator.core.query import parse
from annotator.core.review import is_flag
from annotator.core.settings import DEFAULT_THRESHOLD
from annotator.storage.images import QueueRow
from annotator.storage.search import Search, Sort
from annotator.storage.store import Store
from annotator.storage.worklist import TO_DO
from annotator.web.batch_record import MAX_FAILURES
from annotator.web.gain_work import GainWork, Ranked, Reasons, in_order, reasons_of
from annotator.web.jobs import Job, Prelabelling
from annotator.web.listings import Listings
from annotator.web.people import who_asks
from annotator.web.projects import Projects
from annotator.web.routes.apart import closed_takes, kept_apart, seen_only
from annotator.web.routes.hand_out import holder_of, holders_among, lease_to_json
from annotator.web.routes.requests import MAX_SMALL_BYTES, parse_json, who_decides, with_store
from annotator.web.sharing.guard import MAX_BODY_BYTES
from annotator.web.sharing.uploads import Uploads

MAX_ROWS = 500
"""In one answer."""

TELL_NOTHING = (Sort.ADDED, Sort.NAME)
"""Orders by what nobody made; in the others what somebody must not see stands behind all else."""

_Id = Annotated[int | None, Query(ge=0, lt=2**53)]
_Place = Annotated[int, Query(ge=0, lt=2**53)]
_Score = Annotated[float, Query(ge=0, le=1, allow_inf_nan=False)]


@dataclass(frozen=True)
class _Asked:
    """What every request says about the list that it means."""

    query: str = ""
    sort: Sort = Sort.ADDED
    descending: bool = False
    threshold: _Score = DEFAULT_THRESHOLD
    keep: _Id = None

    def search(self) -> Search:
        """Raises QueryError."""
        return Search(parse(self.query), self.sort, self.descending, self.threshold, self.keep)


def add_worklist_routes(
    router: APIRouter, projects: Projects, jobs: Prelabelling, uploads: Uploads, gains: GainWork
) -> None:
    lists = _Lists(projects, Listings(), gains)
    _add_lists(router, projects, jobs, lists)
    _add_next(router, projects, lists, uploads)
    _add_actions(router, projects, uploads)
    _add_bin(router, projects, uploads)


@dataclass(frozen=True)
class _Lists:
    """The lists in every order, that of what to review next among them."""

    projects: Projects
    listings: Listings
    gains: GainWork

    def ranked(self, key: str, store: Store, search: Search) -> Ranked | None:
        """The order of what to review next, where it is asked for and known."""
        return self.gains.latest(key, store) if search.sort is Sort.GAIN else None

    def ids(self, key: str, store: Store, version: str, search: Search, ranked: Ranked | None) -> array[int]:
        """As whoever asks may know them. version: the store's, read before."""
        asked = replace(search, query=seen_only(self.projects, store, key, search.query))
        found = self.listings.ids(store, version, asked)
        if ranked is not None:
            found = in_order(found, ranked, descending=search.descending)
        hidden = frozenset() if search.sort in TELL_NOTHING else kept_apart(self.projects, store, key)
        return found if not hidden else array("q", sorted(found, key=hidden.__contains__))


def _add_lists(router: APIRouter, projects: Projects, jobs: Prelabelling, lists: _Lists) -> None:
    @router.get("/{key}/queue")
    def queue(
        key: str,
        asked: Annotated[_Asked, Depends()],
        *,
        offset: _Place = 0,
        limit: Annotated[int, Query(ge=0)] = 100,
        around: _Id = None,
        version: str = "",
    ) -> dict[str, Any]:
        """A stretch of the list; next to nothing where the caller has that version. around: where to find a picture."""
        job = jobs.status(key)
        search = asked.search()
        with projects.use(key) as store:
            stored, ranked = store.worklist.version(), lists.ranked(key, store, search)
            now = stored if ranked is None else f"{stored}+{ranked.number}"
            ordering = search.sort is Sort.GAIN and ranked is None
            if now == version and around is None and not ordering:
                return {"version": now, "job": _job_to_json(job)}
            ids = lists.ids(key, store, stored, search, ranked)
            place = None if around is None or around not in ids else ids.index(around)
            limit = min(limit, MAX_ROWS)
            start = offset if place is None else place - place % max(1, limit)
            rows, apart = _rows(projects, store, key, ids[start : start + limit].tolist())
            totals = lists.listings.totals(store, stored)
            hidden = store.blind.hidden_among([row.image.id for row in rows])
            held = holders_among(store, [row.image.id for row in rows])
        # The order may be older than what is hidden.
        seen = [row.image.id for row in rows if row.image.id not in hidden | apart]
        reasons = {} if ranked is None else reasons_of(seen, ranked)
        return {
            "version": now,
            "total": len(ids),
            "offset": start,
            "place": place,
            "images": [
                _row_to_json(row, key, reasons.get(row.image.id), blind=row.image.id in hidden)
                | ({"held": held[row.image.id]} if row.image.id in held else {})
                for row in rows
            ],
            "handout": store.hand_out.is_on(),
            "verdicts": store.verdicts.is_on(),
            "all": totals.all,
            "reviewed": totals.reviewed,
            "bin": totals.bin,
            "ordering": ordering,
            "job": _job_to_json(job),
        }

    @router.get("/{key}/queue/ids")
    def ids(
        key: str, asked: Annotated[_Asked, Depends()], *, first: _Place = 0, last: _Place = 2**53 - 1
    ) -> dict[str, Any]:
        """The ids of a stretch of the list, both ends with it: what a selection is made of."""
        with projects.use(key) as store:
            search = asked.search()
            found = lists.ids(key, store, store.worklist.version(), search, lists.ranked(key, store, search))
        return {"ids": found[first : last + 1].tolist()}


def _add_next(router: APIRouter, projects: Projects, lists: _Lists, uploads: Uploads) -> None:
    @router.get("/{key}/queue/next")
    def next_to_do(key: str, asked: Annotated[_Asked, Depends()], *, after: _Id = None) -> dict[str, Any]:
        """The first picture of the list behind this one that is to be done, from the top again at the end."""
        with projects.use(key) as store:
            found = next(iter(to_do(key, store, asked.search(), after)), None)
            return {"image": row_of(key, store, found)}

    @router.post("/{key}/queue/next")
    async def take_next(
        key: str, request: Request, asked: Annotated[_Asked, Depends()], *, after: _Id = None
    ) -> dict[str, Any]:
        """The same that nobody else holds, with a lease on it, where pictures are handed out.

        Behind a second take the next one is begun, as long as there is one for whoever asks.
        """
        holder = await holder_of(projects, key, parse_json(await uploads.small(request, MAX_SMALL_BYTES)))

        def take(store: Store) -> dict[str, Any]:
            second = next_take(key, store, after)
            if second is not None:
                return {"image": second, "lease": None}
            search = asked.search()
            if not store.hand_out.is_on():
                return {"image": row_of(key, store, next(iter(to_do(key, store, search, after)), None)), "lease": None}
            lease = store.hand_out.take_next(
                search,
                holder,
                after=after,
                ordered=lambda: to_do(key, store, search, after),
                who=who_decides(projects, key),
            )
            image = row_of(key, store, None if lease is None else lease.image_id)
            return {"image": image, "lease": lease_to_json(lease, holder)}

        found: dict[str, Any] = await with_store(projects, key, take)
        return found

    def next_take(key: str, store: Store, after: int | None) -> dict[str, Any] | None:
        if after is None or store.twice.take_of(after) is None:
            return None
        take = store.twice.give(who_decides(projects, key), alone=who_asks(projects) is None, leaving=after)
        return None if take is None else _row_to_json(QueueRow(store.image(take), 0, 0, 0), key)

    def to_do(key: str, store: Store, search: Search, after: int | None) -> list[int]:
        """What is to be done of the list, in its order, behind a picture and then from the top."""
        wanted = replace(search, query=Expression((*search.query.terms, *TO_DO.terms)), keep=None)
        version, ranked = store.worklist.version(), lists.ranked(key, store, search)
        all_ids = lists.ids(key, store, version, search, ranked)
        left = set(lists.ids(key, store, version, wanted, None))
        left -= closed_takes(projects, store, key)
        return [id for id in _around(all_ids, after) if id in left]

    def row_of(key: str, store: Store, image_id: int | None) -> dict[str, Any] | None:
        rows = [] if image_id is None else store.worklist.rows([image_id])
        return _row_to_json(rows[0], key, blind=store.blind.is_hidden(rows[0].image.id)) if rows else None


def _add_actions(router: APIRouter, projects: Projects, uploads: Uploads) -> None:
    async def decide(
        key: str, ids: list[int], each: int, change: Callable[[Store, list[int]], list[int]]
    ) -> dict[str, Any]:
        """each: bytes that the history of one picture takes. `closed`: those that are another person's to annotate."""

        def run(store: Store) -> dict[str, Any]:
            projects.require_quota(key, store, each * len(ids))
            with store.together():
                closed = closed_takes(projects, store, key, ids)
                mine = [id for id in ids if id not in closed]
                return {"gone": store.worklist.missing(mine), "closed": sorted(closed), "ids": change(store, mine)}

        found: dict[str, Any] = await with_store(projects, key, run)
        return found

    @router.post("/{key}/queue/review")
    async def review(key: str, request: Request) -> dict[str, Any]:
        """Mark pictures reviewed, or not: those that were not so yet, that are gone, and that are another person's."""
        ids, found = await _asked_ids(request, uploads)
        reviewed = found.get("reviewed")
        if not isinstance(reviewed, bool):
            raise GestureError(f"queue.reviewed: {reviewed!r:.80}, expected true or false")

        return await decide(
            key,
            ids,
            200,
            lambda store, mine: store.worklist.mark_reviewed(mine, reviewed, who=who_decides(projects, key)),
        )

    @router.post("/{key}/queue/flag")
    async def flag(key: str, request: Request) -> dict[str, Any]:
        """Give pictures a flag, or take it from them: those that it changed, are gone, and are another person's."""
        ids, found = await _asked_ids(request, uploads)
        word, on = found.get("flag"), found.get("on")
        if not is_flag(word):
            raise GestureError(f"queue.flag: {word!r:.80}, expected a printable text of 1 to {MAX_FLAG} characters")
        if not isinstance(on, bool):
            raise GestureError(f"queue.on: {on!r:.80}, expected true or false")

        return await decide(
            key, ids, 300, lambda store, mine: store.worklist.flag(mine, word, on, who=who_decides(projects, key))
        )


def _add_bin(router: APIRouter, projects: Projects, uploads: Uploads) -> None:
    @router.post("/{key}/queue/remove")
    async def remove(key: str, request: Request) -> dict[str, Any]:
        """Put pictures into the bin; the ids of those that were not in it."""
        ids, _ = await _asked_ids(request, uploads)
        return {"ids": await with_store(projects, key, lambda store: store.worklist.remove(ids))}

    @router.post("/{key}/queue/restore")
    async def restore(key: str, request: Request) -> dict[str, Any]:
        """Take pictures out of the bin again; the ids of those that were still there."""
        ids, _ = await _asked_ids(request, uploads)

        def bring_back(store: Store) -> list[int]:
            with store.together():
                projects.require_image_quota(store, len(ids))
                return store.restore_some(ids)

        return {"ids": await with_store(projects, key, bring_back)}


def _around(ids: Sequence[int], after: int | None) -> Iterator[int]:
    """The ids behind this one, then those before it."""
    place = next((at for at, id in enumerate(ids) if id == after), -1) if after is not None else -1
    yield from ids[place + 1 :]
    yield from ids[: max(0, place)]


async def _asked_ids(request: Request, uploads: Uploads) -> tuple[list[int], dict[str, Any]]:
    """The pictures that a body is about, and all of it. Raises GestureError."""
    found = parse_json(await uploads.small(request, MAX_BODY_BYTES))
    ids = found.get("ids") if isinstance(found, dict) else None
    if not isinstance(ids, list) or not all(map(is_id, ids)):
        raise GestureError("queue.ids: expected a list of the pictures' whole numbers")
    return ids, found


def _rows(projects: Projects, store: Store, key: str, ids: list[int]) -> tuple[list[QueueRow], frozenset[int]]:
    """These pictures, and which of them stand there without what somebody made of them."""
    apart = kept_apart(projects, store, key, ids)
    rows = store.worklist.rows(ids)
    bare = [QueueRow(replace(row.image, flags=()), 0, 0, 0) if row.image.id in apart else row for row in rows]
    return bare, apart


def _row_to_json(row: QueueRow, key: str, reasons: Reasons | None = None, *, blind: bool = False) -> dict[str, Any]:
    found = {} if reasons is None else {"reasons": asdict(reasons)}
    return found | {
        "id": row.image.id,
        "name": row.image.file_name,
        "width": row.image.width,
        "height": row.image.height,
        "thumbnail": f"annotator/{key}/thumbnails/{row.image.id}",
        "reviewed": row.image.reviewed,
        "prelabelled": row.image.prelabelled,
        "blind": blind,
        "accepted": row.accepted,
        "suggested": row.suggested,
        "rejected": row.rejected,
        "scores": row.scores,
        "flags": list(row.image.flags),
        "failure": row.failure,
    }


def _job_to_json(job: Job | None) -> dict[str, Any] | None:
    if job is None:
        return None
    return {
        "done": job.done,
        "total": job.total,
        "running": job.running,
        "failures": [str(failure) for failure in job.failures],
        "failed": job.failed,
        "failed_images": job.failed_ids[:MAX_FAILURES],
    }
