"""The tab Export in a browser: a format shows what it takes, and its files come down."""

import csv

PATIENCE_MS = 60_000


def test_a_format_hides_what_it_does_not_take_and_its_file_comes_down(screen, project, tmp_path):
    image_id = project.add("a.png", suggestions=1)
    screen.open()
    page = screen.page
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('.an-status').dataset.kind === 'saved'")
    page.get_by_role("tab", name="Export").click()
    masks = page.get_by_text("RLE only", exact=True)
    assert masks.is_visible()
    assert page.get_by_label("YOLO segmentation").is_visible()
    page.get_by_label("CSV (boxes)").check()
    masks.wait_for(state="hidden", timeout=PATIENCE_MS)
    assert page.get_by_text("With provenance").is_visible()
    page.get_by_text("Also pictures that are not marked as reviewed").click()
    page.locator("#export-button").click()
    with page.expect_download(timeout=PATIENCE_MS) as download:
        page.get_by_role("link", name="instances.csv").click(timeout=PATIENCE_MS)
    download.value.save_as(tmp_path / "instances.csv")
    with open(tmp_path / "instances.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["image"] for row in rows} == {project.store.image(image_id).file_name}
    page.get_by_label("Pascal VOC").check()
    page.get_by_text("With provenance").wait_for(state="hidden", timeout=PATIENCE_MS)
