"""A key is the only permission."""

import pytest

from annotator.web.keys import is_key, make_key


@pytest.mark.parametrize("key", ["x", "a" * 32, "..%2f..%2fetc", "%00"])
def test_a_key_that_opens_nothing_says_so(client, key):
    answer = client.get(f"/annotator/{key}/queue")
    assert answer.status_code == 404
    assert "project" in answer.text or "nothing is there" in answer.text


def test_keys_are_told_by_their_form_and_none_comes_twice():
    keys = {make_key() for _ in range(100)}
    assert len(keys) == 100
    assert all(is_key(key) for key in keys)
    assert not any(is_key(text) for text in ("", "x" * 31, "x" * 33, "x" * 31 + "/", "x" * 32 + "\n", None, 3))
