"""Expressions are read as they are meant, and what cannot be read says where."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.core.query import (
    EVERYTHING,
    FIELDS,
    MAX_CHARACTERS,
    NAME,
    NUMBER,
    Kind,
    Query,
    QueryError,
    Range,
    Term,
    Trouble,
    of_ids,
    parse,
)


def term(name, *values, negated=False):
    return Term(FIELDS[name], values, negated)


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("", []),
        ("  \t ", []),
        ("street", [term("name", "street")]),
        ("street night", [term("name", "street"), term("name", "night")]),
        ("-street", [term("name", "street", negated=True)]),
        ("name:street", [term("name", "street")]),
        ("beach,street", [term("name", "beach", "street")]),
        ('"two words"', [term("name", "two words")]),
        ('"state:new"', [term("name", "state:new")]),
        (r'"a\"b\\"', [term("name", 'a"b\\')]),
        ("half-time", [term("name", "half-time")]),
        ("a#1", [term("name", "a#1")]),
        ("-", [term("name", "-")]),
        ("a - b", [term("name", "a"), term("name", "-"), term("name", "b")]),
        ("#17", [term("number", Range(17, 17))]),
        (
            "#17,#19 -#20..",
            [term("number", Range(17, 17), Range(19, 19)), term("number", Range(20, None), negated=True)],
        ),
        ("number:17", [term("number", Range(17, 17))]),
        ("category:person", [term("category", "person")]),
        ('category:person,"traffic light"', [term("category", "person", "traffic light")]),
        ("Category：person，car", [term("category", "person", "car")]),
        ("category:„traffic light“", [term("category", "traffic light")]),
        ("score:0.2..0.5", [term("score", Range(0.2, 0.5))]),
        ("score:..0.5,.9..", [term("score", Range(None, 0.5), Range(0.9, None))]),
        ("size:Small -area:..99", [term("size", "small"), term("area", Range(None, 99), negated=True)]),
        ("instances:0", [term("instances", Range(0, 0))]),
        ("-instances:3..", [term("instances", Range(3, None), negated=True)]),
        ("STATE:New,Failed", [term("state", "new", "failed")]),
        ("disagree:", [term("disagree")]),
        ("disagree:person changed:export", [term("disagree", "person"), term("changed", "export")]),
        ("flag: -note:", [term("flag"), term("note", negated=True)]),
        ('supercategory:""', None),
        ('category:""', [term("category", "")]),
    ],
)
def test_an_expression_is_read_into_its_terms(text, terms):
    if terms is None:
        with pytest.raises(QueryError):
            parse(text)
    else:
        assert parse(text) == Query(tuple(terms))


@pytest.mark.parametrize(
    ("text", "trouble", "at"),
    [
        ("street colour:red", Trouble.UNKNOWN_FIELD, 7),
        ("-colour:red", Trouble.UNKNOWN_FIELD, 1),
        ("state:done", Trouble.UNKNOWN_WORD, 6),
        ("state:new,done", Trouble.UNKNOWN_WORD, 10),
        ("state:", Trouble.NO_VALUE, 6),
        ("name:", Trouble.NO_VALUE, 5),
        ('""', Trouble.NO_VALUE, 0),
        ("a,", Trouble.NO_VALUE, 2),
        (",a", Trouble.NO_VALUE, 0),
        ("#", Trouble.NO_VALUE, 1),
        ("#seventeen", Trouble.NOT_A_NUMBER, 1),
        ("#1.5", Trouble.NOT_A_NUMBER, 1),
        ("#99999999999999999999", Trouble.NOT_A_NUMBER, 1),
        ("#٣", Trouble.NOT_A_NUMBER, 1),
        ("score:1.5", Trouble.NOT_A_NUMBER, 6),
        ("size:", Trouble.NO_VALUE, 5),
        ("size:tiny", Trouble.UNKNOWN_WORD, 5),
        ("area:-1", Trouble.NOT_A_NUMBER, 5),
        ("score:-1", Trouble.NOT_A_NUMBER, 6),
        ("score:nan", Trouble.NOT_A_NUMBER, 6),
        ("score:1e-3", Trouble.NOT_A_NUMBER, 6),
        ("score:..", Trouble.NOT_A_NUMBER, 6),
        ("score:0.1..0.2..0.3", Trouble.NOT_A_NUMBER, 6),
        ("score:0.5..0.2", Trouble.BACKWARDS, 6),
        ('street "night', Trouble.OPEN_QUOTE, 7),
        ('street "night\\', Trouble.OPEN_QUOTE, 7),
        ("x" * (MAX_CHARACTERS + 1), Trouble.TOO_LONG, MAX_CHARACTERS),
        (" ".join(["x"] * 101), Trouble.TOO_LONG, 200),
        (",".join(["x"] * 101), Trouble.TOO_LONG, 0),
    ],
)
def test_what_cannot_be_read_says_where_and_why(text, trouble, at):
    with pytest.raises(QueryError) as found:
        parse(text)
    assert (found.value.trouble, found.value.at) == (trouble, at)
    line = str(found.value)
    assert line.startswith(f"search, character {at + 1}: ")
    assert ", expected " in line
    assert len(line.splitlines()) == 1
    assert len(line) < 400


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


@st.composite
def ranges(draw, kind):
    whole = st.integers(0, 2**53 - 1)
    share = st.one_of(st.integers(0, 100).map(lambda hundredths: hundredths / 100), st.sampled_from([0.0, 1.0, 0.125]))
    ends = draw(st.lists(whole if kind is Kind.WHOLE else share, min_size=2, max_size=2).map(sorted))
    return draw(st.sampled_from([Range(*ends), Range(ends[0], None), Range(None, ends[1]), Range(ends[0], ends[0])]))


@st.composite
def terms(draw):
    field = draw(st.sampled_from(list(FIELDS.values())))
    values = {Kind.TEXT: texts, Kind.WORD: st.sampled_from(field.words or ("",))}.get(field.kind, ranges(field.kind))
    found = draw(st.lists(values, min_size=0 if field.bare else 1, max_size=4))
    return Term(field, tuple(found), draw(st.booleans()))


@given(st.lists(terms(), max_size=6).map(lambda found: Query(tuple(found))))
def test_what_is_written_reads_as_the_same(query):
    assert parse(str(query)) == query


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.text('a-#:,."\\ 1s', max_size=20))
def test_any_text_is_read_or_refused_at_a_place_inside_it(text):
    query, refused = None, None
    try:
        query = parse(text)
    except QueryError as error:
        refused = error.at
    if query is None:
        assert 0 <= refused <= len(text)
    else:
        assert parse(str(query)) == query
        assert [found.at for found in query.terms] == sorted(found.at for found in query.terms)


def test_a_range_has_both_its_ends():
    assert [number in Range(0.2, 0.5) for number in (0.19, 0.2, 0.5, 0.51)] == [False, True, True, False]
    assert 0 in Range(None, 3)
    assert 10**9 in Range(3, None)


def test_a_query_gives_its_terms_of_a_field():
    query = parse("street score:..0.5 night -#3")
    assert [str(found) for found in query.of("name")] == ["street", "night"]
    assert [found.field for found in query.terms] == [NAME, FIELDS["score"], NAME, NUMBER]
    assert parse("") == EVERYTHING


@pytest.mark.parametrize("text", ["score:0.3", "score:0.1..0.7", "score:1", "score:0.000001..", "#100"])
def test_a_number_is_written_as_somebody_would_write_it(text):
    assert str(parse(text)) == text


@given(st.lists(st.integers(0, 60)), st.integers(0, 60))
def test_ids_are_an_expression_that_has_them_and_no_others(ids, id):
    (term,) = of_ids(ids).terms
    assert term.has_number(id) == (id in ids)
    if ids:
        assert parse(str(of_ids(ids))) == of_ids(ids)


@given(st.lists(st.tuples(st.none() | st.integers(0, 30), st.none() | st.integers(0, 30))), st.integers(0, 30))
def test_a_number_is_in_a_term_that_has_it_in_one_of_its_ranges(ends, number):
    ranges = [Range(low, high) for low, high in ends if low is None or high is None or low <= high]
    assert Term(NUMBER, tuple(ranges)).has_number(number) == any(number in one for one in ranges)
