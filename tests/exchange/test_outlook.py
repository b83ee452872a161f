"""What an export leaves out is known and said before it is written."""

import json

import pytest

from annotator.cli import main
from annotator.core.dataset import State
from annotator.core.errors import ExportError
from annotator.core.query import parse
from annotator.core.review import Change
from annotator.core.settings import EXPORTED, THRESHOLD
from annotator.exchange import leaving
from annotator.exchange.outlook import Outlook, outlook
from annotator.storage.search import Search
from annotator.storage.store import Store
from tests.storage.builders import add_image, gesture, suggestion


@pytest.fixture
def store(tmp_path):
    """Pictures 1 to 4: reviewed with one of three decided, reviewed, started, untouched."""
    with Store.open(tmp_path / "project") as made:
        made.add_category("person")
        for number in range(1, 5):
            image = add_image(made, b"%d" % number, f"{number}.jpg")
            if number < 4:
                scores = (0.9, 0.6, 0.3) if number == 1 else (0.9,)
                made.set_suggestions(image.id, [suggestion(1 + 5 * at, score=score) for at, score in enumerate(scores)])
                key = made.instances(image.id)[0].key
                made.record(gesture(image, Change(key, 1, State.ACCEPTED), number=number, reviewed=number < 3))
        yield made


def test_what_leaves_and_what_does_not_is_counted(store):
    assert outlook(store) == Outlook(2, 2, 1, 1, 1, 0.5)
    assert outlook(store, threshold=0.2) == Outlook(2, 2, 2, 1, 1, 0.2)
    assert outlook(store, reviewed_only=False) == Outlook(4, 3, 1, 1, 0, 0.5)
    assert outlook(store, only=parse("#2..")) == Outlook(1, 1, 0, 0, 1, 0.5)
    store.set_setting(THRESHOLD, 0.7)
    assert outlook(store).undecided == 0


def test_it_is_said_in_the_report_and_on_the_command_line_before(store, tmp_path, capsys):
    undecided = "1 reviewed image holds 1 suggestion from the threshold 0.50 on that nobody decided about"
    assert undecided in "\n".join(leaving.export(store, tmp_path / "out").lines)
    assert undecided in (tmp_path / "out" / "report.txt").read_text()
    assert main(["export", "--project", str(store.folder), "--out", str(tmp_path / "again")]) == 0
    said = capsys.readouterr()
    assert said.err.startswith(undecided)
    assert undecided in said.out


def names(folder):
    found = json.loads((folder / "instances.json").read_text())
    return [image["file_name"] for image in found["images"]]


def test_only_what_fits_an_expression_leaves(store, tmp_path):
    options = ["export", "--project", str(store.folder), "--out", str(tmp_path / "out")]
    assert main([*options, "--only", "category:person -#1"]) == 0
    assert names(tmp_path / "out") == ["2.jpg"]
    assert main([*options, "--only", "category:person -#1", "--all-images"]) == 0
    assert names(tmp_path / "out") == ["2.jpg", "3.jpg"]


def test_an_expression_that_fits_nothing_writes_nothing(store, tmp_path, capsys):
    with pytest.raises(ExportError, match="only 'state:untouched': no reviewed picture fits"):
        leaving.export(store, tmp_path / "out", only=parse("state:untouched"))
    assert not (tmp_path / "out").exists()


def test_an_expression_that_cannot_be_read_is_wrong_usage(store, tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["export", "--project", str(store.folder), "--out", str(tmp_path / "out"), "--only", "state:done"])
    assert ended.value.code == 2
    assert "--only: search, character 7: 'done', expected one of new, " in capsys.readouterr().err


def test_what_changed_since_the_last_export_of_all_is_found(store, tmp_path):
    def changed():
        return store.worklist.ids(Search(parse("changed:export")))

    assert changed() == [1, 2, 3]
    leaving.export(store, tmp_path / "out", only=parse("#1"))
    assert changed() == [1, 2, 3]
    leaving.export(store, tmp_path / "out")
    assert changed() == []
    assert store.setting(EXPORTED) is not None
    store.worklist.mark_reviewed([3], True, who="me")
    assert changed() == [3]
