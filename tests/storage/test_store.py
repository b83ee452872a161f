"""What a project keeps: images, categories, suggestions, decisions, settings."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from annotator.core.dataset import State
from annotator.core.errors import GestureError, MissingError, StaleRevisionError, StoreError
from annotator.core.masks import Rle
from annotator.core.polygons import Part
from annotator.core.review import Change
from annotator.core.settings import PROGRESS, THRESHOLD
from annotator.core.trace import rle_to_parts
from annotator.storage import contents
from annotator.storage.store import Store
from tests.storage.builders import HEIGHT, WIDTH, accept, add_image, block, gesture, suggestion

# --- images ----------------------------------------------------------------------------------------------------------


def test_the_same_bytes_are_the_same_image(store):
    first = add_image(store, b"one", "a.jpg")
    again = add_image(store, b"one", "other name.jpg")
    assert again == first
    assert store.image_count() == 1
    assert add_image(store, b"two", "a.jpg").id != first.id


def test_an_images_bytes_lie_under_their_hash(store):
    image = add_image(store, b"one")
    assert image.sha256 == hashlib.sha256(b"one").hexdigest()
    path = store.content_path(image.sha256)
    assert path.read_bytes() == b"one"
    assert path == store.folder / "images" / image.sha256[:2] / image.sha256


@pytest.mark.parametrize("name", ["../../etc/passwd", "/root/x", "a\0b", "<script>", "\ud800", "ж" * 900, "C:\\x\\y"])
def test_a_name_from_outside_is_only_text(store, name):
    image = add_image(store, b"one", name)
    assert store.image(image.id).file_name == name.replace("\0", "?").replace("\ud800", "?")
    assert sorted(path.name for path in store.folder.iterdir()) == ["images", "project.db", "project.lock"]


@pytest.mark.parametrize("sha256", ["", "../project.db", "A" * 64, "0" * 63, "0" * 64 + "\n"])
def test_only_a_hash_leads_to_content(store, sha256):
    with pytest.raises(StoreError):
        store.content_path(sha256)


def test_an_image_that_is_not_there_is_missing(store):
    with pytest.raises(MissingError, match="image 7: not in the project"):
        store.image(7)
    with pytest.raises(MissingError):
        store.instances(7)
    with pytest.raises(MissingError):
        store.set_suggestions(7, [])
    assert store.image_by_sha256("0" * 64) is None


def test_lost_bytes_come_back_with_the_picture(store):
    image = add_image(store, b"one")
    store.content_path(image.sha256).unlink()
    assert add_image(store, b"one") == image
    assert store.content_path(image.sha256).read_bytes() == b"one"


def test_a_removed_image_lies_in_the_bin_with_its_decisions(store, image):
    store.record(gesture(image, accept("n", rle=block()), reviewed=True))
    store.remove_image(image.id)
    assert (store.queue(), store.image_count(), store.dataset().images) == ((), 0, ())
    assert store.image_by_sha256(image.sha256) is None
    with pytest.raises(MissingError):
        store.remove_image(image.id)
    # A tab that does not know yet: what it did comes back with the picture.
    late = gesture(image, accept("late", rle=block(3)), number=1, revision=1)
    assert (store.record(late), store.record(late)) == (2, 2)
    with pytest.raises(StaleRevisionError):
        store.record(gesture(image, number=2, revision=1))
    assert (store.queue(), store.dataset().images) == ((), ())
    assert [one.id for one in store.bin()] == [image.id]
    assert store.content_path(image.sha256).is_file()
    store.restore_image(image.id)
    assert [one.key for one in store.instances(image.id)] == ["n", "late"]
    store.remove_image(image.id)
    assert add_image(store).id == image.id  # the same picture again takes it out of the bin
    assert len(store.instances(image.id)) == 2


def test_emptying_the_bin_deletes_bytes_and_instances_but_no_history(store, image):
    other = add_image(store, b"other")
    store.record(gesture(image, accept("n", rle=block())))
    store.remove_image(image.id)
    assert store.empty_bin() == 1
    assert not store.content_path(image.sha256).exists()
    assert store.content_path(other.sha256).exists()
    assert len(store.decisions(image.id)) == 1
    with pytest.raises(MissingError, match="was deleted when the bin was emptied"):
        store.record(gesture(image, accept("late", rle=block()), number=1, revision=1))
    again = add_image(store)
    assert again.id == image.id
    assert store.instances(image.id) == ()
    assert store.content_path(image.sha256).is_file()


def test_bytes_that_vanish_while_a_picture_is_added_are_written_again(store, image, monkeypatch):
    """As when another program empties the bin between the writing of the file and that of the row."""
    path = store.content_path(image.sha256)
    put = contents.put

    def put_and_lose(folder, content):
        sha256 = put(folder, content)
        if not lost:
            lost.append(path.unlink())
        return sha256

    lost = []
    monkeypatch.setattr(contents, "put", put_and_lose)
    add_image(store)
    assert lost
    assert path.read_bytes() == b"picture"


# --- categories ------------------------------------------------------------------------------------------------------


def test_cocos_names_get_cocos_ids_and_others_go_on_at_91(store):
    assert (store.add_category("zebra").id, store.add_category("zebra").supercategory) == (24, "animal")
    helmet = store.add_category("  helmet ", supercategory="gear")
    assert (helmet.id, helmet.name, helmet.supercategory) == (91, "helmet", "gear")
    assert store.add_category("vest").id == 92
    assert store.add_category("helmet") == helmet
    assert store.add_category("sign", id=500).id == 500
    assert store.add_category("next").id == 501
    assert [category.id for category in store.categories()] == [1, 24, 91, 92, 500, 501]


def test_a_taken_id_and_an_empty_name_are_refused(store):
    with pytest.raises(StoreError, match="id 1 is taken by 'person'"):
        store.add_category("helmet", id=1)
    with pytest.raises(StoreError, match="a name of 0 characters"):
        store.add_category("  ")
    assert len(store.categories()) == 1


# --- suggestions -----------------------------------------------------------------------------------------------------


def test_suggestions_are_offered_with_their_score_and_source(store, image):
    store.set_suggestions(image.id, [suggestion(2), suggestion(9, score=0.4)])
    first, second = store.instances(image.id)
    assert (first.state, first.score, first.source, first.rle) == (State.SUGGESTED, 0.9, "starter-person@1", block(2))
    assert second.score == 0.4
    assert store.image(image.id).prelabelled
    assert first.key != second.key


def test_prelabelling_again_replaces_what_nobody_touched_and_keeps_the_rest(store, image):
    store.set_suggestions(image.id, [suggestion(x) for x in (1, 3, 5, 7, 9)])
    accepted, rejected, edited, relabelled, _untouched = (one.key for one in store.instances(image.id))
    store.add_category("dog")
    changes = [
        accept(accepted),
        Change(rejected, 1, State.REJECTED),
        Change(edited, 1, State.SUGGESTED, rle=block(6)),
        Change(relabelled, 18, State.SUGGESTED),
        accept("drawn", rle=block(0, 0)),
    ]
    store.record(gesture(image, *changes))
    store.set_suggestions(image.id, [suggestion(12)])
    after = {one.key: one.state for one in store.instances(image.id)}
    fresh = set(after) - {accepted, rejected, edited, relabelled, "drawn"}
    assert len(fresh) == 1
    assert len(after) == 6
    assert store.image(image.id).revision == 1


def test_a_gesture_on_a_suggestion_that_was_replaced_meanwhile_still_counts(store, image):
    store.set_suggestions(image.id, [suggestion(2, score=0.7)])
    (old,) = store.instances(image.id)
    store.set_suggestions(image.id, [suggestion(9)])
    store.record(gesture(image, accept(old.key)))
    kept = next(one for one in store.instances(image.id) if one.key == old.key)
    assert (kept.state, kept.score, kept.source, kept.rle) == (State.ACCEPTED, 0.7, old.source, old.rle)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (suggestion(category_id=5), "category 5 is not in the project"),
        (suggestion(score=1.5), "score is 1.5, expected 0 to 1"),
        (suggestion(score=float("nan")), "score is nan"),
        (replace(suggestion(), rle=Rle(5, 5, "I1")), "size [5, 5], image is [12, 20]"),
        (replace(suggestion(), rle=Rle(HEIGHT, WIDTH, "zzz")), "suggestions[1]: RLE"),
        (replace(suggestion(), rle=block(w=0)), "the mask is empty"),
    ],
)
def test_a_wrong_suggestion_is_refused_and_nothing_is_replaced(store, image, wrong, message):
    store.set_suggestions(image.id, [suggestion()])
    before = store.instances(image.id)
    with pytest.raises(StoreError) as error:
        store.set_suggestions(image.id, [suggestion(), wrong])
    assert message in str(error.value)
    assert store.instances(image.id) == before


# --- gestures --------------------------------------------------------------------------------------------------------


def test_a_gesture_is_applied_once_however_often_it_is_sent(store, image):
    sent = gesture(image, accept("n", rle=block()), verb="add")
    assert [store.record(sent) for _ in range(3)] == [1, 1, 1]
    store.record(gesture(image, Change("n", 1, State.DELETED), number=1, revision=1, verb="delete"))
    assert store.record(sent) == 1  # a late copy changes nothing
    assert store.instances(image.id) == ()
    assert len(store.decisions()) == 2


def test_a_number_that_was_used_for_something_else_is_refused_and_not_taken_for_a_copy(store, image):
    sent = gesture(image, accept("n", rle=block()), verb="add")
    store.record(sent)
    assert store.record(replace(sent, revision=7, seconds=9.0, who="again")) == 1  # only the circumstances differ
    for other in (
        gesture(image, accept("m", rle=block()), verb="add"),
        gesture(image, accept("n", rle=block(3)), verb="add"),
        gesture(image, accept("n", parts=rle_to_parts(block())), verb="add"),
        gesture(add_image(store, b"other"), accept("n", rle=block()), verb="add"),
    ):
        with pytest.raises(GestureError, match="gesture tab/0: the number was used for another gesture before"):
            store.record(other)


def test_a_stale_gesture_is_refused_and_changes_nothing(store, image):
    store.record(gesture(image, accept("n", rle=block())))
    before = store.instances(image.id), store.decisions(), store.image(image.id)
    with pytest.raises(StaleRevisionError, match="made on revision 0, the stored one is 1"):
        store.record(gesture(image, Change("n", 1, State.DELETED), number=1, revision=0, client="other"))
    assert (store.instances(image.id), store.decisions(), store.image(image.id)) == before


def test_a_gesture_is_all_or_nothing(store, image):
    with pytest.raises(GestureError, match="changes"):
        store.record(gesture(image, accept("a", rle=block()), accept("b", rle=block(), category_id=77)))
    with pytest.raises(GestureError, match="not known"):
        store.record(gesture(image, accept("a", rle=block()), accept("b")))
    assert (store.instances(image.id), store.decisions(), store.image(image.id).revision) == ((), (), 0)


def test_an_instance_of_another_image_cannot_be_changed(store, image):
    other = add_image(store, b"other")
    store.record(gesture(image, accept("n", rle=block())))
    with pytest.raises(GestureError, match=f"is on image {image.id}, not on image {other.id}"):
        store.record(gesture(other, Change("n", 1, State.DELETED), number=1))


def test_reviewed_is_what_the_last_gesture_said(store, image):
    assert not store.image(image.id).reviewed
    store.record(gesture(image, verb="review", reviewed=True))
    assert store.image(image.id).reviewed
    store.record(gesture(image, accept("n", rle=block()), number=1, revision=1))
    assert store.image(image.id).reviewed
    store.record(gesture(image, verb="review", reviewed=False, number=2, revision=2))
    assert not store.image(image.id).reviewed


def test_a_decision_says_who_did_what_to_which_prediction(store, image):
    store.set_suggestions(image.id, [suggestion()])
    (offered,) = store.instances(image.id)
    store.record(gesture(image, accept(offered.key, rle=block(3)), verb="edit", threshold=0.4, seconds=2.5))
    (decision,) = store.decisions(image.id)
    assert (decision.verb, decision.who, decision.client, decision.number) == ("edit", "me", "tab", 0)
    assert (decision.source, decision.score, decision.rle) == ("starter-person@1", 0.9, block(3))
    assert (decision.threshold, decision.seconds, decision.revision) == (0.4, 2.5, 1)
    assert decision.at.endswith("Z")


def test_deleted_is_gone_from_view_and_can_be_brought_back(store, image):
    store.set_suggestions(image.id, [suggestion()])
    (offered,) = store.instances(image.id)
    store.record(gesture(image, Change(offered.key, 1, State.DELETED), verb="delete"))
    assert store.instances(image.id) == ()
    assert len(store.instances(image.id, states=[State.DELETED])) == 1
    store.record(gesture(image, Change(offered.key, 1, State.SUGGESTED), number=1, revision=1, verb="undo"))
    assert store.instances(image.id) == (offered,)


def test_polygons_come_back_to_the_bit(store, image):
    ring = np.array([[0.1, 0.2], [1 / 3 + 9, 2.7182818284590455], [7.000000000000001, 11.3]])
    hole = np.array([[5.0, 3.0], [6.0, 3.0], [6.0, 4.0]])
    store.record(gesture(image, accept("n", parts=(Part(ring, (hole,)), Part(ring + 1)))))
    (kept,) = store.instances(image.id)
    first, second = kept.parts
    assert np.array_equal(first.outer, ring)
    assert np.array_equal(first.holes[0], hole)
    assert np.array_equal(second.outer, ring + 1)
    assert not first.outer.flags.writeable


# --- the project -----------------------------------------------------------------------------------------------------


def test_a_project_opens_as_it_was_left(store, image):
    store.set_suggestions(image.id, [suggestion()])
    store.record(gesture(image, accept("n", parts=rle_to_parts(block(9)))))
    store.set_setting(THRESHOLD, {"starter-person": 0.4})
    with Store.open(store.folder) as again:
        assert again.key == store.key
        assert again.categories() == store.categories()
        assert again.queue() == store.queue()
        assert [one.rle for one in again.instances(image.id)] == [one.rle for one in store.instances(image.id)]
        assert again.setting(THRESHOLD) == {"starter-person": 0.4}


def test_keys_cannot_be_guessed(tmp_path):
    keys = set()
    for name in ("a", "b"):
        with Store.open(tmp_path / name) as store:
            keys.add(store.key)
            assert len(store.key) == 32
    assert len(keys) == 2


def test_settings_are_any_json(store):
    assert store.setting(PROGRESS) is None
    for value in (0, [], {"a": [1.5, None]}, "text", False):
        store.set_setting(THRESHOLD, value)
        assert store.setting(THRESHOLD) == value


def test_a_crowd_stays_one_until_a_gesture_says_otherwise_and_the_history_says_both(store, image):
    steps = [
        gesture(image, accept("n", rle=block(), crowd=True)),
        gesture(image, accept("n", rle=block(5)), number=1, revision=1, verb="edit"),
        gesture(image, accept("n", crowd=False), number=2, revision=2, verb="relabel"),
    ]
    crowds = []
    for step in steps:
        store.record(step)
        assert store.record(step) == store.image(image.id).revision  # sent again, it is applied once
        crowds.append(store.instances(image.id)[0].crowd)
    assert crowds == [True, True, False]
    assert [decision.crowd for decision in store.decisions(image.id)] == [True, True, False]
    with pytest.raises(GestureError, match="used for another gesture"):
        store.record(gesture(image, accept("n", crowd=True), number=2, revision=2, verb="relabel"))


def test_a_crowd_is_true_or_false(store, image):
    with pytest.raises(GestureError, match=r"changes\[0\].crowd is 'yes', expected true, false or nothing"):
        store.record(gesture(image, accept("n", rle=block(), crowd="yes")))
