"""What the decisions of a project add up to, for the page and as CSV."""

from __future__ import annotations

import csv
import dataclasses
import io
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response

from annotator.exchange.formats.csv import is_formula
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


def to_csv(rows: list[dict[str, Any]]) -> str:
    """The rows as a spreadsheet reads them: texts that look like a formula are marked as texts."""
    text = io.StringIO()
    if rows:
        writer = csv.DictWriter(text, list(rows[0]))
        writer.writeheader()
        writer.writerows({name: _inert(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def _inert(value: Any) -> Any:
    """An apostrophe is how spreadsheets mark a text as one."""
    return f"'{value}" if isinstance(value, str) and is_formula(value) else value
