"""Bilinear samplers that an export unrolled into gathers and arithmetic, folded back into one `GridSample` each.

person-0007's point refinement has 25 of them, some 60 small nodes each, and spends most of its time between them.
The pattern is that of mmcv's bilinear_grid_sample (zeros beyond the border, corners not aligned):

    sum of four GatherElements(Reshape(Pad(map, 1)), x + y * width) * weight

with x and y the floor of a place in pixels, or one more. A sampler of any other form is left as it is.

Tests: tests/vision/networks/test_rewrite.py
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import openvino as ov
from openvino import opset13 as ops

_CORNERS = 4


@dataclass(frozen=True, eq=False)
class _Sampler:
    """One unrolled sampler: `map` [n, c, h, w] read at `x`, `y` [n, p] in pixels gives `sum` [n, c, p]."""

    sum: ov.Output
    map: ov.Output
    x: ov.Output
    y: ov.Output
    height: int
    width: int


def fold_grid_samples(model: ov.Model) -> int:
    """Replace every unrolled sampler of the graph, in place; returns how many there were."""
    found = [sampler for node in model.get_ordered_ops() if (sampler := _recognise(node)) is not None]
    for sampler in found:
        folded = _grid_sample(sampler)
        for port in sampler.sum.get_target_inputs():
            port.replace_source_output(folded)
    if found:
        model.validate_nodes_and_infer_types()
    return len(found)


def _grid_sample(sampler: _Sampler) -> ov.Output:
    def normalised(place: ov.Output, side: int) -> ov.Node:
        # GridSample wants -1 and 1 at the outer edges of the outer pixels: place = ((g + 1) * side - 1) / 2.
        scaled = ops.multiply(place, np.float32(2 / side))
        return ops.unsqueeze(ops.add(scaled, np.float32(1 / side - 1)), np.array([2, 3], np.int64))

    grid = ops.concat([normalised(sampler.x, sampler.width), normalised(sampler.y, sampler.height)], 3)
    sampled = ops.grid_sample(sampler.map, grid, {"align_corners": False, "mode": "bilinear", "padding_mode": "zeros"})
    return ops.squeeze(sampled, np.array([3], np.int64)).output(0)


def _recognise(node: ov.Node) -> _Sampler | None:
    """The sampler whose sum this node is, if it is one and nobody adds to it further."""
    terms = _terms(node)
    if len(terms) != _CORNERS or any(reader.get_type_name() == "Add" for reader in _readers(node)):
        return None
    gathers = [_only(term, "GatherElements") for term in terms]
    if any(gather is None for gather in gathers):
        return None
    sources = {_source(gather, 0).get_name() for gather in gathers}
    flat = _source(gathers[0], 0)
    padded = _source(flat, 0) if flat.get_type_name() == "Reshape" else None
    if len(sources) != 1 or padded is None or padded.get_type_name() != "Pad" or not _pads_by_one(padded):
        return None
    floors = [_floors(gather) for gather in gathers]
    shape = padded.input(0).get_source_output().get_partial_shape()
    if floors[0] is None or not all(_same(floors[0], other) for other in floors[1:]):
        return None
    if not (shape[2].is_static and shape[3].is_static):
        return None
    x, y = (flooring.input(0).get_source_output() for flooring in floors[0])
    return _Sampler(
        sum=node.output(0),
        map=padded.input(0).get_source_output(),
        x=x,
        y=y,
        height=shape[2].get_length(),
        width=shape[3].get_length(),
    )


def _terms(node: ov.Node) -> list[ov.Node]:
    """What a tree of additions adds up, as far as it is products."""
    if node.get_type_name() == "Multiply":
        return [node]
    if node.get_type_name() != "Add":
        return []
    return _terms(_source(node, 0)) + _terms(_source(node, 1))


def _same(first: tuple[ov.Node, ov.Node], second: tuple[ov.Node, ov.Node] | None) -> bool:
    return second is not None and [node.get_name() for node in first] == [node.get_name() for node in second]


def _floors(gather: ov.Node) -> tuple[ov.Node, ov.Node] | None:
    """The two Floor nodes, of x and of y, behind the index x + y * stride of one corner."""
    index = _behind(_source(gather, 1), {"Broadcast", "Unsqueeze"})
    if index.get_type_name() != "Add":
        return None
    first, second = _source(index, 0), _source(index, 1)
    if first.get_type_name() == "Multiply":
        first, second = second, first
    if second.get_type_name() != "Multiply":
        return None
    x, y = _behind(first, {"Add", "Convert"}), _behind(_source(second, 0), {"Add", "Convert"})
    return (x, y) if x.get_type_name() == y.get_type_name() == "Floor" else None


def _behind(node: ov.Node, passed: set[str]) -> ov.Node:
    """The first node up the first inputs that is of none of these kinds."""
    while node.get_type_name() in passed:
        node = _source(node, 0)
    return node


def _only(node: ov.Node, kind: str) -> ov.Node | None:
    """The one input of that kind."""
    inputs = [_source(node, index) for index in range(node.get_input_size())]
    matching = [source for source in inputs if source.get_type_name() == kind]
    return matching[0] if len(matching) == 1 else None


def _pads_by_one(pad: ov.Node) -> bool:
    begin, end = _source(pad, 1), _source(pad, 2)
    constant = begin.get_type_name() == end.get_type_name() == "Constant"
    return bool(constant and begin.data.tolist() == end.data.tolist() == [0, 0, 1, 1])


def _source(node: ov.Node, index: int) -> ov.Node:
    return node.input(index).get_source_output().get_node()


def _readers(node: ov.Node) -> list[ov.Node]:
    return [port.get_node() for port in node.output(0).get_target_inputs()]
