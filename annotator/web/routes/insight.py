"""What the decisions say: advice on thresholds, the effort ledger, what may be accepted unseen; and as CSV."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
from fastapi import APIRouter
from fastapi.responses import Response
from numpy.typing import NDArray
from starlette.concurrency import run_in_threadpool

from annotator.exchange.tables import to_csv
from annotator.insight.advice import THRESHOLDS, Advice, Share
from annotator.insight.auto_accept import LEAST_BATCH, SAMPLE, TARGET, Offer, allowed_wrong, needed_answers
from annotator.insight.effort import ENOUGH, ENOUGH_ANSWERS, Entry, Ledger, Spent
from annotator.web.insight_work import Insight, InsightWork
from annotator.web.projects import Projects
from annotator.web.routes.answers import INERT, NEVER_KEPT
from annotator.web.routes.apart import without_apart
from annotator.web.routes.gallery import entry_to_json
from annotator.web.sharing.slots import Pool

MAX_DOUBTS = 60
"""Likely errors that are listed at once: what was looked at leaves the list when it is mended."""

MAX_CURVES = 40
"""Networks' categories whose curves the page gets, those with most answers; a table as CSV has all."""


def add_insight_routes(router: APIRouter, projects: Projects, work: InsightWork) -> None:
    working = Pool(2, each=1)

    @router.get("/{key}/insight")
    async def insight(key: str) -> dict[str, Any]:
        """What the decisions say: advice on thresholds, the effort ledger, what may be accepted unseen."""
        return await working.run(key, lambda: insight_to_json(work.read(key)))

    @router.get("/{key}/insight/doubts")
    async def doubts(key: str) -> dict[str, Any]:
        """Accepted instances that are likely errors, the most doubtful first, each with its reason."""
        found = await working.run(key, lambda: work.doubts(key, most=MAX_DOUBTS))
        listed = [
            entry_to_json(one.entry, key)
            | {"category": one.category, "reason": one.doubt.reason.value, "other": one.doubt.other}
            for one in found.first
        ]

        def seen() -> list[dict[str, Any]]:
            with projects.use(key) as store:
                return without_apart(projects, store, key, listed)

        return {
            "instances": await run_in_threadpool(seen),
            "total": found.total,
            "looked_at": found.looked_at,
        }

    @router.get("/{key}/insight/{table}.csv")
    async def table(key: str, table: Literal["thresholds", "effort", "tools"]) -> Response:
        rows = {"thresholds": _threshold_rows, "effort": _effort_rows, "tools": _tool_rows}[table]
        text = await working.run(key, lambda: to_csv(list(rows(work.read(key)))))
        headers = {"content-disposition": f'attachment; filename="{table}.csv"'}
        return Response(text, media_type="text/csv; charset=utf-8", headers=INERT | NEVER_KEPT | headers)


def insight_to_json(found: Insight) -> dict[str, Any]:
    """For the page. Shares have four digits; what is not known is null."""
    return {
        "needs": {"answers": ENOUGH_ANSWERS, "drawings": ENOUGH, "unseen": needed_answers(), "batch": LEAST_BATCH},
        "advice": [_advice_to_json(one) for one in found.advice[:MAX_CURVES]],
        "ledger": _ledger_to_json(found.ledger),
        "unseen": {
            "target": TARGET,
            "sample": SAMPLE,
            "allowed": allowed_wrong(SAMPLE),
            "offers": [_offer_to_json(one) for one in found.offers],
        },
    }


def _advice_to_json(advice: Advice) -> dict[str, Any]:
    return {
        "network": advice.network,
        "category": advice.category,
        "answers": advice.answers,
        "suggestions": advice.suggestions,
        "advised": advice.advised,
        "known_from": advice.known_from,
        "at_edge": advice.is_at_edge,
        "precision": _share_to_json(advice.precision),
        "missed": _share_to_json(advice.missed),
        "work": _numbers(advice.work, digits=1),
        "costs": _costs_to_json(advice),
    }


def _costs_to_json(advice: Advice) -> dict[str, Any]:
    costs = advice.costs
    found = {name: round(getattr(costs, name), 1) for name in ("accept", "adjust", "reject", "draw")}
    return found | {"measured": sorted(costs.measured)}


def _share_to_json(share: Share) -> dict[str, Any]:
    return {
        "share": _numbers(share.share),
        "low": _numbers(share.low),
        "high": _numbers(share.high),
        "total": share.total.tolist(),
    }


def _ledger_to_json(ledger: Ledger) -> dict[str, Any]:
    return {
        **_kinds_to_json(ledger),
        "pictures": _spent_to_json(ledger.pictures),
        "entries": [_entry_to_json(one) for one in ledger.entries],
        "pace": None if ledger.pace is None else dataclasses.asdict(ledger.pace),
        "tools": [
            _spent_to_json(one.spent) | {"tool": one.tool, "drawn": one.drawn, "clicks": round(one.clicks, 1)}
            for one in ledger.tools
        ],
    }


def _kinds_to_json(spent: Ledger | Entry) -> dict[str, Any]:
    return {name: _spent_to_json(getattr(spent, name)) for name in ("accepted", "adjusted", "rejected", "drawn")}


def _entry_to_json(entry: Entry) -> dict[str, Any]:
    return {
        "network": entry.network,
        "category": entry.category,
        **_kinds_to_json(entry),
        "by_hand": entry.by_hand,
        "saved": entry.saved,
        "worth": entry.worth.value,
    }


def _spent_to_json(spent: Spent) -> dict[str, Any]:
    return {"count": spent.count, "seconds": round(spent.seconds, 1), "gestures": round(spent.gestures, 1)}


def _offer_to_json(offer: Offer) -> dict[str, Any]:
    border = offer.border
    return {
        "network": offer.network,
        "category": offer.category,
        "answers": offer.answers,
        "waiting": offer.waiting,
        "border": None if border is None else border.score,
        "precision": None if border is None else dataclasses.asdict(border.precision),
        "at_least": None if border is None else border.at_least,
    }


def _threshold_rows(found: Insight) -> Iterator[dict[str, Any]]:
    for one in found.advice:
        for index, threshold in enumerate(THRESHOLDS.tolist()):
            yield {
                "network": one.network,
                "category": found.names.get(one.category, ""),
                "threshold": threshold,
                "answers": int(one.precision.total[index]),
                "precision": _number(one.precision.share[index]),
                "precision_low": _number(one.precision.low[index]),
                "precision_high": _number(one.precision.high[index]),
                "objects": int(one.missed.total[index]),
                "missed": _number(one.missed.share[index]),
                "missed_low": _number(one.missed.low[index]),
                "missed_high": _number(one.missed.high[index]),
                "expected_seconds": _number(one.work[index], digits=1),
                "advised": threshold == one.advised,
            }


def _effort_rows(found: Insight) -> Iterator[dict[str, Any]]:
    for one in found.ledger.entries:
        row: dict[str, Any] = {"network": one.network, "category": found.names.get(one.category, "")}
        for name in ("accepted", "adjusted", "rejected", "drawn"):
            spent: Spent = getattr(one, name)
            row |= {name: spent.count, f"{name}_seconds": round(spent.seconds, 1)}
            row[f"{name}_gestures"] = round(spent.gestures, 1)
        yield row | {"seconds_by_hand": one.by_hand, "seconds_saved": one.saved, "worth": one.worth.value}


def _tool_rows(found: Insight) -> Iterator[dict[str, Any]]:
    for one in found.ledger.tools:
        yield {
            "made": "drawn" if one.drawn else "adjusted",
            "tool": one.tool,
            "instances": one.spent.count,
            "seconds": round(one.spent.seconds, 1),
            "gestures": round(one.spent.gestures, 1),
            "clicks": round(one.clicks, 1),
        }


def _numbers(values: NDArray[np.float64], *, digits: int = 4) -> list[float | None]:
    return [_number(value, digits=digits) for value in values]


def _number(value: float, *, digits: int = 4) -> float | None:
    return None if np.isnan(value) else round(float(value), digits)
