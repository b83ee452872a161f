"""Who asks promptable networks: a queue for pictures to look at, and one for clicks.

Tests: tests/web/routes/test_prompts.py
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from starlette.concurrency import run_in_threadpool

from annotator.core.dataset import Image
from annotator.core.prompt import Prompt
from annotator.storage.store import Store
from annotator.vision.networks.prompts.answers import Answer
from annotator.vision.networks.prompts.asking import Earlier
from annotator.web.projects import Projects
from annotator.web.prompter import Prompter
from annotator.web.sharing.slots import Pool

Result = TypeVar("Result")

MOST_WAITING = 32
"""Clicks, and pictures to look at, that wait for their turn: whoever clicks faster than that is told so."""


class PromptQueue:
    """Looking at a picture takes up to seconds, a click some hundredths: each has a queue of its own.

    Neither is that of the boxes that a mask head answers. Whoever waits holds no thread.
    """

    def __init__(self, projects: Projects, prompter: Prompter) -> None:
        self._projects = projects
        self._prompter = prompter
        self._looks = Pool(1, each=1, waiting=MOST_WAITING)
        self._clicks = Pool(2, each=1, waiting=MOST_WAITING)

    async def prepare(self, key: str, image_id: int, *, model: str) -> None:
        """Look at a picture, unless that is done. Raises as `Prompter.prepare` does, and FullError."""
        prompter = self._prompter
        ready = self.on(key, image_id, lambda store, image: prompter.is_ready(store, image, model=model))
        if not await run_in_threadpool(ready):
            look = self.on(key, image_id, lambda store, image: prompter.prepare(store, image, model=model))
            await self._looks.run(key, look)

    async def answer(
        self, key: str, image_id: int, prompt: Prompt, *, model: str, earlier: Earlier | None = None
    ) -> Answer | None:
        """The mask that a prompt means, None where nothing is found. Raises as `Prompter.answer` does, or FullError."""
        await self.prepare(key, image_id, model=model)
        prompter = self._prompter
        ask = self.on(
            key, image_id, lambda store, image: prompter.answer(store, image, prompt, model=model, earlier=earlier)
        )
        return await self._clicks.run(key, ask)

    def on(self, key: str, image_id: int, work: Callable[[Store, Image], Result]) -> Callable[[], Result]:
        """The work with a project and a picture of it, for a thread."""

        def do() -> Result:
            with self._projects.use(key) as store:
                return work(store, store.image(image_id))

        return do
