"""Exports through the command line: parts, packs, other formats and the Hub, as options of one verb."""

import json
import os
import zipfile

import cv2
import numpy as np
import pytest

from annotator.cli import main
from annotator.exchange import leaving, splits
from annotator.exchange.formats import Options
from annotator.storage.store import Store
from tests.exchange.formats.conftest import files_of


def scene(seed):
    noise = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), np.uint8)
    return cv2.resize(noise, (64, 48), interpolation=cv2.INTER_CUBIC)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """20 pictures in folders, one of them there once more as another JPEG, with an instance each."""
    folder = tmp_path_factory.mktemp("project")
    names = [f"{('train', 'val', 'test')[index % 3]}/{index}.png" for index in range(20)] + ["test/0 again.jpg"]
    for index, name in enumerate(names):
        path = folder / "pictures" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), scene(index % 20))
    found = {
        "images": [{"id": id, "width": 64, "height": 48, "file_name": name} for id, name in enumerate(names, start=1)],
        "categories": [{"id": 1, "name": "person"}],
        "annotations": [
            {"id": id, "image_id": id, "category_id": 1, "iscrowd": 0, "area": 100, "bbox": [5, 5, 10, 10],
             "segmentation": [[5, 5, 15, 5, 15, 15, 5, 15]]}
            for id in range(1, 22)
        ],
    }  # fmt: skip
    (folder / "all.json").write_text(json.dumps(found))
    code = main(
        ["import", str(folder / "all.json"), "--images", str(folder / "pictures"), "--project", str(folder / "p")]
    )
    assert code == 0
    return folder / "p"


@pytest.fixture
def export(project, tmp_path, capsys):
    def run(*options, out="out"):
        capsys.readouterr()
        code = main(["export", "--project", str(project), "--out", str(tmp_path / out), *options])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def parts_of(folder):
    """By part, the names of its images."""
    return {
        path.stem.removeprefix("instances_"): {image["file_name"] for image in json.loads(path.read_text())["images"]}
        for path in (folder / "annotations").glob("instances_*.json")
    }


def test_two_shares_or_three(export, tmp_path):
    code, printed, _ = export("--split", "0.8")
    assert code == 0
    assert "1 group of pictures that look alike, each of them in one part" in printed
    found = parts_of(tmp_path / "out")
    assert {name: len(images) for name, images in found.items()} == {"train": 17, "val": 4}
    assert export("--split", "0.6,0.2,0.2", out="three")[0] == 0
    found = parts_of(tmp_path / "three")
    assert set(found) == {"train", "val", "test"}
    assert sum(map(len, found.values())) == 21
    assert any({"train/0.png", "test/0 again.jpg"} <= images for images in found.values())


def test_a_seed_deals_the_same_again_and_another_one_otherwise(export, tmp_path):
    for out, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        assert export("--split", "0.8", "--seed", seed, out=out)[0] == 0
    assert parts_of(tmp_path / "a") == parts_of(tmp_path / "b") != parts_of(tmp_path / "c")


def test_folders_name_the_parts_and_look_alikes_across_them_are_told(export, tmp_path):
    code, printed, _ = export("--split-by", "folder")
    assert code == 0
    assert "warning: 1 group of pictures that look alike in several parts" in printed
    for part, names in parts_of(tmp_path / "out").items():
        assert {name.split("/")[0] for name in names} == {part}


def test_a_zip_has_the_layout_of_the_folder(export, tmp_path):
    assert export("--split", "0.8", "--with-images")[0] == 0
    assert export("--split", "0.8", "--with-images", "--zip", out="zipped")[0] == 0
    names = files_of(tmp_path / "out")
    with zipfile.ZipFile(tmp_path / "zipped" / "dataset.zip") as archive:
        assert set(archive.namelist()) == names
        assert archive.testzip() is None
    assert export("--zip", out="plain")[0] == 0
    with zipfile.ZipFile(tmp_path / "plain" / "dataset.zip") as archive:
        assert "annotations/instances.json" in archive.namelist()


@pytest.mark.parametrize(
    "options",
    [
        ["--split", "1"],
        ["--split", "0.8,0.3"],
        ["--split", "x"],
        ["--split", "0.2,0.2,0.2,0.4"],
        ["--split", "nan"],
        ["--split-by", "size"],
        ["--split", "0.8", "--split-by", "folder"],
        ["--seed", "-1"],
        ["--format", "xlsx"],
        ["--masks", "best"],
        ["--format", "voc", "--masks", "lossless"],
        ["--format", "voc", "--with-images"],
        ["--format", "labelme", "--no-provenance"],
        ["--format", "csv", "--masks", "rle"],
        ["--public"],
        ["--push-to-hub", "a/b", "--zip"],
    ],
)
def test_wrong_options_are_wrong_usage(export, tmp_path, options):
    with pytest.raises(SystemExit) as stopped:
        export(*options)
    assert stopped.value.code == 2
    assert not (tmp_path / "out").exists()


def test_a_part_of_nearly_nothing_has_an_image(export):
    code, printed, _ = export("--split", "0.98,0.01,0.01")
    assert (code, "val: 1 image, 1 instance" in printed, "test: 1 image, 1 instance" in printed) == (0, True, True)


def test_a_part_without_an_image_is_refused(export, tmp_path, monkeypatch):
    monkeypatch.setattr(splits, "quotas", lambda images, shares: {"train": images, "val": 0, "test": 0})
    code, _, errors = export("--split", "0.98,0.01,0.01")
    assert code == 1
    assert "error: split: no image is left for val, test (21 images, 1 group of look-alikes among them)" in errors
    assert not (tmp_path / "out").exists()


def test_another_format_leaves_or_says_what_is_missing(export, tmp_path):
    code, printed, errors = export("--format", "yolo-seg", "--split", "0.8")
    try:
        import supervision  # noqa: F401
    except ImportError:
        assert (code, errors.count("\n")) == (1, 1)
        assert "pip install 'photo-annotator[formats]'" in errors
        assert not (tmp_path / "out").exists()
        return
    assert code == 0
    assert "read back: 21 exact masks, 0 others" in printed
    assert len(list((tmp_path / "out" / "labels" / "train").iterdir())) == 17


def test_what_an_earlier_export_left_is_told_but_not_file_by_file(export, tmp_path):
    assert export("--with-images")[0] == 0
    for name in "abcdefg":
        (tmp_path / "out" / "images" / "train" / f"{name}.png").write_bytes(b"x")
    _, printed, _ = export("--with-images")
    assert printed.count("is of an earlier export") == 5
    assert "2 more files" in printed


def test_a_place_that_holds_no_plain_file_is_left_alone(export, tmp_path):
    (tmp_path / "out").mkdir()
    os.mkfifo(tmp_path / "out" / "instances.json")
    os.mkfifo(tmp_path / "out" / "dataset.zip")
    for options in ([], ["--zip"]):
        code, _, errors = export(*options)
        assert (code, errors.count("\n")) == (1, 1)
        assert "is no plain file, expected a file or nothing there" in errors
    assert {path.name: path.is_fifo() for path in (tmp_path / "out").iterdir()} == {
        "instances.json": True,
        "dataset.zip": True,
    }


def test_a_push_that_fails_keeps_the_export_and_is_one_line(export, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    code, _, errors = export("--push-to-hub", "somebody/people")
    assert code == 1
    assert errors.startswith("error: somebody/people: cannot be pushed to http://127.0.0.1:9")
    assert errors.count("\n") == 1
    assert (tmp_path / "out" / "instances.json").is_file()


class StoppedError(Exception):
    pass


def test_progress_counts_what_is_looked_at_and_what_is_written_and_stops_it_until_the_last_moment(project, tmp_path):
    with Store.open(project) as store:

        def leave(progress, **asked):
            return leaving.export(store, tmp_path / "out", reviewed_only=False, progress=progress, **asked)

        told = []
        leave(lambda *at: told.append(at), options=Options(with_images=True), split=leaving.Split({"a": 0.5, "b": 0.5}))
        assert told == sorted(told)
        assert (told[0], told[-1]) == ((0, 42), (42, 42))
        before = files_of(tmp_path / "out")

        def stop_at_the_end(done, total):
            told.append((done, total))
            if told.count((total, total)) == 2:
                raise StoppedError

        told.clear()
        with pytest.raises(StoppedError):
            leave(stop_at_the_end, options=Options(with_images=True))
        assert files_of(tmp_path / "out") == before
        assert not list(tmp_path.rglob("*.new"))
