"""A promptable network, compiled: the encoder looks at a picture or a crop of it, the decoder answers prompts."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import cv2
import numpy as np
import openvino as ov
from numpy.typing import NDArray

from annotator.core.errors import ModelError, last_line
from annotator.core.prompt import Prompt
from annotator.vision.networks import compile_cache, zoo
from annotator.vision.networks.contract import port_sides
from annotator.vision.networks.foreign_graph import read_foreign_graph
from annotator.vision.networks.model_info import PromptInfo
from annotator.vision.networks.prompts.contracts import LAYERS, Contract, match_features, recognise
from annotator.vision.networks.prompts.folding import folded
from annotator.vision.networks.prompts.outputs import Choice, find_outputs
from annotator.vision.networks.prompts.ports import fit_to_port, keep_outputs
from annotator.vision.networks.prompts.view import FloatMap, Picture, View
from annotator.vision.networks.runtime import compile_network
from annotator.vision.pictures.photo import Photo

BELONGS, DOES_NOT, TOP_LEFT, BOTTOM_RIGHT, PADDING = 1, 0, 2, 3, -1
"""Labels of points. Source: the prompt encoder of segment-anything."""


@dataclass(frozen=True, eq=False)
class PromptFeatures:
    """What the decoder needs of one picture, or of a crop of it, by the names of its inputs."""

    view: View
    maps: dict[str, NDArray[np.float32]]

    @property
    def nbytes(self) -> int:
        return sum(one.nbytes for one in self.maps.values())


class PromptNetwork:
    """The graphs of one network. Raises ModelError where they are not understood, or do not belong together.

    key: tells its features from those of another network, or of other files of its name.

    `features` and `decode` may be called by several threads: each graph works for one at a time.
    """

    def __init__(self, info: PromptInfo, *, device: str = "CPU") -> None:
        zoo.verify(info)
        self.info = info
        encoder, decoder = (read_foreign_graph(path) for path in info.graph_paths)
        try:
            self.contract = recognise(decoder)
            self._channels_last, self.side = _fix_input(encoder, self.contract)
            self._sources = match_features(self.contract, decoder, list(encoder.outputs))
            outputs = find_outputs(decoder)
        except ModelError as error:
            raise ModelError(f"{info.name}: {error}") from error
        self.key = compile_cache.cache_folder(info).name
        self.mask_side = _mask_side(self.contract, decoder)
        self._choice = Choice(self.contract.pads)
        kept = keep_outputs(decoder, outputs)
        self._encoder = compile_network(
            lambda: folded(encoder, info, stage="encoder"), info, device=device, stage="encoder"
        )
        self._decoder = compile_network(lambda: kept, info, device=device, stage="decoder")
        self._encoding, self._decoding = threading.Lock(), threading.Lock()

    @property
    def canvas(self) -> int:
        """The side of the canvas in whose pixels points are said."""
        return self.contract.canvas or self.side

    def view(self, picture: Picture, crop_xyxy: tuple[int, int, int, int] | None = None) -> View:
        """How a picture lies on the canvas, or a crop of it in whole image pixels."""
        crop = crop_xyxy or (0, 0, picture.width, picture.height)
        size = picture.width, picture.height
        return View.plan(crop, picture=size, side=self.canvas, lay=self.contract.lay)

    def features(self, photo: Photo, crop_xyxy: tuple[int, int, int, int] | None = None) -> PromptFeatures:
        """The encoder's work on a picture or a crop of it, done once."""
        canvas = self._picture(photo, self.view(photo, crop_xyxy))
        with self._encoding:
            answer = self._infer(self._encoder, {0: canvas})
            outputs = [np.array(answer[port], np.float32) for port in self._encoder.outputs]
        maps = {
            name: np.stack([outputs[index] for index in indices]) if name == LAYERS else outputs[indices[0]]
            for name, indices in self._sources.items()
        }
        return PromptFeatures(self.view(photo, crop_xyxy), maps)

    def decode(
        self, features: PromptFeatures, prompt: Prompt, earlier: FloatMap | None = None
    ) -> tuple[FloatMap, float | None]:
        """Logits (mask_side, mask_side) on the canvas, and how sure the network is of them, if it says so.

        earlier: logits of that size, of the mask that the prompt is about. A network that takes none does without.
        """
        contract = self.contract
        points, labels = spell(prompt, features.view, pads=contract.pads)
        values: dict[str, NDArray[np.generic]] = {**features.maps, contract.points: points, contract.labels: labels}
        if contract.mask and contract.has_mask:
            side = self.mask_side
            values[contract.mask] = np.zeros((side, side), np.float32) if earlier is None else earlier
            values[contract.has_mask] = np.array([earlier is not None], np.float32)
        if contract.size:
            # EfficientSAM divides points by it; where the others read it, the mask in that size is not asked for.
            values[contract.size] = np.array([self.canvas, self.canvas])
        inputs = {
            index: fit_to_port(values[name], port)
            for index, port in enumerate(self._decoder.inputs)
            for name in port.get_names() & values.keys()
        }
        with self._decoding:
            answer = self._infer(self._decoder, inputs)
            masks, *scores = (np.array(answer[port], np.float32) for port in self._decoder.outputs)
        masks = masks.reshape(-1, *masks.shape[-2:])
        chosen, score = self._choice.of(len(masks), scores[0] if scores else None, prompts=labels.shape[1])
        return masks[chosen], score

    def _picture(self, photo: Photo, view: View) -> NDArray[np.float32]:
        """The encoder's input: the crop resized onto the canvas, with its values as the contract wants them."""
        left, top, right, bottom = view.crop_xyxy
        ratio = self.side / self.canvas
        size = max(round(view.content_width * ratio), 1), max(round(view.content_height * ratio), 1)
        shrinks = view.width > size[0]
        pixels = cv2.resize(
            photo.pixels[top:bottom, left:right], size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        )
        mean, scale = np.array(self.contract.mean, np.float32), np.array(self.contract.scale, np.float32)
        values = np.tile(mean, (self.side, self.side, 1))  # the padding is 0 once the mean is taken off
        values[: size[1], : size[0]] = pixels[..., ::-1] if self.contract.order == "BGR" else pixels
        if self._channels_last:
            return values  # such a graph normalises by itself
        return np.ascontiguousarray(((values - mean) / scale).transpose(2, 0, 1)[None])

    def _infer(self, graph: ov.CompiledModel, inputs: dict[int, NDArray[np.generic]]) -> dict[ov.Output, np.ndarray]:
        try:
            return dict(graph(inputs))
        except RuntimeError as error:
            raise ModelError(f"{self.info.name}: inference failed: {last_line(error)}") from error


def spell(prompt: Prompt, view: View, *, pads: bool) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """A prompt -> points (1, n, 2) in pixels of the canvas and labels (1, n); n is at least 1."""
    places = [(point.x, point.y) for point in prompt.points]
    labels = [BELONGS if point.belongs else DOES_NOT for point in prompt.points]
    if prompt.box_xyxy is not None:
        x0, y0, x1, y1 = prompt.box_xyxy
        places += [(x0, y0), (x1, y1)]
        labels += [TOP_LEFT, BOTTOM_RIGHT]
    points = view.to_canvas(np.array(places, np.float64).reshape(-1, 2))
    if not labels or (pads and prompt.box_xyxy is None):
        points, labels = np.vstack((points, [0.0, 0.0])), [*labels, PADDING]
    return points[None].astype(np.float32), np.array([labels], np.float32)


def _fix_input(encoder: ov.Model, contract: Contract) -> tuple[bool, int]:
    """Give the encoder's input fixed sides; whether its channels come last, and the side of its square.

    Channels come last where the graph normalises the picture by itself.
    """
    sides = port_sides(encoder.inputs[0]) if len(encoder.inputs) == 1 else ()
    side = next((size for size in sides[-2:] if size not in (None, 3)), None) or contract.canvas or 0
    if len(sides) == 3 and sides[2] in (3, None):
        encoder.reshape([side, side, 3])
        return True, side
    if len(sides) == 4 and sides[1] in (3, None):
        encoder.reshape([1, 3, side, side])
        return False, side
    raise ModelError(f"encoder: found {len(encoder.inputs)} inputs {list(sides)}, expected one picture [1, 3, s, s]")


def _mask_side(contract: Contract, decoder: ov.Model) -> int:
    """The side of the logits that the decoder takes as an earlier mask, and gives."""
    sides = port_sides(decoder.input(contract.mask)) if contract.mask else ()
    return (sides[-1] if sides else None) or 256
