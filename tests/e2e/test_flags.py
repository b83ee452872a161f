"""Flags, notes, locks and hidden instances in a real browser, and where rejected ones are found."""

from tests.e2e.screen import require_soon, wait_for


def opened(screen, project, name="one.png"):
    image = project.add(name)
    screen.open()
    screen.page.get_by_label("Confidence threshold").first.fill("0.1")
    screen.page.locator(".an-stage").focus()
    return image


def select(screen, place):
    screen.page.locator(".an-row:visible").nth(place).click()


def panel(screen):
    screen.press("Shift+F")
    return screen.page.locator(".an-flags")


def said(project, image):
    """Flags, note and lock of each instance, from left to right."""
    return [(one.flags, one.note, one.locked) for one in project.instances(image)]


def test_flags_of_formats_and_ones_own_are_given_taken_and_undone_after_a_reload(screen, project):
    image = opened(screen, project)
    select(screen, 0)
    flags = panel(screen)
    flags.get_by_text("occluded").click()
    flags.get_by_label("A flag of your own").fill("<b>wet</b>")
    screen.press("Enter")
    screen.press("Escape")
    require_soon(lambda: said(project, image)[0][0], ("<b>wet</b>", "occluded"))
    assert project.states(image)[0] == "accepted"
    beside = screen.page.locator(".an-row .an-row-source").first
    require_soon(beside.inner_text, "<b>wet</b> · occluded · test")
    assert [one.verb for one in project.store.decisions(image)] == ["flag", "flag"]
    screen.open()
    screen.press("Control+z")
    require_soon(lambda: said(project, image)[0][0], ("occluded",))
    screen.press("Control+z")
    require_soon(lambda: (said(project, image)[0][0], project.states(image)[0]), ((), "suggested"))


def test_notes_of_instances_and_pictures_are_kept_found_and_undone(screen, project):
    image = opened(screen, project)
    other = project.add("two.png")
    select(screen, 1)
    panel(screen).get_by_label("Note").fill("ask Anna\nabout the wing")
    screen.press("Escape")
    require_soon(lambda: said(project, image)[1][1], "ask Anna\nabout the wing")
    assert project.states(image)[1] == "suggested"
    screen.page.locator(".an-picture-note").click()
    screen.page.locator(".an-flags textarea").fill("front door")
    screen.press("Escape")
    require_soon(lambda: project.store.image(image).note, "front door")
    screen.saved()
    screen.open()
    require_soon(lambda: screen.page.locator(".an-picture-note").get_attribute("aria-pressed"), "true")
    screen.press("/")
    screen.page.keyboard.type("note:anna")
    require_soon(screen.page.locator(".an-queue-row:visible").count, 1)
    screen.press("Escape")
    screen.page.locator(".an-stage").focus()
    screen.press("Control+z")
    require_soon(lambda: project.store.image(image).note, "")
    assert project.store.image(other).note == ""


def test_a_locked_instance_is_left_as_it_is_by_every_key_and_tool(screen, project):
    image = opened(screen, project)
    select(screen, 0)
    screen.press("Alt+l")
    assert wait_for(lambda: said(project, image)[0][2])
    before = project.instances(image)[0]
    screen.press("d", "a", "2", "i", "Shift+ArrowRight", "Backspace")
    screen.page.locator(".an-notices", has_text="It is locked").wait_for()
    screen.drag((50, 60), (90, 90))
    screen.press("Enter")
    screen.saved()
    require_soon(lambda: project.states(image)[1:], ["accepted", "accepted"])
    assert project.instances(image)[0] == before
    screen.open()
    select(screen, 0)
    screen.press("Alt+l", "d")
    require_soon(lambda: project.states(image)[0], "rejected")


def test_a_hidden_instance_is_listed_and_not_drawn_also_after_a_reload(screen, project):
    image = opened(screen, project)
    select(screen, 0)
    selected = screen.page.locator(".an-row.is-selected")
    screen.press("Alt+h", "Escape")
    assert wait_for(lambda: "hidden" in screen.notes()[0])
    screen.click(30, 100)
    require_soon(selected.count, 0)
    screen.open()
    assert wait_for(lambda: "hidden" in screen.notes()[0])
    assert said(project, image)[0] == ((), "", False)
    select(screen, 0)
    screen.press("Alt+h", "Escape")
    screen.click(30, 100)
    require_soon(selected.count, 1)


def test_the_list_shows_what_has_a_flag_a_note_or_a_lock(screen, project):
    opened(screen, project)
    choose = screen.page.locator(".an-panel").get_by_label("What is listed")
    select(screen, 0)
    panel(screen).get_by_text("difficult").click()
    screen.press("Escape")
    select(screen, 1)
    screen.press("Alt+l")
    for mark, rows in (("difficult", 1), ("locked", 1), ("note", 0), ("hidden", 0), ("Crowd", 0)):
        choose.select_option(label=mark)
        assert wait_for(lambda rows=rows: len(screen.rows()) == rows), mark


def test_an_accepted_suggestion_is_rejected_and_found_among_the_rejected(screen, project):
    image = opened(screen, project)
    select(screen, 0)
    screen.press("a")
    select(screen, 0)
    screen.press("d")
    require_soon(lambda: project.states(image)[0], "rejected")
    screen.press("g")
    require_soon(lambda: len(screen.rows()), 3)
    screen.press("Shift+G")
    screen.page.locator(".an-gallery").get_by_text("Rejected", exact=True).click()
    require_soon(screen.page.locator(".an-cell:visible").count, 1)
