"""What somebody meets who opens the page for the first time."""

from annotator.core.dataset import State
from annotator.system import paths
from tests.e2e.screen import wait_for

PATIENCE_MS = 120_000


def all_prelabelled(store):
    """The queue once the network has seen each picture in it."""
    done = wait_for(lambda: (rows := store.queue()) and all(row.image.prelabelled for row in rows), seconds=120)
    assert done
    return store.queue()


def test_the_example_comes_pre_labelled_and_says_three_keys_until_somebody_decides(screen, project):
    page, store = screen.page, project.store
    page.goto(screen.address)
    page.get_by_text("Try an example").click()
    page.wait_for_selector(".an-picture.is-ready")
    page.wait_for_function(
        "/^shows [1-9]/.test(document.querySelector('.an-threshold-count').textContent)", timeout=PATIENCE_MS
    )
    hint = page.locator(".an-hint")
    assert wait_for(lambda: "A accepts it, D rejects it. Enter" in hint.inner_text())
    names = [path.name for path in sorted(paths.EXAMPLES.glob("*.jpg"))]
    assert [row.image.file_name for row in store.queue()] == names
    rows = all_prelabelled(store)
    assert all(any(one.score >= 0.5 for one in store.instances(row.image.id)) for row in rows)

    screen.press("]", "a")
    screen.saved()
    hint.wait_for(state="hidden")
    assert [one.state for one in store.instances(rows[0].image.id)].count(State.ACCEPTED) == 1
    page.reload()
    page.wait_for_selector(".an-picture.is-ready")
    page.wait_for_function("document.querySelectorAll('.an-row').length > 0")
    assert wait_for(hint.is_hidden), "whoever has decided once knows the keys"


def test_an_empty_project_offers_only_what_can_be_done(screen, project):
    page = screen.page
    page.goto(screen.address)
    page.get_by_text("Try an example").wait_for()
    assert wait_for(page.locator("#prelabel-all").is_hidden)
    assert wait_for(page.locator("#prelabel-one").is_hidden)
    with page.expect_file_chooser():
        page.get_by_role("button", name="Choose files…").click()
    project.add("a.png")
    screen.open()
    page.locator("#prelabel-all").wait_for()


def test_pressing_the_example_twice_adds_nothing_and_pre_labels_nothing_again(screen, project):
    page, store = screen.page, project.store
    page.goto(screen.address)
    page.get_by_text("Try an example").click()
    page.wait_for_selector(".an-picture.is-ready")
    rows = all_prelabelled(store)
    again = page.evaluate(
        "key => fetch(`annotator/${key}/example`, {method: 'POST'}).then((answer) => answer.json())",
        page.locator("#project-key textarea, #project-key input").first.input_value(),
    )
    assert (again["id"], again["known"]) == (rows[0].image.id, True)
    assert [row.image.id for row in store.queue()] == [row.image.id for row in rows]
