"""The search expression for a project's pictures, parsed into terms that all have to hold.

    query = { term }                                   all of them; nothing asks for nothing, so everything fits
    term  = ["-"] (text | "#" numbers | field ":" [values])
    values = value { "," value }                       one of them is enough
    value = word | '"' anything '"' | number | [number] ".." [number]

A bare text is part of a file name. Terms of instances (see `Field.of_instance`) that are not negated describe one and
the same instance: `category:person score:..0.5` is a picture with a person of a low score. A negated term says that no
instance of the picture is like that; where instances themselves are searched, that the instance is not.
"""

from __future__ import annotations

import dataclasses
import math
import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from annotator.core.errors import AnnotatorError
from annotator.core.numbers import MAX_ID
from annotator.core.vote import Agreement

MAX_CHARACTERS = 30_000
"""Of an expression: numbers of pictures that were selected one by one may be many."""

MAX_VALUES = 100
"""In an expression, over all its terms but those of numbers: each is a condition that the database looks at."""

_COLONS, _COMMAS = ":：", ",，"  # also as an input method for Chinese writes them
_QUOTES = {'"': '"', "“": "”", "„": "“", "«": "»"}
_NUMBER = re.compile(r"\d{1,18}(\.\d{0,18})?|\.\d{1,18}", re.ASCII)
_FIELD = re.compile(r"[A-Za-z_]{1,40}[:：]", re.ASCII)


class Kind(StrEnum):
    """What the values of a field are."""

    TEXT = "text"
    WORD = "word"  # one of a few
    WHOLE = "whole"  # numbers from 0 on, and ranges of them
    SHARE = "share"  # numbers from 0 to 1, and ranges of them


@dataclass(frozen=True)
class Field:
    """What a term is about.

    of_instance: of an instance, not of the picture. words: those that a field of words knows. bare: whether it may
    stand without a value, and asks for whatever has one then.
    """

    name: str
    kind: Kind
    of_instance: bool = False
    words: tuple[str, ...] = ()
    bare: bool = False


NAME = Field("name", Kind.TEXT)
NUMBER = Field("number", Kind.WHOLE)
STATES = ("new", "started", "suggested", "untouched", "reviewed", "unreviewed", "nothing", "doubtful", "failed")
VERDICTS = ("toreview", "accepted", "sentback")
SIZES = ("small", "medium", "large")
"""As COCO's evaluation has them: `storage/search.py` knows their bounds."""

FIELDS = {
    one.name: one
    for one in (
        NAME,
        NUMBER,
        Field("state", Kind.WORD, words=STATES),
        Field("instances", Kind.WHOLE),
        Field("suggestions", Kind.WHOLE),
        Field("changed", Kind.WORD, words=("export",)),
        Field("disagree", Kind.WORD, words=("network", "person"), bare=True),
        Field("verdict", Kind.WORD, words=VERDICTS),
        Field("by", Kind.TEXT),
        Field("note", Kind.TEXT, bare=True),
        Field("category", Kind.TEXT, of_instance=True, bare=True),
        Field("score", Kind.SHARE, of_instance=True, bare=True),
        Field("size", Kind.WORD, of_instance=True, words=SIZES),
        Field("area", Kind.WHOLE, of_instance=True),
        Field("network", Kind.TEXT, of_instance=True, bare=True),
        Field("agreement", Kind.WORD, of_instance=True, words=tuple(Agreement), bare=True),
        Field("iou", Kind.SHARE, of_instance=True, bare=True),
        Field(
            "is",
            Kind.WORD,
            of_instance=True,
            words=("open", "accepted", "rejected", "adjusted", "drawn", "imported", "crowd"),
        ),
        Field("flag", Kind.TEXT, of_instance=True, bare=True),
    )
}
"""By name. `number` is mostly written as #17."""


class Trouble(StrEnum):
    """Why an expression cannot be read; a page has a sentence for each."""

    UNKNOWN_FIELD = "unknown_field"
    UNKNOWN_WORD = "unknown_word"
    NO_VALUE = "no_value"
    NOT_A_NUMBER = "not_a_number"
    BACKWARDS = "backwards"
    OPEN_QUOTE = "open_quote"
    TOO_LONG = "too_long"


class QueryError(AnnotatorError):
    """An expression that cannot be read: `found`, from character `at` (0 is the first) on, is not what was expected.

    words: those of which one is expected, where there are such.
    """

    def __init__(self, trouble: Trouble, *, at: int, found: str, expected: str = "", words: Iterable[str] = ()) -> None:
        self.trouble, self.at, self.found, self.words = trouble, at, found[:80], tuple(words)
        expected = expected or f"one of {', '.join(self.words)}"
        super().__init__(f"search, character {at + 1}: {self.found!r}, expected {expected}")


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, both of them in it; None: no end on that side."""

    low: float | None
    high: float | None

    def __str__(self) -> str:
        if self.low is not None and self.low == self.high:
            return _number_text(self.low)
        return f"{_number_text(self.low)}..{_number_text(self.high)}"

    def __contains__(self, number: float) -> bool:
        return (self.low is None or self.low <= number) and (self.high is None or number <= self.high)


@dataclass(frozen=True)
class Term:
    """One condition: the field has one of the values, or any where there are none. at: where the term begins."""

    field: Field
    values: tuple[str | Range, ...] = ()
    negated: bool = False
    at: int = dataclasses.field(default=0, compare=False)

    @property
    def texts(self) -> tuple[str, ...]:
        """The values of a field of texts or words."""
        return tuple(value for value in self.values if isinstance(value, str))

    @property
    def ranges(self) -> tuple[Range, ...]:
        """The values of a field of numbers."""
        return tuple(value for value in self.values if isinstance(value, Range))

    def has_number(self, number: float) -> bool:
        """Whether a number lies in one of the ranges; a term of a large selection has thousands of them."""
        place = bisect_right(self._stretches, number, key=lambda stretch: stretch[0]) - 1
        return place >= 0 and number <= self._stretches[place][1]

    @cached_property
    def _stretches(self) -> list[tuple[float, float]]:
        """The ranges from the lowest on, those that overlap as one."""
        found: list[tuple[float, float]] = []
        for low, high in sorted(map(_ends_of, self.ranges)):
            if found and low <= found[-1][1]:
                found[-1] = found[-1][0], max(found[-1][1], high)
            else:
                found.append((low, high))
        return found

    def __str__(self) -> str:
        shown = ",".join(map(_value_text, self.values))
        lead = {NAME: "", NUMBER: "#"}.get(self.field, f"{self.field.name}:")
        return f"{'-' * self.negated}{lead}{shown}"


@dataclass(frozen=True)
class Query:
    """Terms that all have to hold; `str` of it is an expression that reads as the same again."""

    terms: tuple[Term, ...] = ()

    def of(self, name: str) -> tuple[Term, ...]:
        """Its terms of one field."""
        return tuple(term for term in self.terms if term.field.name == name)

    def __str__(self) -> str:
        return " ".join(map(str, self.terms))


EVERYTHING = Query()


def of_ids(ids: Iterable[int]) -> Query:
    """The pictures with these ids, however many there are.

    >>> str(of_ids([7, 3, 2, 1]))
    '#1..3,7'
    """
    stretches: list[list[int]] = []
    for id in sorted(set(ids)):
        if stretches and id == stretches[-1][1] + 1:
            stretches[-1][1] = id
        else:
            stretches.append([id, id])
    return Query((Term(NUMBER, tuple(Range(low, high) for low, high in stretches)),))


def parse(text: str, *, most: int = MAX_CHARACTERS) -> Query:
    """An expression -> what it asks for. Raises QueryError, which says where it cannot be read and why.

    most: characters.

    >>> found = parse('street -state:reviewed category:person,"traffic light" score:0.2..0.5 #17..')
    >>> [term.field.name for term in found.terms]
    ['name', 'state', 'category', 'score', 'number']
    >>> found.terms[3].ranges
    (Range(low=0.2, high=0.5),)
    """
    if len(text) > most:
        raise QueryError(Trouble.TOO_LONG, at=most, found=text[most:], expected=f"at most {most} characters")
    terms: list[Term] = []
    reader = _Reader(text)
    while not reader.is_at_end():
        terms.append(_read_term(reader))
        if sum(len(term.values) or 1 for term in terms if term.field is not NUMBER) > MAX_VALUES:
            at = terms[-1].at
            raise QueryError(Trouble.TOO_LONG, at=at, found=text[at:], expected=f"at most {MAX_VALUES} values")
    return Query(tuple(terms))


# --- reading ---------------------------------------------------------------------------------------------------------


class _Reader:
    """The text, and how far it is read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def is_at_end(self) -> bool:
        """Past spaces."""
        while self.next.isspace():
            self.at += 1
        return not self.next

    @property
    def next(self) -> str:
        return self.text[self.at : self.at + 1]

    def take(self, characters: str) -> bool:
        """Whether one of these comes next; it is read then."""
        found = self.next != "" and self.next in characters
        self.at += found
        return found

    def take_field(self) -> str | None:
        """The name in front of a colon that comes next."""
        found = _FIELD.match(self.text, self.at)
        if found is None:
            return None
        self.at = found.end()
        return found.group()[:-1].lower()


@dataclass(frozen=True)
class _Word:
    text: str
    at: int
    quoted: bool


def _read_term(reader: _Reader) -> Term:
    begin = reader.at
    negated = reader.take("-") and not (reader.next.isspace() or not reader.next)
    if reader.at > begin and not negated:
        reader.at = begin  # a dash of its own is a text
    at = reader.at
    if reader.take("#"):
        return Term(NUMBER, _read_values(reader, NUMBER), negated, begin)
    name = reader.take_field()
    if name is None:
        return Term(NAME, _read_values(reader, NAME), negated, begin)
    if name not in FIELDS:
        raise QueryError(Trouble.UNKNOWN_FIELD, at=at, found=f"{name}:", words=FIELDS)
    return Term(FIELDS[name], _read_values(reader, FIELDS[name]), negated, begin)


def _read_values(reader: _Reader, asked: Field) -> tuple[str | Range, ...]:
    if asked.bare and (not reader.next or reader.next.isspace()):
        return ()
    values = [_value_of(_read_word(reader, asked), asked)]
    while reader.take(_COMMAS):
        values.append(_value_of(_read_word(reader, asked), asked))
    return tuple(values)


def _read_word(reader: _Reader, asked: Field) -> _Word:
    if asked is NUMBER:
        reader.take("#")  # of #17,#18
    at = reader.at
    close = _QUOTES.get(reader.next)
    if close is not None:
        return _Word(_read_quoted(reader, close), at, quoted=True)
    while reader.next and not reader.next.isspace() and reader.next not in _COMMAS:
        reader.at += 1
    return _Word(reader.text[at : reader.at], at, quoted=False)


def _read_quoted(reader: _Reader, close: str) -> str:
    """A backslash takes the next character as it is."""
    begin, found = reader.at, ""
    reader.at += 1
    while not reader.take(close):
        reader.take("\\")
        if not reader.next:
            raise QueryError(Trouble.OPEN_QUOTE, at=begin, found=reader.text[begin:], expected=f"a closing {close}")
        found += reader.next
        reader.at += 1
    return found


def _value_of(word: _Word, asked: Field) -> str | Range:
    if not word.text and not (word.quoted and asked.kind is Kind.TEXT and asked is not NAME):
        raise QueryError(Trouble.NO_VALUE, at=word.at, found=word.text, expected=_expected(asked), words=asked.words)
    if asked.kind is Kind.TEXT:
        return word.text
    if asked.kind is Kind.WORD:
        if word.text.lower() not in asked.words:
            raise QueryError(Trouble.UNKNOWN_WORD, at=word.at, found=word.text, words=asked.words)
        return word.text.lower()
    return _range_of(word, asked)


def _range_of(word: _Word, asked: Field) -> Range:
    low, dots, high = word.text.partition("..")
    if word.text == "..":
        raise QueryError(Trouble.NOT_A_NUMBER, at=word.at, found=word.text, expected=_expected(asked))
    found = Range(
        _number_of(low, word, asked) if low else None,
        _number_of(high if dots else low, word, asked) if high or not dots else None,
    )
    if found.low is not None and found.high is not None and found.low > found.high:
        raise QueryError(
            Trouble.BACKWARDS, at=word.at, found=word.text, expected=f"the lower number first: {high}..{low}"
        )
    return found


def _number_of(text: str, word: _Word, asked: Field) -> float:
    most = 1 if asked.kind is Kind.SHARE else MAX_ID
    number = float(text) if _NUMBER.fullmatch(text) else math.nan
    whole = asked.kind is Kind.WHOLE
    if not 0 <= number <= most or (whole and not text.isdigit()):
        raise QueryError(Trouble.NOT_A_NUMBER, at=word.at, found=word.text, expected=_expected(asked))
    return int(text) if whole else number


def _expected(asked: Field) -> str:
    if asked.kind is Kind.WORD:
        return f"one of {', '.join(asked.words)}"
    return {
        Kind.TEXT: "a text",
        Kind.WHOLE: "a whole number, or a range such as 3..7, 3.. or ..7",
        Kind.SHARE: "a number from 0 to 1, or a range such as 0.2..0.5",
    }[asked.kind]


# --- writing ---------------------------------------------------------------------------------------------------------


def _value_text(value: str | Range) -> str:
    if isinstance(value, Range):
        return str(value)
    plain = re.fullmatch(rf"[^\s\-#{_COLONS}{_COMMAS}{''.join(_QUOTES)}][^\s{_COLONS}{_COMMAS}]*", value)
    return value if plain else '"' + re.sub(r'([\\"])', r"\\\1", value) + '"'


def _ends_of(numbers: Range) -> tuple[float, float]:
    return (
        -math.inf if numbers.low is None else numbers.low,
        math.inf if numbers.high is None else numbers.high,
    )


def _number_text(number: float | None) -> str:
    if number is None:
        return ""
    return str(number) if isinstance(number, int) else f"{Decimal(repr(number)).normalize():f}"
