"""What a page says of the projects that its browser knows: text from anybody, of which only the shape is believed."""

import json

import pytest

from annotator.web.page.project_key import MAX_KEYS, Asked

KEY = "k" * 32


def test_a_page_says_what_it_wants_and_what_it_knows():
    text = json.dumps({"wanted": "0123456789abcdef", "last": KEY, "keys": [KEY, "l" * 32]})
    assert Asked.parse(text) == Asked("0123456789abcdef", KEY, (KEY, "l" * 32))


@pytest.mark.parametrize(
    "text", ["", None, KEY, "{}", "[]", "3", '{"wanted": "x", "last": "", "keys": 3}', "[" * 100_000, '{"keys": []}']
)
def test_what_has_another_shape_says_nothing(text):
    assert Asked.parse(text) == Asked()


def test_what_is_no_key_is_left_out_and_too_many_are_cut_off():
    text = json.dumps({"wanted": "x" * 1000, "last": "../..", "keys": [3, None, "short", KEY, *["m" * 32] * 500]})
    asked = Asked.parse(text)
    assert (len(asked.wanted), asked.last) == (100, "")
    assert asked.keys[0] == KEY
    assert len(asked.keys) <= MAX_KEYS
