"""An export as a dataset on the Hub: what the library `datasets` reads of it, and a card that is true."""

import json
import shutil
from dataclasses import replace

import pytest

from annotator.core.masks import Rle, rle_to_mask
from annotator.exchange import pack, repository
from annotator.exchange.formats import FORMATS, Options
from annotator.exchange.leaving import Written
from tests.exchange.formats.conftest import content, dataset_of, disc

MASK = disc(20, 20, 9, 4)


def sent(folder, name, *, parts=("",), with_images=False, dataset=None):
    """The export as it would be sent, laid out in a folder; and the card's text."""
    format = FORMATS[name]
    if format.library:
        pytest.importorskip(format.library, reason=f"the extra {format.extra} is not installed")
    whole = dataset or dataset_of(MASK, boxes=[(10, 10, 40, 30)])
    dealt = {"": whole}
    if len(parts) == 2:
        first = replace(whole, images=whole.images[:1])
        second = replace(
            whole,
            images=tuple(replace(image, id=image.id + 10, file_name=f"x{image.file_name}") for image in whole.images),
            instances=tuple(replace(one, id=one.id + 10, image_id=one.image_id + 10) for one in whole.instances),
        )
        dealt = dict(zip(parts, (first, second), strict=True))
    options = Options(with_images=with_images)
    packed = pack.write(dealt, folder / "out", format=format, options=options, pictures=content)
    lines = tuple(line for report in packed.outcome.reports.values() for line in report.to_text().splitlines())
    written = Written(format, packed.files, lines, dealt, packed.outcome.pictures)
    for path, found in repository.repository(written, folder / "out", name="somebody/helmets").items():
        target = folder / "sent" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(found, bytes):
            target.write_bytes(found)
        else:
            shutil.copyfile(found, target)
    return folder / "sent", (folder / "sent/README.md").read_text("utf-8")


SENT = [(name, with_images) for name, one in FORMATS.items() for with_images in {False, "with_images" in one.takes}]


@pytest.fixture
def load(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    datasets = pytest.importorskip("datasets", reason="the extra datasets is not installed")

    def loaded(folder, *config):
        return datasets.load_dataset(str(folder), *config, cache_dir=str(tmp_path / "cache"))

    return loaded


@pytest.mark.parametrize("parts", [("",), ("train", "val")])
@pytest.mark.parametrize(("name", "with_images"), SENT)
def test_the_library_reads_pictures_and_objects_of_every_part(load, tmp_path, name, with_images, parts):
    folder, _ = sent(tmp_path, name, parts=parts, with_images=with_images)
    found = load(folder)
    assert list(found) == [part or "train" for part in parts]
    row = found["train"][0]
    shown = row["objects"][0]
    assert (shown["category"], shown["category_id"], shown["bbox"]) == ('каска: "x"', 91, [12.0, 12.0, 17.0, 17.0])
    assert (rle_to_mask(Rle(row["height"], row["width"], shown["rle"])) == MASK).all()
    if with_images or FORMATS[name].brings_pictures:
        assert row["image"].size == (80, 60)
        assert row["image"].convert("RGB").getpixel((0, 0)) == (row["image_id"],) * 3
    last = found["val"] if "val" in found else found["train"]
    pictures = 1 if name == "yolo-seg" else 2  # it has no boxes
    assert last.num_rows == pictures
    if pictures == 2:
        assert (last[1]["objects"][0]["rle"], last[1]["objects"][0]["bbox"]) == ("", [10.0, 10.0, 40.0, 30.0])


def test_a_part_in_which_nothing_is_there_is_a_configuration_of_its_own(load, tmp_path):
    whole = dataset_of(MASK)
    parts = {
        "train": replace(whole, images=whole.images[:1]),
        "val": replace(whole, images=whole.images[1:], instances=()),
    }
    packed = pack.write(
        parts, tmp_path / "out", format=FORMATS["coco"], options=Options(with_images=True), pictures=content
    )
    written = Written(FORMATS["coco"], packed.files, (), parts, packed.outcome.pictures)
    for path, found in repository.repository(written, tmp_path / "out", name="a/b").items():
        target = tmp_path / "sent" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(found if isinstance(found, bytes) else found.read_bytes())
    assert list(load(tmp_path / "sent")) == ["train"]
    assert load(tmp_path / "sent", "val")["val"][0]["objects"] == []


def test_the_annotations_find_their_pictures_where_these_were_moved(tmp_path):
    folder, _ = sent(tmp_path, "coco", parts=("train", "val"), with_images=True)
    for part in ("train", "val"):
        for image in json.loads((folder / f"annotations/instances_{part}.json").read_text())["images"]:
            assert (folder / "images" / part / image["file_name"]).is_file()
    assert not (folder / "images" / "a.jpg").exists()


def named(*names):
    """A dataset of two pictures of these names, with an object on the first."""
    whole = dataset_of(MASK)
    return replace(
        whole, images=tuple(replace(one, file_name=name) for one, name in zip(whole.images, names, strict=True))
    )


@pytest.mark.parametrize(("name", "with_images"), [one for one in SENT if one[1] or FORMATS[one[0]].brings_pictures])
def test_no_picture_is_in_two_parts_where_all_lie_in_one_folder(tmp_path, name, with_images):
    folder, card = sent(
        tmp_path, name, parts=("train", "val"), with_images=with_images, dataset=named("a.png", "b.png")
    )
    rows = {part.parent: part.read_text().splitlines() for part in folder.rglob("metadata.jsonl")}
    assert sorted(json.loads(row)["image_id"] for lines in rows.values() for row in lines) == [1, 11, 12]
    for home, lines in rows.items():
        assert {json.loads(row)["file_name"] for row in lines} == {path.name for path in home.glob("*.png")}
        assert f'"{home.relative_to(folder).as_posix()}/' in card


@pytest.mark.parametrize("parts", [("",), ("train", "val")])
def test_a_folder_whose_name_is_a_pattern_is_read(load, tmp_path, parts):
    dataset = named("batch [1]/a.png", "batch [1]/b.png")
    found = load(sent(tmp_path, "coco", parts=parts, with_images=True, dataset=dataset)[0])
    assert {name: len(rows) for name, rows in found.items()} == (
        {"train": 2} if parts == ("",) else {"train": 1, "val": 2}
    )


@pytest.mark.parametrize("name", [name for name, one in FORMATS.items() if one.keeps_pictures])
def test_pictures_stay_where_the_formats_files_look_for_them(tmp_path, name):
    folder, _ = sent(tmp_path, name, parts=("train", "val"), with_images="with_images" in FORMATS[name].takes)
    kept = {path.name for path in folder.rglob("*.jpg") if "data" not in path.relative_to(folder).parts}
    assert kept == {"xa.jpg"}


@pytest.mark.parametrize(("name", "with_images"), SENT)
def test_the_card_speaks_of_its_own_format(tmp_path, name, with_images):
    yaml = pytest.importorskip("yaml")
    format = FORMATS[name]
    _, card = sent(tmp_path, name, with_images=with_images)
    front = yaml.safe_load(card.split("---")[1])
    assert front["tags"] == ["annotator", *format.tags]
    assert front["task_categories"] == list(format.tasks)
    assert repository.MARK in card
    assert format.holds in card
    for other in FORMATS.values():
        assert (f"as {other.title}:" in card) == (other is format)
    assert "read back" in card


def test_more_files_than_the_hub_takes_in_one_folder_are_refused_before_anything_is_sent(monkeypatch, tmp_path):
    monkeypatch.setattr(repository, "_MOST_FILES", 2)
    with pytest.raises(repository.ExportError, match="3 files in one folder, the Hub takes at most 2"):
        sent(tmp_path, "coco", with_images=True, dataset=dataset_of(MASK))
