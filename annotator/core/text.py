"""Which characters a name may have: those that show, and those that space or join others."""

from __future__ import annotations

import unicodedata

_NEVER = frozenset(("Cc", "Cs", "Zl", "Zp"))  # control characters, halves of surrogate pairs, ends of lines
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They turn the direction of what stands behind them, so that a name reads as another one."""


_UNSEEN = frozenset(("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"))
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | frozenset(
    chr(code)
    for first, last in ((0x180B, 0x180F), (0xFE00, 0xFE0F), (0xE0100, 0xE01EF))
    for code in range(first, last + 1)
)
"""Letters, marks and signs that are drawn as nothing: joiners, fillers, choices of another form."""


def is_plain(text: str) -> bool:
    """Whether a text can stand in a line, a file's name and XML: nothing in it ends the line or commands a terminal.

    More than `str.isprintable` takes: macOS puts a no-break space into the names of screenshots, Persian, Indian
    languages and emoji are written with joiners, and an emoji may be younger than this Python.

    >>> is_plain("پیاده\u200cرو"), is_plain("10.32\u202fAM"), is_plain("a\\nb"), is_plain("\u202egnp.exe")
    (True, True, False, False)
    """
    return text.isprintable() or all(map(_is_plain_letter, text))


def first_unseen(text: str) -> str | None:
    """The first character by which two texts differ that look the same: all that shows nothing but a plain space.

    >>> first_unseen("Zoë O'Neil"), first_unseen("an\u200bna"), first_unseen("anna\u00a0b")
    (None, '\\u200b', '\\xa0')
    """
    return next((one for one in text if one != " " and (one in _BLANK or unicodedata.category(one) in _UNSEEN)), None)


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
