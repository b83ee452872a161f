"""Pictures on which nothing is offered: nobody sees what networks found there, and nothing of it is lost."""

from annotator.core.dataset import State
from annotator.core.overlap import unanswered
from annotator.storage.blind import is_chosen
from tests.storage.builders import accept, add_image, block, gesture, suggestion

NET = "starter-person@1"


def found_on(store, image):
    store.set_suggestions(image.id, [suggestion(2), suggestion(9, score=0.4)], by=NET)


def review(store, image, *changes, number):
    store.record(gesture(image, *changes, number=number, revision=store.image(image.id).revision, reviewed=True))


def compared(store):
    overview = store.comparisons.overview()
    return {one.image_id: one.unaided for one in overview.pictures.get(NET, ())}


def test_a_blind_picture_offers_nothing_anywhere_and_is_measured_when_it_is_reviewed(store):
    image, seen = add_image(store), add_image(store, b"other", "other.jpg")
    found_on(store, image)
    found_on(store, seen)
    assert store.blind.pick([image.id, seen.id + 7]).hidden == (image.id,)
    found_on(store, image)  # a later run shows nothing either
    assert store.instances(image.id) == ()
    (row, other) = store.queue()
    assert (row.suggested, row.scores, other.suggested) == (0, "", 2)
    assert store.evidence.read().open.counts.sum() == 2
    assert store.comparisons.overview().pictures == {}
    drawn = accept("drawn", rle=block(2))
    store.record(gesture(image, drawn, number=1))
    assert store.placed.read() == [], "a doubt about what was drawn would tell what the network sees"
    review(store, image, number=2)
    review(store, seen, accept(store.instances(seen.id)[0].key), number=3)
    assert compared(store) == {image.id: True, seen.id: False}
    assert store.blind.read().measured == (image.id,)
    assert len(store.placed.read()) == 2
    pictures = store.evidence.read().pictures
    assert dict(zip(pictures.ids.tolist(), pictures.seen_from.tolist(), strict=True))[image.id] == 2


def test_suggestions_are_shown_afterwards_and_what_is_changed_by_them_counts_as_blind_no_more(store):
    image = add_image(store)
    store.blind.pick([image.id])
    found_on(store, image)
    review(store, image, accept("drawn", rle=block(2)), number=1)
    assert store.blind.show([image.id]).measured == ()
    # The one that was drawn already is not asked about again.
    (offered,) = store.instances(image.id, states=[State.SUGGESTED])
    assert (offered.rle, offered.score) == (block(9), 0.4)
    assert compared(store) == {image.id: True}
    review(store, image, accept(offered.key), number=2)
    assert compared(store) == {image.id: False}


def test_a_share_chooses_pictures_that_nobody_worked_on_and_gives_them_back(store):
    images = [add_image(store, b"%d" % number, f"{number}.jpg") for number in range(40)]
    for image in images[:30]:
        found_on(store, image)
    review(store, images[0], number=1)
    chosen = {image.id for image in images[1:] if is_chosen(image.sha256, 0.4)}
    assert 5 < len(chosen) < 30
    assert set(store.blind.set_share(0.4).hidden) == chosen
    late = [add_image(store, b"late%d" % number, f"late{number}.jpg") for number in range(20)]
    for image in late:
        found_on(store, image)
    chosen |= {image.id for image in late if is_chosen(image.sha256, 0.4)}
    assert set(store.blind.read().hidden) == chosen
    before = {row.image.id for row in store.queue() if row.suggested}
    assert not before & chosen
    store.blind.pick([next(image.id for image in images[1:30] if image.id not in chosen)])
    assert len(store.blind.set_share(0).hidden) == 1, "what a person picked stays"
    shown = {row.image.id for row in store.queue() if row.suggested == 2}
    assert len(shown) == 49


def test_what_was_there_before_a_network_looked_was_made_unaided(store):
    image = add_image(store)
    review(store, image, accept("drawn", rle=block(2)), number=1)
    found = [suggestion(2), suggestion(9)]
    store.set_suggestions(image.id, unanswered(found, store.instances(image.id)), by=NET, found=found)
    assert compared(store) == {image.id: True}
