"""What the buttons of the tab Annotate begin, and what they say of it."""

import pytest

from annotator.vision.networks import zoo
from annotator.web.page import fragments
from annotator.web.page.annotate_tab import _Batches
from tests.web.batches import fill, images
from tests.web.conftest import run


@pytest.fixture
def server(start_server):
    return start_server()


def press(batches, button, *values):
    """The states that the page is given: of the progress, and whether `again` is there."""

    async def watch():
        return [state async for state in getattr(batches, button)(*values, None)]

    states = run(watch())
    return [state[0] for state in states], [state[5] for state in states]


def retries(batches, button, *values):
    """Whether the page offers the failed ones again, state by state."""

    async def watch():
        return [is_visible(state[4]) async for state in getattr(batches, button)(*values, None)]

    return run(watch())


def is_visible(update):
    return update.get("visible") is True


def test_a_second_press_goes_on_with_what_is_left_and_says_how_many_were_done(server, known_model):
    worker, projects = server
    key = fill(projects, 5)
    with projects.use(key) as store:
        done = store.images()[:2]
        for image in done:
            store.set_suggestions(image.id, [], by=zoo.find(known_model).source)
    said, again = press(_Batches(projects, worker), "prelabel_new", key, known_model)
    assert "3 pictures pre-labelled. 2 were pre-labelled before." in said[-1]
    assert is_visible(again[-1])
    assert worker.status(key).total == 3
    assert all(image.prelabelled for image in images(projects, key))


def test_where_nothing_is_left_all_of_it_is_done_again_by_a_button_of_its_own(server, known_model):
    worker, projects = server
    key = fill(projects, 3)
    batches = _Batches(projects, worker)
    said, again = press(batches, "prelabel_new", key, known_model)
    assert "3 pictures pre-labelled." in said[-1]
    assert not is_visible(again[-1])
    said, again = press(batches, "prelabel_new", key, known_model)
    assert f"{known_model} has seen all 3 pictures." in said[-1]
    assert is_visible(again[-1])
    assert worker.status(key).total == 3
    with projects.use(key) as store:
        before = {one.key for image in store.images() for one in store.instances(image.id)}
    press(batches, "prelabel_all", key, known_model)
    with projects.use(key) as store:
        after = {one.key for image in store.images() for one in store.instances(image.id)}
    assert len(after) == len(before)
    assert not after & before


def test_a_picture_that_failed_is_offered_again(server, known_model):
    worker, projects = server
    key = fill(projects, 2)
    with projects.use(key) as store:
        store.content_path(store.images()[1].sha256).write_bytes(b"gone bad")
    shown = retries(_Batches(projects, worker), "prelabel_new", key, known_model)
    assert (shown[-1], any(shown[:-1])) == (True, False)
    assert retries(_Batches(projects, worker), "resume", key)[-1]
    # What failed is not pre-labelled: the button does it too.
    assert retries(_Batches(projects, worker), "prelabel_new", key, known_model)[-1]
    assert worker.status(key).total == 1


def test_another_network_has_seen_nothing_yet(server, known_model):
    worker, projects = server
    key = fill(projects, 2)
    with projects.use(key) as store:
        for image in store.images():
            store.set_suggestions(image.id, [], by="another@1")
    press(_Batches(projects, worker), "prelabel_new", key, known_model)
    assert worker.status(key).done == 2


def test_an_empty_project_says_so(server, known_model):
    worker, projects = server
    said, again = press(_Batches(projects, worker), "prelabel_new", fill(projects, 0), known_model)
    assert said == [fragments.line("Add photographs first.")]
    assert not is_visible(again[-1])
