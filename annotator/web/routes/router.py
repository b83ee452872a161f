"""All routes over the projects of one server, in one router.

Tests: tests/web/routes/test_every_route.py
"""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from annotator.system import paths
from annotator.web.bulk_work import BulkWork
from annotator.web.evaluation_work import EvaluationWork
from annotator.web.gain_work import GainWork
from annotator.web.insight_work import InsightWork
from annotator.web.jobs import Prelabelling
from annotator.web.look_work import LookWork
from annotator.web.projects import Projects
from annotator.web.prompt_queue import PromptQueue
from annotator.web.prompter import Prompter
from annotator.web.routes.annotations import add_annotation_routes
from annotator.web.routes.apart import apart_guards
from annotator.web.routes.archives import add_archive_routes
from annotator.web.routes.bin import add_bin_routes
from annotator.web.routes.blind import add_blind_routes
from annotator.web.routes.bulk import add_bulk_routes
from annotator.web.routes.categories import add_category_routes
from annotator.web.routes.clashes import add_clash_routes
from annotator.web.routes.documents import add_document_routes
from annotator.web.routes.evaluation import add_evaluation_routes
from annotator.web.routes.exports import add_export_routes
from annotator.web.routes.gallery import add_gallery_routes
from annotator.web.routes.hand_out import add_hand_out_routes
from annotator.web.routes.images import add_image_routes
from annotator.web.routes.insight import add_insight_routes
from annotator.web.routes.looks import add_look_routes
from annotator.web.routes.masks import add_mask_routes
from annotator.web.routes.people import add_people_routes
from annotator.web.routes.pictures import add_picture_routes
from annotator.web.routes.presence import add_presence_routes
from annotator.web.routes.projects import add_project_routes
from annotator.web.routes.prompts import add_prompt_routes
from annotator.web.routes.queue import add_queue_routes
from annotator.web.routes.roles import guards_of
from annotator.web.routes.static import add_static_routes
from annotator.web.routes.statistics import add_statistics_routes
from annotator.web.routes.twice import add_twice_routes
from annotator.web.routes.unseen import add_unseen_routes
from annotator.web.routes.verdicts import add_verdict_routes
from annotator.web.routes.worklist import add_worklist_routes
from annotator.web.sharing.uploads import Uploads


def build_routes(projects: Projects, jobs: Prelabelling) -> APIRouter:
    """Below /annotator; `errors.add_error_handlers` belongs to the server that takes them."""
    router = APIRouter(prefix="/annotator", dependencies=[*guards_of(projects), *apart_guards(projects)])
    uploads = Uploads(projects.limits, paths.home() / "incoming")
    add_static_routes(router)
    add_project_routes(router, projects, jobs, uploads)
    add_queue_routes(router, projects, jobs, uploads)
    gains = GainWork(projects)
    add_worklist_routes(router, projects, jobs, uploads, gains)
    add_hand_out_routes(router, projects, uploads)
    add_verdict_routes(router, projects, uploads)
    add_bin_routes(router, projects)
    add_document_routes(router, projects, outgoing=paths.home() / "documents")
    add_image_routes(router, projects, uploads)
    prompter = Prompter()
    prompts = PromptQueue(projects, prompter)
    add_mask_routes(router, prompts, uploads)
    add_prompt_routes(router, prompts, uploads, projects)
    add_people_routes(router, projects, uploads)
    add_picture_routes(router, projects)
    looking = LookWork(projects)
    add_gallery_routes(router, projects, looking)
    add_look_routes(router, projects, looking, uploads)
    bulk, insight = BulkWork(projects, prompter), InsightWork(projects)
    add_bulk_routes(router, projects, bulk, uploads)
    add_category_routes(router, projects, uploads)
    add_annotation_routes(router, projects, uploads)
    add_archive_routes(router, projects, uploads, outgoing=paths.home() / "outgoing")
    add_export_routes(router, projects, uploads)
    add_statistics_routes(router, projects)
    add_insight_routes(router, projects, insight)
    add_clash_routes(router, projects)
    add_evaluation_routes(router, EvaluationWork(projects))
    add_blind_routes(router, projects, uploads)
    add_twice_routes(router, projects, uploads)
    add_unseen_routes(router, projects, bulk, insight)
    add_presence_routes(router, projects, uploads)

    @router.api_route("/{rest:path}", methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
    def nothing(rest: str) -> Response:
        return JSONResponse({"error": "nothing is there"}, status_code=404)

    return router
