"""Where somebody asks from, whatever they write into their request."""

import pytest
from starlette.datastructures import Headers

from annotator.core.errors import AnnotatorError
from annotator.web.sharing.visitor import address_of, trusted_proxies


@pytest.fixture(autouse=True)
def _nowhere(monkeypatch):
    monkeypatch.delenv("SPACE_ID", raising=False)
    monkeypatch.delenv("ANNOTATOR_TRUSTED_PROXIES", raising=False)


def said(*lines):
    return Headers(raw=[(b"x-forwarded-for", line.encode()) for line in lines])


def test_without_a_proxy_nobody_is_believed():
    assert address_of(said("1.2.3.4"), "5.6.7.8") == "5.6.7.8"


@pytest.mark.parametrize(
    ("count", "lines", "address"),
    [
        ("0", ["1.1.1.1"], "9.9.9.9"),
        ("1", ["1.1.1.1, 2.2.2.2"], "2.2.2.2"),
        ("2", ["1.1.1.1, 2.2.2.2, 10.0.0.1"], "2.2.2.2"),
        ("2", ["1.1.1.1, 2.2.2.2", "10.0.0.1"], "2.2.2.2"),  # a proxy may add a header of its own
        ("3", ["1.1.1.1, 2.2.2.2"], "9.9.9.9"),  # that came past the proxies
        ("1", [], "9.9.9.9"),
        ("1", [", ,"], "9.9.9.9"),
        ("1", ["2.2.2.2:4711"], "2.2.2.2"),
        ("1", ["[2001:db8:1:2:3::4]:4711"], "2001:db8:1:2::/64"),
        ("1", ["2001:db8:1:2:ffff::1"], "2001:db8:1:2::/64"),
        ("1", ["::ffff:2.2.2.2"], "2.2.2.2"),
        ("1", ["unknown" * 40], ("unknown" * 40)[:100]),
    ],
)
def test_the_hop_counts_that_the_setting_says(monkeypatch, count, lines, address):
    monkeypatch.setenv("ANNOTATOR_TRUSTED_PROXIES", count)
    assert address_of(said(*lines), "9.9.9.9") == address


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("8.8.8.8", "8.8.8.8"),
        ("1.1.1.1, 8.8.8.8", "8.8.8.8"),  # the first one the visitor wrote
        ("1.1.1.1, 8.8.8.8, 10.0.3.7, 172.16.0.9", "8.8.8.8"),
        ("10.0.3.7", "10.0.3.7"),
        ("", "9.9.9.9"),
    ],
)
def test_on_a_space_the_last_one_from_outside_counts(monkeypatch, forwarded, address):
    monkeypatch.setenv("SPACE_ID", "someone/annotator")
    assert address_of({"x-forwarded-for": forwarded}, "9.9.9.9") == address


def test_a_client_on_a_space_has_one_address_whatever_it_makes_up(monkeypatch):
    monkeypatch.setenv("SPACE_ID", "someone/annotator")
    made_up = [f"1.2.{number}.4, 8.8.8.8" for number in range(50)]
    assert {address_of({"x-forwarded-for": one}, "10.0.0.1") for one in made_up} == {"8.8.8.8"}


@pytest.mark.parametrize("text", ["two", "-1", "1.5", "1000"])
def test_a_setting_that_is_no_number_is_told(monkeypatch, text):
    monkeypatch.setenv("ANNOTATOR_TRUSTED_PROXIES", text)
    with pytest.raises(AnnotatorError, match="ANNOTATOR_TRUSTED_PROXIES"):
        trusted_proxies()
