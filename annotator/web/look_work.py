"""Looking at a project's pictures with a network's own eye: in a thread of its own, at most one project at a time.

Tests: tests/web/routes/test_looks.py
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from annotator.core.dataset import Image, Instance, State
from annotator.core.errors import AnnotatorError
from annotator.core.masks import rle_box_xyxy
from annotator.prelabel.copies import Given, count_besides
from annotator.storage.looks import Seen
from annotator.storage.store import Store
from annotator.system.latest import Latest
from annotator.vision.networks import zoo
from annotator.vision.networks.detector import Detector
from annotator.vision.networks.eye import Eye
from annotator.vision.networks.zoo import ModelInfo
from annotator.vision.pictures import decode
from annotator.web.projects import Projects
from annotator.web.runs import Runs
from annotator.web.sharing.limits import LimitError

MAX_EYES = 2

MAX_RUNS = 4
"""Projects that are gone over at once; each picture waits for those of the others."""

PATIENCE = 16
"""Pictures that may fail before one was seen."""


@dataclass
class LookRun:
    """One go over the pictures of a project.

    copies: mirrored and zoomed copies too. failed: pictures that could not be seen.
    """

    network: str
    copies: bool
    total: int = 0
    done: int = 0
    failed: int = 0
    running: bool = True
    cancelled: bool = False
    error: str | None = None

    @property
    def is_over(self) -> bool:
        return not self.running


class LookWork:
    """Safe to use from several threads."""

    def __init__(self, projects: Projects) -> None:
        self._projects = projects
        self._runs: Runs[LookRun] = Runs("looking at the pictures")
        self._eyes: Latest[str, Eye] = Latest(MAX_EYES)
        self._working = threading.Lock()
        self._at_work = threading.BoundedSemaphore(MAX_RUNS)

    def status(self, key: str) -> LookRun | None:
        """The project's latest run, at work or ended since the server started."""
        return self._runs.latest(key)

    def start(self, key: str, *, copies: bool) -> LookRun:
        """Begin to look at what is new or changed.

        Raises GestureError while another run is at work, LimitError where too many projects are gone over.
        """
        with self._projects.use(key) as store:
            info = network_of(store)
        run = LookRun(info.name, copies)
        if not self._at_work.acquire(blocking=False):
            raise LimitError(f"{MAX_RUNS} projects are being looked at already: try again in a few minutes")
        try:
            self._runs.begin(key, run)
        except BaseException:
            self._at_work.release()
            raise
        threading.Thread(target=self._work, args=(key, run, info), name="look", daemon=True).start()
        return run

    def cancel(self, key: str) -> None:
        """Stop after the picture under way; what was seen stays."""
        run = self._runs.latest(key)
        if run is not None:
            run.cancelled = True

    def look_at(self, store: Store, image: Image) -> None:
        """Look at one picture now."""
        info = network_of(store)
        with self._working:
            eye = self._eyes.get(info.name, lambda: Eye(info))
            stood = store.looks.standing()[image.id]
            store.looks.put(image.id, see(store, image, eye, stood=stood))

    def _work(self, key: str, run: LookRun, info: ModelInfo) -> None:
        try:
            with self._projects.use(key) as store:
                self._go_over(store, run, info)
        except AnnotatorError as error:
            run.error = self._projects.plain(str(error))
        except BaseException:
            run.error = "it ended unexpectedly: what was seen so far is kept"
            raise
        finally:
            run.running = False
            self._at_work.release()

    def _go_over(self, store: Store, run: LookRun, info: ModelInfo) -> None:
        standing = store.looks.standing()
        todo = _todo(store, info, standing, copies=run.copies)
        run.total = len(todo)
        detector = Detector(info) if run.copies and todo else None
        for image in todo:
            if run.cancelled:
                return
            try:
                with self._working:
                    eye = self._eyes.get(info.name, lambda: Eye(info))
                    seen = see(store, image, eye, stood=standing[image.id], detector=detector)
                store.looks.put(image.id, seen)
                run.done += 1
            except AnnotatorError:
                run.failed += 1
                if run.failed > PATIENCE and not run.done:
                    raise  # not the pictures, but what all of them go through


def _todo(store: Store, info: ModelInfo, standing: Mapping[int, int], *, copies: bool) -> list[Image]:
    """The pictures that are new or stand otherwise than when they were looked at."""
    known = store.looks.known()
    store.looks.drop(sorted(set(known) - set(standing)))
    hidden = store.blind.hidden_among(standing)

    def is_new(image: Image) -> bool:
        network, stood, copied = known.get(image.id, ("", -1, False))
        wants_copy = copies and not image.reviewed and not copied and image.id not in hidden
        return (network, stood) != (info.source, standing[image.id]) or wants_copy

    return [image for image in store.images() if image.id in standing and is_new(image)]


def network_of(store: Store) -> ModelInfo:
    """The network that suggested last in the project, where its files are here; the bundled one else."""
    named = {one.name: one for one in zoo.list_models() if one.present}
    found = (named[name.split("@")[0]] for name in store.looks.networks() if name.split("@")[0] in named)
    return next(found, zoo.find(zoo.BUNDLED_MODEL))


def see(store: Store, image: Image, eye: Eye, *, stood: int, detector: Detector | None = None) -> Seen:
    """What the eye sees on a picture and its instances; with a detector also what copies show besides."""
    photo = decode.decode(store.content(image), file_name=image.file_name, sha256=image.sha256)
    look = eye.look(photo)
    known = store.instances(image.id)
    vectors = {one.id: look.of_mask(one.rle) for one in known}
    # Nothing is offered on a blind picture: whatever a copy shows would count as missed.
    besides = (
        None if detector is None or store.blind.is_hidden(image.id) else count_besides(photo, detector, _given(known))
    )
    return Seen(eye.info.source, stood, look.of_picture(), vectors, besides)


def _given(known: Sequence[Instance]) -> Given:
    boxes = np.array([rle_box_xyxy(one.rle) for one in known], float).reshape(-1, 4)
    scores = [(one.score or 0.0) if one.state is State.SUGGESTED else 1.0 for one in known]
    return Given(boxes, np.array(scores, float))
