"""What happens on a machine of the cluster: a compiled network, and the journey of the pictures that it is given.

Nothing is raised for a picture: what came of each goes back, as a value without pixels.

Tests: tests/prelabel/cluster/test_worker.py
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from operator import attrgetter
from pathlib import Path

from annotator.core.errors import AnnotatorError, ImageError, ModelError
from annotator.prelabel.cluster.pictures import Picture
from annotator.prelabel.journey import Failed, Failure, Journey, Outcome, suggest
from annotator.vision.networks import zoo
from annotator.vision.networks.detector import Detector
from annotator.vision.networks.runtime import PRECISION
from annotator.vision.networks.zoo import ModelInfo

Files = dict[str, bytes]


@dataclass(frozen=True)
class Plan:
    """What is done with each picture. floor: the lowest score of a suggestion. draft: as for `decode.decode`.

    brings_content: whether a picture's bytes go back with what was seen. threads: what a network may use of its
    machine's processor.
    """

    info: ModelInfo
    floor: float
    draft: bool = False
    device: str = "AUTO"
    precision: str = PRECISION
    brings_content: bool = False
    threads: int | None = None


@dataclass(frozen=True)
class Known:
    """A picture that was done before: its bytes are those of then."""

    item: Picture


Result = Outcome[Picture] | Known


class Worker:
    """One compiled network. Several threads may ask it at once.

    files: brings the network's, where they are not on this machine. done: SHA-256 of pictures that need not be done.
    """

    def __init__(self, plan: Plan, files: Callable[[], Files], done: Callable[[], frozenset[str]] = frozenset) -> None:
        self._plan = plan
        self._done = done()
        self._broken: ModelError | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        try:
            info = self._info_here(plan.info, files)
            self._detector = Detector(info, device=plan.device, precision=plan.precision, threads=plan.threads)
        except ModelError as error:
            self._broken = error

    def see(self, pictures: Sequence[Picture]) -> list[Result]:
        """What came of each picture, in their order."""
        if self._broken is not None:
            return [Failed(one, Failure(one.address, str(self._broken)), by_network=True) for one in pictures]
        known: set[int] = set()

        def read(picture: Picture) -> tuple[bytes, str | None]:
            content = picture.read()
            if picture.sha256 or self._done:
                sha256 = hashlib.sha256(content).hexdigest()
                if sha256 == picture.sha256 or sha256 in self._done:
                    known.add(picture.index)
                    raise ImageError("done before")
                if picture.sha256:
                    raise ImageError(f"{picture.address}: has changed since it was done; expected a new --out")
            return content, None

        offer = partial(suggest, source=self._plan.info.source, floor=self._plan.floor)
        journey = Journey(self._detector, read, attrgetter("address"), offer, self._plan.draft)
        return [self._as_result(one, known) for one in journey.outcomes(pictures, patience=len(pictures) + 1)]

    def _as_result(self, outcome: Outcome[Picture], known: set[int]) -> Result:
        if isinstance(outcome, Failed):
            return Known(outcome.item) if outcome.item.index in known else outcome
        if self._plan.brings_content:
            return outcome
        return replace(outcome, picture=replace(outcome.picture, content=b""))

    def _info_here(self, info: ModelInfo, files: Callable[[], Files]) -> ModelInfo:
        """The network with files that lie here: where they lay when the batch began, or else brought."""
        if info.present:
            try:
                zoo.verify(info)
                return info
            except ModelError:  # another one of that name
                pass
        self._folder = tempfile.TemporaryDirectory(prefix="annotator-network-")
        for name, content in files().items():
            (Path(self._folder.name) / name).write_bytes(content)
        return replace(info, folder=Path(self._folder.name))


def files_of(info: ModelInfo) -> Files:
    """A network's files, as they travel. Raises ModelError where they are not what its description says."""
    zoo.verify(info)
    try:
        return {file.name: (info.folder / file.name).read_bytes() for file in info.files}
    except OSError as error:
        raise AnnotatorError(f"{info.folder}: cannot be read ({error.strerror})") from error
