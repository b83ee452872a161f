"""No query of the page reads every instance or gesture: an index leads to what is asked for."""

import re
from itertools import product

import pytest
from sqlalchemy import event, text

from annotator.core import repair
from annotator.core.dataset import State
from annotator.core.query import FIELDS, Kind, parse
from annotator.core.settings import NAME
from annotator.storage.bulk_orders import Order, Verb
from annotator.storage.gallery_order import Order as GalleryOrder
from annotator.storage.leases import Holder
from annotator.storage.search import Search, Sort
from tests.storage.builders import accept, add_image, block, gesture, suggestion

LARGE = ("instances", "gestures", "decisions", "suggestions", "heatmaps")


@pytest.fixture
def plans(store):
    """Of each statement that was run since, how SQLite went about it."""
    found = {}

    def explain(connection, cursor, statement, parameters, context, executemany):
        # Of rows that are inserted as they are, the plan lists the tables that refer to them, which nobody reads.
        if re.match(r"(SELECT|UPDATE|DELETE|WITH)\b|INSERT\b.* SELECT\b", statement, re.DOTALL):
            one = parameters[0] if executemany else parameters
            rows = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", one)
            found.setdefault(statement, [row[3] for row in rows])

    event.listen(store._database._engine, "before_cursor_execute", explain)
    return found


def scans(plans):
    """Statements that go through a large table from end to end, each with the step that does."""
    tables = "|".join(LARGE)
    return {
        statement: step
        for statement, plan in plans.items()
        for step in plan
        if re.match(rf"SCAN ({tables}|later)(?! USING (COVERING )?INDEX)", step)
    }


def searches():
    """Every field with every kind of value, and every order."""
    values = {Kind.TEXT: ["a"], Kind.SHARE: ["0.2..0.8", "0.5"], Kind.WHOLE: ["1..3"]}
    for field in FIELDS.values():
        for value in [*values.get(field.kind, field.words), *([""] if field.bare else [])]:
            for sign in ("", "-"):
                yield Search(parse(f"{sign}{field.name}:{value}"))
    for sort, descending in product(Sort, (False, True)):
        yield Search(sort=sort, descending=descending, keep=1)


def test_the_queue_is_led_by_indexes(store, image, plans):
    for asked in searches():
        store.worklist.ids(asked)
    store.worklist.rows([image.id])
    store.worklist.counts()
    store.worklist.missing([image.id])
    store.worklist.mark_reviewed([image.id], True, who="me")
    store.bin()
    assert len(plans) > 60
    assert not scans(plans)


def test_no_search_reads_the_masks_it_passes_by(store, plans):
    for asked in searches():
        store.worklist.ids(asked)
    steps = {step for plan in plans.values() for step in plan if re.search(r"\binstances\b", step)}
    # A search by size measures the masks that nobody has measured yet, and reads these.
    steps = {step for step in steps if "USING INDEX instances_without_shape" not in step}
    assert steps
    assert all("USING COVERING INDEX" in step for step in steps)


def test_a_picture_and_its_decisions_are_led_by_indexes(store, image, plans):
    store.set_suggestions(image.id, [suggestion()])
    key = store.instances(image.id)[0].key
    store.record(gesture(image, accept(key), accept("new", rle=block()), number=1))
    store.set_suggestions(image.id, [suggestion(8)])
    store.masks_size(image.id)
    store.heatmap(image.id, key)
    store.decisions(image.id)
    store.image_by_sha256(image.sha256)
    add_image(store, b"another")
    store.remove_image(image.id)
    store.empty_bin()
    assert len(plans) > 15
    assert not scans(plans)


def test_the_gallery_is_led_by_indexes(store, image, plans):
    store.set_suggestions(image.id, [suggestion()])
    for order in GalleryOrder:
        asked = {"category_id": 1, "states": [State.SUGGESTED], "threshold": 0.5, "order": order, "limit": 9}
        assert store.gallery.page(**asked).total == 1
    assert not scans(plans)


def test_many_at_once_are_led_by_indexes(store, image, plans):
    store.set_suggestions(image.id, [suggestion(), suggestion(8)])
    for verb in Verb:
        more = {"category_id": 1} if verb is Verb.RELABEL else {}
        more |= {"repair": repair.Repair(repair.Kind.GROW, 1)} if verb is Verb.REPAIR else {}
        order = Order(verb, parse("category:person"), **more)
        id, _ = store.bulk.carry_out(order, as_of=store.bulk.preview(order).as_of, who="me")
        store.bulk.undo(id, who="me")
    assert not scans(plans)


def test_statistics_and_exports_are_led_by_indexes(store, image, plans):
    store.statistics.read(0.5)
    store.worklist.undecided(0.5)
    store.worklist.accepted([image.id])
    store.set_suggestions(image.id, [suggestion()])
    store.record(gesture(image, accept(store.instances(image.id)[0].key, rle=block(9)), reviewed=True))
    assert len(store.dataset().instances) == 1
    assert not scans(plans)


def test_the_next_picture_is_found_without_passing_those_that_are_done(store, image, plans):
    ann, ben = Holder("ann", "tab-a"), Holder("ben", "tab-b")
    add_image(store, b"another")
    for sort, descending in product((Sort.ADDED, Sort.NAME), (False, True)):
        asked = Search(sort=sort, descending=descending)
        assert store.hand_out.take_next(asked, ann, after=image.id, ordered=list).image_id != image.id
        store.hand_out.take_next(asked, ben, after=None, ordered=list)
    store.hand_out.take_next(Search(sort=Sort.DOUBT), ann, after=None, ordered=lambda: [1, 2])
    store.hand_out.keep(image.id, ben)
    store.hand_out.among([image.id])
    steps = [step for plan in plans.values() for step in plan if re.search(r" (images|leases)\b", step)]
    assert len(steps) > 20
    assert not [step for step in steps if step.startswith("SCAN images")]
    assert not [step for plan in plans.values() for step in plan if "TEMP B-TREE" in step]
    assert any("images_to_do (removed=? AND reviewed=? AND id>?)" in step for step in steps)
    assert any("images_to_do_by_name (removed=? AND reviewed=? AND name_order>?)" in step for step in steps)


def test_what_reviewers_say_is_led_by_indexes(store, image, plans):
    ann = Holder("ann", "tab-a")
    ids = [image.id, *(add_image(store, f"{number}".encode()).id for number in range(2))]
    store.verdicts.switch(True)
    store.worklist.mark_reviewed(ids, True, who="ann")
    plans.clear()
    assert store.verdicts.accept(ids[:1], who="rolf") == ids[:1]
    assert store.verdicts.send_back(ids[1:], note="again", who="rolf") == ids[1:]
    for sort in (Sort.ADDED, Sort.NAME):
        assert store.hand_out.take_next(Search(sort=sort), ann, after=None, ordered=list, who="ann").image_id == ids[1]
    store.hand_out.take_next(Search(sort=Sort.DOUBT), Holder("ben", "b"), after=None, ordered=lambda: ids, who="ben")
    store.verdicts.free(ids[2:], who="rolf")
    store.verdicts.withdraw(ids, who="rolf")
    store.verdicts.history(ids[0])
    store.verdicts.among(ids)
    assert len(store.dataset().images) == 3
    steps = [step for plan in plans.values() for step in plan]
    assert any("USING INDEX verdicts_by_image" in step for step in steps)
    assert any("verdicts_by_whom (whom=? AND verdict=?" in step for step in steps)
    assert not [step for step in steps if re.match(r"SCAN (verdicts|newest)", step)]
    assert not scans(plans)


def test_categories_are_led_by_indexes(store, image, plans):
    store.set_suggestions(image.id, [suggestion()])
    other = store.add_category("car").id
    manager = store.category_manager
    manager.uses()
    manager.merge(1, into=other, who="me")
    manager.undo(manager.last().id, who="me")
    manager.remove(1, who="me")
    manager.undo(manager.last().id, who="me")
    store.set_setting(NAME, "plain")
    assert not scans(plans)


def test_a_scan_would_be_seen(store, plans):
    with store._database.read() as connection:
        connection.execute(text("SELECT rle FROM instances"))
    assert list(scans(plans).values()) == ["SCAN instances"]
