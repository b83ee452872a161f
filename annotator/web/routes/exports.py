"""Exports that the page made, to be downloaded."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse, JSONResponse, Response

from annotator.exchange import formats, pack
from annotator.exchange.pack import Stamp
from annotator.system import files, paths
from annotator.web.projects import Projects
from annotator.web.routes.answers import INERT, NEVER_KEPT

EXPORT_SUFFIXES = formats.SUFFIXES | pack.SUFFIXES


def add_export_routes(router: APIRouter, projects: Projects) -> None:
    @router.get("/{key}/exports/{name}")
    def export(key: str, name: str, made: str = "") -> Response:
        """made: the stamp of the file that the page speaks of; another export may have replaced it since."""
        path = projects.export_folder(key, paths.exports()) / name
        if Path(name).name != name or path.suffix not in EXPORT_SUFFIXES or not files.is_file(path):
            return JSONResponse({"error": f"no export {name:.80}"}, status_code=404)
        if Stamp.of(path).token != made:
            return JSONResponse({"error": f"{name:.80}: replaced by another export, export again"}, status_code=404)
        return FileResponse(path, filename=name, headers=INERT | NEVER_KEPT)
