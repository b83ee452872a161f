"""The values that were used last are kept."""

import pytest

from annotator.system.latest import Latest, SharedLatest


def test_what_was_used_last_is_kept_and_made_once():
    made = []
    latest = Latest(2)

    def get(key):
        return latest.get(key, lambda: made.append(key) or key.upper())

    assert [get(key) for key in ("a", "b", "a", "c")] == ["A", "B", "A", "C"]
    assert [key in latest for key in ("a", "b", "c")] == [True, False, True]
    get("b")
    assert made == ["a", "b", "c", "b"]


def test_the_latest_stays_whatever_it_takes():
    latest = Latest(8, most_bytes=10, bytes_of=len)
    for value in ("1234", "12345", "123", "123456789012"):
        latest.get(value, lambda: value)  # noqa: B023
        kept = [one for one in ("1234", "12345", "123", "123456789012") if one in latest]
        assert sum(map(len, kept)) <= 10 or kept == [value]
    assert latest.get("123456789012", str) == "123456789012"


def test_what_cannot_be_made_is_not_kept():
    latest = Latest(2)
    with pytest.raises(ZeroDivisionError):
        latest.get("a", lambda: 1 / 0)
    assert latest.get("a", lambda: 5) == 5


def test_who_keeps_the_most_pushes_out_their_own():
    shared = SharedLatest(4)
    for key in [("ann", 1), ("ann", 2), *(("bob", n) for n in range(50))]:
        shared.get(key, lambda: 0)
    assert [key for key in [("ann", 1), ("ann", 2), ("bob", 48), ("bob", 49)] if key not in shared] == []
    for n in range(9):
        shared.get((f"visitor {n}", n), lambda: 0)
    assert ("visitor 8", 8) in shared
