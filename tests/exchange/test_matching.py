"""The picture that a name means, by one rule for folders, projects, checks and results."""

import os
import unicodedata

import pytest

from annotator.exchange.matching import Folder, Names

LETTER = "é"


def find(names, name, *, beside=""):
    return Names((one, one) for one in names).find(name, beside=beside)


@pytest.mark.parametrize(
    ("names", "name", "found"),
    [
        (["a/1.png", "1.png"], "1.png", "1.png"),
        (["a/1.png", "b/1.png"], "b/1.png", "b/1.png"),
        (["a/1.png", "b/2.png"], "1.png", "a/1.png"),
        (["a/1.png"], "other/1.png", "a/1.png"),
        (["x/images/1.png", "x/masks/1.png"], "images/1.png", "x/images/1.png"),
        (["images/1/aa.png"], "images\\1/aa.png", "images/1/aa.png"),
        (["back\\slash.png"], "back\\slash.png", "back\\slash.png"),
        (["a.png"], "./b/../a.png", "a.png"),
        (
            [unicodedata.normalize("NFD", f"{LETTER}.png")],
            f"{LETTER}.png",
            unicodedata.normalize("NFD", f"{LETTER}.png"),
        ),
        ([f"d{LETTER}cran.png"], "d%C3%A9cran.png", f"d{LETTER}cran.png"),
        (["d%C3%A9cran.png"], f"d{LETTER}cran.png", "d%C3%A9cran.png"),
        (["a%20b.png", "a b.png"], "a%20b.png", "a%20b.png"),
        (["a%20b.png", "a b.png"], "a b.png", "a b.png"),
        (["100%.png"], "x/100%.png", "100%.png"),
        (["a/b c.png"], "a%2Fb%20c.png", "a/b c.png"),
        (["u v.png"], "https://host/x/u%20v.png?sig=a/b#c", "u v.png"),
        (["a?b.png"], "a?b.png", "a?b.png"),
    ],
)
def test_a_name_means_what_is_called_so_or_else_what_alone_has_its_last_part(names, name, found):
    assert find(names, name).found == found


def test_what_lies_beside_the_file_that_says_the_name_comes_first():
    names = ["data/train/1.png", "data/valid/1.png", "1.png", "data/valid/images/2.png", "data/train/images/2.png"]
    assert find(names, "1.png", beside="data/valid").found == "data/valid/1.png"
    assert find(names[:2], "1.png", beside="x/data/valid").found == "data/valid/1.png"
    assert find(names, "1.png").found == "1.png"
    assert find(names, "2.png", beside="data/train").found == "data/train/images/2.png"
    assert find(names, "../valid/1.png", beside="data/train").found == "data/valid/1.png"


@pytest.mark.parametrize(
    ("called", "found"),
    [
        ("instances_train2017", "train2017/1.png"),
        ("VAL2017", "val2017/1.png"),
        ("my-train2017.coco", "train2017/1.png"),
        ("instances_test2017", None),
        ("train2017_val2017", None),
        ("1", None),
        ("", None),
    ],
)
def test_of_two_of_one_name_the_one_in_the_folder_that_the_file_is_called_after(called, found):
    names = ["train2017/1.png", "val2017/1.png", "train2017/2.png"]
    assert Names((one, one) for one in names).find("1.png", beside="annotations", called=called).found == found


def test_a_name_that_several_have_is_nobodys_and_says_whose():
    sought = find([f"{letter}/1.png" for letter in "abcdefg"], "1.png")
    assert sought.found is None
    assert (
        sought.why_not("none")
        == "7 pictures have that name: 'a/1.png', 'b/1.png', 'c/1.png', 'd/1.png', 'e/1.png', ..."
    )


def test_other_capitals_are_another_name_and_a_hint():
    sought = find(["street/A.JPG"], "a.jpg")
    assert sought.found is None
    assert sought.why_not("none") == "none; there is 'street/A.JPG', spelled otherwise"
    assert find(["b.png"], "a.jpg").why_not("none") == "none"


def test_a_name_with_no_text_in_it_finds_nothing_and_breaks_nothing():
    for name in ("\0", "\ud800", "%", "%FF", "%00", "..", "/", ".", "a/" * 500):
        assert find(["x/a.png", "%FF"], name).found in (None, "%FF")


@pytest.fixture
def folder(tmp_path):
    for name in ("train/1.png", "valid/1.png", "2.png", "._2.png", "sub/._3.png"):
        path = tmp_path / "pictures" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / "secret.png").write_text("secret")
    return tmp_path / "pictures"


def test_a_folder_is_searched_beside_the_file_first_and_never_left(folder):
    def text(name, beside=None):
        found = Folder(folder, beside=beside).find(name).found
        return None if found is None else found.read_text()

    assert text("1.png", folder / "valid") == "valid/1.png"
    assert text("1.png", folder.parent) is None
    assert text("2.png", folder / "valid") == "2.png"
    assert text("x/2.png") == "2.png"
    assert text("3.png") is None  # macOS's own
    for name in ("../secret.png", "/etc/passwd", str(folder.parent / "secret.png"), "train", "\0"):
        assert text(name, folder / "train") is None


@pytest.mark.skipif(os.name == "nt" or os.uname().sysname == "Darwin", reason="names are text there")
def test_a_name_that_is_no_utf8_is_found_by_the_text_that_stands_for_it(folder):
    name = b"caf\xe9.png"
    (folder / os.fsdecode(name)).write_text("odd")
    assert Folder(folder).find("caf?.png").found.read_text() == "odd"
    assert Folder(folder).find("caf%E9.png").found.read_text() == "odd"
