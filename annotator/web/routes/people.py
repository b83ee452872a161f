"""The people of a project: who they are, what each of them may do, and what each has done.

Tests: tests/web/routes/test_people_routes.py
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from annotator.core.errors import GestureError
from annotator.core.numbers import is_id
from annotator.core.people import Person, Role, checked_role
from annotator.exchange.people_table import people_csv, row_of
from annotator.storage.people_figures import PersonFigures
from annotator.storage.store import Store
from annotator.web.people import may, who_asks
from annotator.web.projects import Projects
from annotator.web.routes.answers import INERT, NEVER_KEPT
from annotator.web.routes.requests import MAX_SMALL_BYTES, name_of_user, parse_json, who_decides
from annotator.web.sharing.slots import Pool
from annotator.web.sharing.uploads import Uploads

PersonId = Annotated[int, Path(ge=0, lt=2**53)]


def add_people_routes(router: APIRouter, projects: Projects, uploads: Uploads) -> None:
    async def asked(request: Request) -> dict[str, Any]:
        body = parse_json(await uploads.small(request, MAX_SMALL_BYTES))
        if not isinstance(body, dict):
            raise GestureError("body: expected an object")
        return body

    def listed(key: str, store: Store) -> dict[str, Any]:
        user = who_asks(projects)
        found = [_person_to_json(one, me=user is not None and one.login == user.id) for one in store.people.all()]
        return {"people": found, "role": projects.role(key), "signed_in": user is not None}

    @router.get("/{key}/people")
    def people(key: str) -> dict[str, Any]:
        with projects.use(key) as store:
            return listed(key, store)

    @router.post("/{key}/people")
    async def add(key: str, request: Request) -> dict[str, Any]:
        body = await asked(request)

        def work() -> dict[str, Any]:
            with projects.use(key) as store:
                store.people.add(body.get("name", ""), checked_role(body.get("role")), by=who_decides(projects, key))
                return listed(key, store)

        return await run_in_threadpool(work)

    @router.patch("/{key}/people/{person}")
    async def change(key: str, person: PersonId, request: Request) -> dict[str, Any]:
        """Another role. `revision`: of the person, as whoever asks saw them."""
        body = await asked(request)

        def work() -> dict[str, Any]:
            with projects.use(key) as store:
                store.people.set_role(person, checked_role(body.get("role")), revision=_revision_of(body))
                return listed(key, store)

        return await run_in_threadpool(work)

    @router.delete("/{key}/people/{person}")
    def remove(key: str, person: PersonId, revision: int) -> dict[str, Any]:
        with projects.use(key) as store:
            store.people.remove(person, revision=revision)
            return {"people": [_person_to_json(one, me=False) for one in store.people.all()]}

    _add_figures(router, projects)


def _add_figures(router: APIRouter, projects: Projects) -> None:
    counting = Pool(2, each=1)

    def figures(key: str) -> list[PersonFigures]:
        """Whoever only annotates sees what they did themselves, as a share of the whole."""
        with projects.use(key) as store:
            found = store.people.figures()
            everybody = who_asks(projects) is None or may(projects, key, Role.REVIEW)
            name = name_of_user(projects, key)
            return [one for one in found if everybody or one.name == name]

    @router.get("/{key}/people/figures")
    async def read(key: str) -> dict[str, Any]:
        return {"figures": list(map(row_of, await counting.run(key, lambda: figures(key))))}

    @router.get("/{key}/people/figures.csv")
    async def as_csv(key: str) -> Response:
        table = people_csv(await counting.run(key, lambda: figures(key)))
        headers = {"content-disposition": 'attachment; filename="people.csv"'}
        return Response(table, media_type="text/csv; charset=utf-8", headers=INERT | NEVER_KEPT | headers)


def _person_to_json(person: Person, *, me: bool) -> dict[str, Any]:
    """Without the id of whoever signed in, which is nobody else's business."""
    found = asdict(person)
    del found["login"]
    return found | {"came": person.login is not None, "me": me}


def _revision_of(body: dict[str, Any]) -> int:
    revision = body.get("revision")
    if not isinstance(revision, int) or not is_id(revision):
        raise GestureError("body: revision: expected the person's, a whole number")
    return revision
