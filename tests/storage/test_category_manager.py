"""Categories that are renamed, merged, removed and arranged: ids stay, history stays true, and each is taken back."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.core.categories import in_order
from annotator.core.dataset import PROVENANCE, WITHOUT_MASK, Category, Dataset, Image, State
from annotator.core.errors import CategoryError, StoreError
from annotator.core.review import Change
from annotator.storage import archive
from annotator.storage.category_instances import Uses
from annotator.storage.gallery_order import Order
from annotator.storage.images import ALWAYS_SHOWN, FIRST_SCORE, NEVER_SHOWN
from annotator.storage.imports import Picture
from annotator.storage.store import Store
from tests.storage.builders import accept, add_image, block, gesture, import_dataset, suggestion


@pytest.fixture
def manager(store):
    store.add_category("car")
    store.add_category("truck")
    return store.category_manager


def names(store):
    return {category.id: category.name for category in store.categories()}


def states(store, image):
    return {one.key: (one.category_id, one.state) for one in store.instances(image.id)}


def keys(store, image):
    return [one.key for one in store.instances(image.id)]


def test_a_renamed_category_keeps_its_id_and_is_still_what_networks_and_files_mean(store, manager):
    manager.rename(3, " Auto ", who="me")
    assert names(store) == {1: "person", 3: "Auto", 8: "truck"}
    assert store.add_categories([Category(0, "car"), Category(5, "Auto")]) == {0: 3, 5: 3}
    report = import_dataset(store, Dataset((Category(7, "car"),), (), ()), {})
    assert (report.category_ids, report.categories_added) == ({7: 3}, 0)
    assert "category 7 'car': is called 'Auto' in the project" in report.notes


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("truck", "'truck': exists already (category 8); merge the two instead"),
        ("  ", "a name of 0 characters"),
        ("n" * 1001, "a name of 1001 characters"),
        ("two\nlines", "expected a name of 1 to 1000 printable characters"),
    ],
)
def test_a_name_that_cannot_be_is_refused_in_one_line(store, manager, name, line):
    with pytest.raises(StoreError) as refused:
        manager.rename(3, name, who="me")
    assert line in str(refused.value)
    assert names(store)[3] == "car"
    assert manager.last() is None


@pytest.mark.parametrize("name", ["n" * 200, "<img src=x onerror=alert(1)>", "头盔"])
def test_any_printable_name_is_kept_as_it_is(store, manager, name):
    manager.rename(3, name, who="me")
    assert names(store)[3] == name


def test_a_merge_moves_every_instance_and_writes_no_decision(store, manager):
    image = add_image(store)
    store.set_suggestions(image.id, [suggestion(2, category_id=3), suggestion(6, category_id=3)])
    first, second = keys(store, image)
    store.record(gesture(image, accept(first, category_id=3)))
    history = store.decisions()
    manager.merge(3, into=8, who="me")
    assert states(store, image) == {first: (8, State.ACCEPTED), second: (8, State.SUGGESTED)}
    assert names(store) == {1: "person", 8: "truck"}
    assert store.decisions() == history
    assert store.image(image.id).revision == 1
    assert [(one.category_id) for one in store.dataset(reviewed_only=False).instances] == [8]


def test_a_merge_that_is_undone_gives_each_its_own_but_what_was_decided_since(store, manager):
    image = add_image(store)
    store.set_suggestions(
        image.id, [suggestion(2, category_id=3), suggestion(6, category_id=3), suggestion(9, category_id=8)]
    )
    car, since, truck = keys(store, image)
    manager.merge(3, into=8, who="me")
    store.record(gesture(image, accept(since, category_id=8)))
    with Store.open(store.folder) as again:  # as after a reload
        again.category_manager.undo(again.category_manager.last().id, who="you")
    assert states(store, image) == {
        car: (3, State.SUGGESTED),
        since: (8, State.ACCEPTED),
        truck: (8, State.SUGGESTED),
    }
    assert names(store)[3] == "car"
    assert manager.last() is None


def test_merges_one_after_the_other_are_undone_one_after_the_other(store, manager):
    image = add_image(store)
    store.set_suggestions(image.id, [suggestion(2, category_id=3), suggestion(6, category_id=8)])
    car, truck = keys(store, image)
    manager.merge(3, into=8, who="me")
    manager.merge(8, into=1, who="me")
    assert {one for one, _ in states(store, image).values()} == {1}
    manager.undo(manager.last().id, who="me")
    assert {one for one, _ in states(store, image).values()} == {8}
    assert store.add_categories([Category(0, "car")]) == {0: 8}
    manager.undo(manager.last().id, who="me")
    assert states(store, image) == {car: (3, State.SUGGESTED), truck: (8, State.SUGGESTED)}


def test_an_edit_on_its_way_during_a_merge_is_of_what_the_category_became(store, manager):
    image = add_image(store)
    store.set_suggestions(image.id, [suggestion(category_id=3)])
    (key,) = keys(store, image)
    manager.merge(3, into=8, who="somebody else")
    store.record(gesture(image, accept(key, category_id=3), accept("drawn", category_id=3, rle=block(8))))
    assert states(store, image) == {key: (8, State.ACCEPTED), "drawn": (8, State.ACCEPTED)}


def test_pre_labelling_again_replaces_what_a_merge_has_moved(store, manager):
    image = add_image(store)
    store.set_suggestions(image.id, [suggestion(2, category_id=3)])
    manager.merge(3, into=8, who="me")
    store.set_suggestions(image.id, [suggestion(6, category_id=3)])
    (only,) = store.instances(image.id)
    assert (only.category_id, only.rle) == (8, block(6))


def test_a_removed_category_takes_its_instances_along_and_brings_them_back(store, manager):
    image = add_image(store)
    store.set_suggestions(image.id, [suggestion(2, category_id=3), suggestion(6, category_id=3), suggestion(9)])
    accepted, _, other = keys(store, image)
    store.record(gesture(image, accept(accepted, category_id=3)))
    assert manager.uses() == {3: Uses(accepted=1, suggested=1), 1: Uses(suggested=1)}
    before = states(store, image)
    manager.remove(3, who="me")
    assert list(states(store, image)) == [other]
    assert store.queue()[0].accepted == 0
    assert store.dataset(reviewed_only=False).instances == ()
    assert 3 not in names(store)
    manager.undo(manager.last().id, who="me")
    assert states(store, image) == before


def test_what_was_deleted_before_its_category_stays_deleted_when_that_comes_back(store, manager):
    image = add_image(store)
    store.record(gesture(image, accept("one", category_id=3, rle=block()), accept("two", category_id=3, rle=block(8))))
    gone = Change("one", 3, State.DELETED)
    store.record(gesture(store.image(image.id), gone, verb="delete", number=1))
    manager.remove(3, who="me")
    manager.undo(manager.last().id, who="me")
    assert list(states(store, image)) == ["two"]


def test_networks_do_not_bring_back_a_category_that_was_removed_and_people_do(store, manager):
    image = add_image(store)
    manager.remove(3, who="me")
    ids = store.add_categories([Category(1, "person"), Category(3, "car")])
    store.set_suggestions(image.id, [suggestion(2, category_id=ids[1]), suggestion(6, category_id=ids[3])])
    assert [one.category_id for one in store.instances(image.id)] == [1]
    assert 3 not in names(store)
    assert store.add_category("car").id == 3


def test_a_decision_on_its_way_brings_back_a_category_that_was_removed_meanwhile(store, manager):
    image = add_image(store)
    store.set_suggestions(image.id, [suggestion(2, category_id=3), suggestion(6, category_id=3)])
    first, _ = keys(store, image)
    manager.remove(3, who="somebody else")
    store.record(gesture(image, accept(first, category_id=3)))
    assert states(store, image) == {first: (3, State.ACCEPTED)}
    assert names(store)[3] == "car"
    manager.undo(manager.last().id, who="me")
    assert len(states(store, image)) == 2


def test_annotations_without_a_mask_go_the_way_of_their_category(store, manager):
    boxes = [{"id": 5, "image_id": 1, "category_id": 3}, {"id": 6, "image_id": 1, "category_id": 1}]
    image = Image(1, "a.jpg", 20, 12, "0" * 64, extra={PROVENANCE: {WITHOUT_MASK: boxes}})
    given = Dataset((Category(1, "person"), Category(3, "car")), (image,), ())
    import_dataset(store, given, {1: Picture(b"picture", 20, 12)})

    def carried():
        (found,) = store.dataset(reviewed_only=False).images
        return [(one["id"], one["category_id"]) for one in found.extra[PROVENANCE][WITHOUT_MASK]]

    assert carried() == [(5, 3), (6, 1)]
    manager.merge(3, into=8, who="me")
    assert carried() == [(5, 8), (6, 1)]
    manager.remove(8, who="me")
    assert carried() == [(6, 1)]


def test_colour_digit_threshold_supercategory_and_order_are_kept_and_taken_back(store, manager):
    changes = [
        lambda: manager.set_color(3, "#ff8000", who="me"),
        lambda: manager.set_digit(3, 7, who="me"),
        lambda: manager.set_digit(8, 7, who="me"),
        lambda: manager.set_threshold(3, 0.25, who="me"),
        lambda: manager.set_supercategory(3, "things", who="me"),
        lambda: manager.reorder([8, 3], who="me"),
    ]
    before = []
    for change in changes:
        before.append(store.categories())
        change()
    car = next(one for one in store.categories() if one.id == 3)
    assert car == Category(3, "car", "things", color="#ff8000", position=1, threshold=0.25)
    assert [one.id for one in in_order(store.categories())] == [8, 3, 1]
    for expected in reversed(before):
        manager.undo(manager.last().id, who="me")
        assert store.categories() == expected


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda manager: manager.set_color(3, "red; }", who="me"), "color: 'red; }', expected #rrggbb"),
        (lambda manager: manager.set_digit(3, 10, who="me"), "digit: 10, expected 1 to 9"),
        (lambda manager: manager.set_threshold(3, float("nan"), who="me"), "threshold: nan, expected 0 to 1"),
        (lambda manager: manager.set_supercategory(3, "a\tb", who="me"), "supercategory: expected at most 1000"),
        (lambda manager: manager.merge(3, into=3, who="me"), "category 3: cannot be merged into itself"),
        (lambda manager: manager.merge(3, into=17, who="me"), "category 17: is not in the project"),
        (lambda manager: manager.rename(3, "car", who="me"), "categories: nothing changes"),
        (lambda manager: manager.undo(1, who="me"), "something else was changed since"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(store, manager, change, line):
    before, version = store.categories(), manager.version()
    with pytest.raises(CategoryError, match=line.replace("(", r"\(")):
        change(manager)
    assert store.categories() == before
    assert manager.version() == version


def test_a_merged_or_removed_category_says_what_became_of_it(store, manager):
    manager.merge(3, into=8, who="me")
    with pytest.raises(CategoryError, match="'car': was merged into category 8 meanwhile"):
        manager.rename(3, "Auto", who="you")
    manager.remove(8, who="me")
    with pytest.raises(CategoryError, match="'truck': was removed meanwhile"):
        manager.set_color(8, "#000000", who="you")


def test_a_list_is_added_with_its_ids_where_they_are_free_and_taken_back_as_one(store, manager):
    wanted = [Category(0, "helmet", "gear"), Category(200, "vest"), Category(1, "boots"), Category(17, "car")]
    added = manager.add(wanted, who="me")
    assert [(one.id, one.name) for one in added.categories] == [(91, "helmet"), (200, "vest"), (201, "boots")]
    assert added.notes == (
        "category 1 'boots' is category 201 in the project",
        "category 17 'car' is category 3 in the project",
    )
    image = add_image(store)
    store.record(gesture(image, accept("one", category_id=91, rle=block())))
    with pytest.raises(CategoryError, match="category 91: has instances by now"):
        manager.undo(manager.last().id, who="me")
    gone = Change("one", 91, State.DELETED)
    store.record(gesture(store.image(image.id), gone, verb="delete", number=1))
    manager.undo(manager.last().id, who="me")
    assert names(store) == {1: "person", 3: "car", 8: "truck"}


CHANGES = [
    lambda manager: manager.rename(3, "Auto", who="me"),
    lambda manager: manager.set_color(3, "#ff8000", who="me"),
    lambda manager: manager.set_digit(3, 7, who="me"),
    lambda manager: manager.reorder([8, 3], who="me"),
    lambda manager: manager.add([Category(0, "helmet")], who="me"),
    lambda manager: manager.merge(1, into=3, who="me"),
    lambda manager: manager.merge(3, into=8, who="me"),
    lambda manager: manager.remove(8, who="me"),
]


@pytest.mark.slow
@settings(max_examples=15)
@given(st.lists(st.sampled_from("ur"), max_size=30))
def test_undo_and_redo_lead_back_and_forth_over_every_state(tmp_path_factory, steps):
    with Store.open(tmp_path_factory.mktemp("undo") / "project") as store:
        manager = store.category_manager
        for name in ("person", "car", "truck"):
            store.add_category(name)
        image = add_image(store)
        store.set_suggestions(image.id, [suggestion(2), suggestion(6, category_id=3), suggestion(9, category_id=8)])

        def state():
            return store.categories(), states(store, image), manager.uses()

        reached = [state()]
        for change in CHANGES:
            change(manager)
            reached.append(state())
        place = len(CHANGES)
        for step in steps:
            last, undone = manager.last(), manager.last_undone()
            assert (last is None, undone is None) == (place == 0, place == len(CHANGES))
            if step == "u" and last is not None:
                manager.undo(last.id, who="me")
                place -= 1
            elif step == "r" and undone is not None:
                manager.redo(undone.id, who="me")
                place += 1
            assert state() == reached[place]


def test_after_another_change_nothing_can_be_done_again(store, manager):
    manager.rename(3, "Auto", who="me")
    undone = manager.last().id
    manager.undo(undone, who="me")
    manager.set_color(8, "#00ff00", who="you")
    assert manager.last_undone() is None
    with pytest.raises(CategoryError, match="something else was changed since, so nothing is done again"):
        manager.redo(undone, who="me")
    assert names(store)[3] == "car"


def test_what_was_decided_between_undo_and_redo_is_merged_too_and_a_name_that_was_taken_is_refused(store, manager):
    image = add_image(store)
    manager.merge(3, into=8, who="me")
    manager.undo(manager.last().id, who="me")
    store.record(gesture(image, accept("one", category_id=3, rle=block())))
    manager.redo(manager.last_undone().id, who="me")
    assert states(store, image) == {"one": (8, State.ACCEPTED)}
    manager.rename(8, "lorry", who="me")
    manager.undo(manager.last().id, who="me")
    store.add_category("lorry")
    with pytest.raises(CategoryError, match="'lorry': exists already"):
        manager.redo(manager.last_undone().id, who="me")


def test_the_version_is_another_after_each_change_also_one_that_is_in_no_log(store, manager):
    seen = [manager.version()]
    for change in (
        lambda: manager.rename(3, "Auto", who="me"),
        lambda: manager.undo(manager.last().id, who="me"),
        lambda: store.add_category("boat"),
        lambda: manager.remove(3, who="me"),
        lambda: store.record(gesture(add_image(store), accept("one", category_id=3, rle=block()))),
    ):
        change()
        seen.append(manager.version())
    assert len(set(seen)) == len(seen)
    assert manager.version() == seen[-1]


def test_a_name_that_somebody_took_meanwhile_is_not_given_back(store, manager):
    manager.rename(3, "Auto", who="me")
    store.add_category("car")
    with pytest.raises(CategoryError, match="'car': exists already"):
        manager.undo(manager.last().id, who="me")


def test_a_category_s_own_threshold_counts_in_queue_and_gallery(store, manager):
    image = add_image(store)
    scores = [(1, 0.3), (3, 0.3), (3, 0.2)]
    store.set_suggestions(image.id, [suggestion(2, category_id=id, score=score) for id, score in scores])
    manager.set_threshold(3, 0.25, who="me")
    (row,) = store.queue()
    assert sorted(map(ord, row.scores)) == sorted([FIRST_SCORE + 30, ALWAYS_SHOWN, NEVER_SHOWN])
    page = store.gallery.page(category_id=3, states=[State.SUGGESTED], threshold=0.9, order=Order.SCORE, limit=9)
    assert ([entry.score for entry in page.entries], page.below, page.counts) == ([0.3], 1, {3: 1})
    page = store.gallery.page(category_id=1, states=[State.SUGGESTED], threshold=0.9, order=Order.SCORE, limit=9)
    assert (page.total, page.below) == (0, 1)


def test_an_archive_carries_merges_and_the_log(tmp_path, store, manager):
    manager.set_color(8, "#00ff00", who="me")
    manager.merge(3, into=8, who="me")
    archive.pack_project(store, tmp_path / "project.zip")
    archive.unpack_project(tmp_path / "project.zip", tmp_path / "other")
    with Store.open(tmp_path / "other") as other:
        assert other.categories() == store.categories()
        other.category_manager.undo(other.category_manager.last().id, who="you")
        assert names(other)[3] == "car"
