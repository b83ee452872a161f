"""The main job, end to end: photographs in, pre-labelled by the bundled network, reviewed, COCO out."""

import json

import pytest
from pycocotools.coco import COCO

from annotator.core.masks import rle_to_mask
from annotator.system import paths
from tests.e2e.screen import HEIGHT, WIDTH, Screen, open_export, picture, require_soon, wait_for

PATIENCE_MS = 120_000


def prelabel_all(page):
    page.locator("#prelabel-all").click()
    page.wait_for_function(
        "document.querySelector('#progress').textContent.includes(' pre-labelled.')", timeout=PATIENCE_MS
    )


def test_from_photographs_to_a_downloaded_coco_file(screen, project, tmp_path):
    page = screen.page
    page.goto(screen.address)
    page.get_by_text("Try an example").wait_for()
    examples = sorted(paths.EXAMPLES.glob("*.jpg"))
    page.locator("input[type=file]").first.set_input_files(examples)
    page.wait_for_selector(".an-picture.is-ready")
    # What is still on its way in would not be pre-labelled, and whatever comes in first is first.
    require_soon(lambda: len(project.store.queue()), len(examples))
    prelabel_all(page)
    # The button gave the focus back: Enter is the editor's. It goes from whichever came in first to the end, and round.
    left = {row.image.file_name for row in project.store.queue()}
    while left:
        open_one = "names => names.find((name) => name === document.querySelector('.an-title').textContent)"
        left.remove(page.wait_for_function(open_one, arg=list(left)).json_value())
        page.wait_for_function("/^shows [1-9]/.test(document.querySelector('.an-threshold-count').textContent)")
        page.keyboard.press("Enter")
        page.wait_for_function("document.querySelector('.an-status').dataset.kind === 'saved'")
    assert [row.image.reviewed for row in project.store.queue()] == [True] * len(examples)

    open_export(page)
    page.locator("#export-button").click()
    with page.expect_download(timeout=PATIENCE_MS) as download:
        page.get_by_role("link", name="instances.json").click(timeout=PATIENCE_MS)
    download.value.save_as(tmp_path / "instances.json")
    coco = COCO(str(tmp_path / "instances.json"))
    assert sorted(image["file_name"] for image in coco.dataset["images"]) == [path.name for path in examples]
    assert coco.dataset["annotations"], "the bundled network sees nobody on the examples"
    accepted = {item.id: item for row in project.store.queue() for item in project.store.instances(row.image.id)}
    for annotation in coco.dataset["annotations"]:
        mask = coco.annToMask(annotation).astype(bool)
        assert (mask == rle_to_mask(accepted[annotation["id"]].rle)).all()
        assert annotation["iscrowd"] == 0


def test_a_picture_alone_is_pre_labelled(screen, project):
    first, second = (project.add(f"{name}.png", suggestions=0) for name in "ab")
    screen.open()
    screen.page.locator("#prelabel-one").click()
    screen.page.wait_for_function(
        "document.querySelector('#progress').textContent.includes('1 picture pre-labelled.')", timeout=PATIENCE_MS
    )
    shown = screen.page.evaluate("window.annotator.imageId()")
    assert shown in (first, second)


def test_a_picture_that_failed_is_tried_again_by_one_click(screen, project):
    images = [
        project.store.add_image(picture(), file_name=f"{name}.png", width=WIDTH, height=HEIGHT)
        for name in "ab"  # which no network has seen
    ]
    bad = project.store.content_path(images[1].sha256)
    whole = bad.read_bytes()
    screen.open()
    page = screen.page
    retry = page.locator("#retry")
    assert wait_for(retry.is_hidden)
    bad.write_bytes(b"gone bad")
    page.locator("#prelabel-all").click()
    retry.wait_for(timeout=PATIENCE_MS)
    page.locator("#progress [role=alert]", has_text="b.png").wait_for()  # in sight, among four buttons
    page.reload()
    retry.wait_for(timeout=PATIENCE_MS)
    bad.write_bytes(whole)
    retry.click()
    page.wait_for_function(
        "document.querySelector('#progress').textContent.includes('1 picture pre-labelled.')", timeout=PATIENCE_MS
    )
    retry.wait_for(state="hidden")
    assert all(row.image.prelabelled for row in project.store.queue())


def test_what_forbids_an_export_is_one_line(screen, project):
    project.add("a.png")
    screen.open()
    open_export(screen.page)
    screen.page.locator("#export-button").click()
    line = screen.page.locator("#export-report [role=alert]")
    line.wait_for(timeout=PATIENCE_MS)
    assert wait_for(lambda: "none is reviewed" in line.inner_text())


def test_a_network_that_cannot_be_fetched_is_one_line_that_says_what_still_works(screen, project):
    screen.page.goto(screen.address)
    screen.page.get_by_role("tab", name="Models").click()
    screen.page.get_by_role("listitem").filter(has_text="person-0007").get_by_role("button").click()
    line = screen.page.locator("#fetch-report [role=alert]")
    line.wait_for(timeout=PATIENCE_MS)
    assert wait_for(lambda: "starter-person" in line.inner_text())


def test_a_network_that_is_here_is_chosen_by_its_card(screen, project):
    project.add("a.png")
    screen.open()
    page = screen.page
    page.get_by_role("tab", name="Models").click()
    page.get_by_role("listitem").filter(has_text="starter-person").get_by_role("button", name="Use it").click()
    page.locator(".an-stage").wait_for()
    page.wait_for_function("document.querySelector('#model input').value.startsWith('starter-person')")


def test_the_whole_project_leaves_as_one_file(screen, project, tmp_path):
    project.add("a.png")
    screen.open()
    screen.page.get_by_role("tab", name="Export").click()
    with screen.page.expect_download(timeout=PATIENCE_MS) as download:
        screen.page.get_by_role("button", name="Download project").click()
    assert json.dumps(download.value.suggested_filename).endswith('.zip"')
    download.value.save_as(tmp_path / "project.zip")
    assert (tmp_path / "project.zip").read_bytes()[:2] == b"PK"


def end_of(locator):
    box = locator.bounding_box()
    return box["x"] + box["width"]


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("de-AT", ("Vorschläge für alle", "Modelle", "Herunterladen", "erkennt: 80", "Bilder")),
        ("es-MX", ("Sugerencias en todas", "Modelos", "Descargar", "detecta: 80", "Imágenes")),
        ("zh-CN", ("预标注全部", "模型", "下载", "检测：80", "图片")),
        ("fr-FR", ("Pre-label all", "Models", "Fetch", "detects: 80", "Pictures")),
    ],
)
def test_the_page_and_the_editor_speak_the_browsers_language(server, project, chromium, locale, words):
    project.add("street.png")
    every, tab, fetch, detects, pictures = words
    context = chromium.new_context(viewport={"width": 1024, "height": 700}, locale=locale)
    screen = Screen(context.new_page(), server.address).open()
    page = screen.page
    button = page.get_by_role("button", name=every, exact=True)
    # Longer words than the English ones still find room beside the tabs.
    right = page.get_by_role("tab", name=tab, exact=True)
    right.wait_for()
    model = page.locator("#model")
    assert wait_for(lambda: end_of(right) < model.bounding_box()["x"])
    assert wait_for(lambda: button.evaluate("one => one.scrollWidth <= one.clientWidth"))
    page.get_by_label(pictures, exact=True).first.wait_for(state="attached")
    page.get_by_role("tab", name=tab, exact=True).click()
    page.get_by_role("button", name=fetch).first.wait_for()
    page.get_by_text(detects).wait_for()
    assert "__i18n__" not in page.inner_text("body")
    context.close()
