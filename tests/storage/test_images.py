"""Images: their bytes, the bin, and the queue of what stands where on each."""

import hashlib

import pytest

from annotator.core.dataset import State
from annotator.core.errors import MissingError, StaleRevisionError, StoreError
from annotator.core.review import Change
from annotator.storage import contents
from annotator.storage.images import FIRST_SCORE
from tests.storage.builders import accept, add_image, block, gesture, suggestion


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


@pytest.mark.sqlite
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


def test_an_image_in_the_bin_says_where_it_is(store):
    image = add_image(store, b"one")
    store.remove_image(image.id)
    with pytest.raises(MissingError, match=f"image {image.id}: {image.file_name} is in the bin"):
        store.image(image.id)


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


def test_a_picture_that_was_deleted_for_good_comes_back_as_one_that_nobody_has_seen(store, image):
    """Reviewed, with nothing left in it, it would be exported as a picture of nothing."""
    store.set_suggestions(image.id, [suggestion(1)])
    store.record(gesture(image, accept("n", rle=block()), reviewed=True))
    assert store.image(image.id).reviewed
    store.remove_image(image.id)
    store.empty_bin()
    again = add_image(store)
    assert (again.id, again.reviewed, again.prelabelled) == (image.id, False, False)
    assert store.images(unseen_by="model@1") == (again,)
    store.set_suggestions(image.id, [suggestion(1)])
    assert [one.state for one in store.instances(image.id)] == [State.SUGGESTED]


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


def test_the_queue_counts_what_stands_where(store, image):
    store.set_suggestions(image.id, [suggestion(x) for x in (1, 3, 5, 7)])
    keys = [one.key for one in store.instances(image.id)]
    changes = accept(keys[0]), Change(keys[1], 1, State.REJECTED), Change(keys[2], 1, State.DELETED)
    store.record(gesture(image, *changes))
    other = add_image(store, b"other")
    rows = store.queue()
    assert [(row.image.id, row.accepted, row.suggested, row.rejected) for row in rows] == [
        (image.id, 1, 1, 1),
        (other.id, 0, 0, 0),
    ]


def test_the_queue_tells_each_suggestions_score_in_whole_hundredths(store, image):
    """0.29 is 28.999999999999996 hundredths: a threshold of 0.29 shows it."""
    scores = (0.0, 0.009, 0.29, 0.57, 0.5799, 0.99, 1.0)
    store.set_suggestions(image.id, [suggestion(1 + 2 * index, score=score) for index, score in enumerate(scores)])
    (row,) = store.queue()
    assert sorted(ord(letter) - FIRST_SCORE for letter in row.scores) == [0, 0, 29, 57, 57, 99, 100]
