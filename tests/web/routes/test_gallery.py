"""The gallery: pages of one category over all pictures, and cut-outs of its instances."""

import numpy as np
import pytest

from annotator.core.dataset import State, Suggestion
from annotator.core.masks import mask_to_rle
from annotator.core.review import Change, Gesture
from annotator.web.cutouts import Cutouts
from annotator.web.projects import Projects
from tests.web.conftest import client_of, png

WIDTH, HEIGHT = 64, 48


def block(left, top, width, height):
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[top : top + height, left : left + width] = True
    return mask_to_rle(mask)


@pytest.fixture
def store(projects):
    """Three pictures with four upright persons each, and one that is wide."""
    opened = projects.get(projects.welcome(None))
    opened.add_category("person")
    opened.add_category("car")
    for number in range(3):
        image = opened.add_image(png(WIDTH, HEIGHT, seed=number), file_name=f"{number}.png", width=WIDTH, height=HEIGHT)
        found = [
            Suggestion(
                1, 0.3 + 0.1 * place + 0.01 * number, block(2 + 14 * place, 4, 8, 20 + place + number), "known@1"
            )
            for place in range(4)
        ]
        if number == 1:
            found.append(Suggestion(1, 0.95, block(1, 40, 60, 5), "known@1"))
        opened.set_suggestions(image.id, found)
    return opened


def pages(client, base, **asked):
    """Every instance of the gallery, page by page."""
    after = ""
    while after is not None:
        answer = client.get(f"{base}/gallery", params={"category": 1, "after": after, **asked})
        assert answer.status_code == 200, answer.text
        yield answer.json()
        after = answer.json()["after"]


def listed(client, base, **asked):
    return [one for page in pages(client, base, **asked) for one in page["instances"]]


def test_pages_hold_everything_once_in_order(client, base, store):
    scores = [one["score"] for one in listed(client, base, order="score", limit=5)]
    assert len(scores) == 13
    # A page that ends where everything does is the last one.
    assert [len(page["instances"]) for page in pages(client, base, order="score", threshold=0.9, limit=1)] == [1]
    assert scores == sorted(scores)
    doubts = [abs(one["score"] - 0.4) for one in listed(client, base, order="doubt", threshold=0.4, limit=2)]
    assert doubts == sorted(doubts)
    shares = [one["area"] for one in listed(client, base, order="area", limit=1000)]
    assert shares == sorted(shares)


def test_what_is_unlike_the_others_comes_first(client, base, store):
    first = listed(client, base, order="odd")[0]
    assert first["score"] == pytest.approx(0.95)
    assert first["box"] == [1, 40, 61, 45]


def test_one_that_lies_among_those_that_stand_comes_first_though_it_is_as_large(client, base, store):
    image = store.add_image(png(WIDTH, HEIGHT, seed=9), file_name="9.png", width=WIDTH, height=HEIGHT)
    boxes = [*((2 + 6 * place, 4, 4, 15 + place) for place in range(5)), (2, 30, 17, 4)]
    store.set_suggestions(image.id, [Suggestion(3, 0.9, block(*box), "known@1") for box in boxes])
    assert listed(client, base, category=3, order="odd")[0]["box"] == [2, 30, 19, 34]


def test_the_threshold_leaves_out_suggestions_and_says_how_many(client, base, store):
    (page,) = pages(client, base, threshold=0.5)
    assert (page["total"], page["below"]) == (7, 6)
    assert page["counts"] == [[1, 7]]
    assert all(one["score"] >= 0.5 for one in page["instances"])


def test_a_decision_between_two_pages_passes_over_nothing(client, base, store):
    whole = [one["key"] for one in listed(client, base, order="score")]
    walk = pages(client, base, order="score", limit=4)
    first = next(walk)["instances"]
    for one in first:
        revision = store.image(one["image"]).revision
        change = Change(one["key"], 1, State.REJECTED)
        store.record(Gesture(one["image"], "gallery", whole.index(one["key"]) + 1, revision, "reject", "me", (change,)))
    rest = [one["key"] for page in walk for one in page["instances"]]
    assert [one["key"] for one in first] + rest == whole
    assert [one["key"] for one in listed(client, base, state="rejected", order="score")] == whole[:4]


def test_a_picture_in_the_bin_is_in_no_gallery(client, base, store):
    gone = listed(client, base)[0]
    store.remove_image(gone["image"])
    assert gone["image"] not in {one["image"] for one in listed(client, base)}
    assert client.get("/" + gone["cutout"]).status_code == 404


def test_a_cut_out_is_an_inert_picture_that_a_browser_may_keep(client, base, store):
    answer = client.get("/" + listed(client, base)[0]["cutout"])
    assert answer.headers["content-type"] == "image/jpeg"
    assert "immutable" in answer.headers["cache-control"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_the_address_of_an_older_mask_shows_the_new_one_and_is_not_kept(client, base, store):
    one = listed(client, base)[0]
    stale = client.get("/" + one["cutout"].split("?")[0], params={"v": "older"})
    assert stale.content == client.get("/" + one["cutout"]).content
    assert stale.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "asked",
    [
        {"category": "x"},
        {"category": -1},
        {"category": 1, "order": "random"},
        {"category": 1, "state": "deleted"},
        {"category": 1, "after": "nan:1"},
        {"category": 1, "after": "somewhere"},
        {"category": 1, "threshold": "nan"},
        {},
    ],
)
def test_what_is_asked_wrongly_is_refused_in_one_line(client, base, store, asked):
    answer = client.get(f"{base}/gallery", params=asked)
    assert answer.status_code == 400
    assert "\n" not in answer.json()["error"]


def test_another_project_shows_no_cut_out_of_this_one(client, base, store, tmp_path):
    one = listed(client, base)[0]
    assert client.get("/" + one["cutout"]).status_code == 200
    with_other = Projects(local=tmp_path / "other")
    other = client_of(with_other)
    path = one["cutout"].split("/", 2)[2]
    assert other.get(f"/{one['cutout']}").status_code == 404
    assert other.get(f"/annotator/{with_other.welcome(None)}/{path}").status_code == 404
    with_other.close()


def test_old_cut_outs_make_room_for_new_ones(store):
    cutouts = Cutouts(limit=30_000)
    for row in store.queue():
        for one in store.instances(row.image.id):
            content, _ = cutouts.get(store, row.image.id, one.key, "")
            assert content[:2] == b"\xff\xd8"
    assert 0 < cutouts._bytes <= 30_000
    assert cutouts._bytes == sum(map(len, cutouts._kept.values()))
