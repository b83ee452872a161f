"""Which pictures files and folders mean."""

import os
from pathlib import Path

import pytest

from annotator.core.errors import ImageError
from annotator.vision.pictures.finding import count_hidden, find_pictures, relative_names
from tests.conftest import picture


@pytest.fixture
def photographs(tmp_path):
    folder = tmp_path / "photographs"
    (folder / "sub").mkdir(parents=True)
    for index in range(3):
        (folder / "sub" / f"{index:02}.png").write_bytes(picture(seed=index))
    return folder


def test_a_picture_that_is_named_in_two_ways_is_one(photographs, monkeypatch):
    monkeypatch.chdir(photographs / "sub")
    found = find_pictures([Path("00.png"), Path("..") / "sub" / "00.png", photographs])
    assert [path.name for path in found] == ["00.png", "01.png", "02.png"]
    assert found[0] == Path("00.png")


def test_names_are_told_from_the_folder_that_all_pictures_share(photographs, monkeypatch):
    monkeypatch.chdir(photographs / "sub")
    paths = [Path("00.png"), Path("..") / "sub" / "01.png"]
    assert list(relative_names(paths).values()) == ["00.png", "01.png"]
    assert relative_names([]) == {}


def test_pictures_of_one_name_in_two_folders_stay_apart(tmp_path):
    for index, folder in enumerate(("a", "b")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.png").write_bytes(picture(seed=index))
    paths = find_pictures([tmp_path / "a", tmp_path / "b"])
    assert list(relative_names(paths).values()) == ["a/x.png", "b/x.png"]


@pytest.mark.parametrize(
    "hidden", ["._a.png", ".trashed-a.png", ".ipynb_checkpoints/a-checkpoint.png", "sub/@eaDir/a.png", "__MACOSX/a.png"]
)
def test_what_is_hidden_in_a_folder_is_passed_over_and_counted(photographs, hidden):
    path = photographs / hidden
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(picture(seed=9))
    assert [found.name for found in find_pictures([photographs])] == ["00.png", "01.png", "02.png"]
    assert count_hidden([photographs, path]) == 1
    assert find_pictures([path]) == [path]  # somebody names it
    assert count_hidden([path.parent]) == path.name.startswith(".")  # or its folder


def test_a_path_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ImageError, match=r"nowhere: no such file or folder"):
        find_pictures([tmp_path / "nowhere"])


def test_a_folder_gives_its_pictures_once_in_order_and_nothing_else(photographs):
    (photographs / "notes.txt").write_text("no picture")
    os.symlink(photographs / "sub" / "00.png", photographs / "broken.png.lnk")
    (photographs / "sub" / "03.JPG").write_bytes(picture(suffix=".jpg"))
    found = find_pictures([photographs, photographs / "sub" / "01.png"])
    assert [path.name for path in found] == ["00.png", "01.png", "02.png", "03.JPG"]
