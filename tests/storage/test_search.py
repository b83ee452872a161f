"""An expression finds the pictures that it means, in the order that was asked for."""

import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from annotator.core.dataset import State, Suggestion
from annotator.core.masks import mask_to_rle
from annotator.core.query import parse
from annotator.core.review import Change
from annotator.core.settings import EXPORTED
from annotator.storage import schema, search
from annotator.storage.database import now
from annotator.storage.search import Search, Sort
from annotator.storage.store import Store
from tests.core.strategies import examples
from tests.storage.builders import add_image, block, gesture, suggestion


def found(store, text, **how):
    return store.worklist.ids(Search(parse(text), **how))


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Pictures 1 to 8, of each state one; the threshold of the tests is 0.5."""
    with Store.open(tmp_path_factory.mktemp("search") / "project") as store:
        store.add_category("person")
        store.add_category("car")
        names = ("street10.jpg", "Street9.jpg", "b/ÄPFEL.png", "100%_sure.jpg", "e.jpg", "f.jpg", "g.jpg", "binned.jpg")
        images = [add_image(store, name.encode(), name) for name in names]
        offered = {
            2: [suggestion(1, score=0.9), suggestion(9, score=0.45, category_id=3)],
            3: [suggestion(1, score=0.8), suggestion(6, score=0.95)],
            4: [suggestion(1, score=0.7), suggestion(6, score=0.2), suggestion(11, score=0.6, source="other@2")],
            5: [suggestion(1, score=0.3)],
            6: [],
        }
        for image_id, some in offered.items():
            store.set_suggestions(image_id, some)
        keys = {image.id: [one.key for one in store.instances(image.id)] for image in images}
        accept = [Change(keys[3][0], 1, State.ACCEPTED), Change(keys[3][1], 1, State.REJECTED)]
        store.record(gesture(images[2], *accept, number=1))
        store.record(gesture(images[3], Change(keys[4][0], 3, State.ACCEPTED), number=2, reviewed=True))
        drawn = Change("drawn", 3, State.ACCEPTED, rle=block(), crowd=True)
        store.record(gesture(images[6], drawn, number=3, verb="add", reviewed=True))
        store.worklist.flag([1, 4], "blurred", True, who="me")
        store.worklist.note_failures({1: "cannot be decoded", 8: "no room", 6: "no room"})
        store.set_suggestions(6, [])
        store.remove_image(8)
        yield store


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("", [1, 2, 3, 4, 5, 6, 7]),
        ("street", [1, 2]),
        ("name:street -9", [1]),
        ("äpfel", [3]),
        ("100%_", [4]),
        ("%", [4]),
        ("street,sure", [1, 2, 4]),
        ("#2", [2]),
        ("#2..3,#6 -#3", [2, 6]),
        ("#8", []),
        ("state:reviewed", [4, 7]),
        ("state:unreviewed", [1, 2, 3, 5, 6]),
        ("state:new", [4]),
        ("state:started", [3]),
        ("state:suggested", [2]),
        ("state:untouched", [1]),
        ("state:nothing", [5, 6]),
        ("state:doubtful", [2, 4]),
        ("state:failed", [1]),
        ("-state:reviewed,failed", [2, 3, 5, 6]),
        ("instances:0", [1, 2, 5, 6]),
        ("instances:1..", [3, 4, 7]),
        ("suggestions:1", [2, 4]),
        ("category:person", [2, 3, 4]),
        ("category:CAR", [4, 7]),
        ("category:bicycle", []),
        ("-category:car", [1, 2, 3, 5, 6]),
        ("category:", [2, 3, 4, 7]),
        ("category:car score:0.4..0.5", [2]),
        ("category:person score:0.4..0.5", []),
        ("score:0.45", [2]),
        ("score:..0.3", [4, 5]),
        ("network:starter", [2, 3, 4]),
        ("network:other@2", [4]),
        ("-network:", [1, 5, 6, 7]),
        ("is:rejected", [3]),
        ("is:open", [2, 4]),
        ("is:open -category:person", []),
        ("is:drawn,rejected", [3, 7]),
        ("is:crowd", [7]),
        ("is:adjusted", []),
        ("disagree:network", [4]),
        ("disagree:person", [3]),
        ("disagree:", [3, 4]),
        ("flag:", [1, 4]),
        ("flag:blurred", [1, 4]),
        ("flag:blur,sharp", []),
        ("-flag:", [2, 3, 5, 6, 7]),
        ("flag:blurred category:car", [4]),
        ("flag:blurred -category:car", [1]),
        ("flag:blurred is:drawn", []),
        ("-note:", [1, 2, 3, 4, 5, 6, 7]),
        ("changed:export", [1, 3, 4, 7]),
    ],
)
def test_an_expression_finds_what_it_means(project, text, ids):
    assert found(project, text) == ids


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("size:small", [1, 2]),
        ("size:medium", [3, 4]),
        ("size:large", [5]),
        ("-size:small,medium", [5]),
        ("area:..1023", [1, 2]),
        ("area:600..1024 category:person", [2, 3]),
        ("-area:9216..", [1, 2, 3, 4]),
        ("size:large is:rejected", []),
    ],
)
def test_sizes_go_by_the_pixels_of_the_mask_as_coco_bounds_them(store, text, ids):
    store.add_category("person")
    for id, pixels in enumerate((1, 1023, 1024, 9215, 9216), 1):
        image = store.add_image(f"{id}".encode(), file_name=f"{id}.jpg", width=96, height=96)
        rle = mask_to_rle(np.arange(96 * 96).reshape(96, 96) < pixels)
        store.set_suggestions(image.id, [Suggestion(1, 0.9, rle, "starter-person@1")])
    assert found(store, text) == ids


def test_a_mask_that_nobody_measured_yet_is_measured_before_a_search_by_size(project):
    with project._database.write() as connection:
        connection.execute(update(schema.instances).values(area=None))
    assert found(project, "area:12 category:person") == [2, 3, 4]


def test_each_picture_that_is_not_reviewed_is_in_one_state(project):
    states = ("started", "suggested", "nothing", "untouched")
    in_states = [id for state in states for id in found(project, f"state:unreviewed state:{state}")]
    assert sorted(in_states) == found(project, "state:unreviewed")


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("flag:wet", [1]),
        ("flag:", [1, 4]),
        ("flag:wet,crowd", [1, 2]),
        ("flag:locked", [3]),
        ("-flag:wet", [2, 3, 4, 5]),
        ("flag:wet flag:dry", [1]),
        ("flag:wet is:rejected", [5]),
        ("flag:wet category:car", []),
    ],
)
def test_a_flag_is_that_of_an_instance_that_is_shown_or_of_the_picture(store, text, ids):
    store.add_category("person")
    store.add_category("car")
    said = [{"flags": ("dry", "wet")}, {"crowd": True}, {"locked": True}, {}, {"flags": ("wet",)}]
    for id, more in enumerate(said, 1):
        image = add_image(store, f"{id}".encode(), f"{id}.jpg")
        state = State.REJECTED if id == 5 else State.ACCEPTED
        store.set_suggestions(image.id, [suggestion(1)])
        (one,) = store.instances(image.id)
        store.record(gesture(image, Change(one.key, 1, state, **more), verb="flag", number=id))
    store.worklist.flag([4], "dark", True, who="me")
    assert found(store, text) == ids


def test_changed_since_the_export_goes_by_its_time(project):
    project.set_setting(EXPORTED, now())
    assert found(project, "changed:export") == []
    project.set_setting(EXPORTED, None)
    assert found(project, "changed:export") == [1, 3, 4, 7]


@pytest.mark.parametrize(
    ("sort", "upwards", "downwards"),
    [
        (Sort.ADDED, [1, 2, 3, 4, 5, 6, 7], [7, 6, 5, 4, 3, 2, 1]),
        (Sort.NAME, [4, 3, 5, 6, 7, 2, 1], [1, 2, 7, 6, 5, 3, 4]),
        (Sort.DOUBT, [2, 4, 5, 1, 3, 6, 7], [5, 4, 2, 1, 3, 6, 7]),
        (Sort.COUNT, [1, 2, 5, 6, 3, 4, 7], [3, 4, 7, 1, 2, 5, 6]),
        (Sort.CHANGED, [3, 7, 1, 4, 2, 5, 6], [1, 4, 7, 3, 2, 5, 6]),
    ],
)
def test_each_order_goes_both_ways_and_what_has_no_place_in_it_comes_last(project, sort, upwards, downwards):
    assert found(project, "", sort=sort) == upwards
    assert found(project, "", sort=sort, descending=True) == downwards


def test_the_picture_that_is_worked_on_stays_in_the_list(project):
    assert found(project, "state:new", keep=2) == [2, 4]
    assert found(project, "#4", keep=2) == [2, 4]
    assert found(project, "state:new", keep=8) == [4]


def test_a_search_reads_no_table_of_masks(project):
    """Masks lie in the rows of instances: every condition is answered by an index that has none."""
    text = "state:new,started,nothing,doubtful category:person score:0.1.. network:a is:open,adjusted"
    text += " disagree: changed:export instances:2.. suggestions:1"
    statements = []
    with project._database.read() as connection:
        for sort in Sort:
            asked = Search(parse(text), sort=sort)
            known = search.known_for(connection, asked)
            query = search.query_of(asked, known).compile(connection, compile_kwargs={"literal_binds": True})
            statements += connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}").all()
    used = {match.group() for row in statements if (match := re.search(r"\w+ (instances|gestures)\b.*", row[3]))}
    assert used
    assert all("COVERING INDEX" in step for step in used), used


# --- against a plain reading -----------------------------------------------------------------------------------------

ANY = {State.SUGGESTED, State.ACCEPTED, State.REJECTED}
one = st.tuples(st.sampled_from([1, 3]), st.sampled_from([0.1, 0.45, 0.5, 0.55, 0.9]), st.sampled_from(sorted(ANY)))
pictures = st.lists(st.tuples(st.booleans(), st.lists(one, max_size=3)), min_size=1, max_size=4)
terms = st.sampled_from(
    ["category:person", "category:car", "score:0.4..0.6", "is:open", "is:rejected", "is:accepted", "instances:1..",
     "suggestions:0", "state:reviewed", "state:new", "state:started", "state:suggested", "state:doubtful",
     "state:nothing"]
)  # fmt: skip


def fits_instance(term, category, score, state):
    name, _, value = term.partition(":")
    if name == "category":
        return category == {"person": 1, "car": 3}[value]
    if name == "score":
        return 0.4 <= score <= 0.6
    return state == {"open": State.SUGGESTED, "rejected": State.REJECTED, "accepted": State.ACCEPTED}[value]


def has_instance(asked, instances):
    names = {term.partition(":")[0] for term in asked}
    for category, score, state in instances:
        listed = "is" in names or state != State.REJECTED
        shown = "score" in names or state != State.SUGGESTED or score >= 0.5
        if listed and shown and all(fits_instance(term, category, score, state) for term in asked):
            return True
    return False


def fits_picture(term, reviewed, instances):
    above = [score for _, score, state in instances if state == State.SUGGESTED and score >= 0.5]
    accepted = [state for *_, state in instances if state == State.ACCEPTED]
    decided = [state for *_, state in instances if state != State.SUGGESTED]
    return {
        "instances:1..": len(accepted) >= 1,
        "suggestions:0": not above,
        "state:reviewed": reviewed,
        "state:new": reviewed and bool(above),
        "state:started": not reviewed and bool(decided),
        "state:doubtful": any(abs(s - 0.5) < 0.101 for _, s, state in instances if state == State.SUGGESTED),
        "state:suggested": not reviewed and bool(above) and not decided,
        "state:nothing": not above and not decided,
    }[term]


def fits(text, reviewed, instances):
    parts = text.split()
    of_instance = [part for part in parts if part.lstrip("-").startswith(("category", "score", "is:"))]
    wanted = [part for part in of_instance if not part.startswith("-")]
    if wanted and not has_instance(wanted, instances):
        return False
    if any(has_instance([part[1:]], instances) for part in of_instance if part.startswith("-")):
        return False
    others = [part for part in parts if part not in of_instance]
    return all(fits_picture(part.lstrip("-"), reviewed, instances) is not part.startswith("-") for part in others)


@pytest.mark.slow
@settings(max_examples=examples(25, 300), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pictures, st.lists(st.tuples(st.booleans(), terms), max_size=4, unique_by=lambda item: item[1]))
def test_a_search_finds_what_a_plain_reading_finds(tmp_path_factory, made, asked):
    text = " ".join(f"{'-' * negated}{term}" for negated, term in asked)
    with Store.open(tmp_path_factory.mktemp("plain") / "p") as store:
        store.add_category("person")
        store.add_category("car")
        for index, (reviewed, instances) in enumerate(made):
            image = add_image(store, f"{index}".encode(), f"{index}.jpg")
            offered = [
                suggestion(1 + 5 * at, score=score, category_id=category)
                for at, (category, score, _) in enumerate(instances)
            ]
            store.set_suggestions(image.id, offered)
            keys = [one.key for one in store.instances(image.id)]
            changes = [
                Change(key, category, state)
                for key, (category, _, state) in zip(keys, instances, strict=True)
                if state != State.SUGGESTED
            ]
            store.record(gesture(image, *changes, number=index, reviewed=reviewed))
        expected = [id for id, (reviewed, instances) in enumerate(made, start=1) if fits(text, reviewed, instances)]
        assert found(store, text) == expected
