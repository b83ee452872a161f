"""AP as it is published: on files of every kind that people have, and on the photographs that are here."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from annotator import evaluation
from annotator.cli import main
from annotator.core.errors import CocoError, ImageError, ModelError
from annotator.system.paths import EXAMPLES
from annotator.vision.networks import zoo
from annotator.vision.networks.detector import Detector
from tests.conftest import picture
from tests.vision import graphs
from tests.vision.graphs import constant_network, described

BOXES = [[10, 10, 50, 60, 0.9], [80, 20, 120, 90, 0.3]]


def square(x: int, y: int, w: int, h: int) -> list[list[int]]:
    return [[x, y, x + w, y, x + w, y + h, x, y + h]]


def annotations(**changes: Any) -> dict[str, Any]:
    """Two pictures with the two people that the network sees; `changes` are made to the first person of each."""
    rows = []
    for image_id in (1, 2):
        for x, y, w, h in ((10, 10, 40, 50), (80, 20, 40, 70)):
            row = {"id": len(rows) + 1, "image_id": image_id, "category_id": 1, "iscrowd": 0, "area": w * h}
            rows.append(row | {"bbox": [x, y, w, h], "segmentation": square(x, y, w, h)} | (changes if x == 10 else {}))
    return {
        "images": [{"id": id, "file_name": f"{id}.png", "width": 160, "height": 96} for id in (1, 2)],
        "annotations": rows,
        "categories": [{"id": 1, "name": "person"}],
    }


@pytest.fixture
def measure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., evaluation.Figures]:
    """The figures of the network that sees two people on every picture, against a document."""
    monkeypatch.setenv("ANNOTATOR_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("ANNOTATOR_HOME", str(tmp_path / "home"))
    folder = tmp_path / "models" / "known"
    masks = np.ones((2, 28, 28))
    constant_network(folder, boxes=BOXES, labels=[0, 0], masks=masks, input_size=(160, 96))
    described(folder, categories=2)
    for id in (1, 2):
        (tmp_path / f"{id}.png").write_bytes(picture(160, 96, seed=id))

    def run(document: Any, **options: Any) -> evaluation.Figures:
        file = tmp_path / "truth.json"
        file.write_text(json.dumps(document))
        detector = Detector(zoo.find("known"), device="CPU")
        return evaluation.evaluate(detector, evaluation.Truth.read(file), tmp_path, **options)

    return run


def test_what_an_annotation_lacks_comes_from_its_mask(measure: Callable[..., evaluation.Figures]) -> None:
    document = annotations()
    for row in document["annotations"]:
        del row["iscrowd"], row["area"], row["bbox"]
        row["id"] -= 1  # COCOeval takes a match with the id 0 for none
    document["annotations"][1]["segmentation"] = {"size": [96, 160], "counts": runs(80, 20, 40, 70)}
    figures = measure(document)
    assert (figures.box["AP"], figures.mask["AP50"]) == (1.0, 1.0)


def runs(x: int, y: int, w: int, h: int) -> list[int]:
    mask = np.zeros((96, 160), bool)
    mask[y : y + h, x : x + w] = True
    changes = np.flatnonzero(np.diff(mask.T.ravel(), prepend=False, append=False))
    return np.diff(changes, prepend=0, append=mask.size).tolist()


def test_a_crowd_is_not_missed_and_takes_any_number_of_detections(measure: Callable[..., evaluation.Figures]) -> None:
    crowd = {"iscrowd": 1, "segmentation": {"size": [96, 160], "counts": runs(0, 0, 70, 96)}, "bbox": [0, 0, 70, 96]}
    figures = measure(annotations(**crowd))
    assert (figures.box["AP"], figures.mask["AP50"]) == (1.0, 1.0)


def test_annotations_without_masks_are_measured_by_their_boxes(measure: Callable[..., evaluation.Figures]) -> None:
    figures = measure(annotations(segmentation=[]))
    assert figures.box["AP"] == 1.0
    assert figures.mask["AP"] == -1.0
    assert figures.notes == ("2 annotations have no mask, so masks are not measured",)
    assert "n/a" in figures.to_table()


def test_categories_are_those_of_the_same_name_then_of_the_same_id(measure: Callable[..., evaluation.Figures]) -> None:
    renumbered = annotations(category_id=7) | {"categories": [{"id": 1, "name": "cat"}, {"id": 7, "name": "Person"}]}
    for row in renumbered["annotations"]:
        row["category_id"] = 7
    assert measure(renumbered).box["AP"] == 1.0
    renamed = measure(annotations() | {"categories": [{"id": 1, "name": "pedestrian"}]})
    assert renamed.box["AP"] == 1.0
    assert renamed.notes == ("person is measured on pedestrian, which has its id",)
    with pytest.raises(ModelError, match=r"none of its categories \(person, thing 1\) is in .* \(pedestrian\)"):
        measure(annotations() | {"categories": [{"id": 9, "name": "pedestrian"}], "annotations": []})


def test_an_id_in_common_means_nothing_where_names_are_in_common(measure: Callable[..., evaluation.Figures]) -> None:
    tables = (
        [{"id": 4, "name": "boat"}, {"id": 1, "name": "person"}],
        [{"id": 1, "name": "Person"}, {"id": 9, "name": "person"}],
    )
    for table, own in zip(tables, (1, 9), strict=True):
        document = annotations() | {"categories": table}
        for row in document["annotations"]:
            row["category_id"] = own
        figures = measure(document)
        assert (figures.categories, figures.box["AP"], figures.notes) == (("person",), 1.0, ())


def test_a_file_without_an_object_says_why_there_is_no_figure(measure: Callable[..., evaluation.Figures]) -> None:
    figures = measure(annotations() | {"annotations": []})
    assert figures.box["AP"] == -1.0
    assert len(figures.notes) == 1
    assert figures.notes[0].endswith("truth.json has no object of these categories, so nothing is measured")


def test_results_are_in_cocos_form_whatever_box_the_network_gives(
    measure: Callable[..., evaluation.Figures], tmp_path: Path
) -> None:
    folder = tmp_path / "models" / "inverted"
    boxes = [[50, 60, 10, 10, 0.9], [40, 10, 40, 60, 0.8]]
    constant_network(folder, boxes=boxes, labels=[0, 0], masks=np.ones((2, 28, 28)), input_size=(160, 96))
    described(folder)
    (tmp_path / "truth.json").write_text(json.dumps(annotations()))
    truth, results = evaluation.Truth.read(tmp_path / "truth.json"), tmp_path / "results.json"
    for published in (False, True):
        evaluation.evaluate(Detector(zoo.find("inverted")), truth, tmp_path, published=published, results=results)
        assert len(json.loads(results.read_text())) == 4
        assert main(["check", str(results)]) == 0


def test_a_picture_that_is_not_there_is_named_before_the_network_runs(
    measure: Callable[..., evaluation.Figures], tmp_path: Path
) -> None:
    document = annotations()
    document["images"][1]["file_name"] = "gone.png"
    seen: list[int] = []
    with pytest.raises(ImageError, match=r"1 of 2 annotated pictures are not there: gone\.png"):
        measure(document, progress=lambda done, total: seen.append(done))
    assert seen == []


def test_a_picture_on_which_the_network_fails_is_named(
    measure: Callable[..., evaluation.Figures], tmp_path: Path
) -> None:
    graphs.fragile_network(tmp_path / "models" / "fragile")
    for name, grey in (("1.png", 9), ("2.png", 255)):
        assert cv2.imwrite(str(tmp_path / name), np.full((96, 160, 3), grey, np.uint8))
    (tmp_path / "truth.json").write_text(json.dumps(annotations()))
    detector = Detector(zoo.find("fragile"), device="CPU")
    with pytest.raises(ModelError, match=r"^2\.png: inference failed: "):
        evaluation.evaluate(detector, evaluation.Truth.read(tmp_path / "truth.json"), tmp_path)


def test_nothing_found_is_a_figure_and_an_empty_list(
    measure: Callable[..., evaluation.Figures], tmp_path: Path
) -> None:
    other = annotations() | {"categories": [{"id": 4, "name": "thing 1"}]}
    for row in other["annotations"]:
        row["category_id"] = 4
    figures = measure(other, results=tmp_path / "results.json")
    assert figures.box["AP"] == figures.mask["AP"] == figures.box["AP medium"] == 0.0
    # Of small and of large ones there is none to be found.
    assert {figures.box[size] for size in ("AP small", "AP large")} == {-1.0}
    assert json.loads((tmp_path / "results.json").read_text()) == []
    for emptied in ({"annotations": []}, {"annotations": [], "images": []}):
        assert measure(annotations() | emptied).box["AP"] == -1.0


def test_results_are_coco_s_and_a_published_box_is_one_pixel_wider(
    measure: Callable[..., evaluation.Figures], tmp_path: Path
) -> None:
    progress: list[tuple[int, int]] = []
    measure(annotations(), results=tmp_path / "ours.json", progress=lambda *done: progress.append(done))
    measure(annotations(), results=tmp_path / "published.json", published=True)
    assert progress == [(1, 2), (2, 2)]
    first, wider = (json.loads((tmp_path / name).read_text())[0] for name in ("ours.json", "published.json"))
    assert first["bbox"] == [10, 10, 40, 50]
    assert wider["bbox"] == [10, 10, 41, 51]
    assert first["segmentation"] == wider["segmentation"]
    assert coco_mask.area(first["segmentation"]) > 0


def test_a_list_of_results_is_no_truth(measure: Callable[..., evaluation.Figures]) -> None:
    with pytest.raises(CocoError, match="is a list of results, expected annotations"):
        measure([])


def test_photographs_that_are_here_give_the_figures_that_pycocotools_gives(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    truth, results = tmp_path / "truth.json", tmp_path / "results.json"
    seen = ["--model", "starter-person", "--threshold", "0.2", "--out", truth]
    assert main(["prelabel", str(EXAMPLES), *map(str, seen)]) == 0
    document = json.loads(truth.read_text())
    # What the network says, but for every third object and with every other one moved: it is neither right nor wrong.
    document["annotations"] = [moved(row) if row["id"] % 2 else row for row in document["annotations"] if row["id"] % 3]
    truth.write_text(json.dumps(document))
    capsys.readouterr()
    arguments = ["--annotations", truth, "--images", EXAMPLES, "--results", results, "--json"]
    assert main(["evaluate", "--model", "starter-person", *map(str, arguments)]) == 0
    figures = json.loads(capsys.readouterr().out)
    coco = COCO(str(truth))
    for kind, key in (("bbox", "box"), ("segm", "mask")):
        rows = [
            {key: value for key, value in row.items() if kind == "bbox" or key != "bbox"}
            for row in json.loads(results.read_text())
        ]
        measured = COCOeval(coco, coco.loadRes(rows), kind)
        measured.evaluate()
        measured.accumulate()
        measured.summarize()
        assert figures[key]["AP"] == pytest.approx(measured.stats[0], abs=1e-6)
        assert 0.1 < figures[key]["AP"] < 0.9


def moved(row: dict[str, Any]) -> dict[str, Any]:
    """A person's annotation as a box beside where it was."""
    x, y, width, height = row["bbox"]
    x += width / 6
    ring = [x, y, x + width, y, x + width, y + height, x, y + height]
    return {**row, "bbox": [x, y, width, height], "segmentation": [ring], "area": width * height}
