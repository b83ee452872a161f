"""Which models there are, and what their descriptions must look like."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.core.categories import COCO_CATEGORIES
from annotator.core.dataset import Category
from annotator.core.errors import ModelError
from annotator.vision.networks import zoo
from annotator.vision.networks.description import description_text, read_description
from annotator.vision.networks.model_info import ModelFile, ModelInfo

DESCRIPTION = """
name = "mine"
title = "my-own-network"
version = "3"
threshold = 0.4
[input]
resize = "fit"
pad = 114
order = "RGB"
mean = [123.675, 116.28, 103.53]
scale = [58.395, 57.12, 57.375]
[fetch]
base = "https://example.org/models/"
[[categories]]
id = 91
name = "helmet"
supercategory = "safety"
[[files]]
precision = "FP16"
name = "model.bin"
bytes = 4
sha384 = "{sha384}"
source = "mine/model.bin"
"""
SHA384 = hashlib.sha384(b"good").hexdigest()


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for fetched and added models."""
    folder = tmp_path / "models"
    folder.mkdir()
    monkeypatch.setenv("ANNOTATOR_MODELS", str(folder))
    return folder


def described(folder: Path, *, text: str = DESCRIPTION) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "model.toml").write_text(text.replace("{sha384}", SHA384))
    return folder / "model.toml"


# --- the networks of the mission ------------------------------------------------------------------------------------


def test_the_published_networks_are_described_as_published() -> None:
    person, security = zoo.find("person-0007"), zoo.find("security-0002")
    assert (person.resize, person.order, person.source) == ("stretch", "BGR", "person-0007@2023.0")
    assert [category.name for category in person.categories] == ["person"]
    assert [(file.precision, file.name, file.bytes) for file in person.files] == [
        ("FP16", "model.xml", 3975487),
        ("FP16", "model.bin", 14121850),
    ]
    assert (security.resize, security.order, security.pad) == ("fit", "BGR", 0)
    assert security.categories == COCO_CATEGORIES
    assert {(*info.mean, *info.scale) for info in (person, security)} == {(0, 0, 0, 1, 1, 1)}
    assert all(
        file.source and file.source.startswith("https://storage.openvinotoolkit.org/repositories/open_model_zoo/202")
        for info in (person, security)
        for file in info.files
    )


@pytest.mark.parametrize("name", ["person-0007", "instance-segmentation-person-0007", " PERSON-0007 "])
def test_a_model_is_found_by_its_short_and_its_full_name(name: str) -> None:
    assert zoo.find(name).name == "person-0007"


def test_an_unknown_name_is_told_what_there_is() -> None:
    with pytest.raises(ModelError, match=r"model 'yolo': not known, there are .*person-0007.*security-0002"):
        zoo.find("yolo")


def test_the_precision_is_chosen_by_the_environment_where_the_model_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANNOTATOR_PRECISION", "FP16-INT8")
    assert {file.precision for file in zoo.find("security-0002").files} == {"FP16-INT8"}
    assert {file.precision for file in zoo.find("person-0007").files} == {"FP16"}
    assert zoo.find("security-0002").missing_bytes <= 1032983 + 44534478


# --- descriptions ---------------------------------------------------------------------------------------------------


def test_a_description_is_read_to_the_last_key(tmp_path: Path) -> None:
    info = read_description(described(tmp_path))
    assert info == ModelInfo(
        name="mine",
        title="my-own-network",
        version="3",
        folder=tmp_path,
        resize="fit",
        pad=114,
        order="RGB",
        mean=(123.675, 116.28, 103.53),
        scale=(58.395, 57.12, 57.375),
        categories=(Category(91, "helmet", "safety"),),
        threshold=0.4,
        files=(ModelFile("FP16", "model.bin", 4, SHA384, "https://example.org/models/mine/model.bin"),),
        description="",
        base="https://example.org/models/",
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name = "mine"\ntitle', "title", "name: missing, expected lower-case letters"),
        ('name = "mine"\ntitle', 'name = "../mine"\ntitle', r"name: found '\.\./mine', expected lower-case"),
        ('resize = "fit"', 'resize = "strech"', 'input.resize: found \'strech\', expected "stretch", "fit"'),
        (
            'resize = "fit"',
            "",
            'input.resize: missing, expected "stretch", "fit", "center", "letterbox" or "shrink"',
        ),
        ("pad = 114", "pad = 300", "input.pad: found '300', expected a whole number 0..255"),
        ("pad = 114", "padding = 1", "input.padding: unknown key"),
        ("scale = [58.395", "scale = [0", "input.scale: found .*, expected 3 numbers other than 0"),
        ("mean = [123.675,", "mean = [nan,", "input.mean: found .*, expected 3 numbers"),
        ("threshold = 0.4", "threshold = 40", "threshold: found '40', expected a number 0..1"),
        ("threshold = 0.4", "treshold = 0.4", "treshold: unknown key"),
        ("id = 91", "id = 0", r"categories\[0\].id: found '0', expected a whole number from 1"),
        ("[[categories]]", "[[labels]]", "categories: missing"),
        ("bytes = 4", "bytes = true", r"files\[0\].bytes: found 'True', expected a whole number from 1"),
        ('name = "model.bin"', 'name = "../model.bin"', r"files\[0\].name: found '\.\./model.bin', expected a plain"),
        ('source = "mine', 'source = "file:///etc', r"files\[0\].source: found 'file:///etc"),
        ("https://example.org/models/", "ftp://example.org/", "fetch.base: found 'ftp://"),
        ("{sha384}", "abc", r"files\[0\].sha384: found 'abc', expected 96"),
        ("[input]", "[input", "is not TOML"),
    ],
)
def test_a_wrong_description_names_file_key_found_and_expected(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert old in DESCRIPTION
    path = described(tmp_path, text=DESCRIPTION.replace(old, new, 1))
    with pytest.raises(ModelError, match=message) as error:
        read_description(path)
    assert str(error.value).startswith(f"{path}: ")
    assert "\n" not in str(error.value)


def test_two_classes_may_not_share_a_category(tmp_path: Path) -> None:
    twice = DESCRIPTION.replace("[[files]]", '[[categories]]\nid = 91\nname = "vest"\n[[files]]')
    with pytest.raises(ModelError, match=r"categories\[1\].id: found 91 again"):
        read_description(described(tmp_path, text=twice))


names = st.text(st.characters(blacklist_categories=("Cc", "Cs", "Zl", "Zp", "Zs", "Cf", "Co", "Cn")), min_size=1)
numbers = st.floats(-1e6, 1e6)


@given(
    title=names,
    threshold=st.floats(0, 1),
    mean=st.tuples(numbers, numbers, numbers),
    category=st.builds(Category, st.integers(1, 2**31 - 1), names, names),
)
def test_a_written_description_reads_back_as_the_same_model(
    tmp_path_factory: pytest.TempPathFactory,
    title: str,
    threshold: float,
    mean: tuple[float, float, float],
    category: Category,
) -> None:
    folder = tmp_path_factory.mktemp("description")
    info = ModelInfo(
        name="mine",
        title=title,
        version="1",
        folder=folder,
        resize="stretch",
        pad=0,
        order="BGR",
        mean=mean,
        scale=(1, 2, 3),
        categories=(category,),
        threshold=threshold,
        files=(ModelFile("FP32", "model.xml", 3, SHA384), ModelFile("FP32", "model.bin", 3, SHA384)),
        description='a "quoted"\nline \x7f of text',
    )
    path = folder / "model.toml"
    path.write_text(description_text(info), encoding="utf-8")
    assert read_description(path) == info


# --- what lies on disk ----------------------------------------------------------------------------------------------


def test_a_flipped_bit_on_disk_is_found_every_time_the_file_has_changed(models: Path) -> None:
    described(models / "mine")
    (models / "mine" / "model.bin").write_bytes(b"good")
    info = zoo.find("mine")
    assert info.present
    assert info.missing_bytes == 0
    zoo.verify(info)
    (models / "mine" / "model.bin").write_bytes(b"gooe")
    assert info.present
    with pytest.raises(ModelError, match=r"model\.bin: SHA-384 .*…, expected .*…; delete it and fetch mine again"):
        zoo.verify(info)


def test_a_missing_or_short_file_is_named(models: Path) -> None:
    described(models / "mine")
    info = zoo.find("mine")
    assert not info.present
    assert info.missing_bytes == 4
    with pytest.raises(ModelError, match=r"model\.bin: not there; fetch mine first"):
        zoo.verify(info)
    (models / "mine" / "model.bin").write_bytes(b"goo")
    assert not info.present
    with pytest.raises(ModelError, match=r"model\.bin: 3 bytes, expected 4"):
        zoo.verify(info)


def test_files_of_a_published_network_land_in_the_chosen_folder(models: Path) -> None:
    assert zoo.find("person-0007").folder == models / "person-0007"


def test_a_broken_description_hides_no_other_model(models: Path) -> None:
    described(models / "mine")
    described(models / "broken", text="name = ")
    described(models / "renamed")
    found = zoo.survey()
    assert {"mine", "person-0007", "security-0002"} <= {info.name for info in found.models}
    assert set(found.problems) == {"broken", "renamed"}
    with pytest.raises(ModelError, match="is not TOML"):
        zoo.find("broken")
    with pytest.raises(ModelError, match="name: found 'mine', expected 'renamed' as its folder has it"):
        zoo.find("renamed")


def test_a_model_laid_down_by_hand_without_hashes_is_what_it_is(models: Path) -> None:
    by_hand = DESCRIPTION.partition("[[files]]")[0]
    described(models / "mine", text=by_hand)
    assert not zoo.find("mine").present
    (models / "mine" / "model.xml").write_bytes(b"graph")
    (models / "mine" / "model.bin").write_bytes(b"good")
    info = zoo.find("mine")
    assert info.present
    zoo.verify(info)
    assert [file.hash == SHA384 for file in info.files] == [False, True]
