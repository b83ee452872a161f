"""The command line's contract: results on stdout, one line for a problem, and its exit code."""

import json
import os
import subprocess
import sys

import cv2
import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_mask

import annotator
from annotator.cli import main
from annotator.storage.store import Store
from annotator.vision.networks.detector import Detector
from tests.conftest import picture
from tests.vision.graphs import fragile_network


@pytest.fixture
def photographs(tmp_path):
    folder = tmp_path / "photographs"
    folder.mkdir()
    for index in range(20):
        (folder / f"{index:02}.png").write_bytes(picture(160, 96, seed=index))
    return folder


def run(capsys, *arguments):
    code = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_pictures_become_a_coco_file_that_decodes_to_what_it_says(capsys, known_model, photographs, tmp_path):
    out = tmp_path / "out" / "instances.json"
    code, printed, _ = run(capsys, "prelabel", photographs, "--model", known_model, "--out", out, "--threshold", "0.2")
    assert code == 0
    assert printed == f"40 instances on 20 pictures -> {out}\n"
    document = json.loads(out.read_text())
    sizes = {image["id"]: (image["height"], image["width"]) for image in document["images"]}
    assert len(document["annotations"]) == 40
    for annotation in document["annotations"]:
        height, width = sizes[annotation["image_id"]]
        coded = coco_mask.merge(coco_mask.frPyObjects(annotation["segmentation"], height, width))
        assert annotation["area"] == coco_mask.area(coded)
        assert annotation["bbox"] == coco_mask.toBbox(coded).tolist()
        x, y, w, h = annotation["bbox"]
        assert 0 <= x < x + w <= width
        assert 0 <= y < y + h <= height
        assert annotation["iscrowd"] == 0
    assert os.listdir(out.parent) == ["instances.json"]


def test_two_runs_are_the_same_to_the_byte(capsys, known_model, photographs, tmp_path):
    for name in ("a.json", "b.json"):
        run(capsys, "prelabel", photographs, "--model", known_model, "--out", tmp_path / name)
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_a_draft_says_the_same_of_a_large_jpeg_in_its_own_pixels(capsys, known_model, tmp_path):
    (tmp_path / "large.jpg").write_bytes(picture(1600, 1200, suffix=".jpg"))
    for name, *more in (("exact.json",), ("draft.json", "--draft")):
        arguments = ("prelabel", tmp_path / "large.jpg", "--model", known_model, "--out", tmp_path / name, *more)
        assert run(capsys, *arguments)[0] == 0
    # The network of this test looks at no picture: every byte must be the same.
    assert (tmp_path / "draft.json").read_bytes() == (tmp_path / "exact.json").read_bytes()
    assert run(capsys, *arguments[:4], "--project", tmp_path / "project", "--draft", "--precision", "bf16")[0] == 0
    with Store.open(tmp_path / "project") as store:
        image = store.queue()[0].image
        assert (image.width, image.height) == (1600, 1200)
        assert {(item.rle.height, item.rle.width) for item in store.instances(image.id)} == {(1200, 1600)}


def test_one_unreadable_picture_is_one_line_and_the_rest_is_done(capsys, known_model, photographs, tmp_path):
    (photographs / "13.png").write_bytes(b"\xff\xd8 no jpeg")
    out = tmp_path / "instances.json"
    code, printed, errors = run(capsys, "prelabel", photographs, "--model", known_model, "--out", out)
    assert code == 1
    assert "19 pictures" in printed
    lines = [line for line in errors.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1
    assert "13.png" in lines[0]
    assert len(json.loads(out.read_text())["images"]) == 19


def test_pictures_that_all_fail_are_all_named(capsys, known_model, tmp_path):
    (tmp_path / "a.png").write_bytes(b"no picture")
    (tmp_path / "b.png").write_bytes(b"")
    out = tmp_path / "instances.json"
    code, printed, errors = run(capsys, "prelabel", tmp_path, "--model", known_model, "--out", out)
    assert code == 1
    assert [line.split(": ")[1] for line in errors.splitlines()] == [f"{tmp_path}/a.png", f"{tmp_path}/b.png"]
    assert printed == f"no picture could be pre-labelled; {out} is not written\n"
    assert not out.exists()


def test_odd_names_leave_as_json_and_are_found_by_an_import(capsys, known_model, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    names = [b"back\\slash.png", b"caf\xe9.png", b"100%.png", b"a%20b.png"] if os.name != "nt" else [b"100%.png"]
    try:
        for seed, name in enumerate(names):
            (folder / os.fsdecode(name)).write_bytes(picture(seed=seed))
    except OSError:
        pytest.skip("names are text on this disk")
    (folder / "._100%.png").write_bytes(b"Mac OS X")
    out = tmp_path / "out.json"
    code, _, errors = run(capsys, "prelabel", folder, "--model", known_model, "--out", out)
    assert code == 0
    assert "1 hidden file passed over" in errors
    for image in json.loads(out.read_text())["images"]:
        image["file_name"].encode("utf-8")
    code, printed, errors = run(capsys, "import", out, "--images", folder, "--project", tmp_path / "project")
    assert code == 0, errors
    assert f"{len(names)} image{'s' * (len(names) != 1)} added" in printed


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no such device")
def test_a_device_is_not_replaced_by_a_result(capsys, known_model, photographs):
    code, _, errors = run(capsys, "prelabel", photographs, "--model", known_model, "--out", "/dev/full")
    assert (code, errors) == (1, "error: /dev/full: it is no plain file, and is not replaced\n")


@pytest.mark.parametrize("where", ["", "1.png/out.json"])
def test_what_cannot_be_written_is_told_before_the_network_runs(
    capsys, known_model, photographs, tmp_path, monkeypatch, where
):
    monkeypatch.setattr(Detector, "stream_prepared", lambda *_: pytest.fail("ran for nothing"))
    (tmp_path / "1.png").write_bytes(picture())
    truth, target = tmp_path / "truth.json", tmp_path / where
    truth.write_text('{"images": [], "annotations": [], "categories": [{"id": 1, "name": "person"}]}')
    evaluated = ["--annotations", truth, "--images", photographs]
    for arguments in (
        ["prelabel", photographs, "--model", known_model, "--out", target],
        ["evaluate", "--model", known_model, *evaluated, "--results", target],
    ):
        code, printed, errors = run(capsys, *arguments)
        assert (code, printed) == (1, "")
        assert errors.startswith(f"error: {target}: ")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_photograph_is_labelled_upright(capsys, known_model, tmp_path, orientation):
    pixels = np.zeros((96, 160, 3), np.uint8)
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(pixels).save(tmp_path / "turned.jpg", exif=exif)
    run(capsys, "prelabel", tmp_path / "turned.jpg", "--model", known_model, "--out", tmp_path / "out.json")
    image = json.loads((tmp_path / "out.json").read_text())["images"][0]
    upright = cv2.imread(str(tmp_path / "turned.jpg")).shape
    assert (image["height"], image["width"]) == upright[:2] == ((96, 160) if orientation < 5 else (160, 96))


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "P", "1", "I;16", "CMYK"])
def test_every_kind_of_picture_is_labelled(capsys, known_model, tmp_path, mode):
    kind = "tiff" if mode == "CMYK" else "png"
    grey = Image.fromarray(np.arange(160 * 96, dtype=np.uint16).reshape(96, 160))
    made = grey if mode == "I;16" else Image.new("RGB", (160, 96), (200, 10, 10)).convert(mode)
    made.save(tmp_path / f"made.{kind}")
    code, printed, errors = run(
        capsys, "prelabel", tmp_path / f"made.{kind}", "--model", known_model, "--out", tmp_path / "out.json"
    )
    assert (code, errors) == (0, "")
    assert printed.startswith("1 instance on 1 picture")


def test_a_project_goes_from_pictures_to_an_export_and_back(capsys, known_model, photographs, tmp_path):
    project, out = tmp_path / "project", tmp_path / "out"
    assert run(capsys, "prelabel", photographs, "--model", known_model, "--project", project)[0] == 0
    code, _, errors = run(capsys, "export", "--project", project, "--out", out)
    assert code == 1
    assert "none is reviewed" in errors
    assert run(capsys, "prelabel", photographs, "--model", known_model, "--out", tmp_path / "all.json")[0] == 0
    other = tmp_path / "other"
    code, printed, _ = run(capsys, "import", tmp_path / "all.json", "--images", photographs, "--project", other)
    assert code == 0
    assert "20 images added" in printed
    # What a network alone has said is not reviewed, also after an import.
    assert run(capsys, "export", "--project", other, "--out", out)[0] == 1
    assert run(capsys, "export", "--project", other, "--out", out, "--all-images")[0] == 0
    exported = json.loads((out / "instances.json").read_text())
    imported = json.loads((tmp_path / "all.json").read_text())
    for kind, keys in (("images", ("id", "file_name")), ("annotations", ("id", "image_id", "segmentation", "bbox"))):
        assert [[row[key] for key in keys] for row in exported[kind]] == [
            [row[key] for key in keys] for row in imported[kind]
        ]
    assert run(capsys, "check", out / "instances.json", "--images", photographs)[0] == 0


def test_an_export_for_trainers_has_parts_and_upright_pictures(capsys, known_model, tmp_path):
    folder, project, out = tmp_path / "photographs", tmp_path / "project", tmp_path / "out"
    folder.mkdir()
    for index in range(10):
        pixels = np.random.default_rng(index).integers(0, 256, (6, 8, 3), np.uint8).repeat(20, 0).repeat(20, 1)
        exif = Image.Exif()
        exif[0x0112] = 6 if index == 0 else 1
        Image.fromarray(pixels).save(folder / f"{index}.jpg", exif=exif)
    run(capsys, "prelabel", folder, "--model", known_model, "--out", tmp_path / "all.json")
    run(capsys, "import", tmp_path / "all.json", "--images", folder, "--project", project)
    code, _, _ = run(
        capsys, "export", "--project", project, "--out", out, "--all-images", "--split", "0.8", "--with-images"
    )
    assert code == 0
    sizes = {}
    for part, count in (("train", 8), ("val", 2)):
        document = json.loads((out / "annotations" / f"instances_{part}.json").read_text())
        assert len(document["images"]) == len(document["annotations"]) == count
        sizes |= {image["file_name"]: (image["width"], image["height"]) for image in document["images"]}
    assert sizes["0.jpg"] == (120, 160)
    for name, size in sizes.items():
        with Image.open(out / "images" / name) as stored:
            # Trainers read without turning: the stored pixels themselves must be upright.
            assert stored.size == size
            assert stored.getexif().get(0x0112, 1) == 1


def test_a_perfect_network_has_a_perfect_figure(capsys, known_model, photographs, tmp_path):
    run(capsys, "prelabel", photographs, "--model", known_model, "--out", tmp_path / "truth.json", "--threshold", "0")
    document = json.loads((tmp_path / "truth.json").read_text())
    boxes = [[10, 10, 40, 50], [80, 20, 40, 70], [20, 20, 10, 10]]
    for annotation in document["annotations"]:
        annotation["bbox"] = boxes[(annotation["id"] - 1) % 3]
    (tmp_path / "truth.json").write_text(json.dumps(document))
    arguments = ["--annotations", tmp_path / "truth.json", "--images", photographs]
    code, printed, _ = run(
        capsys, "evaluate", "--model", known_model, *arguments, "--json", "--results", tmp_path / "results.json"
    )
    figures = json.loads(printed)
    assert code == 0
    assert figures["box"]["AP"] == figures["mask"]["AP"] == 1.0
    assert len(json.loads((tmp_path / "results.json").read_text())) == 60
    code, printed, _ = run(capsys, "evaluate", "--model", known_model, *arguments, "--device", "cpu")
    assert "100.0" in printed
    code, _, errors = run(capsys, "evaluate", "--model", known_model, *arguments, "--device", "abacus")
    assert code == 1
    assert "device 'ABACUS', there are AUTO, CPU" in errors


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["prelabel", "nowhere", "--model", "known", "--out", "x.json"], "nowhere: no such file or folder"),
        (["prelabel", ".", "--model", "unknown", "--out", "x.json"], "starter-person, "),
        (["models", "fetch", "unknown"], "starter-person, "),
        (["check", "nowhere.json"], "nowhere.json: cannot be read"),
        (["export", "--project", "nowhere", "--out", "out"], "nowhere: no project there"),
        (["import", "nowhere.json", "--images", "nowhere", "--project", "p"], "nowhere: no such folder"),
        (["prelabel", "models", "--model", "known", "--out", "x.json"], "models: no pictures there"),
        (["prelabel", "models", "--model", "known", "--project", "p"], "models: no pictures there"),
    ],
)
def test_a_problem_is_one_line_and_exit_1(capsys, known_model, tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    code, printed, errors = run(capsys, *arguments)
    assert code == 1
    assert printed == ""
    assert errors.startswith("error: ")
    assert said in errors
    assert errors.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["prelabel", ".", "--out", "x.json"],
        ["prelabel", ".", "--model", "known"],
        ["prelabel", ".", "--model", "known", "--out", "x.json", "--threshold", "2"],
        ["serve", "--port", "99999"],
        ["import", "x.json", "--project", "p", "--source", "m@"],
        ["import", "x.json", "--project", "p", "--source", "a\nb@1"],
        ["models", "quantize", "known", "--images", ".", "--annotated", "."],
        ["explode"],
    ],
)
def test_wrong_usage_is_exit_2(capsys, arguments):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert "usage: " in capsys.readouterr().err


def test_a_broken_file_lists_every_problem_and_exits_1(capsys, tmp_path):
    broken = {
        "images": [{"id": 1, "width": 0, "height": 5, "file_name": "a"}],
        "annotations": [{"id": 1}],
        "categories": 3,
    }
    (tmp_path / "broken.json").write_text(json.dumps(broken))
    code, printed, _ = run(capsys, "check", tmp_path / "broken.json")
    assert code == 1
    assert len([line for line in printed.splitlines() if line.startswith("error: ")]) >= 3
    code, printed, _ = run(capsys, "check", tmp_path / "broken.json", "--json")
    assert {item["level"] for item in json.loads(printed)} >= {"error"}


def test_what_cannot_be_measured_is_told_before_anything_is_quantized(capsys, known_model, photographs, tmp_path):
    truth = tmp_path / "truth.json"
    image = {"id": 1, "file_name": "gone.png", "width": 160, "height": 96}
    truth.write_text(json.dumps({"images": [image], "annotations": [], "categories": [{"id": 1, "name": "person"}]}))
    code, printed, errors = run(
        capsys, "models", "quantize", known_model, "--images", photographs, "--annotations", truth
    )
    assert (code, printed) == (1, "")
    assert errors == f"error: {photographs}: 1 of 1 annotated pictures are not there: gone.png\n"


def test_the_models_are_listed_with_what_would_be_fetched(capsys, known_model):
    _, printed, _ = run(capsys, "models", "list")
    assert "known " in printed
    assert "to fetch, 18.1 MB" in printed
    _, printed, _ = run(capsys, "models", "list", "--json")
    rows = {row["name"]: row for row in json.loads(printed)}
    assert rows["known"]["present"]
    assert not rows["security-0002"]["present"]


def test_a_network_is_tried_on_noise_and_on_a_sample(capsys, known_model):
    code, printed, _ = run(capsys, "models", "check", known_model)
    assert code == 0
    assert "noise: 3 detections, 1 above the threshold of 0.5" in printed
    assert "sample: 3 detections" in printed


def test_a_network_that_fails_on_a_picture_is_tried_on_the_others(capsys, known_model, tmp_path):
    fragile_network(tmp_path / "models" / "fragile")
    code, printed, errors = run(capsys, "models", "check", "fragile", "--device", "cpu")
    assert code == 1
    noise, grey, sample = printed.splitlines()[-3:]
    assert (noise[:20], grey[:23], sample[:21]) == (
        "noise: 1 detections,",
        "grey: inference failed:",
        "sample: 1 detections,",
    )
    assert errors == "error: fragile: fails on grey\n"


def test_the_version_is_told(capsys):
    with pytest.raises(SystemExit, match=r"^0$"):
        main(["--version"])
    assert capsys.readouterr().out == f"annotator {annotator.__version__}\n"


def test_help_answers_without_loading_the_heavy_packages():
    loaded = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, annotator.cli; annotator.cli.build_parser(); "
            "print([name for name in ('gradio', 'openvino', 'cv2', 'sqlalchemy') if name in sys.modules])",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert loaded.stdout == "[]\n"


@pytest.mark.skipif(os.name == "nt", reason="names are fewer there")
def test_whatever_a_file_is_called_it_is_told_in_one_line_without_commands_to_the_terminal(
    capsys, known_model, tmp_path
):
    folder = tmp_path / "odd"
    folder.mkdir()
    names = [
        b"a\nb.jpg",
        b"\x1b[2Jred.jpg",
        b"\xff\xfe.jpg",
        b"-dash.jpg",
        b"gpj\xe2\x80\xae.jpg",
        b"x" * 251 + b".jpg",
    ]
    for name in names:
        (folder / os.fsdecode(name)).write_bytes(b"no picture")
    os.mkfifo(folder / "pipe.jpg")  # in a folder it is passed over, by its name it is refused
    paths = (folder, folder / "pipe.jpg")
    code, _, told = run(capsys, "prelabel", *paths, "--model", known_model, "--out", tmp_path / "out.json")
    lines = [line for line in told.splitlines() if line.startswith("error: ")]
    assert code == 1
    assert len(lines) == len(told.splitlines()) == len(names) + 1
    assert all(line.isprintable() for line in lines)
    assert sum("is no file, expected a picture" in line for line in lines) == 1
