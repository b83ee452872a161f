"""`annotator projects`, and `--project` by name."""

import json

import pytest

from annotator.cli import main
from annotator.core.settings import NAME
from annotator.storage.store import Store
from tests.conftest import picture


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("ANNOTATOR_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home" / "projects"


def listed(capsys):
    main(["projects", "list", "--json"])
    return {row["name"]: row for row in json.loads(capsys.readouterr().out)}


def test_a_project_is_made_renamed_duplicated_deleted_and_restored(home, capsys):
    assert main(["projects", "new", "Helmets"]) == 0
    with Store.open(home / "helmets") as store:
        store.add_image(picture(), file_name="a.png", width=64, height=48)
    assert main(["projects", "rename", "helmets", "Hats"]) == 0
    assert main(["projects", "duplicate", "Hats", "Hats again"]) == 0
    assert main(["projects", "delete", "Hats"]) == 0
    capsys.readouterr()
    rows = listed(capsys)
    assert {name: (row["images"], row["binned"] is None) for name, row in rows.items()} == {
        "Hats": (1, False),
        "Hats again": (1, True),
    }
    assert all(row["key"] is None for row in rows.values())
    assert main(["projects", "new", "hats"]) == 0
    assert main(["projects", "restore", "HATS"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "Hats 2"
    assert main(["projects", "list"]) == 0
    assert "0 of 1 reviewed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["new", "x" * 200], "200 characters"),
        (["new", "HELMETS"], "already"),
        (["rename", "Vests", "x"], "no project is called so"),
        (["restore", "Helmets"], "found none of this name"),
    ],
)
def test_what_cannot_be_done_says_so_in_one_line(capsys, arguments, line):
    main(["projects", "new", "Helmets"])
    capsys.readouterr()
    assert main(["projects", *arguments]) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert line in said
    assert said.count("\n") == 1


def test_a_damaged_project_is_named_and_the_others_are_listed(home, capsys):
    main(["projects", "new", "Helmets"])
    (home / "bad").mkdir()
    (home / "bad" / "project.db").write_bytes(b"x" * 5000)
    capsys.readouterr()
    assert main(["projects", "list"]) == 1
    said = capsys.readouterr()
    assert "Helmets" in said.out
    assert "is not a project's database" in said.err


def test_a_project_is_found_by_its_name_unless_a_folder_of_that_name_is_there(tmp_path, capsys):
    def export(name):
        main(["export", "--project", name, "--out", "out", "--all-images"])
        return capsys.readouterr().err

    for name in ("Helmets & vests", "mine"):
        main(["projects", "new", name])
    assert "no image to export" in export("helmets & VESTS")
    with Store.open(tmp_path / "mine") as store:
        store.add_image(picture(), file_name="a.png", width=64, height=48)
    assert "no image to export" not in export("mine")
    assert "nowhere: no project there" in export("nowhere")


def test_a_name_that_two_projects_have_is_wrong_usage(home, capsys):
    for folder in ("one", "two"):
        with Store.open(home / folder) as store:
            store.set_setting(NAME, "Helmets")
    with pytest.raises(SystemExit) as ended:
        main(["export", "--project", "Helmets", "--out", "out"])
    assert ended.value.code == 2
    assert "2 projects are called 'Helmets'" in capsys.readouterr().err
    assert main(["projects", "rename", "Helmets", "x"]) == 1
