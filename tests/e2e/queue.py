"""The queue as the browser tests speak of it."""

from annotator.core.dataset import State
from annotator.core.review import Change, Gesture
from tests.e2e.screen import wait_for

SEARCH = "Search pictures"
FILTER = "Which pictures are listed"
ORDER = "Order of the pictures"


def listed(screen):
    """The names in the list, from the top."""
    return screen.page.locator(".an-queue-row").evaluate_all(
        """rows => rows.filter((row) => row.offsetParent !== null && !row.classList.contains("is-pending"))
            .map((row) => [row.getBoundingClientRect().top, row.querySelector(".an-queue-name").textContent])
            .sort(([a], [b]) => a - b).map(([, name]) => name)"""
    )


def shows(screen, *names):
    found = wait_for(lambda: listed(screen) == list(names), seconds=20)
    assert found, (listed(screen), said(screen))


def said(screen):
    """What the page says about its list: the order, the threshold, the notices."""
    order = screen.page.get_by_label(ORDER).evaluate("select => select.selectedOptions[0].label")
    threshold = screen.page.locator(".an-threshold input[type=number]").input_value()
    return order, threshold, screen.page.locator(".an-notice").all_inner_texts()


def row(screen, name):
    return screen.page.locator(".an-queue-row:visible", has_text=name)


def search(screen, text):
    screen.press("/")
    screen.page.get_by_label(SEARCH).fill(text)


def accept(project, image_id, *keys, reviewed=None, number=1):
    image = project.store.image(image_id)
    person = project.store.add_category("person").id
    changes = tuple(Change(key, person, State.ACCEPTED) for key in keys)
    made = Gesture(image_id, f"test-{image_id}", number, image.revision, "accept", "test", changes, reviewed=reviewed)
    project.store.record(made)


def reviewed(project):
    return [image.file_name for image in project.store.images() if image.reviewed]


def offered(screen, text):
    return screen.page.locator(".an-notice", has_text=text)
