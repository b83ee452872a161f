"""The compiled network: what is kept of it from one start to the next."""

import numpy as np
import openvino as ov
import pytest

from annotator.vision import runtime, zoo
from annotator.vision.runtime import Network


@pytest.fixture
def info(known_model):
    return zoo.find(known_model)


def answer(network):
    width, height = network.input_size
    return network.infer(np.zeros((height, width, 3), np.uint8))


def kept(info):
    return list(runtime.cache_folder(info).glob("*.blob"))


def test_the_second_start_takes_up_what_the_first_one_compiled(info, monkeypatch):
    first = answer(Network(info))
    assert len(kept(info)) == 1
    monkeypatch.setattr(runtime, "faster_graph", lambda *_, **__: pytest.fail("read and compiled again"))
    network = Network(info)
    assert network.input_size == (160, 96)
    second = answer(network)
    for name in ("labels", "boxes", "masks"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))


@pytest.mark.parametrize("damage", [b"", b"no network at all", None])
def test_what_was_kept_and_is_damaged_is_made_again(info, damage):
    Network(info)
    (path,) = kept(info)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] if damage is None else damage)
    assert len(answer(Network(info)).labels) == 3
    assert path.stat().st_size == len(whole)


def test_each_precision_and_each_version_keeps_its_own(info, monkeypatch):
    Network(info)
    Network(info, precision="bf16")
    monkeypatch.setattr(ov, "get_version", lambda: "another")
    Network(info)
    assert len(kept(info)) == 3


def test_no_more_pictures_are_under_way_than_there_are_requests(info):
    network = Network(info)
    width, height = network.input_size
    picture = np.zeros((height, width, 3), np.uint8)
    taken = []

    def pictures():
        for index in range(50):
            taken.append(index)
            yield index, picture

    for index, (tag, _) in enumerate(network.stream(pictures())):
        assert tag == index
        assert len(taken) <= index + network.requests + 1
