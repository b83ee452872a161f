"""Who else has a picture open: pages say so now and then, and are forgotten when they fall silent.

They hear then what others have changed: another revision of the picture, other categories.

Nothing of a person is kept: an animal that the server picks stands for a page, or the name that somebody signed in
with.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from annotator.core.errors import MissingError
from annotator.storage.locations import read_location
from annotator.storage.store import Store
from annotator.web.projects import Projects
from annotator.web.protocol import page_from_json
from annotator.web.routes.requests import MAX_SMALL_BYTES, name_of_user, parse_json
from annotator.web.sharing.uploads import Uploads

ANIMALS = (
    "otter", "heron", "badger", "lynx", "robin", "beaver", "falcon", "hedgehog", "dolphin", "owl", "squirrel", "swan",
)  # fmt: skip
"""The page has a word for each in every language (frontend/src/strings)."""

SILENT_S = 25.0
"""A page that said nothing for so long is gone; it speaks at least every SELDOM_S while somebody looks at it."""

OFTEN_S = 1.5
"""So much later a page speaks again where others are in the project, or the server is nobody else's."""

SELDOM_S = 10.0
"""And so much later where it is alone on a server of many projects."""

MAX_PAGES = 24
"""Of one project: whoever comes later works as well, unseen."""

MAX_PROJECTS = 2_000
"""The one that was silent for longest goes first."""


def add_presence_routes(router: APIRouter, projects: Projects, uploads: Uploads) -> None:
    presence = Presence()

    @router.post("/{key}/presence")
    async def present(key: str, request: Request) -> dict[str, Any]:
        said = page_from_json(parse_json(await uploads.small(request, MAX_SMALL_BYTES)))

        def hear() -> dict[str, Any]:
            with projects.use(key) as store:
                if said.image_id is None:
                    presence.left(key, said.page)
                    return {"others": []}
                found = presence.seen(key, said.page, said.image_id, name=name_of_user(projects, key))
                alone = presence.is_alone(key)
                # Alone, a page knows the picture's revision by its own gestures; pages of other servers are not seen.
                is_sure = alone and read_location(store.folder) is None
                revision = None if is_sure else _revision(store, said.image_id)
                return {
                    "others": [{"animal": one.animal, "name": one.name} for one in found],
                    "revision": revision,
                    "category_version": store.category_manager.version(),
                    "next_s": SELDOM_S if alone and projects.shared else OFTEN_S,
                }

        return await run_in_threadpool(hear)


def _revision(store: Store, image_id: int) -> int | None:
    """None for a picture that is gone."""
    try:
        return store.image(image_id).revision
    except MissingError:
        return None


@dataclass(frozen=True)
class Page:
    """A page as the others see it. animal: one of ANIMALS. name: of whoever signed in, "" where nobody did."""

    animal: str
    name: str
    image_id: int | None
    seen: float


class Presence:
    """The open pages of every project, in memory. Safe to use from several threads."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._projects: OrderedDict[str, dict[str, Page]] = OrderedDict()
        self._lock = threading.Lock()

    def seen(self, key: str, page: str, image_id: int | None, *, name: str = "") -> tuple[Page, ...]:
        """Note that a page has this picture open, none with None; the other pages that have it open too."""
        now = self._clock()
        with self._lock:
            pages = self._projects.setdefault(key, {})
            self._projects.move_to_end(key)
            for gone in [other for other, found in pages.items() if now - found.seen > SILENT_S]:
                del pages[gone]
            if page in pages or len(pages) < MAX_PAGES:
                animal = pages[page].animal if page in pages else _free_animal(pages)
                pages[page] = Page(animal, name, image_id, now)
            while len(self._projects) > MAX_PROJECTS:
                self._projects.popitem(last=False)
            if image_id is None:
                return ()
            return tuple(found for other, found in pages.items() if other != page and found.image_id == image_id)

    def is_alone(self, key: str) -> bool:
        """Whether at most one page has the project open."""
        with self._lock:
            return len(self._projects.get(key, {})) < 2

    def left(self, key: str, page: str) -> None:
        """Forget a page that was closed."""
        with self._lock:
            pages = self._projects.get(key, {})
            pages.pop(page, None)
            if not pages:
                self._projects.pop(key, None)


def _free_animal(pages: dict[str, Page]) -> str:
    taken = {page.animal for page in pages.values()}
    return secrets.choice([animal for animal in ANIMALS if animal not in taken] or list(ANIMALS))
