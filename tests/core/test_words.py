"""Numbers agree with their nouns."""

import pytest

from annotator.core.words import are, counted


@pytest.mark.parametrize(
    ("number", "expected"), [(0, "0 images"), (1, "1 image"), (2, "2 images"), (12_345, "12,345 images")]
)
def test_a_number_agrees_with_its_noun(number, expected):
    assert counted(number, "image") == expected


def test_a_noun_may_have_a_plural_of_its_own():
    assert [counted(number, "category", "categories") for number in (1, 2)] == ["1 category", "2 categories"]


def test_one_thing_is_and_several_are():
    assert [are(number) for number in (0, 1, 2)] == ["are", "is", "are"]
