"""The exports of promptable networks that are understood, told apart by the names of their decoders' inputs.

An encoder's outputs are known by their shapes, never by name or order: exporters agree on nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import openvino as ov

from annotator.core.errors import ModelError
from annotator.vision.networks.contract import Port, port_sides

Lay = Literal["fit", "stretch"]
Sides = tuple[int | None, ...]


@dataclass(frozen=True)
class Contract:
    """One family of exports.

    features: the decoder's inputs that come from the encoder, and the shapes they have where the graph leaves them
    open. size: the input that asks for the size of a mask that nobody wants. lay: how a picture is laid into the
    canvas. order, mean, scale: how its values go in, in 0..255 units. canvas: the side in whose pixels points are said,
    and of the encoder's input where that is open; None for the encoder's own. pads: whether a point of label -1 stands
    in for a missing box. looks_closer: whether the encoder is quick enough to look again at a crop. push: by
    how many logits a click moves the answer around it, where the network alone takes clicks too lightly; 0 for none.
    caution: logits taken off the answer to a lone first click, where the network alone takes in too much.
    """

    name: str
    features: dict[str, Sides]
    points: str = "point_coords"
    labels: str = "point_labels"
    mask: str | None = "mask_input"
    has_mask: str | None = "has_mask_input"
    size: str | None = None
    lay: Lay = "fit"
    order: Literal["RGB", "BGR"] = "RGB"
    mean: tuple[float, float, float] = (123.675, 116.28, 103.53)
    scale: tuple[float, float, float] = (58.395, 57.12, 57.375)
    canvas: int | None = 1024
    pads: bool = False
    looks_closer: bool = False
    push: float = 0.0
    caution: float = 0.0

    @property
    def inputs(self) -> frozenset[str]:
        others = (self.points, self.labels, self.mask, self.has_mask, self.size)
        return frozenset([*self.features, *(name for name in others if name)])


EMBEDDING: Sides = (1, 256, 64, 64)
FINE: Sides = (1, 32, 256, 256)
MIDDLE: Sides = (1, 64, 128, 128)
LAYERS = "interm_embeddings"
"""SAM-HQ's: the encoder's outputs [1, 64, 64, C], stacked."""

SAM = {"image_embeddings": EMBEDDING}

# Sources: the exporters of segment-anything, sam-hq, samexporter, osam, onnxruntime, EfficientSAM and OpenVINO Training
# Extensions.
CONTRACTS = (
    Contract("SAM", SAM, size="orig_im_size", pads=True),
    Contract("SAM-HQ", SAM | {LAYERS: (4, 1, 64, 64, None)}, size="orig_im_size", pads=True),
    Contract("OpenVINO Training Extensions", SAM, size="orig_size", pads=True),
    Contract(
        "SAM 2 of samexporter",
        {"image_embed": EMBEDDING, "high_res_feats_0": FINE, "high_res_feats_1": MIDDLE},
        lay="stretch",
    ),
    Contract(
        "SAM 2 of osam",
        SAM | {"high_res_features1": FINE, "high_res_features2": MIDDLE},
        size="orig_im_size",
        lay="stretch",
    ),
    Contract(
        "SAM 2 of onnxruntime",
        SAM | {"image_features_0": FINE, "image_features_1": MIDDLE},
        mask="input_masks",
        has_mask="has_input_masks",
        size="original_image_size",
        lay="stretch",
    ),
    Contract(
        "EfficientSAM",
        SAM,
        points="batched_point_coords",
        labels="batched_point_labels",
        mask=None,
        has_mask=None,
        size="orig_im_size",
        lay="stretch",
        mean=(0, 0, 0),
        scale=(255, 255, 255),
    ),
    Contract(
        "starter-click",
        {"features_4": (), "features_8": (), "features_16": (), "features_32": ()},
        order="BGR",
        mean=(0, 0, 0),
        scale=(1, 1, 1),
        canvas=None,
        looks_closer=True,
        push=0.7,
        caution=0.3,
    ),
)

INSTEAD = "export it with samexporter, whose decoder takes point_coords, point_labels and mask_input"
# What gives away an export that is known and not understood.
REFUSALS = {
    "input_points": f"an export of Transformers, which takes no earlier mask: {INSTEAD}",
    "image_positional_embeddings": f"an export of Optimum, which takes neither a box nor an earlier mask: {INSTEAD}",
    "language_mask": "SAM 3, which is asked in words: use an export of SAM 2.1",
    "backbone_fpn_0": "SAM 3, which is asked in words: use an export of SAM 2.1",
    "high_res_feats_256": f"an export of OpenVINO's notebooks, which takes no earlier mask: {INSTEAD}",
}


def recognise(decoder: ov.Model) -> Contract:
    """The contract of a decoder. Raises ModelError that says what was found, and which export to use."""
    names = {name for port in decoder.inputs for name in port.get_names()}
    for contract in CONTRACTS:
        if contract.inputs <= names and all(port.get_names() & contract.inputs for port in decoder.inputs):
            require_points(contract, decoder)
            return contract
    for name, refusal in REFUSALS.items():
        if name in names:
            raise ModelError(f"decoder: {refusal}")
    known = ", ".join(contract.name for contract in CONTRACTS)
    found = ", ".join(sorted(names)) or "nothing"
    raise ModelError(f"decoder: inputs {found}; expected those of {known}; {INSTEAD}")


def require_points(contract: Contract, decoder: ov.Model) -> None:
    """Raises ModelError for a decoder that takes one point an object: two are the corners of a box already."""
    if port_sides(decoder.input(contract.points))[-2:] == (1, 2):
        raise ModelError(
            f"decoder: {contract.points} holds one point, so that no box and no second click fits; "
            "export it with an open number of points"
        )


def match_features(contract: Contract, decoder: ov.Model, outputs: list[Port]) -> dict[str, tuple[int, ...]]:
    """For each feature input of the decoder: the indices of the encoder's outputs that it takes, stacked if several.

    Raises ModelError where a shape is none of the encoder's: the two do not belong together.
    """
    sides = [port_sides(port) for port in outputs]
    found = {}
    for name, usual in contract.features.items():
        wanted = port_sides(decoder.input(name))
        wanted = wanted if wanted and None not in wanted[1:] else usual or wanted
        one = wanted[1:] if name == LAYERS else wanted
        fitting = [index for index, other in enumerate(sides) if fits(one, other)]
        named = [index for index in fitting if name in outputs[index].get_names()]
        chosen = fitting if name == LAYERS else named or fitting
        if len(chosen) != (wanted[0] if name == LAYERS else 1):
            there = "; ".join(in_words(other) for other in sides)
            raise ModelError(
                f"decoder: {name} {in_words(wanted)} is not one of the encoder's outputs {there}: "
                "encoder and decoder do not belong together"
            )
        found[name] = tuple(chosen)
    return found


def fits(first: Sides, second: Sides) -> bool:
    """Whether two shapes can be the same; open sides fit everything."""
    return len(first) == len(second) and all(
        a is None or b is None or a == b for a, b in zip(first, second, strict=True)
    )


def in_words(sides: Sides) -> str:
    return f"[{', '.join('?' if side is None else str(side) for side in sides)}]"
