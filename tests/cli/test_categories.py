"""A project's categories on the command line."""

import json

import pytest

from annotator.cli import main
from annotator.storage.store import Store
from tests.storage.builders import accept, add_image, block, gesture, suggestion


@pytest.fixture
def categories(tmp_path, capsys):
    """Runs one action on a project with three categories; its exit code and what it printed."""
    folder = tmp_path / "project"
    with Store.open(folder) as store:
        for name in ("person", "car", "truck"):
            store.add_category(name)
        image = add_image(store)
        store.set_suggestions(image.id, [suggestion(category_id=3)])
        store.record(gesture(image, accept("drawn", category_id=3, rle=block(8))))

    def run(*arguments):
        code = main(["categories", *map(str, arguments), "--project", str(folder)])
        told = capsys.readouterr()
        return code, told.out.splitlines() if code == 0 else told.err.splitlines()

    return run


def test_they_are_listed_renamed_merged_removed_and_each_is_undone(categories):
    before = categories("list")
    assert before[1] == [
        "     1  person  (0 instances, 0 suggestions)",
        "     3  car  (1 instance, 1 suggestion)",
        "     8  truck  (0 instances, 0 suggestions)",
    ]
    for arguments, said, undone in [
        (("rename", "car", "Auto"), "category 3 is 'Auto'", "undone: rename 'car', 'Auto'"),
        (("merge", "3", "truck"), "category 3 is merged into category 8", "undone: merge 'car', 'truck'"),
        (
            ("remove", "car"),
            "category 3 is removed with 2 instances; annotator categories undo brings it back",
            "undone: remove 'car'",
        ),
        (("threshold", "car", "0.25"), "category 3: threshold 0.25", "undone: threshold 'car'"),
    ]:
        assert categories(*arguments) == (0, [said])
        assert categories("list") != before
        assert categories("undo") == (0, [undone])
        assert categories("list") == before
        changed = (0, [undone.replace("undone", "done again")])
        assert (categories("redo"), categories("undo")) == (changed, (0, [undone]))
        assert categories("list") == before
    categories("redo")
    assert categories("redo") == (1, ["error: categories: there is nothing to redo"])
    categories("undo")
    assert categories("undo") == (1, ["error: categories: there is nothing to undo"])


def test_a_list_and_a_coco_file_are_imported(categories, tmp_path):
    (tmp_path / "list.txt").write_text("helmet, gear\n7, car\n")
    assert categories("import", tmp_path / "list.txt") == (
        0,
        ["1 category added", "category 7 'car' is category 3 in the project"],
    )
    (tmp_path / "coco.json").write_text(json.dumps({"categories": [{"id": 500, "name": "vest"}]}))
    assert categories("import", tmp_path / "coco.json") == (0, ["1 category added"])
    found = json.loads("\n".join(categories("list", "--json")[1]))
    assert [(one["id"], one["name"], one["supercategory"]) for one in found[3:]] == [
        (91, "helmet", "gear"),
        (500, "vest", ""),
    ]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("rename", "car", "truck"), "error: category 'truck': exists already (category 8); merge the two instead"),
        (("rename", "car", ""), "error: category '': a name of 0 characters, expected 1 to 1000"),
        (("merge", "bus", "car"), "error: category 'bus': 0 categories of it in the project"),
        (("merge", "car", "car"), "error: category 3: cannot be merged into itself"),
    ],
)
def test_what_cannot_be_is_one_line_and_exit_1(categories, arguments, line):
    assert categories(*arguments) == (1, [line])
