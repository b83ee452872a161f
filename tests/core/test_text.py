"""Names: what may stand in a line, and what is shown of the rest."""

import sys
import unicodedata
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.core.text import escaped, is_plain


@pytest.mark.parametrize(
    "text", ["", "a b", "Zürich", "10.32\u202fAM", "a\xa0b", "پیاده\u200cرو", "👩\u200d🚀", "ไม้\u200bเท้า", "\ue000"]
)
def test_what_people_write_is_plain(text):
    assert is_plain(text)
    assert escaped(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "\n",
        "\r",
        "\t",
        "\0",
        "\x1b[2J",
        "\x7f",
        "\x85",
        "\u2028",
        "\u2029",
        "\ud800",
        "\ufffe",
        "\U0001ffff",
        "\ufdd0",
        "\u202e",
        "\u2067",
    ],
)
def test_what_breaks_commands_or_turns_a_line_is_not(text):
    assert not is_plain(f"a{text}b")
    assert is_plain(escaped(f"a{text}b"))


@given(st.text())
def test_what_is_escaped_is_one_line_that_any_file_holds(text):
    line = escaped(text)
    assert is_plain(line)
    assert len(line.splitlines()) == (line != "")
    assert line.encode().decode() == line


def test_xml_holds_whatever_is_plain():
    letters = "".join(letter for letter in map(chr, range(sys.maxunicode + 1)) if is_plain(letter))
    element = ElementTree.Element("name")
    element.text = letters
    assert ElementTree.fromstring(ElementTree.tostring(element, "utf-8")).text == letters
    assert {unicodedata.category(letter) for letter in letters} & {"Cc", "Cs", "Zl", "Zp"} == set()
