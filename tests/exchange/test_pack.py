"""Packs: annotations and pictures in the layout of trainers."""

import json
import os
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from annotator.core.dataset import Category, Dataset, Image, Instance, State
from annotator.core.errors import ExportError, ImageError
from annotator.core.masks import mask_to_rle
from annotator.exchange import coco, pack
from annotator.exchange.formats import DEFAULT, Options
from annotator.exchange.formats.base import Outcome
from annotator.exchange.splits import split
from tests.exchange.formats.conftest import files_of

MASK = mask_to_rle(np.ones((4, 5), bool))


def dataset(*names):
    images = tuple(Image(id, name, 5, 4, f"{id:064x}", reviewed=True) for id, name in enumerate(names, start=1))
    instances = tuple(Instance(image.id, "", image.id, 1, State.ACCEPTED, MASK) for image in images)
    return Dataset((Category(1, "person", "person"),), images, instances)


def content(image):
    return f"picture {image.id}".encode()


def write(parts, target, *, pictures=content, format=DEFAULT, **options):
    return pack.write(parts, target, format=format, options=Options(**options), pictures=pictures)


def packed(parts, target, *, pictures=content):
    return write(parts, target, pictures=pictures, with_images=True)


def test_a_folder_has_annotations_and_images(tmp_path):
    whole = dataset(*(f"{index}.jpg" for index in range(10)))
    parts = split(whole, {"train": 0.8, "val": 0.2})
    made = packed(parts, tmp_path / "out")
    names = files_of(tmp_path / "out")
    assert names == {
        *(f"images/{index}.jpg" for index in range(10)),
        *(f"{name}_{part}.{suffix}" for part in ("train", "val")
          for name, suffix in (("annotations/instances", "json"), ("report", "proof"), ("report", "txt"))),
    }  # fmt: skip
    assert set(made.files) == {tmp_path / "out" / name for name in names}
    read = {part: coco.read(tmp_path / "out/annotations" / f"instances_{part}.json") for part in parts}
    assert sum(len(part.images) for part in read.values()) == 10
    for part in read.values():
        for image in part.images:
            assert (tmp_path / "out/images" / image.file_name).read_bytes() == content(image)
    assert {part: report.instances for part, report in made.outcome.reports.items()} == {"train": 8, "val": 2}


@pytest.mark.parametrize("blocked", ["instances.json", "report.proof", "report.txt"])
def test_a_report_never_speaks_of_another_file_than_the_one_beside_it(tmp_path, blocked):
    write({"": dataset("a.jpg")}, tmp_path)
    (tmp_path / blocked).unlink()
    (tmp_path / blocked).mkdir()
    before = {file.name: file.is_file() and file.read_bytes() for file in tmp_path.iterdir()}
    with pytest.raises(ExportError, match=f"{blocked}: is a folder"):
        write({"": dataset("a.jpg", "b.jpg")}, tmp_path)
    assert {file.name: file.is_file() and file.read_bytes() for file in tmp_path.iterdir()} == before


@pytest.mark.parametrize("target", ["out", "out/all.zip"])
def test_what_a_killed_export_left_is_removed_by_one_of_another_day(tmp_path, target):
    target = tmp_path / target
    home = tmp_path / "out"
    name = target.name
    for old in (f".{name}.0123456789ab.new", f".{name}.0123456789cd.new", ".notes.0123456789ab.new"):
        (home / old / "images").mkdir(parents=True)
    (home / f".{name}.0123456789ab.zip").write_bytes(b"half a zip")
    for path in (f".{name}.0123456789ab.new", f".{name}.0123456789ab.zip", ".notes.0123456789ab.new"):
        os.utime(home / path, (1, 1))
    packed({"": dataset("a.jpg")}, target)
    # Neither what may be under way nor what is somebody else's.
    left = {path.name for path in home.iterdir() if path.name.startswith(".")}
    assert left - {".export"} == {".notes.0123456789ab.new", f".{name}.0123456789cd.new"}


def test_a_zip_is_whole_and_always_the_same_bytes(tmp_path):
    parts = {"": dataset("a.jpg", "sub/b.jpg")}
    first = packed(parts, tmp_path / "1.zip")
    packed(parts, tmp_path / "2.zip")
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()
    assert list(first.files) == [tmp_path / "1.zip"]
    with zipfile.ZipFile(tmp_path / "1.zip") as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [
            "annotations/instances.json", "images/a.jpg", "images/sub/b.jpg", "report.proof", "report.txt",
        ]  # fmt: skip
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.zip", "2.zip"]


def test_names_that_collide_or_lead_out_get_others_in_pack_and_json(tmp_path):
    made = packed({"": dataset("a.jpg", "A.jpg", "../../evil.jpg")}, tmp_path / "out")
    found = json.loads((tmp_path / "out/annotations/instances.json").read_text())["images"]
    assert [image["file_name"] for image in found] == ["a.jpg", "A-2.jpg", "evil-3.jpg"]
    assert made.outcome.pictures == {1: "images/a.jpg", 2: "images/A-2.jpg", 3: "images/evil-3.jpg"}
    assert made.outcome.lines == (
        "picture 'A.jpg' is 'A-2.jpg' in the pack",
        "picture '../../evil.jpg' is 'evil-3.jpg' in the pack",
    )
    assert sorted(path.name for path in (tmp_path / "out/images").iterdir()) == ["A-2.jpg", "a.jpg", "evil-3.jpg"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_without_pictures_names_stay_as_they_are(tmp_path):
    write({"": dataset("../a.jpg")}, tmp_path / "out")
    found = json.loads((tmp_path / "out/instances.json").read_text())["images"]
    assert found[0]["file_name"] == "../a.jpg"
    assert not (tmp_path / "out/images").exists()


@pytest.mark.parametrize("failure", [OSError("disk"), ImageError("a.jpg: gone")])
def test_a_zip_that_fails_leaves_nothing_behind(tmp_path, failure):
    def fails(image):
        raise failure

    with pytest.raises((ExportError, ImageError)):
        packed({"": dataset("a.jpg")}, tmp_path / "x.zip", pictures=fails)
    wrong = dataset("a.jpg")
    wrong = replace(wrong, instances=(replace(wrong.instances[0], category_id=9),))
    with pytest.raises(ExportError):
        packed({"": wrong}, tmp_path / "x.zip")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_whose_last_part_fails_stays_as_it_was(tmp_path):
    packed({"train": dataset("a.jpg"), "val": dataset("b.jpg")}, tmp_path / "out")
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    wrong = dataset("b.jpg")
    wrong = replace(wrong, instances=(replace(wrong.instances[0], category_id=9),))
    with pytest.raises(ExportError):
        packed({"train": dataset("c.jpg"), "val": wrong}, tmp_path / "out")
    assert {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()} == before
    with pytest.raises(ExportError):
        packed({"val": wrong}, tmp_path / "new" / "out")
    assert not (tmp_path / "new").exists()


def test_annotations_of_an_earlier_export_are_told(tmp_path):
    write({"train": dataset("a.jpg"), "test": dataset("b.jpg")}, tmp_path / "out")
    made = write({"train": dataset("a.jpg")}, tmp_path / "out")
    left = ["annotations/instances_test.json", "report_test.proof", "report_test.txt"]
    assert made.stale == tuple(tmp_path / "out" / name for name in left)


def test_what_any_format_left_is_told_until_it_is_gone_and_nothing_of_the_users(tmp_path):
    out = tmp_path / "out"
    (out / "labels").mkdir(parents=True)
    (out / "labels/mine.txt").write_text("mine")

    def write_files(*names):
        def written(parts, folder, *, options, pictures):
            for name in names:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_text(name)
            return Outcome({})

        format = replace(DEFAULT, write=written)
        made = pack.write({"": dataset("a.jpg")}, out, format=format, options=Options(), pictures=content)
        assert {path.relative_to(out).as_posix() for path in made.files} == set(names)
        return [path.relative_to(out).as_posix() for path in made.stale]

    assert write_files("labels/val/a.txt", "data.yaml", "labels/train/b.txt") == []
    assert write_files("instances.csv") == ["data.yaml", "labels/train/b.txt", "labels/val/a.txt"]
    assert write_files("data.yaml") == ["instances.csv", "labels/train/b.txt", "labels/val/a.txt"]
    (out / "labels/val/a.txt").unlink()
    assert write_files("data.yaml", "instances.csv") == ["labels/train/b.txt"]
    (out / ".export").write_bytes(b"\xff../../x\n")
    assert write_files("data.yaml") == ["instances.csv"]
