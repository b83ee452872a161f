"""The compiled network: what is kept of it from one start to the next."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import openvino as ov
import pytest

from annotator.core.errors import ModelError
from annotator.vision.networks import compile_cache, runtime, zoo
from annotator.vision.networks.mask_head import MaskHead
from annotator.vision.networks.runtime import Network
from tests.vision.graphs import described


@pytest.fixture
def info(known_model):
    return zoo.find(known_model)


def answer(network):
    width, height = network.input_size
    return network.infer(np.zeros((height, width, 3), np.uint8))


def blobs(info):
    return sorted(compile_cache.cache_folder(info).glob("*.blob"))


def test_the_second_start_takes_up_what_the_first_one_compiled(info, monkeypatch):
    first = answer(Network(info))
    assert len(blobs(info)) == 1
    monkeypatch.setattr(runtime, "faster_graph", lambda *_, **__: pytest.fail("read and compiled again"))
    network = Network(info)
    assert network.input_size == (160, 96)
    second = answer(network)
    for name in ("labels", "boxes"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    np.testing.assert_array_equal(first.masks.values, second.masks.values)


@pytest.mark.parametrize("damage", [b"", b"no network at all", None])
def test_what_was_kept_and_is_damaged_is_made_again(info, damage):
    Network(info)
    (path,) = blobs(info)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] if damage is None else damage)
    assert len(answer(Network(info)).labels) == 3
    assert path.stat().st_size == len(whole)


@pytest.mark.parametrize("place", [0, 40, 0.3, 0.7, -1])
def test_no_bit_of_what_was_kept_may_flip(info, place):
    """OpenVINO takes up such a network, and answers with other boxes."""
    Network(info)
    (path,) = blobs(info)
    whole = bytearray(path.read_bytes())
    whole[int(len(whole) * place) if isinstance(place, float) else place] ^= 4
    path.write_bytes(whole)
    assert answer(Network(info)).boxes[0].tolist() == pytest.approx([10, 10, 50, 60, 0.9])
    assert path.read_bytes() != whole


def test_each_precision_and_each_version_keeps_its_own(info, monkeypatch):
    Network(info)
    Network(info, precision="bf16")
    monkeypatch.setattr(ov, "get_version", lambda: "another")
    Network(info)
    assert len(blobs(info)) == 3


def test_where_nothing_can_be_kept_networks_run_all_the_same(info, tmp_path, person_0007_ir):
    shutil.copytree(person_0007_ir.parent, tmp_path / "models" / "topology")
    rewritten = zoo.find(described(tmp_path / "models" / "topology").name)
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "cache").write_text("a file where the folder would be")
    assert len(answer(Network(info, device="AUTO:CPU")).boxes) == 3
    assert answer(Network(rewritten)).boxes.shape[1] == 5
    MaskHead(zoo.find("starter-person"))


def test_an_unknown_device_is_told_which_there_are(info):
    with pytest.raises(ModelError, match="cannot be compiled for device 'ABACUS', there are AUTO, CPU"):
        Network(info, device="ABACUS")


def test_two_processes_start_the_same_network_at_once(info):
    """Neither takes up what the other has written by half."""
    program = (
        "import sys; sys.path.insert(0, sys.argv[2]); import numpy as np; from annotator.vision.networks import zoo; "
        "from annotator.vision.networks.runtime import Network; network = Network(zoo.find(sys.argv[1])); "
        "print(len(network.infer(np.zeros((96, 160, 3), np.uint8)).boxes))"
    )
    root = str(Path(__file__).parents[3])
    started = [
        subprocess.Popen([sys.executable, "-c", program, info.name, root], stdout=subprocess.PIPE) for _ in range(3)
    ]
    assert [process.communicate()[0] for process in started] == [b"3\n"] * 3
    assert [path.suffix for path in compile_cache.cache_folder(info).iterdir()] == [".blob"]


def test_no_more_pictures_are_under_way_than_there_are_requests(info):
    network = Network(info)
    width, height = network.input_size
    picture = np.zeros((height, width, 3), np.uint8)
    taken = []

    def pictures():
        for index in range(50):
            taken.append(index)
            yield index, picture

    for index, (tag, _) in enumerate(network.stream(pictures(), lambda _, raw: raw)):
        assert tag == index
        assert len(taken) <= index + network.requests + 1
