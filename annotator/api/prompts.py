"""Networks that answer points and boxes with the mask of any object."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from annotator.api.model import require_files
from annotator.api.picture import Picture, photo_of
from annotator.core.heatmap import Heatmap
from annotator.core.masks import Rle, rle_to_mask
from annotator.core.measures import areas_of
from annotator.core.prompt import Point, Prompt
from annotator.vision.networks import zoo
from annotator.vision.networks.prompts.asking import Earlier, ask
from annotator.vision.networks.prompts.network import PromptNetwork
from annotator.vision.pictures.photo import Photo

KEPT_VIEWS = 32
"""Of one picture: the whole, and crops around small objects. Each takes up to 4 MB."""


def load_prompt_model(name: str, *, device: str = "CPU", fetch: bool = False) -> PromptModel:
    """A network that answers points and boxes, by its short or its full name; otherwise as `load_model`."""
    info = zoo.find_prompt(name)
    require_files(info, fetch=fetch)
    return PromptModel(PromptNetwork(info, device=device))


@dataclass(frozen=True, eq=False)
class Answer:
    """A mask that was asked for. score: how sure the network says it is, 0..1, where it says so."""

    rle: Rle
    heatmap: Heatmap
    score: float | None

    @property
    def mask(self) -> NDArray[np.bool_]:
        """(H, W) bool."""
        return rle_to_mask(self.rle)

    def __repr__(self) -> str:
        said = "" if self.score is None else f", score {self.score:.2f}"
        return f"Answer({areas_of([self.rle])[0]:.0f} px{said})"


class PromptModel:
    """A compiled network of this kind. May be used by several threads."""

    def __init__(self, network: PromptNetwork) -> None:
        """Use `load_prompt_model`."""
        self._network = network

    @property
    def name(self) -> str:
        return self._network.info.name

    def __repr__(self) -> str:
        return f"PromptModel({self._network.info.source})"

    def look(self, picture: Picture) -> Look:
        """Look at a picture once; questions about it are quick then. Raises ImageError, ModelError."""
        return Look(self._network, photo_of(picture))


class Look:
    """A picture that a network has looked at."""

    def __init__(self, network: PromptNetwork, photo: Photo) -> None:
        """Use `PromptModel.look`."""
        self._network, self._photo = network, photo
        self._features = lru_cache(KEPT_VIEWS)(partial(network.features, photo))
        self._features(None)

    def __repr__(self) -> str:
        return f"Look({self._network.info.name}, {self._photo.width} x {self._photo.height})"

    def ask(
        self,
        *,
        points: Iterable[tuple[float, float]] = (),
        not_points: Iterable[tuple[float, float]] = (),
        box: tuple[float, float, float, float] | None = None,
        earlier: Answer | None = None,
    ) -> Answer | None:
        """The mask of one object; None where the network finds nothing there.

        points: x, y on the object, in image pixels. not_points: beside it. box: x0, y0, x1, y1 around it.
        earlier: the answer that these correct.
        Raises GeometryError for points outside the picture, and where nothing is said; ModelError.
        """
        said = [Point(x, y) for x, y in points] + [Point(x, y, belongs=False) for x, y in not_points]
        before = None if earlier is None else Earlier(earlier.rle, earlier.heatmap)
        found = ask(self._network, self._photo, Prompt(tuple(said), box), features_of=self._features, earlier=before)
        return None if found is None else Answer(found.rle, found.heatmap, found.score)
