"""Photographs on their way in, in a real browser."""

import base64
import json

import pytest

from annotator.core.dataset import State
from tests.e2e.screen import HEIGHT, WIDTH, picture, require_soon, wait_for


def named(project):
    return [row.image.file_name for row in project.store.queue()]


def test_an_empty_project_offers_an_example(screen, project):
    screen.page.goto(screen.address)
    screen.page.get_by_text("Try an example").click()
    screen.page.wait_for_selector(".an-picture.is-ready")
    assert wait_for(project.store.queue)


def test_what_an_empty_project_cannot_do_is_seen(screen, project):
    screen.page.route("**/example", lambda route: route.fulfill(status=507, json={"error": "no room on the disk"}))
    screen.page.goto(screen.address)
    screen.page.get_by_text("Try an example").click()
    notice = screen.page.get_by_text("no room on the disk")
    notice.wait_for(state="visible")
    # It lies over the picture again as soon as there is one.
    payload = [{"name": "a.png", "mimeType": "", "buffer": picture()}]
    screen.page.locator("[data-choose=files]").set_input_files(payload)
    screen.page.wait_for_selector(".an-picture.is-ready")
    require_soon(screen.page.locator(".an-stage-frame > .an-notices").count, 1)
    assert notice.is_visible()


def test_an_unreadable_file_gets_a_line_and_stops_nobody(screen, project):
    screen.page.goto(screen.address)
    screen.page.get_by_text("Try an example").wait_for()
    files = [(f"{n:02}.png", picture()) for n in range(6)]
    files.insert(2, ("broken.png", b"\x89PNG\r\n\x1a\n" + b"0" * 200))
    files.insert(4, ("notes.txt", b"nothing to see"))
    payload = [{"name": name, "mimeType": "", "buffer": content} for name, content in files]
    screen.page.locator("[data-choose=files]").set_input_files(payload)
    screen.page.get_by_text("6 added, 2 could not be added").wait_for()
    problems = screen.page.locator(".an-problems li").all_inner_texts
    require_soon(lambda: sorted(line.split("\n")[0] for line in problems()), ["broken.png", "notes.txt"])
    assert all(len(line.split("\n")) == 2 for line in problems())
    assert len(project.store.queue()) == 6


def test_what_is_there_already_is_not_sent_again(screen, project):
    """As after a reload in the middle: the same files are dropped once more, and the rest goes on."""
    payload = [{"name": f"{n}.png", "mimeType": "", "buffer": picture()} for n in range(4)]
    screen.page.goto(screen.address)
    screen.page.get_by_text("Try an example").wait_for()
    choose = screen.page.locator("[data-choose=files]")
    choose.set_input_files(payload[:3])
    screen.page.get_by_text("3 added").wait_for()
    sent = []
    screen.page.on("request", lambda request: sent.append(request.url) if "/images?name=" in request.url else None)
    choose.set_input_files(payload)
    screen.page.get_by_text("1 added, 3 were here already").wait_for()
    assert len(sent) == 1
    assert sorted(named(project)) == [one["name"] for one in payload]


def test_photographs_can_be_dropped_and_pasted_at_any_time(screen, project):
    project.add("first.png")
    screen.open()
    for event, name in (("drop", "dropped.png"), ("paste", "pasted.png")):
        screen.page.evaluate(
            """([event, name, content]) => {
                const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
                const transfer = new DataTransfer();
                transfer.items.add(new File([bytes], name, { type: "image/png" }));
                const options = { bubbles: true, cancelable: true };
                const target = document.querySelector(".an-stage");
                target.dispatchEvent(event === "drop"
                    ? new DragEvent("drop", { ...options, dataTransfer: transfer })
                    : new ClipboardEvent("paste", { ...options, clipboardData: transfer }));
            }""",
            [event, name, base64.b64encode(picture()).decode()],
        )
        screen.page.locator(".an-queue-name", has_text=name).wait_for()
    require_soon(lambda: named(project), ["first.png", "dropped.png", "pasted.png"])


@pytest.mark.parametrize("size", [(1280, 800), (390, 844)])
def test_what_an_upload_says_covers_nothing_of_the_queue_and_no_button(screen, project, size):
    project.add("first.png")
    screen.page.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
    page = screen.open().page
    payload = [{"name": name, "mimeType": "", "buffer": b"no picture"} for name in ("a.png", "b.png")]
    page.locator("[data-choose=files]").set_input_files(payload)
    page.get_by_text("2 could not be added").wait_for()
    parts = ".an-queue, .an-panel, .an-toolbar, .an-threshold, .an-reviewbar, .an-notice"
    covered = page.evaluate(
        """(parts) => {
            const said = document.querySelector(".an-uploads").getBoundingClientRect();
            return [...document.querySelectorAll(parts)].filter((part) => {
                const { left, top, right, bottom } = part.getBoundingClientRect();
                const beside = right <= said.left || left >= said.right || bottom <= said.top || top >= said.bottom;
                return right > left && !beside;
            }).map((part) => part.className);
        }""",
        parts,
    )
    assert covered == []


def test_a_picture_leaves_the_queue_and_comes_back(screen, project):
    project.add("first.png")
    project.add("second.png")
    screen.open()
    row = screen.page.locator(".an-queue-row", has_text="first.png")
    row.hover()
    row.get_by_title("Remove from the project").click()
    screen.wait_for_picture("second.png")
    require_soon(lambda: named(project), ["second.png"])
    screen.page.locator(".an-notice", has_text="Removed").get_by_role("button", name="Undo").click()
    screen.wait_for_picture("first.png")
    require_soon(lambda: named(project), ["first.png", "second.png"])


def test_a_coco_file_among_photographs_brings_their_instances(screen, project):
    screen.page.goto(screen.address)
    screen.page.get_by_text("Try an example").wait_for()
    ring = [20, 30, 80, 30, 80, 200, 20, 200]
    coco = {
        "images": [{"id": 4, "file_name": "b.png", "width": WIDTH, "height": HEIGHT}],
        "categories": [{"id": 3, "name": "helmet"}],
        "annotations": [
            {"id": 9, "image_id": 4, "category_id": 3, "segmentation": [ring], "area": 10200, "bbox": [20, 30, 60, 170]}
            | {"iscrowd": 0}
        ],
    }
    other = {**coco, "images": [{**coco["images"][0], "file_name": "c.png"}]}
    files = [("z.json", other), ("instances.json", coco), ("a.png", None), ("b.png", None)]
    payload = [
        {"name": name, "mimeType": "", "buffer": picture() if content is None else json.dumps(content).encode()}
        for name, content in files
    ]
    screen.page.locator("[data-choose=files]").set_input_files(payload)
    screen.page.get_by_text("2 added, 1 COCO file imported, 1 could not be added").wait_for()
    problems = screen.page.locator(".an-problems li")
    require_soon(
        lambda: [line.split("\n")[:3] for line in problems.all_inner_texts()],
        [
            [
                "instances.json",
                "0 images added, 1 already in the project",
                "1 instance added, 0 already in the project",
            ],
            ["z.json", "image 4 'c.png': the project has no picture of that name"],
        ],
    )
    assert [(row.image.file_name, row.accepted) for row in project.store.queue()] == [("a.png", 0), ("b.png", 1)]
    screen.page.locator(".an-queue-row", has_text="b.png").click()
    screen.wait_for_picture("b.png")
    require_soon(screen.rows, ["helmet imported"])


def coco_of(*names, ring=(20, 30, 80, 30, 80, 200, 20, 200)):
    images = [{"id": id, "file_name": name, "width": WIDTH, "height": HEIGHT} for id, name in enumerate(names, start=1)]
    annotation = {
        "category_id": 3,
        "segmentation": [list(ring)],
        "area": 10200,
        "bbox": [20, 30, 60, 170],
        "iscrowd": 0,
    }
    return {
        "images": images,
        "categories": [{"id": 3, "name": "helmet"}],
        "annotations": [{**annotation, "id": 9 + image["id"], "image_id": image["id"]} for image in images],
    }


def test_a_folder_of_two_parts_brings_each_with_its_own_pictures_and_says_what_it_passes_over(
    screen, project, tmp_path
):
    for seed, part in enumerate(("train", "valid")):
        (tmp_path / "data" / part).mkdir(parents=True)
        (tmp_path / "data" / part / "1.png").write_bytes(picture() + bytes([seed]))
        (tmp_path / "data" / part / "labels.json").write_text(json.dumps(coco_of("1.png")))
    (tmp_path / "data" / "settings.json").write_text("{}")
    (tmp_path / "data" / "train" / "._1.png").write_bytes(b"Mac OS X")
    screen.page.goto(screen.address)
    screen.page.get_by_text("Try an example").wait_for()
    screen.page.locator("[data-choose=folder]").set_input_files(tmp_path / "data")
    screen.page.get_by_text("2 added, 2 COCO files imported").wait_for()
    skipped = screen.page.locator(".an-problems li").last
    for said in ("2 skipped", "settings.json", "._1.png"):
        skipped.filter(has_text=said).wait_for()
    assert [(row.image.file_name, row.accepted) for row in project.store.queue()] == [
        ("data/train/1.png", 1),
        ("data/valid/1.png", 1),
    ]


def test_of_a_coco_file_with_pictures_missing_the_rest_comes_in_when_asked_for(screen, project):
    project.add("a.png", suggestions=0)
    project.add("b.png", suggestions=0)
    screen.open()
    payload = [
        {"name": "all.json", "mimeType": "", "buffer": json.dumps(coco_of("a.png", "gone.png", "b.png")).encode()}
    ]
    screen.page.locator("[data-choose=files]").first.set_input_files(payload)
    line = screen.page.locator(".an-problems li").first
    line.filter(has_text="image 2 'gone.png': the project has no picture of that name").wait_for()
    assert [row.accepted for row in project.store.queue()] == [0, 0]
    line.get_by_role("button", name="Bring in the 2 images whose pictures are here").click()
    screen.page.locator(".an-problems li", has_text="2 instances added").wait_for()
    screen.page.locator(".an-problems", has_text="1 image left out, the project has no picture of that name").wait_for()
    screen.page.get_by_text("1 COCO file imported").wait_for()
    require_soon(lambda: [row.accepted for row in project.store.queue()], [1, 1])


def test_masks_that_are_here_by_another_outline_wait_for_an_answer(screen, project):
    screen.page.goto(screen.address)
    screen.page.get_by_text("Try an example").wait_for()

    def bring(name, document):
        payload = [{"name": name, "mimeType": "", "buffer": json.dumps(document).encode()}]
        screen.page.locator("[data-choose=files]").first.set_input_files(payload)

    project.add("a.png")
    bring("first.json", coco_of("a.png"))
    assert wait_for(lambda: project.store.queue()[0].accepted == 1)
    image_id = project.store.queue()[0].image.id
    (before,) = project.store.instances(image_id, states=[State.ACCEPTED])
    bring("traced.json", coco_of("a.png", ring=(20, 30, 79, 30, 79, 199, 20, 199)))
    screen.page.get_by_text("1 instance already in the project by another outline; the project's stays").wait_for()
    assert [one.rle for one in project.store.instances(image_id, states=[State.ACCEPTED])] == [before.rle]
    screen.page.get_by_role("button", name="Take the file's outlines").click()
    screen.page.get_by_text("the file's took its place").wait_for()
    (after,) = project.store.instances(image_id, states=[State.ACCEPTED])
    assert after.key == before.key
    assert after.rle != before.rle
    require_soon(screen.page.get_by_role("button", name="Keep both").count, 0)
