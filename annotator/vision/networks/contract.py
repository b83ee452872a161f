"""What a graph must look like to be one of ours: one picture in; labels, boxes and masks out.

Outputs are found by name, then by rank, never by position: the two networks order them differently, one carries unnamed
TopK results besides, and a tensor may have several names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import openvino as ov

from annotator.core.errors import ModelError

# openvino's stubs leave the ports untyped; used are get_names(), get_partial_shape() and get_element_type().
Port = Any


@dataclass(frozen=True, eq=False)
class Outputs:
    """The three ports: labels [n] class indices, boxes [n, 5] x0 y0 x1 y1 score, masks [n, s, s] heatmaps."""

    labels: Port
    boxes: Port
    masks: Port


def find_image_input(model: ov.Model | ov.CompiledModel, *, any_size: bool = False) -> Port:
    """The one input of a graph, [1, 3, height, width]. Raises ModelError where it is not so.

    any_size: its height and width are those of each picture; else they are fixed.
    """
    ports = list(model.inputs)
    expected = f"expected one picture [1, 3, height, width] with {'open' if any_size else 'fixed'} sides"
    if len(ports) != 1:
        raise ModelError(f"inputs: found {ports_in_words(ports)}, {expected}")
    sides = port_sides(ports[0])
    if len(sides) != 4 or sides[:2] != (1, 3) or [side is None for side in sides[2:]] != [any_size] * 2:
        raise ModelError(f"inputs: found {ports_in_words(ports)}, {expected}")
    return ports[0]


def find_outputs(model: ov.Model | ov.CompiledModel) -> Outputs:
    """The three outputs of a graph. Raises ModelError with what was found where they are missing or ambiguous."""
    ports = list(model.outputs)
    found = Outputs(
        labels=_find("labels", "[n]", ports, lambda sides: len(sides) == 1),
        boxes=_find("boxes", "[n, 5]", ports, lambda sides: len(sides) == 2 and sides[1] in (5, None)),
        masks=_find("masks", "[n, s, s]", ports, lambda sides: len(sides) == 3 and sides[1] == sides[2]),
    )
    three = (found.labels, found.boxes, found.masks)
    if len({port_sides(port)[0] for port in three} - {None}) > 1:
        raise ModelError(f"outputs: found {ports_in_words(three)}, expected a row for each object in all three")
    return found


def _find(name: str, form: str, ports: list[Port], fits: Callable[[tuple[int | None, ...]], bool]) -> Port:
    """The port of that name, else the only nameless or differently named one of that form."""
    named = [port for port in ports if name in port.get_names()]
    if named:
        if not fits(port_sides(named[0])):
            raise ModelError(f"output {name}: found {ports_in_words(named)}, expected {form}")
        return named[0]
    others = {"labels", "boxes", "masks"} - {name}
    candidates = [port for port in ports if fits(port_sides(port)) and not others & port.get_names()]
    if len(candidates) != 1:
        count = "none" if not candidates else f"{len(candidates)} of that form"
        raise ModelError(
            f"output {name}: expected one of that name or one {form}, found {count} in {ports_in_words(ports)}"
        )
    return candidates[0]


def port_sides(port: Port) -> tuple[int | None, ...]:
    """A port's sides, None where they depend on the picture; () where even the rank does."""
    shape = port.get_partial_shape()
    if shape.rank.is_dynamic:
        return ()
    return tuple(None if side.is_dynamic else side.get_length() for side in shape)


def ports_in_words(ports: Iterable[Port]) -> str:
    def words(port: Port) -> str:
        names = sorted(port.get_names()) or ["unnamed"]
        sides = ", ".join("?" if side is None else str(side) for side in port_sides(port))
        return f"{names[-1]} [{sides}] {port.get_element_type().get_type_name()}"

    return "; ".join(words(port) for port in ports) or "nothing"
