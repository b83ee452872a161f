"""Networks that find objects by themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from annotator.api.detections import Detections
from annotator.api.picture import Picture, photo_of
from annotator.core.dataset import Category
from annotator.core.errors import ModelError
from annotator.prelabel.journey import suggest
from annotator.vision.networks import detector, zoo
from annotator.vision.networks.model_info import NetworkInfo


def load_model(name: str = zoo.BUNDLED_MODEL, *, device: str = "AUTO", fetch: bool = False) -> Model:
    """A network that finds objects: one of `annotator models list`, by its short or its full name.

    device: as OpenVINO calls it. fetch: bring its files from their publisher where they are not here; without it,
    nothing is asked of any network.
    Raises ModelError for an unknown name, missing or changed files, FetchError where they cannot be fetched.
    """
    info = zoo.find(name)
    require_files(info, fetch=fetch)
    return Model(detector.Detector(info, device=device))


def require_files(info: NetworkInfo, *, fetch: bool) -> None:
    """Raises ModelError, which says how to get them, where files are missing that shall not be fetched."""
    if info.present:
        return
    if not fetch:
        raise ModelError(
            f"{info.name}: its files are not here, expected fetch=True or annotator models fetch {info.name}"
        )
    zoo.fetch(info)


class Model:
    """A compiled network. Call it with a picture; one thread at a time."""

    def __init__(self, found: detector.Detector) -> None:
        """Use `load_model`."""
        self.detector = found

    @property
    def name(self) -> str:
        return self.detector.info.name

    @property
    def source(self) -> str:
        """What its suggestions carry: `model@version`."""
        return self.detector.info.source

    @property
    def categories(self) -> tuple[Category, ...]:
        """What it can find."""
        return self.detector.info.categories

    @property
    def threshold(self) -> float:
        """The score above which it is mostly right; others than this are asked for by `threshold=`."""
        return self.detector.info.threshold

    def __repr__(self) -> str:
        named = self.categories[0].name if len(self.categories) == 1 else f"{len(self.categories)} categories"
        return f"Model({self.source}, {named})"

    def __call__(self, picture: Picture, *, threshold: float | None = None) -> Detections:
        """The objects on one picture of at least this score, or the network's own threshold.

        Raises ImageError for what is no picture, ModelError where the network fails on it.
        """
        return next(self.stream([picture], threshold=threshold))

    def stream(self, pictures: Iterable[Picture], *, threshold: float | None = None) -> Iterator[Detections]:
        """The objects on many pictures, in their order: the network works on some while you look at others.

        Raises as a call does, at the first picture that cannot be done.
        """
        floor = self.threshold if threshold is None else threshold
        photos = ((None, photo_of(picture)) for picture in pictures)
        for _, found in self.detector.stream(photos):
            offered = suggest(found, source=self.source, floor=floor)
            yield Detections(
                scores=np.array([one.score for one in offered], np.float64),
                category_ids=np.array([one.category_id for one in offered], np.int64),
                rles=tuple(one.rle for one in offered),
                categories=self.categories,
                width=found.width,
                height=found.height,
                source=self.source,
                heatmaps=tuple(one.heatmap for one in offered),
            )
