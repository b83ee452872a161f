"""Names of files become ones that any system can write, each its own."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.core.dataset import Image
from annotator.exchange.names import flat_names, folded, plain_names, safe_names


def named(*names):
    return list(safe_names([Image(id, name, 2, 2, "") for id, name in enumerate(names)]).values())


def test_safe_names_stay():
    names = [
        "a.jpg",
        "folder/b c.png",
        "ж/日本.webp",
        "no suffix",
        "10.32.11\u202fAM.png",
        "پیاده\u200cرو.jpg",
        "👩\u200d🚀.jpg",
    ]
    assert named(*names) == names


@pytest.mark.parametrize(
    "name",
    ["../a.jpg", "/etc/passwd", "a/../../b", "C:\\x.jpg", "a\\b.jpg", "con.jpg", "a/", "", ".", "..", "a\0b",
     "a\nb.jpg", "a\u2028b.jpg", "\u202egnp.jpg", "\ud800.jpg", "\uffff.jpg",
     "x" * 300 + ".jpg", " a.jpg", "a.jpg.", "a:b.jpg", "<script>.jpg", ".hidden/../x"],
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


@pytest.mark.parametrize(
    ("one", "other"), [("\u00e9", "e\u0301"), ("\u00c9", "e\u0301"), ("STRASSE", "stra\u00dfe"), ("\u0130", "i\u0307")]
)
def test_names_that_some_system_takes_for_one_fold_to_one(one, other):
    assert folded(one) == folded(other)
    assert len({folded(name) for name in named(f"{one}.jpg", f"{other}.jpg")}) == 2


@given(st.text(max_size=12))
def test_a_folded_name_folds_to_itself_however_it_was_composed(name):
    assert folded(folded(name)) == folded(name)
    assert {folded(unicodedata.normalize(form, name)) for form in ("NFC", "NFD")} == {folded(name)}


@pytest.mark.parametrize("letter", ["日", "🖍", "ä"])
def test_a_name_that_is_longer_than_systems_take_gets_shorter(letter):
    (made,) = named(f"{letter * 190}.jpg")
    assert len(made.encode()) <= 230
    assert made.endswith(".jpg")


def test_a_stem_has_no_space_at_its_end():
    assert flat_names([Image(1, "a .jpg", 2, 2, ""), Image(2, "a.png", 2, 2, "")]) == {1: "a.jpg", 2: "a-2.png"}


def test_flat_names_have_stems_of_their_own():
    images = [Image(id, name, 2, 2, "") for id, name in enumerate(["a/b.jpg", "a_b.png", "A/B.webp", "c"])]
    made = flat_names(images)
    assert made[0] == "a_b.jpg"
    assert made[3] == "c"
    assert len({folded(name.rpartition(".")[0] or name) for name in made.values()}) == 4


@given(st.lists(st.text(st.sampled_from("ab:_ \x01"), max_size=4), max_size=6, unique=True))
def test_plain_names_keep_what_can_be_held_and_stay_apart(names):
    made = plain_names(names, holds=lambda letter: letter.isprintable() and letter != ":")
    assert len(set(made)) == len(names)
    for old, new in zip(names, made, strict=True):
        assert new == new.strip()
        assert new
        assert ":" not in new
        assert new.isprintable()
        if old.isprintable() and ":" not in old and old == old.strip() and old:
            assert new == old
