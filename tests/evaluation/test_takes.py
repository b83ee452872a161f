"""How far two people agree on a project's pictures, as tables; and that only what is new is compared."""

import json

import pytest

from annotator.cli import main
from annotator.evaluation import takes
from annotator.evaluation.takes import compare_takes, picture_rows, summary_rows, takes_to_json
from annotator.storage.store import Store
from tests.storage.builders import accept, block
from tests.storage.test_twice import decide, reviewed_by


@pytest.fixture
def twice(tmp_path):
    """Three pictures done twice: one alike, one of which the second person has more, one that one person did alone."""
    with Store.open(tmp_path / "project") as store:
        store.add_category("person")
        store.add_category("=dog")
        store.twice.choose(1.0)
        for name, second in (("a.jpg", "ben"), ("b.jpg", "ben"), ("c.jpg", "ann")):
            reviewed_by(store, "ann", name)
            take = store.twice.give(second, alone=second == "ann")
            more = [accept("more", category_id=91, rle=block(12))] if name == "b.jpg" else []
            decide(store, take, accept(store.instances(take)[0].key), *more, who=second, reviewed=True)
        yield store


def test_tables_tell_all_two_people_and_each_picture(twice):
    found = compare_takes(twice)
    assert found.of_one == 1
    whole, person, dog, *of_two = summary_rows(found)
    assert (whole["pictures"], whole["objects_first"], whole["objects_second"], whole["both"]) == (2, 2, 3, 2)
    assert (whole["f1"], whole["f1_low"], whole["iou"], whole["alpha"]) == (0.8, "", 1.0, "")
    assert (person["category"], person["f1"], dog["category"], dog["f1"]) == ("person", 1.0, "=dog", 0.0)
    assert [(row["first"], row["second"]) for row in of_two] == [("ann", "ben")] * 3
    rows = list(picture_rows(found))
    assert [(row["name"], row["agreement"], row["only_second"]) for row in rows] == [
        ("b.jpg", 0.6667, 1),
        ("a.jpg", 1, 0),
    ]
    assert [one["people"] for one in takes_to_json(found)["people"]] == [["ann", "ben"]]
    assert len(takes_to_json(found, most=1)["pictures"]) == 1


def test_only_takes_that_changed_are_compared_again(twice, monkeypatch):
    before = compare_takes(twice)
    compared = []
    real = takes.compare
    monkeypatch.setattr(takes, "compare", lambda *of: compared.append(of[0]) or real(*of))
    assert compare_takes(twice, known=before.known) == before
    assert compared == []
    (both,) = twice.takes.done(before.pictures[0].image_id)
    decide(twice, both.take_id, accept("later", rle=block(1, 8)), who="ben")
    assert compare_takes(twice, known=before.known) == before, "a take counts as it was when it was first done"
    assert compared == []
    image = reviewed_by(twice, "ann", "d.jpg")
    decide(twice, twice.twice.give("ben"), accept("other", rle=block(1, 8)), who="ben", reviewed=True)
    after = compare_takes(twice, known=before.known)
    assert compared == [image.id]
    assert after.pictures[0].agreement == 0


def test_the_command_line_prints_it_and_writes_it(twice, tmp_path, capsys):
    twice.close()
    folder = str(tmp_path / "project")
    assert main(["agreement", folder, "--csv", str(tmp_path / "agreement.csv")]) == 0
    said = capsys.readouterr().out
    assert "2 pictures" in said
    assert "ann, ben" in said
    assert "1 picture that one person did both times is left out" in said
    assert "'=dog" in (tmp_path / "agreement.csv").read_text(), "no spreadsheet runs a category's name"
    assert main(["agreement", folder, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["all"]["f1"]["value"] == 0.8
    assert main(["export", "--project", folder, "--out", str(tmp_path / "out"), "--agreement"]) == 0
    written = sorted(path.name for path in (tmp_path / "out").glob("agreement*"))
    assert written == ["agreement.csv", "agreement_pictures.csv"]
