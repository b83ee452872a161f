"""Values as a graph's inputs take them: exporters agree on the names, and neither on types nor on ranks.

Tests: tests/vision/networks/prompts/test_network.py
"""

from __future__ import annotations

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from annotator.core.errors import ModelError
from annotator.vision.networks.contract import Port, port_sides
from annotator.vision.networks.prompts.contracts import in_words


def fit_to_port(values: NDArray[np.generic], port: Port) -> NDArray[np.generic]:
    """The values in the port's element type and rank: sides of 1 are put before them, or taken away there.

    Raises ModelError where they do not fit.
    """
    sides = port_sides(port)
    shape = values.shape
    if sides or port.get_partial_shape().rank.is_static:
        while len(shape) < len(sides):
            shape = (1, *shape)
        while len(shape) > len(sides) and shape[0] == 1:
            shape = shape[1:]
    wrong = len(shape) != len(sides) or any(side not in (None, have) for side, have in zip(sides, shape, strict=True))
    if wrong and sides:
        name = next(iter(port.get_names()), "input")
        raise ModelError(f"decoder: {name} takes {in_words(sides)}, found {in_words(shape)}")
    return np.ascontiguousarray(values.reshape(shape).astype(port.get_element_type().to_dtype()))


def keep_outputs(model: ov.Model, ports: list[Port]) -> ov.Model:
    """The graph with these outputs alone, and only those inputs on which they depend.

    So the mask at the picture's own size, 190 MB at 12 megapixels, is not made.
    """
    results = [port.get_node() for port in ports]
    needed, waiting = set(), list(results)
    parameters = []
    while waiting:
        node = waiting.pop()
        if node.get_instance_id() in needed:
            continue
        needed.add(node.get_instance_id())
        if node.get_type_name() == "Parameter":
            parameters.append(node.get_friendly_name())
        waiting += [value.get_node() for value in node.input_values()]
    kept = [node for node in model.get_parameters() if node.get_friendly_name() in parameters]
    return ov.Model(results, kept, model.get_friendly_name())
