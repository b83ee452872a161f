"""Addresses of projects and pictures, and two projects at once."""

import pytest

from annotator.core.settings import BATCH, BINNED, NAME
from tests.e2e.project_pages import act, answer, at, card, open_list, opened, saved, wait_for_picture
from tests.e2e.screen import require_soon, wait_for


def stands_at(page, address):
    """Fail unless the page's address becomes one that ends so."""
    assert wait_for(lambda: page.url.endswith(address), page=page), page.url


def covers_tools(page):
    """Whether what stands over the page lies on the toolbar."""
    said, tools = (page.locator(one).bounding_box() for one in (".an-project-state", ".an-toolbar"))
    return said["y"] < tools["y"] + tools["height"]


def test_reload_back_forward_and_a_link_lead_to_the_picture_that_the_address_names(home, tab):
    (helmets,) = home(helmets=3)
    page = tab(at(helmets))
    wait_for_picture(page, "helmets-0.jpg")
    for number in (1, 2):
        page.keyboard.press("PageDown")
        wait_for_picture(page, f"helmets-{number}.jpg")
    stands_at(page, at(helmets, 3))
    page.go_back()
    wait_for_picture(page, "helmets-1.jpg")
    require_soon(page.title, "helmets-1.jpg · helmets · Annotator")
    page.go_back()
    wait_for_picture(page, "helmets-0.jpg")
    page.go_forward()
    wait_for_picture(page, "helmets-1.jpg")
    page.reload()
    wait_for_picture(page, "helmets-1.jpg")
    stands_at(page, at(helmets, 2))
    page.locator(".an-row").nth(1).click()
    page.wait_for_function("location.hash.startsWith('#instance=')")
    link = page.url
    other = tab(link.rpartition("/")[2])
    wait_for_picture(other, "helmets-1.jpg")
    other.wait_for_function("document.querySelectorAll('.an-row.is-selected').length === 1")
    require_soon(lambda: other.url, link, page=other)


def test_back_leads_to_the_project_before(home, tab):
    helmets, vests = home(helmets=2, vests=1)
    page = tab(at(helmets))
    wait_for_picture(page, "helmets-0.jpg")
    page.keyboard.press("PageDown")
    wait_for_picture(page, "helmets-1.jpg")
    open_list(page)
    # Browsers keep the page as it is now, for Back.
    page.evaluate(
        """addEventListener("pagehide", () =>
            sessionStorage.setItem("open", document.querySelectorAll("dialog[open]").length))"""
    )
    card(page, "vests").click(position={"x": 30, "y": 30})
    wait_for_picture(page, "vests-0.jpg")
    assert page.evaluate("sessionStorage.getItem('open')") == "0"
    page.go_back()
    wait_for_picture(page, "helmets-1.jpg")
    page.go_forward()
    wait_for_picture(page, "vests-0.jpg")
    stands_at(page, at(vests, 1))


@pytest.mark.parametrize(
    "address", ["?project=0000000000000000", "?project=%3Cimg%20src=x%3E&image=1", "?project=" + "x" * 1500]
)
def test_an_address_that_leads_nowhere_says_so_and_another_project_opens(home, tab, address):
    (helmets,) = home(helmets=1)
    tab(at(helmets)).close()
    page = tab(address)
    page.get_by_text("The project in this address is not there, or not yours.").wait_for()
    require_soon(lambda: covers_tools(page), False)
    wait_for_picture(page, "helmets-0.jpg")
    stands_at(page, at(helmets, 1))


def test_a_picture_that_is_not_there_says_so_and_another_one_opens(home, tab):
    (helmets,) = home(helmets=1)
    page = tab(at(helmets, 99))
    page.get_by_text("image 99: not in the project").wait_for()
    wait_for_picture(page, "helmets-0.jpg")
    stands_at(page, at(helmets, 1))


def test_a_link_to_a_picture_in_the_bin_says_so_and_another_one_opens(home, tab):
    (helmets,) = home(helmets=2)
    helmets.remove_image(2)
    page = tab(at(helmets, 2))
    page.get_by_text("image 2: helmets-1.jpg is in the bin").wait_for()
    wait_for_picture(page, "helmets-0.jpg")
    stands_at(page, at(helmets, 1))


def test_a_lost_address_becomes_that_of_an_empty_project(home, tab):
    (empty,) = home(empty=0)
    page = tab("?project=0000000000000000&image=7#instance=x")
    page.get_by_text("The project in this address is not there, or not yours.").wait_for()
    stands_at(page, at(empty))


def test_two_tabs_with_two_projects_save_each_into_its_own(home, tab):
    helmets, vests = home(helmets=2, vests=2)
    first, second = tab(at(helmets)), tab(at(vests))
    wait_for_picture(first, "helmets-0.jpg")
    wait_for_picture(second, "vests-0.jpg")
    first.keyboard.press("Enter")
    second.keyboard.press("PageDown")
    wait_for_picture(second, "vests-1.jpg")
    second.keyboard.press("Enter")
    saved(first)
    saved(second)
    assert [image.reviewed for image in helmets.images()] == [True, False]
    assert [image.reviewed for image in vests.images()] == [False, True]
    first.reload()
    opened(first, "helmets")
    second.reload()
    opened(second, "vests")


def test_what_was_not_sent_for_one_project_reaches_that_one_alone(home, tab):
    helmets, vests = home(helmets=2, vests=2)
    page = tab(at(helmets))
    wait_for_picture(page, "helmets-0.jpg")
    page.on("dialog", lambda dialog: dialog.accept())  # it asks before it is left
    page.route("**/gestures", lambda route: route.abort())
    page.keyboard.press("Enter")
    wait_for_picture(page, "helmets-1.jpg")
    page.wait_for_function("document.querySelector('.an-status').dataset.kind === 'offline'")
    # The page tries again and again: there is no moment in which it could send.
    page.route(f"**/{helmets.key}/images/*/gestures", lambda route: route.abort())
    page.unroute("**/gestures")
    open_list(page)
    card(page, "vests").click(position={"x": 30, "y": 30})
    wait_for_picture(page, "vests-0.jpg")
    page.keyboard.press("PageDown")
    wait_for_picture(page, "vests-1.jpg")
    page.keyboard.press("Enter")
    saved(page)
    assert [image.reviewed for image in vests.images()] == [False, True]
    assert [decision.image_id for decision in vests.decisions()] == [2, 2]
    assert helmets.decisions() == ()
    page.unroute(f"**/{helmets.key}/images/*/gestures")
    page.goto(page.url.partition("?")[0] + at(helmets))
    require_soon(lambda: [image.reviewed for image in helmets.images()], [True, False], seconds=60)
    assert len(vests.decisions()) == 2


def test_a_project_that_is_thrown_away_in_one_tab_is_saved_and_told_of_in_another(home, tab):
    helmets, vests = home(helmets=2, vests=1)
    first, second = tab(at(helmets)), tab(at(vests))
    wait_for_picture(first, "helmets-0.jpg")
    open_list(second)
    act(second, "helmets", "Move to the bin")
    told = first.locator(".an-project-state")
    told.get_by_text("This project is in the bin.").wait_for()
    require_soon(lambda: covers_tools(first), False)
    first.keyboard.press("Enter")
    saved(first)
    assert helmets.image(1).reviewed
    told.get_by_role("button", name="Take back").click()
    told.wait_for(state="hidden")
    require_soon(lambda: helmets.setting(BINNED), None)


def test_what_is_done_in_a_project_that_went_away_is_kept_and_saved_when_it_comes_again(home, tab):
    (helmets,) = home(helmets=2)
    page = tab(at(helmets))
    wait_for_picture(page, "helmets-0.jpg")
    away = helmets.folder.with_name("away")
    (helmets.folder / "project.db").rename(away)
    told = page.locator(".an-project-state")
    told.get_by_text("This project is not there any more.").wait_for()
    page.locator(".an-row").first.click()
    page.keyboard.press("a")
    page.wait_for_function("document.querySelector('.an-status').dataset.kind === 'offline'")
    away.rename(helmets.folder / "project.db")
    told.wait_for(state="hidden")
    saved(page)
    assert [one.state.value for one in helmets.instances(1)].count("accepted") == 1


def test_a_page_hears_from_elsewhere_that_its_project_is_in_the_bin(home, tab):
    (helmets,) = home(helmets=1)
    page = tab(at(helmets))
    wait_for_picture(page, "helmets-0.jpg")
    helmets.set_setting(BINNED, "2026-01-01T00:00:00+00:00")
    page.locator(".an-project-state").get_by_text("This project is in the bin.").wait_for()


def test_a_name_that_is_changed_in_one_tab_is_the_others_too(home, tab):
    (helmets,) = home(helmets=1)
    first, second = tab(at(helmets)), tab(at(helmets))
    wait_for_picture(first, "helmets-0.jpg")
    open_list(second)
    act(second, "helmets", "Rename…")
    answer(second, "Hats", "Rename")
    opened(first, "Hats")
    require_soon(first.title, "helmets-0.jpg · Hats · Annotator")


def test_a_batch_goes_on_while_its_project_is_renamed_and_another_one_is_open(home, tab):
    helmets, vests = home(helmets=12, vests=1)
    page = tab(at(helmets))
    wait_for_picture(page, "helmets-0.jpg")
    page.locator("#prelabel-all").click()

    def is_done():
        sources = {one.source for image in helmets.images() for one in helmets.instances(image.id)}
        return "test@1" not in sources

    assert wait_for(lambda: helmets.setting(BATCH) is not None or is_done())
    open_list(page)
    act(page, "helmets", "Rename…")
    answer(page, "Hats", "Rename")
    card(page, "Hats").wait_for()
    card(page, "vests").click(position={"x": 30, "y": 30})
    wait_for_picture(page, "vests-0.jpg")
    assert wait_for(is_done, seconds=120)
    assert helmets.setting(NAME) == "Hats"
    assert [one.source for one in vests.instances(1)] == ["test@1"] * 3


def test_the_project_that_was_opened_last_is_the_one_that_opens_next_time(home, tab, served):
    helmets, vests = home(helmets=1, vests=1)
    tab(at(helmets)).close()
    wait_for_picture(tab(at(vests)), "vests-0.jpg")
    wait_for_picture(tab(), "vests-0.jpg")
    served.kill()
    served.start()
    wait_for_picture(tab(), "vests-0.jpg")
