"""A batch on a cluster: into a project, into a dataset, or into shards of COCO.

`see` stands for the cluster everywhere: what hands pictures out and brings back what came of them, in any order.

Tests: tests/prelabel/cluster/test_engine.py
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Any, Protocol

from annotator.core.dataset import Dataset, Image
from annotator.core.errors import ModelError, StoreError
from annotator.core.settings import FILES
from annotator.prelabel.batch import PATIENCE, STORED_EVERY_S, STORED_TOGETHER, BatchReport, Keeper, adopt_networks
from annotator.prelabel.cluster.pictures import Picture
from annotator.prelabel.cluster.worker import Known, Plan, Result
from annotator.prelabel.files import Gathered
from annotator.prelabel.journey import Done, Failed, Failure, Ready
from annotator.storage.store import Store
from annotator.system.groups import Groups
from annotator.system.progress import Progress

SHARD = 1000
"""Pictures of a shard at most."""

SHARD_EVERY_S = 120.0
"""Seconds after which a shard is written though it is smaller: what a killed run has to do again."""


class See(Protocol):
    def __call__(
        self, plan: Plan, pictures: Sequence[Picture], *, done: frozenset[str] = frozenset()
    ) -> Iterator[Result]: ...


class ShardFolder(Protocol):
    """`exchange.coco.shards.Shards`, as far as a batch asks it."""

    next_image: int
    next_annotation: int

    def hashes(self) -> dict[str, str]: ...

    def write(self, dataset: Dataset) -> None: ...

    def end(self, failures: Sequence[tuple[str, str]]) -> None: ...


def prelabel_project(
    store: Store, see: See, plan: Plan, pictures: Sequence[Picture], *, progress: Progress = lambda done, total: None
) -> BatchReport:
    """Put pictures into a project and pre-label them. Each is stored as soon as it comes back.

    What a killed run of the same network and options has stored is known by its hash and not done again.
    Raises ModelError where the network fails on all it gets, StoreError where the pictures' store answers no more.
    """
    (ids,) = adopt_networks(store, [plan.info])
    run = _Run(store, how=(plan.info.source, plan.floor, plan.draft, plan.device, plan.precision))
    known, missed = 0, False

    def add(picture: Ready[Picture]) -> Image:
        width, height = picture.size
        image = store.add_image(picture.content, file_name=picture.item.name, width=width, height=height)
        run.take(image)
        return image

    keeper = Keeper(
        store,
        add,
        name=attrgetter("address"),
        by=(plan.info.source,),
        total=len(pictures),
        progress=lambda done, total: progress(done + known, total),
        stored=lambda outcomes: run.save(),
    )
    with Groups(keeper.keep, most=STORED_TOGETHER, linger_s=STORED_EVERY_S, name="store") as groups:
        results = see(replace(plan, brings_content=True), pictures, done=run.done)
        for result in _once(results, pictures):
            if isinstance(result, Known):
                known += 1
            elif isinstance(result, Failed):
                missed |= result.by_store
                groups.put(result)
            else:
                own = [replace(one, category_id=ids[one.category_id]) for one in result.suggestions]
                groups.put(replace(result, suggestions=own))
    if not missed:  # else the same command does what the store did not give
        run.end()
    return BatchReport(keeper.done + known, tuple(keeper.failures))


class _Run:
    """Which images of a project this run has stored; kept in the project until its end."""

    def __init__(self, store: Store, *, how: Sequence[Any]) -> None:
        self._store = store
        self._work = hashlib.sha256(json.dumps(["ray", *how]).encode()).hexdigest()
        kept = store.setting(FILES) or {}
        # A bit for each image: a few kilobytes where there are 20,000.
        self._bits = int(kept["ids"], 16) if kept.get("work") == self._work else 0
        self.done = frozenset(image.sha256 for image in store.images() if self._bits >> image.id & 1)

    def take(self, image: Image) -> None:
        self._bits |= 1 << image.id

    def save(self) -> None:
        """Called in the transaction that stores the images."""
        self._store.set_setting(FILES, {"work": self._work, "ids": f"{self._bits:x}"})

    def end(self) -> None:
        """All are done: the same command begins anew."""
        self._store.set_setting(FILES, None)


def prelabel_dataset(
    see: See, plan: Plan, pictures: Sequence[Picture], *, progress: Progress = lambda done, total: None
) -> tuple[Dataset, BatchReport]:
    """What the network sees above the plan's floor, as a dataset: the one that `files.prelabel_files` makes.

    Raises as `prelabel_project` does.
    """
    done: list[Done[Picture]] = []
    failures: list[Failed[Picture]] = []
    for result in _once(see(plan, pictures), pictures):
        if isinstance(result, Failed):
            failures.append(result)
        elif isinstance(result, Done):
            done.append(result)
        progress(len(done) + len(failures), len(pictures))
    gathered = Gathered([plan.info], plan.info.categories)
    for one in sorted(done, key=lambda one: one.item.index):
        gathered.add(one, name=one.item.name)
    return gathered.dataset(), BatchReport(len(done), _in_order(failures))


def prelabel_shards(
    shards: ShardFolder,
    see: See,
    plan: Plan,
    pictures: Sequence[Picture],
    *,
    progress: Progress = lambda done, total: None,
) -> BatchReport:
    """What the network sees above the plan's floor, into shards; the same folder again goes on.

    Raises as `prelabel_project` does; what was seen before is written then, too.
    """
    hashes = shards.hashes()
    asked = [replace(one, sha256=hashes.get(one.name, "")) for one in pictures]
    failures: list[Failed[Picture]] = []
    done, gathered, since = 0, _next(shards, plan), time.monotonic()

    def write() -> None:
        nonlocal gathered, since
        if gathered.images:
            shards.write(gathered.dataset())
        gathered, since = _next(shards, plan), time.monotonic()

    try:
        for result in _once(see(plan, asked), asked):
            if isinstance(result, Failed):
                failures.append(result)
            else:
                done += 1
                if isinstance(result, Done):
                    gathered.add(result, name=result.item.name)
                if len(gathered.images) >= SHARD or time.monotonic() - since > SHARD_EVERY_S:
                    write()
            progress(done + len(failures), len(asked))
    finally:
        write()
    found = _in_order(failures)
    shards.end([(one.file_name, one.reason) for one in found])
    return BatchReport(done, found)


def _next(shards: ShardFolder, plan: Plan) -> Gathered:
    first = {"first_image": shards.next_image, "first_annotation": shards.next_annotation}
    return Gathered([plan.info], plan.info.categories, **first)


def _in_order(failures: Sequence[Failed[Picture]]) -> tuple[Failure, ...]:
    return tuple(one.failure for one in sorted(failures, key=lambda one: one.item.index))


def _once(results: Iterable[Result], pictures: Collection[Picture]) -> Iterator[Result]:
    """Each picture's result once, whatever comes back twice.

    Raises ModelError where the network fails on one picture after the other, or where a picture does not come back;
    StoreError where a store does not answer for one after the other.
    """
    left = {picture.index for picture in pictures}
    failing = 0
    for result in results:
        if result.item.index not in left:
            continue
        left.remove(result.item.index)
        if isinstance(result, Failed):
            failing += result.by_network or result.by_store
            if failing == PATIENCE:  # not the picture, but what all of them go through
                if result.by_store:
                    raise StoreError(f"{result.failure}; once it does, run the same command again")
                raise ModelError(result.failure.reason)
        else:
            failing = 0
        yield result
    if left:
        raise ModelError(f"{len(left)} of {len(pictures)} pictures have not come back")
