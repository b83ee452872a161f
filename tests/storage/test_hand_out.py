"""Pictures are handed out: nobody gets what another holds, whatever becomes of the one who held it."""

import pytest
from sqlalchemy import text

from annotator.core.errors import MissingError
from annotator.core.query import parse
from annotator.storage.leases import LEASE_MS, SAVING_MS, Holder
from annotator.storage.search import Search, Sort
from annotator.storage.store import Store
from tests.storage.builders import add_image, gesture
from tests.storage.postgres_server import PASSWORD
from tests.storage.test_durability import needs_fork, writers

ANN, BEN = Holder("ann", "tab-a"), Holder("ben", "tab-b")
TAB, OTHER = Holder("", "tab-1"), Holder("", "tab-2")
PICTURES = ("b.jpg", "a.jpg", "10.jpg", "9.jpg")


@pytest.fixture
def pictures(store):
    return [add_image(store, name.encode(), name).id for name in PICTURES]


def take(store, who, *, after=None, query="", ordered=(), **asked):
    found = store.hand_out.take_next(Search(parse(query), **asked), who, after=after, ordered=lambda: list(ordered))
    return None if found is None else found.image_id


def holders(store):
    """Without what was just left."""
    held = [lease for lease in store.hand_out.all() if lease.left_s * 1000 > SAVING_MS]
    return {lease.image_id: lease.holder.client for lease in held}


def move_clock(store, milliseconds):
    """As if the database's clock had jumped since the leases were made."""
    with store._database.write() as connection:
        connection.execute(text(f"UPDATE leases SET until = until - ({milliseconds})"))


def test_each_gets_the_next_that_nobody_else_holds_and_gives_back_what_was_left(store, pictures):
    assert [take(store, who) for who in (ANN, BEN, TAB)] == [1, 2, 3]
    assert take(store, ANN, after=1) == 4
    assert holders(store) == {2: "tab-b", 3: "tab-1", 4: "tab-a"}
    assert take(store, OTHER, after=3) is None, "the last gesture on the first may still be on its way"
    move_clock(store, SAVING_MS)
    assert take(store, OTHER, after=3) == 1, "behind the third there is only one that another holds"
    assert take(store, BEN, after=2) is None
    assert holders(store)[2] == "tab-b", "who gets no other keeps what is not done"
    store.worklist.mark_reviewed([2], True, who="ben")
    assert take(store, BEN, after=2) is None
    assert 2 not in holders(store)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"descending": True}, [4, 3, 2, 1]),
        ({"sort": Sort.NAME}, [4, 3, 2, 1]),
        ({"sort": Sort.NAME, "descending": True}, [1, 2, 3, 4]),
        ({"sort": Sort.DOUBT, "ordered": [3, 1, 4, 2]}, [3, 1, 4, 2]),
        ({"query": "#2..3", "ordered": [2, 3]}, [2, 3]),
        ({"query": "-a.jpg"}, [1, 3, 4]),
    ],
)
def test_the_order_and_the_filter_of_the_list_hold(store, pictures, asked, expected):
    found, left = [], None
    while (left := take(store, ANN, after=left, **asked)) is not None:
        store.worklist.mark_reviewed([left], True, who="ann")
        found.append(left)
    assert found == expected


def test_from_the_end_of_a_list_it_begins_again_and_a_left_picture_is_gone_back_to(store, pictures):
    assert take(store, ANN, after=4) == 1
    assert take(store, ANN, after=1, sort=Sort.NAME) == 4
    store.remove_image(2)
    store.worklist.mark_reviewed([3], True, who="ben")
    assert take(store, ANN, after=4) == 1
    move_clock(store, SAVING_MS)
    assert take(store, BEN, after=99) == 4


def test_opened_by_hand_a_picture_is_taken_or_told_whose_it_is(store, pictures):
    assert store.hand_out.take(1, ANN).is_of(ANN)
    told = store.hand_out.take(1, BEN)
    assert (told.holder, told.is_of(BEN)) == (ANN, False)
    assert 0 < told.left_s <= LEASE_MS / 1000
    assert store.hand_out.take(2, ANN).is_of(ANN)
    assert holders(store) == {2: "tab-a"}, "a tab shows one picture"
    with pytest.raises(MissingError):
        store.hand_out.take(99, ANN)


def test_a_person_holds_in_every_tab_and_a_tab_whoever_signs_in_there(store, pictures):
    elsewhere = Holder("ann", "another tab")
    store.hand_out.take(1, ANN)
    assert store.hand_out.take(1, elsewhere).is_of(elsewhere)
    assert take(store, ANN) == 2, "what another tab of hers shows is not given twice"
    store.hand_out.take(3, TAB)
    assert store.hand_out.take(3, Holder("cem", TAB.client)).holder.name == "cem"
    assert not store.hand_out.take(3, OTHER).is_of(OTHER)


def test_a_closed_lid_holds_a_picture_no_longer_than_a_lease_and_work_renews_it(store, pictures):
    store.hand_out.take(1, ANN)
    store.hand_out.take(2, BEN)
    move_clock(store, LEASE_MS - 1000)
    assert store.hand_out.keep(2, BEN).left_s > LEASE_MS / 2000
    assert take(store, TAB) == 3, "ann's has a second left"
    move_clock(store, 1000)
    assert (take(store, OTHER), holders(store)) == (1, {1: "tab-2", 2: "tab-b", 3: "tab-1"})
    lost = store.hand_out.keep(1, ANN)
    assert (lost.is_of(ANN), lost.holder) == (False, OTHER)


def test_a_tab_that_is_reloaded_keeps_its_picture_and_one_that_is_closed_gives_it_back(store, pictures):
    store.hand_out.take(1, ANN)
    store.hand_out.leave(ANN)
    assert take(store, BEN) == 2
    assert store.hand_out.keep(1, ANN).left_s > LEASE_MS / 2000
    store.hand_out.leave(ANN)
    move_clock(store, 20_000)
    assert take(store, TAB) == 1


def test_a_young_lease_is_kept_without_a_write(store, pictures):
    store.hand_out.take(1, ANN)
    before = store.worklist.version()
    assert store.hand_out.keep(1, ANN).is_of(ANN)
    assert store.hand_out.keep(1, BEN).holder == ANN
    assert store.worklist.version() == before


def test_a_clock_that_jumps_frees_pictures_for_good_or_for_a_while_and_never_twice(store, pictures):
    store.hand_out.take(1, ANN)
    move_clock(store, -LEASE_MS // 2)
    assert take(store, BEN) == 2, "a little back: the holder keeps it"
    move_clock(store, -1000 * LEASE_MS)
    assert take(store, TAB) == 1, "a lease until the year after next would hold the picture until then"
    assert holders(store) == {1: "tab-1"}
    assert not store.hand_out.keep(1, ANN).is_of(ANN)


def test_a_server_that_restarts_between_taking_and_finishing_changes_nothing(store, pictures):
    store.hand_out.take(1, ANN)
    with Store.open(store.folder) as again:
        assert take(again, BEN) == 2
        again.record(gesture(again.image(1), verb="review", reviewed=True))
        assert take(again, ANN, after=1) == 3


def test_a_manager_may_release_a_picture_and_another_only_their_own(store, pictures):
    store.hand_out.take(1, ANN)
    assert store.hand_out.release(1, by=BEN).holder == ANN
    assert store.hand_out.release(1, by=ANN) is None
    store.hand_out.take(1, ANN)
    assert store.hand_out.release(1) is None
    assert take(store, BEN) == 1
    store.hand_out.give_back(BEN)
    assert holders(store) == {}


def test_handing_out_is_off_until_it_is_switched_on_and_off_again_nobody_holds_anything(store, pictures):
    assert not store.hand_out.is_on()
    store.hand_out.switch(True)
    assert store.hand_out.is_on()
    store.hand_out.take(1, ANN)
    store.hand_out.switch(False)
    assert (store.hand_out.is_on(), holders(store)) == (False, {})


@needs_fork
def test_no_picture_has_two_holders_however_many_ask_at_once(store, monkeypatch):
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    with store.together():
        for number in range(60):
            add_image(store, b"%d" % number, f"{number}.jpg")
    with writers("lease", store.folder, 40) as program:
        program.say("all 8")
        said = [words for words in program.rest() if words[0] in ("took", "left")]
    held = {}
    for what, who, picture in said:
        if what == "took":
            assert picture not in held, f"{who} and {held[picture]} hold {picture}"
            held[picture] = who
        else:
            assert held.pop(picture) == who
    assert not held
    assert len(said) >= 120, "each picture was somebody's"
    assert len({who for _, who, _ in said}) > 1
