"""Looking at a project's pictures, and what is more like one instance than another."""

import cv2
import numpy as np
import pytest

from annotator.core.dataset import Suggestion
from annotator.core.masks import mask_to_rle
from annotator.storage.looks import FILE
from annotator.system.paths import EXAMPLES
from annotator.vision.networks import zoo
from annotator.vision.networks.detector import Detector
from annotator.vision.pictures import decode
from annotator.web.look_work import network_of
from tests.web.batches import wait_until


def half(photo, left):
    mask = np.zeros((photo.height, photo.width), bool)
    mask[:, : photo.width // 2] = left
    mask[:, photo.width // 2 :] = not left
    return mask_to_rle(mask)


@pytest.fixture
def store(projects):
    """A photograph, its mirror image and noise, each with its two halves suggested."""
    opened = projects.get(projects.welcome(None))
    opened.add_category("person")
    photo = decode.read(EXAMPLES / "surfer.jpg")
    noise = np.random.default_rng(1).integers(0, 256, photo.pixels.shape, np.uint8)
    for name, pixels in (("photo", photo.pixels), ("mirrored", photo.pixels[:, ::-1]), ("noise", noise)):
        content = cv2.imencode(".png", np.ascontiguousarray(pixels[..., ::-1]))[1].tobytes()
        image = opened.add_image(content, file_name=f"{name}.png", width=photo.width, height=photo.height)
        opened.set_suggestions(
            image.id, [Suggestion(1, 0.6, half(photo, left), "starter-person@3") for left in (True, False)]
        )
    return opened


def looked(client, base, **asked):
    answer = client.post(f"{base}/looks", json=asked)
    assert answer.status_code == 200, answer.text
    wait_until(lambda: not client.get(f"{base}/looks").json()["run"]["running"])
    return client.get(f"{base}/looks").json()


def alike(client, base, key):
    asked = {"category": 1, "order": "like", "like": key}
    answer = client.get(f"{base}/gallery", params=asked)
    assert answer.status_code == 200, answer.text
    return [one["key"] for one in answer.json()["instances"]]


def test_what_is_most_alike_comes_first_once_the_pictures_were_looked_at(client, base, store):
    keys = [one.key for image in (1, 2, 3) for one in store.instances(image)]
    assert alike(client, base, keys[0])[0] == keys[0]  # its own picture is looked at when it is asked for
    found = looked(client, base)
    assert (found["pictures"], found["seen"], found["copies"]) == (3, 3, 0)
    assert (found["run"]["total"], found["run"]["done"], found["run"]["error"]) == (2, 2, None)
    order = alike(client, base, keys[0])
    assert (order[0], order[1]) == (keys[0], keys[3])  # what was on the left is on the right
    assert order.index(keys[4]) > 2
    assert looked(client, base)["run"]["total"] == 0
    store.set_suggestions(3, [])
    assert looked(client, base)["run"]["total"] == 1
    assert client.get(f"{base}/gallery", params={"category": 1, "order": "like"}).status_code == 400


def test_what_only_a_mirrored_copy_shows_is_a_likely_miss(client, base, store):
    photo = decode.read(EXAMPLES / "surfer.jpg")
    seen = Detector(zoo.find("starter-person")).detect(photo)
    count = int((seen.scores >= zoo.find("starter-person").threshold).sum())
    assert count > 0
    store.set_suggestions(1, [])  # as if the network had given nothing
    assert looked(client, base, copies=True)["copies"] == 3
    assert store.looks.besides()[1] == pytest.approx(count, abs=1)


def test_copies_of_a_blind_picture_are_looked_at_once_its_suggestions_are_shown(client, base, store):
    store.blind.pick([1, 2, 3])
    assert (looked(client, base, copies=True)["copies"], looked(client, base, copies=True)["run"]["total"]) == (0, 0)
    store.blind.show([2])
    assert looked(client, base, copies=True)["copies"] == 1


def test_a_spoilt_file_is_begun_anew(client, base, store):
    looked(client, base)
    (store.folder / FILE).write_bytes(b"no database at all" * 100)
    assert client.get(f"{base}/looks").json()["seen"] == 0
    assert looked(client, base)["seen"] == 3


@pytest.mark.parametrize("said", [{"copies": "yes"}, [1]])
def test_what_is_asked_is_checked(client, base, said):
    answer = client.post(f"{base}/looks", json=said)
    assert answer.status_code == 400
    assert "looks.copies" in answer.json()["error"]


def test_the_network_that_suggested_last_looks(store):
    info = zoo.find("starter-person")
    store.set_suggestions(3, [], by="gone@1")
    assert network_of(store).name == info.name, "one that is not here cannot look"
    assert store.looks.networks()[0] == "gone@1"
