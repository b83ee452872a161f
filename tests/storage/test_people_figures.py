"""Who did what, and how fast: by the names beside the gestures that still stand."""

import pytest

from annotator.core.dataset import State
from annotator.core.people import Role
from annotator.core.review import Change, Gesture
from annotator.exchange.people_table import people_csv, people_lines
from annotator.storage.store import Store
from tests.storage.builders import add_image, block, suggestion


class Team:
    """Makes gestures by whoever the test says."""

    def __init__(self, store):
        self.store, self.number = store, 0

    def decides(self, who, image, changes, *, verb="accept", seconds=2.0, **more):
        self.number += 1
        revision = self.store.image(image.id).revision
        gesture = Gesture(image.id, who, self.number, revision, verb, who, tuple(changes), seconds=seconds, **more)
        self.store.record(gesture)


@pytest.fixture
def team(store):
    return Team(store)


def key(store, image):
    return store.instances(image.id)[0].key


def figures(store):
    return {one.name: one for one in store.people.figures()}


def test_each_instance_and_picture_counts_for_whoever_decided_about_it_last(store, team):
    images = [add_image(store, f"{n}".encode(), f"{n}.jpg") for n in range(4)]
    for image in images:
        store.set_suggestions(image.id, [suggestion()])
    keys = [key(store, image) for image in images]
    team.decides("anna", images[0], [Change(keys[0], 1, State.ACCEPTED)], reviewed=True)
    team.decides("anna", images[1], [Change(keys[1], 1, State.ACCEPTED)], reviewed=True, seconds=500.0)  # a pause
    team.decides("bert", images[1], [Change(keys[1], 1, State.ACCEPTED, rle=block(x=3))], verb="edit", seconds=9.0)
    team.decides("bert", images[2], [Change(keys[2], 1, State.REJECTED)], verb="reject", seconds=1.0)
    team.decides("bert", images[2], [Change("d", 1, State.ACCEPTED, rle=block(x=7))], verb="add", seconds=20.0)
    team.decides("bert", images[2], [], verb="review", reviewed=True, seconds=0.5)
    found = figures(store)
    assert list(found) == ["bert", "anna"]
    anna, bert = found["anna"], found["bert"]
    assert (anna.pictures, anna.accepted, anna.adjusted, anna.drawn, anna.rejected) == (2, 1, 0, 0, 0)
    assert (bert.pictures, bert.accepted, bert.adjusted, bert.drawn, bert.rejected) == (1, 0, 1, 1, 1)
    assert (anna.seconds, bert.seconds) == (62.0, 30.5)
    assert (anna.share_pictures, bert.share_pictures) == (pytest.approx(2 / 3), pytest.approx(1 / 3))
    assert (anna.share_instances, bert.share_instances) == (0.25, 0.75)
    assert bert.seconds_each == pytest.approx(30.5 / 3)
    assert anna.last < bert.last
    # Only what is new is read, and it gives what all of it gives.
    team.decides("anna", images[3], [Change(keys[3], 1, State.ACCEPTED)], reviewed=True)
    more = figures(store)
    assert (more["anna"].pictures, more["anna"].accepted) == (3, 2)
    with Store.open(store.folder) as again:
        assert again.people.figures() == store.people.figures()
    store.remove_image(images[3].id)
    assert figures(store)["anna"].pictures == 2


def test_what_was_decided_about_many_at_once_counts_for_nobody(store, team):
    image = add_image(store)
    store.set_suggestions(image.id, [suggestion()])
    team.decides("bulk-1", image, [Change(key(store, image), 1, State.ACCEPTED)])
    assert store.people.figures() == ()


def test_people_who_did_nothing_yet_stand_there_too_and_a_name_runs_in_no_spreadsheet(store, team):
    store.people.claim("1", "=cmd()")
    store.people.add("bert", Role.REVIEW, by="anna")
    image = add_image(store)
    team.decides("=cmd()", image, [Change("d", 1, State.ACCEPTED, rle=block())], verb="add", seconds=3.0)
    found = figures(store)
    assert found["=cmd()"].role is Role.MANAGE
    assert (found["bert"].role, found["bert"].instances, found["bert"].last) == (Role.REVIEW, 0, None)
    header, first, second = people_csv(store.people.figures()).splitlines()
    assert header.startswith("name,role,pictures,share_pictures,instances,share_instances,accepted")
    assert first.startswith("'=cmd(),manage,0,0.0,1,1.0,0,0,1,0,3.0,3.0,")
    assert second == "bert,review,0,0.0,0,0.0,0,0,0,0,0.0,,"
    assert people_lines(store.people.figures()).splitlines()[1].split()[:5] == ["=cmd()", "manage", "0", "(0%)", "1"]
