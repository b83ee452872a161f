"""The sets of photographs that the cards' figures are about, made from COCO's own files."""

import functools
import hashlib
import http.server
import importlib.util
import json
import threading
from pathlib import Path

import cv2
import pytest

from tests.conftest import picture

ROOT = Path(__file__).resolve().parents[2]
_SPEC = importlib.util.spec_from_file_location("make_sets", ROOT / "models" / "make_sets.py")
make_sets = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(make_sets)


@pytest.fixture
def coco(tmp_path):
    """COCO in small: a folder with three photographs, their annotations, and lists of two of them."""
    (tmp_path / "val").mkdir()
    images, annotations = [], []
    for id in (1, 2, 3):
        (tmp_path / "val" / f"{id:012}.jpg").write_bytes(picture(640, 480, seed=id, suffix=".jpg"))
        images.append({"id": id, "file_name": f"{id:012}.jpg", "width": 640, "height": 480, "coco_url": "file:///no"})
        for category in (1, 18):
            ring = [10, 10, 50, 10, 50, 30]
            row = {"id": 10 * id + category, "image_id": id, "category_id": category, "bbox": [10, 10, 40, 20]}
            annotations.append({**row, "area": 400, "iscrowd": 0, "segmentation": [ring]})
    crowd = {"id": 99, "image_id": 1, "category_id": 1, "bbox": [0, 0, 64, 48], "area": 9, "iscrowd": 1}
    annotations.append({**crowd, "segmentation": {"size": [480, 640], "counts": [307200]}})
    categories = [{"id": 1, "name": "person"}, {"id": 18, "name": "dog"}]
    document = {"images": images, "annotations": annotations, "categories": categories}
    (tmp_path / "instances.json").write_text(json.dumps(document))
    (tmp_path / "lists").mkdir()
    digests = [hashlib.sha256((tmp_path / "val" / f"{id:012}.jpg").read_bytes()).hexdigest() for id in (1, 2)]
    rows = [f"1\t640\t480\t0\t{digests[0]}\t1", f"2\t640\t480\t0\t{digests[1]}\t0"]
    (tmp_path / "lists" / "eval.tsv").write_text("\n".join(["id\twidth\theight\tbytes\tsha256\teighty", *rows]))
    (tmp_path / "lists" / "train.tsv").write_text("id\twidth\theight\tpeople\teighty\n1\t640\t480\t1\t1\n")
    return tmp_path


def make(coco, name="eval", **options):
    options = {"folder": coco / "val", "lists": coco / "lists"} | options
    return make_sets.make(name, [coco / "instances.json"], coco / "out", **options)


@pytest.fixture
def server(coco):
    """An address where the photographs are, and the paths that were asked for there."""
    asked = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            asked.append(self.path)

    handler = functools.partial(Handler, directory=coco / "val")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}/", asked
        running.shutdown()


def test_the_listed_photographs_and_their_annotations_are_taken(coco):
    assert make(coco) == [
        "instances_person.json: 2 photographs, 3 annotations",
        "instances_80.json: 1 photographs, 3 annotations",
    ]
    assert sorted(path.name for path in (coco / "out" / "images").iterdir()) == ["000000000001.jpg", "000000000002.jpg"]
    people = json.loads((coco / "out" / "instances_person.json").read_text())
    assert {row["category_id"] for row in people["annotations"]} == {1}


def test_they_are_fetched_once(coco, server):
    address, asked = server
    first = make(coco, folder=None, base=address)
    assert sorted(asked) == ["/000000000001.jpg", "/000000000002.jpg"]
    assert make(coco, folder=None, base=address) == first
    assert len(asked) == 2


def test_what_cannot_be_fetched_is_told_and_the_rest_is_kept(coco, server):
    (coco / "val" / "000000000002.jpg").unlink()
    with pytest.raises(SystemExit, match=r"error: 1 photographs could not be had; run it again\. First: 000000000002"):
        make(coco, folder=None, base=server[0])
    assert (coco / "out" / "images" / "000000000001.jpg").is_file()
    with pytest.raises(SystemExit, match="'file:///no', expected an address"):
        make(coco, folder=None)


def test_other_bytes_than_were_measured_are_told(coco):
    (coco / "val" / "000000000002.jpg").write_bytes(picture(640, 480, seed=9, suffix=".jpg"))
    assert make(coco)[0] == "warning: 1 photographs have other bytes than those the figures were measured on"


def test_annotations_that_lack_a_photograph_or_have_another_size_are_refused(coco):
    document = json.loads((coco / "instances.json").read_text())
    document["images"][0]["width"] = 641
    (coco / "instances.json").write_text(json.dumps(document))
    with pytest.raises(SystemExit, match="error: 1: 641 x 480, expected 640 x 480"):
        make(coco)
    (coco / "instances.json").write_text(json.dumps(document | {"images": document["images"][1:]}))
    with pytest.raises(SystemExit, match="error: 1 photographs are not in the annotations, first 1"):
        make(coco)


def test_training_pictures_are_made_smaller_with_their_annotations(coco):
    make(coco, "train")
    made = json.loads((coco / "out" / "instances_person.json").read_text())
    (image,) = made["images"]
    assert (image["file_name"], image["width"], image["height"]) == ("000000000001.webp", 320, 240)
    assert cv2.imread(str(coco / "out" / "images" / image["file_name"])).shape == (240, 320, 3)
    person, crowd = made["annotations"]
    assert person["segmentation"] == [[5, 5, 25, 5, 25, 15]]
    assert (crowd["segmentation"], crowd["iscrowd"]) == (None, 1)


def test_the_lists_of_this_project_are_whole():
    found = make_sets.listed(make_sets.LISTS / "eval.tsv")
    assert len(found) == 96
    assert sum(row["eighty"] == "1" for row in found.values()) == 50
    assert all(len(row["sha256"]) == 64 for row in found.values())
    trained = make_sets.listed(make_sets.LISTS / "train.tsv")
    assert sum(row["people"] == "1" for row in trained.values()) == 2856
    assert not found.keys() & trained.keys(), "measured on what was trained on"
