"""A served network beside the same one here; and a server that does what it should not."""

import numpy as np
import pytest

from annotator.core.errors import ModelError
from annotator.prelabel.batch import prelabel_new
from annotator.storage.store import Store
from annotator.vision.networks import zoo
from annotator.vision.networks.detector import Detector
from annotator.vision.networks.mask_head import MaskHead
from annotator.vision.networks.served import client, network
from annotator.vision.networks.served.adding import add_served
from annotator.vision.pictures import decode
from tests.conftest import picture
from tests.vision.networks.served.serving import seeing_network, serving


def found(info, content):
    detections = Detector(info).detect(decode.decode(content, file_name="a.png"))
    return detections.scores, detections.boxes_xyxy, [rle.counts for rle in detections.masks(range(len(detections)))]


def test_the_answer_is_that_of_the_same_network_here_to_the_bit(known_model, tmp_path):
    info = zoo.find(seeing_network(tmp_path / "models" / "here").name)
    content = picture(200, 150)
    scores, boxes, masks = found(info, content)
    assert 0.3 < scores[0] < 0.7
    with serving(info.xml_path) as server:
        remote = add_served("remote", "here", url=server.address, model="people")
        for server.extensions in (["binary_tensor_data"], []):
            served = found(remote, content)
            assert np.array_equal(served[0], scores)
            assert np.array_equal(served[1], boxes)
            assert served[2] == masks


def test_order_mean_and_scale_are_applied_before_a_picture_goes_there(server, remote):
    toml = remote.folder / "model.toml"
    toml.write_text(
        toml.read_text().replace("mean = [0.0, 0.0, 0.0]", "mean = [1, 2, 3]").replace("[1.0, 1.0, 1.0]", "[2, 2, 2]")
    )
    pixels = np.zeros((96, 160, 3), np.uint8)
    pixels[..., 0] = 101  # red, which is the last one of BGR
    Detector(zoo.find("remote")).network.infer(pixels)
    assert [server.inputs[-1][0, channel, 5, 5] for channel in range(3)] == [-0.5, -1, 49]


@pytest.fixture
def impatient(monkeypatch, remote):
    """The network on the server; one picture at a time goes there, and nobody waits for long."""
    monkeypatch.setattr(client, "GONE_S", 0.1)
    monkeypatch.setattr(client, "FIRST_PAUSE_S", 0.02)
    monkeypatch.setattr(network, "MOST_BINARY", 1 << 20)
    toml = remote.folder / "model.toml"
    said = toml.read_text().replace("requests = 4", "requests = 1").replace("timeout = 60.0", "timeout = 1")
    toml.write_text(said)
    return zoo.find("remote")


def changed(**row):
    def change(rows):
        rows[1].update(row)  # the boxes

    return change


def nan(rows):
    del rows[1]["parameters"]
    rows[1]["data"] = [None] * 15


BAD = {
    "late": "has not answered within 1 s",
    "drip": "has not ended its answer within 1 s",
    "huge": "answers with 1000000000000 bytes, expected at most 1048576",
    "endless": "answers with more than the 1048576 bytes expected",
    "redirect": "answers with a redirect (307), which is not followed",
    "packed": "answers in 'gzip', expected identity",
    "500": "answers 500: has no memory left",
    "nothing": "answers what is no JSON",
    changed(shape=[3, 4]): "output boxes: found FP32 [3, 4], expected FP32 [3, 5]",
    changed(datatype="FP64"): "output boxes: found FP64 [3, 5], expected FP32 [3, 5]",
    changed(name="bananas"): "output boxes: not in the answer",
    nan: "output boxes: holds NaN",
}


def test_a_batch_names_the_pictures_with_a_bad_answer_and_does_the_rest(impatient, server, tmp_path):
    paths = [tmp_path / f"{index:02}.png" for index in range(2 * len(BAD))]
    for index, path in enumerate(paths):
        path.write_bytes(picture(seed=index))
    # Each second picture; a server that drops the line, or is not ready, is asked again.
    for index, fault in enumerate(BAD):
        server.faults += [fault, ("drop", "503", "")[index % 3]]
    server.faults = [fault for fault in server.faults if fault != ""]
    with Store.open(tmp_path / "project") as store:
        report = prelabel_new(store, Detector(impatient), paths)
        done = {image.file_name for image in store.images() if image.prelabelled}
    assert len(done) == report.done == len(paths) - len(BAD)
    said = [failure.reason for failure in report.failures]
    assert [
        line.partition("its server: ")[2][: len(expected)] for line, expected in zip(said, BAD.values(), strict=True)
    ] == [*BAD.values()]
    assert not any("\n" in line for line in said)
    assert not any("elsewhere" in path for path in server.asked)


def test_a_server_that_is_gone_ends_the_batch_in_one_line_and_the_same_command_goes_on(impatient, server, tmp_path):
    detector = Detector(impatient)
    server.faults += ["503"] * 1000
    paths = [tmp_path / f"{index:02}.png" for index in range(20)]
    for index, path in enumerate(paths):
        path.write_bytes(picture(seed=index))
    gone = r"^remote: its server: is not ready \(503: has no memory left\)$"
    with Store.open(tmp_path / "project") as store, pytest.raises(ModelError, match=gone):
        prelabel_new(store, detector, paths)
    server.faults.clear()
    with Store.open(tmp_path / "project") as store:
        report = prelabel_new(store, detector, paths)
        assert (report.done, report.failures) == (20, ())
        assert all(image.prelabelled for image in store.images())


def test_one_that_is_gone_is_told_when_it_is_opened(remote, server, monkeypatch):
    monkeypatch.setattr(client, "OPENING_S", 0.0)
    server.ready = False
    with pytest.raises(ModelError, match=r"^remote: its server: is not ready \(503\)$"):
        Detector(remote)
    server.ready = True
    server.metadata["outputs"] = [{"name": "boxes", "datatype": "FP32", "shape": [-1, 4]}]
    with pytest.raises(ModelError, match=r"^remote: its server: output labels: "):
        Detector(remote)


def test_what_needs_a_graph_or_a_device_here_says_that_there_is_none(remote):
    with pytest.raises(ModelError, match="runs on a server, expected one whose graph is here"):
        MaskHead(remote)
    with pytest.raises(ModelError, match="runs on a server, which chooses device and precision"):
        Detector(remote, device="CPU")
