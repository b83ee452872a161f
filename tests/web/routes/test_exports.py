"""Exports of the page: looked at ahead, written in the background, cancelled, and fetched by a link."""

import io
import threading
import time
import zipfile

import pytest

from annotator.exchange import leaving
from annotator.exchange.formats import FORMATS, Options, base
from annotator.web import export_request
from annotator.web.export_work import ExportWork, Run
from annotator.web.projects import Projects
from tests.web.conftest import client_of, png

any_format = pytest.mark.parametrize("format", FORMATS.values(), ids=list(FORMATS))


@pytest.fixture(autouse=True)
def exports(tmp_path, monkeypatch):
    monkeypatch.setenv("ANNOTATOR_EXPORTS", str(tmp_path / "exports"))
    return tmp_path / "exports"


class Page:
    """A project with reviewed pictures, and a client of its server."""

    def __init__(self, folder, *names, reviewed=True):
        self.projects = Projects(local=folder)
        self.key, self.client = self.projects.welcome(None), client_of(self.projects)
        self.root = f"/annotator/{self.key}"
        for seed, name in enumerate(names):
            added = self.client.post(f"{self.root}/images", params={"name": name}, content=png(seed=seed))
            assert added.status_code == 200
        with self.projects.use(self.key) as store:
            self.ids = [image.id for image in store.images()]
            if reviewed:
                store.worklist.mark_reviewed(self.ids, True, who="test")

    def start(self, **asked):
        return self.client.post(f"{self.root}/exports", json=asked)

    def ended(self):
        """The export once it has ended."""
        patience = time.monotonic() + 60
        while (run := self.client.get(f"{self.root}/exports").json()["run"])["stage"] != "ended":
            assert time.monotonic() < patience, run
            time.sleep(0.01)
        return run

    def export(self, **asked):
        started = self.start(**asked)
        assert started.status_code == 200, started.json()
        return self.ended()

    def ahead(self, **asked):
        return self.client.post(f"{self.root}/exports/ahead", json=asked)

    def fetch(self, file):
        return self.client.get(f"{self.root}/exports/{file['name']}", params={"made": file["made"]})


@pytest.fixture
def page(tmp_path):
    page = Page(tmp_path / "project", "a.png", "b.png", "c.png")
    yield page
    page.projects.close()


def named(run):
    return {file["name"]: file for file in run["files"]}


def test_an_export_is_written_told_of_and_fetched(page):
    assert page.client.get(f"{page.root}/exports").json() == {"run": None}
    run = page.export()
    assert (run["error"], run["cancelled"]) == (None, False)
    found = named(run)
    assert set(found) == {"instances.json", "report.txt", "report.proof"}
    answer = page.fetch(found["instances.json"])
    assert [image["file_name"] for image in answer.json()["images"]] == ["a.png", "b.png", "c.png"]
    assert len(answer.content) == found["instances.json"]["bytes"]
    assert answer.headers["content-disposition"].startswith("attachment")
    assert any("3 images" in line for line in run["lines"])


@any_format
def test_what_a_hidden_field_still_says_is_passed_over(format):
    asked = export_request.read({"format": format.name, "masks": "rle", "with_images": True, "provenance": False})
    assert format.refused(base.asked_for(asked.options)) == []
    for name, value in {"masks": "rle", "with_images": True, "provenance": False}.items():
        assert getattr(asked.options, name) == (value if name in format.takes else getattr(Options, name))
    assert asked.options.zipped == (format.brings_pictures or "with_images" in format.takes)
    assert export_request.read({"format": format.name}).options == Options(zipped=format.brings_pictures)


def test_a_page_is_told_what_there_is_to_choose_from(page):
    found = page.client.get(f"{page.root}/exports/choices").json()
    assert {one["name"]: (set(one["takes"]), one["titles"]["en"]) for one in found["formats"]} == {
        name: (set(one.takes), one.title) for name, one in FORMATS.items()
    }
    assert export_request.read({"masks": found["masks"][-1], "split": found["splits"][-1]}).split == leaving.Split()


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        ([], "expected an object"),
        ({"format": "xls"}, "export.format: 'xls', expected one of coco"),
        ({"format": ["coco"]}, "export.format"),
        ({"masks": {}}, "export.masks"),
        ({"split": "0.9"}, "export.split"),
        ({"with_images": "yes"}, "export.with_images: 'yes', expected true or false"),
        ({"unreviewed": 1}, "export.unreviewed"),
        ({"ids": []}, "export.ids"),
        ({"ids": ["1"]}, "export.ids"),
        ({"threshold": 2}, "export.threshold"),
        ({"only": 7}, "export.only"),
        ({"only": "state:done"}, "search, character 7: 'done'"),
    ],
)
def test_what_cannot_be_asked_for_is_one_line_and_writes_nothing(page, exports, asked, line):
    answer = page.client.post(f"{page.root}/exports", json=asked)
    assert answer.status_code == 400
    assert line in answer.json()["error"]
    assert page.client.get(f"{page.root}/exports").json() == {"run": None}
    assert not exports.exists()


def test_what_leaves_is_known_before_and_a_search_and_a_selection_narrow_it(page):
    first, second, _ = page.ids
    with page.projects.use(page.key) as store:
        store.worklist.mark_reviewed([second], False, who="test")
    assert page.ahead().json()["pictures"] == 2
    assert page.ahead(unreviewed=True).json()["pictures"] == 3
    assert page.ahead(ids=[first, second]).json()["pictures"] == 1
    assert page.ahead(ids=[first, second], only="b", unreviewed=True).json()["pictures"] == 1
    assert page.ahead(threshold=0.7).json()["threshold"] == 0.7
    wrong = page.ahead(only="state:done")
    assert (wrong.status_code, wrong.json()["at"], wrong.json()["trouble"]) == (400, 6, "unknown_word")
    (image,) = page.fetch(named(page.export(ids=[first]))["instances.json"]).json()["images"]
    assert image["file_name"] == "a.png"


def test_a_selection_of_any_size_and_scatter_is_taken(page):
    scattered = [*range(page.ids[0], 200_000, 2)]
    assert len(str(scattered)) > 300_000
    began = time.monotonic()
    assert page.ahead(ids=scattered).json()["pictures"] == 2
    assert page.export(ids=scattered)["error"] is None
    assert time.monotonic() - began < 30


def test_what_forbids_an_export_is_its_one_line(page):
    run = page.export(ids=[999])
    assert run["files"] == []
    assert "no reviewed picture fits" in run["error"]


def test_a_second_export_waits_for_nothing_and_is_refused(page, monkeypatch):
    entered, go_on = threading.Event(), threading.Event()

    def held(store, folder, **asked):
        entered.set()
        assert go_on.wait(60)
        raise leaving.ExportError("held")

    monkeypatch.setattr(leaving, "export", held)
    page.start()
    assert entered.wait(60)
    refused = page.start()
    assert refused.status_code == 400
    assert "at work already" in refused.json()["error"]
    go_on.set()
    assert page.ended()["error"] == "held"


def test_a_cancelled_export_leaves_what_was_there_before(page, exports, monkeypatch):
    before = named(page.export())["instances.json"]
    told, go_on = threading.Event(), threading.Event()
    export = leaving.export

    def slowly(*where, progress, **asked):
        def wait(done, total):
            if done:
                told.set()
                assert go_on.wait(60)
            progress(done, total)

        return export(*where, progress=wait, **asked)

    monkeypatch.setattr(leaving, "export", slowly)
    page.start(with_images=True)
    assert told.wait(60)
    page.client.post(f"{page.root}/exports/cancel")
    go_on.set()
    run = page.ended()
    assert (run["cancelled"], run["error"], run["files"]) == (True, None, [])
    assert page.fetch(before).status_code == 200
    assert not list(exports.rglob("*.zip"))
    assert not list(exports.rglob("*.new"))


def test_an_address_has_one_turn_and_lets_others_pass(tmp_path):
    work = ExportWork(Projects(local=tmp_path / "project"))
    at_work = [Run("1.2.3.4"), Run("1.2.3.4"), Run("5.6.7.8"), Run("5.6.7.8")]
    work._waiting = list(at_work)
    assert [work._may_begin(run) for run in at_work] == [True, True, False, False]
    work._writing, work._waiting = [at_work[0]], at_work[1:]
    assert [work._may_begin(run) for run in at_work[1:]] == [False, True, False]


def test_two_projects_whose_folders_share_a_name_have_an_export_each(tmp_path, exports):
    one, two = Page(tmp_path / "a" / "default", "a.png"), Page(tmp_path / "b" / "default", "b.png")
    made = named(one.export())["instances.json"]
    assert (exports / "default" / "instances.json").is_file()
    # Not even before it has exported anything is the other's export its own.
    assert two.fetch(made).status_code == 404
    two.export()
    assert "a.png" in (exports / "default" / "instances.json").read_text()
    assert len(list(exports.glob("default*/instances.json"))) == 2
    one.projects.close()
    two.projects.close()


def test_a_link_gives_the_file_that_it_was_made_for_or_nothing(page):
    first = named(page.export())
    assert {page.fetch(file).status_code for file in first.values()} == {200}
    with page.projects.use(page.key) as store:
        store.add_category("person")
    second = named(page.export())  # by another page, say
    for file in first.values():
        answer = page.fetch(file)
        assert answer.status_code == 404
        assert "export again" in answer.json()["error"]
    assert {page.fetch(file).status_code for file in second.values()} == {200}
    assert page.client.get(f"{page.root}/exports/instances.json").status_code == 404


def test_what_leaves_as_several_files_is_one_zip(page, exports):
    run = page.export(with_images=True)
    assert (run["done"], run["total"]) == (3, 3)
    (file,) = run["files"]
    assert page.fetch(file).content == (exports / "project" / "dataset.zip").read_bytes()


def test_how_far_people_agree_leaves_beside_it_in_one_zip(page):
    choices = f"{page.root}/exports/choices"
    with page.projects.use(page.key) as store:
        store.twice.pick(page.ids[:1])
        assert page.client.get(choices).json()["agreement"] is False
        take = store.twice.give("somebody else", alone=True)
        store.worklist.mark_reviewed([take], True, who="somebody else")
    assert page.client.get(choices).json()["agreement"] is True
    (file,) = page.export(agreement=True)["files"]
    with zipfile.ZipFile(io.BytesIO(page.fetch(file).content)) as packed:
        assert {"agreement.csv", "agreement_pictures.csv", "report.txt"} < set(packed.namelist())
        assert packed.read("agreement.csv").decode() == page.client.get(f"{page.root}/twice/agreement.csv").text
    assert "agreement.csv" not in named(page.export())
