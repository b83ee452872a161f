"""What a network found by itself, beside what people left on reviewed pictures."""

from annotator.core.dataset import State
from annotator.core.review import Change
from annotator.storage.store import Store
from tests.storage.builders import accept, add_image, block, gesture, older_project, suggestion

NET, OTHER = "starter-person@1", "other@1"


def read(store, network=NET):
    overview = store.comparisons.overview()
    return store.comparisons.read(network, overview.pictures.get(network, ()))


def review(store, image, *changes, number=0):
    store.record(gesture(image, *changes, number=number, revision=store.image(image.id).revision, reviewed=True))


def test_what_a_network_found_stays_as_it_came_whatever_people_made_of_it(store):
    image = add_image(store)
    offered = [suggestion(2, score=0.9), suggestion(8, score=0.5), suggestion(14, score=0.1)]
    store.set_suggestions(image.id, offered)
    assert read(store) == []  # not reviewed
    first, second, third = store.instances(image.id)
    adjusted = accept(first.key, rle=block(3))
    review(
        store, image, adjusted, Change(second.key, 1, State.DELETED), accept(third.key), accept("d", rle=block(6, 7))
    )
    (found,) = read(store)
    assert [(one.rle, one.score) for one in found.found] == [(one.rle, one.score) for one in offered]
    assert [(one.rle, one.origin) for one in found.truth] == [
        (block(3), "adjusted"),
        (block(14), "own"),
        (block(6, 7), "drawn"),
    ]


def test_what_is_not_offered_as_it_was_answered_already_is_kept_too(store):
    image = add_image(store)
    review(store, image, accept("drawn", rle=block(2)))
    seen = [suggestion(2, source=OTHER), suggestion(9, source=OTHER)]
    store.set_suggestions(image.id, seen[1:], by=OTHER, found=seen)
    assert [one.rle for one in store.instances(image.id, states=[State.SUGGESTED])] == [block(9)]
    (found,) = read(store, OTHER)
    assert {one.rle for one in found.found} == {block(2), block(9)}
    # A second look takes the place of the first, also one that finds nothing.
    store.set_suggestions(image.id, [], by=OTHER, found=[])
    assert [one.found for one in read(store, OTHER)] == [()]


def test_merged_categories_and_changed_pictures_are_told(store):
    people = store.add_category("people").id
    image = add_image(store)
    store.set_suggestions(image.id, [suggestion(2)])
    review(store, image, accept(store.instances(image.id)[0].key))
    before = store.comparisons.overview()
    store.category_manager.merge(1, into=people, who="me")
    after = store.comparisons.overview()
    assert (before.categories, before.version) != (after.categories, after.version)
    assert [one.category_id for one in (*read(store)[0].truth, *read(store)[0].found)] == [people, people]
    review(store, image, accept("more", rle=block(9)), number=1)
    changed = store.comparisons.overview()
    assert changed.pictures[NET][0].revision > after.pictures[NET][0].revision


def test_an_older_project_counts_pictures_of_which_all_is_kept_and_leaves_out_the_others(tmp_path):
    with older_project(tmp_path, before="0019_runs") as older:
        for id in (2, 3, 4):
            row = (id, str(id) * 64, "a.jpg", 20, 12, "")
            older.execute(
                "INSERT INTO images (id, sha256, file_name, width, height, added_at) VALUES (?, ?, ?, ?, ?, ?)", row
            )
        for image_id, at in ((1, "2026-01-01"), (1, "2026-01-03"), (2, "2026-01-03")):
            values = (f"{image_id}{at}", image_id, block().counts, NET, at)
            older.execute("INSERT INTO suggestions VALUES (?, ?, 1, 0.5, ?, ?, ?)", values)
        for image_id in (1, 2):  # reviewed between the two
            older.execute(
                "INSERT INTO gestures (image_id, client, number, digest, verb, who, at, revision_before,"
                " revision_after) VALUES (?, 'tab', ?, '', 'accept', 'me', '2026-01-02', 0, 1)",
                (image_id, image_id),
            )
        older.execute("UPDATE images SET reviewed = 1, prelabelled = 1, prelabelled_by = ?", (NET,))
        older.execute(
            "INSERT INTO instances (key, image_id, category_id, state, rle, source)"
            " VALUES ('drawn', 4, 1, 'accepted', ?, 'manual')",
            (block().counts,),
        )
    with Store.open(tmp_path) as store:
        overview = store.comparisons.overview()
        assert [(one.image_id, len(one.found)) for one in read(store)] == [(1, 1), (3, 0)]
        assert overview.left_out == {NET: 2}
