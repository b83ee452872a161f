"""Which characters a name may have: those that show, and those that space or join others."""

from __future__ import annotations

import unicodedata

_NEVER = frozenset(("Cc", "Cs", "Zl", "Zp"))  # control characters, halves of surrogate pairs, ends of lines
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They turn the direction of what stands behind them, so that a name reads as another one."""


def is_plain(text: str) -> bool:
    """Whether a text can stand in a line, a file's name and XML: nothing in it ends the line or commands a terminal.

    More than `str.isprintable` takes: macOS puts a no-break space into the names of screenshots, Persian, Indian
    languages and emoji are written with joiners, and an emoji may be younger than this Python.

    >>> is_plain("پیاده\u200cرو"), is_plain("10.32\u202fAM"), is_plain("a\\nb"), is_plain("\u202egnp.exe")
    (True, True, False, False)
    """
    return text.isprintable() or all(map(_is_plain_letter, text))


def escaped(text: str) -> str:
    """A text as one line that commands nothing: `\\n` and the like where something is not plain."""
    if is_plain(text):
        return text
    return "".join(one if _is_plain_letter(one) else one.encode("unicode_escape").decode() for one in text)


def _is_plain_letter(letter: str) -> bool:
    return letter.isprintable() or not (
        unicodedata.category(letter) in _NEVER or letter in _TURNING or _is_no_character(ord(letter))
    )


def _is_no_character(code: int) -> bool:
    return 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE
