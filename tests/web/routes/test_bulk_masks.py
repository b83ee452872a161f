"""Boxes of many pictures become masks over HTTP: imported boxes and those of a list, watched and taken back."""

import json

import pytest

from annotator.core.masks import rle_area
from annotator.vision.networks import zoo
from tests.vision.networks.prompts import graphs
from tests.web.conftest import png
from tests.web.routes.test_bulk import ended

BOX = [10, 10, 20, 20]
ORDER = {"verb": "masks", "query": ""}


@pytest.fixture(autouse=True)
def networks(tmp_path, monkeypatch):
    """`boxes` answers with the box, `empty` with nothing, `broken` with what is no number."""
    monkeypatch.setenv("ANNOTATOR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ANNOTATOR_MODELS", str(tmp_path / "models"))
    for name, answer in (("boxes", None), ("empty", -5.0), ("broken", float("nan"))):
        folder = tmp_path / "models" / name
        graphs.encoder(folder)
        graphs.decoder(folder, answer=answer)
        (folder / "model.toml").write_text(f'kind = "prompt"\nname = "{name}"\n')


@pytest.fixture
def desk(client, base, projects):
    """Two pictures: one with an imported box, one with a box of a list of results."""
    first, second = (
        client.post(f"{base}/images", params={"name": f"{seed}.png"}, content=png(seed=seed)).json()["id"]
        for seed in (1, 2)
    )
    document = {
        "images": [{"id": first, "file_name": "1.png", "width": 64, "height": 48}],
        "annotations": [{"id": 1, "image_id": first, "category_id": 5, "bbox": BOX, "area": 400, "iscrowd": 0}],
        "categories": [{"id": 5, "name": "helmet"}],
    }
    results = [{"image_id": second, "category_id": 5, "score": 0.9, "bbox": BOX}]
    for name, said in (("boxes.json", document), ("found.json", results)):
        answer = client.post(f"{base}/annotations", params={"name": name}, content=json.dumps(said).encode())
        assert answer.status_code == 200, answer.text
    with projects.use(base.rpartition("/")[2]) as store:
        yield client, f"{base}/bulk", store


def begin(desk, *, status=200, **more):
    client, base, _ = desk
    found = client.post(f"{base}/preview", json=ORDER).json()
    assert (found["instances"], found["images"]) == (2, 2)
    answer = client.post(base, json=ORDER | {"as_of": found["as_of"]} | more)
    assert answer.status_code == status, answer.text
    return ended(client, base)["run"] if status == 200 else answer.json()["error"]


def test_boxes_of_an_import_and_of_a_list_become_masks_and_boxes_again(desk):
    client, base, store = desk
    run = begin(desk, network="boxes")
    assert (run["done"], run["verb"], run["error"]) == (2, "masks", None)
    made = [one for image in store.images() for one in store.instances(image.id)]
    assert [(one.state.value, one.source) for one in made] == [("accepted", "import"), ("suggested", "found@results")]
    assert all(one.prompted.by.startswith("boxes@") and rle_area(one.rle) > 300 for one in made)
    assert all(store.heatmap(one.image_id, one.key) is not None for one in made)
    assert client.post(f"{base}/undo").status_code == 200
    assert ended(client, base)["run"]["done"] == 2
    assert [store.instances(image.id) == () for image in store.images()] == [True, False]


@pytest.mark.parametrize(
    ("network", "said", "emptied"),
    [("empty", None, 2), ("broken", "broken: answers with values that are no numbers", 0)],
)
def test_what_a_network_does_not_find_stays_a_box(desk, network, said, emptied):
    run = begin(desk, network=network)
    assert (run["done"], run["emptied"], run["error"] and run["error"][: len(said)]) == (0, emptied, said)


def test_without_a_network_that_is_said_at_once(desk, monkeypatch):
    assert "model 'unknown': not known" in begin(desk, network="unknown", status=400)
    monkeypatch.setattr(zoo, "list_prompts", tuple)
    assert "no network that answers boxes is here" in begin(desk, status=400)
