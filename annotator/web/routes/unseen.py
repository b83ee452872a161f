"""Accepting unseen: begun, watched over by its sample, and taken back where the sample says so.

Tests: tests/web/routes/test_unseen.py
"""

from __future__ import annotations

import dataclasses
import secrets
from typing import Any

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool

from annotator.core.errors import GestureError
from annotator.core.people import Role
from annotator.insight.auto_accept import LEAST_BATCH, TARGET, Audit, Outcome, draw_sample, judge
from annotator.storage.unseen import Lowest, Sample
from annotator.web.bulk_work import BulkWork
from annotator.web.insight_work import InsightWork
from annotator.web.people import may
from annotator.web.projects import Projects
from annotator.web.routes.bulk import status_to_json
from annotator.web.routes.requests import who_decides
from annotator.web.sharing.slots import Pool


def add_unseen_routes(router: APIRouter, projects: Projects, bulk: BulkWork, insight: InsightWork) -> None:
    working = Pool(2, each=1)

    @router.post("/{key}/insight/unseen")
    async def accept(key: str) -> dict[str, Any]:
        """Accepts all that may be accepted unseen, but for a random sample."""

        def begin() -> dict[str, Any]:
            offers = insight.read(key).offers
            lowest = [Lowest(one.network, one.category, one.border.score) for one in offers if one.border is not None]
            with projects.use(key) as store:
                batch = store.unseen.prepare(
                    lowest,
                    target=TARGET,
                    draw=lambda count: draw_sample(count, seed=secrets.randbits(64)).tolist(),
                )
            found = len(batch.found) + len(batch.sample)
            if found < LEAST_BATCH:
                raise GestureError(f"accept unseen: {found} suggestions may be, expected at least {LEAST_BATCH}")
            bulk.accept_unseen(key, batch, who=who_decides(projects, key))
            return status_to_json(projects, bulk, key)

        return await working.run(key, begin)

    @router.post("/{key}/insight/unseen/check")
    async def check(key: str) -> dict[str, Any]:
        """Takes the latest batch back whose sample says so, where whoever asks manages the project."""

        def look() -> dict[str, Any]:
            with projects.use(key) as store:
                samples = store.unseen.samples()
            found = [(sample, _judge(sample)) for sample in samples]
            failed = next((sample for sample, audit in found if audit.outcome is Outcome.FAILS), None)
            running = bulk.status(key)
            taken_back = 0
            is_free = running is None or not running.running
            if failed is not None and is_free and may(projects, key, Role.MANAGE):
                bulk.undo(key, failed.bulk_id, total=failed.accepted, who=who_decides(projects, key))
                taken_back = failed.accepted
            return {
                "taken_back": taken_back,
                "batches": [_to_json(sample, audit) for sample, audit in found],
            }

        return await run_in_threadpool(look)


def _judge(sample: Sample) -> Audit:
    return judge(right=sample.right, wrong=sample.wrong, left=sample.left, target=sample.target)


def _to_json(sample: Sample, audit: Audit) -> dict[str, Any]:
    return {
        "at": sample.at,
        "accepted": sample.accepted,
        "outcome": audit.outcome.value,
        "answered": sample.right + sample.wrong,
        "wrong": audit.wrong,
        "left": audit.left,
        "allowed": audit.allowed,
        "right": dataclasses.asdict(audit.right),
        "images": list(sample.image_ids),
    }
