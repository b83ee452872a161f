"""The list of projects and the page's header, as the tests speak of them."""

from annotator.core.project import project_id


def at(store, image=None):
    return f"?project={project_id(store.key)}" + ("" if image is None else f"&image={image}")


def wait_for_picture(page, name):
    page.wait_for_function("name => document.querySelector('.an-title')?.textContent === name", arg=name)
    page.wait_for_selector(".an-picture.is-ready")


def saved(page):
    page.wait_for_function("document.querySelector('.an-status').dataset.kind === 'saved'")


def open_list(page):
    page.locator(".an-project").click()
    page.locator(".an-card, .an-binned, .an-broken").first.wait_for()
    return page.locator(".an-projects")


def card(page, name):
    return page.locator(".an-card").filter(has=page.get_by_role("link", name=name, exact=True))


def act(page, name, action):
    card(page, name).locator(".an-card-more").click()
    page.get_by_role("menuitem", name=action, exact=True).click()


def answer(page, name, agree):
    field = page.get_by_role("textbox", name="Name of the project")
    field.fill(name)
    page.locator(".an-name-question").get_by_role("button", name=agree, exact=True).click()


def opened(page, name):
    page.wait_for_function("name => document.querySelector('.an-project-name')?.textContent === name", arg=name)
