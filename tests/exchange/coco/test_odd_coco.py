"""Every odd or broken file through the linter and the import: the place, the reason, and never a traceback."""

import json

import pytest

from annotator.cli import main
from annotator.storage.store import Store
from tests.exchange.coco.cases import sound, write_pictures
from tests.exchange.coco.odd_coco import BROKEN, PICTURES, VALID

named = {"ids": lambda case: case.name.replace(" ", "-")}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    write_pictures(folder)
    return folder


@pytest.fixture
def check(tmp_path, pictures, capsys):
    def checked(case):
        """The exit code and the findings, as level, place, message."""
        path = tmp_path / "instances.json"
        path.write_bytes(case.content)
        if case in PICTURES:
            (pictures / "instances.json").write_bytes(case.content)
        code = main(["check", str(path), "--images", str(pictures), "--json"])
        return code, [(one["level"], one["place"], one["message"]) for one in json.loads(capsys.readouterr().out)]

    return checked


@pytest.mark.parametrize("case", VALID + PICTURES + BROKEN, **named)
def test_the_linter_says_what_is_wrong_and_where(check, case):
    code, found = check(case)
    for level, place, message in case.findings:
        assert any(one[:2] == (level, place) and message in one[2] for one in found), found
    expected = {place for level, place, _ in case.findings if level == "error"}
    assert {place for level, place, _ in found if level == "error"} == expected
    assert code == (1 if expected else 0)
    assert all("\n" not in message and len(message) < 300 for _, _, message in found)
    if not case.findings and case not in VALID[20:]:
        assert {level for level, _, _ in found} <= {"note"}


@pytest.fixture(scope="module")
def untouched(tmp_path_factory):
    """A project that no broken file may change."""
    folder = tmp_path_factory.mktemp("untouched")
    with Store.open(folder):
        return folder


@pytest.mark.parametrize("case", BROKEN, **named)
def test_what_has_an_error_brings_nothing(tmp_path, pictures, untouched, capsys, case):
    path = tmp_path / "instances.json"
    path.write_bytes(case.content)
    assert main(["import", str(path), "--images", str(pictures), "--project", str(untouched)]) == 1
    assert all(line.startswith("error: ") for line in capsys.readouterr().err.splitlines())
    with Store.open(untouched) as store:
        assert (store.queue(), store.categories(), store.decisions()) == ((), (), ())
    assert not any(file.is_file() for file in (untouched / "images").rglob("*"))


@pytest.mark.parametrize("case", VALID, **named)
def test_what_has_none_comes_in_and_leaves_again(tmp_path, pictures, capsys, case):
    path, project = tmp_path / "instances.json", tmp_path / "project"
    path.write_bytes(case.content)
    code = main(["import", str(path), "--images", str(pictures), "--project", str(project)])
    assert code == 0, capsys.readouterr().err
    with Store.open(project) as store:
        assert len(store.queue()) == 2
    assert main(["export", "--project", str(project), "--out", str(tmp_path / "out")]) == 0


def test_a_mended_file_is_silent(check):
    code, found = check(VALID[0])
    assert (code, found) == (0, [])
    assert sound()["annotations"][0]["area"] == 12
