"""Names of files become ones that any system can write, each its own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.core.dataset import Image
from annotator.exchange.names import safe_names


def named(*names):
    return list(safe_names([Image(id, name, 2, 2, "") for id, name in enumerate(names)]).values())


def test_safe_names_stay():
    names = ["a.jpg", "folder/b c.png", "ж/日本.webp", "no suffix"]
    assert named(*names) == names


@pytest.mark.parametrize(
    "name",
    ["../a.jpg", "/etc/passwd", "a/../../b", "C:\\x.jpg", "a\\b.jpg", "con.jpg", "a/", "", ".", "..", "a\0b",
     "a\nb.jpg", "x" * 300 + ".jpg", " a.jpg", "a.jpg.", "a:b.jpg", "<script>.jpg", ".hidden/../x"],
)  # fmt: skip
def test_an_unsafe_name_is_replaced_below_the_folder(name):
    (made,) = named(name)
    assert made != name
    assert "/" not in made
    assert named(made) == [made]  # which is safe


def test_a_name_that_is_anothers_in_other_capitals_is_replaced():
    made = named("a.jpg", "A.JPG", "a.jpg", "a-2.jpg", "b.jpg")
    assert len({name.lower() for name in made}) == 5
    assert (made[0], made[4]) == ("a.jpg", "b.jpg")


def test_a_file_is_never_where_a_folder_is():
    made = named("a", "a/b.jpg", "x/y.jpg", "X", "a/c.jpg")
    assert (made[0], made[2]) == ("a", "x/y.jpg")
    assert made[1] != "a/b.jpg"
    assert made[3] != "X"


@given(st.lists(st.text(st.sampled_from("abA/.\\: \nä\0"), max_size=8) | st.text(max_size=12), max_size=8))
def test_any_names_become_different_safe_ones(names):
    made = named(*names)
    assert len({name.lower() for name in made}) == len(names)
    assert not any(name.startswith("/") or ".." in name.split("/") for name in made)
    assert named(*made) == made
