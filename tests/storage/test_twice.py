"""A second person makes a picture again, apart from the first: who gets which, and that nobody else sees it."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from sqlalchemy import select, update

from annotator.core.dataset import State
from annotator.core.errors import ArchiveError, MissingError
from annotator.core.heatmap import Heatmap
from annotator.storage import schema
from annotator.storage.archive import pack_project, unpack_project
from annotator.storage.duplicate import duplicate
from annotator.storage.leases import Holder
from annotator.storage.search import Search
from annotator.storage.store import Store
from annotator.storage.takes import is_kept_from
from annotator.storage.twice import ABANDONED
from tests.storage.archives import with_database
from tests.storage.builders import accept, add_image, block, gesture, suggestion

NET = "starter-person@1"
NUMBERS = iter(range(1, 10_000))


def decide(store, image_id, *changes, who, reviewed=None):
    image = store.image(image_id)
    made = gesture(image, *changes, number=next(NUMBERS), revision=image.revision, reviewed=reviewed)
    return store.record(replace(made, who=who))


def reviewed_by(store, who, name="a.jpg"):
    """A picture with two suggestions, of which one was accepted."""
    image = add_image(store, name.encode(), name)
    store.set_suggestions(image.id, [suggestion(2), suggestion(9, score=0.4)], by=NET)
    decide(store, image.id, accept(store.instances(image.id)[0].key), who=who, reviewed=True)
    return image


def kept_from(store, who):
    with store._database.read() as connection:
        return set(connection.scalars(select(schema.images.c.id).where(is_kept_from(who))))


def test_the_second_take_is_anothers_and_begins_from_the_same_suggestions(store):
    image = reviewed_by(store, "ann")
    assert store.twice.give("ben") is None, "nobody asked for it"
    store.twice.pick([image.id, image.id, 999])
    assert store.twice.give("ann") is None, "who made the first take"
    assert (store.twice.progress("ann").others, store.twice.progress("ben").open) == (1, 1)
    take = store.twice.give("ben")
    assert store.twice.give("ben") == take, "what somebody has begun comes first"
    assert store.twice.give("cat") is None
    assert store.twice.take_of(take) == image.id
    assert store.content(store.image(take)) == b"a.jpg"
    offered = store.instances(take)
    assert [(one.rle, one.score, one.state) for one in offered] == [
        (block(2), 0.9, State.SUGGESTED),
        (block(9), 0.4, State.SUGGESTED),
    ]
    decide(store, take, accept(offered[1].key), who="ben", reviewed=True)
    assert [one.state for one in store.instances(image.id)] == [State.ACCEPTED, State.SUGGESTED]
    done = store.twice.progress("ben")
    assert (done.chosen, done.open, done.others, done.done) == (1, 0, 0, 1)
    assert (kept_from(store, "ann"), kept_from(store, "ben"), kept_from(store, "cat")) == ({take}, {image.id}, set())


def test_who_makes_the_second_take_is_not_handed_the_picture_when_it_is_to_be_done_again(store):
    image = reviewed_by(store, "ann")
    store.twice.choose(1.0)
    assert store.twice.give("ben") is not None
    decide(store, image.id, who="rolf", reviewed=False)
    store.hand_out.switch(True)
    taken = {
        name: store.hand_out.take_next(Search(), Holder(name, name), after=None, ordered=list)
        for name in ("ben", "ann")
    }
    assert taken["ben"] is None
    assert taken["ann"].image_id == image.id


def test_a_take_is_in_no_list_no_count_no_export_and_no_bin(store, tmp_path):
    image = reviewed_by(store, "ann")
    store.twice.choose(1.0)
    take = store.twice.give("ben")
    decide(store, take, accept(store.instances(take)[0].key), who="ben", reviewed=True)
    assert [row.image.id for row in store.queue()] == [image.id] == [one.id for one in store.images()]
    assert len(store.dataset().images) == len(store.dataset().instances) == 1
    assert store.evidence.read().pictures.ids.tolist() == [image.id]
    assert store.bin(emptied=True) == ()
    assert store.restore_images() == 0
    for work in (store.restore_image, store.remove_image):
        with pytest.raises(MissingError):
            work(take)
    assert store.remove_images() == 1
    # While the picture is in the bin its other take is nowhere.
    assert store.twice.progress("ben").chosen == 0
    with pytest.raises(MissingError):
        store.image(take)
    assert store.restore_images() == 1
    assert store.twice.progress("ben").done == 1
    store.remove_images()
    store.empty_bin()
    assert add_image(store, b"a.jpg").id == image.id, "the same picture comes again"
    assert store.instances(take) == ()
    assert store.twice.progress("ben").unreviewed == 1
    decide(store, image.id, who="ann", reviewed=True)
    assert store.twice.give("cat") == take
    duplicate(store, tmp_path / "copy", name="copy")
    with Store.open(tmp_path / "copy") as copy:
        assert [one.id for one in copy.images()] == [image.id]
        assert copy.twice.plan() == store.twice.plan()


def test_a_larger_share_or_project_keeps_what_was_chosen(store):
    def chosen():
        return {one.id for one in store.images() if store.twice.plan().chooses(one.sha256)}

    def add(*numbers):
        with store.together():
            for number in range(*numbers):
                add_image(store, b"%d" % number, f"{number}.jpg")

    add(60)
    assert store.twice.choose(0, seed=7).share == 0
    assert chosen() == set()
    store.twice.choose(0.3)
    some = chosen()
    assert 8 < len(some) < 30
    add(60, 80)
    assert some < chosen()
    some = chosen()
    store.twice.choose(0.6, seed=8)
    assert some < chosen(), "the seed of the first draw stays"
    assert store.twice.choose(1).seed == 7
    assert store.twice.progress("ann").chosen == store.twice.progress("ann").unreviewed == 80


def test_a_take_that_nobody_touched_goes_to_somebody_else_and_what_was_begun_stays(store):
    first, second = reviewed_by(store, "ann", "a.jpg"), reviewed_by(store, "ann", "b.jpg")
    store.twice.choose(1.0, suggestions=False)
    untouched = store.twice.give("ben")
    assert store.instances(untouched) == ()
    begun = store.twice.give("cat")
    decide(store, begun, accept("drawn", rle=block(5)), who="cat")
    long_ago = (datetime.now(UTC) - 2 * ABANDONED).isoformat()
    with store._database.write() as connection:
        connection.execute(update(schema.twice).values(given_at=long_ago))
    assert store.twice.give("dan") == untouched
    assert store.twice.give("eve") is None
    assert store.twice.give("cat", leaving=begun) is None, "its review may be on the way"
    assert store.twice.choose(0).share == 0
    assert store.twice.progress("dan").chosen == 2, "takes that were begun stay"
    assert {store.twice.take_of(one) for one in (untouched, begun)} == {first.id, second.id}


def test_somebody_alone_may_do_both(store):
    image = reviewed_by(store, "local")
    store.twice.pick([image.id])
    assert store.twice.progress("local").others == 1
    assert store.twice.progress("local", alone=True).open == 1
    assert store.twice.give("local", alone=True) is not None
    assert store.twice.unpick() == 1
    assert store.twice.progress("local", alone=True).open == 1


@pytest.mark.sqlite
def test_takes_travel_in_an_archive_and_forged_ones_are_refused(store, tmp_path):
    image = reviewed_by(store, "ann")
    store.twice.choose(1.0)
    take = store.twice.give("ben")
    store.remove_image(add_image(store, b"other", "other.jpg").id)
    pack_project(store, tmp_path / "packed.zip")
    unpack_project(tmp_path / "packed.zip", tmp_path / "opened")
    with Store.open(tmp_path / "opened") as opened:
        assert opened.twice.give("ben") == take
        assert len(opened.instances(take)) == 2
        assert len(opened.bin()) == 1
    for forged in (
        f"UPDATE twice SET take_id = {image.id}",
        "UPDATE twice SET take_id = NULL",
        f"UPDATE images SET removed = 0 WHERE id = {take}",
        "UPDATE twice SET given_at = 'yesterday'",
        """UPDATE settings SET value = '{"share": 2}' WHERE name = 'twice'""",
    ):
        with pytest.raises(ArchiveError):
            unpack_project(with_database(tmp_path / "packed.zip", tmp_path, forged), tmp_path / "forged")


def test_the_level_of_a_suggestion_moves_in_the_second_take_too(store):
    image = add_image(store)
    soft = replace(suggestion(2), heatmap=Heatmap.of(np.eye(4, dtype=np.float32), (2, 2, 6, 5)))
    store.set_suggestions(image.id, [soft], by=NET)
    decide(store, image.id, accept(store.instances(image.id)[0].key), who="ann", reviewed=True)
    store.twice.choose(1.0)
    take = store.twice.give("ben")
    assert store.heatmap(take, store.instances(take)[0].key) is not None
