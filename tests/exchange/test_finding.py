"""What `annotator import` takes of files and folders, and what it says about the rest."""

import json
import os
import shutil

import pytest

from annotator.cli import main
from annotator.storage.store import Store
from tests.conftest import picture
from tests.exchange.coco.cases import sound, write_pictures


@pytest.fixture
def run(tmp_path, capsys):
    def imported(*arguments):
        code = main(["import", *map(str, arguments), "--project", str(tmp_path / "project")])
        captured = capsys.readouterr()
        return code, captured.out.splitlines(), captured.err.splitlines()

    return imported


@pytest.fixture
def folder(tmp_path):
    write_pictures(tmp_path / "data" / "images")
    return tmp_path / "data"


def write(path, document):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document if isinstance(document, str) else json.dumps(document))


@pytest.mark.parametrize(
    "name", ["result.json", "labels.json", "train.json", "_annotations.coco.json", "deep/er/INSTANCES.JSON"]
)
def test_a_folders_coco_file_may_have_any_name(run, folder, tmp_path, name):
    write(folder / name, sound())
    code, lines, _ = run(folder)
    assert (code, lines[:2]) == (
        0,
        ["2 images added, 0 already in the project", "2 instances added, 0 already in the project"],
    )


def test_what_is_no_coco_file_is_passed_over_and_named(run, folder):
    write(folder / "result.json", sound())
    write(folder / "images" / "a.json", {"shapes": []})
    write(folder / "captions.json", sound() | {"annotations": [{"id": 1, "image_id": 3, "caption": "x"}]})
    write(folder / "broken.txt", "{")
    write(folder / "._result.json", "Mac OS X")
    write(folder / ".ipynb_checkpoints" / "result-checkpoint.json", sound())
    write(folder / ".vscode" / "settings.json", "{// a remark\n}")
    code, lines, errors = run(folder)
    assert (code, errors) == (0, [])
    assert lines[-2:] == [
        "2 files that are not COCO's passed over: captions.json, images/a.json",
        "3 hidden files passed over",
    ]


def test_pictures_of_one_name_are_told_apart_by_their_folders(run, tmp_path):
    for seed, part in enumerate(("train", "valid")):
        names = ("1.png", f"{part}.png")
        for index, name in enumerate(names):
            (tmp_path / "data" / part).mkdir(parents=True, exist_ok=True)
            (tmp_path / "data" / part / name).write_bytes(picture(seed=2 * seed + index))
        images = [{"id": id, "file_name": name, "width": 64, "height": 48} for id, name in enumerate(names, start=1)]
        write(tmp_path / "data" / part / "x.coco.json", sound() | {"images": images, "annotations": []})
    result = {"image_id": 1, "category_id": sound()["categories"][0]["id"], "score": 0.5, "bbox": [5, 5, 9, 9]}
    write(tmp_path / "data" / "valid" / "found.json", [result])
    code, lines, _ = run(tmp_path / "data")
    assert code == 0
    assert "pictures of one name are told apart by their folders, such as 'train/1.png'" in lines
    with Store.open(tmp_path / "project") as store:
        images = {one.file_name: one.id for one in store.images()}
        assert set(images) == {"train/1.png", "train/train.png", "valid/1.png", "valid/valid.png"}
        assert [name for name, id in images.items() if store.instances(id)] == ["valid/1.png"]
    code, lines, _ = run(tmp_path / "data")
    assert (code, [line.split(": ")[1] for line in lines if " images added" in line]) == (
        0,
        ["0 images added, 2 already in the project"] * 2,
    )


def test_a_hidden_copy_of_a_picture_is_no_second_one(run, folder):
    write(folder / "result.json", sound())
    copies = folder / "images" / ".ipynb_checkpoints"
    shutil.copytree(folder / "images", copies)
    assert run(folder)[0] == 0


def test_a_folder_without_a_coco_file_is_one_line(run, folder, tmp_path):
    write(folder / "a.json", {"shapes": []})
    code, _, errors = run(folder)
    assert code == 1
    assert errors == [f"error: {folder}: no COCO file there; 1 file that is not COCO's passed over: a.json"]
    assert not (tmp_path / "project").exists()


def test_a_broken_file_of_a_folder_is_named_and_nothing_comes_in(run, folder, tmp_path):
    write(folder / "good.json", sound())
    write(folder / "bad.json", "{")
    code, _, errors = run(folder)
    assert code == 1
    assert [line.split(": ")[1] for line in errors] == [str(folder / "bad.json")]
    assert not (tmp_path / "project").exists()


def test_the_projects_own_pictures_need_no_folder(run, folder, tmp_path):
    write(folder / "instances.json", sound() | {"annotations": []})
    assert run(folder)[0] == 0
    write(tmp_path / "later" / "more.json", sound())
    for way in (tmp_path / "later" / "more.json", tmp_path / "later"):
        code, lines, _ = run(way)
        assert (code, lines[0]) == (0, "0 images added, 2 already in the project")
    with Store.open(tmp_path / "project") as store:
        assert [row.accepted for row in store.queue()] == [1, 1]


def test_without_a_project_its_pictures_are_asked_for(run, folder, tmp_path):
    write(tmp_path / "more.json", sound())
    code, _, errors = run(tmp_path / "more.json")
    assert (code, len(errors)) == (1, 1)
    assert "no project there" in errors[0]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_in_one_line(run, tmp_path):
    os.mkfifo(tmp_path / "pipe.json")
    assert run(tmp_path / "pipe.json")[2] == [f"error: {tmp_path / 'pipe.json'}: cannot be read: it is no plain file"]


def test_problems_of_a_kind_are_told_a_few_times_unless_all_are_asked_for(run, folder, capsys):
    found = sound()
    found["annotations"] = [{**found["annotations"][0], "id": id, "image_id": 99} for id in range(1, 1001)]
    write(folder / "many.json", found)
    for more, told in ([], 20), (["--all"], 1000):
        code, _, errors = run(folder / "many.json", "--images", folder / "images", *more)
        assert (code, len(errors)) == (1, told)
        assert ("(and 980 more like this)" in errors[-1]) == (told == 20)
        assert main(["check", str(folder / "many.json"), "--json", *more]) == 1
        printed = json.loads(capsys.readouterr().out)
        assert sum(1 + one.get("more", 0) for one in printed if one["level"] == "error") == 1000
        assert sum(one["level"] == "error" for one in printed) == told


@pytest.mark.parametrize(
    ("answer", "said", "count"),
    [
        ("skip", "2 instances already in the project by another outline; the project's stays", 2),
        (
            "replace",
            "2 instances already in the project by another outline; the file's took its place, and the history keeps "
            "the earlier one",
            2,
        ),
        ("add", "2 instances already in the project by another outline; both are there now", 4),
    ],
)
def test_the_same_masks_traced_anew_are_known_replaced_or_added(run, folder, tmp_path, answer, said, count):
    write(folder / "a.json", sound())
    assert run(folder / "a.json", "--images", folder / "images")[0] == 0
    traced = sound()
    for id, annotation in enumerate(traced["annotations"], start=500):
        x, y, w, h = annotation["bbox"]
        ring = [x, y, x + w, y, x + w, y + h - 1, x, y + h - 1]
        annotation |= {"id": id, "segmentation": [ring], "bbox": [x, y, w, h - 1], "area": w * (h - 1)}
    write(folder / "b.json", traced)
    code, lines, _ = run(folder / "b.json", "--on-conflict", answer)
    assert code == 0
    assert said in lines
    assert (lines[-1] == "--on-conflict replace takes the file's outline, --on-conflict add keeps both") == (
        answer == "skip"
    )
    with Store.open(tmp_path / "project") as store:
        assert len(store.dataset().instances) == count
