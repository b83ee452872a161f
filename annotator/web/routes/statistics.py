"""What the decisions of a project add up to, for the page and as CSV."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response

from annotator.exchange.tables import to_csv
from annotator.storage.statistics import Statistics
from annotator.web.projects import Projects
from annotator.web.routes.answers import INERT, NEVER_KEPT
from annotator.web.sharing.slots import Pool

Threshold = Annotated[float, Query(ge=0, le=1, allow_inf_nan=False)]


def add_statistics_routes(router: APIRouter, projects: Projects) -> None:
    counting = Pool(2, each=1)

    def count(key: str, threshold: float) -> Statistics:
        with projects.use(key) as store:
            return store.statistics.read(threshold)

    @router.get("/{key}/statistics")
    async def statistics(key: str, threshold: Threshold = 0.5) -> dict[str, Any]:
        return dataclasses.asdict(await counting.run(key, lambda: count(key, threshold)))

    @router.get("/{key}/statistics/{table}.csv")
    async def table(key: str, table: Literal["categories", "days"], threshold: Threshold = 0.5) -> Response:
        found = await counting.run(key, lambda: count(key, threshold))
        rows = [dataclasses.asdict(row) for row in getattr(found, table)]
        headers = {"content-disposition": f'attachment; filename="{table}.csv"'}
        return Response(to_csv(rows), media_type="text/csv; charset=utf-8", headers=INERT | NEVER_KEPT | headers)
