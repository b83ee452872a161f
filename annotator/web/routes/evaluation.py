"""How good the networks of a project are, for the page and as CSV."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from fastapi import APIRouter
from fastapi.responses import Response

from annotator.evaluation.certainty import Estimate
from annotator.evaluation.confusion import STEPS
from annotator.evaluation.precision import AT_50, AT_75, FIGURES, RECALLS
from annotator.evaluation.project import Bias, NetworkFigures
from annotator.evaluation.report import figures_to_json
from annotator.exchange.tables import to_csv
from annotator.web.evaluation_work import EvaluationWork, Figures
from annotator.web.routes.answers import INERT, NEVER_KEPT
from annotator.web.sharing.slots import Pool

Table = Literal["average-precision", "precision-recall", "confusion", "mask-iou", "calibration", "bias"]

NOTHING_THERE, MISSED = "(nothing there)", "(missed)"


def add_evaluation_routes(router: APIRouter, work: EvaluationWork) -> None:
    looking = Pool(2, each=1)

    @router.get("/{key}/evaluation")
    async def evaluation(key: str) -> dict[str, Any]:
        """The networks against the reviewed pictures, as far as they are compared."""
        return await looking.run(key, lambda: evaluation_to_json(work.look(key)))

    @router.get("/{key}/evaluation/{table}.csv")
    async def table(key: str, table: Table) -> Response:
        """The numbers of a chart, of every network."""
        text = await looking.run(key, lambda: to_csv(list(_rows(table, work.look(key)))))
        headers = {"content-disposition": f'attachment; filename="{table}.csv"'}
        return Response(text, media_type="text/csv; charset=utf-8", headers=INERT | NEVER_KEPT | headers)


def evaluation_to_json(found: Figures) -> dict[str, Any]:
    """For the page. measuring: pictures done and in all, null while nothing is compared."""
    return {
        "version": found.version,
        "measuring": None if found.under_way is None else {"done": found.under_way[0], "total": found.under_way[1]},
        "error": found.error,
        "networks": [_network_to_json(one, found.names) for one in found.networks],
    }


def _network_to_json(one: NetworkFigures, names: dict[int, str]) -> dict[str, Any]:
    return {
        "network": one.network,
        "pictures": one.measured.pictures,
        "left_out": one.left_out,
        "origins": {name: one.origins.get(name, 0) for name in ("own", "adjusted", "drawn", "other")},
        "bias": None if one.bias is None else {"ap": _bias_to_json(one.bias[0]), "iou": _bias_to_json(one.bias[1])},
        **figures_to_json(one.measured, names),
    }


def _bias_to_json(one: Bias) -> dict[str, Any]:
    parts = {"aided": one.aided, "unaided": one.unaided, "flattery": one.flattery}
    return {name: _estimate_to_json(value) for name, value in parts.items()}


def _estimate_to_json(one: Estimate | None) -> dict[str, Any] | None:
    if one is None:
        return None
    bounds = [None if bound is None else round(bound, 6) for bound in (one.low, one.high)]
    return {"value": round(one.value, 6), "low": bounds[0], "high": bounds[1], "pictures": one.pictures}


def _rows(table: Table, found: Figures) -> Iterator[dict[str, Any]]:
    make = {
        "average-precision": _ap_rows,
        "precision-recall": _curve_rows,
        "confusion": _confusion_rows,
        "mask-iou": _iou_rows,
        "calibration": _calibration_rows,
        "bias": _bias_rows,
    }[table]
    for one in found.networks:
        for row in make(one, found.names):
            yield {"network": one.network, "pictures": one.measured.pictures, **row}


def _ap_rows(one: NetworkFigures, names: dict[int, str]) -> Iterator[dict[str, Any]]:
    measured = one.measured
    whole = ("", measured.objects, measured.sizes, measured.box, measured.mask)
    each = [(names[of.category], of.objects, of.sizes, of.box, of.mask) for of in measured.categories]
    for category, objects, sizes, box, mask in (whole, *each):
        counts = {"objects": objects} | {f"objects {name}": count for name, count in sizes.items()}
        for kind, figures in (("box", box), ("mask", mask)):
            values = {name: "" if figures is None or figures[name] < 0 else figures[name] for name in FIGURES}
            yield {"category": category, "kind": kind, **counts, **values}


def _curve_rows(one: NetworkFigures, names: dict[int, str]) -> Iterator[dict[str, Any]]:
    each = [(names[of.category], of.curve) for of in one.measured.categories]
    for category, curve in (("", one.measured.curve), *each):
        if curve is not None:
            rows = zip(RECALLS, curve[AT_50], curve[AT_75], curve.mean(axis=0), strict=True)
            for recall, at_50, at_75, mean in rows:
                shares = {"precision_iou50": at_50, "precision_iou75": at_75, "precision_mean": mean}
                yield {"category": category, "recall": round(float(recall), 2)} | {
                    name: round(float(value), 4) for name, value in shares.items()
                }


def _confusion_rows(one: NetworkFigures, names: dict[int, str]) -> Iterator[dict[str, Any]]:
    confusion = one.measured.confusion
    things = [*(names[category] for category in confusion.categories), NOTHING_THERE]
    taken_for = [*things[:-1], MISSED]
    for row, thing in enumerate(things):
        for column, other in enumerate(taken_for):
            if count := int(confusion.counts[row, column]):
                yield {"object": thing, "taken_for": other, "count": count, "threshold": one.measured.threshold}


def _iou_rows(one: NetworkFigures, names: dict[int, str]) -> Iterator[dict[str, Any]]:
    for low, high, count in zip(STEPS, STEPS[1:], one.measured.confusion.histogram.tolist(), strict=False):
        yield {"from": float(low), "to": float(high), "objects": count}


def _calibration_rows(one: NetworkFigures, names: dict[int, str]) -> Iterator[dict[str, Any]]:
    for found in one.measured.calibration:
        yield {
            "score_from": found.low,
            "score_to": found.high,
            "mean_score": round(found.score, 4),
            "suggestions": found.right.total,
            "right": round(found.right.share or 0.0, 4),
            "right_low": round(found.right.low, 4),
            "right_high": round(found.right.high, 4),
        }


def _bias_rows(one: NetworkFigures, names: dict[int, str]) -> Iterator[dict[str, Any]]:
    for figure, bias in zip(("mask AP", "mean mask IoU"), one.bias or (), strict=False):
        for name, found in (
            ("suggestions shown", bias.aided),
            ("unaided", bias.unaided),
            ("difference", bias.flattery),
        ):
            if found is not None:
                yield {
                    "figure": figure,
                    "where": name,
                    "of_pictures": found.pictures,
                    "value": round(found.value, 4),
                } | {
                    bound: "" if value is None else round(value, 4)
                    for bound, value in (("low", found.low), ("high", found.high))
                }
